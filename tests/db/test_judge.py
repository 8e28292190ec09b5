"""One process judges a plant; every input has its place once; a checkpoint is kept part by part."""

import random
import threading

import psycopg
import pytest

from db.telemetry import judge
from db.telemetry.judge import NotTheWriter, PartTooLarge
from judge.events import AssetSet, SignalSet, SignalsStale
from judge.inputs import Event
from judge.parts import Part
from tests.parts import databases
from workorder_core.words import Criticality


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def test_the_sequence_begins_at_one(conn):
    assert judge.lock_position(conn, judge.take_over(conn, "first")) == 1


def test_the_second_taker_stops_the_first(conn):
    first = judge.take_over(conn, "first")
    second = judge.take_over(conn, "second")
    with pytest.raises(NotTheWriter, match=rf"with fencing number {first}, but now second is"):
        judge.lock_position(conn, first)
    assert judge.lock_position(conn, second) == 1
    assert judge.holder_now(conn) == ("second", second, 1)


def test_a_process_thought_dead_cannot_move_the_sequence(conn):
    first = judge.take_over(conn, "first")
    judge.take_over(conn, "second")
    judge.advance(conn, first, 99)
    assert judge.holder_now(conn)[2] == 1


def test_a_batch_begins_where_the_one_before_ended(conn):
    fence = judge.take_over(conn, "first")
    judge.advance(conn, fence, 8)
    assert judge.lock_position(conn, fence) == 8


def test_who_takes_over_waits_for_the_batch_that_is_under_way(database):
    """Otherwise the old process could commit after the new one has read how far the sequence came."""
    with psycopg.connect(database) as old, psycopg.connect(database) as new:
        fence = judge.take_over(old, "old")
        old.commit()
        judge.lock_position(old, fence)
        taken = threading.Event()

        def take_over():
            judge.take_over(new, "new")
            taken.set()

        thread = threading.Thread(target=take_over)
        thread.start()
        assert not taken.wait(0.2)
        judge.advance(old, fence, 5)
        old.commit()
        assert taken.wait(90)
        thread.join()
        assert judge.holder_now(new) == ("new", fence + 1, 5)


def test_waiting_events_get_their_places_once_in_the_order_of_their_writing(conn):
    for name in ("one", "two", "three"):
        judge.add(conn, "stale", {"signals": [name]}, "system:test")
    taken = judge.number_waiting(conn, 7)
    said = [SignalsStale([name]) for name in ("one", "two", "three")]
    assert taken == [Event(7 + place, None, each) for place, each in enumerate(said)]
    assert judge.number_waiting(conn, 10) == []


def test_events_are_read_back_as_they_were_taken(conn):
    for number in range(5):
        judge.add(conn, "stale", {"signals": [str(number)]}, "system:test")
    taken = judge.number_waiting(conn, 1)
    assert judge.events_after(conn, 0, 5) == taken
    assert [event.arrival for event in judge.events_after(conn, 1, 3)] == [2, 3]


def test_an_event_that_waits_is_not_among_those_that_were_judged(conn):
    judge.add(conn, "tick", {}, "system:test")
    assert judge.events_after(conn, 0, 1_000) == []


def test_a_place_cannot_be_given_twice(conn):
    judge.add(conn, "tick", {}, "system:test")
    judge.number_waiting(conn, 1)
    judge.add(conn, "tick", {}, "system:test")
    with pytest.raises(psycopg.errors.UniqueViolation):
        judge.number_waiting(conn, 1)


def test_what_is_installed_tells_the_judge_of_it(conn):
    """It knows a machine's class, criticality and units from events, so that nobody changes them past it."""
    conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North')")
    conn.execute("INSERT INTO assets (site_id, code, name, class) SELECT id, 'P-1', 'P-1', 'pump' FROM sites")
    conn.execute("UPDATE assets SET criticality = 4")
    conn.execute("UPDATE assets SET name = 'another name'")
    conn.execute("INSERT INTO signals (asset_id, name) SELECT id, 'temp' FROM assets")
    conn.execute("INSERT INTO signal_versions (signal_id, version, unit) SELECT id, 1, 'degC' FROM signals")
    assert [(event.asset, event.change) for event in judge.number_waiting(conn, 1)] == [
        ("NTH/P-1", AssetSet("pump", Criticality.MEDIUM)),
        ("NTH/P-1", AssetSet("pump", Criticality.CRITICAL)),
        ("NTH/P-1", SignalSet("temp", "degC")),
    ]


