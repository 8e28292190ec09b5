"""Tables that people import: cells, headers, and what each row would do."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from workorder_core.tables.cells import CellKind, Column, InvalidCell, read_cell
from workorder_core.tables.layout import InvalidLayout, layout_of
from workorder_core.tables.plant_tables import ASSETS, LOCATIONS, assets
from workorder_core.tables.tables import Table, above_first, guess, guess_decimal, plan

PART = Table(
    name="parts",
    title="Parts",
    one="part",
    columns=(
        Column(name="number", title="Number", kind=CellKind.CODE),
        Column(name="name", title="Name", needed=True, most=20),
        Column(name="price", title="Price", kind=CellKind.DECIMAL, also=("cost",)),
        Column(name="stock", title="Stock", kind=CellKind.WHOLE),
        Column(name="critical", title="Critical", kind=CellKind.YES_NO),
        Column(name="since", title="Since", kind=CellKind.DATE),
    ),
    key="number",
)
"""Another noun than those that there are: the machinery knows none."""


def parts(*rows: Sequence[str], known=None, decimal="."):
    columns = {name: at for at, name in enumerate(("number", "name", "price", "stock"))}
    return plan(PART, enumerate(rows, 2), columns, known or {}, decimal=decimal)


@pytest.mark.parametrize(
    ("kind", "text", "decimal", "expected"),
    [
        (CellKind.DECIMAL, "1,234.50", ".", Decimal("1234.50")),
        (CellKind.DECIMAL, "1.234,50", ",", Decimal("1234.50")),
        (CellKind.DECIMAL, "1 234,5", ",", Decimal("1234.5")),
        (CellKind.DECIMAL, "0,5", ",", Decimal("0.5")),
        (CellKind.WHOLE, "12.0", ".", 12),
        (CellKind.WHOLE, " 7 ", ".", 7),
        (CellKind.YES_NO, "Ja", ".", True),
        (CellKind.YES_NO, "0", ".", False),
        (CellKind.DATE, "2026-03-31", ".", date(2026, 3, 31)),
        (CellKind.CODE, "P-101.a", ".", "P-101.a"),
        (CellKind.TEXT, "  ", ".", None),
    ],
)
def test_a_cell_means_what_its_column_says(kind, text, decimal, expected):
    assert read_cell(Column(name="x", title="X", kind=kind), text, decimal=decimal) == expected


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (CellKind.DECIMAL, "0,5", "the file's decimal sign is '.'"),
        (CellKind.DECIMAL, "nan", "is not a number"),
        (CellKind.DECIMAL, "1e5", "is not a number"),
        (CellKind.WHOLE, "1.5", "is not a whole number"),
        (CellKind.WHOLE, "9" * 30, "is too large"),
        (CellKind.YES_NO, "perhaps", "neither yes nor no"),
        (CellKind.DATE, "31.3.2026", "write it as 2026-03-31"),
        (CellKind.CODE, "P#101", "is not a code"),
        (CellKind.CODE, "P" * 65, "is not a code"),
        (CellKind.TEXT, "a\0b", "control characters"),
        (CellKind.TEXT, "a" * 501, "at most 500 are allowed"),
    ],
)
def test_a_cell_that_cannot_be_used_says_what_to_write(kind, text, said):
    with pytest.raises(InvalidCell, match=said):
        read_cell(Column(name="x", title="X", kind=kind), text)


def test_headers_are_known_by_several_names_and_each_once():
    assert guess(ASSETS, ["Tag", "Description", "Functional_Location", "TAG", "S/N"]) == {
        "code": 0, "name": 1, "location": 2, "serial": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "expected"), [(["1,5"], ","), (["1.5"], "."), (["1.234", "1.234,5"], ","), (["1,234"], "."), ([], ".")]
)
def test_the_sign_before_decimals_is_seen_where_it_can_be(cells, expected):
    assert guess_decimal(PART, {"price": 0}, [[each] for each in cells]) == expected


def test_a_row_is_new_changed_or_as_it_is():
    known = {"A": {"name": "Seal", "price": Decimal("2.5")}, "B": {"name": "Cycle", "price": None}}
    made = parts(["A", "Seal", "2.50"], ["B", "Cycle", "3"], ["C", "Bolt", "1"], ["", "", ""], known=known)
    assert (made.rows, made.same, made.wrong) == (3, 1, [])
    assert [each.row.key for each in made.create] == ["C"]
    assert [(each.row.key, each.was) for each in made.change] == [("B", {"price": None})]


def test_an_empty_cell_keeps_what_is_known():
    made = parts(["A", "", ""], known={"A": {"name": "Seal", "price": Decimal(1)}})
    assert (made.same, made.change) == (1, [])


def test_each_mistake_is_reported_by_row_and_column_and_once():
    made = parts(["A", "Seal", "much"], ["B"], ["A", "Seal"], ["", "Bolt"], ["C", "x" * 21, "also"])
    assert [(each.row, each.column, each.problem.split(":")[0]) for each in made.wrong] == [
        (2, "Price", "is not a number"),
        (3, "Name", "is needed for a new part"),
        (4, "Number", "is in row 2 already"),
        (5, "Number", "is empty"),
        (6, "Name", "has 21 characters; at most 20 are allowed"),
        (6, "Price", "is not a number"),
    ]
    assert str(made.wrong[0]) == "row 2, Price: 'much' is not a number"


def locations(*rows: Sequence[str], known=None):
    return plan(LOCATIONS, enumerate(rows, 2), {"code": 0, "level": 1, "parent": 2}, known or {})


def test_what_a_row_refers_to_has_to_be_in_the_file_or_the_plant():
    known = {"SITE": {"level": "area", "parent": None}}
    made = locations(["A", "area", "SITE"], ["B", "Work_Centre", "A"], ["C", "work unit", "X"], known=known)
    assert [(each.row, each.said) for each in made.wrong] == [(4, "X")]
    assert [each.row.values["level"] for each in made.create] == ["area", "work_centre"]


def test_a_wrong_row_is_not_reported_again_where_it_is_referred_to():
    made = locations(["A", "odd"], ["B", "area", "A"])
    assert [each.row for each in made.wrong] == [2]


def test_all_that_is_wrong_with_a_row_is_said_at_once():
    made = locations(["A", "odd", "X"])
    assert [(each.row, each.column) for each in made.wrong] == [(2, "Level"), (2, "Parent")]


def test_a_ring_is_reported_once_also_over_what_the_plant_has():
    made = locations(["A", "area", "C"], ["B", "area", "A"], ["C", "area", "B"], ["D", "area", "A"])
    assert [(each.row, each.column) for each in made.wrong] == [(4, "Parent")]
    assert "lies below C itself" in made.wrong[0].problem
    made = locations(["A", "area", "B"], known={"B": {"level": "area", "parent": "A"}})
    assert len(made.wrong) == 1


def test_what_is_above_is_stored_first():
    made = locations(["C", "area", "B"], ["B", "area", "A"], ["A", "area"], ["D", "area", "X"], known={"X": {}})
    assert [row.key for row in above_first(made.wanted, "parent")] == ["A", "B", "C", "D"]


def test_an_asset_is_at_a_location_that_there_is():
    table = assets(frozenset({"HALL"}))
    rows = [["P-1", "HALL"], ["P-2", "YARD"]]
    made = plan(table, enumerate(rows, 2), {"code": 0, "location": 1}, {})
    assert [(each.row, each.column, each.said) for each in made.wrong] == [(3, "Location", "YARD")]


def test_headers_are_found_below_other_lines_or_where_somebody_says():
    rows = [["Export of 2026"], [], ["Tag", "Name"], ["P-1", "Pump"]]
    found = layout_of(ASSETS, rows)
    assert (found.header_row, found.named) == (3, {"code": "Tag", "name": "Name"})
    assert [number for number, _ in found.numbered(rows)] == [4]
    chosen = layout_of(ASSETS, rows, {"code": "name"}, 3)
    assert chosen.columns == {"code": 1}


@pytest.mark.parametrize(
    ("columns", "header_row", "said"),
    [
        (None, 1, "no header for Code"),
        ({"name": "Name"}, None, "no header for Code"),
        ({"code": "Number"}, 2, "no column 'Number'"),
        ({"odd": "Name"}, 2, "no column 'odd'"),
        (None, 9, "no row 9"),
    ],
)
def test_columns_that_are_not_there_are_named(columns, header_row, said):
    with pytest.raises(InvalidLayout, match=said):
        layout_of(ASSETS, [["a title"], ["Tag", "Name"], ["P-1", "Pump"]], columns, header_row)
