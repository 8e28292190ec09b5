"""What the engine stands on fails, comes back, and nothing is lost: counted to the last reading, judged the same."""

import os
import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from db.alarms import engine_alarms
from db.schema import migrate
from runtime.embedded import broker
from runtime.embedded.broker import Broker
from tests.conftest import _leave_out
from tests.parts import databases, timescale
from tests.parts.fetch import PartMissing
from tests.parts.line import line_to
from tests.parts.timescale import Own
from tests.runtime.pipeline import cut
from tests.runtime.pipeline.cut import Outcome
from tests.runtime.processes import kills
from tests.runtime.processes.kills import Running
from tests.runtime.processes.undisturbed import Plant, finish, is_as_uninterrupted

DISK_MB = 400


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """A TimescaleDB on a small disk of its own."""
    folder = tmp_path_factory.mktemp(f"own-timescale-{uuid.uuid4().hex[:12]}")
    try:
        part = timescale.own(folder, disk_mb=DISK_MB)
        made = part.__enter__()
    except PartMissing as missing:
        _leave_out(missing)
    yield made
    part.__exit__(None, None, None)


@pytest.fixture
def own_database(own_server: Own) -> Iterator[str]:
    own_server.start()
    with databases.fresh(own_server.url) as url:
        migrate(url)
        cut.load_plant(url)
        yield url


def judged(ingest: Running, database: str, place: int) -> None:
    """Wait until the judge has come to that input."""

    def there() -> bool:
        with psycopg.connect(database, autocommit=True) as conn:
            return cut.position(conn) >= place

    ingest.wait_until(there, f"input {place} is judged")


def halfway() -> int:
    return len(cut.publications()) // 2


