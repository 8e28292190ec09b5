"""Who did what: the history of orders and the log of changes as one list, for reports.

The caller owns the transaction.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import scope, sql

_QUERIES = sql.load("history")
ORDER = "order"
"""The kind of rows that are of an order's history; the other kinds are those of the log of changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody did. ``seq`` and ``hash``, in hex, are the row's in its chain; ``site`` None: the whole plant."""

    at: datetime
    actor: str
    site: str | None
    kind: str
    subject: str
    seq: int
    what: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    why: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows.

    Parameters
    ----------
    kinds
        ``order`` and kinds of the log of changes.
    since, until
        Recorded from then on and before then; None: open.
    actor
        As history records it, ``person:dahl``, or just the name.
    subject
        An order's number, or what a change is of, such as ``NTH/P-101``.
    within
        The sites that whoever asks may see; None: all, and what is of the whole plant.
    prices
        Whether rows about prices of parts are among them.
    """

    kinds: Collection[str]
    since: datetime | None = None
    until: datetime | None = None
    site: str | None = None
    actor: str | None = None
    subject: str | None = None
    within: Collection[str] | None = None
    prices: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the query's parameters."""
        named = {name: getattr(self, name) for name in ("since", "until", "site", "actor", "subject", "prices")}
        return named | {"kinds": sorted(self.kinds), "within": scope.codes(self.within)}


def length(conn: Connection, asked: Asked) -> int:
    """Return how many rows there are."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: int | None = cursor.execute(_QUERIES["trail_length"], asked.facts()).fetchone()
    return found or 0


def rows(conn: Connection, asked: Asked) -> Iterator[Deed]:
    """Yield the rows, the oldest first, by a cursor of the database, so that memory does not grow with them."""
    with conn.cursor(name="trail", row_factory=class_row(Deed)) as cursor:
        cursor.itersize = 1000
        yield from cursor.execute(_QUERIES["trail"], asked.facts())
