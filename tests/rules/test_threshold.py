"""A limit that does not flicker: what it says, value by value."""

from dataclasses import replace

import pytest

from rules.threshold import NORMAL, Condition, Threshold, step
from workorder_core.words import FailureMode, OperatingState, Severity

SECOND = 1_000_000

HOT = Threshold(
    id="hot",
    asset_class="pump",
    signal="temp",
    raise_at=90.0,
    clear_at=80.0,
    for_us=0,
    max_gap_us=60 * SECOND,
    states=frozenset({OperatingState.RUNNING}),
    component="bearing",
    failure_mode=FailureMode.OHE,
    severity=Severity.SAFETY,
)
HOT_FOR_20_S = replace(HOT, for_us=20 * SECOND)
LOW = replace(HOT, id="low", raise_at=10.0, clear_at=15.0)
LOW_FOR_20_S = replace(LOW, for_us=20 * SECOND)


def told(rule: Threshold, *values: tuple[int, float]) -> str:
    """What the rule says of each (second, value): ``!`` where it is active, ``.`` where not."""
    condition, said = NORMAL, ""
    for second, value in values:
        condition = step(rule, condition, second * SECOND, value)
        said += "!" if condition.active else "."
    return said


def each_10_s(*values: float) -> list[tuple[int, float]]:
    return [(10 * i, value) for i, value in enumerate(values)]


CASES = {
    "below the limit is normal": (HOT, each_10_s(20, 79, 89.9), "..."),
    "the limit itself counts": (HOT, each_10_s(89.9, 90), ".!"),
    "between the limits it keeps what it said": (HOT, each_10_s(85, 91, 85, 80, 85), ".!!!!"),
    "below the limit for clearing it is over": (HOT, each_10_s(91, 79.9, 85), "!.."),
    "noise about the limit does not flicker": (HOT, each_10_s(90, 89, 90, 89, 90), "!!!!!"),
    "it can come again": (HOT, each_10_s(91, 79, 91), "!.!"),
    "it must last": (HOT_FOR_20_S, each_10_s(91, 91, 91, 91), "..!!"),
    "the duration counts from the first value beyond": (HOT_FOR_20_S, [(0, 91), (19, 91), (20, 91)], "..!"),
    "one good value begins the duration anew": (HOT_FOR_20_S, each_10_s(91, 89, 91, 91, 91), "....!"),
    "once active it holds between the limits": (HOT_FOR_20_S, each_10_s(91, 91, 91, 85, 81), "..!!!"),
    "after clearing it must last again": (HOT_FOR_20_S, each_10_s(91, 91, 91, 79, 91, 91, 91), "..!...!"),
    "a silence as long as is allowed lasts": (HOT_FOR_20_S, [(0, 91), (60, 91)], ".!"),
    "a longer silence breaks the duration": (HOT_FOR_20_S, [(0, 91), (61, 91), (71, 91), (81, 91)], "...!"),
    "a silence does not end what is active": (HOT, [(0, 91), (3600, 85)], "!!"),
    "a lower limit counts from above": (LOW, each_10_s(20, 10.1, 10, 12, 15, 15.1, 12), "..!!!.."),
    "a lower limit must last too": (LOW_FOR_20_S, each_10_s(9, 9, 9, 16), "..!."),
    "values of one moment are judged one after the other": (HOT, [(0, 91), (0, 79), (0, 91)], "!.!"),
}


@pytest.mark.parametrize(("rule", "values", "says"), CASES.values(), ids=CASES.keys())
def test_a_limit(rule, values, says):
    assert told(rule, *values) == says


def test_it_remembers_since_when_the_value_was_beyond():
    condition = NORMAL
    for second, value in each_10_s(85, 91, 91, 91, 85):
        condition = step(HOT_FOR_20_S, condition, second * SECOND, value)
    assert condition == Condition(beyond_since=10 * SECOND, active=True, last=40 * SECOND)


def test_after_a_silence_it_counts_from_the_first_value_after_it():
    condition = step(HOT_FOR_20_S, Condition(0, False, 0), 61 * SECOND, 91.0)
    assert condition.beyond_since == 61 * SECOND


def test_a_limit_that_clears_where_it_is_raised_cannot_be_built():
    with pytest.raises(ValueError, match=r"hot: the limit for clearing must differ from raise_at \(90.0\)"):
        replace(HOT, clear_at=90.0)


@pytest.mark.parametrize(("rule", "upper"), [(HOT, True), (LOW, False)])
def test_the_side_follows_from_the_two_limits(rule, upper):
    assert rule.upper is upper
