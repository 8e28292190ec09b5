"""A counter only rises; where it shows less, it has wrapped, or begun anew, or nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.counter import Counter

MINUTE = 60_000_000
W = 65_536


def counted(*readings: float, wraps_at: float | None = None) -> list[float]:
    """What it has counted at each of its readings, a minute apart, since the first."""
    counter = Counter(wraps_at)
    totals = [counter.total(minute * MINUTE, raw) for minute, raw in enumerate(readings)]
    return [total - totals[0] for total in totals]


CASES = {
    "it rises": ((5, 7, 7, 10), None, [0, 2, 2, 5]),
    "it wraps": ((65_500, 65_520, 4, 24), W, [0, 20, 40, 60]),
    "it wraps at the very edge": ((65_516, 65_526, 0, 10), W, [0, 10, 20, 30]),
    "it wraps after a rest": ((65_500, 65_520, 65_520, 65_530, 4), W, [0, 20, 20, 30, 40]),
    "less is no wrap where none is declared": ((65_500, 65_520, 4, 24), None, [0, 20, 24, 44]),
    "it begins anew far from its wrap": ((30_000, 30_020, 3, 23), W, [0, 20, 23, 43]),
    "a wrap that would be too fast is a new beginning": ((50_000, 50_020, 5, 25), W, [0, 20, 25, 45]),
    "nobody knows what an exchanged one had counted": ((500, 520, 300, 320), None, [0, 20, 20, 40]),
    "a wrap is believed while no rise is known": ((65_530, 4, 14), W, [0, 10, 20]),
    "nothing is known of a new beginning while no rise is": ((900, 40, 60), None, [0, 0, 20]),
    "it cannot show what lies beyond its wrap": ((70_000, 70_010, 5), W, [0, 10, 15]),
    "a nought among its readings is none": ((500, 510, 520, 0, 540, 550), None, [0, 10, 20, 20, 40, 50]),
    "so are a few": ((500, 510, 520, 0, 0, 0, 560, 570), None, [0, 10, 20, 20, 20, 20, 60, 70]),
    "and a number far too high": ((101, 102, 103, 4_294_967_295, 105, 106), None, [0, 1, 2, 2, 4, 5]),
    "or several": ((101, 102, 103, 4_294_967_295, 4_294_967_295, 106), None, [0, 1, 2, 2, 2, 5]),
    "one that shows neither goes on from each": ((101, 102, 103, 9_999, 0, 106, 107), None, [0, 1, 2, 2, 2, 5, 6]),
    "a rise that goes on was one": ((10, 11, 12, 112, 212, 312), None, [0, 1, 2, 2, 202, 302]),
    "what stays away for good began anew": (
        (500, 510, 520, *range(8)),
        None,
        [0, 10, 20, 20, 21, 22, 23, 24, 25, 26, 27],
    ),
    "a device that was begun anew may pass where it was": ((30, 40, 50, 5, 35, 60), None, [0, 10, 20, 25, 55, 80]),
    "below nothing nothing is counted": ((5, 10, -3, 2), None, [0, 5, 5, 10]),
}


@pytest.mark.parametrize(("readings", "wraps_at", "expected"), CASES.values(), ids=CASES)
def test_a_counter(readings, wraps_at, expected):
    assert counted(*readings, wraps_at=wraps_at) == expected


def test_a_leap_never_becomes_the_pace():
    counter = Counter(None)
    for minute, raw in enumerate((101, 102, 103, 4_294_967_295, 104, 105, 106)):
        counter.total(minute * MINUTE, raw)
    assert counter.pace * MINUTE == pytest.approx(1.0, rel=0.01)
    assert counter.total(7 * MINUTE, 0) == counter.total(8 * MINUTE, 0)


def test_an_older_reading_tells_nothing_new():
    counter = Counter(None)
    assert [counter.total(at * MINUTE, raw) for at, raw in ((1, 10.0), (3, 30.0), (2, 20.0), (4, 40.0))] == [
        10,
        30,
        20,
        40,
    ]


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 5)), min_size=2, max_size=60),
    st.sampled_from([1_000, 65_536]),
)
def test_what_rises_steadily_is_counted_to_the_last_however_often_it_wraps(steps, wraps_at):
    """As long as it is read at least twice a turn, and no step is four times as fast as all before it."""
    counter, true, at = Counter(wraps_at), 0, 0
    rise = 100
    first = counter.total(0, 0.0)
    counter.total(MINUTE, float(rise))
    true, at = rise, MINUTE
    for step, minutes in steps:
        true, at = true + min(step, 3 * rise * minutes, wraps_at // 2), at + minutes * MINUTE
        assert counter.total(at, float(true % wraps_at)) - first == pytest.approx(true)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-10, 70_000)), max_size=40), st.sampled_from([None, W]))
def test_it_never_falls_and_goes_on_from_its_dump(readings, wraps_at):
    whole, cut, at, before = Counter(wraps_at), Counter(wraps_at), 0, None
    for minutes, raw in readings:
        at += minutes * MINUTE
        total = whole.total(at, raw)
        assert cut.total(at, raw) == total
        cut = Counter(*cut.dump())
        if minutes and before is not None and raw >= 0:
            assert total >= before - 1e-6
        if minutes or before is None:
            before = total
    assert whole.dump() == cut.dump()
