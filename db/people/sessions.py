"""Sessions, and attempts to sign in. Of tokens only the SHA-256 is stored."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.errors import DiskFull, ReadOnlySqlTransaction
from psycopg.rows import dict_row, tuple_row

from db import sql
from db.people.users import roles_of, sites_of
from workorder_core.people.access import Who

_QUERIES = sql.load("access")
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last use of a session or key is stored: otherwise each request would write."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser; ``must_change`` allows nothing but changing the password."""

    who: Who
    user: str
    must_change: bool


def digest(token: str) -> bytes:
    """Return the stored hash of a token or key. Tokens are random, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


def begin(
    conn: Connection, token: str, user: str, *, at: datetime, lasting: timedelta, password_hash: str | None = None
) -> bool:
    """Store a session that ends after ``lasting`` at the latest, and delete those that have ended.

    Returns False, without a session, if the user is disabled or their password no longer matches ``password_hash``.
    Changing either waits for this transaction, or this for that: no session outlives the facts it was opened with.
    """
    conn.execute(_QUERIES["drop_sessions"], {"now": at})
    if not conn.execute(_QUERIES["signed_in"], {"name": user, "at": at, "password_hash": password_hash}).rowcount:
        return False
    facts = {"token_sha256": digest(token), "user": user, "at": at, "ends_at": at + lasting}
    conn.execute(_QUERIES["begin_session"], facts)
    return True


def find(conn: Connection, token: str, *, now: datetime, idle: timedelta, noted: bool = True) -> Session | None:
    """Return the session of a token; None if there is none, it has expired or it was idle too long.

    ``noted`` stores that it was used now.
    """
    facts = {"token_sha256": digest(token), "now": now, "idle_since": now - idle}
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["session"], facts).fetchone()
    if row is None:
        return None
    if noted and row["seen_at"] <= now - SEEN_EVERY:
        note_use(conn, "see_session", facts)
    roles, sites = roles_of(row["roles"]), sites_of(row["sites"])
    who = Who(
        f"person:{row['name']}",
        roles,
        sites,
        row["technician"],
        row["technician_site"],
        row["sees_costs"],
        row["language"],
        row["contractor"],
    )
    return Session(who, row["name"], row["must_change"])


def note_use(conn: Connection, query: str, facts: dict[str, Any]) -> None:
    """Store that a session or key was used; on a read-only database this does nothing, so that reads go on."""
    try:
        with conn.transaction():
            conn.execute(_QUERIES[query], facts)
    except (ReadOnlySqlTransaction, DiskFull):
        pass


def end(conn: Connection, token: str) -> None:
    """Sign out."""
    conn.execute(_QUERIES["end_session"], {"token_sha256": digest(token)})


def count_attempt(conn: Connection, bucket: str, *, now: datetime, window: timedelta) -> tuple[int, datetime]:
    """Count an attempt to sign in; return how many there were in this window, and when the window ends.

    Other attempts in the same bucket wait until the transaction ends.
    """
    facts = {"bucket": digest(bucket), "now": now, "window_began": now - window}
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_QUERIES["count_attempt"], facts).fetchone()
    assert row is not None, "an INSERT … DO UPDATE … RETURNING gives a row"
    return row[0], row[1] + window


def forgive_attempt(conn: Connection, bucket: str) -> None:
    """Uncount one attempt: its password was right."""
    conn.execute(_QUERIES["forgive_attempt"], {"bucket": digest(bucket)})


def drop_attempts(conn: Connection, *, now: datetime, window: timedelta) -> None:
    """Delete the windows that have ended."""
    conn.execute(_QUERIES["drop_attempts"], {"window_began": now - window})


def knows_device(conn: Connection, name: str, token: str) -> bool:
    """Return whether a user has signed in from the browser that has this token."""
    row = conn.execute(_QUERIES["knows_device"], {"name": name, "token_sha256": digest(token)}).fetchone()
    return bool(row and row[0])


def note_device(conn: Connection, name: str, token: str, *, now: datetime) -> None:
    """Record that a user has signed in from the browser that has this token."""
    conn.execute(_QUERIES["note_device"], {"name": name, "token_sha256": digest(token), "now": now})
