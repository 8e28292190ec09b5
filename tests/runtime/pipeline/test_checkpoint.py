"""A checkpoint is what has changed, part by part; one that cannot be written is an alarm and stops nothing."""

import json
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from db.telemetry import judge as judge_db
from ingest.messages import Message
from judge.judge import FORMAT, Judge
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.pipeline.engine import Engine
from runtime.settings import Settings

AT_US = 1_772_000_000_000_000
MINUTE_US = 60_000_000


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def take_up(conn: psycopg.Connection, **more: Any) -> Engine:
    given = Settings(**{"checkpoint_every_s": 3600, "checkpoint_every_inputs": 1, "tick_every_s": 3600} | more)
    return engine.start(conn, given, rulebook=rulebook.EMPTY, models={}, holder="test")


def of(asset: str, minute: int, values: dict[str, float]) -> Message:
    at_us = AT_US + minute * MINUTE_US
    return Message(f"plantwright/v1/NTH/{asset}", json.dumps({"ts": at_us // 1000, "values": values}).encode(), at_us)


def kept(conn: psycopg.Connection) -> bytes:
    at = judge_db.checkpointed(conn, format_=FORMAT)
    assert at is not None
    return Judge.from_parts(judge_db.checkpoint_parts(conn, format_=FORMAT), at).dump()


def written_since(conn: psycopg.Connection, mark: int) -> list[str]:
    """The assets whose parts a later transaction has written."""
    query = "SELECT asset FROM checkpoint_parts WHERE kind = 'asset' AND xmin::text::bigint > %s ORDER BY asset"
    return [asset for (asset,) in conn.execute(query, [mark])]


def test_only_what_has_changed_since_the_last_checkpoint_is_written(conn):
    state = take_up(conn)
    pipeline.process(conn, [of(asset, 0, {"temp": 60.0}) for asset in ("P-1", "P-2", "P-3")], state)
    mark = conn.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
    conn.commit()
    pipeline.process(conn, [of("P-2", 1, {"temp": 61.0})], state)
    assert written_since(conn, mark) == ["NTH/P-2"]
    assert kept(conn) == state.judge.dump()


def test_after_a_restart_too(conn):
    pipeline.process(conn, [of(asset, 0, {"temp": 60.0}) for asset in ("P-1", "P-2")], take_up(conn))
    again = take_up(conn)
    mark = conn.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
    conn.commit()
    pipeline.process(conn, [of("P-1", 1, {"temp": 61.0})], again)
    assert written_since(conn, mark) == ["NTH/P-1"]
    assert kept(conn) == again.judge.dump()


def test_a_checkpoint_that_somebody_has_removed_is_written_whole(conn):
    state = take_up(conn)
    pipeline.process(conn, [of(asset, 0, {"temp": 60.0}) for asset in ("P-1", "P-2")], state)
    conn.execute("DELETE FROM checkpoints")
    conn.commit()
    pipeline.process(conn, [of("P-1", 1, {"temp": 61.0})], state)
    assert kept(conn) == state.judge.dump()


REFUSALS = {
    "by the database": "ALTER TABLE checkpoint_parts ADD CONSTRAINT small CHECK (length(state) < 5) NOT VALID",
    "by a full disk": (
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END$$;"
        "CREATE TRIGGER small BEFORE INSERT ON checkpoint_parts FOR EACH ROW EXECUTE FUNCTION full_disk()"
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one_and_judging_goes_on(conn, refusal):
    state = take_up(conn, checkpoint_every_s=0.001)
    pipeline.process(conn, [of("P-1", 0, {"temp": 60.0})], state)
    before = kept(conn)
    conn.execute(refusal)
    conn.commit()
    with capture_logs() as logs:
        for minute in range(1, 4):
            assert pipeline.process(conn, [of("P-1", minute, {"temp": 61.0})], state).stored == 1
    assert kept(conn) == before
    assert state.checkpoint_failed
    assert sum("checkpoint failed" in log["event"] for log in logs) == 1, "said once"
    assert engine.restore(conn).dump() == state.judge.dump()


def test_one_that_can_be_written_again_is_and_ends_the_alarm(conn, monkeypatch):
    state = take_up(conn, checkpoint_every_s=0.001)
    monkeypatch.setattr(judge_db, "PART_MOST_BYTES", 10)
    pipeline.process(conn, [of("P-1", 0, {"temp": 60.0})], state)
    assert "may have" in state.checkpoint_failed
    monkeypatch.undo()
    pipeline.process(conn, [of("P-1", 1, {"temp": 61.0})], state)
    assert state.checkpoint_failed == ""
    assert kept(conn) == state.judge.dump()


def test_a_failing_checkpoint_is_not_tried_with_every_batch(conn, monkeypatch):
    """On a wide plant each try would cost seconds."""
    state = take_up(conn)
    monkeypatch.setattr(judge_db, "PART_MOST_BYTES", 10)
    pipeline.process(conn, [of("P-1", 0, {"temp": 60.0})], state)
    assert state.checkpoint_failed
    assert not state.checkpoint_is_due(), "before its time, however many inputs come"


def test_state_of_earlier_code_is_learned_again_from_readings_and_that_is_said(conn):
    state = take_up(conn)
    pipeline.process(conn, [of("P-1", minute, {"temp": 60.0}) for minute in range(5)], state)
    conn.execute("ALTER TABLE checkpoint_parts DROP CONSTRAINT checkpoint_parts_format_fkey")
    conn.execute("UPDATE checkpoints SET format = 1")
    conn.commit()
    with capture_logs() as logs:
        again = engine.restore(conn)
    assert again.dump() == state.judge.dump()
    assert [log["log_level"] for log in logs if log["event"].startswith("no checkpoint of this version")] == ["warning"]


def test_a_checkpoint_that_cannot_be_read_is_learned_again_from_readings(conn):
    state = take_up(conn)
    pipeline.process(conn, [of("P-1", 0, {"temp": 60.0})], state)
    conn.execute("UPDATE checkpoint_parts SET state = 'junk' WHERE kind = 'asset'")
    conn.commit()
    assert engine.restore(conn).dump() == state.judge.dump()
    pipeline.process(conn, [of("P-1", 1, {"temp": 60.0})], take_up(conn))
    assert kept(conn) == engine.restore(conn).dump()
