"""What scheduled jobs need of the database: which process runs a job, and the retention of readings and alarms."""

from datetime import datetime

from psycopg import Connection
from psycopg.rows import scalar_row, tuple_row

from db import sql

_QUERIES = sql.load("jobs")


def try_lock(conn: Connection, job: str) -> bool:
    """Return whether this transaction is to do the job; False while another process does it. Does not wait."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_QUERIES["try_lock"], {"job": job}).fetchone())


def has_chunks(conn: Connection) -> bool:
    """Return whether readings are a hypertable."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_QUERIES["has_chunks"]).fetchone())


def drop_old_chunks(conn: Connection, *, before: datetime) -> int:
    """Drop the chunks whose readings all came before that moment (wall clock); return how many.

    A chunk with even one reading that is still needed stays whole.
    """
    with conn.cursor(row_factory=tuple_row) as cursor:
        ranges = cursor.execute(_QUERIES["old_chunks"], {"before": before}).fetchall()
    dropped = 0
    for range_start, range_end in ranges:
        span = {"range_start": range_start, "range_end": range_end}
        with conn.cursor(row_factory=scalar_row) as cursor:
            if cursor.execute(_QUERIES["chunk_is_needed"], span | {"before": before}).fetchone():
                continue
            cursor.execute(_QUERIES["drop_chunk"], span)
        dropped += 1
    return dropped


def delete_some(conn: Connection, *, before: datetime, most: int) -> int:
    """Delete up to so many readings that came before that moment (wall clock); return how many."""
    return conn.execute(_QUERIES["delete_some"], {"before": before, "most": most}).rowcount


def delete_some_alarms(conn: Connection, *, before: datetime, most: int) -> int:
    """Delete up to so many alarms that ended before that moment, and as many earlier moves; return how many."""
    conn.execute(_QUERIES["may_delete_moves"])
    facts = {"before": before, "most": most}
    return sum(conn.execute(_QUERIES[name], facts).rowcount for name in ("delete_some_alarms", "delete_some_moves"))
