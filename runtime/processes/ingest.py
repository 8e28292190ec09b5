"""The ingest process: subscribe, process batches, acknowledge; after any failure begin again from the database."""

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import UndefinedTable

from db.alarms import engine_alarms
from db.telemetry import broker_sessions
from db.telemetry import judge as judge_db
from db.telemetry.judge import NotTheWriter
from ingest.broker.broker import BrokerUnreachable
from ingest.broker.subscriber import Subscriber
from ingest.formats import payload
from ingest.messages import Message
from models import documents as model_documents
from rules import rulebook as rulebooks
from runtime.broker import log as broker_log
from runtime.broker import session_loss
from runtime.broker import tls as broker_tls
from runtime.broker.log import Listener
from runtime.broker.pulse import Pulse
from runtime.broker.session_loss import Closings
from runtime.pipeline import engine, retry, sources, splitting
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed
from runtime.processes.clock import Clock, told
from runtime.processes.metrics import IngestMetrics
from runtime.settings import Settings
from workorder_core.alarms.engine_alarms import Code

_log = structlog.get_logger("ingest")
IDLE_CHECK_S = 0.5
"""An idle process looks this often for events that wait for their place."""
_NOTICED = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A database behind a cut line is given up within half a minute, where the operating system would wait for two hours.
Seconds, but ``tcp_user_timeout``: milliseconds. The database's URL may say otherwise."""


@dataclass(slots=True)
class Patience:
    """Waits between two tries: longer each time, up to ``most_s``; short again once something has gone well.

    The waits are drawn by lot, so that what an outage has stopped does not come back all at one moment.
    """

    stop: threading.Event
    least_s: float = 0.25
    most_s: float = 15.0
    failed: int = 0

    def went_well(self) -> None:
        self.failed = 0

    def wait(self, why: Exception) -> None:
        """Say why, and wait, or until told to stop."""
        longest = min(self.most_s, self.least_s * 2 ** min(self.failed, 16) * 2)
        self.failed += 1
        told = str(why).strip().replace("\n", " ")
        if isinstance(why, UndefinedTable):
            told = f"the database has not the schema of this version ({told}): run `plantwright migrate`"
        _log.warning("cannot go on; trying again", why=told)
        self.stop.wait(random.uniform(longest / 2, longest))


def run(settings: Settings, stop: threading.Event, *, on_batch: Callable[[Processed], None] | None = None) -> None:
    """Ingest until ``stop`` is set. Raises NotTheWriter when another process has taken over this plant.

    A database or broker that is away, full or out of order is waited for: nothing is acknowledged meanwhile, so nothing
    is lost. A wrong rulebook or model document stops the start.
    """
    assert settings.database is not None
    rulebook = rulebooks.EMPTY if settings.rulebook is None else rulebooks.read(settings.rulebook)
    models = model_documents.read(settings.models)
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    patience = Patience(stop)

    def noted(processed: Processed) -> None:
        patience.went_well()
        if on_batch is not None:
            on_batch(processed)

    while not stop.is_set():
        try:
            with _connected(settings.database) as conn:
                state = engine.take_up(conn, settings, rulebook=rulebook, models=models, holder=holder)
                _log.info(
                    "judging", fence=state.fence, arrival=state.judge.arrival, rulebook=state.judge.rulebook.version
                )
                metrics = IngestMetrics.begin(settings.lag_limit_s, settings.batch_most)
                _listen_on(settings, stop, conn, state, metrics, noted)
                _save_at_the_end(conn, state, metrics)
        except psycopg.Error as error:
            patience.wait(error)
        except NotTheWriter as error:
            _note_end(settings.database, error, holder)
            raise
        except Exception as error:
            _log.exception("ingest ends: no message is to blame for this error, and nothing is acknowledged")
            _note_end(settings.database, error, holder)
            raise


def _note_end(url: str, error: Exception, holder: str) -> None:
    """Say it to those who look at the board too; where that cannot be done, the exit code and the log say it."""
    try:
        with _connected(url) as conn:
            if isinstance(error, NotTheWriter):
                engine_alarms.note_fenced_off(conn, error, holder)
            else:
                engine_alarms.note_trouble(conn, Code.INGEST_FAILED, f"{type(error).__name__}: {error}")
    except psycopg.Error as problem:
        _log.warning("could not note for the board why this process ends", why=str(problem).strip())


def _connected(url: str) -> psycopg.Connection:
    said: dict[str, Any] = conninfo_to_dict(url)
    return psycopg.connect(make_conninfo(**(_NOTICED | said)), application_name="plantwright ingest")


