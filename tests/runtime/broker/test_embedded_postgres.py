"""The database that plantwright brings along keeps what was committed, whoever is killed."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from runtime.embedded import postgres, process


def count(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def write(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        conn.execute("INSERT INTO kept VALUES (1)")


def test_what_was_committed_is_there_after_a_stop_and_after_a_kill_of_the_server(data_dir: Path) -> None:
    server = postgres.start(data_dir / "postgres")
    write(server.url)
    server.stop()
    assert not process.runs(server.pid, str(data_dir / "postgres" / "data"))

    server = postgres.start(data_dir / "postgres")
    write(server.url)
    os.kill(server.pid, signal.SIGKILL)

    again = postgres.start(data_dir / "postgres")
    try:
        assert not again.adopted
        assert count(again.url) == 2
    finally:
        again.stop()
        server.stop()


def test_a_running_server_is_adopted_and_the_last_user_stops_it(data_dir: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(postgres.start, [data_dir / "postgres"] * 2)
    assert one.pid == two.pid
    assert sorted([one.adopted, two.adopted]) == [False, True]
    one.stop()
    one.stop()
    write(two.url)
    two.stop()
    assert not process.runs(two.pid, str(data_dir / "postgres" / "data"))


def test_a_pid_file_that_names_another_program_does_not_keep_the_server_from_starting(data_dir: Path) -> None:
    server = postgres.start(data_dir / "postgres")
    write(server.url)
    os.kill(server.pid, signal.SIGKILL)
    pid_file = data_dir / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    again = postgres.start(data_dir / "postgres")
    try:
        assert count(again.url) == 1
    finally:
        again.stop()
        server.stop()


def test_strangers_on_the_machine_need_the_password(embedded_server: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(embedded_server, password="guess")


def test_the_server_keeps_utc_and_says_so(embedded_server: str) -> None:
    with psycopg.connect(embedded_server) as conn:
        assert conn.execute("SHOW timezone").fetchone() == ("UTC",)


def test_each_test_has_a_database_of_its_own_with_the_schema(database: str) -> None:
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM readings").fetchone() == (0,)


def test_readings_are_a_hypertable_where_the_server_can(timescale_database: str) -> None:
    with psycopg.connect(timescale_database) as conn:
        found = conn.execute("SELECT hypertable_name FROM timescaledb_information.hypertables").fetchall()
    assert ("readings",) in found
