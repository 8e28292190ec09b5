"""The search for cheap routes, compiled: what a route costs, what adding a job to it would cost, and the search over
both.

Each stretch of a route is three numbers (Vidal, Crainic, Gendreau and Prins 2013, with hard windows): its least
duration, and the earliest and the latest start at which it takes no longer than that. Two stretches join in constant
time, so a job can be tried at every position of every route without walking it. `runtime.scheduling.problem` has what
the arrays mean.

The search is a large-neighbourhood search: strings of neighbouring jobs are taken out and put back at their cheapest
with blinks (Christiaens and Vanden Berghe, *Slack induction by string removals for vehicle routing problems*,
Transportation Science 2020), accepted by simulated annealing. Beside the strings, now and then, single jobs at random
and a whole route are taken out. A job that fits nowhere is left out at its cost and tried again.

All of it is one file, for what is compiled is kept until the file changes.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.kernel import compiled
from runtime.scheduling.problem import Flags, Problem, Reals, Whole, able_routes, alike, neighbours

Seeds = npt.NDArray[np.uint64]

EPSILON = 1e-7
"""Two times closer than this are one time: sums of square roots differ in their last digits by the order of adding."""
MOST_NEAR = 120
"""How many neighbours of a job are kept."""

MEAN_REMOVED = 10.0
"""Jobs taken out each time, on average (the paper's value)."""
LONGEST_STRING = 10.0
BLINK = 0.01
SPLIT = 0.5
"""How often a string keeps some jobs in its middle."""
SINGLES = 0.1
"""How often single jobs at random are taken out instead of strings."""
BY_WORTH = 0.3
"""How often jobs whose leaving out costs differently are put back by that, where all are in."""
MOST_BY_WORTH = 0.95
"""How often at most: where there is too much to do, which jobs are in matters more than where."""
NEARBY = 80
"""A job is tried in the routes that have one of so many neighbours, beside those that have just been changed."""
EVERYWHERE = 0.05
"""How often it is tried in all."""
CANDIDATES = 4
"""Of so many jobs drawn that are left out, the nearest is tried."""
NEIGHBOURS_OUT = 0.5
"""So many of the jobs that are tried again may be neighbours of those that are taken out."""
NEIGHBOUR_OUT = 0.5
"""How often a neighbour is one of them."""
TAKEN = -2
"""The route of a job while it is being chosen."""
FAR = 1e12
"""Farther than any way."""
WHOLE_ROUTE = 0.03
"""How often the jobs of one whole route are."""

# Columns of `Packed.rates`.
START_D, START_E, START_L, ENDS_BY, SPEED, BY_LENGTH, BY_TIME, FIXED, REGULAR, OVERTIME, LONGEST, FREE = range(12)
# Columns of `Packed.who`.
DAY, START_PLACE, END_PLACE, ALIKE, BEGUN = range(5)
# Columns of `Plan.numbers`.
COUNT, STORE_AT = range(2)
# Columns of `Plan.stretch`: up to a position, from it to the end, and up to it with a visit to the store somewhere
# before, each of three numbers. `CLOCK` is when the first can be over by the clock, `CLOCK + BY_STORE` when the last
# can: later than their least duration says where a route that has begun had to wait for what became known.
AHEAD, BEHIND, BY_STORE, CLOCK = 0, 3, 6, 9
STRETCH = CLOCK + BY_STORE + 1
# Columns of `Plan.spent`.
COST, LENGTH, WAITS, ROOM = range(4)


class Packed(NamedTuple):
    """A `Problem` in few arrays: compiled code is slow with many."""

    travel: Reals
    length: Reals
    place: Whole
    service: Reals
    windows: Reals
    """[n + 1, A, 2]"""
    cost: Reals
    skip: Reals
    use: Reals
    lacks: Flags
    rates: Reals
    carries: Reals
    who: Whole
    near: Whole
    able: npt.NDArray[np.int32]
    """[n, S] the routes that can do each job, the cheapest by `cost` first; -1 after the last."""
    able_cost: Reals
    """[n, S] their `cost`, side by side: a row of it is read at once, one of `cost` from all over the memory."""
    has_store: bool


class Plan(NamedTuple):
    """A plan while it is worked on; row r of ``jobs`` and ``at`` holds route r's jobs and their places from column 1
    on."""

    jobs: Whole
    at: Whole
    """Places; column 0 is the start, the column after the last job the end."""
    numbers: Whole
    """[R, 2] how many jobs (the store counted), and the position of the store's visit, 0 where there is none."""
    route_of: Whole
    """[n] the route of each job, -1 where it is left out."""
    stretch: Reals
    """[R, M, STRETCH]"""
    store_after: Whole
    """[R, M] for a route without the store's visit, after which position it would come."""
    used: Reals
    """[R, K] what the jobs before the store's visit use."""
    spent: Reals
    """[R, 4] cost and length, without what the jobs cost by themselves; how much of the least duration is waiting; how
    much more work and ways there may be at most."""


class Known(NamedTuple):
    """What adding a job to a route costs at best, kept until the route changes: most routes of a plan stay as they are
    from one change to the next (the cache of insertion costs of Pisinger and Ropke 2007 and others)."""

    version: Whole
    """[R] counts the changes of a route that were accepted."""
    at_version: npt.NDArray[np.int32]
    """[n, S] the version that the other values are of; -1 where nothing is known. Columns are those of
    `Packed.able`."""
    cost: npt.NDArray[np.float32]
    """[n, S]"""
    place: npt.NDArray[np.int16]
    """[n, S, 2] the position before the job, and the one before the store's visit; -1 for none."""
    reached: Whole
    """[R + 1] in which question each route was last near the job that was asked about; at the end how many questions
    there were."""


class Changed(NamedTuple):
    """The routes that differ from the last accepted plan, and those in which that differs from the best one."""

    flag: Flags
    """[2, R]"""
    routes: Whole
    """[2, R]"""
    size: Whole
    """[2]"""


# Rows of `Changed`.
NOW, SINCE_BEST = range(2)


def pack(p: Problem) -> Packed:
    """Return the problem as the compiled code reads it."""
    rates = np.column_stack(
        [*p.start.T, p.ends_by, p.speed, p.by_length, p.by_time, p.fixed, p.regular, p.overtime, p.longest, p.free]
    )
    who = np.column_stack([p.day, p.start_place, p.end_place, alike(p), p.begun.astype(np.int64)])
    windows = np.stack([p.opens, p.closes], axis=2)
    able = able_routes(p)
    arrays = (
        p.travel,
        p.length,
        p.place,
        p.service,
        windows,
        p.cost,
        p.skip,
        p.use,
        p.lacks,
        rates,
        p.carries,
        who,
        neighbours(p, MOST_NEAR),
        able,
        np.take_along_axis(p.cost, np.maximum(able, 0).astype(np.int64), axis=1),
    )
    contiguous: list[Any] = [np.ascontiguousarray(one) for one in arrays]
    return Packed._make([*contiguous, p.has_store])


@compiled
def draw(state: Seeds) -> Any:
    """Return the next number of [0, 1) (xorshift64*, Vigna 2016), so that one seed gives one plan on every machine."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@compiled
def join(d1: float, e1: float, l1: float, travel: float, d2: float, e2: float, l2: float) -> tuple[float, float, float]:
    """Return the stretch of two stretches with ``travel`` between; its duration is infinite where the second is
    reached too late."""
    gap = d1 + travel
    if e1 + gap > l2 + EPSILON:
        return math.inf, 0.0, 0.0
    wait = max(0.0, e2 - gap - l1)
    return gap + d2 + wait, max(e2 - gap, e1) - wait, min(l2 - gap, l1)


@compiled
def charge(rates: Reals, r: int, length: float, duration: float) -> float:
    """Return what a used route of this length and duration costs; infinite where it cannot be, or takes too long."""
    if duration == math.inf or duration > rates[r, LONGEST] + EPSILON:
        return math.inf
    cost: float = rates[r, FIXED] + rates[r, BY_LENGTH] * length + rates[r, BY_TIME] * duration
    if duration > rates[r, REGULAR]:
        cost += rates[r, OVERTIME] * (duration - rates[r, REGULAR])
    return cost


@compiled
def measure(p: Packed, s: Plan, r: int) -> bool:
    """Work out a route's stretches, uses and cost anew after its jobs changed. False where it cannot be driven."""
    n, count, day = p.skip.shape[0], s.numbers[r, COUNT], p.who[r, DAY]
    stretch, at, rates = s.stretch[r], s.at[r], p.rates
    speed = rates[r, SPEED]
    d, e, late = rates[r, START_D], rates[r, START_E], rates[r, START_L]
    stretch[0, AHEAD], stretch[0, AHEAD + 1], stretch[0, AHEAD + 2] = d, e, late
    clock, in_time = max(d + e, rates[r, FREE]), True
    stretch[0, CLOCK] = clock
    at[0], at[count + 1] = p.who[r, START_PLACE], p.who[r, END_PLACE]
    busy, left = 0.0, min(rates[r, ENDS_BY] - clock, rates[r, LONGEST] - d)
    length, visit = 0.0, 0
    for k in range(p.use.shape[1]):
        s.used[r, k] = 0.0
    for i in range(1, count + 1):
        j = s.jobs[r, i]
        at[i] = p.place[j]
        d, e, late = join(
            d, e, late, p.travel[at[i - 1], at[i]], p.service[j] * speed, p.windows[j, day, 0], p.windows[j, day, 1]
        )
        stretch[i, AHEAD], stretch[i, AHEAD + 1], stretch[i, AHEAD + 2] = d, e, late
        clock = max(clock + p.travel[at[i - 1], at[i]], p.windows[j, day, 0])
        in_time = in_time and clock <= p.windows[j, day, 1] + EPSILON
        clock += p.service[j] * speed
        stretch[i, CLOCK] = clock
        busy += p.travel[at[i - 1], at[i]] + p.service[j] * speed
        length += p.length[at[i - 1], at[i]]
        if j == n:
            visit = i
        elif visit == 0:
            for k in range(p.use.shape[1]):
                s.used[r, k] += p.use[j, k]
    s.numbers[r, STORE_AT] = visit
    length += p.length[at[count], at[count + 1]]
    b, c, last = 0.0, rates[r, START_E], rates[r, ENDS_BY]
    d, e, late = join(d, e, late, p.travel[at[count], at[count + 1]], b, c, last)
    in_time = in_time and clock + p.travel[at[count], at[count + 1]] <= last + EPSILON
    stretch[count + 1, BEHIND], stretch[count + 1, BEHIND + 1], stretch[count + 1, BEHIND + 2] = b, c, last
    for i in range(count, 0, -1):
        j = s.jobs[r, i]
        b, c, last = join(
            p.service[j] * speed, p.windows[j, day, 0], p.windows[j, day, 1], p.travel[at[i], at[i + 1]], b, c, last
        )
        stretch[i, BEHIND], stretch[i, BEHIND + 1], stretch[i, BEHIND + 2] = b, c, last
    busy += p.travel[at[count], at[count + 1]]
    s.spent[r, LENGTH] = length
    s.spent[r, WAITS], s.spent[r, ROOM] = d - stretch[0, AHEAD] - busy, left - busy
    s.spent[r, COST] = charge(rates, r, length, d) if count > 0 or p.who[r, BEGUN] else 0.0
    if p.has_store and visit == 0:
        visit_store_ahead(p, s, r)
    return in_time and d != math.inf and b != math.inf and s.spent[r, COST] != math.inf


@compiled
def visit_store_ahead(p: Packed, s: Plan, r: int) -> None:
    """Work out, for each position of a route without a visit to the store, the best stretch up to it that has one."""
    n, day = p.skip.shape[0], p.who[r, DAY]
    store, stretch, at = p.place[n], s.stretch[r], s.at[r]
    bd, be, bl, by_clock, after = math.inf, 0.0, 0.0, math.inf, -1
    for i in range(s.numbers[r, COUNT] + 1):
        if i > 0 and bd != math.inf:
            j = s.jobs[r, i]
            before = store if after == i - 1 else at[i - 1]
            by_clock = max(by_clock + p.travel[before, at[i]], p.windows[j, day, 0])
            by_clock = math.inf if by_clock > p.windows[j, day, 1] + EPSILON else by_clock
            by_clock += p.service[j] * p.rates[r, SPEED]
            bd, be, bl = join(
                bd,
                be,
                bl,
                p.travel[before, at[i]],
                p.service[j] * p.rates[r, SPEED],
                p.windows[j, day, 0],
                p.windows[j, day, 1],
            )
        d, e, late = join(
            stretch[i, AHEAD],
            stretch[i, AHEAD + 1],
            stretch[i, AHEAD + 2],
            p.travel[at[i], store],
            p.service[n],
            p.windows[n, day, 0],
            p.windows[n, day, 1],
        )
        clock = max(stretch[i, CLOCK] + p.travel[at[i], store], p.windows[n, day, 0])
        clock = math.inf if clock > p.windows[n, day, 1] + EPSILON else clock + p.service[n]
        # A visit right here ends at the store, an earlier one at the job: they are compared by when one is back at the
        # job's place.
        if d != math.inf and (bd == math.inf or clock + p.travel[store, at[i]] < by_clock):
            bd, be, bl, by_clock, after = d, e, late, clock, i
        stretch[i, BY_STORE], stretch[i, BY_STORE + 1], stretch[i, BY_STORE + 2] = bd, be, bl
        stretch[i, CLOCK + BY_STORE] = by_clock
        s.store_after[r, i] = after


@compiled
def fits(lacks: Flags, used: Reals, use: Reals, carries: Reals, r: int, j: int) -> bool:
    """Say whether route ``r`` can do job ``j`` before a visit to the store, with what it carries."""
    if lacks[j, r]:
        return False
    for k in range(use.shape[1]):  # noqa: SIM110 compiled code has no generators
        if used[r, k] + use[j, k] > carries[r, k] + EPSILON:
            return False
    return True


@compiled
def duration_with(
    stretch: Reals, i: int, column: int, go: float, service: float, opens: float, closes: float, come: float
) -> float:
    """Return how long a route is with a job between position ``i`` and the next; infinite where it does not fit.

    ``column`` says which stretch leads to it, ``go`` and ``come`` are the travel to it and away from it.
    """
    k = i + 1
    begins = max(stretch[i, CLOCK + column] + go, opens)
    if begins > closes + EPSILON or begins + service + come > stretch[k, BEHIND + 2] + EPSILON:
        return math.inf
    d, e, late = join(stretch[i, column], stretch[i, column + 1], stretch[i, column + 2], go, service, opens, closes)
    if d == math.inf:
        return math.inf
    whole = join(d, e, late, come, stretch[k, BEHIND], stretch[k, BEHIND + 1], stretch[k, BEHIND + 2])
    return float(whole[0])


@compiled
def along(
    stretch: Reals, at: Whole, travel: Reals, lengths: Reals, rates: Reals, r: int, to: int, service: float,
    opens: float, closes: float, first: int, count: int, length: float, old: float, best: float, blink: float,
    rng: Seeds,
) -> tuple[float, int]:  # fmt: skip
    """Return the least that adding a job to route ``r`` costs, from position ``first`` on, and that position.

    ``best`` and -1 where no position is below ``best``; ``old`` is what to take off the route's new cost.
    """
    where = -1
    by_length, by_time = rates[r, BY_LENGTH], rates[r, BY_TIME]
    for i in range(first, count + 1):
        if stretch[i, CLOCK] > closes + EPSILON:
            break
        here, after = at[i], at[i + 1]
        more = 0.0
        if by_length != 0.0:
            more = lengths[here, to] + lengths[to, after] - lengths[here, after]
            if by_time == 0.0 and charge(rates, r, length + more, 0.0) - old >= best:
                continue
        d = duration_with(stretch, i, AHEAD, travel[here, to], service, opens, closes, travel[to, after])
        cost = charge(rates, r, length + more, d) - old
        if cost < best and (blink == 0.0 or draw(rng) >= blink):
            best, where = cost, i
    return best, where


@compiled
def along_by_store(
    stretch: Reals, at: Whole, travel: Reals, lengths: Reals, rates: Reals, r: int, to: int, service: float,
    opens: float, closes: float, visits: Whole, shop: int, count: int, length: float, old: float, best: float,
    blink: float, rng: Seeds,
) -> tuple[float, int]:  # fmt: skip
    """Return the same as `along` where the route visits the store as well, newly, after position ``visits[i]``."""
    where = -1
    for i in range(count + 1):
        q, after = visits[i], at[i + 1]
        if q < 0:
            continue
        lead = shop if q == i else at[i]
        more = lengths[at[q], shop] + lengths[lead, to] + lengths[to, after] - lengths[at[i], after]
        if q < i:
            more += lengths[shop, at[q + 1]] - lengths[at[q], at[q + 1]]
        d = duration_with(stretch, i, BY_STORE, travel[lead, to], service, opens, closes, travel[to, after])
        cost = charge(rates, r, length + more, d) - old
        if cost < best and (blink == 0.0 or draw(rng) >= blink):
            best, where = cost, i
    return best, where


@compiled
def reach(p: Packed, s: Plan, known: Known, j: int, rng: Seeds) -> int:
    """Number the routes that are near job ``j`` and return the number; 0 where all are to be tried."""
    if p.near.shape[1] < MOST_NEAR or draw(rng) < EVERYWHERE:
        return 0
    last = s.numbers.shape[0]
    known.reached[last] += 1
    for k in range(NEARBY):
        r = s.route_of[p.near[j, k]]
        if r >= 0:
            known.reached[r] = known.reached[last]
    return int(known.reached[last])


@compiled
def too_dear(spent: Reals, rates: Reals, r: int, count: int, service: float, alone: float, best: float) -> bool:
    """Say whether route ``r`` has no time for a job of this length, or costs at least ``best`` more with it, even where
    the job is on the way; ``alone`` is what the job costs by itself."""
    if service > spent[r, ROOM] + EPSILON:
        return True
    longer = max(0.0, service - spent[r, WAITS])
    return bool(count > 0 and alone + rates[r, BY_TIME] * longer >= best)


@compiled
def cheapest(
    p: Packed, s: Plan, known: Known, changed: Changed, j: int, blink: float, rng: Seeds
) -> tuple[int, int, int]:
    """Return where job ``j`` costs least: the route, the position it comes after, and after which one the store is
    visited.

    -1 for the route where leaving the job out is cheaper, and for the store where it is not visited newly. What would
    be better is passed over with the probability ``blink``. All routes in one call: a call with so many arrays costs
    as much as ten positions.
    """
    best, route, where, store = p.skip[j], -1, -1, -1
    n, to, empty = p.skip.shape[0], p.place[j], -1
    question = reach(p, s, known, j, rng)
    for k in range(p.able.shape[1]):
        r = p.able[j, k]
        # Travel and time are never negative, so adding a job cannot cost less than the job by itself.
        if r < 0 or p.able_cost[j, k] >= best:
            break
        count = s.numbers[r, COUNT]
        fresh = changed.flag[NOW, r]
        if question > 0 and count > 0 and not fresh and known.reached[r] != question:
            continue
        service = p.service[j] * p.rates[r, SPEED]
        if count + 4 >= s.jobs.shape[1] or too_dear(s.spent, p.rates, r, count, service, p.able_cost[j, k], best):
            continue
        if count == 0:
            if empty >= 0 and p.who[r, ALIKE] == p.who[empty, ALIKE]:
                continue
            empty = r
        if not fresh and known.at_version[j, k] == known.version[r]:
            if known.cost[j, k] < best and (blink == 0.0 or draw(rng) >= blink):
                best, route, where, store = known.cost[j, k], r, known.place[j, k, 0], known.place[j, k, 1]
            continue
        limit, chance = (best, blink) if fresh else (math.inf, 0.0)
        day, visit = p.who[r, DAY], s.numbers[r, STORE_AT]
        opens, closes = p.windows[j, day, 0], p.windows[j, day, 1]
        length, old = s.spent[r, LENGTH], s.spent[r, COST] - p.able_cost[j, k]
        can = fits(p.lacks, s.used, p.use, p.carries, r, j)
        cost, i, shop = math.inf, -1, -1
        if can or visit > 0:
            first = 0 if can else visit
            cost, i = along(
                s.stretch[r], s.at[r], p.travel, p.length, p.rates, r, to, service, opens, closes, first, count,
                length, old, limit, chance, rng,
            )  # fmt: skip
        elif p.has_store:
            visits = s.store_after[r]
            cost, i = along_by_store(
                s.stretch[r], s.at[r], p.travel, p.length, p.rates, r, to, service, opens, closes, visits, p.place[n],
                count, length, old, limit, chance, rng,
            )  # fmt: skip
            shop = visits[i] if i >= 0 else -1
        if not fresh:
            known.at_version[j, k], known.cost[j, k] = known.version[r], cost
            known.place[j, k, 0], known.place[j, k, 1] = i, shop
            if cost >= best or (blink > 0.0 and draw(rng) < blink):
                continue
        if i >= 0:
            best, route, where, store = cost, r, i, shop
    return route, where, store


@compiled
def put(s: Plan, r: int, j: int, after: int) -> None:
    """Put job ``j`` after position ``after``; `measure` has to follow."""
    for i in range(s.numbers[r, COUNT], after, -1):
        s.jobs[r, i + 1] = s.jobs[r, i]
    s.jobs[r, after + 1] = j
    s.numbers[r, COUNT] += 1


@compiled
def insert(p: Packed, s: Plan, r: int, j: int, where: int, store: int) -> None:
    """Carry out what `cheapest` found."""
    put(s, r, j, where)
    if store >= 0:
        put(s, r, p.skip.shape[0], store)
    s.route_of[j] = r
    measure(p, s, r)


@compiled
def needs_store_from(p: Packed, s: Plan, r: int, total: Reals) -> int:
    """Return the first position whose job needs the store's visit before it; one more than the last where none does."""
    total[:] = 0.0
    for i in range(1, s.numbers[r, COUNT] + 1):
        j = s.jobs[r, i]
        if p.lacks[j, r]:
            return i
        for k in range(p.use.shape[1]):
            total[k] += p.use[j, k]
            if total[k] > p.carries[r, k] + EPSILON:
                return i
    return int(s.numbers[r, COUNT] + 1)


@compiled
def set_store(p: Packed, s: Plan, r: int) -> None:
    """Give a route's visit to the store its cheapest position, or leave it out where nothing needs it any more."""
    was = s.numbers[r, STORE_AT]
    if was == 0:
        return
    n = p.skip.shape[0]
    for i in range(was, s.numbers[r, COUNT]):
        s.jobs[r, i] = s.jobs[r, i + 1]
    s.numbers[r, COUNT] -= 1
    ok = measure(p, s, r)
    first = needs_store_from(p, s, r, np.zeros(p.use.shape[1]))
    if ok and first > s.numbers[r, COUNT]:
        return
    best, where, shop, day = math.inf, was - 1, p.place[n], p.who[r, DAY]
    for i in range(first if ok else 0):  # before the first job that needs it
        here, after = s.at[r, i], s.at[r, i + 1]
        d = duration_with(
            s.stretch[r], i, AHEAD, p.travel[here, shop], p.service[n], p.windows[n, day, 0], p.windows[n, day, 1],
            p.travel[shop, after],
        )  # fmt: skip
        length = s.spent[r, LENGTH] + p.length[here, shop] + p.length[shop, after] - p.length[here, after]
        cost = charge(p.rates, r, length, d)
        if cost < best:
            best, where = cost, i
    put(s, r, n, where)
    measure(p, s, r)


@compiled
def remove(s: Plan, r: int, first: int, last: int, n: int, pool: Whole, size: int, keep_from: int, keep_to: int) -> int:
    """Move positions ``first`` to ``last`` of a route but ``keep_from`` to ``keep_to`` to the pool; return its size."""
    count = s.numbers[r, COUNT]
    to = first
    for i in range(first, count + 1):
        j = s.jobs[r, i]
        if i > last or j == n or keep_from <= i <= keep_to:
            s.jobs[r, to] = j
            to += 1
        else:
            pool[size] = j
            size += 1
            s.route_of[j] = -1
    s.numbers[r, COUNT] = to - 1
    return size


@compiled
def position_of(s: Plan, r: int, j: int) -> int:
    for i in range(1, s.numbers[r, COUNT] + 1):
        if s.jobs[r, i] == j:
            return i
    return 0


@compiled
def mark(changed: Changed, row: int, r: int) -> bool:
    """Note that a route differs; returns whether that is new."""
    if changed.flag[row, r]:
        return False
    changed.flag[row, r] = True
    changed.routes[row, changed.size[row]] = r
    changed.size[row] += 1
    return True


@compiled
def unmark(changed: Changed, row: int) -> None:
    for k in range(changed.size[row]):
        changed.flag[row, changed.routes[row, k]] = False
    changed.size[row] = 0


@compiled
def keep_copy(p: Packed, s: Plan, old: Plan, r: int, changed: Changed) -> None:
    """Copy a route, and what it and its jobs cost, before it is changed for the first time."""
    if not mark(changed, NOW, r):
        return
    old.numbers[r, COUNT] = s.numbers[r, COUNT]
    for i in range(1, s.numbers[r, COUNT] + 1):
        old.jobs[r, i] = s.jobs[r, i]
    old.spent[r, COST] = cost_of_route(p, s, r)


@compiled
def cost_of_route(p: Packed, s: Plan, r: int) -> float:
    """Return what a route and its jobs cost."""
    n = p.skip.shape[0]
    cost: float = s.spent[r, COST]
    for i in range(1, s.numbers[r, COUNT] + 1):
        if s.jobs[r, i] != n:
            cost += p.cost[s.jobs[r, i], r]
    return cost


@compiled
def ruin_strings(
    p: Packed,
    s: Plan,
    old: Plan,
    changed: Changed,
    pool: Whole,
    size: int,
    seed: int,
    rng: Seeds,
    used_routes: int,
    placed: int,
) -> int:
    """Take strings of jobs out of routes near the job ``seed``."""
    n = p.skip.shape[0]
    average = placed / max(used_routes, 1)
    longest = min(LONGEST_STRING, max(average, 1.0))
    most = 4.0 * MEAN_REMOVED / (1.0 + longest) - 1.0
    strings = int(1.0 + draw(rng) * most)
    done = 0
    for place in range(-1, p.near.shape[1]):
        if done >= strings:
            break
        j = seed if place < 0 else p.near[seed, place]
        r = s.route_of[j]
        if r < 0 or changed.flag[NOW, r]:
            continue
        keep_copy(p, s, old, r, changed)
        count = s.numbers[r, COUNT]
        size_here = int(1.0 + draw(rng) * min(longest, float(count)))
        size_here = min(size_here, count)
        at = position_of(s, r, j)
        kept = 0
        if size_here > 1 and size_here < count and draw(rng) < SPLIT:
            kept = 1
            while size_here + kept < count and draw(rng) > 0.01 and draw(rng) < 0.5:
                kept += 1
        whole = size_here + kept
        low = max(1, at - whole + 1)
        high = min(at, count - whole + 1)
        first = low + int(draw(rng) * (high - low + 1))
        keep_from, keep_to = 0, -1
        if kept > 0:
            keep_from = first + 1 + int(draw(rng) * (whole - kept - 1))
            keep_to = keep_from + kept - 1
        size = remove(s, r, first, first + whole - 1, n, pool, size, keep_from, keep_to)
        done += 1
    return size


@compiled
def ruin_singles(p: Packed, s: Plan, old: Plan, changed: Changed, pool: Whole, size: int, rng: Seeds) -> int:
    """Take some jobs out, each drawn by itself."""
    n = p.skip.shape[0]
    for _ in range(int(1.0 + draw(rng) * MEAN_REMOVED)):
        j = int(draw(rng) * n)
        r = s.route_of[j]
        if r < 0:
            continue
        keep_copy(p, s, old, r, changed)
        at = position_of(s, r, j)
        size = remove(s, r, at, at, n, pool, size, 0, -1)
    return size


@compiled
def ruin_route(p: Packed, s: Plan, old: Plan, changed: Changed, pool: Whole, size: int, rng: Seeds) -> int:
    """Take all jobs of one route out. Strings near it have to follow, so that they have somewhere to go."""
    n = p.skip.shape[0]
    j = int(draw(rng) * n)
    r = s.route_of[j]
    if r < 0 or s.numbers[r, COUNT] > 3 * int(MEAN_REMOVED):
        return size
    keep_copy(p, s, old, r, changed)
    return int(remove(s, r, 1, s.numbers[r, COUNT], n, pool, size, 0, -1))


@compiled
def sort_pool(p: Packed, pool: Whole, size: int, by_worth: float, rng: Seeds, keys: Reals) -> None:
    """Put the removed jobs into one of seven orders: at random, long first, far, close, narrow window, early, late.

    Where leaving one out costs more than leaving out another, with the probability ``by_worth`` by that, for each
    minute that it takes.
    """
    least, most = math.inf, 0.0
    for i in range(size):
        least, most = min(least, p.skip[pool[i]]), max(most, p.skip[pool[i]])
    kind = 14.0 if most > least and draw(rng) < by_worth else draw(rng) * 14.0
    for i in range(size):
        j = pool[i]
        window = p.windows[j, 0, 1] - p.windows[j, 0, 0]
        if kind < 4.0:
            keys[i] = draw(rng)
        elif kind < 7.0:
            keys[i] = -p.service[j]
        elif kind < 9.0:
            keys[i] = -p.travel[p.who[0, START_PLACE], p.place[j]]
        elif kind < 10.0:
            keys[i] = p.travel[p.who[0, START_PLACE], p.place[j]]
        elif kind < 12.0:
            keys[i] = window
        elif kind < 13.0:
            keys[i] = p.windows[j, 0, 0]
        elif kind < 14.0:
            keys[i] = -p.windows[j, 0, 1]
        else:
            keys[i] = -p.skip[j] / max(p.service[j], 1e-9)
    for i in range(1, size):  # insertion sort: stable, and the pool is short
        j, key = pool[i], keys[i]
        k = i - 1
        while k >= 0 and keys[k] > key:
            pool[k + 1], keys[k + 1] = pool[k], keys[k]
            k -= 1
        pool[k + 1], keys[k + 1] = j, key


@compiled
def recreate(
    p: Packed,
    s: Plan,
    old: Plan,
    known: Known,
    changed: Changed,
    pool: Whole,
    size: int,
    rng: Seeds,
    blink: float,
) -> int:
    """Put each job of the pool where it is cheapest; returns how many stay out (they stay in the pool)."""
    out = 0
    for k in range(size):
        j = pool[k]
        route, where, store = cheapest(p, s, known, changed, j, blink, rng)
        if route < 0:
            pool[out] = j
            out += 1
        else:
            keep_copy(p, s, old, route, changed)
            insert(p, s, route, j, where, store)
    return out


@compiled
def total(p: Packed, s: Plan) -> float:
    """Return what the whole plan costs."""
    cost = 0.0
    for r in range(s.numbers.shape[0]):
        cost += cost_of_route(p, s, r)
    for j in range(p.skip.shape[0]):
        if s.route_of[j] < 0:
            cost += p.skip[j]
    return cost


@compiled
def construct(p: Packed, s: Plan, old: Plan, known: Known, changed: Changed, rng: Seeds) -> None:
    """Put every job that is left out where it is cheapest: those first that cost most to leave out, of these those
    with narrow windows."""
    n = p.skip.shape[0]
    pool = np.empty(n + 1, dtype=np.int64)
    keys = np.empty(n + 1, dtype=np.float64)
    size = 0
    for j in range(n):
        if s.route_of[j] < 0:
            pool[size] = j
            keys[size] = p.windows[j, 0, 1] - p.windows[j, 0, 0]
            size += 1
    pool[:size] = pool[:size][np.argsort(keys[:size])]
    for i in range(size):
        keys[i] = -p.skip[pool[i]]
    pool[:size] = pool[:size][np.argsort(keys[:size], kind="mergesort")]
    recreate(p, s, old, known, changed, pool, size, rng, 0.0)
    accept(known, changed)


@compiled
def accept(known: Known, changed: Changed) -> None:
    """Let the plan be as it has been changed."""
    for k in range(changed.size[NOW]):
        r = changed.routes[NOW, k]
        known.version[r] += 1
        mark(changed, SINCE_BEST, r)
    unmark(changed, NOW)


@compiled
def restore(p: Packed, s: Plan, old: Plan, changed: Changed) -> None:
    """Put the changed routes back as they were."""
    n = p.skip.shape[0]
    for k in range(changed.size[NOW]):
        r = changed.routes[NOW, k]
        for i in range(1, s.numbers[r, COUNT] + 1):
            if s.jobs[r, i] != n:
                s.route_of[s.jobs[r, i]] = -1
    for k in range(changed.size[NOW]):
        r = changed.routes[NOW, k]
        s.numbers[r, COUNT] = old.numbers[r, COUNT]
        for i in range(1, old.numbers[r, COUNT] + 1):
            j = old.jobs[r, i]
            s.jobs[r, i] = j
            if j != n:
                s.route_of[j] = r
        measure(p, s, r)
    unmark(changed, NOW)


@compiled
def copy_plan(s: Plan, best: Plan, changed: Changed) -> None:
    """Copy the routes in which the best plan differs to it."""
    for k in range(changed.size[SINCE_BEST]):
        r = changed.routes[SINCE_BEST, k]
        best.numbers[r, COUNT] = s.numbers[r, COUNT]
        best.spent[r, COST] = s.spent[r, COST]
        for i in range(s.numbers[r, COUNT] + 1):
            best.jobs[r, i] = s.jobs[r, i]
    unmark(changed, SINCE_BEST)


@compiled
def take_left_out(p: Packed, s: Plan, out: Whole, count: int, pool: Whole, seed: int, rng: Seeds) -> int:
    """Move up to `MEAN_REMOVED` jobs that are left out into the pool; returns how many.

    Where there are more, half of them at most are neighbours of job ``seed`` that its route may do: that is where room
    is made. Each of the others is the nearest to ``seed`` of `CANDIDATES` drawn, preferably one that the route may do.
    """
    size = min(count, int(MEAN_REMOVED))
    r, found = s.route_of[seed], 0
    if size < count and r >= 0:
        for place in range(p.near.shape[1]):
            j = p.near[seed, place]
            if s.route_of[j] < 0 and p.cost[j, r] != math.inf and draw(rng) < NEIGHBOUR_OUT:
                pool[found] = j
                found += 1
                s.route_of[j] = TAKEN
                if found >= size * NEIGHBOURS_OUT:
                    break
        rest = 0
        for i in range(count):
            if s.route_of[out[i]] != TAKEN:
                out[rest] = out[i]
                rest += 1
        for k in range(found):
            out[rest + k] = pool[k]
            s.route_of[pool[k]] = -1
    for k in range(found, size):
        best, at = math.inf, 0
        for _ in range(CANDIDATES):
            i = int(draw(rng) * (count - k))
            apart = p.travel[p.place[seed], p.place[out[i]]]
            if r >= 0 and p.cost[out[i], r] == math.inf:
                apart = FAR + apart
            if apart < best:
                best, at = apart, i
        pool[k] = out[at]
        out[at] = out[count - k - 1]
        out[count - k - 1] = pool[k]
    return size


@compiled
def ruin(
    p: Packed,
    s: Plan,
    old: Plan,
    changed: Changed,
    pool: Whole,
    size: int,
    seed: int,
    rng: Seeds,
    used: int,
    placed: int,
) -> int:
    """Take jobs out in one of the three ways and work the routes out anew; returns the size of the pool."""
    kind = draw(rng)
    if kind < SINGLES:
        size = ruin_singles(p, s, old, changed, pool, size, rng)
    else:
        if kind < SINGLES + WHOLE_ROUTE:
            size = ruin_route(p, s, old, changed, pool, size, rng)
        size = ruin_strings(p, s, old, changed, pool, size, seed, rng, used, placed)
    for k in range(changed.size[NOW]):
        measure(p, s, changed.routes[NOW, k])
        if p.has_store:
            set_store(p, s, changed.routes[NOW, k])
    return size


@compiled
def change(
    p: Packed,
    s: Plan,
    old: Plan,
    known: Known,
    changed: Changed,
    out: Whole,
    left: int,
    pool: Whole,
    keys: Reals,
    rng: Seeds,
    used: int,
    placed: int,
) -> tuple[int, float]:
    """Make one change; returns how many jobs are left out now and what it costs (or saves)."""
    seed = int(draw(rng) * p.skip.shape[0])
    first = take_left_out(p, s, out, left, pool, seed, rng)
    before = 0.0
    for k in range(first):
        before += p.skip[pool[k]]
    size = ruin(p, s, old, changed, pool, first, seed, rng, used, placed)
    sort_pool(p, pool, size, min(BY_WORTH + 2.0 * left / p.skip.shape[0], MOST_BY_WORTH), rng, keys)
    stay = recreate(p, s, old, known, changed, pool, size, rng, BLINK)
    after = 0.0
    for k in range(stay):
        after += p.skip[pool[k]]
        out[left - first + k] = pool[k]
    for k in range(changed.size[NOW]):
        r = changed.routes[NOW, k]
        if p.has_store:
            set_store(p, s, r)
        before += old.spent[r, COST]
        after += cost_of_route(p, s, r)
    return left - first + stay, after - before


@compiled
def search(
    p: Packed,
    s: Plan,
    old: Plan,
    best: Plan,
    known: Known,
    changed: Changed,
    costs: Reals,
    rng: Seeds,
    iterations: int,
    hot: float,
    cold: float,
) -> None:
    """Improve a plan for ``iterations`` steps while the temperature falls from ``hot`` to ``cold``, in the unit of
    cost.

    ``costs`` holds what the current plan and the best one cost, and is changed with them.
    """
    n = p.skip.shape[0]
    routes = s.numbers.shape[0]
    pool = np.empty(n + 1, dtype=np.int64)
    keys = np.empty(n + 1, dtype=np.float64)
    out = np.empty(n + 1, dtype=np.int64)
    out_before = np.empty(n + 1, dtype=np.int64)
    left = 0
    for j in range(n):
        if s.route_of[j] < 0:
            out[left] = j
            left += 1
    fall = (cold / hot) ** (1.0 / max(iterations, 1))
    heat = hot
    used, placed = 0, 0
    for step in range(iterations):
        if step % 32 == 0:
            used, placed = 0, 0
            for r in range(routes):
                used += 1 if s.numbers[r, COUNT] > 0 else 0
                placed += s.numbers[r, COUNT]
        left_before = left
        out_before[:left] = out[:left]
        left, more = change(p, s, old, known, changed, out, left, pool, keys, rng, used, placed)
        if more < -heat * math.log(1.0 - draw(rng)) if more >= 0.0 else True:
            costs[0] += more
            accept(known, changed)
            if costs[0] < costs[1] - 1e-9:
                costs[1] = costs[0]
                copy_plan(s, best, changed)
        else:
            restore(p, s, old, changed)
            left = left_before
            out[:left] = out_before[:left]
        heat *= fall