def _listen_on(
    settings: Settings,
    stop: threading.Event,
    conn: psycopg.Connection,
    state: Engine,
    metrics: IngestMetrics,
    on_batch: Callable[[Processed], None],
) -> None:
    """Take batches until told to stop, through as many connections to the broker as it takes."""
    patience, closings = Patience(stop), Closings()

    def noted(processed: Processed) -> None:
        patience.went_well()
        on_batch(processed)

    with broker_log.listening(settings) as log:
        while not stop.is_set():
            try:
                _listen(settings, stop, conn, state, metrics, noted, closings, log)
            except BrokerUnreachable as error:
                closings.note(conn, settings, error, "" if log is None else log.others())
                patience.wait(error)
                # Who lost the broker may have lost it to another process, which has the plant now.
                with conn.transaction():
                    judge_db.lock_position(conn, state.fence)


def _listen(
    settings: Settings,
    stop: threading.Event,
    conn: psycopg.Connection,
    state: Engine,
    metrics: IngestMetrics,
    on_batch: Callable[[Processed], None],
    closings: Closings,
    log: Listener | None,
) -> None:
    """Take batches from the broker until told to stop. What breaks a transaction breaks out of here."""
    assert settings.broker is not None
    with conn.transaction():
        pulse = Pulse.of(settings.client_id, broker_sessions.pulse_key(conn))
    topics, presence = sources.topics(settings), sources.presence(state.formats)
    if payload.TOPIC_FILTER not in topics:
        topics.append(pulse.topic)
    client_id, tls = settings.client_id, broker_tls.context(settings)
    from_here = None if log is None else log.connected_from
    with Subscriber(
        settings.broker, topics=topics, client_id=client_id, presence=presence, tls=tls, on_address=from_here
    ) as subscriber:
        closings.accepted = True
        session_loss.note(conn, settings, present=subscriber.session_present)
        sources.connected(state.formats)
        looked, clock = time.monotonic(), Clock()

        def look_ahead() -> None:
            state.open_lane().read_ahead(subscriber.prefetch(most=settings.batch_most))

        for came in subscriber.batches(most=settings.batch_most, max_wait_s=settings.batch_max_wait_s):
            if stop.is_set():
                return
            now_us = time.time_ns() // 1000
            batch = pulse.sift(came, now_us)
            now = time.monotonic()
            if batch or now - looked >= IDLE_CHECK_S:
                looked = now
                answered = Answered(subscriber, came)
                processed = splitting.process(conn, batch, state, look_ahead, answered.upto)
                began = time.perf_counter()
                try:
                    answered.all()
                finally:  # it is committed, whatever has become of the connection
                    metrics.count(batch, processed, time.perf_counter() - began)
                sources.answer(state.formats, subscriber)
                on_batch(processed)
                retry.try_asked(conn, state)
            elif came:
                subscriber.acknowledge(came)
            if (beat := pulse.due(now_us)) is not None:
                subscriber.publish_durably(pulse.topic, beat)
            if jump_s := clock.jumped_s():
                _note_jump(conn, jump_s)
            queue = len(batch) + subscriber.waiting
            lag_s, of_engine = pulse.lag_s(now_us), state.metrics()
            if metrics.write_when_due(conn, state.fence, lag_s=lag_s, queue=queue, of_engine=of_engine):
                sources.look_again(conn, state.formats)


def _note_jump(conn: psycopg.Connection, jump_s: float) -> None:
    _log.error(
        "ALARM: the clock has jumped; what devices send is compared with it, and may be refused or be too late",
        by_s=round(jump_s, 1),
    )
    with conn.transaction():
        engine_alarms.note_trouble(conn, Code.CLOCK_JUMPED, told(jump_s))


@dataclass(slots=True)
class Answered:
    """How far a batch is acknowledged: never twice, because the broker uses a packet's id again."""

    subscriber: Subscriber
    came: Sequence[Message]
    done: int = 0

    def upto(self, message: Message) -> None:
        """Acknowledge what has come up to a message that is kept, and the message."""
        self._move(next(i for i in range(self.done, len(self.came)) if self.came[i] is message) + 1)

    def all(self) -> None:
        """Acknowledge what is left."""
        self._move(len(self.came))

    def _move(self, upto: int) -> None:
        left, self.done = self.came[self.done : upto], upto
        self.subscriber.acknowledge(left)


def _save_at_the_end(conn: psycopg.Connection, state: Engine, metrics: IngestMetrics) -> None:
    """A clean stop leaves nothing to be judged again, and is known as one."""
    with conn.transaction():
        judge_db.lock_position(conn, state.fence)
        if state.judge.arrival > state.checkpointed:
            engine.save(conn, state)
        metrics.stop(conn, state.fence)
