"""Detects that the engine's session at the broker was lost with its queue, or is used by another client."""

import time
from collections import deque
from dataclasses import dataclass, field

import structlog
from psycopg import Connection

from db.alarms import engine_alarms
from db.telemetry import broker_sessions
from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from runtime.settings import Settings
from workorder_core.alarms.engine_alarms import Code

_log = structlog.get_logger("ingest")
AGAIN_AND_AGAIN = 4
"""After the broker has closed so many accepted connections ..."""
WITHIN_S = 300.0
"""... within so many seconds, another client is suspected."""


def note(conn: Connection, settings: Settings, *, present: bool) -> None:
    """Record that the session is in use, and raise an alarm if it was lost. Commits.

    ``present``: whether the broker still had our session when we connected.
    """
    assert settings.broker is not None
    broker = str(BrokerAddress.of(settings.broker))
    with conn.transaction():
        used_at = broker_sessions.used(conn, broker, settings.client_id)
        if used_at is not None and not present:
            since = f"{used_at:%d %b %Y, %H:%M:%S} UTC"
            said = f"{broker} does not know the session any more; messages may be lost since {since}"
            engine_alarms.note_trouble(conn, Code.SESSION_LOST, said)
            _log.warning("ALARM: broker lost our session, messages may be lost", since=since)
        broker_sessions.note_use(conn, broker, settings.client_id)


@dataclass(slots=True)
class Closings:
    """Counts the connections that the broker closed on us, the sign of another client that uses our id."""

    accepted: bool = False
    """Whether the broker has accepted the present connection."""
    at: deque[float] = field(default_factory=lambda: deque(maxlen=AGAIN_AND_AGAIN))

    def note(self, conn: Connection, settings: Settings, error: BrokerUnreachable, others: str = "") -> None:
        """Record a lost connection; raise an alarm if the broker keeps closing them. Commits.

        ``others``: who else used the session, according to the broker's log.
        """
        accepted, self.accepted = self.accepted, False
        if not (accepted and error.closed):
            return
        now = time.monotonic()
        self.at.append(now)
        if len(self.at) < AGAIN_AND_AGAIN or now - self.at[0] > WITHIN_S:
            return
        said = (
            f"the broker at {error.url} closes our connection again and again; another client uses the id "
            f"{shown(settings.client_id)}, or the broker or the network in between fails"
        )
        if others:
            said += f"; the broker's log names {others}"
        _log.warning(
            "ALARM: another client is using our broker session", client_id=shown(settings.client_id), broker=error.url
        )
        with conn.transaction():
            engine_alarms.note_trouble(conn, Code.SESSION_TAKEN, said)


def shown(client_id: str) -> str:
    """Return enough of a session's name to find it in the broker's log; the rest may be secret."""
    return client_id if len(client_id) <= 24 else f"{client_id[:24]}…"
