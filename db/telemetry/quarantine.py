"""The quarantine: messages that could not be read, with the reason, retried on request."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db import scope, sql
from db.errors import NotFound, StoreError
from db.telemetry.quarantine_ledger import KEPT_BYTES, Ledger, shown
from ingest.formats import sparkplug
from ingest.messages import Refused
from workorder_core.sentences import say

SHOWN_BYTES = 65_536
"""The most bytes shown of each payload in a list."""
OF_ITS_MOMENT = say(
    "the aliases of a Sparkplug message mean nothing after the session in which it came. "
    "Remove the cause and restart ingest: every node is then asked for all its values; what "
    "it has buffered it can send as history"
)
_QUERIES = sql.load("quarantine")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A kind of refused message (topic and reason), or in a list of payloads one message of it.

    ``payload`` is the beginning of the first one, ``payload_bytes`` its length, ``kept_bytes`` what of it is kept.
    ``times`` a message of the kind was refused; ``payloads`` different ones are kept, ``others`` are only counted.
    A retry request is stored until the engine has made it; ``tries`` counts failed retries.
    """

    id: int
    topic: str
    payload: bytes
    payload_bytes: int
    kept_bytes: int
    payload_sha256: bytes
    reason: str
    problem: str
    received_at: datetime
    last_received_at: datetime
    times: int
    others: int
    payloads: int
    retry_asked_at: datetime | None
    retry_asked_by: str | None
    tried_at: datetime | None
    tries: int

    @property
    def not_again(self) -> str | None:
        """Return why it cannot be retried, and what to do; None if it can."""
        if self.payload_bytes > self.kept_bytes:
            if not self.kept_bytes:
                return say("none of its {all:,} bytes were kept: have the device send it again", all=self.payload_bytes)
            return say(
                "only the first {kept:,} of its {all:,} bytes were kept: have the device send it again, "
                "in smaller messages",
                all=self.payload_bytes,
                kept=self.kept_bytes,
            )
        return OF_ITS_MOMENT if self.topic.startswith(sparkplug.PREFIX) else None


class NotRetriable(StoreError):
    """A message in quarantine cannot be retried."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(say("message {id} cannot be retried: {why}", id=kept.id, why=kept.not_again))
        self.id = kept.id


def keep(conn: Connection, refused: Sequence[Refused]) -> None:
    """Store refusals, for a caller with few of them; one with many uses a Ledger."""
    Ledger().keep(conn, refused)


def _row(refused: Refused) -> dict[str, Any]:
    return {
        "topic": shown(refused.topic),
        "payload": refused.payload[:KEPT_BYTES],
        "payload_bytes": len(refused.payload),
        "payload_sha256": hashlib.sha256(refused.payload).digest(),
        "reason": refused.reason.value,
        "problem": shown(refused.problem),
        "received_at": _EPOCH + timedelta(microseconds=refused.received_us),
    }


def page(
    conn: Connection,
    *,
    reason: str | None = None,
    topic: str | None = None,
    before_id: int | None = None,
    after: tuple[datetime, int] | None = None,
    within: Collection[str] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Kept]:
    """Return the kinds of refused message, the newest first; ``before_id`` continues after the last one of a page.
    ``after`` continues after a last occurrence and an id, even if that one has been dropped since.
    """
    facts: dict[str, Any] = {"reason": reason, "topic": topic, "before_id": before_id, "within": scope.codes(within)}
    facts |= dict(zip(("after_received", "after_id"), after or (None, None), strict=True))
    facts |= {"limit": limit, "offset": offset}
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(_QUERIES["page"], facts).fetchall()


def count_by_reason(conn: Connection, within: Collection[str] | None = None) -> dict[str, int]:
    """Count the kinds of refused message by reason."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["count_by_reason"], {"within": scope.codes(within)})
        return {reason: kept for reason, kept, _ in rows}


