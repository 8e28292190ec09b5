"""Each receiver's messages, in the order of the events, and every attempt to deliver them.

A message is a receiver and an event; its id is the event's ``uid``, however often it is sent. The caller owns the
transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row, tuple_row

from db import sql, storable
from db.errors import NotFound
from workorder_core.notifying.attempts import LONGEST_WAIT, Channel, Outcome
from workorder_core.sentences import kept

_QUERIES = sql.load("deliveries")
LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The next message of a receiver, with all that is needed to send it; ``language`` is the person's own choice.

    ``urgent``: it passes quiet hours. ``chosen``: the person has chosen it, not only the site's policy. ``disabled``,
    ``sees``: whether its person is disabled by now, and still sees what it is about.
    """

    receiver_id: int
    channel: Channel
    address: str
    name: str
    refused: int
    event_id: int
    uid: UUID
    why: str
    attempts: int
    urgent: bool
    chosen: bool
    kind: str
    site: str | None
    zone: str
    language: str | None
    disabled: bool
    sees: bool
    order_id: UUID | None
    asset_id: int | None
    subject: str
    at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message of a list. ``state``: pending, held until ``due_at``, gathered into the message of ``lead``, withheld,
    delivered, failed or skipped; ``note`` says why it was held, gathered or withheld.
    """

    event_id: int
    uid: UUID
    kind: str
    subject: str
    at: datetime
    why: str
    state: str
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    note: str
    lead: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt. ``fault`` None: the receiver confirmed; ``kind`` None: the event has been dropped since."""

    id: int
    event_id: int
    at: datetime
    took_ms: int
    fault: str | None
    status: int | None
    detail: str
    kind: str | None
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The messages not delivered yet.

    Parameters
    ----------
    pending, oldest_s
        Messages for active receivers, and how long the oldest has waited.
    stopped
        Messages for receivers that are paused or disabled.
    undecided_s
        How long the oldest event has waited for its receivers to be chosen; it grows if delivery is not running.
    disabled
        Names of the receivers that are disabled.
    """

    pending: int
    oldest_s: float
    stopped: int
    undecided_s: float
    disabled: Sequence[str]


def lock_position(conn: Connection) -> int:
    """Lock and return the id of the last event whose receivers are chosen; the lock lasts until the transaction
    ends.
    """
    with conn.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(_QUERIES["position"]).fetchone() or 0)


def advance(conn: Connection, event_id: int) -> None:
    """Record that the receivers of all events up to this one are chosen."""
    conn.execute(_QUERIES["advance"], {"event_id": event_id})


def add(
    conn: Connection,
    receiver_id: int,
    event_id: int,
    why: str,
    *,
    at: datetime,
    state: Literal["pending", "held", "withheld"] = "pending",
    due_at: datetime | None = None,
    note: str = "",
    urgent: bool = False,
    chosen: bool = True,
    sameness: str = "",
) -> None:
    """Queue a message, the one way in which any is made; one that is there already stays unchanged.

    Parameters
    ----------
    state, due_at, note
        Sent at once, held until ``due_at``, or not sent; of the last two the note says why.
    urgent
        Whether it passes quiet hours.
    chosen
        Whether the person has chosen it, not only the site's policy.
    sameness
        What messages about the same have in common; empty: nothing.
    """
    facts = {"receiver": receiver_id, "event": event_id, "why": why, "state": state, "due": due_at or at, "at": at}
    conn.execute(_QUERIES["add"], facts | {"note": note, "urgent": urgent, "chosen": chosen, "sameness": sameness})


def due_receivers(conn: Connection, *, now: datetime) -> list[int]:
    """Return the active receivers whose next message is due."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return [receiver for receiver, _ in cursor.execute(_QUERIES["heads"], {"now": now, "longest": LONGEST_WAIT})]


