"""What-ifs as runs: a week is planned as it is and as it would be, and the two are compared. No plan is changed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.shapes.runs import ShiftIn, WhatIfIn
from db.errors import StoreError
from db.scheduling import schedules, weeks
from runtime.runs.work import CannotBeDone, Done, Work
from runtime.scheduling import planning
from runtime.scheduling.planning import Effort
from workorder_core.scheduling.costing import cost
from workorder_core.scheduling.problem import Problem
from workorder_core.scheduling.weeks import minute_of, plan_of
from workorder_core.scheduling.what_ifs import NothingChanged, Worth, with_more, with_shift, worth
from workorder_core.sentences import kept

SEED = 1
PART = 1 / 3
"""The share of the time for each of the three searches."""


def execute(work: Work) -> Done:
    """Plan the week once, then search on from that plan with and without the change, for as long."""
    asked = WhatIfIn.model_validate(work.run.input)
    work.progress(0.02, kept("reading the week"))
    try:
        week = weeks.read(work.conn, asked.site, asked.from_date, now=datetime.now(UTC))
        problem = week.problem
        changed = _changed(problem, asked)
    except StoreError as error:
        raise CannotBeDone(str(error)) from None
    except NothingChanged:
        raise CannotBeDone(kept("this changes nothing: nobody who was named would work more in this week")) from None
    based_on = schedules.working(week.current)
    start = None if based_on is None else plan_of(problem, schedules.visits_of(work.conn, based_on))
    part = Effort(seconds=asked.seconds * PART)
    first = planning.plan(problem, seed=SEED, effort=part, start=start, progress=_share(work, 0.0))
    before = planning.plan(problem, seed=SEED, effort=part, start=first.plan, progress=_share(work, PART))
    after = planning.plan(changed, seed=SEED, effort=part, start=first.plan, progress=_share(work, 2 * PART))
    found = worth(
        problem.jobs,
        cost(problem, before.plan),
        cost(changed, after.plan),
        left_before=before.unscheduled,
        left_after=after.unscheduled,
    )
    return Done(result=_result(asked, problem.currency, found, len(before.unscheduled), len(after.unscheduled)))


def _changed(problem: Problem, asked: WhatIfIn) -> Problem:
    changed = problem
    if asked.like is not None:
        changed = with_more(changed, asked.like, asked.count)
    if asked.shift is not None:
        starts, ends = _span(problem, asked.shift)
        first = problem.starts_at.astimezone(ZoneInfo(problem.zone)).date()
        changed = with_shift(changed, asked.shift.people, (asked.shift.day - first).days, starts, ends)
    return changed


def _span(problem: Problem, shift: ShiftIn) -> tuple[int, int]:
    zone = ZoneInfo(problem.zone)
    starts = datetime.combine(shift.day, shift.starts, zone)
    until = shift.day if shift.ends > shift.starts else shift.day + timedelta(days=1)
    ends = datetime.combine(until, shift.ends, zone)
    return minute_of(problem, starts), minute_of(problem, ends)


def _share(work: Work, done: float) -> Any:
    return lambda share, _: work.progress(0.05 + 0.9 * (done + PART * share), kept("planning the week"))


def _result(asked: WhatIfIn, currency: str, found: Worth, left_before: int, left_after: int) -> dict[str, Any]:
    return {
        "site": asked.site,
        "from_date": f"{asked.from_date}",
        "currency": currency,
        "value": found.value,
        "cost_before": found.before,
        "cost_after": found.after,
        "terms": {name: list(pair) for name, pair in found.terms.items()},
        "unscheduled_before": left_before,
        "unscheduled_after": left_after,
        "gained": list(found.gained),
        "lost": list(found.lost),
    }
