"""Simulated years of mixed plans are decided as a slow walk through the definitions decides them, date by date."""

import random
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.workorder_core.planning.oracle import Spec, Walker
from workorder_core.planning import meters
from workorder_core.planning.deciding import Becomes, call_at, decide
from workorder_core.planning.due import Facts, Series, complete, next_due
from workorder_core.planning.meters import MeterNow, Sample
from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByCondition,
    ByMeter,
    MaintenancePlan,
    ObjectKind,
    OnFreeDay,
    Package,
    Season,
    WhenOpen,
)
from workorder_core.planning.site_time import SiteTime

ZONES = (("Europe/Berlin", "DE"), ("America/New_York", "US"), ("Australia/Lord_Howe", "AU"), ("Asia/Kolkata", None))
"""Summer time in both halves of the year, by half an hour on Lord Howe Island, and a zone of half hours without any."""
DAY = timedelta(days=1)
DAY_NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def a_pair(rng: random.Random, index: int):
    """Return one plan twice: in plain facts for the oracle, and as the engine has it."""
    zone, country = ZONES[index % 4]
    weekdays = frozenset(range(1, 6)) if rng.random() < 0.7 else frozenset(range(1, 8))
    starts = (
        datetime(2025, 1, 1) + DAY * rng.randrange(120) + timedelta(minutes=30 * rng.choice((0, 3, 4, 5, 6, 16, 30)))
    )
    rule, pattern = a_rule(rng, starts)
    times: tuple = (starts.time(),)
    if rng.random() < 0.1 and pattern[0] in ("daily", "weekly"):
        rule, times = f"{rule};BYHOUR=2,14;BYMINUTE=30", (time(2, 30), time(14, 30))
    until = datetime(2031, 6, 30).date() if rng.random() < 0.1 else None
    if until is not None:
        rule += ";UNTIL=20310630"
    season = rng.choice([None, None, None, ((4, 1), (10, 15)), ((11, 1), (3, 1))])
    by = rng.choice(["calendar"] * 6 + ["meter", "both", "condition", "all"])
    free = rng.choice(["keep", "skip", "next", "previous"])
    facts: Any = {
        "factor_hundredths": rng.choice([0, 0, 0, 30, 50, 100]),
        "early": rng.choice([0, 2, 10]),
        "late": rng.choice([0, 3, 14]),
        "lead": rng.choice([0, 3, 14, 60]),
        "when_open": rng.choice(["skip", "stack", "merge"]),
        "outage": rng.choice(["skip", "catch_up"]),
        "packages": rng.choice([(), (), (1, 3, 12), (1, 2, 4)]),
    }
    dated, metered = by in ("calendar", "both", "all"), by in ("meter", "both", "all")
    spec = Spec(
        zone=zone,
        country=country,
        weekdays=weekdays,
        starts=starts,
        pattern=pattern if dated else None,
        times=times,
        until=until,
        season=season,
        free=free,
        meter_every=rng.choice([300, 500, 2000]) if metered else None,
        condition=by in ("condition", "all"),
        **facts,
    )
    calendar = ByCalendar(
        rule=rule, starts=starts, on_free_day=OnFreeDay(free), season=None if season is None else Season(*season)
    )
    plan = MaintenancePlan(
        code=f"P{index}",
        site="S",
        title="A plan",
        object=ObjectKind.ASSET,
        objects=("A",),
        calendar=calendar if dated else None,
        meter=ByMeter(signal="hours", every=spec.meter_every or 1, wraps_at=10_000, early=1e9, late=1e9)
        if metered
        else None,
        condition=ByCondition(health_below=70) if spec.condition else None,
        shift_factor=Decimal(spec.factor_hundredths) / 100,
        early_days=spec.early,
        late_days=spec.late,
        lead_days=spec.lead,
        when_open=WhenOpen(spec.when_open),
        after_outage=AfterOutage(spec.outage),
        packages=tuple(Package(name=f"of {every}", every=every) for every in spec.packages),
    )
    return spec, plan, SiteTime(zone=zone, weekdays=weekdays, country=country)


