"""What a machine is doing, read off one signal: value by value."""

import pytest

from rules.operating_state import StateNow, StateRule, settled, step
from workorder_core.words import OperatingState

MINUTE = 60_000_000
RULE = StateRule(
    asset_class="pump",
    signal="speed",
    running_above=600.0,
    stopped_below=100.0,
    settle_us=30 * MINUTE,
    max_gap_us=15 * MINUTE,
)
LETTERS = {
    OperatingState.RUNNING: "r",
    OperatingState.STOPPED: "s",
    OperatingState.UNKNOWN: "?",
    OperatingState.MAINTENANCE: "m",
}


def after(*values: tuple[int, float | None]) -> tuple[str, StateNow]:
    """The letters of the states after each (minute, value), and the last state."""
    now, letters = StateNow(), ""
    for minute, value in values:
        now = step(RULE, now, minute * MINUTE, value)
        letters += LETTERS[now.state]
    return letters, now


CASES = {
    "nothing is known before the first value": ([(0, None)], "?"),
    "between the limits nothing is known yet": ([(0, 300)], "?"),
    "running from its limit on": ([(0, 600)], "r"),
    "stopped from its limit on": ([(0, 100)], "s"),
    "between the limits nothing changes": ([(0, 700), (1, 300), (2, 100.1), (3, 100), (4, 300), (5, 599)], "rrrsss"),
    "a frame without the signal changes nothing": ([(0, 700), (1, None), (2, 0), (3, None)], "rrss"),
}


@pytest.mark.parametrize(("values", "states"), CASES.values(), ids=CASES.keys())
def test_the_state(values, states):
    assert after(*values)[0] == states


SETTLED = {
    "not before it has run its time": ([(0, 700), (15, 700), (29, 700)], False),
    "after its time": ([(0, 700), (15, 700), (30, 700)], True),
    "frames without the signal count as time": ([(0, 700), (15, None), (30, None)], True),
    "a stop begins it anew": ([(0, 700), (15, 700), (16, 0), (17, 700), (31, 700)], False),
    "a silence begins it anew": ([(0, 700), (15, 700), (31, 700), (46, 700)], False),
    "and it ends": ([(0, 700), (15, 700), (31, 700), (46, 700), (61, 700)], True),
    "a stopped machine never settles": ([(0, 0), (15, 0), (30, 0), (45, 0)], False),
    "nor one of which nothing is known": ([(0, 300), (15, 300), (30, 300)], False),
}


@pytest.mark.parametrize(("values", "so"), SETTLED.values(), ids=SETTLED.keys())
def test_a_machine_is_settled(values, so):
    assert settled(RULE, after(*values)[1]) is so


def test_limits_the_wrong_way_round_cannot_be_built():
    with pytest.raises(ValueError, match=r"operating state of pump: stopped_below \(700\) must be lower than"):
        StateRule(
            asset_class="pump", signal="speed", running_above=600, stopped_below=700, settle_us=0, max_gap_us=MINUTE
        )
