"""A plant made up for the bench of planning: technicians, orders and places drawn from a seed, and how planners plan by
hand.

Hours within the shift cost nothing: whoever is there is paid. What waiting costs rises from day to day in steps, so
that the bound of `bound` knows it exactly.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import numpy as np

from runtime.scheduling.problem import Problem as Arrays
from workorder_core.scheduling.placing import Draft, Stop
from workorder_core.scheduling.problem import Job, Need, Person, Plan, Problem, Span, Visit, Weights, Workday

DAY = 1440
BEGINS, ENDS, LATEST = 420, 900, 960
WINDOW = 240
FARTHEST = 31
"""No way from the depot takes as many minutes."""
SKILLS = ("mechanical", "electrical", "hydraulic", "instrument", "welding")
STARTS_AT = datetime(2026, 3, 2, tzinfo=UTC)


def made_up(seed: int, *, people: int = 20, orders: int = 300, places: int = 40, days: int = 5) -> Problem:
    """Return a problem of whole days with one depot and ways of 2 to some 60 minutes; each order has somebody who can
    do it."""
    draw = Random(seed)
    spots = {f"p{number}": (draw.uniform(0, 40), draw.uniform(0, 40)) for number in range(places)} | {"depot": (20, 20)}
    ways, km = {}, {}
    for a, (ax, ay) in spots.items():
        for b, (bx, by) in spots.items():
            if a != b:
                far = ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5
                ways[a, b], km[a, b] = int(far) + 2, far
    technicians = tuple(_technician(draw, number, days) for number in range(people))
    sites = [spot for spot in spots if spot != "depot"]
    return Problem(
        starts_at=STARTS_AT,
        zone="UTC",
        dates=days,
        currency="EUR",
        people=technicians,
        jobs=tuple(_order(draw, number, sites, technicians, days) for number in range(orders)),
        travel=_shortest(ways, list(spots)),
        km=km,
        weights=Weights(travel_km=1.0, unfair_hour=0.0),
    )


def _shortest(ways: dict[tuple[str, str], int], spots: list[str]) -> dict[tuple[str, str], int]:
    """Return the ways so that none is shorter over a third place: whole minutes may have made it so."""
    for middle in spots:
        for here in spots:
            for there in spots:
                if len({here, middle, there}) == 3:
                    ways[here, there] = min(ways[here, there], ways[here, middle] + ways[middle, there])
    return ways


def _technician(draw: Random, number: int, days: int) -> Person:
    known = draw.sample(SKILLS, draw.choice([1, 2, 2, 3]))
    off = draw.randrange(days) if draw.random() < 0.2 and days > 1 else -1
    return Person(
        code=f"t{number:03}",
        name=f"Technician {number}",
        skills={skill: draw.randint(2, 5) for skill in known},
        certificates={"hv": None} if draw.random() < 0.3 else {},
        workdays=tuple(
            Workday(
                day=day, starts=day * DAY + BEGINS, ends=day * DAY + ENDS, latest=day * DAY + LATEST,
                start_place="depot", end_place="depot",
            )
            for day in range(days) if day != off
        ),
        speed=draw.choice([0.8, 1.0, 1.0, 1.2]),
        hour_costs=0.0,
        overtime_hour_costs=50.0,
    )  # fmt: skip


def _order(draw: Random, number: int, places: list[str], technicians: tuple[Person, ...], days: int) -> Job:
    """Return an order that one technician at least can do."""
    who = draw.choice(technicians)
    skill = draw.choice(sorted(who.skills))
    urgency = draw.random()
    first = 10.0 * (1 + 30 * urgency**4)
    job = Job(
        id=f"j{number:05}",
        order=f"j{number:05}",
        number=f"NTH-{number}",
        title="Order",
        place=draw.choice(places),
        minutes=draw.choice([30, 45, 60, 90, 120, 180]),
        priority=5 - int(urgency * 5),
        needs=(Need(skill, draw.randint(1, who.skills[skill])),),
        certificates=frozenset({"hv"}) if who.certificates and draw.random() < 0.3 else frozenset(),
        windows=_window(draw, days) if draw.random() < 0.15 else (),
        not_before=DAY * draw.randint(1, 2) if draw.random() < 0.1 else 0,
        waiting=_steps([first * day for day in range(days)]),
    )
    return _possible(job, who)


def _possible(job: Job, who: Person) -> Job:
    """Return an order so that ``who`` can do it: its window is on one of their workdays, and long enough with the way,
    and nothing has to be awaited beyond it or beyond their last workday."""
    if not job.windows:
        return replace(job, not_before=min(job.not_before, who.workdays[-1].day * DAY))
    wanted, starts = divmod(job.windows[0].starts, DAY)
    day = min((each.day for each in who.workdays), key=lambda each: (each < wanted, each))
    if job.minutes * who.speed > WINDOW - FARTHEST:
        starts = BEGINS + WINDOW
    window = Span(day * DAY + starts, day * DAY + starts + WINDOW)
    return replace(job, windows=(window,), not_before=min(job.not_before, day * DAY))


def _window(draw: Random, days: int) -> tuple[Span, ...]:
    day, starts = draw.randrange(days), draw.choice([BEGINS, BEGINS + WINDOW])
    return (Span(day * DAY + starts, day * DAY + starts + WINDOW),)


def _steps(money: list[float]) -> tuple[tuple[int, float], ...]:
    """Return a line that is flat within each day and rises at night."""
    points: list[tuple[int, float]] = []
    for day, amount in enumerate(money):
        points += [(day * DAY + 1, amount), ((day + 1) * DAY, amount)]
    return tuple(points)


def nobody_can(problem: Problem, arrays: Arrays) -> list[Job]:
    """Return the orders that nobody can do, even with a whole workday for it alone.

    ``arrays`` are those of the whole problem. No plan can place these orders, and no bound would: their cost would make
    every difference look smaller than it is.
    """
    n = len(arrays.skip)
    there, opens, closes = arrays.place[:n, None], arrays.opens[:n, arrays.day], arrays.closes[:n, arrays.day]
    begins = np.maximum(arrays.start[None, :, 1] + arrays.travel[arrays.start_place[None, :], there], opens)
    ends = begins + arrays.service[:n, None] * arrays.speed[None, :] + arrays.travel[there, arrays.end_place[None, :]]
    can = np.isfinite(arrays.cost) & (begins <= closes) & (ends <= arrays.ends_by[None, :])
    return [problem.jobs[j] for j in np.flatnonzero(~np.any(can, axis=1))]


def by_hand(problem: Problem) -> Plan:
    """Return the plan of a planner without a computer: by priority, each order for the technician who is nearest when
    free, at the end of a day's tour, on the first day on which it fits."""
    draft = Draft(problem)
    for job in sorted(problem.jobs, key=lambda each: (each.priority, each.id)):
        visit = _nearest(draft, job)
        if visit is not None:
            draft.put(visit)
    return draft.plan()


