"""What happens to machines and their instruments, and the findings that are to be expected of the judge."""

import math
from collections.abc import Callable, Iterator

import pytest

from judge.inputs import Event, JudgedFrame
from judge.judge import Judge, Verdict
from tests.models.laws import SECOND, stream
from workorder_core.intake.decisions import Ignore, Open
from workorder_core.words import FailureMode

PUMP, MINUTE = "OSL/pump", 60 * SECOND
DAY = 1440
BOOK = {
    "pack": [
        {"use": "instruments", "asset_class": "pump", "except": ["door"]},
        {"use": "failure-patterns-pump", "asset_class": "pump"},
    ]
}
Change = Callable[[int, dict[str, float]], int]
"""Changes the values of a frame in place, and returns by how many minutes its time is moved on."""


def frames(count: int, change: Change) -> Iterator[tuple[int, dict[str, float]]]:
    for k, (_, values) in enumerate(stream(count)):
        moved = change(k, values)
        yield (k + moved) * MINUTE, values


def begun() -> Judge:
    judge = Judge()
    judge.decide(
        [
            Event.of(1, "rulebook", None, BOOK),
            Event.of(2, "models", None, {"pump": {"regime": ["speed"], "lead_time_days": 0}}),
            Event.of(3, "asset", PUMP, {"class": "pump", "criticality": 3}),
        ]
    )
    return judge


def judged(change: Change, count: int = 5000, *, restart_every: int = 0) -> tuple[list[Verdict], Judge]:
    judge, verdicts = begun(), list[Verdict]()
    for k, (at_us, values) in enumerate(frames(count, change)):
        verdicts += judge.consider([JudgedFrame(k + 4, PUMP, at_us, values)])
        if restart_every and k % restart_every == 0:
            judge = Judge.restore(judge.dump(), judge.arrival)
    return verdicts, judge


def orders(verdicts: list[Verdict]) -> list[tuple[str, str]]:
    """Source and failure mode of what was opened."""
    found = (each.decision for each in verdicts)
    return [(each.finding.source, each.finding.failure_mode.value) for each in found if isinstance(each, Open)]


def missing(k: int, values: dict[str, float]) -> int:
    if 2000 <= k < 3000:
        del values["vibration"]
    return 0


def stuck(k: int, values: dict[str, float]) -> int:
    if k >= 2000:
        values["flow"] = 151.0
    return 0


def swapped(k: int, values: dict[str, float]) -> int:
    if k >= 2000:
        values["bearing_temp"], values["vibration"] = values["vibration"], values["bearing_temp"]
    return 0


def a_day_without(k: int, values: dict[str, float]) -> int:
    return DAY if k >= 2000 else 0


def broken_while_away(k: int, values: dict[str, float]) -> int:
    if k >= 2000:
        values["bearing_temp"] += 2.0
        return DAY
    return 0


def swapped_over_a_gap(k: int, values: dict[str, float]) -> int:
    swapped(k, values)
    return DAY if k >= 2000 else 0


def another_duty(k: int, values: dict[str, float]) -> int:
    if k >= 2000:
        for signal, by in (("speed", -300.0), ("flow", -30.0), ("bearing_temp", -6.0)):
            values[signal] += by
    return 0


def days_and_seasons(k: int, values: dict[str, float]) -> int:
    values["bearing_temp"] += 2.0 * math.sin(2 * math.pi * k / DAY) + 0.2 * k / DAY
    return 0


def bearing(k: int, values: dict[str, float]) -> int:
    if k >= 2000:
        values["bearing_temp"] += 2.0
    return 0


EXPECTED: dict[str, tuple[Change, list[tuple[str, str]]]] = {
    "a missing signal is a fault of its instrument and none of the machine": (
        missing, [("rule:instruments-stale", "AIR")],
    ),
    "a stuck signal is a fault of its instrument and none of the machine": (
        stuck, [("rule:instruments-stuck:flow", "AIR")],
    ),
    "a gap of a day is nothing": (a_day_without, []),
    "a fault that is there after a gap of a day is told": (broken_while_away, [("model:level-shift", "OHE")]),
    "another duty is nothing": (another_duty, []),
    "a hot bearing is one order that says what it is likely to be": (bearing, [("model:level-shift", "OHE")]),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_what_happens_leads_to_what_is_expected(name):
    change, expected = EXPECTED[name]
    assert orders(judged(change)[0]) == expected


def test_days_and_a_slow_season_are_nothing():
    assert orders(judged(days_and_seasons, 8 * DAY)[0]) == []


@pytest.mark.parametrize("change", [swapped, swapped_over_a_gap])
def test_two_signals_that_were_swapped_lead_one_order(change):
    verdicts, judge = judged(change)
    assert len(orders(verdicts)) == 1
    found = (each.decision.finding for each in verdicts)
    told = [each for each in found if each.source == "model:level-shift" and not each.cleared]
    assert {sign.signal for sign in told[-1].signs[:2]} == {"bearing_temp", "vibration"}
    assert len([entry for entry in judge.book.all() if entry.unfinished]) == 1


@pytest.mark.parametrize("change", [bearing, swapped, missing, stuck, broken_while_away, another_duty])
def test_a_restart_in_mid_fault_changes_nothing(change):
    whole, one = judged(change, 2600)
    again, other = judged(change, 2600, restart_every=7)
    assert again == whole
    assert other.dump() == one.dump()


def test_after_a_closed_order_the_machine_is_learned_again():
    """The new bearing runs two degrees warmer: it is the new normal, and what is off from that is told again."""
    verdicts, judge = judged(bearing, 2600)
    (opened,) = [each.decision for each in verdicts if isinstance(each.decision, Open)]
    moved = {"order_id": str(opened.order_id), "close_finding": "confirmed"}
    judge.decide([Event.of(5000, "order_moved", PUMP, moved | {"status": each}) for each in ("completed", "closed")])
    monitor = judge.assets[PUMP].monitor
    assert monitor is not None
    assert not monitor.ready()
    assert monitor.calibration.alarms == 0.0

    def later(k: int, values: dict[str, float]) -> int:
        values["bearing_temp"] += 2.0 if k < 2000 else 4.0
        return 2600 + DAY

    told: list[Verdict] = []
    for k, (at_us, values) in enumerate(frames(2600, later)):
        told += judge.consider([JudgedFrame(6000 + k, PUMP, at_us, values)])
    active = [each.decision for each in told if not isinstance(each.decision, Ignore)]
    assert active, "what goes wrong with the new bearing is told"
    assert min(each.finding.at for each in active).timestamp() >= (2600 + DAY + 2000) * 60
    assert isinstance(active[0], Open)
    assert active[0].finding.failure_mode is FailureMode.OHE
