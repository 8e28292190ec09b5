"""Killed at any moment and started again, the engine ends as if it had never been interrupted."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from db import schema
from db.alarms import alarm_points
from runtime.embedded import broker, postgres, process
from runtime.embedded.broker import Broker
from runtime.processes import serve
from tests.runtime.pipeline import cut
from tests.runtime.pipeline.cut import Outcome
from tests.runtime.processes import kills
from tests.runtime.processes.kills import Running, Stream
from tests.runtime.processes.mortal_ingest import POINTS
from tests.runtime.processes.undisturbed import Plant, finish, is_as_uninterrupted
from workorder_core.alarms.alarm_states import State

COMMITTED = "between commit and acknowledgement"
ALARM_MOVES = (
    "SELECT asset_id, source, event_at, actor, move, old_state, new_state, why FROM alarm_moves ORDER BY 1, 2, 3, id"
)


def killed_at_random(plant: Plant, *, times: int, seed: int) -> None:
    """Kill ingest at seeded places of the stream, each some milliseconds on; every fourth time while it starts."""
    chance = random.Random(seed)
    whole = len(cut.publications())
    # What is left after the last is more than a batch holds.
    places = sorted(chance.sample(range(whole // 50, whole * 4 // 5), times))
    with psycopg.connect(plant.database, autocommit=True) as conn:
        for count, place in enumerate(places, start=1):
            with plant.ingesting() as ingest:
                if count % 4 == 0:
                    # By the clock: most of these meet a process that starts. A fast one is met at its place.
                    until = time.monotonic() + chance.uniform(0.2, 2.0)
                    while time.monotonic() < until and not reached(conn, place)():
                        time.sleep(0.005)
                else:
                    ingest.wait_until(reached(conn, place), f"input {place} is judged")
                    time.sleep(chance.uniform(0, 0.03))
                ingest.kill()
            assert not cut.all_stored(conn), "the kill came when nothing was left to be done"


def killed_at(plant: Plant, point: str, *, times: int, seed: int) -> None:
    """Let ingest kill itself at a point of a batch, some batches after each start."""
    chance = random.Random(seed)
    with psycopg.connect(plant.database, autocommit=True) as conn:
        for _ in range(times):
            before = cut.position(conn)
            with plant.dying(point, chance.randint(1, 8)) as ingest:
                ingest.died()
            if point == COMMITTED:
                assert cut.position(conn) > before, "it died before its batch was committed"
            assert not cut.all_stored(conn), "the kill came when nothing was left to be done"


def test_the_cut_holds_what_an_engine_can_lose(uninterrupted: Outcome) -> None:
    assert uninterrupted.readings == cut.published()
    assert uninterrupted.stored == len(cut.published())
    assert uninterrupted.refused == 0
    types = {(order["asset"], order["type"]) for order in uninterrupted.orders}
    assert {("P-103", "reactive"), ("P-104", "emergency")} <= types
    checkpoint, restored, folded = uninterrupted.judge
    assert checkpoint == restored == folded
    assert len(checkpoint) > 1_000


def test_ingest_killed_where_it_stands_goes_on_as_if_it_had_not_been(
    timescale_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    cut.load_plant(timescale_database)
    plant = Plant(timescale_database, mosquitto.url, data_dir)
    with kills.published(mosquitto.url, plant.database) as device:
        killed_at_random(plant, times=2, seed=1)
        with plant.ingesting() as ingest:
            finish(ingest, plant.database)
    assert device.repeated > 0, "the device never had to repeat anything"
    is_as_uninterrupted(plant.database, uninterrupted)


@pytest.mark.slow
def test_what_was_committed_and_not_acknowledged_is_not_judged_twice(
    database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    cut.load_plant(database)
    plant = Plant(database, mosquitto.url, data_dir)
    with kills.published(mosquitto.url, database):
        killed_at(plant, COMMITTED, times=2, seed=1)
        with plant.ingesting() as ingest:
            finish(ingest, database)
    is_as_uninterrupted(database, uninterrupted)


@pytest.mark.slow
def test_ingest_killed_a_hundred_times_at_random(
    timescale_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    cut.load_plant(timescale_database)
    plant = Plant(timescale_database, mosquitto.url, data_dir)
    with kills.published(mosquitto.url, plant.database):
        killed_at_random(plant, times=100, seed=2)
        with plant.ingesting() as ingest:
            finish(ingest, plant.database)
    is_as_uninterrupted(plant.database, uninterrupted)


@pytest.mark.slow
def test_ingest_killed_ten_times_between_commit_and_acknowledgement(
    timescale_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    cut.load_plant(timescale_database)
    plant = Plant(timescale_database, mosquitto.url, data_dir)
    with kills.published(mosquitto.url, plant.database):
        killed_at(plant, COMMITTED, times=10, seed=3)
        with plant.ingesting() as ingest:
            finish(ingest, plant.database)
    is_as_uninterrupted(plant.database, uninterrupted)


@pytest.mark.slow
def test_ingest_killed_at_every_point_of_a_batch(
    database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    cut.load_plant(database)
    plant = Plant(database, mosquitto.url, data_dir)
    with kills.published(mosquitto.url, database):
        for seed, point in enumerate(POINTS):
            killed_at(plant, point, times=2, seed=seed)
        with plant.ingesting() as ingest:
            finish(ingest, database)
    is_as_uninterrupted(database, uninterrupted)


class Station:
    """``plantwright serve`` on embedded parts, in one folder, that is killed with all its processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shares: list[postgres.Server] = []
        schema.migrate(self.database())
        cut.load_plant(self.database())

    def database(self) -> str:
        """The URL of the database. Our share in its server keeps it standing when serve has stopped."""
        server = postgres.start(self._folder / "postgres")
        self._shares.append(server)
        return server.url

    def serving(self) -> AbstractContextManager[Running]:
        env = kills.environment(data_dir=self._folder, port=process.free_port())
        return kills.plantwright("serve", env=env, log=self._folder / "serve.log")

    def kill_servers(self) -> None:
        """Kill the database and the broker too."""
        facts = json.loads((self._folder / "broker" / "broker.json").read_text())
        for pid in (self._shares[-1].pid, facts["pid"]):
            os.kill(pid, signal.SIGKILL)

    def devices(self) -> str | None:
        """Return the URL by which a device reaches the broker that runs."""
        found = broker.running(self._folder / "broker")
        return None if found is None else found[0]

    def close(self) -> None:
        for share in self._shares:
            share.stop()
        broker.start(self._folder / "broker", inflight=2_000, queued=serve.QUEUED).stop()