def _nearest(draft: Draft, job: Job) -> Visit | None:
    problem = draft.problem
    able = [one for one in problem.people if all(one.skills.get(n.skill, 0) >= n.level for n in job.needs)]
    able = [one for one in able if job.certificates <= one.certificates.keys()]
    for number in range(problem.dates):
        best: tuple[int, int, Visit] | None = None
        for person in able:
            for day in person.workdays:
                if day.day != number:
                    continue
                row = (person.code, day.starts)
                there = draft.rows[row]
                here = draft.jobs[there[-1].job].place if there else day.start_place
                visits = draft.timed(row, [*draft.stops(row), Stop(job)])
                if visits is not None and visits[-1].ends <= day.ends:
                    found = (problem.way(here, job.place), visits[-1].starts, visits[-1])
                    best = found if best is None or found[:2] < best[:2] else best
        if best is not None:
            return best[2]
    return None


def published(problem: Problem, plan: Plan) -> Problem:
    """Return the problem after its plan has been published."""
    visits = {visit.job: visit for visit in plan.visits}
    return replace(problem, jobs=tuple(replace(job, published=visits.get(job.id)) for job in problem.jobs))


def absent(problem: Problem, code: str) -> Problem:
    """Return the problem with one technician away on the first day."""
    people = tuple(
        replace(one, workdays=tuple(day for day in one.workdays if day.day != 0)) if one.code == code else one
        for one in problem.people
    )
    return replace(problem, people=people)