def head(conn: Connection, receiver_id: int, *, now: datetime) -> Head | None:
    """Return the next message of a receiver; None if there is none, or it is not due."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            _QUERIES["head"], {"receiver_id": receiver_id, "now": now, "longest": LONGEST_WAIT}
        ).fetchone()
    return None if row is None else Head(**row | {"channel": Channel(row["channel"])})


def withhold_if_in_vain(conn: Connection, head: Head, *, at: datetime) -> bool:
    """Withhold a message, with the reason, whose person is disabled by now, or does not see any more what it is about;
    return whether that is so. Of what goes in the same message, the rest is gathered anew.
    """
    facts: dict[str, Any] = {"receiver_id": head.receiver_id, "event_id": head.event_id, "at": at}
    blind = kept("the person does not see the site any more")
    if head.sees and not head.disabled:
        conn.execute(_QUERIES["withhold_unseen"], facts | {"note": blind})
        return False
    note = kept("the person is disabled") if head.disabled else blind
    if conn.execute(_QUERIES["withhold"], facts | {"note": note}).fetchone() is not None:
        conn.execute(_QUERIES["regather"], facts)
    return True


def note_attempt(conn: Connection, head: Head, outcome: Outcome, *, at: datetime, took: timedelta) -> None:
    """Record how an attempt ended."""
    conn.execute(
        _QUERIES["note_attempt"],
        {
            "receiver_id": head.receiver_id,
            "event_id": head.event_id,
            "at": at,
            "took_ms": max(0, round(took.total_seconds() * 1000)),
            "fault": outcome.fault,
            "status": outcome.status,
            "detail": storable.text(outcome.detail)[:LONGEST_DETAIL],
        },
    )


def save(conn: Connection, head: Head, state: str, *, attempts: int, due_at: datetime, at: datetime) -> None:
    """Store the message's new state after an attempt, unless somebody skipped or replayed it meanwhile."""
    facts = {"receiver_id": head.receiver_id, "event_id": head.event_id, "state": state, "attempts": attempts}
    conn.execute(_QUERIES["save"], facts | {"due_at": due_at, "at": at, "before": head.attempts})


def make_due(conn: Connection, receiver_id: int, *, at: datetime) -> None:
    """Make all waiting messages of a receiver due now."""
    conn.execute(_QUERIES["due_now"], {"receiver_id": receiver_id, "at": at})


def replay(conn: Connection, receiver_id: int, event_id: int, *, at: datetime) -> None:
    """Send a message again, with the same id and before all later waiting ones. Raises NotFound."""
    _one(conn, "replay", receiver_id, event_id, at)


def skip(conn: Connection, receiver_id: int, event_id: int, *, actor: str, at: datetime) -> None:
    """Skip a waiting message, so that those behind it are sent; its way shows by whom. Raises NotFound."""
    _one(conn, "skip", receiver_id, event_id, at, note=kept("skipped by {actor}", actor=actor))


def of_receiver(
    conn: Connection, receiver_id: int, *, before: int | None = None, state: str | None = None, limit: int = 50
) -> list[Delivery]:
    """Return the messages of a receiver, the newest first; ``before`` an event's id."""
    asked = {"receiver_id": receiver_id, "before": before, "state": state, "limit": limit}
    with conn.cursor(row_factory=class_row(Delivery)) as cursor:
        return cursor.execute(_QUERIES["of_receiver"], asked).fetchall()


def attempts(conn: Connection, receiver_id: int, *, before: int | None = None, limit: int = 50) -> list[Attempt]:
    """Return the attempts to deliver to a receiver, the newest first; ``before`` an attempt's id."""
    asked = {"receiver_id": receiver_id, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(Attempt)) as cursor:
        return cursor.execute(_QUERIES["attempts"], asked).fetchall()


def backlog(conn: Connection) -> Backlog:
    """Return the backlog, by the database's clock."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["backlog"]).fetchone()
    assert row is not None
    return Backlog(**row | {"disabled": tuple(row["disabled"] or ())})


def outcomes(conn: Connection, *, back: timedelta) -> dict[str, int]:
    """Count the attempts of the last ``back`` by fault; "" for those that were confirmed."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["outcomes"], {"back": back}).fetchall())


def receiver_counts(conn: Connection, event_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return by event how many receivers it goes to and how many have confirmed; events with no receiver are absent."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["receiver_counts"], {"event_ids": list(event_ids)}).fetchall()
    return {event_id: (receivers, delivered) for event_id, receivers, delivered in rows}


def drop_events(conn: Connection, *, before: datetime, most: int) -> int:
    """Drop up to so many events recorded before a moment with no message still pending; return how many."""
    return conn.execute(_QUERIES["drop_events"], {"before": before, "most": most}).rowcount


def drop_attempts(conn: Connection, *, before: datetime, most: int) -> int:
    """Drop up to so many attempts made before a moment; return how many."""
    return conn.execute(_QUERIES["drop_attempts"], {"before": before, "most": most}).rowcount


def try_to_be_the_one(conn: Connection) -> bool:
    """Return whether this session is the one that delivers, until it ends. Does not wait."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_QUERIES["delivers"]).fetchone())


def _one(conn: Connection, query: str, receiver_id: int, event_id: int, at: datetime, note: str = "") -> None:
    facts = {"receiver_id": receiver_id, "event_id": event_id, "at": at, "note": note}
    if conn.execute(_QUERIES[query], facts).fetchone() is None:
        raise NotFound("message", event_id)
