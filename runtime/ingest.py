"""The ingest process: subscribe, process batches, acknowledge; after any failure begin again from the database."""

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from tenacity import Retrying, retry_if_exception_type, sleep_using_event, stop_when_event_set, wait_random_exponential

from db import judge as judge_db
from ingest.subscriber import BrokerUnreachable, Subscriber
from models import documents as model_documents
from rules import rulebook as rulebooks
from runtime import engine, pipeline, sources
from runtime.engine import Engine
from runtime.pipeline import Processed
from runtime.settings import Settings

_log = structlog.get_logger("ingest")
IDLE_CHECK_S = 0.5
"""An idle process looks this often for events that wait for their place."""


def run(settings: Settings, stop: threading.Event, *, on_batch: Callable[[Processed], None] | None = None) -> None:
    """Ingest until ``stop`` is set. Raises NotTheWriter when another process has taken over this plant.

    A database or broker that is away is waited for: nothing is acknowledged meanwhile, so nothing is lost. A wrong
    rulebook or model document stops the start.
    """
    assert settings.database is not None
    rulebook = rulebooks.EMPTY if settings.rulebook is None else rulebooks.read(settings.rulebook)
    models = model_documents.read(settings.models)
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    for attempt in _again_after(psycopg.OperationalError, stop):
        with attempt, psycopg.connect(settings.database, application_name="plantwright ingest") as conn:
            state = engine.take_up(conn, settings, rulebook=rulebook, models=models, holder=holder)
            _log.info("judging", fence=state.fence, arrival=state.judge.arrival, rulebook=state.judge.rulebook.version)
            while not stop.is_set():
                for connecting in _again_after(BrokerUnreachable, stop):
                    with connecting:
                        _listen(settings, stop, conn, state, on_batch)
            _save_at_the_end(conn, state)


def _listen(
    settings: Settings,
    stop: threading.Event,
    conn: psycopg.Connection,
    state: Engine,
    on_batch: Callable[[Processed], None] | None,
) -> None:
    """Take batches from the broker until told to stop. What breaks a transaction breaks out of here."""
    assert settings.broker is not None
    topics, presence = sources.topics(settings), sources.presence(state.formats)
    with Subscriber(settings.broker, topics=topics, client_id=settings.client_id, presence=presence) as subscriber:
        sources.connected(state.formats)
        looked = time.monotonic()
        for batch in subscriber.batches(most=settings.batch_most, max_wait_s=settings.batch_max_wait_s):
            if stop.is_set():
                return
            now = time.monotonic()
            if not batch and now - looked < IDLE_CHECK_S:
                continue
            looked = now
            processed = pipeline.process(conn, batch, state)
            subscriber.acknowledge(batch)
            sources.answer(state.formats, subscriber)
            if on_batch is not None:
                on_batch(processed)


def _save_at_the_end(conn: psycopg.Connection, state: Engine) -> None:
    """A clean stop leaves nothing to be judged again."""
    with conn.transaction():
        judge_db.hold(conn, state.fence)
        if state.judge.arrival > state.checkpointed:
            engine.save(conn, state)


def _again_after(error: type[Exception], stop: threading.Event) -> Retrying:
    """Try again after that error, at growing intervals up to a quarter of a minute, until told to stop."""
    return Retrying(
        retry=retry_if_exception_type(error),
        stop=stop_when_event_set(stop),
        wait=wait_random_exponential(multiplier=0.5, max=15),
        sleep=sleep_using_event(stop),
        before_sleep=_say,
        reraise=True,
    )


def _say(attempt: Any) -> None:
    _log.warning("cannot go on; trying again", why=str(attempt.outcome.exception()).strip().replace("\n", " "))
