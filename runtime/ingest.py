"""The ingest process: subscribe, process batches, acknowledge; after any failure begin again from the database."""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import structlog
from tenacity import Retrying, retry_if_exception_type, sleep_using_event, stop_when_event_set, wait_random_exponential

from db import judge as judge_db
from ingest.subscriber import BrokerUnreachable, Subscriber
from rules import rulebook as rulebooks
from rules.rulebook import Rulebook
from runtime import engine, model_documents, pipeline
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
    assert settings.database is not None and settings.broker is not None
    rulebook = rulebooks.EMPTY if settings.rulebook is None else rulebooks.read(settings.rulebook)
    models = model_documents.read(settings.models)
    away = retry_if_exception_type((psycopg.OperationalError, psycopg.errors.UniqueViolation, BrokerUnreachable))
    retrying = Retrying(
        retry=away,
        stop=stop_when_event_set(stop),
        wait=wait_random_exponential(multiplier=0.5, max=15),
        sleep=sleep_using_event(stop),
        before_sleep=_say,
    )
    while not stop.is_set():
        for attempt in retrying:
            with attempt:
                if not stop.is_set():
                    _until_failure(settings, stop, rulebook, models, on_batch)


def _until_failure(
    settings: Settings,
    stop: threading.Event,
    rulebook: Rulebook,
    models: Mapping[str, Any],
    on_batch: Callable[[Processed], None] | None,
) -> None:
    assert settings.database is not None and settings.broker is not None
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    with psycopg.connect(settings.database, application_name="plantwright ingest") as conn:
        state = engine.take_up(conn, settings, rulebook=rulebook, models=models, holder=holder)
        _log.info("judging", fence=state.fence, arrival=state.judge.arrival, rulebook=state.judge.rulebook.version)
        with Subscriber(settings.broker, topics=settings.topics, client_id=settings.client_id) as subscriber:
            looked = time.monotonic()
            for batch in subscriber.batches(most=settings.batch_most, max_wait_s=settings.batch_max_wait_s):
                if stop.is_set():
                    break
                now = time.monotonic()
                if not batch and now - looked < IDLE_CHECK_S:
                    continue
                looked = now
                processed = pipeline.process(conn, batch, state)
                subscriber.acknowledge(batch)
                if on_batch is not None:
                    on_batch(processed)
        _save_at_the_end(conn, state)


def _save_at_the_end(conn: psycopg.Connection, state: Engine) -> None:
    """A clean stop leaves nothing to be judged again."""
    with conn.transaction():
        judge_db.hold(conn, state.fence)
        if state.judge.arrival > state.checkpointed:
            engine.save(conn, state)


def _say(attempt: Any) -> None:
    _log.warning("cannot go on; trying again", why=str(attempt.outcome.exception()).strip().replace("\n", " "))
