"""The times of a tour whose order is known: the cheapest of a few ways to set them, and small changes of the order."""

from collections.abc import Sequence
from dataclasses import replace

from workorder_core.scheduling.placing import Draft, Stop
from workorder_core.scheduling.problem import Visit
from workorder_core.scheduling.reserves import Row
from workorder_core.scheduling.tours import leave_at, not_in_break, over_at, work_minutes


def timed_best(draft: Draft, row: Row, stops: Sequence[Stop]) -> list[Visit] | None:
    """Return the cheapest times of stops in this order; None where it cannot be.

    Tried are: each as early as it can be, none before the time that was published, and with the least waiting.
    """
    early = draft.timed(row, [replace(stop, wish=0) for stop in stops])
    if early is None:
        return None
    found = [early]
    late = closer(draft, row, early)
    if late != early:
        found.append(late)
    if any(_published(row, stop) for stop in stops):
        as_published = draft.timed(row, [replace(stop, wish=_published(row, stop)) for stop in stops])
        if as_published is not None:
            found.append(as_published)
    return found[0] if len(found) == 1 else min(found, key=lambda visits: draft.cost_of(row, visits))


def closer(draft: Draft, row: Row, visits: Sequence[Visit]) -> list[Visit]:
    """Return visits moved to later starts as far as the last one allows, so that nobody waits on the way."""
    breaks, person = draft.breaks[row], draft.people[row[0]]
    moved = list(visits)
    for i in range(len(moved) - 2, -1, -1):
        visit, after = moved[i], moved[i + 1]
        job = draft.jobs[visit.job]
        if draft.stays(visit):
            continue
        by = leave_at(breaks, after.starts, draft.problem.way(job.place, draft.jobs[after.job].place))
        by = min([by, *(window.ends for window in job.windows if window.holds(visit.starts, visit.ends))])
        until = [person.certificates[each] for each in job.certificates if each in person.certificates]
        by = min([by, *(minute for minute in until if minute is not None)])
        minutes = work_minutes(job, [person])
        starts = not_in_break(breaks, leave_at(breaks, by, minutes))
        ends = over_at(breaks, starts, minutes)
        if starts > visit.starts and ends <= by:
            moved[i] = replace(visit, starts=starts, ends=ends)
    return moved


def reordered(draft: Draft, row: Row, stops: Sequence[Stop]) -> list[Visit] | None:
    """Return the visits of stops after swapping neighbours as long as that makes the tour cheaper."""
    order = list(stops)
    best = timed_best(draft, row, order)
    if best is None:
        return None
    cost, better = draft.cost_of(row, best), True
    while better:
        better = False
        for i in range(len(order) - 1):
            order[i], order[i + 1] = order[i + 1], order[i]
            visits = timed_best(draft, row, order)
            changed = draft.cost_of(row, visits) if visits is not None else cost
            if visits is not None and changed < cost - 1e-6:
                best, cost, better = visits, changed, True
            else:
                order[i], order[i + 1] = order[i + 1], order[i]
    return best


def _published(row: Row, stop: Stop) -> int:
    published = stop.job.published
    return published.starts if published is not None and row[0] in published.people else 0
