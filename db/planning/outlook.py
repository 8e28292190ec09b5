"""The past and future work of maintenance plans: occurrences, the calendar, the forecast, the state of generating."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from db import scope, sql
from db.planning import generating, plans, site_times
from db.planning.plans import Stored
from workorder_core.alarms.engine_alarms import PlansBehind
from workorder_core.planning import deciding
from workorder_core.planning import forecast as core
from workorder_core.planning.deciding import Becomes
from workorder_core.planning.due import Due, Facts, Series
from workorder_core.planning.forecast import Effort, Entry, Week
from workorder_core.planning.plans import MaintenancePlan
from workorder_core.planning.site_time import SiteTime

_QUERIES = sql.load("planning_outlook")
_SERIES = sql.load("planning_series")
BEHIND_FROM = timedelta(minutes=15)
"""After this time a series that was not evaluated counts as missing."""
NO_TRADE = ""


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
    limit: int = 2000,
) -> list[Occurrence]:
    """Return the occurrences due within a period, decided or expected, in order."""
    asked = {"since": since, "until": until, "within": scope.codes(within), "site": site, "limit": limit}
    decided = _occurrences(conn, "between", asked)
    expected: list[Occurrence] = []
    for ahead in _ahead(conn, within, site):
        of = ahead.entry
        for due in deciding.preview(of.plan, of.series, of.site, until=until, facts=of.facts):
            if due.at >= since:
                expected.append(_expected(ahead, due))
            if len(expected) >= limit:
                break
    return sorted([*decided, *expected], key=lambda each: (each.due_at, each.series_id))[:limit]


def preview(conn: Connection, plan: MaintenancePlan, site_id: int, *, now: datetime, count: int) -> list[Due]:
    """Return the next due dates of a plan that is not stored, by its calendar, as if it began now."""
    site = site_times.of_site(conn, site_id)
    far = now + timedelta(days=36_500)
    return list(deciding.preview(plan, Series(begun_at=now), site, until=far, most=count))


def preview_series(conn: Connection, plan_id: int, *, now: datetime, count: int) -> list[Occurrence]:
    """Return the next expected occurrences of each series of a plan, in order."""
    far = now + timedelta(days=36_500)
    found = [
        _expected(ahead, due)
        for ahead in _ahead(conn, None, None, plan_id=plan_id)
        for due in deciding.preview(
            ahead.entry.plan, ahead.entry.series, ahead.entry.site, until=far, facts=ahead.entry.facts, most=count
        )
    ]
    return sorted(found, key=lambda each: (each.due_at, each.series_id))[:count]


def forecast(
    conn: Connection, *, until: datetime, within: Collection[str] | None = None, site: str | None = None
) -> list[Week]:
    """Return the hours by week and trade that fall due up to a time."""
    return core.forecast((ahead.entry for ahead in _ahead(conn, within, site)), until=until)


def health(conn: Connection, *, now: datetime) -> Generating:
    """Return the state of generating as of ``now`` (wall clock)."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["health"], {"now": now}).fetchone()
    assert found is not None
    return Generating(**found, behind=behind(conn, now=now).objects)


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
    trades = _trades(conn)
    efforts: dict[int, Mapping[str, Effort]] = {}
    for row in rows:
        of = stored[row["plan_id"]]
        if of.site_id not in sites:
            sites[of.site_id] = site_times.of_site(conn, of.site_id)
        if of.id not in efforts:
            efforts[of.id] = _efforts(of.plan, trades)
        facts = generating.known(conn, row, of.plan, now) if of.plan.meter is not None else Facts()
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
