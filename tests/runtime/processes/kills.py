"""Real processes that publish, that ingest, and that are killed without a warning."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import psycopg

from ingest.broker.broker import BrokerAddress
from ingest.broker.publisher import client
from ingest.broker.subscriber import create_session
from ingest.replay import Publication
from runtime.demo.sample_plants import SAMPLES
from runtime.settings import Settings
from tests.runtime.pipeline import cut

ROOT = SAMPLES.parent.parent
PATIENCE_S = 300.0
"""How long anything may take on a machine that is busy with other things."""
AHEAD = 1_500
"""Messages that the device may be ahead of the engine, so that it goes on publishing while the engine is killed."""


class Device:
    """Sends in order at QoS 1 and keeps each message until the broker has answered for it.

    After its connection broke it begins with what was not answered for: twice sent, never left out.

    Parameters
    ----------
    window
        Messages that may be unanswered; ``send`` waits when there are more.
    patient
        Wait for a broker that went away, and come back with what was not answered for.
    """

    def __init__(self, url: str, *, window: int = 200, patient: bool = False) -> None:
        self._address = BrokerAddress.of(url)
        self._window, self._patient = window, patient
        self._kept: dict[int, Publication] = {}
        self.repeated = 0
        self._connect()

    def send(self, publication: Publication) -> None:
        while len(self._kept) >= self._window:
            self._drive(0.05)
        self._publish(publication)
        self._drive(0)

    def idle(self, seconds: float) -> None:
        """Let time pass without losing touch with the broker."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._drive(left)

    def finish(self) -> None:
        """Wait until everything is answered for."""
        within(lambda: not self._still_kept(), "the broker has answered for everything")
        self._client.disconnect()

    def break_off(self) -> None:
        """Lose the connection, as a modem does, and come back with what was not answered for."""
        self._drop()
        self._come_back(self._connect)

    def _come_back(self, connect: Callable[[], object]) -> None:
        unanswered, self._kept = list(self._kept.values()), {}
        self.repeated += len(unanswered)
        connect()
        for each in unanswered:
            self._publish(each)

    def _wait_for_the_broker(self) -> None:
        within(self._connected, "the broker is back")

    def _connected(self) -> bool:
        try:
            self._connect()
        except OSError:
            time.sleep(0.1)
            return False
        return True

    def abandon(self) -> None:
        """Lose the connection and remember nothing, as a killed publisher."""
        self._drop()

    def _drop(self) -> None:
        wire = self._client.socket()
        if isinstance(wire, socket.socket):
            wire.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> None:
        self._client = client(self._address, "", clean_session=True)
        self._client.max_inflight_messages_set(self._window)
        self._client.on_publish = self._on_publish
        self._client.connect(self._address.host, self._address.port)
        within(self._let_in, "the broker has let the device in")

    def _still_kept(self) -> int:
        self._drive(0.05)
        return len(self._kept)

    def _let_in(self) -> bool:
        if (outcome := self._client.loop(0.05)) != paho.MQTT_ERR_SUCCESS:
            raise ConnectionError(paho.error_string(outcome))
        return self._client.is_connected()

    def _publish(self, publication: Publication) -> None:
        sent = self._client.publish(publication.topic, publication.payload, qos=1)
        self._kept[sent.mid] = publication

    def _drive(self, timeout_s: float) -> None:
        outcome = self._client.loop(timeout_s)
        if outcome != paho.MQTT_ERR_SUCCESS:
            if not self._patient:
                raise ConnectionError(paho.error_string(outcome))
            self._come_back(self._wait_for_the_broker)

    def _on_publish(self, _client: object, _data: object, mid: int, _reason: object, _properties: object) -> None:
        self._kept.pop(mid, None)


class Stream(threading.Thread):
    """A device that publishes beside the test, never further ahead of the engine than AHEAD.

    Without a database, it does not look how far the engine is, and waits for a broker that goes away.
    """

    def __init__(
        self,
        broker: str,
        database: str | None,
        publications: Iterable[Publication],
        *,
        breaks_off_every: int = 1_100,
    ) -> None:
        super().__init__(name="device", daemon=True)
        self._broker, self._database = broker, database
        self._publications, self._breaks_off_every = publications, breaks_off_every
        self._abandoned = threading.Event()
        self.repeated = 0
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            self._publish()
        except BaseException as problem:  # noqa: BLE001 - the test reads it
            if not self._abandoned.is_set():
                self.problem = problem

    def abandon(self) -> None:
        """End it without a farewell."""
        self._abandoned.set()
        self.join()

    def _publish(self) -> None:
        if self._database is None:
            return self._publish_blindly()
        device = Device(self._broker)
        with psycopg.connect(self._database, autocommit=True) as conn:
            begun = cut.position(conn)
            for count, publication in enumerate(self._publications, start=1):
                device.send(publication)
                if count % 100 == 0:
                    while count - (cut.position(conn) - begun) > AHEAD and not self._abandoned.is_set():
                        device.idle(0.02)
                if count % self._breaks_off_every == 0:
                    device.break_off()
                    self.repeated = device.repeated
                if self._abandoned.is_set():
                    return device.abandon()
        return device.finish()

    def _publish_blindly(self) -> None:
        device = Device(self._broker, patient=True)
        for publication in self._publications:
            device.send(publication)
            if self._abandoned.is_set():
                return device.abandon()
        device.finish()
        self.repeated = device.repeated
        return None