def one(conn: Connection, id_: int) -> Kept:
    """Return a quarantined message with its stored payload. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        kept = cursor.execute(_QUERIES["one"], {"id": id_}).fetchone()
    if kept is None:
        raise NotFound("message in quarantine", id_)
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The beginning of one kept message of a kind."""

    id: int
    payload: bytes
    payload_bytes: int
    problem: str
    received_at: datetime
    last_received_at: datetime


def payloads(conn: Connection, id_: int, *, most: int = SHOWN_BYTES) -> list[Payload]:
    """Return the stored payloads of a kind, by the id of one of its messages, up to ``most`` bytes of each."""
    with conn.cursor(row_factory=class_row(Payload)) as cursor:
        return cursor.execute(_QUERIES["payloads"], {"id": id_, "most": most}).fetchall()


def drop(
    conn: Connection,
    *,
    ids: Sequence[int] | None = None,
    reason: str | None = None,
    topic: str | None = None,
    before: datetime | None = None,
) -> int:
    """Delete what matches all criteria, kinds by the id of one of their messages; return how many messages they had.

    ``before`` matches what has not occurred since.
    """
    facts = {"ids": None if ids is None else list(ids), "reason": reason, "topic": topic, "before": before}
    return conn.execute(_QUERIES["drop"], facts).rowcount


def ask_retry(
    conn: Connection,
    *,
    ids: Sequence[int] | None = None,
    reason: str | None = None,
    topic: str | None = None,
    actor: str,
    at: datetime,
) -> list[int]:
    """Ask the engine to retry what matches all criteria; return the ids. Raises NotFound and NotRetriable.

    A message that cannot be retried raises if its id is given, and is left out otherwise; see ``left_out``.
    """
    facts = {"ids": None if ids is None else list(ids), "reason": reason, "topic": topic, "actor": actor, "at": at}
    with conn.cursor(row_factory=tuple_row) as cursor:
        asked = [id_ for (id_,) in cursor.execute(_QUERIES["ask_retry"], facts)]
    for id_ in ids or ():
        if id_ not in asked:
            kept = one(conn, id_)
            if kept.not_again is not None:
                raise NotRetriable(kept)
    return asked


def left_out(conn: Connection, *, reason: str | None = None, topic: str | None = None) -> int:
    """Count the matching messages that cannot be retried."""
    row: Any = conn.execute(_QUERIES["left_out"], {"reason": reason, "topic": topic}).fetchone()
    return int(row[0])


def some_asked(conn: Connection) -> bool:
    """Return whether a retry is waiting."""
    row: Any = conn.execute(_QUERIES["some_asked"]).fetchone()
    return bool(row[0])


def next_asked(conn: Connection) -> Kept | None:
    """Lock and return the next message to retry."""
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(_QUERIES["next_asked"]).fetchone()


def left_of(conn: Connection, ids: Sequence[int]) -> tuple[int, int]:
    """Return how many of those are still in quarantine, and how many of them still wait for a retry."""
    row: Any = conn.execute(_QUERIES["left_of"], {"ids": list(ids)}).fetchone()
    return int(row[0]), int(row[1])


def settle(conn: Connection, kept: Kept, refused: Sequence[Refused]) -> None:
    """Record the result of a retry: a message without further refusals is deleted."""
    if not refused:
        conn.execute(_QUERIES["forget"], {"id": kept.id})
        return
    # A message has a row for each reason; this row keeps its reason as long as that still applies.
    its_own = next((each for each in refused if each.reason.value == kept.reason), refused[0])
    facts = {"id": kept.id, "reason": its_own.reason.value, "problem": shown(its_own.problem)}
    merged = conn.execute(_QUERIES["merge"], facts).rowcount
    conn.execute(_QUERIES["forget" if merged else "still_refused"], facts)
    others = [_row(each) for each in refused if each is not its_own]
    if others:
        with conn.cursor() as cursor:
            cursor.executemany(_QUERIES["keep_if_new"], others)
