"""The past and future work of maintenance plans: occurrences, the calendar, the forecast, the state of generating."""

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row, tuple_row

from db import scope, sql
from db.planning import generating, plans, site_times
from db.planning.plans import Stored
from workorder_core.alarms.engine_alarms import PlansBehind
from workorder_core.people.skills import required_skill
from workorder_core.planning import deciding
from workorder_core.planning import forecast as core
from workorder_core.planning.deciding import Becomes
from workorder_core.planning.due import Due, Facts, Series
from workorder_core.planning.forecast import Effort, Entry, Load, Made, Period
from workorder_core.planning.plans import MaintenancePlan
from workorder_core.planning.site_time import SiteTime
from workorder_core.words import WHOLE_MACHINE, FailureMode

_QUERIES = sql.load("planning_outlook")
_SERIES = sql.load("planning_series")
BEHIND_FROM = timedelta(minutes=15)
"""After this time a series that was not evaluated counts as missing."""
NO_TRADE = required_skill(WHOLE_MACHINE, FailureMode.OTH) or ""
"""The trade of work that says none, as its order gets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """An occurrence, with its object and order; an expected one has neither order nor decision."""

    series_id: int
    number: int
    plan_id: int
    plan_version: int
    due_at: datetime
    cause: str
    status: str
    package: str | None
    packages: list[str]
    why: str
    order_id: UUID | None
    decided_at: datetime | None
    completed_at: datetime | None
    note: str
    site: str
    code: str
    title: str
    version: int
    asset: str | None
    location: str | None
    order_number: str | None
    order_status: str | None

    @property
    def of(self) -> str:
        """Its object: the code of an asset or a location."""
        return self.asset or self.location or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesNow:
    """A plan for one of its objects, as the pages show it."""

    id: int
    of: str
    number: int
    next_due: datetime | None
    next_why: str
    ended_at: datetime | None
    ended_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Generating:
    """The state of generating. ``behind`` series are overdue for evaluation; if it is 0, nothing is missing."""

    last_made: datetime | None
    next_due: datetime | None
    plans: int
    behind: int
    oldest_call: datetime | None


def of_plan(
    conn: Connection, plan_id: int, *, limit: int, after: tuple[datetime, int] | None = None
) -> list[Occurrence]:
    """Return a plan's occurrences, the latest due first."""
    due, series = after or (None, None)
    return _occurrences(conn, "of_plan", {"plan_id": plan_id, "limit": limit, "after_due": due, "after_series": series})


def of_order(conn: Connection, order_id: UUID) -> list[Occurrence]:
    """Return the occurrences of an order."""
    return _occurrences(conn, "of_order", {"order_id": order_id})


