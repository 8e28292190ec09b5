"""Delivery: chooses the receivers of each event, and sends to each receiver in order, one message at a time.

At least once: a message is sent, then recorded as sent. If the process is killed in between, it is sent again with the
same id. One process delivers at a time; others wait until its session has ended.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import structlog
from psycopg import Connection, InterfaceError, OperationalError
from psycopg_pool import ConnectionPool, PoolTimeout

from db.escalating import links, running
from db.events import deliveries, events, receivers
from db.events.deliveries import Head
from db.events.sealing import CannotUnseal, Sealer
from db.notifying import fanning_out
from db.notifying.fanning_out import Gathered
from db.requests import mails
from runtime.delivery import by_apprise, composing, mail, ntfy, requesters, webhook
from workorder_core.notifying.attempts import (
    Channel,
    Delivered,
    Disable,
    Fault,
    GiveUp,
    Outcome,
    RetryAt,
    after_attempt,
)
from workorder_core.notifying.kinds import ASKED
from workorder_core.sentences import kept

ACTOR = "system:delivery"
AT_ONCE = 4
"""The most receivers sent to at the same time."""
EVENTS_AT_ONCE = 500
LOOK_EVERY_S = 2.0
"""How often to look for due retries, which nothing announces."""
_REQUESTERS = 0
"""No receiver has this id: it is that of all requesters, whose mails one thread sends."""
_log = structlog.get_logger("delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What sending needs: the settings' mail server, the webhooks' sender, their secrets' seal, the pages' address, and
    that of the portal, the plant's language, for who has chosen none, and the servers of ntfy and services of apprise
    that may be used.
    """

    webhooks: webhook.Sender
    mail_server: mail.Server | None = None
    sealer: Sealer = field(default_factory=Sealer)
    pages: str | None = None
    portal: str | None = None
    language: str = "en"
    ntfy_servers: frozenset[str] = frozenset()
    apprise_services: frozenset[str] = frozenset()
    chance: Callable[[], float] = random.random
    """From 0 to 1, by which the waits of receivers that failed together differ."""


def decide(conn: Connection, *, now: datetime) -> int:
    """Choose the receivers of the events since the last call, in transactions of its own; return how many events."""
    with conn.transaction():
        events.number(conn)
    with conn.transaction():
        position = deliveries.lock_position(conn)
        found = events.after(conn, position, limit=EVENTS_AT_ONCE)
        if not found:
            return 0
        fanning_out.fan_out(conn, found, now=now)
        running.follow(conn, found, now=now)
        mails.follow(conn, found, now=now)
        deliveries.advance(conn, found[-1].id)
    return len(found)


def release(conn: Connection, *, now: datetime) -> int:
    """Make the messages of what was held until now, in a transaction of its own; return how many events are in them."""
    with conn.transaction():
        return fanning_out.release(conn, now=now)


def escalate(conn: Connection, *, now: datetime) -> datetime | None:
    """Take the steps of escalations that are due, and make the messages; return when the next one is due."""
    while True:
        with conn.transaction():
            if running.take_steps(conn, now=now) < running.AT_ONCE:
                break
    with conn.transaction():
        running.make_messages(conn, now=now)
    with conn.transaction():
        return running.next_due(conn)


def deliver_next(conn: Connection, receiver_id: int, means: Means, clock: Callable[[], datetime]) -> bool:
    """Send a receiver's next message, if one is due; return whether there was one.

    The connection has no open transaction while the message is being sent.
    """
    with conn.transaction():
        head = deliveries.head(conn, receiver_id, now=clock())
        if head is not None and deliveries.withhold_if_in_vain(conn, head, at=clock()):
            return True
    if head is None:
        return False
    began, moment = clock(), time.monotonic()
    try:
        outcome = _send(conn, head, means, began)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - it is an attempt that failed, whatever the reason
        _log.exception("unexpected error while sending", receiver=head.name, kind=head.kind)
        outcome = Outcome(Fault.PASSING, kept("sending failed: {error}", error=f"{type(error).__name__}: {error}"))
    took = timedelta(seconds=time.monotonic() - moment)
    with conn.transaction():
        _record(conn, head, outcome, at=began, took=took, now=clock(), chance=means.chance())
    return True


def _send(conn: Connection, head: Head, means: Means, now: datetime) -> Outcome:
    if head.channel is Channel.BANNER:
        return Outcome(None, kept("shown at the top of the person's pages until they have seen it"))
    try:
        with conn.transaction():
            if head.channel is Channel.WEBHOOK:
                signed_with = receivers.secrets_of(conn, head.receiver_id, means.sealer, now=now)
                gathered: list[Gathered] = []
            else:
                gathered = fanning_out.gathered(conn, head.receiver_id, head.event_id)
                token = receivers.token_of(conn, head.receiver_id, means.sealer)
    except CannotUnseal as error:
        return Outcome(Fault.OWN, str(error))
    if head.channel is Channel.WEBHOOK:
        return means.webhooks.send(head, signed_with, now=now)
    link = _link(conn, head, now)
    if head.channel is Channel.EMAIL:
        return mail.send(
            means.mail_server, head, pages=means.pages, now=now, language=means.language, gathered=gathered, token=link
        )
    letter = composing.letter(head, gathered, pages=means.pages, language=means.language, token=link)
    if head.channel is Channel.NTFY:
        servers = ntfy.Servers(means.ntfy_servers, means.webhooks)
        return servers.send(head.address, token, letter, urgent=head.urgent, uid=f"{head.uid}")
    return by_apprise.Services(means.apprise_services).send(token or "", letter, urgent=head.urgent)


def _link(conn: Connection, head: Head, now: datetime) -> str | None:
    """Return the token of a new link for a message that asks somebody; None for any other."""
    if head.kind != ASKED:
        return None
    with conn.transaction():
        return links.make(conn, UUID(head.data["message"]), head.data["person"], now=now)


