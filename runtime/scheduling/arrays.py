"""A plant's scheduling problem as the arrays of the compiled search.

A route is a person's workday, in a time without breaks: neither work nor travel goes on in one, so leaving them out
alters nothing. The search knows what a job costs on a route, not at each minute of it: lateness and waiting are those
of the middle of the workday. What is settled is a job that one route alone can do, at one minute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.scheduling.problem import Problem as Arrays
from runtime.scheduling.problem import Reals
from workorder_core.scheduling.checking import able
from workorder_core.scheduling.costing import SHIFTED, lateness, leaving_out, moving_one, waiting
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Job, Minute, Need, Person, Problem, Span, Visit, Workday
from workorder_core.scheduling.reserves import Row, length_of, share_of
from workorder_core.scheduling.tours import horizon, minutes_between, tour

NEVER = 1e9
"""What it costs to leave out what is settled."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What one person does of a job: all of it, or a part of a crew's work."""

    job: Job
    needs: tuple[Need, ...]
    share: float = 1.0
    visit: Visit | None = None
    """Where it is settled."""
    row: Row | None = None
    """Whose it is then."""


def units_of(job: Job) -> list[Unit]:
    """Return a job as one unit for each of its crew; the first have its needs."""
    if job.crew == 1:
        return [Unit(job, job.needs)]
    return [Unit(job, job.needs[k :: job.crew], 1.0 / job.crew) for k in range(job.crew)]


@dataclass(frozen=True, slots=True)
class Packed:
    """The arrays with what their rows and columns mean."""

    arrays: Arrays
    units: Sequence[Unit]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Route:
    """A workday as the search sees it."""

    row: Row
    person: Person
    day: Workday
    breaks: tuple[Span, ...]
    longest: Minute

    @property
    def kind(self) -> tuple[object, ...]:
        """Routes with the same have the same windows."""
        inside = [
            (code, until)
            for code, until in sorted(self.person.certificates.items())
            if until is not None and self.day.starts < until < self.day.latest
        ]
        return self.day.starts, self.day.latest, self.breaks, self.person.speed, tuple(inside)

    def without_breaks(self, minute: Minute) -> Minute:
        """Return a minute in the time of the route."""
        return minute - sum(max(0, min(minute, each.ends) - each.starts) for each in self.breaks)


def pack(draft: Draft, free: Sequence[Job], closed: frozenset[Row], *, keep_times: bool = False) -> Packed:
    """Return the arrays for a draft, whose visits stay, and jobs to place beside them, not in ``closed`` rows.

    With ``keep_times`` what is published begins on its date less than an hour earlier or later, or on another date.
    """
    problem = draft.problem
    routes = _routes(draft)
    fixed = [
        Unit(draft.jobs[each.job], (), 1.0, each, row)
        for row, visits in draft.rows.items()
        if row not in closed
        for each in visits
    ]
    units = [unit for job in free for unit in units_of(job)] + fixed
    index = {place: number for number, place in enumerate(_places(problem))}
    count = len(units)
    opens, closes, kinds = _windows(units, routes, keep_times=keep_times)
    speeds = np.array([route.person.speed for route in routes])
    regular = [max(0, r.without_breaks(r.day.ends) - r.without_breaks(_begins(r.day))) for r in routes]
    starts: list[tuple[float, float, float]] = []
    for route in routes:
        begins = route.without_breaks(_begins(route.day))
        last = begins if route.day.left_at is not None else route.without_breaks(route.day.latest)
        starts.append((0.0, float(begins), float(last)))
    by_time = np.array([route.person.hour_costs / 60 for route in routes])
    overtime = np.array([route.person.overtime_hour_costs / 60 for route in routes])
    travel, length = _ways(problem, index)
    arrays = Arrays(
        travel=travel,
        length=length,
        place=np.array([*(index[unit.job.place] for unit in units), 0], dtype=np.int64),
        service=np.array([*(_service(unit, routes) for unit in units), 0.0]),
        opens=opens,
        closes=closes,
        cost=_costs(problem, units, routes, closed),
        skip=_skips(problem, units),
        use=np.zeros((count, 1)),
        lacks=np.zeros((count, len(routes)), dtype=np.bool_),
        day=kinds,
        start_place=np.array([index[route.day.start_place] for route in routes], dtype=np.int64),
        end_place=np.array([index[route.day.end_place] for route in routes], dtype=np.int64),
        start=np.array(starts).reshape(len(routes), 3),
        ends_by=np.array([float(route.without_breaks(route.day.latest)) for route in routes]),
        free=np.full(len(routes), -np.inf),
        speed=speeds,
        carries=np.zeros((len(routes), 1)),
        by_length=np.ones(len(routes)),
        by_time=by_time,
        fixed=np.array([route.person.day_costs for route in routes]),
        regular=np.array(regular, dtype=np.float64),
        overtime=np.maximum(0.0, overtime - by_time),
        longest=np.array([float(route.longest) for route in routes]),
        begun=np.zeros(len(routes), dtype=np.bool_),
        has_store=False,
    )
    return Packed(arrays, units, [route.row for route in routes])


