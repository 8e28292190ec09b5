"""A plant, a stream of messages, and engines that process it in batches."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import psycopg

from db.plant import plant
from ingest.messages import Message
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.pipeline.engine import Engine
from runtime.settings import Settings
from workorder_core.plant.plant import AssetEntry, Plant, SignalEntry
from workorder_core.words import Criticality

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TOPIC = "plantwright/v1/NTH/P-101"
STEP_MIN = 10
PLANT = Plant(
    code="NTH",
    name="North",
    time_zone="Europe/Oslo",
    assets=(
        AssetEntry(
            code="P-101",
            name="Feed pump",
            asset_class="pump",
            criticality=Criticality.HIGH,
            signals=(SignalEntry(name="temp", quantity="temperature", unit="degC"),),
        ),
    ),
)
RULES = rulebook.parse(
    {
        "threshold": [
            {"id": "hot", "signal": "temp", "raise_at": 90, "clear_below": 80, "severity": "safety"}
            | {"asset_class": "pump", "component": "bearing", "failure_mode": "OHE"},
            {"id": "shakes", "signal": "vibration", "raise_at": 5, "clear_below": 4, "for": "30 min"}
            | {"asset_class": "pump", "component": "bearing", "failure_mode": "VIB", "severity": "degrading"},
        ],
        "operating_state": [{"asset_class": "pump", "signal": "speed", "running_above": 600, "stopped_below": 100}],
    }
)
MODELS = {"pump": {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8, "patience": 10.0}}


def a_message(minute: float, values: object = None, *, topic: str = TOPIC, ts: object = None) -> Message:
    at = START + timedelta(minutes=minute)
    document = {"ts": ts or at.isoformat(), "values": {"temp": 60.0} if values is None else values}
    return Message(topic, json.dumps(document).encode(), us(at))


def us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


@cache
def stream() -> tuple[Message, ...]:
    """Four days of a pump and a fan: a shift, limits, late and repeated messages, and some that cannot be read."""
    noise, messages = random.Random(11), []
    for step in range(320):
        minute = step * STEP_MIN
        values = {
            "speed": 0.0 if 280 <= step < 283 else 2800.0,
            "flow": noise.gauss(300, 2) - (60 if step >= 200 else 0),
            "temp": noise.gauss(60, 0.5) + (40 if step in (250, 251, 310) else 0),
            "vibration": noise.gauss(2, 0.1) + (6 if 255 <= step < 265 else 0),
        }
        messages.append(a_message(minute, values))
        if step % 4 == 0:
            messages.append(a_message(minute, {"current": noise.gauss(10, 0.1)}, topic="plantwright/v1/NTH/F-7"))
        if step % 25 == 3:
            messages += [messages[-1], a_message(minute - 15, {"temp": 95.0}), a_message(minute, {"oil": 40.0})]
        if step % 50 == 7:
            messages += [
                a_message(minute, {"temp": "hot", "oil": None, "flow": 1.0}),
                Message(TOPIC, b"junk", us(START) + step),
            ]
    return tuple(messages)


def settings(**more: Any) -> Settings:
    return Settings(**{"checkpoint_every_s": 3600, "tick_every_s": 3600} | more)


def take_up(conn: psycopg.Connection, **more: Any) -> Engine:
    return engine.start(conn, settings(**more), rulebook=RULES, models=MODELS, holder="test")


def batches(messages: Sequence[Message], size: int) -> Iterator[Sequence[Message]]:
    for i in range(0, len(messages), size):
        yield messages[i : i + size]


def ran(conn: psycopg.Connection, size: int, **more: Any) -> Engine:
    """Bring the plant into the database and the whole stream through the pipeline."""
    plant.load(conn, PLANT, at=START)
    conn.commit()
    state = take_up(conn, **more)
    for batch in batches(stream(), size):
        pipeline.process(conn, batch, state)
    return state


OUTCOME = {
    "orders": """SELECT number, id, component, failure_mode, type, priority, priority_reason, title, status, opened_at,
                        follows, duplicate_of, asset_path FROM work_orders ORDER BY number""",
    "evidence": """SELECT order_id, seq, source, version, component, failure_mode, severity, since, at, score, limit_at,
                          signs, summary, readings FROM evidence ORDER BY order_id, seq""",
    "history": """SELECT order_id, seq, actor, step,
                         old - '{recorded_at,response_due,completion_due,response_warn_at,completion_warn_at}'::text[],
                         new - '{recorded_at,response_due,completion_due,response_warn_at,completion_warn_at}'::text[],
                         why
                  FROM order_history ORDER BY order_id, seq""",
    "readings": """SELECT a.code, s.name, r.observed_at, r.received_at, r.value, r.late FROM readings r
                   JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id ORDER BY 1, 2, 3""",
    "quarantine": "SELECT topic, payload, reason, problem, times FROM quarantine ORDER BY 1, 2, 3, 4",
}  # fmt: skip


def outcome(conn: psycopg.Connection) -> dict[str, list[Any]]:
    """All that a run leaves, but for the wall clock and the places in the sequence."""
    found = {name: conn.execute(query.encode()).fetchall() for name, query in OUTCOME.items()}
    conn.rollback()
    return found
