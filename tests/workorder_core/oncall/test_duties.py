"""Duties, against an oracle that walks a year minute by minute by the clock on the wall, and knows nothing of spans."""

import random
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest

from workorder_core.oncall.duties import Duty, Gap, by_layer, duties, gaps, on_call
from workorder_core.oncall.rotas import Hours, Layer, OnHolidays, Override, Rota, Unit

MIN, DAY = timedelta(minutes=1), timedelta(days=1)
WORKDAYS, WEEKEND = frozenset(range(1, 6)), frozenset({6, 7})
ZONES = {"Europe/Berlin": "DE", "America/St_Johns": "CA", "Australia/Lord_Howe": "AU"}
"""Summer time by an hour in the north; half an hour beside UTC; and summer time of half an hour in the south."""


def a_rota(zone: str, **facts: Any) -> Rota:
    layers = (
        Layer(name="first", people=("anna", "ben", "cem"), starts=date(2024, 1, 5), hands_over=time(8)),
        Layer(
            name="nights",
            people=("dora", "emil"),
            starts=date(2024, 2, 28),
            turn=1,
            unit=Unit.DAYS,
            hands_over=time(2, 30),
            hours=(Hours(weekdays=WORKDAYS, begins=time(22), ends=time(2, 15)), Hours(weekdays=WEEKEND)),
            on_holidays=OnHolidays.WHOLE_DAY,
        ),
        Layer(
            name="office",
            people=("finn", "gül", "finn", "hans"),
            starts=date(2023, 12, 29),
            turn=3,
            unit=Unit.DAYS,
            hands_over=time(0),
            hours=(
                Hours(weekdays=WORKDAYS, begins=time(7), ends=time(12)),
                Hours(weekdays=WORKDAYS, begins=time(11), ends=time(16)),
            ),
            on_holidays=OnHolidays.OFF,
        ),
        Layer(name="chief", people=("ines", "jan"), starts=date(2024, 3, 1), turn=2, hands_over=time(23, 59)),
    )
    return replace(
        Rota(code="R", site="NTH", title="On call", layers=layers, zone=zone, country=ZONES.get(zone)), **facts
    )


def overrides_of(year: int) -> list[Override]:
    """Overlapping ones, one over a change of the clocks, one over the leap day, and one of a layer that is no more."""
    begin = datetime(year, 1, 1, tzinfo=UTC)
    spans: list[tuple[str, float, float]] = [
        ("first", 58, 3.25),
        ("first", 59, 0.5),
        ("nights", 89, 2),
        ("office", 100, 0.01),
        ("gone", 120, 9),
    ]
    spans += [("chief", 90.5, 30), ("chief", 95, 1), ("chief", 94, 1.5), ("first", 300.1, 7.7)]
    return [
        Override(id=number, layer=layer, person=f"o{number}", begins=since, ends=since + timedelta(days=lasts))
        for number, (layer, day, lasts) in enumerate(spans)
        for since in [(begin + timedelta(days=day)).replace(second=0, microsecond=0)]
    ]


def walked(
    rota: Rota, overrides: Collection[Override], begins: datetime, ends: datetime
) -> Iterator[tuple[datetime, list[str | None], bool]]:
    """Yield each minute with the person of each layer, and whether somebody has to be on call.

    The clock on the wall is looked at each minute. What begins or ends at a local time does so at the first minute that
    shows that time or a later one, so the latest time shown so far decides.
    """
    zone = ZoneInfo(rota.zone)
    free = holidays.country_holidays(rota.country, years=range(begins.year - 1, ends.year + 2)) if rota.country else {}
    at, latest = begins - 2 * DAY, datetime.min  # noqa: DTZ901 - the time that a clock on the wall shows
    while at < ends:
        latest = max(latest, at.astimezone(zone).replace(tzinfo=None))
        if at >= begins:
            shown = [_person(rota, layer, overrides, at, latest, free) for layer in rota.layers]
            yield at, shown, not rota.covered or any(_in(each, latest) for each in rota.covered)
        at += MIN


