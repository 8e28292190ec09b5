"""Runs everything in one process tree: embedded database and broker unless configured; ingest, jobs, worker and api."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog

from db import schema
from db.alarms import engine_alarms
from ingest.broker import subscriber
from ingest.broker.broker import BrokerAddress
from runtime.broker import session_loss
from runtime.broker import tls as broker_tls
from runtime.embedded import broker, broker_disk, postgres
from runtime.embedded.broker_disk import Intake
from runtime.embedded.process import default_data_dir
from runtime.pipeline import sources
from runtime.processes import certificate, without_database
from runtime.processes.children import Children
from runtime.settings import Settings, as_engine
from workorder_core.alarms.engine_alarms import Code

_log = structlog.get_logger("serve")
QUEUED = 200_000
"""Messages that the embedded broker queues while the engine is down."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The database and broker in use, embedded or configured, as settings."""

    settings: Settings
    data_dir: Path
    embedded: tuple[str, ...]
    devices: str
    """The broker's URL for devices and tools; it may contain a password."""

    @property
    def broker_shown(self) -> str:
        """Return the broker's address without a password."""
        return str(BrokerAddress.of(self.devices))


@contextmanager
def parts(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Iterator[Parts]:
    """Start what is not configured, migrate the schema, and on exit stop what was started.

    Raises InvalidSettings for a certificate that cannot be used, before anything is started.
    """
    certificate.of(settings)
    data_dir = settings.data_dir or default_data_dir()
    started: list[postgres.Server | broker.Broker] = []
    embedded: list[str] = []
    devices, wire = settings.broker, None
    try:
        if settings.database is None:
            say(f"starting PostgreSQL in {data_dir / 'postgres'}")
            server = postgres.start(data_dir / "postgres")
            started.append(server)
            embedded.append("PostgreSQL")
            settings = settings.model_copy(update={"database": server.url})
        if settings.broker is None:
            say(f"starting an MQTT broker in {data_dir / 'broker'}")
            wire = broker.start(data_dir / "broker", inflight=2 * settings.batch_most, queued=QUEUED)
            started.append(wire)
            embedded.append(wire.kind)
            devices = wire.device_url
            log = {"broker_log": wire.url} if wire.kind == "mosquitto" else {}
            settings = settings.model_copy(update=as_engine(settings, wire.url, wire.session) | log)
        assert settings.database is not None
        applied = schema.migrate(settings.database)
        if applied:
            say(f"schema: {len(applied)} migrations applied, the newest {applied[-1]}")
        assert settings.broker is not None and devices is not None
        topics, tls = sources.topics(settings), broker_tls.context(settings)
        present = subscriber.create_session(settings.broker, topics=topics, client_id=settings.client_id, tls=tls)
        with psycopg.connect(settings.database) as conn:
            session_loss.note(conn, settings, present=present)
        with _disk_guarded(wire, settings):
            yield Parts(settings, data_dir, tuple(embedded), devices)
    finally:
        for part in reversed(started):
            part.stop()


def _disk_guarded(wire: broker.Broker | None, settings: Settings) -> AbstractContextManager[None]:
    """Block devices from the embedded broker while its disk is nearly full, and record that for the board."""
    guard = None if wire is None else wire.guard(settings.broker_disk_least_mb * 1024 * 1024)
    if guard is None:
        return nullcontext()
    assert settings.database is not None
    url, mb = settings.database, settings.broker_disk_least_mb

    def note(intake: Intake) -> None:
        try:
            with psycopg.connect(url, connect_timeout=10) as conn:
                if intake is Intake.OPEN:
                    engine_alarms.end_trouble(conn, Code.DEVICES_KEPT_OUT)
                else:
                    engine_alarms.note_trouble(conn, Code.DEVICES_KEPT_OUT, f"less than {mb} MB are free on its disk")
        except psycopg.Error as problem:  # The database may be on the same disk.
            _log.warning("blocked devices could not be recorded for the board", error=str(problem).strip())

    return broker_disk.guarding(guard, note)


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a child process these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    for name, value in settings.model_dump(mode="json").items():
        if value is not None:
            kept[f"PLANTWRIGHT_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
    return kept


def run(
    running: Parts,
    stop: threading.Event,
    on_started: Callable[[Children], None] = lambda _: None,
    *,
    log: Path | None = None,
) -> int:
    """Run ingest, jobs, worker and API until asked to stop, or until one of them cannot continue; return the exit code.

    Their logs go to the file ``log``; None: to standard error.
    """
    children = Children(environment(running.settings), log=log)
    children.start(["ingest", "jobs", "worker", "api"])
    try:
        on_started(children)
        with without_database.reporting(running.settings, "serve"):
            while not stop.wait(0.2):
                problem = children.check()
                if problem is not None:
                    _log.error(problem)
                    return 1
        return 0
    finally:
        children.stop()
