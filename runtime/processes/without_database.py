"""Reports by mail, from the process itself, that the database is gone: everything else that notifies people needs it.

The process that was started by hand checks, and its children do not: one outage of a plant that runs by
``plantwright serve`` is one mail.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.language import catalogues
from db.alarms import heartbeats
from runtime.delivery import mail, means
from runtime.settings import Settings
from workorder_core.language import speaking
from workorder_core.notifying import outage
from workorder_core.notifying.letters import Letter
from workorder_core.notifying.outage import Report, State

CHECKED_EVERY_S = 10.0
WITHIN_S = 10
"""Seconds for each of connecting and changing a row; the database counts as gone if it takes longer."""
_log = structlog.get_logger("outage")


@contextmanager
def reporting(settings: Settings, process: str, *, parent: int | None = None) -> Iterator[None]:
    """Check the database from a thread during the context, and report an outage to the settings' addresses.

    Does nothing without addresses, or if the process has a ``parent``, which checks.
    """
    server = means.mail_server(settings)
    if parent is not None or not settings.outage_mail_to or server is None:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(settings, server, process, stop), name="outage", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WITHIN_S)


def _run(settings: Settings, server: mail.Server, process: str, stop: threading.Event) -> None:
    assert settings.database is not None
    state, after = State(), settings.outage_mail_after_s
    named = f"{process} ({socket.gethostname()}, {os.getpid()})"
    problem = ""
    while not stop.wait(min(CHECKED_EVERY_S, after / 2)):
        found = _problem(settings.database, process)
        problem = found or problem
        state = outage.observe(state, usable=found is None, now=time.monotonic())
        if stop.is_set() or (report := outage.due(state, after=after, now=time.monotonic())) is None:
            continue
        assert state.since is not None
        letter = _letter(report, state.since, state.until, named, problem, settings.language)
        accepted = _send(server, settings.outage_mail_to, letter)
        state = outage.reported(state, report, accepted=accepted, now=time.monotonic())


def _letter(report: Report, since: float, until: float | None, process: str, problem: str, language: str) -> Letter:
    """Return the mail; ``since`` and ``until`` by the monotonic clock."""

    def wall(moment: float | None) -> datetime:
        ago = 0.0 if moment is None else time.monotonic() - moment
        return datetime.now(UTC) - timedelta(seconds=ago)

    with speaking(catalogues.language(language)):
        return outage.letter(report, process=process, since=wall(since), now=wall(until), problem=problem)


def _problem(database: str, process: str) -> str | None:
    """Return why the database cannot be reached or takes no changes; None: it does."""
    bounds: dict[str, Any] = {"connect_timeout": WITHIN_S, "tcp_user_timeout": WITHIN_S * 1000}
    options = f"-c statement_timeout={WITHIN_S}s -c lock_timeout={WITHIN_S}s"
    try:
        given: dict[str, Any] = bounds | conninfo_to_dict(database)
        given["options"] = f"{given.get('options') or ''} {options}".strip()
        with psycopg.connect(make_conninfo(**given), application_name="plantwright outage") as conn:
            heartbeats.check(conn, process, at=datetime.now(UTC))
    except psycopg.Error as error:
        return " ".join(str(error).split())[:300] or type(error).__name__
    return None


def _send(server: mail.Server, addresses: list[str], letter: Letter) -> bool:
    """Send a mail to each address; return whether the server accepted any: the others are logged, not tried again."""
    accepted = False
    for address in addresses:
        try:
            written = mail.written(letter, server.sender, address, key=str(uuid4()), now=datetime.now(UTC))
            written["X-Priority"] = "1"
        except (ValueError, MessageError) as error:
            _log.error("address cannot be written to", address=address, error=str(error))
            continue
        outcome = mail.hand_over(server, address, written)
        accepted |= outcome.fault is None
        level = _log.warning if outcome.fault is None else _log.error
        level("outage reported by mail", to=address, subject=letter.subject, said=outcome.detail)
    return accepted
