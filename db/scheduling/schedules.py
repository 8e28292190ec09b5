"""Schedules of weeks: proposed, accepted, published. The caller owns the transaction.

Whoever decides which schedule of a site is current locks the site's weeks first, then the schedule.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import NotFound, StoreError
from workorder_core.scheduling.weeks import DATES, Planned, State, week_of
from workorder_core.sentences import coded, say

_QUERIES = sql.load("schedules")
TakenOut = Mapping[str, Mapping[str, str]]


class ScheduleChanged(StoreError):
    """Somebody has changed a schedule since it was read."""

    def __init__(self, schedule_id: int, expected: int, version: int) -> None:
        super().__init__(
            say(
                "somebody has changed this schedule meanwhile (version {version}, not {expected}): look at it again, "
                "then decide",
                version=version,
                expected=expected,
            )
        )
        self.schedule_id, self.expected, self.version = schedule_id, expected, version


class ScheduleFinal(StoreError):
    """A schedule is not in a state in which this can be done."""

    def __init__(self, state: State, why: str) -> None:
        super().__init__(say("this schedule is {state}: {why}", state=coded(state.value), why=why))
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The schedule of a site's week.

    Parameters
    ----------
    read_at
        When the facts were read that it was made from.
    based_on
        The schedule that it was compared with when it was made.
    weights_version
        0: the weights that a plant begins with.
    seconds
        How long it took to make; None for one that a person made.
    costs
        Money by the name of each term, and their ``total``.
    reasons
        Why each job is not in it, by the job's id.
    taken_out
        What planners took out of the week, by the job's id: who (``by``) and when (``at``).
    causes
        What it was made because of, in sentences; empty where somebody or the night asked for it.
    """

    id: int
    site: str
    site_id: int
    time_zone: str
    from_date: date
    dates: int
    version: int
    state: State
    state_since: datetime
    made_by: str
    made_at: datetime
    read_at: datetime
    run_id: UUID | None
    based_on: int | None
    weights_version: int
    seconds: float | None
    costs: Mapping[str, float]
    reasons: Mapping[str, str]
    taken_out: TakenOut
    causes: Sequence[str]
    accepted_by: str | None
    accepted_at: datetime | None
    published_by: str | None
    published_at: datetime | None

    @property
    def starts_at(self) -> datetime:
        """The beginning of its first date at the site, in UTC."""
        return begin_of(self.from_date, self.time_zone)

    @property
    def ends_at(self) -> datetime:
        """The end of its last date."""
        return begin_of(self.from_date + timedelta(days=self.dates), self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposal for a week, before it is stored."""

    site_id: int
    from_date: date
    visits: Sequence[Planned]
    read_at: datetime
    based_on: Schedule | None
    pins: Collection[Planned] = ()
    """What was pinned in the week when its facts were read."""
    run_id: UUID | None = None
    weights_version: int = 0
    seconds: float | None = None
    costs: Mapping[str, float]
    reasons: Mapping[str, str]
    taken_out: TakenOut = field(default_factory=dict)
    causes: Sequence[str] = ()
    problem: Mapping[str, Any] | None = None


def begin_of(day: date, zone: str) -> datetime:
    """Return the beginning of a date in a time zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def get(conn: Connection, schedule_id: int, within: Collection[str] | None = None) -> Schedule:
    """Return a schedule. Raises NotFound, also for one of a site that is not within."""
    rows = _rows(conn, "get", {"id": schedule_id, "within": scope.codes(within)})
    if not rows:
        raise NotFound("schedule", schedule_id)
    return rows[0]


def lock(conn: Connection, schedule_id: int, *, expected_version: int | None = None) -> Schedule:
    """Lock a schedule until the transaction ends and return it. Raises NotFound, ScheduleChanged."""
    lock_weeks(conn, get(conn, schedule_id).site_id)
    conn.execute(_QUERIES["lock"], {"id": schedule_id})
    found = get(conn, schedule_id)
    if expected_version is not None and expected_version != found.version:
        raise ScheduleChanged(schedule_id, expected_version, found.version)
    return found


def lock_weeks(conn: Connection, site_id: int) -> None:
    """Let nobody else decide which schedules of a site are current, until the transaction ends."""
    conn.execute(_QUERIES["lock_weeks"], {"site_id": site_id})


def page(
    conn: Connection,
    *,
    within: Collection[str] | None = None,
    site: str | None = None,
    state: State | None = None,
    from_date: date | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Schedule]:
    """Return schedules, the newest first."""
    asked = {"within": scope.codes(within), "site": site, "state": state, "from_date": from_date, "before": before}
    return _rows(conn, "page", asked | {"limit": limit})


def of_week(conn: Connection, site_id: int, from_date: date) -> Mapping[State, Schedule]:
    """Return the current schedules of a week by their state, at most one of each."""
    return {each.state: each for each in _rows(conn, "of_week", {"site_id": site_id, "from_date": from_date})}


def working(current: Mapping[State, Schedule]) -> Schedule | None:
    """Return what planners work on: what they accepted, otherwise what is published; None if there is neither."""
    return current.get(State.ACCEPTED) or current.get(State.PUBLISHED)


def visits(conn: Connection, *schedules: int) -> dict[int, tuple[Planned, ...]]:
    """Return the visits of schedules, each by their start."""
    found: dict[int, list[Planned]] = defaultdict(list)
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["visits"], {"ids": list(schedules)}):
            found[row["schedule_id"]].append(
                Planned(
                    order=row["order_id"],
                    people=tuple(row["people"]),
                    **{
                        name: row[name]
                        for name in ("part", "starts_at", "ends_at", "pinned_by", "pinned_at", "told_at")
                    },
                )
            )
    return {each: tuple(found[each]) for each in schedules}


