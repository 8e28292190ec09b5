"""The names in use of classes, skills, certificates, devices and assets, which come into being by being written."""

from collections.abc import Collection, Iterable, Mapping

from psycopg import Connection
from psycopg.rows import scalar_row, tuple_row

from db import scope, sql
from workorder_core.people import skills
from workorder_core.plant import new_names
from workorder_core.plant.new_names import NameKind, NewName

_QUERIES = sql.load("names")
_OURS: Mapping[NameKind, Collection[str]] = {
    NameKind.SKILL: {skills.MECHANICAL, skills.ELECTRICAL, skills.INSTRUMENTATION},
    NameKind.CERTIFICATE: frozenset[str]().union(*skills.CERTIFICATES_OF_SKILL.values()),
}
"""Skills that automatic assignment refers to by itself."""


def used(conn: Connection, kind: NameKind, within: Collection[str] | None = None) -> dict[str, bool]:
    """Return every name in use, and whether it is visible within those sites."""
    found = {name: seen for name, seen, _ in _select(conn, kind, within)}
    return dict.fromkeys(_OURS.get(kind, ()), True) | found


def new(
    conn: Connection, kind: NameKind, wanted: Iterable[str], within: Collection[str] | None = None
) -> list[NewName]:
    """Return the wanted names that nothing uses yet, with similar names in use that may have been meant."""
    wanted = list(wanted)
    return new_names.new_names(kind, wanted, used(conn, kind, within)) if wanted else []


def lone(conn: Connection, kind: NameKind, wanted: Iterable[str]) -> list[NewName]:
    """Return the wanted names that only one thing has, although a common name is similar."""
    uses = {name: count for name, _, count in _select(conn, kind, None)}
    common = [name for name, count in uses.items() if count > 1]
    found = (NewName(kind, name, new_names.alike(name, common)) for name in wanted if uses.get(name, 0) < 2)
    return [each for each in found if each.alike]


def of_no_asset(conn: Connection, classes: Iterable[str]) -> list[NewName]:
    """Return the classes that no asset has, although assets have a similar one."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        known = dict.fromkeys(cursor.execute(_QUERIES["classes_of_assets"]), True)
    return [each for each in new_names.new_names(NameKind.CLASS, classes, known) if each.alike]


def _select(conn: Connection, kind: NameKind, within: Collection[str] | None) -> list[tuple[str, bool, int]]:
    with conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(_QUERIES[kind], {"within": scope.codes(within)}).fetchall()
