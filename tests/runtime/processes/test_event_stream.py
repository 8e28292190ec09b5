"""The stream of events over the death of its process or of the database: it goes on, with no gap and nothing twice."""

import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from db.events import events
from db.schema import migrate
from runtime.embedded import postgres, process
from tests.parts.event_streams import MINUTE, reading
from tests.runtime.processes import kills

KEY = "some-key-0123456789"
EVENTS = 300


@pytest.mark.slow
def test_a_stream_goes_on_over_a_killed_api_without_a_gap_and_without_an_event_twice(
    database: str, data_dir: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = kills.environment(database=database, port=port, api_keys=f'{{"reader": "{KEY}"}}')
    url, read, last_id, written = f"http://127.0.0.1:{port}", list[int](), "", threading.Event()

    def write() -> None:
        with psycopg.connect(database) as conn:
            for number in range(EVENTS):
                events.append(conn, "order.changed", str(number), at=datetime.now(UTC))
                conn.commit()
                time.sleep(0.01)
        written.set()

    writing = threading.Thread(target=write)
    for life in range(2):
        with kills.plantwright("api", env=env, log=data_dir / f"log-{life}") as api:
            api.wait_until(lambda: _answers(url), "it answers")
            if life == 0:
                writing.start()
            headers = {"X-API-Key": KEY} | ({"Last-Event-ID": last_id} if last_id else {})
            with reading(url, headers, after=0) as stream:
                if life == 0:
                    read += stream.ids(40)
                    last_id = stream.last_id
                    api.kill()
                else:
                    assert written.wait(MINUTE)
                    read += [
                        each["id"] for each in stream.until(lambda _, event: event.get("subject") == str(EVENTS - 1))
                    ]
    writing.join()
    with psycopg.connect(database) as conn:
        assert read == [each.id for each in events.after(conn, 0, limit=10_000)]
    assert len(read) >= EVENTS


@pytest.mark.slow
def test_a_stream_goes_on_over_restarts_of_the_database_without_a_gap_and_without_an_event_twice(
    data_dir: Path,
) -> None:
    server = postgres.start(data_dir / "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = kills.environment(database=server.url, port=port, api_keys=f'{{"reader": "{KEY}"}}')
    url, written = f"http://127.0.0.1:{port}", threading.Event()

    def write() -> None:
        number = 0
        while number < EVENTS:
            try:
                with psycopg.connect(server.url, connect_timeout=5) as conn:
                    events.append(conn, "order.changed", str(number), at=datetime.now(UTC))
                number += 1
            except psycopg.OperationalError:  # It may have been written all the same: twice is two events.
                time.sleep(0.05)
        written.set()

    try:
        migrate(server.url)
        with kills.plantwright("api", env=env, log=data_dir / "log") as api:
            api.wait_until(lambda: _answers(url), "it answers")
            with reading(url, {"X-API-Key": KEY}, after=0) as stream:
                writing = threading.Thread(target=write)
                writing.start()
                read = stream.ids(40)
                for how in ("fast", "immediate"):
                    _restart(data_dir / "postgres", how)
                    read += stream.ids(40)
                assert written.wait(MINUTE)
                last = stream.until(lambda _, event: event.get("subject") == str(EVENTS - 1))
                read += [each["id"] for each in last]
            writing.join()
            with psycopg.connect(server.url) as conn:
                assert read == [each.id for each in events.after(conn, 0, limit=10_000)]
    finally:
        server.stop()


def _restart(folder: Path, how: str) -> None:
    account = process.server_account(folder)
    postgres._pg_ctl("restart", "-w", "-m", how, "-l", str(folder / "postgres.log"), folder=folder, account=account)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").status_code == 200
    except httpx.HTTPError:
        return False
