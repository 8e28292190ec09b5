"""Shifts as spans in UTC, compared with a clock that is watched minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder_core.people.working_times import Absence, Contract, Pattern, Shift, weekly, worked
from workorder_core.planning.site_time import SiteTime

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# The clocks change in Berlin (by an hour), on Lord Howe (by half an hour), and never in Kolkata; 2028 has a leap day.
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata")
SINCE = (date(2026, 3, 27), date(2026, 10, 23), date(2026, 4, 3), date(2026, 10, 2), date(2028, 2, 27))
DATES = 4

clock_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


@st.composite
def patterns(draw):
    days = draw(st.integers(1, 5))
    on = draw(st.sets(st.integers(0, days - 1)))
    shifts = tuple(
        Shift(
            day=day,
            starts=draw(clock_times),
            ends=draw(clock_times),
            **draw(st.just({}) | st.builds(dict, break_starts=clock_times, break_minutes=st.sampled_from([15, 45]))),
        )
        for day in sorted(on)
    )
    return Pattern(anchor=draw(st.sampled_from(SINCE)), days=days, shifts=shifts)


@lru_cache
def wall_clock(zone: str, since: date) -> dict[datetime, datetime]:
    """Return what a clock shows at every minute around some dates."""
    begin = datetime.combine(since, time(), UTC) - 2 * DAY
    minutes = [begin + number * MINUTE for number in range((DATES + 5) * 24 * 60)]
    return {at: at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in minutes}


def first_shown(wall: dict[datetime, datetime], after: datetime, shows: datetime) -> datetime | None:
    """Return the first minute not before ``after`` at which the clock shows a local time or has passed it."""
    return next((at for at, local in wall.items() if at >= after and local >= shows), None)


def watched(pattern: Pattern, zone: str, since: date, contract: Contract, absences: list[Absence]) -> set[datetime]:
    """Return every minute of work: walk along a wall clock, minute by minute, and look at what it shows."""
    wall = wall_clock(zone, since)
    minutes = list(wall)
    worked_at: set[datetime] = set()
    for day in (since + number * DAY for number in range(DATES)):
        turn = (day.toordinal() - pattern.anchor.toordinal()) % pattern.days
        for shift in pattern.shifts:
            if shift.day != turn or not contract.holds(day):
                continue
            over_midnight = shift.ends <= shift.starts
            starts = first_shown(wall, minutes[0], datetime.combine(day, shift.starts))
            ends = first_shown(wall, minutes[0], datetime.combine(day + over_midnight * DAY, shift.ends))
            assert starts is not None and ends is not None
            pause = set()
            if shift.break_starts is not None:
                next_day = shift.break_starts < shift.starts
                begins = first_shown(wall, minutes[0], datetime.combine(day + next_day * DAY, shift.break_starts))
                assert begins is not None
                pause = {begins + number * MINUTE for number in range(shift.break_minutes)}
            worked_at |= {
                at
                for at in minutes
                if starts <= at < ends and at not in pause and not any(each.covers(at) for each in absences)
            }
    return worked_at


@given(
    pattern=patterns(),
    zone=st.sampled_from(ZONES),
    since=st.sampled_from(SINCE),
    bounds=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    away=st.lists(st.tuples(st.integers(0, 5 * 24 * 4), st.integers(1, 100)), max_size=3),
)
def test_the_minutes_of_work_are_those_that_a_watched_clock_gives(pattern, zone, since, bounds, away):
    start = datetime.combine(since, time(), UTC) - DAY
    absences = [
        Absence(starts=start + begin * 15 * MINUTE, ends=start + (begin + length) * 15 * MINUTE)
        for begin, length in away
    ]
    contract = Contract(first=since + min(bounds) * DAY, last=since + max(bounds) * DAY)
    found = worked(pattern, SiteTime(zone=zone), since=since, dates=DATES, contract=contract, absences=absences)
    minutes: set[datetime] = set()
    for each in found:
        assert each.starts < each.ends
        assert all(each.starts < begins < over < each.ends or over <= each.ends for begins, over in each.breaks)
        span = {each.starts + number * MINUTE for number in range((each.ends - each.starts) // MINUTE)}
        minutes |= {at for at in span if not any(begins <= at < over for begins, over in each.breaks)}
    assert minutes == watched(pattern, zone, since, contract, absences)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 6, 1), 8)])
def test_a_night_shift_is_shorter_or_longer_when_the_clocks_change(day, hours):
    night = weekly(time(22), time(6), range(1, 8))
    (only,) = worked(night, SiteTime(zone="Europe/Berlin"), since=day, dates=1)
    assert only.ends - only.starts == timedelta(hours=hours)


def test_three_crews_on_one_rotation_are_a_week_apart():
    weeks = ((time(6), time(14)), (time(14), time(22)), (time(22), time(6)))
    shifts = tuple(
        Shift(day=7 * week + day, starts=starts, ends=ends)
        for week, (starts, ends) in enumerate(weeks)
        for day in range(5)
    )
    rotation = Pattern(anchor=date(2026, 1, 5), days=21, shifts=shifts)
    hours = [
        worked(rotation, SiteTime(zone="UTC"), since=date(2026, 1, 26), dates=1, offset=offset)[0].starts.hour
        for offset in (0, 7, 14)
    ]
    assert hours == [6, 22, 14]


def test_an_absence_in_the_middle_is_a_break_and_one_over_all_of_it_leaves_nothing():
    day = weekly(time(7), time(15), [1])
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    doctor = Absence(starts=monday.replace(hour=10), ends=monday.replace(hour=11))
    (left,) = worked(day, SiteTime(zone="UTC"), since=monday.date(), dates=1, absences=[doctor])
    assert left.breaks == ((doctor.starts, doctor.ends),)
    assert not worked(day, SiteTime(zone="UTC"), since=monday.date(), dates=1, absences=[Absence(starts=monday)])


def test_a_pattern_has_one_shift_a_day_on_days_that_it_has():
    early, late = (Shift(day=0, starts=time(hour), ends=time(hour + 8)) for hour in (6, 14))
    for days, shifts in ((1, (early, late)), (1, (Shift(day=1, starts=time(6), ends=time(14)),))):
        with pytest.raises(ValueError, match="pattern"):
            Pattern(anchor=date(2026, 1, 5), days=days, shifts=shifts)
