"""What the lane takes comes to the same as what is judged one by one: readings, orders, alarms, the judge's state."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from msgspec import structs

from db.telemetry import judge as judge_db
from ingest.messages import Message
from judge.lane.lane import Lane
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.pipeline.engine import Engine
from runtime.settings import Settings
from tests.parts import databases

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ASSETS = {"P-1": "stepped", "P-2": "stepped", "H-1": "held", "F-1": "plain", "F-2": "plain", "S-1": "stateful"}
SIGNALS = ("flow", "speed", "temp")
Happening = tuple[str, str | None, dict[str, Any]]
"""An event for the judge: its kind, ``<site>/<asset>`` or None, and its payload."""
LIMIT = {"component": "bearing", "clear_below": 80, "severity": "malfunction", "failure_mode": "OHE"}
RULES: dict[str, list[dict[str, Any]]] = {
    "threshold": [
        {"id": f"hot-{of_class}", "asset_class": of_class, "signal": "temp", "raise_at": 90} | LIMIT
        for of_class in sorted(set(ASSETS.values()))
    ],
    "stale": [
        {"id": f"silent-{of_class}", "asset_class": of_class, "signal": "*", "after": after}
        for of_class, after in (("held", "0.2 min"), ("stateful", "0.1 min"))
    ],
    "operating_state": [{"asset_class": "stateful", "signal": "speed", "running_above": 50, "stopped_below": 10}],
}
MODEL = {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8, "patience": 10.0}
MODELS = {
    "stepped": MODEL | {"frame_step_s": 2.0},
    "held": MODEL | {"frame_step_s": 2.0, "hold_s": 6.0},
    "plain": MODEL,
    "stateful": MODEL,
}


def a_message(asset: str, second: float, values: dict[str, Any], **more: Any) -> Message:
    at_ms = round((START.timestamp() + second) * 1000)
    document = {"ts": at_ms, "values": values} | more
    return Message(f"plantwright/v1/NTH/{asset}", json.dumps(document).encode(), at_ms * 1000 + 5_000)


def stream(seed: int, seconds: int) -> list[Message | Happening]:
    """Messages, most of them ordinary, and events of every sort between them: (kind, asset, payload)."""
    noise = random.Random(seed)
    found: list[Message | Happening] = []
    for second in range(seconds):
        for asset, of_class in ASSETS.items():
            shift = 30.0 if asset in ("P-2", "F-2") and second > 0.6 * seconds else 0.0
            values = {name: round(noise.gauss(60, 1) + shift * (name == "flow"), 2) for name in SIGNALS}
            if asset == "P-1" and 0.4 * seconds <= second < 0.4 * seconds + 4:
                values["temp"] = 95.0
            if asset == "H-1" and second in (99, 102):  # what is far out beside the one before is not held
                values["speed"] = 0.5 if second == 99 else 2e4
            if asset == "H-1" and second % 3:
                del values["speed"]
            if of_class in ("plain", "stateful"):
                found.append(a_message(asset, second, values))
            else:
                found += [a_message(asset, second + i / 10, {name: values[name]}) for i, name in enumerate(values)]
            found += something_else(noise, asset, second, found)
    return found


def something_else(noise: random.Random, asset: str, second: int, before: Sequence[Any]) -> list[Message | Happening]:
    wall = (START + timedelta(seconds=second)).isoformat()
    later = (START + timedelta(seconds=second + 20)).isoformat()
    hotter = {**RULES, "threshold": [each | {"raise_at": 91} for each in RULES["threshold"]]}
    strange: list[list[Message | Happening]] = [
        [next(each for each in reversed(before) if isinstance(each, Message))],
        [a_message(asset, second - 30, {"flow": 1.5})],
        [a_message(asset, second, {"temp": "hot", "flow": 2.0}), a_message(asset, second + 0.5, {"oil": 1.0})],
        [Message(f"plantwright/v1/NTH/{asset}", b"junk", 7), a_message(asset, second + 9e6, {"flow": 1.0})],
        [a_message(asset, second + 0.6, {"flow": 60.0}, quality="bad")],
        [("downtime", f"NTH/{asset}", {"id": f"d{second}", "starts_at": wall, "ends_at": later})],
        [("alarm", f"NTH/{asset}", {"source": "rule:hot-plain", "move": "shelve", "until": later})],
        [("asset", f"NTH/{asset}", {"class": "plain", "criticality": 3})],
        [("tick", None, {"at": wall}), ("tick", None, {"at": later})],
        [("rulebook", None, hotter)],
        [a_message(asset, second - 0.05, {"speed": 61.0})],
    ]
    kind = noise.randrange(400)
    return strange[kind] if kind < len(strange) else []


def make_assets(conn: psycopg.Connection) -> None:
    for asset, of_class in ASSETS.items():
        facts = {"asset": asset, "class": of_class}
        conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North') ON CONFLICT DO NOTHING")
        conn.execute(
            "INSERT INTO assets (site_id, code, name, class) SELECT id, %(asset)s, %(asset)s, %(class)s FROM sites",
            facts,
        )
    conn.commit()


def ran(conn: psycopg.Connection, seed: int, size: int, seconds: int = 500) -> tuple[Engine, int]:
    """Bring a stream through the pipeline in batches; return the engine, and how many frames the lane has taken."""
    make_assets(conn)
    settings = Settings(checkpoint_every_s=3600, tick_every_s=3600)
    state = engine.start(conn, settings, rulebook=rulebook.parse(RULES), models=MODELS, holder="test")
    state.next_tick += 3600
    ids = {key: asset_id for asset_id, key in conn.execute("SELECT id, 'NTH/' || code FROM assets").fetchall()}
    taken, batch = 0, []
    for each in [*stream(seed, seconds), None]:
        if isinstance(each, Message):
            batch.append(each)
        if each is None or not isinstance(each, Message) or len(batch) == size:
            found = pipeline.process(conn, batch, state)
            taken += found.frames
            batch = []
        if isinstance(each, tuple):
            with conn.transaction():
                judge_db.add(conn, each[0], each[2], "user:test", None if each[1] is None else ids[each[1]])
    return state, taken


LEFT = {
    "orders": "SELECT id, component, failure_mode, type, status, opened_at, title FROM work_orders ORDER BY number",
    "evidence": "SELECT order_id, source, since, at, score, signs::text, summary FROM evidence ORDER BY order_id, seq",
    "alarms": "SELECT asset_id, source, raised_at, cleared_at FROM alarms ORDER BY asset_id, source, raised_at",
    "readings": """SELECT a.code, s.name, r.observed_at, r.received_at, r.value, r.late FROM readings r
                   JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id ORDER BY 1, 2, 3""",
    "quarantine": "SELECT topic, payload, reason, problem, times FROM quarantine ORDER BY 1, 2, 3, 4",
}


def left(conn: psycopg.Connection) -> dict[str, list[Any]]:
    return {name: conn.execute(query.encode()).fetchall() for name, query in LEFT.items()}


@pytest.fixture
def fresh_database(embedded_server, _template):
    return lambda: databases.fresh(embedded_server, _template)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_lane_changes_nothing(fresh_database, seed, monkeypatch):
    """One message at a time, so that both ways number the inputs alike."""
    with fresh_database() as url, psycopg.connect(url) as conn:
        with_it, _ = ran(conn, seed, 1, seconds=200)
        told = left(conn)
    monkeypatch.setattr(Lane, "enter", lambda *_: None)
    with fresh_database() as url, psycopg.connect(url) as conn:
        without, _ = ran(conn, seed, 1, seconds=200)
        assert left(conn) == told
    assert with_it.judge.dump() == without.judge.dump()
    assert told["evidence"]
    assert told["quarantine"]


@pytest.mark.parametrize(("seed", "size"), [(1, 7), (2, 60), (3, 400)])
def test_a_judge_that_is_rebuilt_one_by_one_is_the_one_that_ran(fresh_database, seed, size, monkeypatch):
    taken: Counter[str] = Counter()
    apply = Lane.apply

    def counting(self, ordinary, first):
        taken.update(self._keys[place] for place in ordinary.of_frame.tolist())
        return apply(self, ordinary, first)

    monkeypatch.setattr(Lane, "apply", counting)
    with fresh_database() as url, psycopg.connect(url) as conn:
        state, frames = ran(conn, seed, size)
        again = engine.restore(conn)
        assert again.dump() == state.judge.dump()
        assert again.arrival == state.judge.arrival
        assert frames / 20 < taken.total() < frames
        assert size > 10 or taken.keys() == {f"NTH/{asset}" for asset in ASSETS}


def test_an_asset_of_every_batch_stays_on_the_lane(fresh_database):
    batches = [[a_message(asset, second, {"flow": 60.0}) for asset in ("F-1", "F-2")] for second in range(6)]
    with fresh_database() as url, psycopg.connect(url) as conn:
        make_assets(conn)
        settings = Settings(checkpoint_every_s=3600, tick_every_s=3600)
        state = engine.start(conn, settings, rulebook=rulebook.parse({}), models={}, holder="test")
        by_lane = []
        for batch in batches:
            done = pipeline.process(conn, batch, state)
            assert done.stored == len(batch)
            by_lane.append(done.by_lane)
    assert by_lane == [0, 2, 2, 2, 2, 2]


def test_a_text_that_is_not_utf8_beside_the_values_spoils_no_batch(fresh_database):
    """Only the time and the values are read: what is beside them is passed over, whatever it is."""
    with fresh_database() as url, psycopg.connect(url) as conn:
        make_assets(conn)
        settings = Settings(checkpoint_every_s=3600, tick_every_s=3600)
        state = engine.start(conn, settings, rulebook=rulebook.parse({}), models={}, holder="test")
        for second in range(3):
            good = a_message("F-1", second, {"flow": 60.0})
            latin = good.payload[:-1] + ', "unit": "\u00b0C"}'.encode("latin-1")
            batch = [a_message("F-2", second, {"flow": 60.0}), structs.replace(good, payload=latin)]
            done = pipeline.process(conn, batch, state)
            assert (done.stored, done.refused) == (2, [])
    assert done.by_lane == 1
