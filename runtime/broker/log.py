"""Detects in the broker's log who tries to use the engine's identity, and raises an engine alarm with the address.

It has a connection of its own beside the one for messages: if somebody takes over that one, the log says so at that
moment. Only one account can read the log; mosquitto lets no client write there.
"""

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import structlog

from db.alarms import engine_alarms
from ingest.broker import broker_log
from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from ingest.broker.broker_log import Attempt, LogReader, Outcome
from ingest.broker.subscriber import Subscriber
from runtime.broker import session_loss
from runtime.broker import tls as broker_tls
from runtime.settings import InvalidSettings, Settings
from workorder_core.alarms.engine_alarms import Code

_log = structlog.get_logger("ingest")
NAMES = ("plantwright-engine", "plantwright-ingest")
"""Names of the engine's account and session, which nobody else has a reason to use."""
SETTLE_S = 2.0
"""How long it may take until a connection is recognised as our own."""
NOTE_EVERY_S = 5.0
"""Attempts are written to the database in groups, at most this often."""
FORGET_S = 3600.0
MOST_KINDS = 20
"""Kinds of attempt (id, account, host) counted separately; others are counted together."""
AGAIN_S = 10.0
_LINE = 2000


@dataclass(slots=True)
class Listener:
    """Follows the broker's log until ``stop`` is set. ``connected_from`` gives it our own addresses."""

    settings: Settings
    stop: threading.Event = field(default_factory=threading.Event)
    ready: threading.Event = field(default_factory=threading.Event)
    _own: deque[str] = field(default_factory=lambda: deque(maxlen=50))
    _recognised: bool = False
    _arrived: deque[tuple[float, Attempt]] = field(default_factory=lambda: deque(maxlen=200))
    _others: deque[str] = field(default_factory=lambda: deque(maxlen=3))
    _kinds: dict[str, int] = field(default_factory=dict)
    _unwritten: int = 0
    _taken: str = ""
    _tried_at: float = 0.0
    _noted_at: float = -NOTE_EVERY_S

    def connected_from(self, address: str) -> None:
        """Record that a connection from this address is our own."""
        self._own.append(address)

    def others(self) -> str:
        """Return who else used our session recently; empty if the log names nobody."""
        return ", ".join(self._others)

    def run(self) -> None:
        """Listen until asked to stop; retry while the broker is unavailable."""
        assert self.settings.broker_log is not None
        while not self.stop.is_set():
            try:
                self._listen(self.settings.broker_log)
            except BrokerUnreachable as error:
                _log.warning("broker log unavailable, retrying", error=str(error))
            except InvalidSettings as error:
                _log.error("broker log unavailable", error=str(error))
                return
            self.stop.wait(AGAIN_S)

    def _listen(self, url: str) -> None:
        tls = broker_tls.context(self.settings, account=broker_tls.LOG)
        assert self.settings.broker is not None
        user = BrokerAddress.of(self.settings.broker).user
        reader = LogReader({self.settings.client_id, *NAMES[:1]}, NAMES, user or (NAMES[0] if tls else None))
        name = f"plantwright-log-{secrets.token_hex(4)}"
        with Subscriber(url, topics=[broker_log.FILTER], client_id=name, lasting=False, tls=tls) as log:
            self.ready.set()
            for batch in log.batches(most=500, max_wait_s=1.0):
                if self.stop.is_set():
                    return
                for message in batch:
                    attempt = reader.read(message.payload[:_LINE].decode(errors="replace"))
                    if attempt is not None:
                        self._count(attempt)
                log.acknowledge(batch)
                self._settle()
                self._note()

    def _count(self, attempt: Attempt) -> None:
        if attempt.outcome is Outcome.IN_SESSION:
            self._arrived.append((time.monotonic(), attempt))
            return
        if time.monotonic() - self._tried_at > FORGET_S:
            self._kinds.clear()
        self._tried_at = time.monotonic()
        kind = _spoken(attempt)
        if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
            kind = "others"
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        self._unwritten += 1

    def _settle(self) -> None:
        """Decide whether a client that used our session a moment ago was us."""
        while self._arrived and time.monotonic() - self._arrived[0][0] >= SETTLE_S:
            _, attempt = self._arrived.popleft()
            if attempt.address in self._own:
                self._recognised = True
                continue
            who = f"{attempt.address} (account {attempt.user or 'none'})"
            self._others.append(who)
            # Behind address translation we never recognise ourselves: then only the frequency can tell.
            if self._recognised:
                self._taken = who

    def _note(self) -> None:
        if not (self._unwritten or self._taken) or time.monotonic() - self._noted_at < NOTE_EVERY_S:
            return
        self._noted_at = time.monotonic()
        assert self.settings.database is not None
        try:
            with psycopg.connect(self.settings.database, connect_timeout=10) as conn:
                if self._taken:
                    name = session_loss.shown(self.settings.client_id)
                    said = f"another client has used the session {name}: {self._taken}"
                    engine_alarms.note_trouble(conn, Code.SESSION_TAKEN, said)
                if self._unwritten:
                    engine_alarms.note_trouble(conn, Code.SESSION_TRIED, self._tried(), times=self._unwritten)
        except psycopg.Error as problem:
            _log.warning("attempt to use the engine's identity could not be recorded", error=str(problem).strip())
            return
        if self._taken:
            _log.warning("ALARM: another client used our broker session", client=self._taken)
        if self._unwritten:
            _log.warning("ALARM: somebody tried to use the engine's identity at the broker", client=self._tried())
        self._unwritten, self._taken = 0, ""

    def _tried(self) -> str:
        """Return the kinds of attempt, the newest first."""
        return "; ".join(
            f"{kind}, {times} times" if times > 1 else kind for kind, times in reversed(self._kinds.items())
        )


def _spoken(attempt: Attempt) -> str:
    """Return an attempt as a line of the alarm, without the port, which differs each time."""
    host = attempt.address.rpartition(":")[0] or "an unknown address"
    name = "not said" if attempt.client_id is None else session_loss.shown(attempt.client_id)
    said = f"from {host}, client id {name}"
    if attempt.outcome is Outcome.OTHER_ACCOUNT:
        return f"{said}, account {attempt.user or 'none'}: got a session of its own"
    return f"{said}: refused"


@contextmanager
def listening(settings: Settings) -> Iterator[Listener | None]:
    """Follow the broker's log during the context; None if the settings name no account that may read it."""
    if settings.broker_log is None:
        yield None
        return
    listener = Listener(settings)
    threading.Thread(target=listener.run, name="broker log", daemon=True).start()
    listener.ready.wait(3.0)
    try:
        yield listener
    finally:
        listener.stop.set()
