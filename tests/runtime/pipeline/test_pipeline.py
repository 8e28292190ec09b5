"""The main path on a real database: one transaction a batch, the same outcome however the stream is cut or broken."""

from collections.abc import Sequence

import psycopg
import pytest

from db.plant import plant
from db.telemetry import judge as judge_db
from db.telemetry import readings
from db.telemetry.judge import NotTheWriter
from ingest.messages import Message
from judge.judge import FORMAT
from runtime.pipeline import engine, pipeline
from tests.parts import databases
from tests.runtime.pipeline.batches import PLANT, START, a_message, batches, outcome, ran, stream, take_up


@pytest.fixture(scope="module")
def whole(embedded_server, _template):
    """What the stream leads to when it comes in one batch: its outcome and the judge's state."""
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        state = ran(conn, 1000)
        return outcome(conn), state.judge.dump()


def test_the_stream_has_something_of_everything(whole):
    """So that the tests below cannot pass because nothing happens."""
    left, _ = whole
    modes = {row[3] for row in left["orders"]}
    assert modes >= {"OHE", "VIB"}
    assert {row[2].split(":")[0] for row in left["evidence"]} == {"rule", "model"}
    assert {row[2] for row in left["quarantine"]} >= {"not_a_number", "unknown_state", "not_json"}
    assert any(late for *_, late in left["readings"])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_how_the_stream_is_cut_changes_nothing(any_database, whole, size):
    with psycopg.connect(any_database) as conn:
        state = ran(conn, size)
        assert outcome(conn) == whole[0]
        assert state.judge.dump() == whole[1]


def test_a_restore_from_a_checkpoint_or_from_none_is_the_judge_that_ran(any_database):
    with psycopg.connect(any_database) as conn:
        state = ran(conn, 40, checkpoint_every_inputs=150)
        newest = judge_db.checkpointed(conn, format_=FORMAT)
        assert newest is not None
        assert 0 < newest < state.judge.arrival
        from_checkpoint = engine.restore(conn)
        conn.execute("DELETE FROM checkpoints")
        from_none = engine.restore(conn)
        assert from_checkpoint.dump() == from_none.dump() == state.judge.dump()
        assert from_checkpoint.arrival == from_none.arrival == state.judge.arrival


def test_a_process_that_ends_after_every_batch_and_is_sent_it_again_leaves_the_same(database, whole):
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        last: Sequence[Message] = ()
        for batch in batches(stream(), 50):
            state = take_up(conn, checkpoint_every_inputs=120)
            pipeline.process(conn, [*last, *batch], state)
            last = batch
        left = outcome(conn)
        assert state.judge.dump() == whole[1]
        for name in ("orders", "evidence", "history", "readings"):
            assert left[name] == whole[0][name]


def test_a_batch_that_comes_again_changes_nothing(database):
    with psycopg.connect(database) as conn:
        state = ran(conn, 100)
        before, dumped, arrival = outcome(conn), state.judge.dump(), state.judge.arrival
        for batch in batches(stream(), 100):
            again = pipeline.process(conn, batch, state)
            assert (again.frames, again.stored, again.late, again.done) == (0, 0, 0, [])
        after = outcome(conn)
        assert [row[:-1] for row in after.pop("quarantine")] == [row[:-1] for row in before.pop("quarantine")]
        assert after == before
        assert (state.judge.dump(), state.judge.arrival) == (dumped, arrival)


def test_a_transaction_that_fails_leaves_nothing_and_the_next_try_everything(database, whole):
    """The database refuses the first order, at the end of its batch's work."""
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.execute("ALTER TABLE work_orders ADD CONSTRAINT not_now CHECK (false)")
        conn.commit()
        state = take_up(conn)
        before, position = outcome(conn), judge_db.holder_now(conn)
        with pytest.raises(psycopg.errors.CheckViolation):
            pipeline.process(conn, stream(), state)
        assert outcome(conn) == before
        assert judge_db.holder_now(conn) == position
        assert conn.execute("SELECT max(arrival) FROM judge_events").fetchone() == (position[2] - 1,)
        conn.execute("ALTER TABLE work_orders DROP CONSTRAINT not_now")
        conn.commit()
        state = take_up(conn)
        pipeline.process(conn, stream(), state)
        assert outcome(conn) == whole[0]
        assert state.judge.dump() == whole[1]


def test_a_process_that_was_thought_dead_cannot_write(database):
    with psycopg.connect(database) as conn:
        first = take_up(conn)
        second = take_up(conn)
        with pytest.raises(NotTheWriter):
            pipeline.process(conn, [a_message(0)], first)
        assert readings.count(conn) == (0, 0)
        conn.rollback()
        assert pipeline.process(conn, [a_message(0)], second).stored == 1


def test_on_timescaledb_the_readings_lie_in_several_chunks(timescale_database):
    with psycopg.connect(timescale_database) as conn:
        ran(conn, 1000)
        (chunks,) = conn.execute("SELECT count(*) FROM show_chunks('readings')").fetchone() or (0,)
        assert chunks >= 3