@pytest.fixture
def station(mosquitto_program: Path, data_dir: Path) -> Iterator[Station]:
    made = Station(data_dir)
    yield made
    made.close()


@pytest.mark.slow
def test_the_whole_tree_killed_five_times_three_of_them_with_database_and_broker(
    station: Station, uninterrupted: Outcome
) -> None:
    chance = random.Random(4)
    whole = len(cut.publications())
    places = sorted(chance.sample(range(whole // 50, whole * 4 // 5), 5))
    for place, with_servers in zip(places, (True, False, True, False, True), strict=True):
        with station.serving() as serving, resumed(serving, station) as (stream, conn):
            serving.wait_until(reached(conn, place), f"input {place} is judged")
            time.sleep(chance.uniform(0, 0.03))
            serving.kill_tree()
            assert with_servers or not cut.all_stored(conn), "the kill came when nothing was left to be done"
            if with_servers:
                station.kill_servers()
            stream.abandon()
    with station.serving() as serving, resumed(serving, station) as (stream, _):
        finish(serving, station.database())
        stream.join()
    is_as_uninterrupted(station.database(), uninterrupted)


def reached(conn: psycopg.Connection, place: int) -> Callable[[], bool]:
    """Whether the judge has come to that input."""
    return lambda: cut.position(conn) >= place


@contextmanager
def resumed(serving: Running, station: Station) -> Iterator[tuple[Stream, psycopg.Connection]]:
    """A publisher that goes on from what the database holds, once the broker listens."""
    serving.told("mqtt://")
    wire = station.devices()
    assert wire is not None, "the broker runs once its address is printed"
    database = station.database()
    with psycopg.connect(database, autocommit=True) as conn:
        stream = Stream(wire, database, cut.rest(conn))
        stream.start()
        yield stream, conn


@pytest.mark.slow
def test_a_shelf_outlives_the_engine_that_was_told_of_it(
    database: str, timescale_database: str, mosquitto: Broker, data_dir: Path
) -> None:
    """What is shelved opens nothing, and is the same in a run that was killed again and again while it was."""
    told = datetime.now(UTC)
    outcomes, moves = [], []
    for url, times in ((database, 0), (timescale_database, 4)):
        cut.load_plant(url)
        plant = Plant(url, mosquitto.url, data_dir)
        with plant.ingesting() as ingest, psycopg.connect(url, autocommit=True) as conn:
            ingest.wait_until(lambda: cut.position(conn) > 0, "the rulebook is in force")
            ingest.stop()
        with psycopg.connect(url) as conn:
            (asset_id,) = conn.execute("SELECT id FROM assets WHERE code = 'P-103'").fetchone() or (0,)
            until = told + timedelta(hours=8)
            alarm = (asset_id, "rule:flow-low")
            alarm_points.shelve(conn, alarm, until=until, why="its meter is cleaned", actor="person:dahl", at=told)
        with kills.published(mosquitto.url, url):
            killed_at_random(plant, times=times, seed=7)
            with plant.ingesting() as ingest:
                finish(ingest, url)
        with psycopg.connect(url) as conn:
            (point,) = alarm_points.page(conn, source="rule:flow-low", asset_id=asset_id)
            assert (point.state, point.until) == (State.SHELVED, until)
            suppressed = "SELECT DISTINCT suppressed FROM alarms WHERE source = 'rule:flow-low' AND asset_id = %s"
            assert conn.execute(suppressed, [asset_id]).fetchall() == [("shelved",)]
            moves.append(conn.execute(ALARM_MOVES).fetchall())
        outcomes.append(cut.outcome(url))
    calm, killed = outcomes
    assert cut.differences(killed, calm) == []
    assert moves[0] == moves[1]
    checkpoint, restored, folded = killed.judge
    assert checkpoint == restored == folded
    types = {(order["asset"], order["type"]) for order in killed.orders}
    assert ("P-103", "reactive") not in types, "the shelved rule makes no order worse"
    assert ("P-104", "emergency") in types, "the rest is judged"
