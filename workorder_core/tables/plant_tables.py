"""The tables of a plant that people import: locations and assets of a site."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from workorder_core.sentences import kept
from workorder_core.tables.cells import CellKind, Column
from workorder_core.tables.checklist_table import CHECKLISTS
from workorder_core.tables.people_tables import ABSENCES, SKILL_CERTIFICATES, SKILLS, TECHNICIANS, WAYS
from workorder_core.tables.plan_table import PLANS
from workorder_core.tables.route_table import ROUTES
from workorder_core.tables.stock_tables import BILLS, ITEMS, STOCK
from workorder_core.tables.tables import Facts, Row, RowProblem, Table, cycles, unknown_references
from workorder_core.words import Criticality

_LEVELS = {"area": "area", "work centre": "work_centre", "work unit": "work_unit"}
_LEVELS_ALSO = {"work center": "work_centre", "department": "area", "line": "work_centre"}


def _keys(rows: Sequence[Row]) -> frozenset[str]:
    return frozenset(row.key for row in rows)


def _check_locations(table: Table, rows: Sequence[Row], known: Mapping[str, Facts]) -> list[RowProblem]:
    lost = unknown_references(table, rows, "parent", _keys(rows) | known.keys(), "location")
    return lost + cycles(table, rows, "parent", known) + _off_the_map(table, rows, known)


def _off_the_map(table: Table, rows: Sequence[Row], known: Mapping[str, Facts]) -> list[RowProblem]:
    """Return the rows whose coordinates are not on the earth, or of which one is missing."""
    wrong = []
    for row in rows:
        there = known.get(row.key, {})
        for name, most in (("latitude", 90), ("longitude", 180)):
            degrees = row.values.get(name)
            other = "longitude" if name == "latitude" else "latitude"
            if isinstance(degrees, Decimal) and abs(degrees) > most:
                wrong.append(table.wrong(row, name, kept("is not from -{most} to {most} degrees", most=most)))
            elif degrees is not None and row.values.get(other) is None and there.get(other) is None:
                wrong.append(table.wrong(row, name, kept("needs the other coordinate too")))
    return wrong


LOCATIONS = Table(
    name="locations",
    title="Locations",
    one="location",
    columns=(
        Column(
            name="code",
            title="Code",
            most=64,
            also=("location", "functional location", "id", "location code", "tplnr"),
        ),
        Column(name="name", title="Name", also=("description", "designation", "location name", "title"), most=200),
        Column(name="level", title="Level", needed=True, choices=_LEVELS | _LEVELS_ALSO, also=("type", "kind")),
        Column(
            name="parent",
            title="Parent",
            most=64,
            also=("parent location", "superior location", "part of", "superior", "parent code"),
        ),
        Column(name="latitude", title="Latitude", kind=CellKind.DECIMAL, also=("lat",)),
        Column(name="longitude", title="Longitude", kind=CellKind.DECIMAL, also=("lon", "lng", "long")),
    ),
    key="code",
    check=_check_locations,
)


def assets(locations: frozenset[str]) -> Table:
    """Return the table of assets, which may be at one of the ``locations``."""

    def check(table: Table, rows: Sequence[Row], known: Mapping[str, Facts]) -> list[RowProblem]:
        nowhere = [
            table.wrong(row, "location", kept("there is no location with this code; import the locations first"))
            for row in rows
            if row.values.get("location") is not None and row.values["location"] not in locations
        ]
        lost = unknown_references(table, rows, "parent", _keys(rows) | known.keys(), "asset")
        return nowhere + lost + cycles(table, rows, "parent", known)

    return Table(name="assets", title="Assets", one="asset", columns=_OF_ASSETS, key="code", check=check)


_OF_ASSETS = (
    Column(
        name="code",
        title="Code",
        kind=CellKind.CODE,
        also=("asset", "tag", "equipment", "id", "asset code", "equipment number", "equnr"),
    ),
    Column(name="name", title="Name", also=("description", "designation", "asset name", "title"), most=200),
    Column(name="asset_class", title="Class", also=("asset class", "type", "equipment type", "category"), most=100),
    Column(
        name="criticality",
        title="Criticality",
        choices={each.name.lower(): each for each in Criticality} | {str(each.value): each for each in Criticality},
        also=("abc", "importance"),
    ),
    Column(name="location", title="Location", most=64, also=("functional location", "location code", "place")),
    Column(
        name="parent", title="Upstream asset", kind=CellKind.CODE, also=("parent", "parent asset", "upstream", "fed by")
    ),
    Column(name="serial", title="Serial number", also=("serial", "serial no", "s/n"), most=100),
    Column(
        name="safety_critical", title="Safety-critical", kind=CellKind.YES_NO, also=("safety", "safety relevant", "sil")
    ),
)
ASSETS = assets(frozenset())
"""The columns of the table of assets; a table that knows the locations checks rows before storing."""
TABLES: Mapping[str, Table] = {
    each.name: each
    for each in (
        LOCATIONS, ASSETS, ITEMS, STOCK, BILLS, CHECKLISTS, PLANS, ROUTES, TECHNICIANS, ABSENCES, WAYS, SKILLS,
        SKILL_CERTIFICATES,
    )
}  # fmt: skip
