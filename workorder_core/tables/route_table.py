"""The stops of routes as a table that people import: a row is one stop, known by its route and its position."""

from collections.abc import Collection, Mapping, Sequence

from workorder_core.sentences import say
from workorder_core.tables.cells import CellKind, Column
from workorder_core.tables.tables import Facts, Row, RowProblem, Table, unknown_references

MOST_STOPS = 500


def routes(assets: Collection[str], checklists: Collection[str]) -> Table:
    """Return the table of routes, whose stops are at the ``assets`` and ask the ``checklists``, all by their codes."""
    there, asked = frozenset(assets), frozenset(checklists)

    def check(table: Table, rows: Sequence[Row], known: Mapping[str, Facts]) -> list[RowProblem]:
        lost = unknown_references(table, rows, "asset", there, "asset in use")
        lost += unknown_references(table, rows, "checklist", asked, "checklist in use")
        return lost + _gaps(table, rows, known)

    return Table(
        name="routes", title="Inspection routes", one="stop of a route", key="route", more_keys=("position",),
        columns=_COLUMNS, check=check,
    )  # fmt: skip


def _gaps(table: Table, rows: Sequence[Row], known: Mapping[str, Facts]) -> list[RowProblem]:
    """Return the rows whose position is none, or whose route has no stop before it."""
    wrong = []
    there = known.keys() | {row.key for row in rows}
    for row in rows:
        position = row.values.get("position")
        if not isinstance(position, int) or not 1 <= position <= MOST_STOPS:
            wrong.append(table.wrong(row, "position", say("write a whole number from 1 to {most}", most=MOST_STOPS)))
        elif position > 1 and f"{row.values['route']}/{position - 1}" not in there:
            wrong.append(table.wrong(row, "position", say("there is no stop {before} before it", before=position - 1)))
    return wrong


_COLUMNS = (
    Column(name="route", title="Route", kind=CellKind.CODE, also=("code", "route code", "id")),
    Column(name="title", title="Title", most=200, also=("route title", "description")),
    Column(name="position", title="Position", kind=CellKind.WHOLE, needed=True, also=("stop", "order", "number", "no")),
    Column(name="asset", title="Asset", kind=CellKind.CODE, needed=True, also=("tag", "equipment", "asset code")),
    Column(name="checklist", title="Checklist", kind=CellKind.CODE, needed=True, also=("checklist code",)),
)
ROUTES = routes((), ())
"""As far as its columns go; what is stored is checked by one that knows assets and checklists."""


def stops(code: str, known: Mapping[str, Facts], rows: Mapping[str, Row]) -> tuple[str, list[tuple[str, str]]]:
    """Return a route as it would be with the rows: its title, and its stops as codes of asset and checklist."""
    mine: dict[int, dict[str, object]] = {}
    title = ""
    for facts in (*known.values(), *(row.values for row in rows.values())):
        if facts.get("route") != code:
            continue
        position = int(str(facts["position"]))
        mine[position] = mine.get(position, {}) | {name: value for name, value in facts.items() if value is not None}
    # A title that the file says comes before the one that is known.
    for facts in (*(row.values for row in rows.values()), *known.values()):
        if facts.get("route") == code and facts.get("title") and not title:
            title = str(facts["title"])
    return title or code, [(str(each["asset"]), str(each["checklist"])) for _, each in sorted(mine.items())]