def _record(
    conn: Connection, head: Head, outcome: Outcome, *, at: datetime, took: timedelta, now: datetime, chance: float
) -> None:
    deliveries.note_attempt(conn, head, outcome, at=at, took=took)
    attempts = head.attempts + (outcome.fault is not Fault.OWN)
    decision = after_attempt(outcome, head.channel, attempts=attempts, refused=head.refused, now=now, chance=chance)
    match decision:
        case Delivered():
            deliveries.save(conn, head, "delivered", attempts=attempts, due_at=now, at=now)
            receivers.set_refused(conn, head.receiver_id, 0)
        case RetryAt(again):
            deliveries.save(conn, head, "pending", attempts=attempts, due_at=again, at=now)
        case GiveUp(disable):
            deliveries.save(conn, head, "failed", attempts=attempts, due_at=now, at=now)
            receivers.set_refused(conn, head.receiver_id, head.refused + 1)
            if disable is not None:
                _disable(conn, head, disable, now)
        case Disable(why):
            deliveries.save(conn, head, "pending", attempts=0, due_at=now, at=now)
            _disable(conn, head, why, now)
    level = _log.info if outcome.fault is None else _log.warning
    level("attempt to deliver", receiver=head.name, kind=head.kind, subject=head.subject, said=outcome.detail)


def _disable(conn: Connection, head: Head, why: str, now: datetime) -> None:
    receivers.set_state(conn, head.receiver_id, "disabled", actor=ACTOR, at=now, why=why)
    _log.error("ALARM: receiver disabled, its messages wait until it is enabled", receiver=head.name, reason=why)


def run(database_url: str, means: Means, stop: threading.Event) -> None:
    """Deliver until ``stop`` is set, then finish what is being sent. Waits while the database is unavailable."""
    while not stop.is_set():
        try:
            with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as conn:
                _run_on(conn, database_url, means, stop)
        except (OperationalError, PoolTimeout) as error:
            _log.warning("delivery paused, database unavailable", error=str(error).strip())
        except Exception:  # noqa: BLE001 - one message must not end all delivery
            _log.exception("delivery failed, restarting; nothing is lost")
        stop.wait(LOOK_EVERY_S)


def _run_on(conn: Connection, database_url: str, means: Means, stop: threading.Event) -> None:
    """Deliver while this session lasts: the session makes this process the one that delivers."""
    while not deliveries.try_to_be_the_one(conn):
        if stop.wait(LOOK_EVERY_S):
            return
    conn.execute(f"LISTEN {events.CHANNEL}")
    with (
        ConnectionPool(database_url, min_size=0, max_size=AT_ONCE, open=True, name="delivery") as pool,
        ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery") as threads,
    ):
        senders = _Senders(pool, threads, means)
        try:
            while not stop.is_set():
                while decide(conn, now=_now()) == EVENTS_AT_ONCE:
                    pass
                due = escalate(conn, now=_now())
                # What the escalations have just written is decided without waiting for its announcement.
                while decide(conn, now=_now()):
                    pass
                release(conn, now=_now())
                senders.begin(deliveries.due_receivers(conn, now=_now()))
                senders.begin_requesters()
                for _ in conn.notifies(timeout=_until(due), stop_after=1):
                    pass
        finally:
            # From here on another process may be the one that delivers.
            senders.over.set()


@dataclass(slots=True)
class _Senders:
    """Threads, each of which sends to one receiver at a time."""

    pool: ConnectionPool
    threads: ThreadPoolExecutor
    means: Means
    over: threading.Event = field(default_factory=threading.Event)
    _busy: set[int] = field(default_factory=set)

    def begin(self, due: Iterable[int]) -> None:
        """Start sending to receivers that have a due message and are not being sent to."""
        for receiver in due:
            if receiver not in self._busy:
                self._busy.add(receiver)
                self.threads.submit(self._drain, receiver)

    def begin_requesters(self) -> None:
        """Start sending the mails to requesters that are due, unless they are being sent."""
        if _REQUESTERS not in self._busy:
            self._busy.add(_REQUESTERS)
            self.threads.submit(self._mail_requesters)

    def _mail_requesters(self) -> None:
        try:
            with self.pool.connection() as conn:
                requesters.send_due(conn, self.means.mail_server, self.means.portal, _now)
        except (OperationalError, PoolTimeout) as error:
            _log.warning("mails to requesters paused, database unavailable", error=str(error).strip())
        except Exception:  # noqa: BLE001 - likewise
            _log.exception("mails to requesters failed, retrying")
        finally:
            self._busy.discard(_REQUESTERS)

    def _drain(self, receiver: int) -> None:
        try:
            with self.pool.connection() as conn:
                while not self.over.is_set() and deliver_next(conn, receiver, self.means, _now):
                    pass
        except (OperationalError, PoolTimeout) as error:
            _log.warning("sending paused, database unavailable", error=str(error).strip())
        except Exception:  # noqa: BLE001 - likewise
            _log.exception("sending failed, retrying", receiver=receiver)
        finally:
            self._busy.discard(receiver)


def _now() -> datetime:
    return datetime.now(UTC)


def _until(due: datetime | None) -> float:
    """Return the seconds to wait for news: until a step of an escalation is due, or until retries are looked for."""
    return LOOK_EVERY_S if due is None else min(LOOK_EVERY_S, max(0.01, (due - _now()).total_seconds()))


@contextmanager
def beside(database_url: str, means: Means, stop: threading.Event) -> Iterator[None]:
    """Deliver in a thread during the context; on leaving, ``stop`` is set and the thread ends."""
    thread = threading.Thread(target=run, args=(database_url, means, stop), name="delivery")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
