"""Sparkplug through a real broker and database, with an edge node by an implementation that is not ours."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from db.telemetry import quarantine, readings
from ingest.broker.broker import BrokerAddress
from runtime.pipeline import engine
from runtime.processes.serve import environment
from runtime.settings import Settings
from tests.parts import pysparkplug

EDGE = Path(pysparkplug.__file__).with_name("edge_node.py")
WITHIN_S = 120
METRICS = {
    "": {"load": {"alias": 1, "value": 0.5}},
    "P-1": {"temp": {"alias": 2, "value": 20.0}, "speed": {"alias": 3, "value": 1480, "kind": "INT32"}},
}


class Edge:
    """An edge node in a process of its own."""

    def __init__(self, python: Path, url: str, *, node: str = "N1", bd: int = 1) -> None:
        at = BrokerAddress.of(url)
        facts = {
            "host": at.host,
            "port": at.port,
            "user": at.user,
            "password": at.password,
            "group": "NTH",
            "node": node,
            "bd": bd,
        }
        command = [str(python), "-P", str(EDGE), json.dumps(facts)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.commands = 0
        self._done = threading.Semaphore(0)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "command" in json.loads(line):
                self.commands += 1
            else:
                self._done.release()

    def do(self, what: str, **more: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what} | more) + "\n")
        self.process.stdin.flush()
        assert self._done.acquire(timeout=WITHIN_S), f"the edge node did not answer to {what}"

    def be_born(self, **metrics: object) -> None:
        time.sleep(0.01)
        self.do("be_born", metrics=metrics or METRICS)

    def send(
        self, device: str = "P-1", /, *, lost: bool = False, historical: bool = False, at: int = 0, **values: float
    ):
        time.sleep(0.01)  # Times are in milliseconds, and of two values at one time the first stays.
        more = {"is_historical": True} if historical else {}
        self.do("data", device=device, values=values, lost=lost, **more, **({"at": at} if at else {}))

    def die(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Plant:
    """An ingest process on a broker and a database."""

    def __init__(self, database: str, broker: str, tmp_path: Path) -> None:
        self.settings = Settings(
            database=database, broker=broker, sparkplug_host="plant", sparkplug_rebirth_s=0.5, checkpoint_every_inputs=5
        )
        self.log = tmp_path / "ingest.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "runtime.cli.main", "ingest"]
            self.process = subprocess.Popen(command, env=environment(self.settings), stdout=log, stderr=log)
        self.until(lambda: self.state() == {"online": True})

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(WITHIN_S)
            self.process = None

    def state(self) -> dict[str, object] | None:
        """What the broker keeps as our STATE, without its time."""
        found: list[bytes] = []
        address = BrokerAddress.of(str(self.settings.broker))
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set(address.user, address.password)
        client.on_message = lambda _client, _data, message: found.append(bytes(message.payload))
        client.connect(address.host, address.port)
        client.subscribe("spBv1.0/STATE/plant", qos=1)
        deadline = time.monotonic() + WITHIN_S
        while not found and time.monotonic() < deadline:
            client.loop(0.05)
        client.disconnect()
        if not found:
            return None
        said: dict[str, object] = json.loads(found[0])
        assert isinstance(said.pop("timestamp"), int)
        return said

    def values(self, signal_name: str, where: str = "true") -> list[float]:
        assert self.settings.database is not None
        with psycopg.connect(self.settings.database) as conn:
            rows = conn.execute(
                f"SELECT r.value FROM readings r JOIN signals s ON s.id = r.signal_id WHERE s.name = %s AND {where} "
                "ORDER BY r.arrival, r.observed_at".encode(),
                (signal_name,),
            )
            return [row[0] for row in rows]

    def told(self) -> str:
        assert self.settings.database is not None
        with psycopg.connect(self.settings.database) as conn:
            kept = "\n".join(f"{each.topic}: {each.reason}: {each.problem}" for each in quarantine.page(conn))
        values = {name: (self.values(name), self.values(name, STALE)) for name in ("temp", "load", "speed", "flow")}
        return f"{values}\n{kept}\n{self.log.read_text()[-2000:]}"

    def until(self, holds) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not holds():
            assert time.monotonic() < deadline, f"not within {WITHIN_S} s\n{self.told()}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def python() -> Path:
    return pysparkplug.provide()


@pytest.fixture
def plant(database: str, mosquitto, tmp_path: Path) -> Iterator[Plant]:
    made = Plant(database, mosquitto.url, tmp_path)
    made.start()
    yield made
    made.end(signal.SIGKILL)


@contextmanager
def edge_node(python: Path, plant: Plant, **more) -> Iterator[Edge]:
    edge = Edge(python, str(plant.settings.broker), **more)
    try:
        yield edge
    finally:
        edge.process.kill()
        edge.process.wait()


GOOD = "r.quality = 0"
STALE = "r.quality = 3"


def test_the_definition_of_the_payload_is_the_published_one(python):
    """Ours is written by hand: every field that it has is there under the same number, with the same type."""
    from ingest.formats.sparkplug_b_pb2 import Payload

    script = (
        "import json\nfrom pysparkplug._protobuf import sparkplug_b_pb2 as pb\n"
        "def walk(d):\n    return {f'{d.name}.{f.name}': [f.number, f.type] for f in d.fields} | "
        "{k: v for n in d.nested_types for k, v in walk(n).items()}\n"
        "print(json.dumps(walk(pb.Payload.DESCRIPTOR)))"
    )
    told = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=True).stdout
    published = json.loads(told)

    def walk(descriptor):
        own = {f"{descriptor.name}.{each.name}": [each.number, each.type] for each in descriptor.fields}
        return own | {key: each for nested in descriptor.nested_types for key, each in walk(nested).items()}

    ours = walk(Payload.DESCRIPTOR)
    assert {key: published.get(key) for key in ours} == ours


def test_births_aliases_deaths_and_history_of_a_foreign_edge_node(plant, python):
    with edge_node(python, plant) as edge:
        edge.be_born()
        edge.send(temp=21.5, speed=-3)
        edge.send("", load=0.75)
        edge.send(temp=19.0, historical=True, at=int(time.time() * 1000) - 60_000)
        edge.send(temp=22.5)
        plant.until(lambda: 22.5 in plant.values("temp"))
        assert plant.values("temp") == [20.0, 21.5, 19.0, 22.5]
        assert plant.values("temp", "r.late") == [19.0]
        assert plant.values("speed") == [1480, -3]
        assert plant.values("load") == [0.5, 0.75]
        edge.do("end_device", device="P-1")
        plant.until(lambda: plant.values("temp", STALE) == [22.5])
        assert plant.values("load", STALE) == []
        edge.die()
        plant.until(lambda: plant.values("load", STALE) == [0.75])
    assert plant.state() == {"online": True}
    plant.end()
    assert plant.state() == {"online": False}


def test_the_will_says_that_a_killed_engine_is_gone(plant):
    plant.end(signal.SIGKILL)
    plant.until(lambda: plant.state() == {"online": False})


def test_a_lost_message_asks_for_a_rebirth_and_nothing_comes_under_a_wrong_name(plant, python):
    with edge_node(python, plant) as edge:
        edge.be_born()
        plant.until(lambda: plant.values("temp") == [20.0])
        edge.do("answer", rebirths=False)
        edge.send(temp=21.0, lost=True)
        edge.send(temp=22.0)
        plant.until(lambda: edge.commands == 1)
        assert plant.values("temp") == [20.0]
        swapped = {"": METRICS[""], "P-1": {"temp": {"alias": 3, "value": 23.0}, "flow": {"alias": 2, "value": 300.0}}}
        edge.be_born(**swapped)
        edge.send(temp=24.0, flow=301.0)
        plant.until(lambda: plant.values("flow") == [300.0, 301.0])
        assert plant.values("temp") == [20.0, 23.0, 24.0]
        plant.until(lambda: plant.values("speed", STALE) == [1480])


def test_a_node_that_died_and_came_again_goes_on(plant, python):
    with edge_node(python, plant) as edge:
        edge.be_born()
        edge.send(temp=21.0)
        plant.until(lambda: plant.values("temp", GOOD) == [20.0, 21.0])
        edge.die()
        plant.until(lambda: plant.values("temp", STALE) == [21.0])
    with edge_node(python, plant, bd=2) as again:
        again.be_born()
        again.send(temp=25.0)
        plant.until(lambda: plant.values("temp", GOOD) == [20.0, 21.0, 20.0, 25.0])


def test_a_killed_engine_knows_the_aliases_asks_for_a_rebirth_and_judges_the_same(plant, python):
    """While it is away the node changes what an alias means, and nobody hears of it."""
    with edge_node(python, plant) as edge:
        edge.be_born()
        edge.send(temp=21.0)
        plant.until(lambda: plant.values("temp") == [20.0, 21.0])
        plant.end(signal.SIGKILL)
        edge.be_born(
            **{"": METRICS[""], "P-1": {"temp": {"alias": 3, "value": 30.0}, "speed": {"alias": 2, "value": 1}}}
        )
        edge.send(temp=31.0)
        plant.start()
        plant.until(lambda: edge.commands >= 1)
        edge.send(temp=32.0)
        plant.until(lambda: 32.0 in plant.values("temp"))
        assert set(plant.values("temp")) == {20.0, 21.0, 31.0, 32.0}
        assert set(plant.values("speed")) == {1480, 1}
    plant.end()
    assert plant.settings.database is not None
    with psycopg.connect(plant.settings.database) as conn:
        live = engine.restore(conn).dump()
        conn.execute("DELETE FROM checkpoints")
        assert engine.restore(conn).dump() == live
        assert readings.count(conn)[0] == len(plant.values("temp") + plant.values("speed") + plant.values("load"))


def test_a_node_that_is_gone_without_a_certificate_is_stale_after_a_while(plant, python, mosquitto):
    """The broker that had its will died with it, and it does not answer the request that a new connection makes."""
    with edge_node(python, plant) as edge:
        edge.be_born()
        plant.until(lambda: plant.values("temp") == [20.0])
        edge.process.send_signal(signal.SIGSTOP)
        mosquitto.stop()
        edge.die()
        from runtime.embedded import broker

        back = broker.start(mosquitto._folder, inflight=2_000, queued=100_000, kind="mosquitto")
        try:
            plant.until(lambda: plant.values("temp", STALE) == [20.0])
        finally:
            back.stop()


def test_two_thousand_metrics_by_alias_through_the_broker(plant, python):
    names = {f"Motor {n}/temp": {"alias": 100 + n, "value": float(n)} for n in range(2000)}
    with edge_node(python, plant) as edge:
        edge.be_born(**{"": {}, "P-1": names})
        edge.do("data", device="P-1", values={name: n + 0.5 for n, name in enumerate(names)})
        plant.until(lambda: plant.values("Motor 1999/temp") == [1999.0, 1999.5])
        assert plant.settings.database is not None
        with psycopg.connect(plant.settings.database) as conn:
            assert readings.count(conn) == (4000, 0)


def test_a_node_whose_clock_is_off_costs_its_readings_only(plant, python):
    with edge_node(python, plant) as off, edge_node(python, plant, node="N2") as right:
        off.be_born()
        right.be_born(**{"": {"level": {"alias": 1, "value": 1.0}}})
        off.send(temp=99.0, at=int(time.time() * 1000) + 7_200_000)
        off.send(temp=21.0, at=int(time.time() * 1000) - 1_000)
        right.send("", level=2.0)
        plant.until(lambda: plant.values("level") == [1.0, 2.0])
        plant.until(lambda: 21.0 in plant.values("temp"))
        assert 99.0 not in plant.values("temp")
