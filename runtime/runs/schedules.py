"""Schedules as runs: a week's facts are read and planned, and the plan is stored as a proposal."""

import time
from datetime import UTC, datetime
from typing import Any

from api.shapes.runs import ScheduleKept
from db.errors import StoreError
from db.scheduling import by_policy, schedules, weeks
from db.scheduling.schedules import Draft, Schedule
from db.scheduling.weeks import Week
from runtime.runs.work import CannotBeDone, Done, Work
from runtime.scheduling import planning
from runtime.scheduling.planning import Effort
from workorder_core.scheduling.disruptions import all_causes
from workorder_core.scheduling.documents import problem_document
from workorder_core.scheduling.explaining import explain
from workorder_core.scheduling.weeks import Differences, State, plan_of, planned_of
from workorder_core.sentences import kept

SEED = 1
MOST_TRIES = 3
"""So often is a week read and planned anew because somebody pinned a visit meanwhile."""


class _PinnedMeanwhile(Exception):
    """Somebody has pinned, released or taken out a visit since the week was read."""


def execute(work: Work) -> Done:
    """Plan the week and store the proposal; the run's transaction keeps it."""
    asked = ScheduleKept.model_validate(work.run.input)
    for left in reversed(range(MOST_TRIES)):
        try:
            # A transaction within the run's: where it is rolled back, planners get their locks back.
            with work.conn.transaction():
                return _propose(work, asked, last=left == 0)
        except _PinnedMeanwhile:
            work.log(kept("a planner has changed the week by hand meanwhile: planning again"))
    raise AssertionError("the last one is stored")


def _propose(work: Work, asked: ScheduleKept, *, last: bool) -> Done:
    work.progress(0.02, kept("reading the week"))
    try:
        week = weeks.read(work.conn, asked.site, asked.from_date, now=datetime.now(UTC))
    except StoreError as error:
        raise CannotBeDone(str(error)) from None
    began = time.monotonic()
    problem = week.problem
    based_on = schedules.working(week.current)
    found = planning.plan(
        problem,
        seed=SEED,
        effort=Effort(seconds=asked.seconds),
        start=None if based_on is None else plan_of(problem, schedules.visits_of(work.conn, based_on)),
        progress=lambda share, _: work.progress(0.05 + 0.85 * share, kept("planning the week")),
    )
    plan, jobs = found.plan, week.jobs
    reasons = {each: explain(problem, plan, jobs[each]).sentence for each in found.unscheduled if not jobs[each].begun}
    before = week.current.get(State.DRAFT)
    draft = Draft(
        site_id=week.site_id,
        from_date=week.from_date,
        visits=weeks.with_marks(work.conn, week, [planned_of(problem, each) for each in plan.visits]),
        read_at=week.read_at,
        based_on=based_on,
        pins=week.pins,
        taken_out=week.taken_out,
        causes=all_causes(() if before is None else before.causes, asked.causes),
        run_id=work.run.id,
        weights_version=week.weights_version,
        seconds=round(time.monotonic() - began, 3),
        costs=weeks.costs_of(problem, plan),
        reasons=reasons,
        problem=problem_document(problem),
    )
    stored = schedules.propose(work.conn, draft, actor=work.run.requested_by, at=datetime.now(UTC))
    if stored.state is State.SUPERSEDED and not last and weeks.pins_changed(work.conn, week):
        raise _PinnedMeanwhile
    changes, _ = weeks.compared(work.conn, stored)
    if stored.state is State.DRAFT and _upsets_nothing(asked, based_on, changes):
        stored = _withdrawn(work, stored, asked)
    if stored.state is State.DRAFT:
        stored = by_policy.accept(work.conn, stored, week, changes, at=datetime.now(UTC), log=work.log)
    return Done(result=_result(work, week, stored, changes))


def _upsets_nothing(asked: ScheduleKept, based_on: Schedule | None, found: Differences) -> bool:
    """Return whether a plan can stay as it is in spite of what has happened: planners are not asked about nothing."""
    return bool(asked.causes) and based_on is not None and not (found.assigned or found.moved or found.dropped)


def _withdrawn(work: Work, stored: Schedule, asked: ScheduleKept) -> Schedule:
    work.log(kept("the plan can stay as it is: {causes}", causes="; ".join(asked.causes)))
    schedules.set_state(work.conn, stored.id, State.SUPERSEDED, actor=work.run.requested_by, at=datetime.now(UTC))
    return schedules.get(work.conn, stored.id)


def _result(work: Work, week: Week, stored: Schedule, found: Differences) -> dict[str, Any]:
    return {
        "schedule": stored.id,
        "state": stored.state.value,
        "site": stored.site,
        "from_date": f"{stored.from_date:%Y-%m-%d}",
        "seconds": stored.seconds,
        "jobs": len(week.problem.jobs),
        "visits": len(schedules.visits_of(work.conn, stored)),
        "unscheduled": len(stored.reasons),
        "assigned": len(found.assigned),
        "moved": len(found.moved),
        "dropped": len(found.dropped),
    }
