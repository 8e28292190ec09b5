"""The words that say danger at a site, besides those that the program knows. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row

from db import sql

_QUERIES = sql.load("triage")


@dataclass(frozen=True, slots=True, kw_only=True)
class DangerWords:
    """A version of a site's own words; 0, without words, is what a site begins with."""

    version: int
    words: Sequence[str]
    made_by: str | None
    made_at: datetime | None
    why: str


def of_site(conn: Connection, site_id: int) -> DangerWords:
    """Return a site's own words."""
    with conn.cursor(row_factory=class_row(DangerWords)) as cursor:
        found = cursor.execute(_QUERIES["danger_words"], {"site_id": site_id}).fetchone()
    return found or DangerWords(version=0, words=(), made_by=None, made_at=None, why="")


def write(conn: Connection, site_id: int, words: Sequence[str], *, actor: str, at: datetime, why: str) -> DangerWords:
    """Store the next version of a site's own words, and return it."""
    conn.execute(_QUERIES["lock_site"], {"site_id": site_id})
    facts = {"site_id": site_id, "words": list(words), "actor": actor, "at": at, "why": why}
    conn.execute(_QUERIES["add_danger_words"], facts)
    return of_site(conn, site_id)
