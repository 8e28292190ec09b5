"""The tables of stores that people import: items, opening stock, bills of material of a site."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from workorder_core.inventory.quantities import MOST
from workorder_core.sentences import say
from workorder_core.tables.cells import CellKind, Column
from workorder_core.tables.tables import Facts, Row, RowProblem, Table


def _sizes(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
    """Return the rows with a pack without its size, a size without a pack, or a number below zero."""
    half = [
        table.wrong(row, "pack_size", say("say both the pack and how many are in it, or neither"))
        for row in rows
        if (row.values.get("pack") is None) != (row.values.get("pack_size") is None) or row.values.get("pack_size") == 0
    ]
    return half + _negative(table, rows)


def _negative(table: Table, rows: Sequence[Row]) -> list[RowProblem]:
    return [
        table.wrong(row, column.name, say("is not from 0 to a billion"))
        for row in rows
        for column in table.columns
        if isinstance(value := row.values.get(column.name), int | Decimal) and not 0 <= value <= MOST
    ]


def _known_items(items: frozenset[str]) -> Callable[[Table, Sequence[Row], Mapping[str, Facts]], list[RowProblem]]:
    def check(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
        lost = [
            table.wrong(row, "item", say("there is no item with this code; import the items first"))
            for row in rows
            if row.values.get("item") is not None and row.values["item"] not in items
        ]
        return lost + _negative(table, rows)

    return check


_ITEM = Column(name="item", title="Item", most=64, also=("code", "item code", "material", "part", "matnr", "article"))
ITEMS = Table(
    name="items",
    title="Items",
    one="item",
    key="code",
    columns=(
        Column(name="code", title="Code", most=64, also=("item", "item code", "material", "part", "matnr", "article")),
        Column(name="name", title="Name", needed=True, most=200, also=("description", "designation", "item name")),
        Column(name="unit", title="Unit", most=20, also=("uom", "base unit", "meins")),
        Column(name="item_class", title="Class", most=100, also=("item class", "group", "category", "material group")),
        Column(name="supplier", title="Supplier", most=200, also=("vendor",)),
        Column(name="lead_time_days", title="Lead time (days)", kind=CellKind.WHOLE, also=("lead time", "days")),
        Column(name="price", title="Price", kind=CellKind.DECIMAL, also=("unit price", "cost")),
        Column(name="pack", title="Pack", most=20, also=("pack unit", "order unit")),
        Column(name="pack_size", title="Pack size", kind=CellKind.DECIMAL, also=("per pack",)),
    ),
    check=_sizes,
)


def stock(items: frozenset[str]) -> Table:
    """Return the table of opening stock: by item, store, bin and, where it has one, lot."""
    return Table(
        name="stock", title="Opening stock", one="bin of an item", key="item", more_keys=("store", "bin", "lot"),
        columns=_OF_STOCK, check=_known_items(items),
    )  # fmt: skip


def bills(items: frozenset[str]) -> Table:
    """Return the table of bills of material: by asset class and item."""
    return Table(
        name="bills", title="Bills of material", one="line of a bill of material", key="asset_class",
        more_keys=("item",), columns=_OF_BILLS, check=_known_items(items),
    )  # fmt: skip


_OF_STOCK = (
    _ITEM,
    Column(name="store", title="Store", most=64, needed=True, also=("warehouse", "store code", "lgort")),
    Column(name="bin", title="Bin", most=64, needed=True, also=("shelf", "location", "bin code", "lgpbe")),
    Column(name="lot", title="Lot", most=64, also=("batch", "charge")),
    Column(name="quantity", title="Quantity", kind=CellKind.DECIMAL, needed=True, also=("stock", "on hand", "labst")),
    Column(name="minimum", title="Minimum", kind=CellKind.DECIMAL, also=("min", "safety stock")),
    Column(name="reorder_point", title="Reorder point", kind=CellKind.DECIMAL, also=("rop", "minbe")),
    Column(
        name="reorder_quantity", title="Reorder quantity", kind=CellKind.DECIMAL, also=("lot size", "order quantity")
    ),
)
_OF_BILLS = (
    Column(name="asset_class", title="Asset class", most=100, also=("class", "type", "equipment type")),
    _ITEM,
    Column(name="quantity", title="Quantity", kind=CellKind.DECIMAL, needed=True, also=("qty", "menge")),
    Column(name="note", title="Note", most=200, also=("remark", "position")),
)
STOCK, BILLS = stock(frozenset()), bills(frozenset())
"""Only the columns; tables that know the items check rows before storing."""
