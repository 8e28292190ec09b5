"""The engine's sessions at brokers, and the key of its pulse. The caller owns the transaction."""

from datetime import datetime

from psycopg import Connection
from psycopg.rows import scalar_row

from db import sql

_QUERIES = sql.load("broker_sessions")


def used(conn: Connection, broker: str, client_id: str) -> datetime | None:
    """Return when (wall clock) a session was last in use; None if there was none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        at: datetime | None = cursor.execute(_QUERIES["used"], {"broker": broker, "client_id": client_id}).fetchone()
    return at


def note_use(conn: Connection, broker: str, client_id: str) -> None:
    """Record that a session is in use."""
    conn.execute(_QUERIES["note_use"], {"broker": broker, "client_id": client_id})


def pulse_key(conn: Connection) -> bytes:
    """Return the key that signs the engine's pulse. Only those who can read the database know it."""
    [(key,)] = conn.execute(_QUERIES["pulse_key"]).fetchall()
    return bytes(key.bytes)
