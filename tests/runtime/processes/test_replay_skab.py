"""A recording of a real machine, through a real broker, into a running engine: one order, after the fault begins."""

import csv
import gzip
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from db.telemetry import readings
from ingest.broker import subscriber
from runtime.processes import ingest
from runtime.settings import Settings

ROOT = Path(__file__).parents[3]
RECORDING = ROOT.parent / "shared" / "data" / "skab" / "valve1" / "1.csv.gz"
MAPPING = ROOT / "data" / "samples" / "skab.mapping.toml"


@pytest.mark.skipif(not RECORDING.exists(), reason="../shared/data/skab is not here: no real machine was replayed")
def test_a_closing_valve_is_one_order_after_it_begins_to_close(database, mosquitto):
    with gzip.open(RECORDING, "rt") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    begins = next(row["datetime"] for row in rows if float(row["anomaly"]))
    begins_at = datetime.strptime(begins, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)

    stop = threading.Event()
    settings = Settings(database=database, broker=mosquitto.url)
    subscriber.create_session(mosquitto.url, topics=settings.topics, client_id=settings.client_id)
    running = threading.Thread(target=ingest.run, args=(settings, stop))
    running.start()
    try:
        with psycopg.connect(database, autocommit=True) as conn:
            command = [sys.executable, "-m", "runtime.cli.main", "replay", str(RECORDING), "--mapping", str(MAPPING)]
            subprocess.run([*command, "--broker", mosquitto.url, "--database", database], check=True, timeout=120)
            wait_for(lambda: readings.count(conn)[0] >= 8 * len(rows))
            orders = conn.execute(
                "SELECT a.code, w.type, w.opened_at FROM work_orders w JOIN assets a ON a.id = w.asset_id"
            ).fetchall()
    finally:
        stop.set()
        running.join()
    assert [(code, kind) for code, kind, _ in orders] == [("testbed-1", "predictive")]
    assert orders[0][2] >= begins_at


def wait_for(done, timeout_s=60.0):
    deadline = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