PLANT = Part("live", "book", "", b"orders")


def checkpoint(conn, arrival, *changed, format_=1):
    judge.save_checkpoint(conn, arrival, format_=format_, code_version="test", changed=changed)


def of_asset(key, state, name="live"):
    return Part(name, "asset", key, state)


def parts(conn, format_=1):
    return list(judge.checkpoint_parts(conn, format_=format_))


def test_a_checkpoint_is_the_one_before_with_what_has_changed(conn):
    checkpoint(conn, 10, PLANT, of_asset("NTH/P-1", b"one"), of_asset("NTH/P-2", b"two"))
    checkpoint(conn, 20, of_asset("NTH/P-2", b"two more"), of_asset("NTH/P-3", b"three"))
    judge.drop_parts(conn, [("live", "asset", "NTH/P-1")], format_=1)
    assert judge.checkpointed(conn, format_=1) == 20
    assert parts(conn) == [PLANT, of_asset("NTH/P-2", b"two more"), of_asset("NTH/P-3", b"three")]


def test_what_is_of_the_whole_plant_comes_before_its_assets_for_each_judge(conn):
    both = [PLANT, Part("live", "zones", "", b""), of_asset("A/plant", b""), of_asset("b/P", b"")]
    both += [part._replace(judge="shadow") for part in both]
    checkpoint(conn, 1, *reversed(both))
    assert parts(conn) == both


def test_a_checkpoint_of_another_format_is_passed_over(conn):
    checkpoint(conn, 10, of_asset("NTH/P-1", b"old"))
    checkpoint(conn, 20, of_asset("NTH/P-1", b"new"), format_=2)
    assert (judge.checkpointed(conn, format_=1), parts(conn)) == (10, [of_asset("NTH/P-1", b"old")])
    assert (judge.checkpointed(conn, format_=2), parts(conn, 2)) == (20, [of_asset("NTH/P-1", b"new")])
    assert judge.checkpointed(conn, format_=3) is None


def test_the_checkpoint_of_other_code_is_kept_for_a_day(conn):
    checkpoint(conn, 10, PLANT)
    checkpoint(conn, 20, PLANT, format_=2)
    assert judge.checkpointed(conn, format_=1) == 10
    conn.execute("UPDATE checkpoints SET written_at = now() - INTERVAL '25 hours' WHERE format = 1")
    checkpoint(conn, 30, format_=2)
    assert judge.checkpointed(conn, format_=1) is None
    assert parts(conn) == []


def test_any_bytes_are_a_state_and_what_repeats_itself_costs_little(conn):
    state = bytes(range(256)) * 1000
    checkpoint(conn, 1, of_asset("NTH/P-1", state))
    assert parts(conn) == [of_asset("NTH/P-1", state)]
    stored = conn.execute("SELECT sum(length(state)) FROM checkpoint_parts").fetchone()[0]
    assert stored < len(state) / 50


def test_a_checkpoint_that_is_written_in_many_pieces_is_read_whole(conn, monkeypatch):
    """A message to PostgreSQL is at most 1 GB."""
    monkeypatch.setattr(judge, "PIECE_BYTES", 10_000)
    many = [of_asset(f"NTH/P-{number:04}", random.Random(number).randbytes(900)) for number in range(200)]
    checkpoint(conn, 1, *many)
    assert parts(conn) == many


def test_a_part_beyond_what_a_value_may_be_is_refused_by_name(conn, monkeypatch):
    monkeypatch.setattr(judge, "PART_MOST_BYTES", 1_000)
    with pytest.raises(PartTooLarge, match="NTH/P-1"):
        checkpoint(conn, 1, of_asset("NTH/P-1", random.Random(1).randbytes(2_000)))
