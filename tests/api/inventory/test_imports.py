"""Items, opening stock and bills of material from a spreadsheet; the same file again changes nothing."""

from decimal import Decimal

import psycopg
import pytest

from api.shapes.runs import ImportIn
from db.costs import costs
from db.inventory import items, levels
from db.plant import plant
from runtime.runs import imports
from tests.parts import databases

ITEMS = (
    b"Material;Description;UoM;Vendor;Lead time;Price;Pack;Pack size\n"
    b"SEAL;Seal 45 mm;;Sealco;21;128,40;box;12\nOIL;Oil;l;;;;;\n"
)
STOCK = b"Item,Store,Bin,Batch,Quantity,Reorder point\nSEAL,MAIN,A1,L7,4,2\nSEAL,MAIN,A1,,3,\nOIL,MAIN,C1,,38.5,20\n"
BILLS = b"Class,Item,Qty\ncentrifugal_pump,SEAL,1\ncentrifugal_pump,OIL,2.5\n"


@pytest.fixture(scope="module")
def conn(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as made:
        made.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'N')")
        costs.set_currency(made, plant.site_by_code(made, "NTH").id, "NTH", "EUR")
        yield made


def run(conn, table, content, *, apply=True):
    return imports.run(conn, "NTH", f"{table}.csv", content, ImportIn(table=table, apply=apply), actor="person:ida")


def told(made):
    return [str(each) for each in made.plan.wrong]


def test_items_stock_and_bills_are_imported_and_the_same_again_changes_nothing(conn):
    assert len(run(conn, "items", ITEMS, apply=False).plan.create) == 2
    assert items.page(conn, within=None, limit=9) == [], "a dry run stores nothing"
    for table, content, rows in (("items", ITEMS, 2), ("stock", STOCK, 3), ("bills", BILLS, 2)):
        made = run(conn, table, content)
        assert (made.applied, len(made.plan.create), told(made)) == (True, rows, [])
        again = run(conn, table, content)
        assert (again.plan.same, again.plan.wanted) == (rows, [])
    seal = items.by_code(conn, plant.site_by_code(conn, "NTH").id, "SEAL")
    assert (seal.price, seal.lead_time_days, seal.units.others) == (Decimal("128.4"), 21, {"box": 12})
    level = levels.page(conn, within=None, item_id=seal.id, limit=9)[0]
    assert (level.on_hand, level.reorder_point) == (7, 2)
    assert [each.quantity for each in items.bills(conn, within=None, limit=9)] == [Decimal("2.5"), 1]
    counted = run(conn, "stock", STOCK.replace(b"L7,4", b"L7,9"))
    assert len(counted.plan.change) == 1
    assert [each.kind.value for each in levels.movements(conn, within=None, item_id=seal.id, limit=1)] == ["count"]
    assert levels.get(conn, seal.id, level.store_id).on_hand == 12


def test_a_dry_run_names_row_and_column_of_each_mistake_and_nothing_is_stored(conn):
    bad = b"Item,Store,Bin,Quantity\nNONE,MAIN,A1,4\nSEAL,M,A1,-1\nSEAL,M,A2,much\nSEAL,M,A3,1\nSEAL,M,A3,2\n"
    assert told(run(conn, "stock", bad)) == [
        "row 2, Item: 'NONE' there is no item with this code; import the items first",
        "row 3, Quantity: '-1' is not from 0 to a billion",
        "row 4, Quantity: 'much' is not a number",
        "row 6, Item: 'SEAL/M/A3' is in row 5 already",
    ]
    half = b"Item;Description;Pack;Pack size\nX;Thing;box;\n"
    assert told(run(conn, "items", half)) == ["row 2, Pack size: say both the pack and how many are in it, or neither"]
