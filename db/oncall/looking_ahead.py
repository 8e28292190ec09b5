"""Gaps ahead of rotas: found when a rota or an override changes, and again by a job, because users change too."""

from collections.abc import Collection
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import scope, sql
from db.oncall import counting
from workorder_core.oncall.duties import LOOKS_AHEAD, Gap, gaps
from workorder_core.oncall.gap_alarm import RotaGap
from workorder_core.oncall.rotas import Rota

_QUERIES = sql.load("on_call")


def cannot_be_called(conn: Connection, people: Collection[str], site: str) -> list[str]:
    """Return those of the names that are of nobody, of disabled users, or of users who do not see the site."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["cannot_be_called"], {"people": sorted(people), "site": site}).fetchall()


def between(conn: Connection, rota_id: int, rota: Rota, begins: datetime, ends: datetime) -> list[Gap]:
    """Return the gaps of a rota as it is now within a period, in order."""
    overrides = counting.overrides(conn, [rota_id], begins, ends)[rota_id]
    people = rota.people | {each.person for each in overrides}
    unreachable = cannot_be_called(conn, people, rota.site)
    return gaps(rota, overrides, begins, ends, unreachable=unreachable)


def look(conn: Connection, rota_id: int, rota: Rota, *, now: datetime) -> bool:
    """Look for the first gap of a rota within the next 14 days, and store it; return whether there is one."""
    found = between(conn, rota_id, rota, now, now + LOOKS_AHEAD)
    if not found:
        conn.execute(_QUERIES["no_gap"], {"id": rota_id})
        return False
    facts = {"id": rota_id, "begins": found[0].begins, "ends": found[0].ends}
    conn.execute(_QUERIES["note_gap"], facts | {"unreachable": list(found[0].unreachable)})
    return True


def first_gaps(
    conn: Connection, *, now: datetime, within: Collection[str] | None = None, limit: int | None = None
) -> list[RotaGap]:
    """Return the first gap that was found of each rota, the next one first."""
    asked = {"now": now, "within": scope.codes(within), "limit": limit}
    with conn.cursor(row_factory=class_row(RotaGap)) as cursor:
        return cursor.execute(_QUERIES["gaps"], asked).fetchall()