def a_rule(rng: random.Random, starts: datetime):
    kind = rng.choice(["daily", "weekly", "weekly", "monthday", "monthday", "last", "yearday", "leap", "nth"])
    interval = rng.choice([1, 1, 2, 3])
    if kind == "daily":
        interval *= rng.choice([1, 5, 10])
        return f"FREQ=DAILY;INTERVAL={interval}", ("daily", interval)
    if kind == "weekly":
        on = sorted(rng.sample(range(1, 8), rng.choice([1, 2])))
        names = ",".join(DAY_NAMES[day - 1] for day in on)
        return f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={names}", ("weekly", interval, tuple(on))
    if kind == "monthday":
        return f"FREQ=MONTHLY;INTERVAL={interval}", ("monthday", interval, starts.day)
    if kind == "last":
        day = rng.choice([29, 30, 31])
        return f"FREQ=MONTHLY;INTERVAL={interval};BYMONTHDAY={day}", ("monthday", interval, day)
    if kind == "yearday":
        return "FREQ=YEARLY", ("yearday", 1, starts.month, starts.day)
    if kind == "leap":
        return "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ("yearday", 1, 2, 29)
    which, day = rng.choice([1, 2, 3]), rng.randrange(1, 8)
    return f"FREQ=MONTHLY;INTERVAL={interval};BYDAY={which}{DAY_NAMES[day - 1]}", ("nth weekday", interval, which, day)


class Life:
    """What happens to one asset: the use of its meter, its conditions, outages of the generator, completions."""

    def __init__(self, rng: random.Random, begin: datetime, days: int) -> None:
        self.begin, self.seed = begin, rng.random()
        self.totals, total, usual = [0], 0, 12
        for day in range(days + 1):
            usual = rng.choice([0, 5, 12, 20, 24]) if day % 45 == 0 else usual
            total += usual
            self.totals.append(total)
        exchanged = rng.randrange(days) if rng.random() < 0.3 else None
        self.samples, shown, before = [], 7000, 0
        for day, total in enumerate(self.totals):
            if day % 3 and day != exchanged:
                continue
            at = begin + DAY * day + timedelta(hours=6)
            if day == exchanged:
                self.samples.append(Sample(at, shown := (shown + total - before) % 10_000))
                self.samples.append(Sample(at, shown := 5, exchanged=True))
                before = total
                continue
            shown, before = (shown + total - before) % 10_000, total
            self.samples.append(Sample(at, shown))
        self.recent, self.used_before = list(self.samples), 0.0
        self.late = {day for day in range(days) if rng.random() < 0.05 and day not in (0, exchanged)}
        self.conditions = [
            (begin + DAY * start, begin + DAY * (start + rng.randrange(1, 60))) for start in range(100, days, 400)
        ]
        self.out = set()
        for start in range(200, days, 500):
            self.out |= set(range(start, start + rng.choice([3, 20, 100])))

    def condition(self, now: datetime) -> datetime | None:
        return next((start for start, end in self.conditions if start <= now < end), None)

    def known(self, now: datetime) -> list[Sample]:
        """Return the samples of late that are known by then: one that is late becomes known three days after.

        What was counted before them is in ``used_before``.
        """
        old = now - 110 * DAY
        while self.recent[1].at < old:
            self.used_before += meters.used(self.recent[:2], since=self.recent[0].at, wraps_at=10_000)
            self.recent.pop(0)
        found = []
        for each in self.recent:
            if each.at > now:
                break
            if self._arrived(each, now):
                found.append(each)
        return found

    def _arrived(self, sample: Sample, now: datetime) -> bool:
        return (sample.at - self.begin).days not in self.late or sample.at + 3 * DAY <= now

    def in_truth(self, now: datetime) -> tuple[float, float | None, datetime]:
        """Return the meter as somebody knows it who saw the asset run: total, use a day of late, newest sample."""
        at = [self.begin + timedelta(hours=6), *(s.at for s in self.known(now))]
        recent = [each for each in at if now - 90 * DAY <= each <= now]
        of = {each: self.totals[(each - self.begin).days] for each in (at[0], at[-1], recent[0], recent[-1])}
        days = (recent[-1] - recent[0]) / DAY
        spent = of[recent[-1]] - of[recent[0]]
        return of[at[-1]] - of[at[0]], spent / days if days >= 1 and spent else None, at[-1]

    def takes(self, number: int) -> timedelta | None:
        """Return how long after its due date an occurrence's order is completed; None: never."""
        rng = random.Random(f"{self.seed} {number}")
        return rng.choice(
            [DAY * 0, DAY, DAY * 3, -DAY * 5, DAY * 20, DAY * 45, DAY * 2, None if rng.random() < 0.3 else DAY]
        )


