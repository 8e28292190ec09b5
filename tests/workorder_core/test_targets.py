"""Targets in the working hours of a site in Oslo: holidays, clocks that change, nights, holds, warnings."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workorder_core.test_lifecycle import an_order
from workorder_core.orders import escalation, lifecycle, targets
from workorder_core.orders.details import Hold
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.targets import Target, Targets
from workorder_core.orders.working_time import Calendar, NoWorkingTime, Shift
from workorder_core.words import HoldReason, Priority, Status

OSLO = ZoneInfo("Europe/Oslo")
WEEKDAYS, EVERY_DAY = frozenset({1, 2, 3, 4, 5}), frozenset(range(1, 8))
DAY = Calendar(zone="Europe/Oslo", shifts=(Shift(weekdays=WEEKDAYS, start=time(8), end=time(16)),))
CONSTITUTION = replace(DAY, holidays=frozenset({date(2027, 5, 17)}))
NIGHT = Calendar(zone="Europe/Oslo", shifts=(Shift(weekdays=EVERY_DAY, start=time(22), end=time(6)),))
WEEKEND_NIGHT = Calendar(zone="Europe/Oslo", shifts=(Shift(weekdays=frozenset({6}), start=time(22), end=time(6)),))
BOTH = Calendar(
    zone="Europe/Oslo",
    shifts=(
        Shift(weekdays=WEEKDAYS, start=time(6), end=time(14)),
        Shift(weekdays=WEEKDAYS, start=time(13), end=time(21)),
    ),
)
WHOLE = Calendar(zone="Europe/Oslo", shifts=(Shift(weekdays=EVERY_DAY, start=time(0), end=time(0)),))


def oslo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


AFTER = {
    "within a shift": (DAY, "2026-03-02 09:00", 4, "2026-03-02 13:00"),
    "to the very end of a shift": (DAY, "2026-03-02 09:00", 7, "2026-03-02 16:00"),
    "over the night": (DAY, "2026-03-02 14:00", 4, "2026-03-03 10:00"),
    "over a weekend": (DAY, "2026-03-06 15:00", 2, "2026-03-09 09:00"),
    "from before a shift": (DAY, "2026-03-02 05:00", 1, "2026-03-02 09:00"),
    "over a holiday": (CONSTITUTION, "2027-05-14 15:00", 2, "2027-05-18 09:00"),
    "from within a holiday": (CONSTITUTION, "2027-05-17 10:00", 1, "2027-05-18 09:00"),
    "before midnight of a night shift": (NIGHT, "2026-03-02 21:00", 1, "2026-03-02 23:00"),
    "past midnight": (NIGHT, "2026-03-02 23:00", 4, "2026-03-03 03:00"),
    "from the morning part of a night shift": (NIGHT, "2026-03-03 05:00", 2, "2026-03-03 23:00"),
    "a night whose clocks go forward has an hour less": (WEEKEND_NIGHT, "2026-03-28 22:00", 7, "2026-03-29 06:00"),
    "a night whose clocks go back has an hour more": (WEEKEND_NIGHT, "2026-10-24 22:00", 9, "2026-10-25 06:00"),
    "an hour from before the clocks go forward": (NIGHT, "2026-03-29 01:30", 1, "2026-03-29 03:30"),
    "days of 23 hours": (WHOLE, "2026-03-28 12:00", 24, "2026-03-29 13:00"),
    "days of 25 hours": (WHOLE, "2026-10-24 12:00", 24, "2026-10-25 11:00"),
    "a working day on the other side of the clocks": (DAY, "2026-03-27 15:00", 2, "2026-03-30 09:00"),
    "shifts that overlap count once": (BOTH, "2026-03-02 12:00", 9, "2026-03-02 21:00"),
}


@pytest.mark.parametrize(("calendar", "start", "hours", "end"), AFTER.values(), ids=AFTER)
def test_working_time(calendar, start, hours, end):
    begun, due = oslo(start).astimezone(UTC), oslo(end).astimezone(UTC)
    assert calendar.after(begun, timedelta(hours=hours)) == due
    assert calendar.between(begun, due) == timedelta(hours=hours), "and back again"


def test_the_hour_that_comes_twice_counts_twice():
    first = datetime(2026, 10, 25, 2, 30, tzinfo=OSLO)
    second = first.replace(fold=1)
    assert NIGHT.after(first.astimezone(UTC), timedelta(hours=1)) == second.astimezone(UTC)
    assert NIGHT.between(first.astimezone(UTC), second.astimezone(UTC)) == timedelta(hours=1)


def test_a_night_shift_that_begins_before_a_holiday_is_worked_to_its_end():
    calendar = replace(NIGHT, holidays=frozenset({date(2026, 5, 17)}))
    begun = oslo("2026-05-16 23:00").astimezone(UTC)
    assert calendar.after(begun, timedelta(hours=7)) == oslo("2026-05-17 06:00").astimezone(UTC)
    assert calendar.after(begun, timedelta(hours=8)) == oslo("2026-05-18 23:00").astimezone(UTC)


def test_a_calendar_without_working_hours_is_told():
    with pytest.raises(NoWorkingTime):
        Calendar(shifts=(Shift(weekdays=frozenset(), start=time(8), end=time(16)),)).after(
            oslo("2026-03-02 09:00"), timedelta(hours=1)
        )


BY = Targets(
    by_priority={
        Priority.HIGH: Target(timedelta(hours=4), timedelta(hours=16)),
        Priority.EMERGENCY: Target(timedelta(minutes=15), timedelta(hours=8), working=False),
    },
    calendar=DAY,
)
FRIDAY = oslo("2026-03-06 14:00").astimezone(UTC)


def test_targets_count_in_working_hours_and_are_warned_of_after_three_quarters_of_them():
    found = targets.due(Priority.HIGH, FRIDAY, BY)
    assert found.response == oslo("2026-03-09 10:00")
    assert found.response_warn == oslo("2026-03-09 09:00"), "3 of 4 working hours"
    assert found.completion == oslo("2026-03-10 14:00")
    assert found.completion_warn == oslo("2026-03-10 10:00"), "12 of 16 working hours"


def test_an_emergency_does_not_wait_for_monday():
    assert targets.due(Priority.EMERGENCY, FRIDAY, BY).completion == oslo("2026-03-06 22:00")


HOLDS = {
    "parts stop the clock": (HoldReason.PARTS, "2026-03-11 11:00"),
    "a permit stops the clock": (HoldReason.PERMIT, "2026-03-11 11:00"),
    "access stops the clock": (HoldReason.ACCESS, "2026-03-11 11:00"),
    "another reason does not": (HoldReason.OTHER, "2026-03-10 14:00"),
}


@pytest.mark.parametrize(("waits_for", "completion"), HOLDS.values(), ids=HOLDS)
def test_a_hold_moves_the_completion_by_the_working_time_that_it_took(waits_for, completion):
    begun, held, resumed = FRIDAY, oslo("2026-03-09 09:00"), oslo("2026-03-09 14:00")
    order = replace(targets.reset(an_order(Status.IN_PROGRESS), begun, BY), status_since=begun)
    order = lifecycle.apply_step(order, Step.HOLD, Hold("waits", waits_for), at=held.astimezone(UTC))
    late = oslo("2026-03-20 12:00")
    stops = waits_for is not HoldReason.OTHER
    assert (escalation.warning(order, now=late) is None) is stops, "nothing comes near while the clock stands"
    assert (escalation.needed(order, now=late) is None) is stops
    order = lifecycle.apply_step(order, Step.RESUME, at=resumed.astimezone(UTC), by=BY)
    assert order.completion_due == oslo(completion)


def test_a_hold_over_the_night_moves_the_completion_by_working_time_alone():
    order = replace(targets.reset(an_order(Status.IN_PROGRESS), FRIDAY, BY), status_since=FRIDAY)
    held, resumed = oslo("2026-03-09 15:00").astimezone(UTC), oslo("2026-03-10 09:00").astimezone(UTC)
    order = lifecycle.apply_step(order, Step.HOLD, Hold("waits", HoldReason.PARTS), at=held)
    assert lifecycle.apply_step(order, Step.RESUME, at=resumed, by=BY).completion_due == oslo("2026-03-10 16:00"), (
        "2 hours later"
    )


TOLD = {
    "nothing in the night before": ("2026-03-09 07:59", None, None),
    "nothing just before three quarters": ("2026-03-09 08:59", None, None),
    "the warning at three quarters": ("2026-03-09 09:00", 1, None),
    "the escalation at the end": ("2026-03-09 10:00", 1, 1),
    "the completion's warning": ("2026-03-10 10:00", 2, 1),
    "the completion's escalation": ("2026-03-10 14:00", 2, 2),
}


@pytest.mark.parametrize(("now", "warned", "escalated"), TOLD.values(), ids=TOLD)
def test_a_warning_comes_before_and_an_escalation_after(now, warned, escalated):
    order = targets.reset(an_order(), FRIDAY, BY)
    warning, needed = (tell(order, now=oslo(now)) for tell in (escalation.warning, escalation.needed))
    assert (warning and warning.level, needed and needed.level) == (warned, escalated)


def test_a_warning_is_given_once():
    now = oslo("2026-03-09 09:00")
    order = targets.reset(an_order(), FRIDAY, BY)
    warning = escalation.warning(order, now=now)
    assert warning is not None
    assert "near" in warning.reason
    assert escalation.warning(escalation.warn(order, warning), now=now) is None


FOUR_HOURS = Calendar(zone="Europe/Oslo", shifts=(Shift(weekdays=frozenset({3}), start=time(8), end=time(12)),))


def test_a_target_that_cannot_be_computed_leaves_the_order_without_and_says_why():
    few = Targets(calendar=FOUR_HOURS)
    low = targets.reset(replace(an_order(), priority=Priority.LOW), FRIDAY, few)
    assert low.response_due is not None
    assert (low.completion_due, low.completion_warn_at) == (None, None)
    assert targets.missing(low) == "no_working_time"
    assert targets.missing(targets.reset(low, FRIDAY, Targets(calendar=DAY))) is None
    assert escalation.needed(low, now=FRIDAY) is None
    sooner = targets.brought_forward(low, FRIDAY, Targets(calendar=DAY))
    assert sooner.completion_due is not None


def test_a_draft_and_work_that_is_done_miss_no_target():
    for status in (Status.DRAFT, Status.AWAITING_APPROVAL, Status.COMPLETED, Status.CLOSED):
        assert targets.missing(replace(an_order(), status=status, response_due=None, completion_due=None)) is None


@pytest.mark.parametrize(
    "calendar",
    [
        FOUR_HOURS,
        replace(DAY, zone="Nowhere/Atlantis"),
        Calendar(shifts=(Shift(weekdays=frozenset(), start=time(8), end=time(9)),)),
    ],
    ids=["few hours", "a zone that nobody knows", "no hours"],
)
def test_what_is_set_is_checked_by_the_targets_that_it_makes(calendar):
    with pytest.raises(NoWorkingTime, match="target of low work" if calendar is FOUR_HOURS else "target of"):
        targets.check(Targets(calendar=calendar), FRIDAY)
    targets.check(Targets(calendar=DAY), FRIDAY)


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "../etc", "Europe", ""])
def test_an_order_that_waited_goes_on_without_targets_where_no_zone_has_that_name(zone):
    order = targets.reset(an_order(), FRIDAY, Targets(calendar=DAY))
    broken = Targets(calendar=replace(DAY, zone=zone))
    moved = targets.moved_on(order, FRIDAY, FRIDAY + timedelta(hours=1), broken)
    assert moved.completion_due is None


SHIFTS = st.lists(
    st.builds(
        Shift,
        weekdays=st.frozensets(st.integers(1, 7), min_size=1),
        start=st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0)),
        end=st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0)),
    ),
    min_size=1,
    max_size=4,
)


@given(SHIFTS, st.integers(0, 5_000), st.integers(0, 4_000), st.sampled_from(["2026-03-27 00:00", "2026-10-23 00:00"]))
def test_working_time_is_every_minute_that_lies_in_some_shift_counted_once(shifts, ahead, minutes, around):
    """Whatever overlaps, whatever passes midnight, and when the clocks change."""
    start = oslo(around).astimezone(UTC) + timedelta(minutes=ahead)
    end = start + timedelta(minutes=minutes)
    calendar = Calendar(zone="Europe/Oslo", shifts=tuple(shifts))
    worked = set[datetime]()
    for days in range(-1, 9):
        day = (oslo(around) + timedelta(days=days)).date()
        for shift in shifts:
            if day.isoweekday() in shift.weekdays:
                last = day if shift.start < shift.end else day + timedelta(days=1)
                at = datetime.combine(day, shift.start, OSLO).astimezone(UTC)
                closes = datetime.combine(last, shift.end, OSLO).astimezone(UTC)
                while at < closes:
                    if start <= at < end:
                        worked.add(at)
                    at += timedelta(minutes=1)
    assert calendar.between(start, end) == timedelta(minutes=len(worked))
