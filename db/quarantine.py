"""What could not be read, kept with the reason."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db import scope, sql
from ingest.messages import Refused

KEPT_BYTES = 65_536
KEPT_CHARACTERS = 250
"""Of a topic and of a problem. No readable topic is longer; an entry of an index has at most 2,700 bytes."""
_QUERIES = sql.load("quarantine")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One sort of refused message. ``payload`` is its first 64 KB, ``payload_bytes`` its whole length."""

    id: int
    topic: str
    payload: bytes
    payload_bytes: int
    payload_sha256: bytes
    reason: str
    problem: str
    received_at: datetime
    last_received_at: datetime
    times: int


def keep(conn: Connection, refused: Sequence[Refused]) -> None:
    """Keep what was refused, with up to 64 KB of its payload."""
    if not refused:
        return
    rows = [
        {
            "topic": _storable(each.topic),
            "payload": each.payload[:KEPT_BYTES],
            "payload_bytes": len(each.payload),
            "payload_sha256": hashlib.sha256(each.payload).digest(),
            "reason": each.reason.value,
            "problem": _storable(each.problem),
            "received_at": _EPOCH + timedelta(microseconds=each.received_us),
        }
        for each in refused
    ]
    with conn.cursor() as cursor:
        cursor.executemany(_QUERIES["keep"], rows)


def _storable(text: str) -> str:
    # PostgreSQL's text has no NUL; MQTT forbids it in topics too, but not every client obeys.
    whole = text.replace("\0", "\\0").encode(errors="replace").decode()
    return whole if len(whole) <= KEPT_CHARACTERS else f"{whole[:KEPT_CHARACTERS]}… ({len(whole)} characters)"


def page(
    conn: Connection,
    *,
    reason: str | None = None,
    topic: str | None = None,
    before_id: int | None = None,
    within: Collection[str] | None = None,
    limit: int = 50,
) -> list[Kept]:
    """Return kept messages, the newest first; ``before_id`` goes on after the last of the page before."""
    facts = {"reason": reason, "topic": topic, "before_id": before_id, "limit": limit, "within": scope.codes(within)}
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(_QUERIES["page"], facts).fetchall()


def count_by_reason(conn: Connection, within: Collection[str] | None = None) -> dict[str, int]:
    """Return how many messages are kept for each reason."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["count_by_reason"], {"within": scope.codes(within)})
        return {reason: kept for reason, kept, _ in rows}