class Both:
    """A plan's life as the engine decides it, and as the oracle does, beside each other."""

    def __init__(self, spec, plan, site, life):
        self.plan, self.site, self.life = plan, site, life
        self.walker, self.series = Walker(spec, life.begin), Series(begun_at=life.begin)
        self.decided: list = []
        # Due, and completed at: of the orders that are open.
        self.orders: dict = {}
        self.theirs: dict = {}
        self.call = life.begin

    def tick(self, now):
        since = self.life.condition(now)
        moved = any(at is not None and at <= now for _, at in self.orders.values())
        if self.plan.meter is None and self.plan.condition is None and not moved and now < self.call:
            # A generator leaves alone what it need not look at; the oracle looks.
            assert not self.walker.tick(now, None, None, bool(self.theirs))
            return
        meter, facts = None, Facts(condition_since=since)
        if self.plan.meter is not None:
            known = self.life.known(now)
            used = self.life.used_before + meters.used(known, since=known[0].at, wraps_at=10_000)
            rate = meters.per_day(known, now=now, wraps_at=10_000)
            facts = Facts(condition_since=since, meter=MeterNow(used=used, per_day=rate, at=known[-1].at))
            meter = self.life.in_truth(now)
        self._complete(now, facts)
        self._decide(now, facts)
        for number, at, becomes, _ in self.walker.tick(now, meter, since, bool(self.theirs)):
            if becomes == "generated":
                self.theirs[number] = (at, finished(self.life, number, at, now))

    def _complete(self, now, facts):
        for number in done(self.orders, now):
            due, at = self.orders.pop(number)
            how = {"number": number, "due_at": due, "completed_at": at, "meter": facts.meter}
            self.series = complete(self.plan, self.series, site=self.site, **how).series
        for number in done(self.theirs, now):
            self.walker.done(number, *self.theirs.pop(number))

    def _decide(self, now, facts):
        open_order = "S-1" if self.orders else None
        for outcome in decide(self.plan, self.series, facts, self.site, now=now, open_order=open_order):
            self.series, due = outcome.series, outcome.due
            largest = None if outcome.package is None else outcome.package.every
            self.decided.append((due.number, due.at, outcome.becomes.value, largest))
            if outcome.becomes is Becomes.GENERATED:
                self.orders[due.number] = (due.at, finished(self.life, due.number, due.at, now))
        ahead = next_due(self.plan, self.series, facts, self.site)
        never = self.life.begin + DAY * 99_999
        self.call = never if ahead is None else call_at(self.plan, ahead, is_open=bool(self.orders))


def done(orders, now):
    return sorted(number for number, (_, at) in orders.items() if at is not None and at <= now)


def begin_of(life: Life, day: int) -> datetime:
    return life.begin + DAY * day + timedelta(hours=12)


def finished(life: Life, number: int, due: datetime, now: datetime):
    takes = life.takes(number)
    return None if takes is None else max(due + takes, now + timedelta(hours=1))


def compare(plans: int, years: int, seed: int):
    rng = random.Random(seed)
    begin = datetime(2025, 1, 15, tzinfo=UTC)
    days, found = years * 365 + years // 4, 0
    for index in range(plans):
        spec, plan, site = a_pair(rng, index)
        life = Life(rng, begin, days)
        both = Both(spec, plan, site, life)
        for day in range(2, days):
            # Every day; every third where a meter, read every third day, or a condition is looked at.
            if day not in life.out and (day % 3 == 0 or (plan.meter is None and plan.condition is None)):
                both.tick(begin_of(life, day))
        assert both.decided == both.walker.notes, (spec, plan)
        assert [number for number, *_ in both.decided] == list(range(1, len(both.decided) + 1))
        found += len(both.decided)
    return found


def test_a_year_of_mixed_plans_is_decided_as_the_definitions_say():
    assert compare(plans=12, years=1, seed=7) > 150


@pytest.mark.slow
def test_ten_years_of_200_mixed_plans_in_four_time_zones_are_decided_as_the_definitions_say():
    assert compare(plans=200, years=10, seed=11) > 20_000