@contextmanager
def published(broker: str, database: str | None, publications: Iterable[Publication] | None = None) -> Iterator[Stream]:
    """The cut on its way to a broker while the engine is being killed; without a database, see Stream."""
    defaults = Settings.model_fields
    create_session(broker, topics=defaults["topics"].default, client_id=defaults["client_id"].default)
    stream = Stream(broker, database, cut.publications() if publications is None else publications)
    stream.start()
    try:
        yield stream
    except BaseException:
        stream.abandon()
        raise
    stream.join(PATIENCE_S)
    assert not stream.is_alive() and stream.problem is None, f"the device did not come to its end: {stream.problem}"


def environment(**settings: object) -> dict[str, str]:
    """The sample's rules and models, and batches and checkpoints so small that a kill always lies between some."""
    given = {
        "rulebook": SAMPLES / "rulebook.toml",
        "models": SAMPLES / "models.toml",
        "batch_most": 60,
        "checkpoint_every_inputs": 700,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    return kept | {f"PLANTWRIGHT_{name.upper()}": str(value) for name, value in (given | settings).items()}


class Running:
    """A process of plantwright, with all that it said in a file."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._begun = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments], env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Kill it, and be sure that it was alive."""
        self._process.kill()
        self.died()

    def kill_tree(self) -> None:
        """Kill it with all its descendants but the servers, which run in sessions of their own, none before another."""
        family = [pid for pid in [self.pid, *descendants(self.pid)] if _is_plantwright(pid)]
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for pid in family:
                os.kill(pid, sign)
        self.died()
        within(lambda: not any(_is_plantwright(pid) for pid in family), "every process of the tree is gone")

    def died(self) -> None:
        """Wait for the end by SIGKILL that it has met or will bring upon itself."""
        assert self._process.wait(PATIENCE_S) == -signal.SIGKILL, self.said()

    def ended(self) -> int:
        """Wait for it to end by itself."""
        return self._process.wait(10 * PATIENCE_S)

    def stop(self) -> None:
        """Ask it to end as a service manager does."""
        self._process.terminate()
        assert self._process.wait(PATIENCE_S) == 0, self.said()

    def wait_until(self, there: Callable[[], object], what: str) -> None:
        def there_or_dead() -> object:
            found = there()
            assert found or self._process.poll() is None, f"ended with {self._process.returncode}:\n{self.said()}"
            return found

        within(there_or_dead, what, said=self.said)

    def said(self) -> str:
        return "\n".join(self._words().splitlines()[-40:])

    def told(self, beginning: str) -> str:
        """Return the first word that it says with that beginning."""

        def words() -> list[str]:
            return [word for word in self._words().split() if word.startswith(beginning)]

        self.wait_until(words, f"it says {beginning}…")
        return words()[0]

    def _words(self) -> str:
        return self._log.read_bytes()[self._begun :].decode(errors="replace")

    def away(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self._process.poll() is None:
            for pid in [self.pid, *filter(_is_plantwright, descendants(self.pid))]:
                os.kill(pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def plantwright(*arguments: str, env: Mapping[str, str], log: Path) -> Iterator[Running]:
    """Run a command of plantwright as a process of its own."""
    running = Running(["-m", "runtime.cli.main", *arguments], env, log)
    try:
        yield running
    finally:
        running.away()


@contextmanager
def mortal_ingest(point: str, batch: int, env: Mapping[str, str], log: Path) -> Iterator[Running]:
    """Run an ingest that dies at a point of its n-th batch."""
    running = Running(["-m", "tests.runtime.processes.mortal_ingest", point, str(batch)], env, log)
    try:
        yield running
    finally:
        running.away()


def within(there: Callable[[], object], what: str, *, said: Callable[[], str] = str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {what}\n{said()}"
        time.sleep(0.003)


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parents[int(text.split()[0])] = int(text.rsplit(")", 1)[1].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def _is_plantwright(pid: int) -> bool:
    try:
        return b"runtime.cli.main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
