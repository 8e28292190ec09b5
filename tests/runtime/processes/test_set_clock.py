"""The machine's clock is set while a real ingest runs: its limits still see what comes, and nothing is made up."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from db.alarms import engine_alarms
from db.telemetry import engine_metrics
from ingest.replay import Publication
from runtime.embedded.broker import Broker
from tests.conftest import _leave_out
from tests.parts.fetch import PartMissing
from tests.runtime.processes import kills
from tests.runtime.processes.kills import Device
from tests.runtime.processes.set_clock import SetClock

LIMIT = """
[[threshold]]
id = "hot{nth}"
asset_class = "unclassified"
signal = "temp{nth}"
raise_at = 90
clear_below = 85
component = "bearing"
failure_mode = "OHE"
severity = "malfunction"
"""
SILENT = """
[[stale]]
id = "silent"
asset_class = "unclassified"
signal = "*"
after = "10 min"
"""
RULES = SILENT + "".join(LIMIT.format(nth=nth) for nth in ("", 0, 1, 2))
HOUR, DAY = 3_600.0, 86_400.0


def sent(device: Device, nth: int, **temp: float) -> None:
    """One machine's messages have no time, the other's have their own; its signal is another one each time, or its
    limit would chatter.
    """
    for asset, value in temp.items():
        said: dict[str, object] = {"temp": value}
        topic = f"{asset}/v1/devices/me/telemetry"
        if asset == "own":
            said, topic = {"ts": time.time_ns() // 1_000_000, "values": {f"temp{nth}": value}}, "plantwright/v1/NTH/own"
        device.send(Publication(topic, json.dumps(said).encode(), datetime.now(UTC)))
    device.idle(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("by_s", [-HOUR, DAY])
def test_limits_judge_on_over_a_clock_that_is_set_and_set_right_again(
    database: str, mosquitto: Broker, data_dir: Path, by_s: float
) -> None:
    try:
        clock = SetClock(data_dir)
    except PartMissing as missing:
        _leave_out(missing)
    (data_dir / "rules.toml").write_text(RULES)
    env = kills.environment(
        database=database,
        broker=mosquitto.url,
        rulebook=data_dir / "rules.toml",
        tick_every_s=0.2,
        thingsboard_site="NTH",
    )
    del env["PLANTWRIGHT_MODELS"]
    with (
        psycopg.connect(database, autocommit=True) as conn,
        kills.plantwright("ingest", env=env | clock.environment, log=data_dir / "log") as ingest,
    ):

        def raised() -> set[str]:
            active = "SELECT a.code FROM alarms al JOIN assets a ON a.id = al.asset_id WHERE al.cleared_at IS NULL"
            return {code for (code,) in conn.execute(active).fetchall()}

        def ticked(count: int) -> None:
            until = ticks() + count
            ingest.wait_until(lambda: ticks() >= until, "it ticks")

        def ticks() -> int:
            (found,) = conn.execute("SELECT count(*) FROM judge_events WHERE kind = 'tick'").fetchone() or (0,)
            return int(found)

        ingest.wait_until(lambda: engine_metrics.read(conn), "it has begun")
        device = Device(mosquitto.url)
        both = {"ours": 60.0, "own": 60.0}
        for nth, set_by_s in enumerate((0.0, by_s, 0.0)):
            clock.set(set_by_s)
            ticked(3)
            assert raised() == set(), ingest.said()
            sent(device, nth, **both)
            sent(device, nth, ours=95.0, own=95.0)
            ingest.wait_until(lambda: raised() == both.keys(), "both limits have seen it")
            sent(device, nth, **both)
            ingest.wait_until(lambda: raised() == set(), "both limits have seen that it is over")
            ticked(3)
        told = {each.code: each.problem for each in engine_alarms.standing(conn, now=datetime.now(UTC))}
        assert "clock_jumped" in told and not told.keys() & {"behind", "silent", "event_failed"}, told
        assert conn.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM readings WHERE late").fetchone() == (0,)
        device.finish()
        ingest.stop()