def _person(
    rota: Rota, layer: Layer, overrides: Collection[Override], at: datetime, latest: datetime, free: Any
) -> str | None:
    for each in sorted(overrides, key=lambda one: -one.id):
        if each.layer == layer.name and each.begins <= at < each.ends:
            return each.person
    passed = latest - datetime.combine(layer.starts, layer.hands_over)
    if passed < timedelta(0):
        return None
    holiday = latest.date() in free and layer.on_holidays is OnHolidays.WHOLE_DAY
    if layer.hours and not holiday and not any(_in(each, latest, layer, free) for each in layer.hours):
        return None
    if not layer.hours and layer.on_holidays is OnHolidays.OFF and latest.date() in free:
        return None
    length = timedelta(days=layer.turn * (7 if layer.unit is Unit.WEEKS else 1))
    return layer.people[passed // length % len(layer.people)]


def _in(hours: Hours, latest: datetime, layer: Layer | None = None, free: Any = ()) -> bool:
    for back in (0, 1):
        day = latest.date() - back * DAY
        if layer is not None and layer.on_holidays is OnHolidays.OFF and day in free:
            continue
        low = datetime.combine(day, hours.begins)
        high = datetime.combine(day, hours.ends)
        if high <= low:
            high += DAY
        if day.isoweekday() in hours.weekdays and low <= latest < high:
            return True
    return False


def compare(rota: Rota, overrides: Collection[Override], begins: datetime, ends: datetime) -> int:
    """Compare every minute of a period with the oracle; return how many were compared."""
    found = by_layer(duties(rota, overrides, begins, ends))
    for of_layer in found.values():
        assert all(a.ends <= b.begins for a, b in pairwise(of_layer)), "somebody is on call twice in a layer"
        assert all(each.begins < each.ends for each in of_layer)
    missing = gaps(rota, overrides, begins, ends)
    left = {layer.name: list(reversed(found.get(layer.name, []))) for layer in rota.layers}
    open_gaps, compared = list(reversed(missing)), 0
    for at, shown, needed in walked(rota, overrides, begins, ends):
        for layer, expected in zip(rota.layers, shown, strict=True):
            assert _current(left[layer.name], at) == expected, f"{layer.name} at {at}"
        while open_gaps and open_gaps[-1].ends <= at:
            open_gaps.pop()
        in_gap = bool(open_gaps) and open_gaps[-1].begins <= at
        assert in_gap == (needed and not any(shown)), f"gap at {at}"
        compared += 1
    return compared


def _current(left: list[Duty], at: datetime) -> str | None:
    while left and left[-1].ends <= at:
        left.pop()
    return left[-1].person if left and left[-1].begins <= at else None


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_at_every_minute_of_a_leap_year_exactly_the_people_are_on_call_who_should_be(zone: str) -> None:
    covered = (Hours(weekdays=WORKDAYS, begins=time(6), ends=time(1, 30)), Hours(weekdays=WEEKEND))
    rota = a_rota(zone, covered=covered)
    begins = datetime(2024, 1, 1, tzinfo=UTC)
    assert compare(rota, overrides_of(2024), begins, datetime(2025, 1, 1, tzinfo=UTC)) == 366 * 24 * 60


CHANGES = {
    "the clocks go forward in Berlin": ("Europe/Berlin", date(2024, 3, 31)),
    "the clocks go back in Berlin": ("Europe/Berlin", date(2024, 10, 27)),
    "half an hour forward in Lord Howe": ("Australia/Lord_Howe", date(2024, 10, 6)),
    "half an hour back in Lord Howe": ("Australia/Lord_Howe", date(2024, 4, 7)),
    "back over midnight in Newfoundland": ("America/St_Johns", date(2010, 11, 7)),
    "the clocks skip midnight in Cuba": ("America/Havana", date(2024, 3, 10)),
    "a day that Samoa did not have": ("Pacific/Apia", date(2011, 12, 30)),
    "the leap day": ("Europe/Berlin", date(2024, 2, 29)),
    "a public holiday": ("Europe/Berlin", date(2024, 12, 25)),
}


@pytest.mark.parametrize(("zone", "day"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("seed", range(3))
def test_rotas_of_every_kind_are_right_around_a_day_that_is_unlike_others(zone: str, day: date, seed: int) -> None:
    chance = random.Random(f"{zone}{seed}")
    times = [time(0), time(0, 30), time(1), time(2, 15), time(2, 30), time(3), time(8), time(23, 30)]

    def hours() -> tuple[Hours, ...]:
        return tuple(
            Hours(
                weekdays=frozenset(chance.sample(range(1, 8), chance.randint(1, 7))),
                begins=chance.choice(times),
                ends=chance.choice(times),
            )
            for _ in range(chance.randint(0, 3))
        )

    layers = tuple(
        Layer(
            name=f"l{number}",
            people=tuple(chance.choice("abcde") for _ in range(chance.randint(1, 4))),
            starts=day - timedelta(days=chance.randint(-2, 20)),
            turn=chance.randint(1, 3),
            unit=chance.choice(list(Unit)),
            hands_over=chance.choice(times),
            hours=hours(),
            on_holidays=chance.choice(list(OnHolidays)),
        )
        for number in range(4)
    )
    rota = a_rota(zone, layers=layers, covered=hours())
    noon = datetime.combine(day, time(12), UTC)
    overrides = [
        Override(
            id=n, layer=f"l{chance.randint(0, 3)}", person="o", begins=since, ends=since + chance.randint(1, 900) * MIN
        )
        for n in range(4)
        for since, lasts in [(noon + chance.randint(-1500, 1500) * MIN, chance.randint(1, 900) * MIN)]
    ]
    compare(rota, overrides, noon - timedelta(hours=50), noon + timedelta(hours=50))


def test_who_is_on_call_at_a_moment_is_who_has_the_duty_then() -> None:
    rota, overrides = a_rota("Europe/Berlin"), overrides_of(2024)
    begins, ends = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
    found, chance = duties(rota, overrides, begins, ends), random.Random(1)
    for _ in range(300):
        at = begins + (ends - begins) * chance.random()
        expected = {each.layer: each.person for each in found if each.begins <= at < each.ends}
        assert on_call(rota, overrides, at) == expected


def test_a_period_can_be_cut_anywhere() -> None:
    rota, overrides = a_rota("Australia/Lord_Howe"), overrides_of(2024)
    begins, ends = datetime(2024, 3, 20, tzinfo=UTC), datetime(2024, 4, 20, tzinfo=UTC)
    middle = datetime(2024, 4, 6, 15, 7, 31, tzinfo=UTC)
    halves = [*duties(rota, overrides, begins, middle), *duties(rota, overrides, middle, ends)]

    def lasting(found: Collection[Duty]) -> dict[tuple[str, str, int | None], timedelta]:
        total = dict[tuple[str, str, int | None], timedelta]()
        for each in found:
            key = each.layer, each.person, each.override
            total[key] = total.get(key, timedelta(0)) + (each.ends - each.begins)
        return total

    assert lasting(halves) == lasting(duties(rota, overrides, begins, ends))


def test_gaps_are_found_ahead_and_name_who_cannot_be_called() -> None:
    night = Hours(begins=time(18), ends=time(6))
    one = Layer(name="night", people=("anna", "ben"), starts=date(2026, 3, 2), turn=1, unit=Unit.DAYS, hours=(night,))
    rota = Rota(code="R", site="NTH", title="Nights", layers=(one,), covered=(night,))
    begins = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert gaps(rota, [], begins, begins + 14 * DAY) == []
    without_ben = gaps(rota, [], begins, begins + 2 * DAY, unreachable={"ben"})
    second = datetime(2026, 3, 3, 18, tzinfo=UTC)
    assert without_ben == [Gap(begins=second, ends=second + timedelta(hours=12), unreachable=("ben",))]
    filled = Override(id=1, layer="night", person="cem", begins=second, ends=second + DAY / 2)
    assert gaps(rota, [filled], begins, begins + 2 * DAY, unreachable={"ben"}) == []
    always = replace(rota, covered=())
    assert [each.begins for each in gaps(always, [], begins, begins + DAY)] == [begins, begins + timedelta(hours=18)]


def test_nobody_is_on_call_before_the_first_hand_over() -> None:
    layer = Layer(name="first", people=("anna",), starts=date(2026, 3, 2))
    rota = Rota(code="R", site="NTH", title="First", layers=(layer,))
    first = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert on_call(rota, [], first - MIN) == {}
    assert on_call(rota, [], first) == {"first": "anna"}