def _begins(day: Workday) -> Minute:
    return day.starts if day.left_at is None else day.left_at


def _routes(draft: Draft) -> list[Route]:
    routes = []
    for person in draft.problem.people:
        shifts = {day.starts: _length(draft, person, day, day.ends) for day in person.workdays}
        whole = sum(shifts.values())
        for day in person.workdays:
            row = (person.code, day.starts)
            longest = _length(draft, person, day, _latest(person, day))
            if person.most_a_week is not None:
                # A share of the week for each workday; what goes beyond the week is taken out afterwards.
                longest = min(longest, max(0, person.most_a_week - whole) // len(shifts) + shifts[day.starts])
                if whole > person.most_a_week:
                    longest = person.most_a_week * shifts[day.starts] // whole
            share = share_of(draft.problem, person)
            if share:
                longest = min(longest, _not_held_back(draft, row, share))
            routes.append(Route(row, person, day, draft.breaks[row], longest))
    return routes


def _not_held_back(draft: Draft, row: Row, share: float) -> Minute:
    """Return how long a tour may be without the share that is held back for emergencies.

    If everybody keeps their own share free, those with a skill do so together. What the draft has stays possible: its
    emergencies beside the rest, and a tour that is longer already.
    """
    there, day = draft.rows[row], draft.days[row]
    emergencies = [each for each in there if draft.jobs[each.job].emergency]
    more = sum(minutes_between(draft.breaks[row], each.starts, each.ends) for each in emergencies)
    places = [draft.jobs[each.job].place for each in there]
    so_far = tour(draft.problem, draft.people[row[0]], day, there, places).minutes if there else 0
    return max(int(length_of(day) * (1 - share)) + more, so_far)


def _length(draft: Draft, person: Person, day: Workday, ends: Minute) -> Minute:
    route = Route((person.code, day.starts), person, day, draft.breaks[person.code, day.starts], 0)
    return max(0, route.without_breaks(ends) - route.without_breaks(_begins(day)))


def _latest(person: Person, day: Workday) -> Minute:
    """Return until when overtime leaves the rest before the next workday."""
    following = [other.starts for other in person.workdays if other.starts > day.starts]
    return min([day.latest, *(max(day.ends, starts - person.rest) for starts in following)])


def _places(problem: Problem) -> list[str]:
    found = dict.fromkeys(job.place for job in problem.jobs)
    for person in problem.people:
        for day in person.workdays:
            found |= {day.start_place: None, day.end_place: None}
    return list(found) or ["nowhere"]


def _ways(problem: Problem, index: Mapping[str, int]) -> tuple[Reals, Reals]:
    travel, length = np.zeros((len(index), len(index))), np.zeros((len(index), len(index)))
    for here, i in index.items():
        for there, j in index.items():
            if i != j:
                travel[i, j] = problem.way(here, there)
                length[i, j] = problem.km.get((here, there), 0.0) * problem.weights.travel_km
    return travel, length


def _service(unit: Unit, routes: Sequence[Route]) -> float:
    if unit.visit is None:
        return float(max(unit.job.minutes, 1))
    route = next(each for each in routes if each.row == unit.row)
    return (route.without_breaks(unit.visit.ends) - route.without_breaks(unit.visit.starts)) / route.person.speed


def _windows(
    units: Sequence[Unit], routes: Sequence[Route], *, keep_times: bool
) -> tuple[Reals, Reals, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return when each unit may begin on each kind of route, and the kind of each route."""
    kinds: dict[tuple[object, ...], int] = {}
    number = np.array([kinds.setdefault(route.kind, len(kinds)) for route in routes], dtype=np.int64)
    examples = {int(number[i]): route for i, route in reversed(list(enumerate(routes)))}
    opens = np.zeros((len(units) + 1, max(len(kinds), 1)))
    closes = np.full((len(units) + 1, max(len(kinds), 1)), -1.0)
    for kind, route in examples.items():
        for j, unit in enumerate(units):
            found = _window(unit, route, keep_times=keep_times)
            if found is not None:
                opens[j, kind], closes[j, kind] = found
            else:
                opens[j, kind] = route.day.starts
                closes[j, kind] = route.day.starts - 1
    return opens, closes, number


def _window(unit: Unit, route: Route, *, keep_times: bool) -> tuple[float, float] | None:
    if unit.visit is not None:
        at = float(route.without_breaks(unit.visit.starts))
        return at, at
    job, day = unit.job, route.day
    first, last = max(job.not_before, day.starts, 0), day.latest
    for code in job.certificates:
        until = route.person.certificates.get(code)
        if until is not None and until > day.starts:
            last = min(last, until)
    published = job.published
    if keep_times and published is not None and day.starts <= published.starts < day.latest:
        length = published.ends - published.starts
        first, last = max(first, published.starts - SHIFTED + 1), min(last, published.starts + SHIFTED - 1 + length)
    best: tuple[float, float] | None = None
    for window in job.windows or (Span(first, last),):
        opens = route.without_breaks(max(first, window.starts))
        closes = route.without_breaks(min(last, window.ends)) - max(job.minutes, 1) * route.person.speed
        if closes >= opens and (best is None or closes - opens > best[1] - best[0]):
            best = float(opens), float(closes)
    return best


def _costs(problem: Problem, units: Sequence[Unit], routes: Sequence[Route], closed: frozenset[Row]) -> Reals:
    """Return what each unit costs on each route beside travel and time, infinite where it is not allowed."""
    middles = [(max(route.day.starts, 0) + route.day.ends) // 2 for route in routes]
    column = {minute: number for number, minute in enumerate(dict.fromkeys(middles))}
    columns = np.array([column[minute] for minute in middles], dtype=np.int64)
    cost = np.full((len(units), len(routes)), np.inf)
    allowed: dict[tuple[object, ...], np.ndarray[tuple[int], np.dtype[np.bool_]]] = {}
    own = {route.row: number for number, route in enumerate(routes)}
    for j, unit in enumerate(units):
        job = unit.job
        if unit.visit is not None and unit.row is not None:
            cost[j, own[unit.row]] = 0.0
            continue
        asked = (unit.needs, job.certificates, job.only)
        if asked not in allowed:
            allowed[asked] = np.array(
                [_may(unit, route) and route.row not in closed for route in routes], dtype=np.bool_
            )
        of_middle = np.array([(lateness(problem, job, at) + waiting(job, at)) * unit.share for at in column])
        cost[j] = np.where(allowed[asked], of_middle[columns], np.inf)
        if job.published is not None:
            cost[j] += _moving(problem, unit, job.published, routes)
    return cost


def _may(unit: Unit, route: Route) -> bool:
    alone = Job(
        id=unit.job.id, order="", number="", title="", place="", minutes=0, priority=0, needs=unit.needs,
        certificates=unit.job.certificates, only=unit.job.only,
    )  # fmt: skip
    if able(alone, route.person) is not None:
        return False
    until = [route.person.certificates[code] for code in unit.job.certificates]
    return all(minute is None or minute > route.day.starts for minute in until)


def _moving(problem: Problem, unit: Unit, published: Visit, routes: Sequence[Route]) -> Reals:
    one = moving_one(problem, published) * len(published.people) * unit.share
    stays = [
        route.person.code in published.people and route.day.starts <= published.starts < route.day.latest
        for route in routes
    ]
    return np.where(stays, 0.0, one)


def _skips(problem: Problem, units: Sequence[Unit]) -> Reals:
    over = horizon(problem)
    return np.array(
        [NEVER if unit.visit is not None else leaving_out(problem, unit.job, over) * unit.share for unit in units]
    )
