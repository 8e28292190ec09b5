"""The ingest process: subscribe, process batches, acknowledge; restart from the database after any failure."""

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
from runtime.pipeline import engine, entered, long_lived, retry, sources, splitting
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed
from runtime.processes.clock import Clock, describe_jump
from runtime.processes.metrics import IngestMetrics
from runtime.settings import Settings
from workorder_core.alarms.engine_alarms import Code

_log = structlog.get_logger("ingest")
IDLE_CHECK_S = 0.5
"""How often an idle process checks for waiting events."""
_NOTICED = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""An unreachable database is given up within half a minute, where the operating system would wait for two hours.
Seconds, except ``tcp_user_timeout``: milliseconds. The database's URL overrides them."""


@dataclass(slots=True)
class Patience:
    """Waits between retries: longer each time, up to ``most_s``; short again after a success.

    The waits are randomised, so that clients stopped by an outage do not all retry at the same moment.
    """

    stop: threading.Event
    least_s: float = 0.25
    most_s: float = 15.0
    failed: int = 0

    def went_well(self) -> None:
        self.failed = 0

    def wait(self, why: Exception) -> None:
        """Log why, and wait, at most until asked to stop."""
        longest = min(self.most_s, self.least_s * 2 ** min(self.failed, 16) * 2)
        self.failed += 1
        problem = str(why).strip().replace("\n", " ")
        if isinstance(why, UndefinedTable):
            problem = f"the database schema is not of this version ({problem}): run `plantwright migrate`"
        retry_in_s = random.uniform(longest / 2, longest)
        _log.warning("ingest paused, retrying", error=problem, retry_in_s=round(retry_in_s, 1))
        self.stop.wait(retry_in_s)


def run(settings: Settings, stop: threading.Event, *, on_batch: Callable[[Processed], None] | None = None) -> None:
    """Ingest until ``stop`` is set. Raises NotTheWriter when another process has taken over this plant.

    Waits for a database or broker that is down, full or failing: nothing is acknowledged until it is back, so nothing
    is lost. An invalid rulebook or model document prevents the start.
    """
    assert settings.database is not None
    rulebook = rulebooks.EMPTY if settings.rulebook is None else rulebooks.read(settings.rulebook)
    models = model_documents.read(settings.models)
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    patience, clock = Patience(stop), Clock()

    def noted(processed: Processed) -> None:
        patience.went_well()
        if on_batch is not None:
            on_batch(processed)

    while not stop.is_set():
        try:
            with _connected(settings.database) as conn:
                state = engine.start(conn, settings, rulebook=rulebook, models=models, holder=holder)
                _log.info(
                    "judging", fence=state.fence, arrival=state.judge.arrival, rulebook=state.judge.rulebook.version
                )
                # A process that is started again and again must still notice what has been silent.
                state.tick_now()
                metrics = IngestMetrics.begin(settings.lag_limit_s, settings.batch_most)
                with long_lived.exempt():
                    _listen_on(settings, stop, conn, state, metrics, noted, clock)
                _save_at_the_end(conn, state, metrics)
        except psycopg.Error as error:
            patience.wait(error)
        except NotTheWriter as error:
            _note_end(settings.database, error, holder)
            raise
        except Exception as error:
            _log.exception("ingest stopped by an error that no message caused; nothing acknowledged")
            _note_end(settings.database, error, holder)
            raise


def _note_end(url: str, error: Exception, holder: str) -> None:
    """Record the reason for the board too; if that fails, the exit code and the log have it."""
    try:
        with _connected(url) as conn:
            if isinstance(error, NotTheWriter):
                engine_alarms.note_fenced_off(conn, error, holder)
            else:
                engine_alarms.note_trouble(conn, Code.INGEST_FAILED, f"{type(error).__name__}: {error}")
    except psycopg.Error as problem:
        _log.warning("reason for stopping could not be recorded for the board", error=str(problem).strip())


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
    clock: Clock,
) -> None:
    """Process batches until asked to stop, reconnecting to the broker as often as needed."""
    patience, closings = Patience(stop), Closings()

    def noted(processed: Processed) -> None:
        patience.went_well()
        on_batch(processed)

    with broker_log.listening(settings) as log:
        while not stop.is_set():
            try:
                _listen(settings, stop, conn, state, metrics, noted, clock, closings, log)
            except BrokerUnreachable as error:
                closings.note(conn, settings, error, "" if log is None else log.others())
                patience.wait(error)
                # The session may have been lost to another process, which is the plant's writer now.
                with conn.transaction():
                    judge_db.lock_position(conn, state.fence)


