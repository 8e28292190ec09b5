"""Dates of maintenance plans: the definitions of docs/planned-work.md, one by one, and laws that hold of every plan."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workorder_core.planning import meters, recurrence
from workorder_core.planning.deciding import Becomes, decide, preview
from workorder_core.planning.due import Cause, Facts, Series, complete
from workorder_core.planning.forecast import Effort, Entry, days_due, forecast
from workorder_core.planning.meters import MeterNow, Sample
from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByCondition,
    ByMeter,
    InvalidPlan,
    MaintenancePlan,
    ObjectKind,
    OnFreeDay,
    Package,
    Season,
    WhenOpen,
)
from workorder_core.planning.site_time import SiteTime

DAY = timedelta(days=1)
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
BERLIN = SiteTime(zone="Europe/Berlin", weekdays=frozenset(range(1, 6)), country="DE")


def a_plan(rule: str | None = "FREQ=MONTHLY", starts: datetime = datetime(2024, 1, 31, 8), **facts) -> MaintenancePlan:
    calendar_facts = {name: facts.pop(name) for name in ("on_free_day", "season") if name in facts}
    calendar = None if rule is None else ByCalendar(rule=rule, starts=starts, **calendar_facts)
    return MaintenancePlan(
        code="P", site="S", title="A plan", object=ObjectKind.ASSET, objects=("A",), calendar=calendar, **facts
    )


def shown(plan: MaintenancePlan, count: int, site: SiteTime = BERLIN, begun: datetime = BEGUN) -> list[str]:
    found = preview(plan, Series(begun_at=begun), site, until=datetime(2100, 1, 1, tzinfo=UTC), most=count)
    return [f"{site.local(due.at):%Y-%m-%d %H:%M}" for due in found]


def test_a_day_that_a_month_does_not_have_is_its_last_day():
    assert shown(a_plan(), 4) == ["2024-01-31 08:00", "2024-02-29 08:00", "2024-03-31 08:00", "2024-04-30 08:00"]


def test_29_february_is_the_28th_in_other_years():
    plan = a_plan("FREQ=YEARLY", datetime(2024, 2, 29, 8))
    assert shown(plan, 5) == [f"{year}-02-{29 if year % 4 == 0 else 28} 08:00" for year in range(2024, 2029)]


def test_a_time_that_summer_time_skips_is_the_first_that_exists_after_it_and_one_that_occurs_twice_the_first():
    plan = a_plan("FREQ=DAILY", datetime(2024, 3, 30, 2, 30))
    found = list(islice(preview(plan, Series(begun_at=BEGUN), BERLIN, until=datetime(2025, 1, 1, tzinfo=UTC)), 400))
    by_day = {BERLIN.local(due.at).date(): due for due in found}
    assert by_day[date(2024, 3, 31)].at == datetime(2024, 3, 31, 1, 0, tzinfo=UTC)  # 03:00, summer time
    assert "02:30 does not exist that day (summer time begins), so it is 03:00" in by_day[date(2024, 3, 31)].why
    assert by_day[date(2024, 10, 27)].at == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)  # the first 02:30


@pytest.mark.parametrize(
    ("on_free_day", "expected"),
    [
        (OnFreeDay.KEEP, "2024-05-01 08:00"),
        (OnFreeDay.NEXT, "2024-05-02 08:00"),
        (OnFreeDay.PREVIOUS, "2024-04-30 08:00"),
        (OnFreeDay.SKIP, "2024-06-03 08:00"),
    ],
)
def test_a_holiday_keeps_skips_or_moves_the_date(on_free_day: OnFreeDay, expected: str):
    plan = a_plan("FREQ=DAILY;INTERVAL=33", datetime(2024, 5, 1, 8), on_free_day=on_free_day)
    assert shown(plan, 1) == [expected]


def test_the_sentence_says_the_rule_and_each_thing_that_moved_the_date():
    plan = a_plan("FREQ=MONTHLY;BYMONTHDAY=31", datetime(2024, 1, 31, 8), on_free_day=OnFreeDay.NEXT)
    third = list(preview(plan, Series(begun_at=BEGUN), BERLIN, until=datetime(2024, 7, 2, tzinfo=UTC)))[-1]
    assert third.why == (
        "Every month on day 31: Sun 30 Jun 2024; June 2024 has no 31st, so it is its last day; "
        "Sun 30 Jun 2024 is no working day (Sunday has no shift), so it is the next one: Mon 1 Jul 2024."
    )


def test_a_season_that_passes_the_new_year_leaves_the_rest_out():
    plan = a_plan("FREQ=MONTHLY", datetime(2024, 1, 15, 8), season=Season((11, 1), (2, 28)))
    assert [day[:7] for day in shown(plan, 5)] == ["2024-01", "2024-02", "2024-11", "2024-12", "2025-01"]


def test_until_ends_a_plan():
    assert len(shown(a_plan("FREQ=MONTHLY;UNTIL=20240430"), 99)) == 4


@pytest.mark.parametrize(
    "text", ["FREQ=HOURLY", "FREQ=DAILY;COUNT=3", "MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYDAY=XX", ""]
)
def test_a_rule_that_cannot_be_used_says_why(text: str):
    with pytest.raises(recurrence.InvalidRule, match="cannot be used"):
        recurrence.parse(text)


WRONG: dict = {
    "nothing to fall due by": ({"rule": None}, "calendar"),
    "packages that do not nest": ({"packages": (Package(name="a", every=2), Package(name="b", every=3))}, "packages"),
    "a factor above one": ({"shift_factor": Decimal("1.5")}, "shift_factor"),
    "a meter that is always due": ({"meter": ByMeter(signal="h", every=0)}, "meter"),
    "a condition that says nothing": ({"condition": ByCondition()}, "condition"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_plan_that_contradicts_itself_names_the_field(case: str):
    facts, field = WRONG[case]
    with pytest.raises(InvalidPlan) as refused:
        a_plan(**facts)
    assert refused.value.field == field


def done(plan: MaintenancePlan, late: int) -> tuple[int, str]:
    """Complete the first occurrence so many days late; return by how much the next is moved, and what is said."""
    first = next(decide(plan, Series(begun_at=BEGUN), Facts(), BERLIN, now=BEGUN + 60 * DAY, open_order=None))
    result = complete(
        plan, first.series, number=1, due_at=first.due.at, completed_at=first.due.at + late * DAY, site=BERLIN
    )
    return result.series.shift_days, result.note


@pytest.mark.parametrize(
    ("factor", "late", "moved"), [("0", 9, 0), ("1", 9, 9), ("0.5", 9, 4), ("0.5", -9, -4), ("1", 3, 0), ("1", -2, 0)]
)
def test_the_shift_factor_moves_what_comes_next_beyond_the_tolerances_only(factor: str, late: int, moved: int):
    assert done(a_plan(shift_factor=Decimal(factor), late_days=3, early_days=2), late)[0] == moved


def test_a_completion_beyond_the_tolerance_is_shown_to_the_planner():
    plan = a_plan(shift_factor=Decimal(1), late_days=3, early_days=2)
    assert (
        done(plan, 9)[1] == "Completed 9 days late, beyond the tolerance of 3 days: what comes next moves by +9 days."
    )
    assert done(plan, 3)[1] == ""


def test_the_completion_of_an_earlier_occurrence_moves_nothing():
    plan = a_plan(shift_factor=Decimal(1))
    series = Series(begun_at=BEGUN, number=2, last_due=BEGUN + 60 * DAY)
    result = complete(plan, series, number=1, due_at=BEGUN, completed_at=BEGUN + 90 * DAY, site=BERLIN)
    assert result.series == series
    assert "had been made already" in result.note


def test_whichever_comes_first_makes_one_order_and_begins_all_intervals_anew():
    plan = a_plan("FREQ=MONTHLY;INTERVAL=3", datetime(2024, 1, 1, 8), meter=ByMeter(signal="h", every=500, unit="h"))
    busy = Facts(meter=MeterNow(used=480.0, per_day=20.0, at=datetime(2024, 1, 10, 6, tzinfo=UTC)))
    series = Series(begun_at=datetime(2024, 1, 2, tzinfo=UTC))
    found = list(preview(plan, series, BERLIN, until=datetime(2024, 4, 30, tzinfo=UTC), facts=busy))
    assert [due.cause for due in found] == [Cause.METER] * len(found)
    assert [(BERLIN.local(later.at) - BERLIN.local(due.at)).days for due, later in pairwise(found)] == [25] * (
        len(found) - 1
    )
    idle = Facts(meter=MeterNow(used=10.0, per_day=1.0, at=datetime(2024, 1, 10, 6, tzinfo=UTC)))
    found = list(preview(plan, series, BERLIN, until=datetime(2024, 12, 31, tzinfo=UTC), facts=idle))
    assert [due.cause for due in found] == [Cause.CALENDAR] * 3


def test_a_condition_makes_one_order_until_it_comes_anew():
    plan = a_plan(None, condition=ByCondition(health_below=70), when_open=WhenOpen.STACK)
    series, since = Series(begun_at=BEGUN), BEGUN + 3 * DAY
    facts = Facts(condition_since=since, condition="Health fell to 64 %")
    made = list(decide(plan, series, facts, BERLIN, now=BEGUN + 4 * DAY, open_order=None))
    assert [(each.due.at, each.why) for each in made] == [(since, "Health fell to 64 %.")]
    series = made[0].series
    assert not list(decide(plan, series, facts, BERLIN, now=BEGUN + 9 * DAY, open_order=None))
    again = replace(facts, condition_since=BEGUN + 20 * DAY)
    assert len(list(decide(plan, series, again, BERLIN, now=BEGUN + 21 * DAY, open_order=None))) == 1


OPEN = {WhenOpen.SKIP: Becomes.SKIPPED, WhenOpen.MERGE: Becomes.MERGED, WhenOpen.STACK: Becomes.GENERATED}


@pytest.mark.parametrize("when_open", WhenOpen)
def test_the_plan_chooses_what_becomes_of_an_occurrence_whose_predecessor_is_open(when_open: WhenOpen):
    plan = a_plan("FREQ=DAILY", datetime(2024, 1, 1, 8), when_open=when_open, after_outage=AfterOutage.CATCH_UP)
    series = Series(begun_at=BEGUN + DAY, number=1, last_due=BEGUN + DAY)
    [found] = decide(replace(plan, lead_days=0), series, Facts(), BERLIN, now=BEGUN + 2 * DAY, open_order="S-17")
    assert found.becomes is OPEN[when_open]
    assert "S-17" in found.why


@pytest.mark.parametrize(
    ("after_outage", "orders", "missed"), [(AfterOutage.SKIP, 1, 9), (AfterOutage.CATCH_UP, 10, 0)]
)
def test_after_an_outage_what_was_missed_is_caught_up_or_left_and_said(
    after_outage: AfterOutage, orders: int, missed: int
):
    plan = a_plan(
        "FREQ=DAILY", datetime(2024, 1, 1, 8), when_open=WhenOpen.STACK, after_outage=after_outage, lead_days=0
    )
    now = BEGUN + 10 * DAY
    found = list(decide(plan, Series(begun_at=BEGUN), Facts(), BERLIN, now=now, open_order=None))
    assert sum(each.becomes is Becomes.GENERATED for each in found) == orders
    assert sum(each.becomes is Becomes.MISSED for each in found) == missed
    assert [each.due.number for each in found] == list(range(1, 11))
    assert ("late" if after_outage is AfterOutage.CATCH_UP else "Nothing was made for it in time") in found[0].why


# Meters.
AT = BEGUN


def samples(*counts: float, exchanged: int | None = None) -> list[Sample]:
    return [Sample(AT + day * DAY, count, exchanged=day == exchanged) for day, count in enumerate(counts)]


METERS = {
    "counts on": (samples(100, 150, 210), None, 110.0),
    "rolls over": (samples(9990, 9998, 3), 10_000, 13.0),
    "begins anew where nothing says that it wraps": (samples(500, 520, 8), None, 28.0),
    "is exchanged: the new one's first count is no use": (samples(500, 520, 7000, 7010, exchanged=2), None, 30.0),
}


@pytest.mark.parametrize("case", METERS)
def test_a_meter(case: str):
    given_samples, wraps_at, expected = METERS[case]
    assert meters.used(given_samples, since=AT, wraps_at=wraps_at) == expected


def test_a_count_that_is_entered_late_is_where_it_belongs():
    early, late = samples(100, 150, 9990)[:2], [Sample(AT + 3 * DAY, 20.0)]
    entered = [Sample(AT + 2 * DAY, 9990.0)]
    assert meters.used(meters.merged(early, late, entered), since=AT, wraps_at=10_000) == 9890 + 30


def test_a_meters_sentence_has_no_exponents():
    plan = replace(a_plan("FREQ=YEARLY", datetime(2026, 1, 1, 8)), meter=ByMeter(signal="strokes", every=1_500_000.0))
    facts = Facts(meter=MeterNow(used=1_234_567.8, per_day=86_400.0, at=BEGUN))
    due = next(preview(plan, Series(begun_at=BEGUN), BERLIN, until=BEGUN + 900 * DAY, facts=facts))
    assert "Every 1500000 of strokes: 1234568 used" in due.why
    assert "about 86400 a day" in due.why


def test_recent_use_says_when_a_count_will_be_reached():
    counted = samples(0, 10, 20, 30)
    now = MeterNow(used=30.0, per_day=meters.per_day(counted, now=AT + 3 * DAY), at=AT + 3 * DAY)
    assert now.reached_at(100) == AT + 10 * DAY
    assert now.reached_at(30) == AT + 3 * DAY
    assert replace(now, per_day=None).reached_at(100) is None


# Laws.
RULES = st.sampled_from(
    [
        "FREQ=DAILY;INTERVAL=9",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SA",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15,31",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=2,8;BYMONTHDAY=30",
    ]
)
STARTS = st.dates(date(2023, 1, 1), date(2024, 12, 31)).map(lambda day: datetime(day.year, day.month, day.day, 2, 30))
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
PLANS = st.builds(
    lambda rule, starts, free, lead, every, unit: a_plan(
        rule,
        starts,
        on_free_day=free,
        lead_days=lead,
        **({} if every is None else {"meter": ByMeter(signal="h", every=every)}),
    ),
    RULES,
    STARTS,
    st.sampled_from(OnFreeDay),
    st.integers(1, 40),
    st.sampled_from([None, None, 400.0, 900.0]),
    st.none(),
)


def generated(plan: MaintenancePlan, site: SiteTime, days: int, per_day: float) -> list[datetime]:
    """Generate every six hours, each order done on its day while the meter runs evenly; return the due dates."""
    series, out, open_until = Series(begun_at=BEGUN), [], BEGUN
    for step in range(1, days):
        now = BEGUN + step * DAY
        meter = MeterNow(used=per_day * step, per_day=per_day, at=now)
        is_open = None if open_until <= now else "S-1"
        for outcome in decide(plan, series, Facts(meter=meter), site, now=now, open_order=is_open):
            series = outcome.series
            assert outcome.becomes is Becomes.GENERATED
            out.append(outcome.due.at)
            open_until = outcome.due.at
    return out


@settings(max_examples=25, deadline=None)
@given(PLANS, ZONES, st.sampled_from([8.0, 20.0]))
def test_what_is_previewed_is_what_is_generated(plan: MaintenancePlan, zone: str, per_day: float):
    site = replace(BERLIN, zone=zone)
    facts = Facts(meter=MeterNow(used=0.0, per_day=per_day, at=BEGUN))
    made = generated(replace(plan, when_open=WhenOpen.STACK), site, 120, per_day)
    previewed = [due.at for due in preview(plan, Series(begun_at=BEGUN), site, until=BEGUN + 250 * DAY, facts=facts)]
    assert len(made) >= sum(at <= BEGUN + 119 * DAY for at in previewed)
    assert previewed[: len(made)] == made


@settings(max_examples=30, deadline=None)
@given(PLANS, ZONES, st.integers(-40, 40), st.integers(0, 400))
def test_the_forecast_counts_what_is_previewed(plan: MaintenancePlan, zone: str, shift: int, since: int):
    site = replace(BERLIN, zone=zone)
    facts = Facts(meter=MeterNow(used=0.0, per_day=9.0, at=BEGUN))
    series, until = Series(begun_at=BEGUN + since * DAY, shift_days=shift), BEGUN + 900 * DAY
    due = [(each.number, site.local(each.at).date()) for each in preview(plan, series, site, until=until, facts=facts)]
    entry = Entry(plan=plan, series=series, site=site, efforts={"": Effort("mechanic", 1.5)}, facts=facts)
    assert list(days_due(entry, until=until)) == due
    weeks = forecast([entry], until=until)
    assert sum(week.count for week in weeks) == len(due)
    assert sum(week.hours for week in weeks) == pytest.approx(1.5 * len(due))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(1, 3, 12), (1, 2, 4), (1, 6), (1,)]),
    st.lists(st.sampled_from(["done", "skipped"]), min_size=5, max_size=80),
)
def test_in_every_window_the_work_done_covers_every_smaller_package(sizes: tuple[int, ...], lives: list[str]):
    """After each piece of work, every package's newest multiple up to it is covered, whatever was skipped before."""
    from workorder_core.planning.due import packages_due

    packages = tuple(Package(name=str(size), every=size) for size in sizes)
    covered_at = dict.fromkeys(sizes, 0)
    series = Series(begun_at=BEGUN)
    for number, life in enumerate(lives, 1):
        due = packages_due(packages, series, number)
        assert [each.every for each in due] == sorted(each.every for each in due)
        series = replace(series, number=number, covered=number if life == "done" else series.covered)
        if life == "done":
            assert due and due[0].every == 1  # the largest includes the smallest
            covered_at |= {each.every: number for each in due}
            for size in sizes:
                assert number - covered_at[size] < size
