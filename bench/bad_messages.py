"""What messages cost that only the database refuses: 200 a second with a bad one each second, through a real ingest.

./run bench bad_messages --seconds 60

The database refuses one value by a constraint that nothing else knows of, so that each bad message is found the long
way, by taking its batch apart. Runs without bad messages and with them take turns; prints one JSON object last, with
how many messages a second were stored or quarantined from the first to the last; ends with 1 below 190.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.ingest import broker
from db.schema import migrate
from ingest.broker.publisher import Publisher
from ingest.broker.subscriber import create_session
from runtime.embedded import postgres
from runtime.settings import Settings
from tests.parts import databases
from tests.runtime.processes import kills

REFUSED = 66_605.25
A_SECOND = 200
LEAST = 190.0
ASSETS = 20
CLIENT = "bench-bad-messages"


def run(server: str, folder: Path, *, seconds: int, bad: bool) -> dict[str, Any]:
    """Publish so long at the rate, and wait until everything is stored or in quarantine."""
    with broker(folder) as (port, _), databases.fresh(server) as database:
        migrate(database)
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute(f"ALTER TABLE readings ADD CONSTRAINT unforeseen CHECK (value <> {REFUSED})".encode())
            url = f"mqtt://127.0.0.1:{port}"
            log = folder / f"ingest-{bad}-{time.monotonic_ns()}.log"
            create_session(url, topics=Settings.model_fields["topics"].default, client_id=CLIENT)
            with kills.plantwright("ingest", env=_environment(database, url), log=log) as ingest:
                ingest.wait_until(lambda: "judging" in ingest.said(), "it judges")
                began = time.monotonic()
                sent = _publish(url, seconds, bad=bad)
                wanted = sent - (seconds if bad else 0)
                ingest.wait_until(lambda: _stored(conn) >= wanted, "all that is good is stored")
                refused = seconds if bad else 0
                ingest.wait_until(lambda: _refused(conn) >= refused, "all that is bad is in quarantine")
                took = time.monotonic() - began
                ingest.stop()
            return {"sent": sent, "stored": _stored(conn), "refused": _refused(conn), "per_s": sent / took}


def _environment(database: str, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    return kept | {"PLANTWRIGHT_DATABASE": database, "PLANTWRIGHT_BROKER": url, "PLANTWRIGHT_CLIENT_ID": CLIENT}


def _publish(url: str, seconds: int, *, bad: bool) -> int:
    sent, began, at_ms = 0, time.monotonic(), int(time.time() * 1000)
    with Publisher(url) as publisher:
        for second in range(seconds):
            for i in range(A_SECOND):
                value = REFUSED if bad and i == A_SECOND // 2 else 50.0 + i % 7
                said = {"ts": at_ms + second * 1000 + i * 1000 // A_SECOND, "values": {"temp": value}}
                publisher.publish(f"plantwright/v1/BAD/A-{i % ASSETS}", json.dumps(said).encode())
                sent += 1
                time.sleep(max(0.0, began + sent / A_SECOND - time.monotonic()))
    return sent


def _stored(conn: psycopg.Connection) -> int:
    (found,) = conn.execute("SELECT count(*) FROM readings").fetchone() or (0,)
    return int(found)


def _refused(conn: psycopg.Connection) -> int:
    (found,) = conn.execute("SELECT coalesce(sum(times), 0) FROM quarantine").fetchone() or (0,)
    return int(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plantwright-bad-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        own = postgres.start(folder / "postgres")
        try:
            runs: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
            for number in range(asked.rounds):
                for bad in (False, True) if number % 2 == 0 else (True, False):
                    runs[bad].append(run(own.url, folder, seconds=asked.seconds, bad=bad))
                    print({"bad": bad} | runs[bad][-1], flush=True)
        finally:
            own.stop()
    rates = {bad: statistics.median(each["per_s"] for each in found) for bad, found in runs.items()}
    told = {"seconds": asked.seconds, "sent_per_s": A_SECOND, "per_s": round(rates[False], 1)}
    told |= {"per_s_with_a_bad_one_a_second": round(rates[True], 1), "ratio": round(rates[True] / rates[False], 3)}
    print(json.dumps(told))
    return 0 if rates[True] >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
