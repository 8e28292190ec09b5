"""The tables of stores that people import: items, opening stock, bills of material of a site."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from workorder_core.inventory.quantities import MOST, SMALLEST
from workorder_core.sentences import say
from workorder_core.tables.cells import CellKind, Column
from workorder_core.tables.tables import Facts, Row, RowProblem, Table

_SMALLEST: Mapping[str, Decimal] = {"price": Decimal("0.0001"), "pack_size": Decimal("0.000001")}
"""The smallest numbers above zero that are stored, by column; of the others it is that of quantities."""
_ABOVE_ZERO = {"stock": {"reorder_quantity"}, "bills": {"quantity"}}
"""Columns in which a zero says nothing, by table."""


def _sizes(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
    """Return the rows with a pack without its size, a size without a pack, or a number below zero."""
    half = [
        table.wrong(row, "pack_size", say("say both the pack and how many are in it, or neither"))
        for row in rows
        if (row.values.get("pack") is None) != (row.values.get("pack_size") is None) or row.values.get("pack_size") == 0
    ]
    return half + _out_of_range(table, rows)


def _out_of_range(table: Table, rows: Sequence[Row]) -> list[RowProblem]:
    """Return the rows with a number below zero, beyond the most, or so small that it would be stored as zero."""
    found = []
    for row in rows:
        for column in table.columns:
            value = row.values.get(column.name)
            if not isinstance(value, int | Decimal) or isinstance(value, bool):
                continue
            smallest = _SMALLEST.get(column.name, SMALLEST)
            if not 0 <= value <= MOST:
                found.append(table.wrong(row, column.name, say("is not from 0 to a billion")))
            elif 0 < value < smallest:
                problem = say("is too small: the smallest is {smallest}", smallest=f"{smallest:f}")
                found.append(table.wrong(row, column.name, problem))
            elif value == 0 and column.name in _ABOVE_ZERO.get(table.name, ()):
                found.append(table.wrong(row, column.name, say("is to be above 0")))
    return found


def _rules(table: Table, rows: Sequence[Row]) -> list[RowProblem]:
    """Return the rows whose minimum is above their reorder point."""
    return [
        table.wrong(row, "minimum", say("the minimum is at most the reorder point"))
        for row in rows
        if isinstance(least := row.values.get("minimum"), Decimal)
        and isinstance(point := row.values.get("reorder_point"), Decimal)
        and least > point
    ]


def _known_items(items: frozenset[str]) -> Callable[[Table, Sequence[Row], Mapping[str, Facts]], list[RowProblem]]:
    def check(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
        lost = [
            table.wrong(row, "item", say("there is no item with this code; import the items first"))
            for row in rows
            if row.values.get("item") is not None and row.values["item"] not in items
        ]
        return lost + _out_of_range(table, rows) + _rules(table, rows)

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
