"""The speed of a backtest: ``python -m bench.backtest``. A year of a reading a minute over 100 assets, from a database.

The readings are made and stored first (not counted), each a frame of its own; every asset has a limit and the default
detector, some have faults. Then the range is judged as ``plantwright backtest`` judges it. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from rich.console import Console
from rich.progress import Progress

from db import schema
from db.telemetry import judge as judge_db
from db.telemetry import readings
from judge import columns
from rules import rulebook
from runtime.backtest.command import Wanted, judge_again
from runtime.embedded import postgres
from runtime.pipeline import engine
from runtime.settings import Settings

START = datetime(2025, 1, 1, tzinfo=UTC)
RULES = {
    "threshold": [
        {
            "id": "hot", "asset_class": "pump", "signal": "temp", "raise_at": 95.0, "clear_below": 90.0,
            "for": "5 min", "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
        }
    ]
}  # fmt: skip
_MAKE_PLANT = (
    "INSERT INTO sites (code, name, time_zone) VALUES ('S', 'Bench', 'UTC')",
    """INSERT INTO assets (site_id, code, name, class, criticality)
       SELECT 1, 'A-' || i, 'machine', 'pump', 2 FROM generate_series(1, %(assets)s::int) AS i""",
    "INSERT INTO signals (asset_id, name) SELECT id, 'temp' FROM assets ORDER BY id",
    "INSERT INTO signal_versions (signal_id, version, unit, valid_from) SELECT id, 1, 'C', '2025-01-01' FROM signals",
)


def fill(url: str, assets: int, minutes: int, say: Console) -> int:
    """Make the plant and its history; return how many readings there are."""
    rng = np.random.default_rng(5)
    with psycopg.connect(url) as conn:
        for statement in _MAKE_PLANT:
            conn.execute(statement.encode(), {"assets": assets} if "%(" in statement else None)
        conn.commit()
        state = engine.start(conn, Settings(), rulebook=rulebook.parse(RULES), models={}, holder="bench")
        place = state.judge.arrival + 1
        signals = np.array([row[0] for row in conn.execute("SELECT id FROM signals ORDER BY asset_id")])
        level = 60 + 10 * rng.random(assets)
        noise = np.zeros(assets)
        step = max(1, 500_000 // assets)
        start_us = int(START.timestamp() * 1_000_000)
        for begin in range(0, minutes, step):
            count = min(step, minutes - begin)
            at = start_us + 60_000_000 * np.arange(begin, begin + count, dtype=np.int64)
            values = np.empty((count, assets))
            for k in range(count):
                noise = 0.8 * noise + rng.standard_normal(assets) * 0.3
                values[k] = noise
            values += level + 3 * np.sin(2 * np.pi * (at[:, None] / 86_400e6))
            # Every tenth asset runs hot for three hours, once in six weeks.
            hot = ((np.arange(begin, begin + count)[:, None] + 6048 * np.arange(assets)) % 60_480) < 180
            values[hot & (np.arange(assets) % 10 == 0)] += 40
            size = count * assets
            with conn.transaction():
                judge_db.lock_position(conn, state.fence)
                readings.insert_new(
                    conn,
                    columns.Columns(
                        signal=np.tile(signals, count),
                        observed_us=np.repeat(at, assets),
                        received_us=np.repeat(at, assets),
                        arrival=np.arange(place, place + size),
                        value=values.ravel(),
                        late=np.zeros(size, dtype=bool),
                    ),
                )
                place += size
                judge_db.advance(conn, state.fence, place)
            if begin // step % 10 == 0:
                say.print(f"stored {begin + count:,} of {minutes:,} minutes", highlight=False)
        conn.commit()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE readings")
    return minutes * assets


class Peak:
    """The most memory that this process and its children held together, in MB, looked at twice a second."""

    def __init__(self) -> None:
        self.mb, self._stop = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        page = resource.getpagesize()
        while not self._stop.wait(0.5):
            total = 0
            for pid in [os.getpid(), *_children(os.getpid())]:
                try:
                    total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
                except OSError:
                    continue
            self.mb = max(self.mb, total / 1e6)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=100)
    parser.add_argument("--days", type=float, default=365.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--data-dir", type=Path, help="keep the database here, and use it again")
    asked = parser.parse_args()
    say = Console(stderr=True)
    minutes = round(asked.days * 1440)
    with tempfile.TemporaryDirectory(prefix="plantwright-bench-") as temporary:
        Path(temporary).chmod(0o711)
        server = postgres.start((asked.data_dir or Path(temporary)) / "postgres")
        try:
            if schema.migrate(server.url):
                began = time.perf_counter()
                fill(server.url, asked.assets, minutes, say)
                say.print(f"made in {time.perf_counter() - began:.0f} s")
            began = time.perf_counter()
            with Peak() as peak, psycopg.connect(server.url) as conn, Progress(console=say) as progress:
                task = progress.add_task("judging", total=1.0)
                result = judge_again(
                    conn, Wanted(jobs=asked.jobs), lambda share: progress.update(task, completed=share)
                )
            seconds = time.perf_counter() - began
        finally:
            server.stop()
    found: dict[str, Any] = {
        "readings": result.run.frames,
        "assets": asked.assets,
        "jobs": asked.jobs,
        "seconds": round(seconds, 1),
        "readings_per_s": round(result.run.frames / seconds),
        "us_per_reading_and_core": round(seconds * min(asked.jobs, os.cpu_count() or 1) / result.run.frames * 1e6, 2),
        "peak_memory_mb": round(peak.mb),
        "orders": len(result.run.orders),
        "days": (result.run.end - result.run.start) / timedelta(days=1) if result.run.start and result.run.end else 0,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