def visits_of(conn: Connection, schedule: Schedule | None) -> tuple[Planned, ...]:
    """Return the visits of a schedule by their start; none of None."""
    return () if schedule is None else visits(conn, schedule.id)[schedule.id]


def elsewhere(conn: Connection, site_id: int, from_date: date, *, now: datetime) -> frozenset[UUID]:
    """Return the orders that other weeks of the site have, as far as their visits are not over."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        facts = {"site_id": site_id, "from_date": from_date, "now": now}
        return frozenset(cursor.execute(_QUERIES["elsewhere"], facts))


def propose(conn: Connection, draft: Draft, *, actor: str, at: datetime) -> Schedule:
    """Store a proposal and return it: as a draft, and what was proposed before is superseded.

    It is superseded itself if somebody has pinned, released or taken out a visit since its facts were read, or if there
    is a proposal from later facts: of two runs at once, one is stored and the other superseded.
    """
    lock_weeks(conn, draft.site_id)
    current = of_week(conn, draft.site_id, draft.from_date)
    before = current.get(State.DRAFT)
    later = before is not None and before.read_at > draft.read_at
    by_hand = (pinned(conn, current), taken_out(current))
    outdated = later or by_hand != (frozenset(draft.pins), draft.taken_out)
    if before is not None and not outdated:
        set_state(conn, before.id, State.SUPERSEDED, actor=actor, at=at)
    return _added(conn, draft, State.SUPERSEDED if outdated else State.DRAFT, actor=actor, at=at)


def pinned(conn: Connection, current: Mapping[State, Schedule]) -> frozenset[Planned]:
    """Return what is pinned in a week: in its proposal, and in what planners work on."""
    those = [each for each in (current.get(State.DRAFT), working(current)) if each is not None]
    found: dict[str, Planned] = {}
    for each in reversed(those):
        found |= {one.job: _as_pinned(one) for one in visits_of(conn, each) if one.pinned_by is not None}
    return frozenset(found.values())


def taken_out(current: Mapping[State, Schedule]) -> TakenOut:
    """Return what planners took out of a week: out of its proposal, or out of what they work on."""
    found: dict[str, Mapping[str, str]] = {}
    for each in (current.get(State.DRAFT), working(current)):
        found |= {} if each is None else each.taken_out
    return found


def set_taken_out(conn: Connection, schedule_id: int, those: TakenOut) -> None:
    """Note what planners took out of a schedule's week."""
    conn.execute(_QUERIES["set_taken_out"], {"id": schedule_id, "taken_out": Jsonb(dict(those))})


def begin_accepted(conn: Connection, based_on: Schedule, *, actor: str, at: datetime) -> Schedule:
    """Copy a published schedule for planners to work on, and return the copy."""
    draft = Draft(
        site_id=based_on.site_id,
        from_date=based_on.from_date,
        visits=visits_of(conn, based_on),
        read_at=at,
        based_on=based_on,
        weights_version=based_on.weights_version,
        costs=based_on.costs,
        reasons=based_on.reasons,
        taken_out=based_on.taken_out,
    )
    return _added(conn, draft, State.ACCEPTED, actor=actor, at=at)


def begin_empty(conn: Connection, site_id: int, day: date, *, actor: str, at: datetime) -> Schedule:
    """Make an empty plan of a date's week to work on by hand; what planners work on already is returned instead."""
    lock_weeks(conn, site_id)
    current = of_week(conn, site_id, week_of(day))
    there = working(current)
    if there is not None and there.state is State.ACCEPTED:
        return there
    if there is not None:
        return begin_accepted(conn, there, actor=actor, at=at)
    empty = Draft(site_id=site_id, from_date=week_of(day), visits=(), read_at=at, based_on=None, costs={}, reasons={})
    return _added(conn, empty, State.ACCEPTED, actor=actor, at=at)


