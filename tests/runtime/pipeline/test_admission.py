"""Assets and signals are made known by their first message up to a most of each; what is beyond is refused by name."""

import json
from typing import Any

import psycopg
import pytest

from db.telemetry import quarantine
from ingest.messages import Message
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed
from runtime.settings import Settings

AT_US = 1_772_000_000_000_000
SECOND_US = 1_000_000


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def take_up(conn: psycopg.Connection, **more: Any) -> Engine:
    given = Settings(**{"checkpoint_every_s": 3600, "tick_every_s": 3600} | more)
    return engine.start(conn, given, rulebook=rulebook.EMPTY, models={}, holder="test")


def of(asset: str, second: int, values: dict[str, Any], **more: Any) -> Message:
    at_us = AT_US + second * SECOND_US
    document = {"ts": at_us // 1000, "values": values} | more
    return Message(f"plantwright/v1/NTH/{asset}", json.dumps(document).encode(), at_us)


def refusals(processed: Processed) -> list[tuple[str, list[str]]]:
    return [(each.reason.value, sorted(json.loads(each.payload)["values"])) for each in processed.refused]


def test_an_asset_gets_its_most_of_signals_and_the_good_values_beside_the_others_are_stored(conn):
    state = take_up(conn, admit_signals_most=3)
    first = pipeline.process(conn, [of("P-1", 0, dict.fromkeys("abcde", 1.0))], state)
    assert (first.stored, refusals(first)) == (3, [("too_many_signals", ["d", "e"])])
    assert "admit_signals_most" in first.refused[0].problem
    later = pipeline.process(conn, [of("P-1", 1, {"a": 2.0, "f": 1.0}), of("P-2", 1, {"f": 1.0})], state)
    assert (later.stored, refusals(later)) == (2, [("too_many_signals", ["f"])])


def test_a_plant_gets_its_most_of_assets(conn):
    state = take_up(conn, admit_assets_most=2)
    done = pipeline.process(conn, [of(asset, 0, {"a": 1.0}) for asset in ("P-1", "P-2", "P-3", "P-1")], state)
    assert refusals(done) == [("too_many_assets", ["a"])]
    assert "NTH/P-3" in done.refused[0].problem
    assert pipeline.process(conn, [of("P-1", 1, {"a": 2.0})], state).stored == 1


def test_what_a_person_makes_known_is_never_refused(conn):
    state = take_up(conn, admit_signals_most=1)
    pipeline.process(conn, [of("P-1", 0, {"a": 1.0})], state)
    conn.execute("INSERT INTO signals (asset_id, name) SELECT id, 'b' FROM assets")
    conn.commit()
    again = take_up(conn, admit_signals_most=1)
    assert pipeline.process(conn, [of("P-1", 1, {"a": 2.0, "b": 1.0})], again).stored == 2


def test_what_is_refused_so_is_taken_on_another_try_once_more_are_allowed(conn):
    state = take_up(conn, admit_signals_most=1)
    pipeline.process(conn, [of("P-1", 0, {"a": 1.0, "b": 2.0})], state)
    again = take_up(conn)
    (kept,) = quarantine.page(conn)
    pipeline.process(conn, [Message(kept.topic, kept.payload, AT_US)], again)
    assert conn.execute("SELECT count(*) FROM readings").fetchone() == (2,)


def test_a_message_of_nine_thousand_signals_with_their_units_is_stored_up_to_the_most(conn):
    names = [f"s{number:05}" for number in range(9_000)]
    state = take_up(conn, checkpoint_every_inputs=1)
    for second in range(3):
        values = {name: float(second + i) for i, name in enumerate(names)}
        done = pipeline.process(conn, [of("P-1", second, values, units=dict.fromkeys(names[:3_000], "degC"))], state)
        assert done.stored == 5_000
        assert [reason for reason, _ in refusals(done)] == ["too_many_signals"]
    assert state.checkpoint_failed == ""
    assert conn.execute("SELECT max(length(state)) FROM checkpoint_parts").fetchone()[0] < 8 * 1024 * 1024
    units = conn.execute("SELECT unit, count(*) FROM signal_versions GROUP BY unit ORDER BY unit").fetchall()
    assert units == [("", 5_000), ("degC", 3_000)]
    assert engine.restore(conn).dump() == state.judge.dump()


def test_three_thousand_new_names_leave_a_plant_as_it_would_be_without_the_lane(conn):
    """Each of a gateway's messages with a name of its own, as one that puts the time into the key."""
    state = take_up(conn)
    for k in range(0, 3_000, 100):
        batch = [of("M", k + i, {f"2026-11-26T10:00:{k + i:05d}": 1.0}) for i in range(100)]
        assert pipeline.process(conn, [*batch, of("P-1", k, {"temp": 60.0})], state).stored == 101
    lane = state.open_lane()
    assert len(lane._signals) < 3 * 4_000, "not a layout for each name"
    assert engine.restore(conn).dump() == state.judge.dump()
