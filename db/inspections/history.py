"""The append-only history of rounds and audits: who did what, and when. The caller owns the transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from db import sql, storable

_QUERIES = sql.load("inspection_rounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of history: ``what``, such as ``stop_done``, and the facts that it changed."""

    id: int
    at: datetime
    actor: str
    what: str
    told: Mapping[str, Any]
    why: str


def note(
    conn: Connection,
    *,
    round_id: int | None = None,
    audit_id: int | None = None,
    at: datetime,
    actor: str,
    what: str,
    told: Mapping[str, Any] | None = None,
    why: str = "",
) -> None:
    """Append a row to the history of a round or an audit."""
    facts = {"round_id": round_id, "audit_id": audit_id, "at": at, "actor": actor, "what": what, "why": why.strip()}
    conn.execute(_QUERIES["note"], facts | {"told": storable.json(dict(told or {}))})


def of_round(conn: Connection, round_id: int) -> list[Entry]:
    """Return the history of a round, the oldest first."""
    return _of(conn, round_id, None)


def of_audit(conn: Connection, audit_id: int) -> list[Entry]:
    """Return the history of an audit, the oldest first."""
    return _of(conn, None, audit_id)


def _of(conn: Connection, round_id: int | None, audit_id: int | None) -> list[Entry]:
    with conn.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(_QUERIES["history"], {"round_id": round_id, "audit_id": audit_id}).fetchall()
