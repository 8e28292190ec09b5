"""Each message's way: made, tried, delivered as far as is known, seen, or held back and why. The caller owns the
transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.events import events
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Happened
from workorder_core.people.work_rules import WorkRules

_QUERIES = sql.load("notifying")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way of one message to one receiver.

    Parameters
    ----------
    id
        The same however often it is sent.
    receiver
        The person's name, or the webhook's.
    state, note, lead
        As of a ``Delivery``.
    tried_at, fault, detail
        The newest attempt; of a gathered one, that of the message in which it went. ``fault`` None: confirmed.
    seen_at
        When the person has seen it in the page's banner.
    acknowledged_by, acknowledged_at
        Of a message that asks somebody: who has acknowledged last, as histories name them, and when; None: not yet all
        that it asks.
    """

    event_id: int
    id: UUID
    kind: str
    subject: str
    at: datetime
    site: str | None
    order_id: UUID | None
    receiver_id: int
    channel: Channel
    receiver: str
    why: str
    state: str
    note: str
    lead: int | None
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    attempts: int
    tried_at: datetime | None
    fault: str | None
    detail: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A message in a person's banner; ``more`` events were gathered into it."""

    event_id: int
    why: str
    happened: Happened
    zone: str
    subject: str
    order_id: UUID | None
    more: int


def of_order(
    conn: Connection, order_id: UUID, *, before: tuple[int, int] | None = None, limit: int | None = None
) -> list[Way]:
    """Return the messages about an order, the newest first; ``before`` is the event and receiver of the last one."""
    return _ways(conn, "of_order", {"order": order_id}, before, limit)


def of_user(
    conn: Connection, user: str, *, before: tuple[int, int] | None = None, limit: int | None = None
) -> list[Way]:
    """Return the messages to a person by all channels, likewise."""
    return _ways(conn, "of_user", {"user": user}, before, limit)


def unseen(conn: Connection, user: str, *, limit: int = 5) -> list[Unseen]:
    """Return what a person has in the page's banner and has not seen, the newest first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["unseen"], {"user": user, "limit": limit}).fetchall()
    return [
        Unseen(
            happened=Happened(**{name: row[name] for name in ("kind", "site", "at", "recorded_at", "data")}),
            **{name: row[name] for name in ("event_id", "why", "zone", "subject", "order_id", "more")},
        )
        for row in rows
    ]


def see(conn: Connection, user: str, until: int, *, at: datetime) -> int:
    """Record that a person has seen what is in their banner, up to an event; return how many messages."""
    return conn.execute(_QUERIES["see"], {"user": user, "until": until, "at": at}).rowcount


def report_certificates(conn: Connection, *, now: datetime) -> int:
    """Write an event for each certificate that ends within the days of its site's rules, once; return how many."""
    asked = {"today": now.date(), "usual": WorkRules().warn_days}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["certificates"], asked).fetchall()
    for row in rows:
        _report(conn, row, now)
    return len(rows)


def _report(conn: Connection, row: Mapping[str, Any], now: datetime) -> None:
    until: date = row["valid_until"]
    facts = {"technician": row["id"], "certificate": row["certificate"], "valid_until": until, "at": now}
    if conn.execute(_QUERIES["note_certificate"], facts).fetchone() is not None:
        data = {"technician": row["code"], "name": row["name"], "certificate": row["certificate"]}
        events.append(
            conn, "certificate.ending", row["subject"], at=now, site_id=row["site_id"],
            data=data | {"valid_until": until.isoformat()},
        )  # fmt: skip


def _ways(
    conn: Connection, query: str, asked: dict[str, Any], before: tuple[int, int] | None, limit: int | None
) -> list[Way]:
    event, receiver = before or (None, None)
    with conn.cursor(row_factory=dict_row) as cursor:
        facts = asked | {"before_event": event, "before_receiver": receiver, "limit": limit}
        return [Way(**row | {"channel": Channel(row["channel"])}) for row in cursor.execute(_QUERIES[query], facts)]
