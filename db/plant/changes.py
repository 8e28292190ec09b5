"""One append-only log of changes to the facts on which decisions depend: who, when, from what to what, and why.

Triggers write it for the plant's own tables, in the transaction of the change; ``append`` is for changes that no
trigger sees, such as a new password. The caller owns the transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql, storable

_QUERIES = sql.load("changes")
_LOGGED = ("asset", "signal", "place", "location", "site", "downtime", "technician", "calendar", "target", "job plan")
_OF_STORES = ("item", "store", "reorder rule", "bill of material", "tool", "purchase request")
_OF_INSPECTIONS = ("checklist", "route", "round")
_OF_PEOPLE = ("shift pattern", "absence", "crew", "way", "work rule", "skill rule")
OF_PLANT = (*_LOGGED, *_OF_STORES, *_OF_INSPECTIONS, *_OF_PEOPLE, "document", "rule", "safety", "file", "request")
"""Kinds that everybody may read for the sites they see: what triggers write, and proposals."""
OF_COSTS = ("labour rate", "cost model", "item price", "technician rate")
"""Kinds that only those who see costs may read."""
OF_ACCESS = ("user", "key", "device", "receiver")
"""Kinds that only administrators of every site may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one thing. ``old`` and ``new`` have only the fields that changed; ``site`` None: the whole plant."""

    id: int
    at: datetime
    actor: str
    kind: str
    subject: str
    site: str | None
    asset_id: int | None
    what: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    why: str


def made_by(conn: Connection, actor: str, why: str = "") -> None:
    """Set who makes the changes of this transaction from here on, and why."""
    conn.execute(_QUERIES["made_by"], {"actor": actor, "why": why.strip()})


def because(conn: Connection, why: str) -> None:
    """Set why the changes of this transaction are made, without changing who makes them."""
    conn.execute(_QUERIES["because"], {"why": why.strip()})


def append(
    conn: Connection,
    kind: str,
    subject: str,
    what: str,
    *,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    site: str | None = None,
    asset_id: int | None = None,
    actor: str,
    at: datetime,
    why: str = "",
) -> None:
    """Write a change that no trigger sees."""
    facts: dict[str, Any] = {"kind": kind, "subject": subject, "what": what, "site": site, "asset_id": asset_id}
    facts |= {"actor": actor, "at": at, "why": why.strip()}
    conn.execute(
        _QUERIES["append"], facts | {"old": storable.json(dict(old or {})), "new": storable.json(dict(new or {}))}
    )


def page(
    conn: Connection,
    *,
    kinds: Collection[str] | None = None,
    subject: str | None = None,
    site: str | None = None,
    asset_id: int | None = None,
    within: Collection[str] | None = None,
    before: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Change]:
    """Return changes, the newest first; ``before`` is an id, so that the next page never repeats a change."""
    asked: dict[str, Any] = {"kinds": None if kinds is None else list(kinds), "subject": subject, "site": site}
    asked |= {"asset_id": asset_id, "within": scope.codes(within), "before": before, "limit": limit, "offset": offset}
    with conn.cursor(row_factory=class_row(Change)) as cursor:
        return cursor.execute(_QUERIES["page"], asked).fetchall()