def set_state(conn: Connection, schedule_id: int, state: State, *, actor: str, at: datetime) -> None:
    """Note what a schedule is to people from now on."""
    conn.execute(_QUERIES["set_state"], {"id": schedule_id, "state": state, "actor": actor, "at": at})


def note_change(
    conn: Connection, schedule: Schedule, *, costs: Mapping[str, float], reasons: Mapping[str, str]
) -> None:
    """Give a schedule its next version, with the costs and reasons that it has now."""
    conn.execute(
        _QUERIES["note_change"], {"id": schedule.id, "costs": Jsonb(dict(costs)), "reasons": Jsonb(dict(reasons))}
    )


def put(conn: Connection, schedule_id: int, planned: Sequence[Planned]) -> None:
    """Put visits into a schedule, instead of those that it has of the same jobs."""
    take_out(conn, schedule_id, planned)
    facts: dict[str, Any] = {"id": schedule_id, "orders": [each.order for each in planned]}
    facts |= {"parts": [each.part for each in planned], "starts": [each.starts_at for each in planned]}
    facts |= {"ends": [each.ends_at for each in planned], "pinned_by": [each.pinned_by for each in planned]}
    facts |= {"pinned_at": [each.pinned_at for each in planned], "told_at": [each.told_at for each in planned]}
    conn.execute(_QUERIES["add_visits"], facts)
    people = [(each.order, each.part, at, code) for each in planned for at, code in enumerate(each.people)]
    names = ("orders", "parts", "positions", "codes")
    columns = zip(*people, strict=True) if people else [()] * len(names)
    conn.execute(_QUERIES["add_people"], {"id": schedule_id} | dict(zip(names, map(list, columns), strict=True)))


def take_out(conn: Connection, schedule_id: int, planned: Iterable[Planned]) -> None:
    """Take visits out of a schedule."""
    those = list(planned)
    conn.execute(
        _QUERIES["drop_visits"],
        {"id": schedule_id, "orders": [each.order for each in those], "parts": [each.part for each in those]},
    )


def published_across(conn: Connection, schedule: Schedule) -> list[int]:
    """Lock the other published schedules that share a day with a schedule, and return their ids."""
    asked = {"site_id": schedule.site_id, "besides": schedule.id}
    with conn.cursor(row_factory=scalar_row) as cursor:
        facts = asked | {"from_date": schedule.from_date, "dates": schedule.dates}
        return cursor.execute(_QUERIES["published_across"], facts).fetchall()


def set_told(conn: Connection, schedule_id: int, told: Mapping[tuple[UUID, int], datetime | None]) -> None:
    """Note when people were told of each visit, by order and part."""
    facts = {"orders": [order for order, _ in told], "parts": [part for _, part in told], "at": list(told.values())}
    conn.execute(_QUERIES["set_told"], {"id": schedule_id} | facts)


def tell(conn: Connection, schedule_id: int, *, at: datetime) -> None:
    """Note that the people of a schedule's visits have been told of those that they did not know."""
    conn.execute(_QUERIES["tell"], {"id": schedule_id, "at": at})


def problem_of(conn: Connection, schedule_id: int) -> Mapping[str, Any] | None:
    """Return the problem that a schedule was made from; None for one that a person made."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: Mapping[str, Any] | None = cursor.execute(_QUERIES["input"], {"id": schedule_id}).fetchone()
    return found


def _as_pinned(planned: Planned) -> Planned:
    return replace(planned, told_at=None)


def _added(conn: Connection, draft: Draft, state: State, *, actor: str, at: datetime) -> Schedule:
    accepted = state is State.ACCEPTED
    facts: dict[str, Any] = {
        "site_id": draft.site_id,
        "from_date": draft.from_date,
        "dates": DATES,
        "state": state,
        "at": at,
        "actor": actor,
        "read_at": draft.read_at,
        "run_id": draft.run_id,
        "based_on": None if draft.based_on is None else draft.based_on.id,
        "weights_version": draft.weights_version,
        "seconds": draft.seconds,
        "costs": Jsonb(dict(draft.costs)),
        "reasons": Jsonb(dict(draft.reasons)),
        "taken_out": Jsonb(dict(draft.taken_out)),
        "causes": list(draft.causes),
        "accepted_by": actor if accepted else None,
        "accepted_at": at if accepted else None,
    }
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add"], facts).fetchone()
    assert made is not None
    put(conn, made, draft.visits)
    if draft.problem is not None:
        conn.execute(_QUERIES["keep_input"], {"id": made, "problem": Jsonb(dict(draft.problem))})
    return get(conn, made)


def _rows(conn: Connection, query: str, facts: Mapping[str, Any]) -> list[Schedule]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return [Schedule(**row | {"state": State(row["state"])}) for row in cursor.execute(_QUERIES[query], facts)]
