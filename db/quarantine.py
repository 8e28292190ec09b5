"""What could not be read, kept with the reason, and tried again when somebody asks for it."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db import scope, sql, storable
from db.errors import NotFound, StoreError
from ingest import sparkplug
from ingest.messages import Refused

KEPT_BYTES = 2 * 1024 * 1024
"""Of a payload: as much as the broker that we start lets in. What is cut cannot be tried again."""
SHOWN_BYTES = 65_536
"""Of a payload, where several are listed."""
OF_ITS_MOMENT = (
    "what the aliases of a Sparkplug message meant when it came is not known any more. Mend the cause and start ingest "
    "again: every node is then asked for all its values; what it has kept it can send as history"
)
KEPT_CHARACTERS = 250
"""Of a topic and of a problem. No readable topic is longer; an entry of an index has at most 2,700 bytes."""
_QUERIES = sql.load("quarantine")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One sort of refused message. ``payload`` is its beginning, ``payload_bytes`` its whole length.

    Somebody who asks for another try is noted until the engine has made it; ``tries`` were in vain.
    """

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
    retry_asked_at: datetime | None
    retry_asked_by: str | None
    tried_at: datetime | None
    tries: int

    @property
    def not_again(self) -> str | None:
        """Why it cannot be tried again, and what can be done; None where it can."""
        if self.payload_bytes > KEPT_BYTES:
            return (
                f"of its {self.payload_bytes:,} bytes the first {KEPT_BYTES:,} are kept: let the device send it anew, "
                "in smaller ones"
            )
        return OF_ITS_MOMENT if self.topic.startswith(sparkplug.PREFIX) else None


class NotAgain(StoreError):
    """Something in quarantine cannot be tried again."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(f"message {kept.id} cannot be tried again: {kept.not_again}")
        self.id = kept.id


def keep(conn: Connection, refused: Sequence[Refused]) -> None:
    """Keep what was refused, with its payload. What comes again the same is counted."""
    if refused:
        with conn.cursor() as cursor:
            cursor.executemany(_QUERIES["keep"], [_row(each) for each in refused])


def _row(refused: Refused) -> dict[str, Any]:
    return {
        "topic": _storable(refused.topic),
        "payload": refused.payload[:KEPT_BYTES],
        "payload_bytes": len(refused.payload),
        "payload_sha256": hashlib.sha256(refused.payload).digest(),
        "reason": refused.reason.value,
        "problem": _storable(refused.problem),
        "received_at": _EPOCH + timedelta(microseconds=refused.received_us),
    }


def _storable(text: str) -> str:
    whole = storable.text(text)
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


def one(conn: Connection, id_: int) -> Kept:
    """Return a kept message with all that is kept of its payload. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        kept = cursor.execute(_QUERIES["one"], {"id": id_}).fetchone()
    if kept is None:
        raise NotFound("message in quarantine", id_)
    return kept


def ask_retry(
    conn: Connection,
    *,
    ids: Sequence[int] | None = None,
    reason: str | None = None,
    topic: str | None = None,
    actor: str,
    at: datetime,
) -> list[int]:
    """Ask the engine to try again what fits all that is given; return the ids. Raises NotFound and NotAgain.

    What cannot be tried again is raised for where its id is given, else left out; see ``left_out``.
    """
    facts = {"ids": None if ids is None else list(ids), "reason": reason, "topic": topic, "actor": actor, "at": at}
    with conn.cursor(row_factory=tuple_row) as cursor:
        asked = [id_ for (id_,) in cursor.execute(_QUERIES["ask_retry"], facts)]
    for id_ in ids or ():
        if id_ not in asked:
            kept = one(conn, id_)
            if kept.not_again is not None:
                raise NotAgain(kept)
    return asked


def left_out(conn: Connection, *, reason: str | None = None, topic: str | None = None) -> int:
    """Return how much of what fits cannot be tried again."""
    row: Any = conn.execute(_QUERIES["left_out"], {"reason": reason, "topic": topic}).fetchone()
    return int(row[0])


def some_asked(conn: Connection) -> bool:
    """Whether something waits to be tried again."""
    row: Any = conn.execute(_QUERIES["some_asked"]).fetchone()
    return bool(row[0])


def next_asked(conn: Connection) -> Kept | None:
    """Return, locked, what is to be tried next."""
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(_QUERIES["next_asked"]).fetchone()


def left_of(conn: Connection, ids: Sequence[int]) -> tuple[int, int]:
    """Return how many of those are still kept, and how many of them still wait to be tried."""
    row: Any = conn.execute(_QUERIES["left_of"], {"ids": list(ids)}).fetchone()
    return int(row[0]), int(row[1])


def settle(conn: Connection, kept: Kept, refused: Sequence[Refused]) -> None:
    """Note what a try has come to: what nothing of is refused is kept no longer."""
    if not refused:
        conn.execute(_QUERIES["forget"], {"id": kept.id})
        return
    # A message has a row for each reason; this row's own one stays its own as long as it holds.
    its_own = next((each for each in refused if each.reason.value == kept.reason), refused[0])
    facts = {"id": kept.id, "reason": its_own.reason.value, "problem": _storable(its_own.problem)}
    merged = conn.execute(_QUERIES["merge"], facts).rowcount
    conn.execute(_QUERIES["forget" if merged else "still_refused"], facts)
    others = [_row(each) for each in refused if each is not its_own]
    if others:
        with conn.cursor() as cursor:
            cursor.executemany(_QUERIES["keep_if_new"], others)