def series_of_plan(conn: Connection, plan_id: int, *, limit: int = 500) -> list[SeriesNow]:
    """Return a plan's series, those that have ended last."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SERIES["of_plan"], {"plan_id": plan_id, "limit": limit}).fetchall()
    return [
        SeriesNow(
            of=row["asset"] or row["location"],
            **{name: row[name] for name in ("id", "number", "next_due", "next_why", "ended_at", "ended_why")},
        )
        for row in rows
    ]


def due_between(
    conn: Connection,
    since: datetime,
    until: datetime,
    *,
    within: Collection[str] | None = None,
    site: str | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 2000,
) -> list[Occurrence]:
    """Return the occurrences due within a period, decided or expected, by due time and series.

    ``after`` is the due time and the series that they come after.
    """
    due, series = after or (None, None)
    asked = {"since": since, "until": until, "within": scope.codes(within), "site": site, "limit": limit}
    decided = _occurrences(conn, "between", asked | {"after_due": due, "after_series": series})
    begin = since if due is None else max(since, due)
    expected = heapq.merge(*(_due_of(each, begin, until) for each in _ahead(conn, within, site)), key=_by_due)
    rest = expected if after is None else (each for each in expected if _by_due(each) > after)
    return list(islice(heapq.merge(decided, rest, key=_by_due), limit))


def _by_due(occurrence: Occurrence) -> tuple[datetime, int]:
    return occurrence.due_at, occurrence.series_id


def _due_of(ahead: "_Ahead", since: datetime, until: datetime) -> Iterator[Occurrence]:
    of = ahead.entry
    for due in deciding.preview(of.plan, of.series, of.site, until=until, facts=of.facts):
        if since <= due.at < until:
            yield _expected(ahead, due)


def preview(conn: Connection, plan: MaintenancePlan, site_id: int, *, now: datetime, count: int) -> list[Due]:
    """Return the next due dates of a plan that is not stored, by its calendar, as if it began now."""
    site = site_times.of_site(conn, site_id)
    far = now + timedelta(days=36_500)
    return list(deciding.preview(plan, Series(begun_at=now), site, until=far, most=count))


def preview_series(conn: Connection, plan_id: int, *, count: int, of_each: bool = False) -> list[Occurrence]:
    """Return the next expected occurrences of a plan, in order: so many in all, or of each of its series."""
    far = _now(conn) + timedelta(days=36_500)
    found = [
        _expected(ahead, due)
        for ahead in _ahead(conn, None, None, plan_id=plan_id)
        for due in deciding.preview(
            ahead.entry.plan, ahead.entry.series, ahead.entry.site, until=far, facts=ahead.entry.facts, most=count
        )
    ]
    return sorted(found, key=_by_due)[: None if of_each else count]


def next_of_each(conn: Connection, plan_id: int) -> list[Occurrence]:
    """Return the next expected occurrence of each series of a plan, by what it is for."""
    found = preview_series(conn, plan_id, count=1, of_each=True)
    return sorted(found, key=lambda each: (each.of, each.series_id))


def forecast(
    conn: Connection,
    *,
    until: datetime,
    within: Collection[str] | None = None,
    site: str | None = None,
    by: Period = Period.WEEK,
) -> list[Load]:
    """Return the hours by week or month and trade that fall due up to a time, with those of unfinished orders."""
    with conn.cursor(row_factory=class_row(Made)) as cursor:
        made = cursor.execute(_QUERIES["made"], {"within": scope.codes(within), "site": site, "until": until})
        entries = (ahead.entry for ahead in _ahead(conn, within, site))
        return core.forecast(entries, until=until, by=by, made=made.fetchall())


def health(conn: Connection, *, now: datetime) -> Generating:
    """Return the state of generating as of ``now`` (wall clock)."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["health"], {"now": now}).fetchone()
    assert found is not None
    return Generating(**found, behind=behind(conn, now=now).objects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """For the metrics: plans, orders of plans that are not done (``due``), and of them those past their window."""

    in_force: int
    paused: int
    due: int
    late: int


def counts(conn: Connection, *, now: datetime) -> Counts:
    """Return how many plans and orders of plans there are as of ``now`` (wall clock)."""
    with conn.cursor(row_factory=class_row(Counts)) as cursor:
        found = cursor.execute(_QUERIES["counts"], {"now": now}).fetchone()
    assert found is not None
    return found


def became(conn: Connection, *, now: datetime) -> dict[Becomes, int]:
    """Return what became of the occurrences that were due in the 30 days up to ``now`` (wall clock)."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        found: dict[str, int] = dict(cursor.execute(_QUERIES["became"], {"now": now}).fetchall())
    return {each: found.get(each.value, 0) for each in Becomes if each is not Becomes.PLANNED}


def behind(conn: Connection, *, now: datetime) -> PlansBehind:
    """Return the plans that are overdue for evaluation at ``now`` (wall clock)."""
    with conn.cursor(row_factory=class_row(PlansBehind)) as cursor:
        found = cursor.execute(_QUERIES["behind"], {"now": now, "grace": BEHIND_FROM}).fetchone()
    assert found is not None
    return found


@dataclass(frozen=True, slots=True)
class _Ahead:
    row: Mapping[str, Any]
    stored: Stored
    entry: Entry


def _ahead(
    conn: Connection, within: Collection[str] | None, site: str | None, *, plan_id: int | None = None
) -> Iterator[_Ahead]:
    """Yield the live series, of all plans or of one, with the facts that the core needs for a forecast."""
    now = _now(conn)
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _SERIES["live"], {"within": scope.codes(within), "site": site, "plan_id": plan_id}
        ).fetchall()
    stored = plans.of_ids(conn, sorted({row["plan_id"] for row in rows}))
    sites: dict[int, SiteTime] = {}
    shown = generating.samples(conn, ((row, stored[row["plan_id"]].plan) for row in rows), now)
    trades = _trades(conn)
    efforts: dict[int, Mapping[str, Effort]] = {}
    for row in rows:
        of = stored[row["plan_id"]]
        if of.site_id not in sites:
            sites[of.site_id] = site_times.of_site(conn, of.site_id)
        if of.id not in efforts:
            efforts[of.id] = _efforts(of.plan, trades)
        facts = generating.known(conn, row, of.plan, now, shown) if of.plan.meter is not None else Facts()
        entry = Entry(
            plan=of.plan, series=generating.series_of(row), site=sites[of.site_id], efforts=efforts[of.id], facts=facts
        )
        yield _Ahead(row, of, entry)


def _now(conn: Connection) -> datetime:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["now"]).fetchone()
    assert row is not None
    found: datetime = row["now"]
    return found


def _trades(conn: Connection) -> dict[tuple[str | None, str], Effort]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["efforts"]).fetchall()
    return {
        (row["site"], row["code"]): Effort(next(iter(row["skills"]), NO_TRADE), row["estimated_hours"] or 0.0)
        for row in rows
    }


def _efforts(plan: MaintenancePlan, trades: Mapping[tuple[str | None, str], Effort]) -> Mapping[str, Effort]:
    def effort(code: str | None, hours: float | None) -> Effort:
        own = trades.get((plan.site, code or "")) or trades.get((None, code or ""))
        of_plan = Effort(NO_TRADE, 0.0) if own is None else own
        chosen = next((each for each in (hours, plan.hours) if each is not None), of_plan.hours)
        return Effort(plan.skill or of_plan.trade, chosen)

    of_packages = {each.name: effort(each.job_plan or plan.job_plan, each.hours) for each in plan.packages}
    return {"": effort(plan.job_plan, None), **of_packages}


def _expected(ahead: _Ahead, due: Due) -> Occurrence:
    plan, row = ahead.stored.plan, ahead.row
    fitting: Sequence[str] = [each.name for each in plan.packages if due.number % each.every == 0]
    return Occurrence(
        series_id=row["id"],
        number=due.number,
        plan_id=ahead.stored.id,
        plan_version=plan.version,
        due_at=due.at,
        cause=due.cause.value,
        status=Becomes.PLANNED.value,
        package=fitting[-1] if fitting else None,
        packages=list(fitting),
        why=due.why,
        order_id=None,
        decided_at=None,
        completed_at=None,
        note="",
        site=plan.site,
        code=plan.code,
        title=plan.title,
        version=plan.version,
        asset=row["asset"],
        location=row["location"],
        order_number=None,
        order_status=None,
    )


def _occurrences(conn: Connection, query: str, asked: Mapping[str, Any]) -> list[Occurrence]:
    with conn.cursor(row_factory=class_row(Occurrence)) as cursor:
        return cursor.execute(_QUERIES[query], asked).fetchall()
