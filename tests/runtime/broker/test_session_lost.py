"""A broker that keeps nothing is killed and started again: what it had acknowledged and passed on is stored, the engine
goes on, and says that messages may be lost.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from db.telemetry import readings
from ingest.broker.subscriber import create_session
from runtime.embedded import process
from tests.runtime.broker.test_takeover import alarms, send
from tests.runtime.processes import kills


@contextmanager
def forgetful(program: Path, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    conf = folder / "forgetful.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n")
    with (folder / "forgetful.log").open("ab") as log:
        broker = subprocess.Popen([str(program), "-c", str(conf)], stdout=log, stderr=log)
    try:
        kills.within(lambda: process.answers(port), "the broker listens")
        yield broker
    finally:
        broker.kill()
        broker.wait()


def test_a_broker_that_forgets_our_session_is_an_alarm_and_nothing_passed_on_is_lost(
    mosquitto_program: Path, database: str, data_dir: Path
) -> None:
    port = process.free_port()
    url = f"mqtt://127.0.0.1:{port}"
    env = kills.environment(database=database, broker=url, client_id="eng")
    with psycopg.connect(database, autocommit=True) as conn, ExitStack() as stack:
        with forgetful(mosquitto_program, data_dir, port):
            create_session(url, topics=["plantwright/#"], client_id="eng")
            ingest = stack.enter_context(kills.plantwright("ingest", env=env, log=data_dir / "ingest.log"))
            send(url, range(200))
            ingest.wait_until(lambda: readings.count(conn)[0] == 200, "what was passed on is stored")
            assert "session_lost" not in alarms(conn)
        with forgetful(mosquitto_program, data_dir, port):
            ingest.wait_until(lambda: "session_lost" in alarms(conn), "it is an alarm")
            assert "messages may be lost since" in alarms(conn)["session_lost"]
            send(url, range(200, 400))
            ingest.wait_until(lambda: readings.count(conn) == (400, 0), "it goes on")
            ingest.stop()
