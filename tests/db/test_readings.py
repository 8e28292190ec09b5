"""Readings are stored once, exactly, and read back in the order in which they were judged."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.telemetry import readings
from db.telemetry.catalogue import Admission, Catalogue
from judge.columns import Columns
from judge.inputs import JudgedFrame
from tests.parts import databases

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
MINUTE = 60_000_000
DAY = 86_400_000_000


@pytest.fixture(scope="module", params=["postgres", "timescale"])
def shared(request):
    server, template = ("timescale_server", "_timescale_template")
    if request.param == "postgres":
        server, template = ("embedded_server", "_template")
    url, name = request.getfixturevalue(server), request.getfixturevalue(template)
    with databases.fresh(url, name) as fresh, psycopg.connect(fresh) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def signals(conn, asset="P-101", names=("temp", "flow")):
    """Make an asset known and return the ids of its signals by name."""
    known = Catalogue.load(conn, Admission()).find(conn, "NTH", asset, names)
    assert known is not None
    return known.signals


def columns(*rows):
    """Columns of (signal id, event time in µs after START, arrival, value, late)."""
    signal, after, arrival, value, late = zip(*rows, strict=True)
    at = [START_US + each for each in after]
    return Columns(signal, at, [each + 7 for each in at], arrival, value, late)


EXACT = {
    "an ordinary value": (0, 71.3),
    "a microsecond": (1, 0.1),
    "a negative value": (2, -273.15),
    "the smallest": (3, 5e-324),
    "the largest": (4, 1.7976931348623157e308),
    "a third": (5, 1 / 3),
    "before the year 2000": (-30 * 366 * DAY + 1, 1.0),
    "before 1970": (-60 * 366 * DAY + 1, 2.0),
}


def test_a_reading_is_stored_to_the_microsecond_and_the_last_bit(conn):
    temp = signals(conn)["temp"]
    readings.insert_new(
        conn, columns(*[(temp, after, i + 1, value, False) for i, (after, value) in enumerate(EXACT.values())])
    )
    expected = {(temp, START_US + after): value for after, value in EXACT.values()}
    assert readings.stored(conn, list(expected)) == expected


def test_every_column_is_stored_where_it_belongs(conn):
    temp = signals(conn)["temp"]
    readings.insert_new(conn, columns((temp, 5, 42, 71.3, True)))
    at = START + timedelta(microseconds=5)
    row = conn.execute(
        "SELECT signal_id, observed_at, received_at, arrival, value, quality, late FROM readings"
    ).fetchone()
    assert row == (temp, at, at + timedelta(microseconds=7), 42, 71.3, 0, True)


def test_only_what_was_asked_for_and_is_there_is_found(conn):
    ids = signals(conn)
    readings.insert_new(conn, columns((ids["temp"], 0, 1, 1.0, False), (ids["temp"], 1, 2, 2.0, False)))
    asked = [(ids["temp"], START_US), (ids["flow"], START_US), (ids["temp"], START_US + 2)]
    assert readings.stored(conn, asked) == {(ids["temp"], START_US): 1.0}
    assert readings.stored(conn, []) == {}


def test_a_reading_cannot_be_stored_twice(conn):
    temp = signals(conn)["temp"]
    readings.insert_new(conn, columns((temp, 0, 1, 1.0, False)))
    with pytest.raises(psycopg.errors.UniqueViolation):
        readings.insert_new(conn, columns((temp, 0, 2, 1.0, False)))


def test_a_batch_without_readings_changes_nothing(conn):
    readings.insert_new(conn, Columns([], [], [], [], [], []))
    assert readings.count(conn) == (0, 0)


def test_frames_come_back_whole_and_in_the_order_of_their_arrival(conn):
    one, two = signals(conn, "P-101"), signals(conn, "P-102")
    readings.insert_new(
        conn,
        columns(
            (two["temp"], 9 * MINUTE, 3, 3.0, False),
            (one["temp"], 5 * MINUTE, 4, 4.0, False),
            (one["temp"], 0, 1, 1.0, False),
            (one["flow"], 0, 1, 1.5, False),
        ),
    )
    assert list(readings.judged_after(conn, 0, 4)) == [
        JudgedFrame(1, "NTH/P-101", START_US, {"temp": 1.0, "flow": 1.5}),
        JudgedFrame(3, "NTH/P-102", START_US + 9 * MINUTE, {"temp": 3.0}),
        JudgedFrame(4, "NTH/P-101", START_US + 5 * MINUTE, {"temp": 4.0}),
    ]


def test_only_the_asked_part_of_the_sequence_comes_back(conn):
    temp = signals(conn)["temp"]
    readings.insert_new(conn, columns(*[(temp, i, i, float(i), False) for i in range(1, 8)]))
    assert [frame.arrival for frame in readings.judged_after(conn, 2, 5)] == [3, 4, 5]
    assert list(readings.judged_after(conn, 7, 100)) == []


def test_what_came_late_is_stored_and_counted_but_was_never_judged(conn):
    temp = signals(conn)["temp"]
    readings.insert_new(conn, columns((temp, 0, 1, 1.0, True), (temp, 1, 2, 2.0, False)))
    assert [frame.arrival for frame in readings.judged_after(conn, 0, 2)] == [2]
    assert readings.count(conn) == (2, 1)


def test_the_newest_of_each_asset(conn):
    one = signals(conn, "P-101")
    signals(conn, "P-102")
    readings.insert_new(
        conn,
        columns((one["temp"], 0, 1, 1.0, False), (one["flow"], MINUTE, 2, 2.0, False), (one["temp"], 1, 3, 2.0, True)),
    )
    assert readings.newest_of_site(conn, "NTH") == {"P-101": START + timedelta(minutes=1), "P-102": None}
    assert readings.newest_of_site(conn, "STH") == {}


def test_on_timescaledb_days_are_chunks_of_a_hypertable(timescale_database):
    with psycopg.connect(timescale_database) as conn:
        temp = signals(conn)["temp"]
        readings.insert_new(conn, columns(*[(temp, day * DAY, day + 1, 1.0, False) for day in range(5)]))
        (chunks,) = conn.execute("SELECT count(*) FROM show_chunks('readings')").fetchone() or (0,)
        assert chunks == 5
        assert [frame.arrival for frame in readings.judged_after(conn, 0, 5)] == [1, 2, 3, 4, 5]