def test_the_database_is_stopped_and_comes_back(
    own_server: Own, own_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    stopped_for(2, own_server, Plant(own_database, mosquitto.url, data_dir), uninterrupted)


@pytest.mark.slow
def test_the_database_is_away_for_half_a_minute(
    own_server: Own, own_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    stopped_for(30, own_server, Plant(own_database, mosquitto.url, data_dir), uninterrupted)


def stopped_for(seconds: float, server: Own, plant: Plant, uninterrupted: Outcome) -> None:
    with plant.ingesting() as ingest, kills.published(plant.broker, None):
        judged(ingest, plant.database, halfway())
        server.stop()
        ingest.wait_until(lambda: "ingest paused" in ingest.said(), "ingest says that it waits")
        time.sleep(seconds)
        server.start()
        finish(ingest, plant.database)
    is_as_uninterrupted(plant.database, uninterrupted)


@pytest.mark.slow
def test_the_databases_disk_runs_full_and_is_given_room(
    own_server: Own, own_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    if own_server.disk is None:
        pytest.skip("NOT TRIED: a full disk: this machine lets us mount no file system of our own")
    plant, ballast = Plant(own_database, mosquitto.url, data_dir), own_server.disk / "ballast"
    with plant.ingesting() as ingest, kills.published(plant.broker, None):
        judged(ingest, plant.database, halfway())
        fill(ballast)
        said = len(own_server.said())
        ingest.wait_until(lambda: "ingest paused" in ingest.said(), "ingest says that it waits")
        assert "No space left on device" in own_server.said()[said:]
        time.sleep(1)
        ballast.unlink()
        own_server.start()
        finish(ingest, plant.database)
    is_as_uninterrupted(plant.database, uninterrupted)


def fill(ballast: Path) -> None:
    """Fill a disk to its last byte, whatever else is written to it meanwhile."""
    with ballast.open("wb", buffering=0) as handle:
        for size in (1 << 20, 4096):
            try:
                while True:
                    handle.write(bytes(size))
            except OSError:
                continue


def test_the_broker_is_stopped_and_comes_back(
    timescale_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    cut.load_plant(timescale_database)
    plant = Plant(timescale_database, mosquitto.url, data_dir)
    with plant.ingesting() as ingest, kills.published(mosquitto.url, None) as device:
        judged(ingest, plant.database, halfway() // 2)
        mosquitto.stop()
        ingest.wait_until(lambda: "ingest paused" in ingest.said(), "ingest says that it waits")
        time.sleep(1)
        again = broker.start(data_dir / "broker", inflight=2_000, queued=100_000, kind="mosquitto")
        assert again.url == mosquitto.url, "somebody else took the port"
        finish(ingest, plant.database)
        device.join(kills.PATIENCE_S)
        again.stop()
    is_as_uninterrupted(plant.database, uninterrupted)


@pytest.mark.slow
def test_connections_are_cut_in_the_middle_of_batches(
    timescale_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    """By the server in the middle of a transaction; and on the line, where nobody knows what the server has done."""
    cut.load_plant(timescale_database)
    chance = random.Random(5)
    with line_to(timescale_database) as to_database, line_to(mosquitto.url) as to_broker:
        plant = Plant(to_database.through(timescale_database), to_broker.through(mosquitto.url), data_dir)
        with plant.ingesting() as ingest, kills.published(mosquitto.url, None):
            cuts: list[Callable[[], int]] = [terminate(timescale_database), to_database.cut, to_broker.cut] * 2
            for number, cut_one in enumerate(cuts, start=1):
                judged(ingest, timescale_database, number * len(cut.publications()) // (len(cuts) + 2))
                time.sleep(chance.uniform(0, 0.02))
                kills.within(cut_one, "there was something to cut")
            finish(ingest, timescale_database)
    is_as_uninterrupted(timescale_database, uninterrupted)


CAUGHT: LiteralString = """
    DO $$
    BEGIN
        LOOP
            PERFORM pg_stat_clear_snapshot();
            PERFORM FROM pg_stat_activity WHERE application_name = 'plantwright ingest' AND query ILIKE {said}
                AND (state = 'active' OR query ILIKE 'COMMIT%');
            EXIT WHEN FOUND;
            PERFORM pg_sleep(0.0002);
        END LOOP;
    END $$"""


@pytest.mark.slow
def test_the_database_is_killed_while_it_copies_commits_and_writes_checkpoints(
    own_server: Own, own_database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    """By SIGKILL of the process that serves ingest, which makes the server break off all and recover; and of it all."""
    plant = Plant(own_database, mosquitto.url, data_dir)
    with plant.ingesting() as ingest, kills.published(plant.broker, None):
        said = ["%COPY readings%", "%checkpoint_parts%", "COMMIT%"]
        for number, what in enumerate([*said, *said], start=1):
            judged(ingest, plant.database, number * len(cut.publications()) // 12)
            with closing(psycopg.connect(own_database)) as conn:
                conn.execute("SET LOCAL statement_timeout = '60s'")
                if "checkpoint" in what:
                    # Written seldom and in a moment: on a busy machine, looking alone misses them all.
                    conn.execute("LOCK TABLE checkpoint_parts IN SHARE MODE")
                conn.execute(sql.SQL(CAUGHT).format(said=sql.Literal(what)))
                query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'plantwright ingest'"
                pids = [pid for (pid,) in conn.execute(query)]
                for pid in pids if number <= len(said) else [own_server.pid]:
                    os.kill(pid, signal.SIGKILL)
                # For a moment after the kill the server still answers as if nothing had happened.
                kills.within(lambda conn=conn: broken_off(conn), "the server has broken off all")  # type: ignore[misc]
            kills.within(lambda: came_back(own_server), "the database is back")
        finish(ingest, plant.database)
    is_as_uninterrupted(plant.database, uninterrupted)


def broken_off(conn: psycopg.Connection) -> bool:
    try:
        conn.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def came_back(server: Own) -> bool:
    try:
        server.start()
        with psycopg.connect(server.url):
            return True
    except (PartMissing, psycopg.OperationalError):
        return False


def terminate(database: str) -> Callable[[], int]:
    """End ingest's connection from the server's side, within a transaction."""

    def ended() -> int:
        with psycopg.connect(database, autocommit=True) as conn:
            return conn.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'plantwright ingest'
                     AND xact_start IS NOT NULL"""
            ).rowcount

    return ended


def test_of_two_ingest_processes_on_one_plant_one_ends_and_says_why(
    database: str, mosquitto: Broker, data_dir: Path, uninterrupted: Outcome
) -> None:
    cut.load_plant(database)
    plant = Plant(database, mosquitto.url, data_dir)
    other = Plant(database, mosquitto.url, data_dir)
    other.log = data_dir / "other.log"
    with plant.ingesting() as first, kills.published(mosquitto.url, None):
        judged(first, database, halfway() // 2)
        with other.ingesting() as second:
            assert first.ended() == 3
            assert "was the writer with fencing number" in first.said()
            assert "Run one ingest process for a plant" in first.said()
            finish(second, database)
    with psycopg.connect(database) as conn:
        told = [each for each in engine_alarms.standing(conn, now=datetime.now(UTC)) if each.code == "fenced_off"]
    assert len(told) == 1, "whoever looks at the board sees it too"
    assert f"process {second.pid} has taken over" in told[0].problem
    is_as_uninterrupted(database, uninterrupted)
