"""Rules on a plant that runs: what stays over its limit, and what is changed while readings come."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from db.documents import documents
from db.documents.documents import Kind
from db.plant import plant
from ingest.messages import Message
from rules import rulebook
from rules.rulebook import InvalidRulebook
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from workorder_core.plant.plant import AssetEntry, Plant, SignalEntry
from workorder_core.words import Criticality

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
COMMON = {"asset_class": "pump", "component": "bearing", "severity": "malfunction"}
HOT = COMMON | {"id": "hot", "signal": "temp", "raise_at": 90, "clear_below": 80, "failure_mode": "OHE"}
SLOW = COMMON | {
    "id": "slow", "signal": "vibration", "raise_at": 5, "clear_below": 4, "for": "30 min", "failure_mode": "VIB",
}  # fmt: skip
PLANT = Plant(
    code="NTH",
    name="North",
    time_zone="Europe/Oslo",
    assets=(
        AssetEntry(
            code="P-1",
            name="Feed pump",
            asset_class="pump",
            criticality=Criticality.HIGH,
            signals=(
                SignalEntry(name="temp", quantity="temperature", unit="degC"),
                SignalEntry(name="vibration", quantity="vibration_velocity", unit="mm/s"),
            ),
        ),
    ),
)


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        yield conn


def take_up(conn: psycopg.Connection, *rules: dict[str, Any]) -> engine.Engine:
    settings = Settings(checkpoint_every_s=3600, tick_every_s=3600)
    return engine.start(conn, settings, rulebook=rulebook.parse({"threshold": list(rules)}), models={}, holder="test")


def a_message(second: float, **values: float) -> Message:
    at = START + timedelta(seconds=second)
    payload = json.dumps({"ts": at.isoformat(), "values": values}).encode()
    return Message("plantwright/v1/NTH/P-1", payload, int(at.timestamp() * 1_000_000))


def test_one_reading_over_the_limit_every_second_for_an_hour_is_one_order_with_little_evidence(conn, database):
    state = take_up(conn, HOT)
    for begin in range(0, 3600, 200):
        pipeline.process(conn, [a_message(i, temp=95.0 + i % 3) for i in range(begin, begin + 200)], state)
    assert conn.execute("SELECT count(*) FROM readings").fetchone() == (3600,)
    ((order, number),) = conn.execute("SELECT id, number FROM work_orders").fetchall()
    assert conn.execute("SELECT count(*) FROM evidence").fetchone() == (1,)
    with ConnectionPool(database, min_size=1, max_size=2, open=True) as pool:
        app = create(pool, keys={"tests": "0123456789abcdef"})
        with TestClient(app, headers={"X-API-Key": "0123456789abcdef"}) as client:
            listed = client.get("/api/v1/work-orders").json()
            whole = client.get(f"/api/v1/work-orders/{order}")
    assert [each["number"] for each in listed.get("items", listed)] == [number]
    assert whole.status_code == 200
    assert len(whole.content) < 60_000


def test_a_rule_is_changed_under_load_without_losing_a_reading_or_what_others_remember(conn, database):
    state = take_up(conn, HOT, SLOW)
    changed = threading.Event()

    def change() -> None:
        with psycopg.connect(database) as other:
            for limit in range(91, 111):
                warmer = {"threshold": [HOT | {"raise_at": limit}, SLOW]}
                documents.write(other, Kind.RULEBOOK, warmer, actor="person:Kari", why=f"it may be {limit} degrees")
                other.commit()
        changed.set()

    person = threading.Thread(target=change)
    person.start()
    sent = 0
    while sent < 120 or not changed.is_set():
        batch = [a_message(20 * (sent + i), temp=60.0, vibration=6.0) for i in range(5)]
        pipeline.process(conn, batch, state)
        sent += len(batch)
        assert sent < 20_000
    person.join()
    pipeline.process(conn, [a_message(20 * sent, temp=100.0, vibration=6.0)], state)
    assert conn.execute("SELECT count(*) FROM readings").fetchone() == (2 * (sent + 1),)
    opened = conn.execute("SELECT failure_mode, opened_at FROM work_orders ORDER BY opened_at").fetchall()
    # The vibration has lasted from the first reading on, through twenty changes of the other rule; 100 degrees are
    # allowed by then.
    assert opened == [("VIB", START + timedelta(minutes=30))]
    assert state.judge.rulebook.version == rulebook.parse({"threshold": [HOT | {"raise_at": 110}, SLOW]}).version
    assert engine.restore(conn).dump() == state.judge.dump()


def test_a_wrong_document_changes_nothing_and_explains_itself(conn):
    state = take_up(conn, HOT)
    before = state.judge.dump()
    for wrong, says in (
        (HOT | {"signal": "tmp"}, "threshold 'hot': signal: no asset of the class 'pump' measures 'tmp'; did you mean"),
        (HOT | {"unit": "K"}, "threshold 'hot': unit: 'temp' is measured in degC, not in K; write the limits in degC"),
        (HOT | {"clear_below": 99}, r"threshold 'hot': clear_below: \(99.0\) must be lower than raise_at \(90.0\)"),
    ):
        with pytest.raises(InvalidRulebook, match=says):
            documents.write(conn, Kind.RULEBOOK, {"threshold": [wrong]}, actor="person:Kari", why="a slip")
    pipeline.process(conn, [], state)
    assert state.judge.dump() == before
    assert [each.number for each in documents.versions(conn, Kind.RULEBOOK)] == [1]