def _listen(
    settings: Settings,
    stop: threading.Event,
    conn: psycopg.Connection,
    state: Engine,
    metrics: IngestMetrics,
    on_batch: Callable[[Processed], None],
    clock: Clock,
    closings: Closings,
    log: Listener | None,
) -> None:
    """Process batches from the broker until asked to stop. Raises what breaks a transaction."""
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
        looked = time.monotonic()

        def look_ahead() -> None:
            subscriber.prefetch(most=settings.batch_most)

        for came in subscriber.batches(most=settings.batch_most, max_wait_s=settings.batch_max_wait_s):
            if stop.is_set():
                return
            now_us = time.time_ns() // 1000
            if jump_s := clock.jumped_s():
                _follow_clock(conn, state, pulse, jump_s, now_us)
            batch = pulse.sift(came, now_us)
            now = time.monotonic()
            if batch or now - looked >= IDLE_CHECK_S:
                looked = now
                answered = Answered(subscriber, came)
                processed = splitting.process(conn, batch, state, look_ahead, answered.upto)
                began = time.perf_counter()
                try:
                    answered.all()
                finally:  # committed, even if the connection was lost
                    metrics.count(batch, processed, time.perf_counter() - began)
                sources.answer(state.formats, subscriber)
                on_batch(processed)
                _read_the_rest(conn, state, on_batch)
            elif came:
                subscriber.acknowledge(came)
            if (beat := pulse.due(now_us)) is not None:
                subscriber.publish_durably(pulse.topic, beat)
            queue = len(batch) + subscriber.waiting
            lag_s, of_engine = pulse.lag_s(now_us), state.metrics()
            if metrics.write_when_due(conn, state.fence, lag_s=lag_s, queue=queue, of_engine=of_engine):
                sources.reload_bindings(conn, state.formats)


def _read_the_rest(conn: psycopg.Connection, state: Engine, on_batch: Callable[[Processed], None]) -> None:
    """Between two batches: retry requested messages from quarantine, and read values measured by people."""
    retry.try_asked(conn, state)
    if (by_people := entered.read_waiting(conn, state)) is not None:
        on_batch(by_people)


def _follow_clock(conn: psycopg.Connection, state: Engine, pulse: Pulse, jump_s: float, now_us: int) -> None:
    """Continue after the wall clock was set, and report it."""
    _log.error("ALARM: system clock jumped, device times may be refused or count as late", by_s=round(jump_s, 1))
    pulse.follow_clock(now_us)
    state.follow_clock(jump_s)
    with conn.transaction():
        engine_alarms.note_trouble(conn, Code.CLOCK_JUMPED, describe_jump(jump_s))


@dataclass(slots=True)
class Answered:
    """Tracks how far a batch is acknowledged: never twice, because the broker reuses packet ids."""

    subscriber: Subscriber
    came: Sequence[Message]
    done: int = 0

    def upto(self, message: Message) -> None:
        """Acknowledge the messages up to a stored one, inclusive."""
        self._move(next(i for i in range(self.done, len(self.came)) if self.came[i] is message) + 1)

    def all(self) -> None:
        """Acknowledge the rest."""
        self._move(len(self.came))

    def _move(self, upto: int) -> None:
        left, self.done = self.came[self.done : upto], upto
        self.subscriber.acknowledge(left)


def _save_at_the_end(conn: psycopg.Connection, state: Engine, metrics: IngestMetrics) -> None:
    """Save a checkpoint and record the clean stop, so that nothing is judged again."""
    with conn.transaction():
        judge_db.lock_position(conn, state.fence)
        if state.judge.arrival > state.checkpointed:
            engine.save(conn, state)
        metrics.stop(conn, state.fence)
