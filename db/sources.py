"""What is remembered of those who send."""

from collections.abc import Mapping

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql

_QUERIES = sql.load("sources")


def taken(conn: Connection) -> dict[int, bytes]:
    """Return a digest of each message without a time of its own that was committed, by its token."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return {token: bytes(digest) for token, digest in cursor.execute(_QUERIES["taken"])}


def take(conn: Connection, taken: Mapping[int, bytes]) -> None:
    """Remember messages without a time, in their batch's own transaction."""
    if taken:
        conn.execute(_QUERIES["take"], {"tokens": list(taken), "digests": list(taken.values())})
