"""More than can be judged at once, and in no good order: nothing is lost, nothing twice, and memory stays bounded."""

import json
import random
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from db.telemetry import engine_metrics, judge, readings
from ingest.broker import mqtt
from ingest.broker.broker import BrokerAddress
from ingest.replay import Publication
from runtime.embedded import broker
from runtime.embedded.broker import Broker
from tests.runtime.pipeline import cut
from tests.runtime.processes import kills
from tests.runtime.processes.kills import Running
from tests.runtime.processes.undisturbed import Plant, finish

HOUR = 120
"""Messages of the two pumps in an hour of the sample."""
STEADY, BURST = 1_000, 10_000
"""Messages a second."""
STEADY_S, BURST_S = 3, 60
ASSETS = 200
MORE_MB = 100
"""What the burst may add to the memory of ingest. All of it would be several times that."""


def in_no_good_order(seed: int) -> list[Publication]:
    """The cut, with messages that come twice, that overtake one another, and that come an hour late."""
    chance = random.Random(seed)
    placed: list[tuple[float, Publication]] = []
    for place, publication in enumerate(cut.publications()):
        way = chance.random()
        late_by = HOUR if way < 0.02 else chance.uniform(0, 8) if way < 0.1 else 0
        placed.append((place + late_by, publication))
        if chance.random() < 0.08:
            placed.append((place + late_by + chance.choice((0, 1, 40)), publication))
    return [publication for _, publication in sorted(placed, key=lambda each: each[0])]


def late_among(publications: list[Publication]) -> set[cut.Key]:
    """The readings that are older than one of their asset that came before them; each by the first time it comes."""
    newest: dict[str, datetime] = {}
    seen: set[cut.Key] = set()
    late: set[cut.Key] = set()
    for each in publications:
        asset, document = each.topic.rsplit("/", 1)[1], json.loads(each.payload)
        at = datetime.fromisoformat(document["ts"])
        keys = {(asset, signal, at) for signal in document["values"]} - seen
        seen |= keys
        if at < newest.get(asset, at):
            late |= keys
        newest[asset] = max(at, newest.get(asset, at))
    return late


@pytest.mark.slow
def test_twice_out_of_order_and_an_hour_late_is_the_same_however_often_ingest_is_killed(
    database: str, timescale_database: str, mosquitto: Broker, data_dir: Path
) -> None:
    messages = in_no_good_order(3)
    outcomes = []
    for url, kills_ in ((database, 0), (timescale_database, 4)):
        cut.load_plant(url)
        plant = Plant(url, mosquitto.url, data_dir)
        with kills.published(mosquitto.url, None, messages), psycopg.connect(url, autocommit=True) as conn:
            for number in range(1, kills_ + 1):
                with plant.ingesting() as ingest:
                    place = number * len(cut.publications()) // (kills_ + 2)
                    ingest.wait_until(lambda: cut.position(conn) >= place, f"input {place} is judged")  # noqa: B023
                    ingest.kill()
            with plant.ingesting() as ingest:
                finish(ingest, url)
        outcomes.append(cut.outcome(url))
    calm, disturbed = outcomes
    assert cut.differences(disturbed, calm) == []
    late = late_among(messages)
    assert 500 < len(late) < len(cut.published()) // 4
    assert calm.readings == {key: (value, key in late) for key, (value, _) in cut.published().items()}
    assert calm.stored == len(cut.published())


@pytest.mark.slow
def test_a_minute_of_ten_times_as_much_waits_at_the_broker_and_not_in_our_memory(
    timescale_database: str, mosquitto_program: Path, data_dir: Path
) -> None:
    count = STEADY * STEADY_S + BURST * BURST_S
    wire = broker.start(data_dir / "broker", inflight=2_000, queued=2 * count, kind="mosquitto")
    env = kills.environment(database=timescale_database, broker=wire.url, batch_most=1_000)
    try:
        with (
            psycopg.connect(timescale_database, autocommit=True) as conn,
            kills.plantwright("ingest", env=env, log=data_dir / "log") as ingest,
        ):
            ingest.wait_until(lambda: engine_metrics.read(conn), "it judges, and has told of itself")
            publisher = Burst(wire.url)
            publisher.send(single_values(0, STEADY * STEADY_S), rate=STEADY)
            before_mb = memory_mb(ingest)
            publisher.send(single_values(STEADY * STEADY_S, count), rate=BURST)
            publisher.finish()
            ingest.wait_until(lambda: judge.holder_now(conn)[2] > count, "as many inputs are judged")
            ingest.wait_until(lambda: readings.count(conn)[0] >= count, "all is judged")
            told = engine_metrics.read(conn)
            most_mb = memory_mb(ingest, "VmHWM")
            ingest.stop()
            assert readings.count(conn) == (count, 0)
        assert most_mb - before_mb < MORE_MB, f"{before_mb:.0f} MB before the burst, {most_mb:.0f} MB at its peak"
        assert told is not None
        assert told.metrics.batch_largest <= 1_000
        assert told.metrics.queue <= 4_000, "no more is taken off the wire than the broker's window"
    finally:
        wire.stop()


def single_values(begin: int, end: int) -> Iterator[tuple[str, bytes]]:
    """Messages of one value, each asset's in the order of their times, which one half tells as counts, one as texts."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    for number in range(begin, end):
        at = start + timedelta(milliseconds=10 * (number // ASSETS))
        ts = at.isoformat() if number % 2 else round(at.timestamp() * 1000)
        document = {"ts": ts, "values": {"temp": 60 + number % 7}}
        yield f"plantwright/v1/NTH/B-{number % ASSETS}", json.dumps(document).encode()


class Burst:
    """A publisher at QoS 1 that keeps to a rate, as far as the broker takes it."""

    def __init__(self, url: str) -> None:
        address = BrokerAddress.of(url)
        self._socket = socket.create_connection((address.host, address.port))
        who = {"user": address.user, "password": address.password}
        self._socket.sendall(mqtt.connect("burst", clean=True, keep_alive_s=0, will=None, **who))
        assert self._socket.recv(4)[3:] == b"\x00", "the broker lets the device in"
        self._sent = self._answered = self._left_over = 0
        self._socket.setblocking(False)

    def send(self, messages: Iterator[tuple[str, bytes]], *, rate: int) -> None:
        begun, first = time.monotonic(), self._sent
        piece: list[bytes] = []
        for topic, payload in messages:
            self._sent += 1
            piece.append(mqtt.publish(topic, payload, packet_id=self._sent % 0xFFFF + 1))
            if len(piece) == rate // 100:
                self._write(b"".join(piece))
                piece.clear()
                while self._sent - self._answered > 20_000 or time.monotonic() - begun < (self._sent - first) / rate:
                    self._hear()
        self._write(b"".join(piece))

    def finish(self) -> None:
        """Wait until the broker has answered for everything."""
        kills.within(lambda: self._hear() == self._sent, "the broker has answered for everything")
        self._socket.close()

    def _write(self, data: bytes) -> None:
        self._socket.setblocking(True)
        self._socket.sendall(data)
        self._socket.setblocking(False)

    def _hear(self) -> int:
        try:
            heard = self._left_over + len(self._socket.recv(1 << 16))
            self._answered, self._left_over = self._answered + heard // 4, heard % 4
        except BlockingIOError:
            time.sleep(0.002)
        return self._answered


def memory_mb(process: Running, what: str = "VmRSS") -> float:
    """How much memory a process has, or (VmHWM) has had at most."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"the system does not tell {what}")
