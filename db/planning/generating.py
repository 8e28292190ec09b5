"""Generates the work of maintenance plans, exactly once however many processes do it. The caller owns the transaction.
A generator locks due series and skips those that another one has locked. The decision on an occurrence is written in
the transaction of its order, under a unique key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from psycopg import Connection, InterfaceError, OperationalError
from psycopg.rows import dict_row, scalar_row, tuple_row

from db import sql
from db.errors import NotFound, StoreError
from db.planning import making, plans, site_times
from db.planning.making import DueWork
from db.planning.plans import Stored
from workorder_core.planning import meters
from workorder_core.planning.deciding import Becomes, Outcome, call_at, decide
from workorder_core.planning.due import Due, Facts, Series, advance, complete, next_due
from workorder_core.planning.meters import MeterNow, Sample
from workorder_core.planning.plans import ByMeter, MaintenancePlan
from workorder_core.planning.site_time import SiteTime
from workorder_core.sentences import kept, marked, say

_QUERIES = sql.load("planning_series")
_log = structlog.get_logger("planning")
AT_ONCE = 100
"""How many series one transaction evaluates."""
_LOOK_AGAIN = timedelta(minutes=10)
"""How often meters and conditions are evaluated."""
_ALSO_OPEN = marked(
    "The occurrence of maintenance plan {plan} that is due on {day} has an order too, while this one is still open."
)
_STILL_OPEN = {
    Becomes.MERGED: marked(
        "The occurrence of maintenance plan {plan} that is due on {day} is done with this order, because this one is "
        "still open."
    ),
    Becomes.SKIPPED: marked(
        "The occurrence of maintenance plan {plan} that is due on {day} was skipped, because this one is still open."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How many series were evaluated, how many occurrences were decided, and what failed, one line for each series."""

    series: int
    occurrences: int
    failed: tuple[str, ...] = ()


class NotTheNext(StoreError):
    """An occurrence is not the one after the last, so that nobody can decide on it now."""

    def __init__(self, number: int, following: int) -> None:
        super().__init__(
            say(
                "occurrence {number} cannot be skipped: the next one is {following}; read the plan again",
                number=number,
                following=following,
            )
        )
        self.number, self.following = number, following


@dataclass(slots=True)
class _Look:
    """One evaluation of a series, with its changing state."""

    row: dict[str, Any]
    stored: Stored
    site: SiteTime
    now: datetime
    series: Series
    facts: Facts

    @property
    def plan(self) -> MaintenancePlan:
        return self.stored.plan


def wake(conn: Connection, *, now: datetime) -> int:
    """Schedule the evaluation of series whose orders have moved; return how many."""
    return conn.execute(_QUERIES["wake"], {"at": now}).rowcount


def generate(conn: Connection, *, now: datetime, limit: int = AT_ONCE) -> Looked:
    """Evaluate some of the series due for it by ``now`` (wall clock), and generate their due work."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        ids = cursor.execute(_QUERIES["lock_some"], {"at": now, "limit": limit}).fetchall()
    return _look_at(conn, ids, now)


def _look_at(conn: Connection, ids: Sequence[int], now: datetime) -> Looked:
    if not ids:
        return Looked(series=0, occurrences=0)
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["of_ids"], {"ids": list(ids)}).fetchall()
    stored = plans.of_ids(conn, sorted({row["plan_id"] for row in rows}))
    shown = samples(conn, ((row, stored[row["plan_id"]].plan) for row in rows), now)
    sites = {site_id: site_times.of_site(conn, site_id) for site_id in {each.site_id for each in stored.values()}}
    rows.sort(key=lambda each: (each["call_at"], each["id"]))

    def look(some: Sequence[Mapping[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
        of = [(dict(row), stored[row["plan_id"]]) for row in some]
        with conn.transaction():
            return [_look(conn, row, plan, sites[plan.site_id], now, shown) for row, plan in of]

    failed: list[str] = []
    try:
        found = look(rows)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - one after the other: one plan must not stop the work of all others
        found = []
        for row in rows:
            try:
                found += look([row])
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 - said, and tried again later
                key = stored[row["plan_id"]].plan.key
                _log.exception("maintenance plan failed for an asset, retrying later", plan=key, series=row["id"])
                failed.append(f"maintenance plan {key}: {type(error).__name__}: {error}".partition("\n")[0])
                conn.execute(_QUERIES["put_off"], {"id": row["id"], "call_at": now + _LOOK_AGAIN})
    with conn.cursor() as saving:
        saving.executemany(_QUERIES["save"], [columns for _, columns in found])
    return Looked(series=len(rows), occurrences=sum(count for count, _ in found), failed=tuple(failed))


def _look(
    conn: Connection,
    row: dict[str, Any],
    stored: Stored,
    site: SiteTime,
    now: datetime,
    shown: Mapping[int, Sequence[Sample]],
) -> tuple[int, dict[str, Any]]:
    if row["ended_at"] is not None:
        return 0, _columns(row, series_of(row), None, None)
    facts = known(conn, row, stored.plan, now, shown)
    look = _Look(row=row, stored=stored, site=site, now=now, series=series_of(row), facts=facts)
    _apply_completions(conn, look)
    decided, open_id = 0, row["open_id"]
    for outcome in decide(look.plan, look.series, facts, site, now=now, open_order=row["open_number"]):
        open_id = _store(conn, look, outcome, open_id)
        look.series = outcome.series
        decided += 1
    due = next_due(look.plan, look.series, facts, site)
    call = _call_at(look, due, is_open=open_id is not None)
    if not decided and call is not None and call <= now:
        call = now + _LOOK_AGAIN  # an evaluation that decides nothing is not repeated at once
    return decided, _columns(row, look.series, due, call)


def _call_at(look: _Look, due: Due | None, *, is_open: bool) -> datetime | None:
    call = None if due is None else call_at(look.plan, due, is_open=is_open)
    if look.plan.meter is None and look.plan.condition is None:
        return call
    again = look.now + _LOOK_AGAIN
    return again if call is None else min(call, again)


def _store(conn: Connection, look: _Look, outcome: Outcome, open_id: UUID | None, note: str = "") -> UUID | None:
    """Carry out the decision on an occurrence; return the order that is open afterwards."""
    order_id, why, due = None, outcome.why, outcome.due
    of = {"plan": look.plan.key, "day": f"{look.site.local(due.at):%Y-%m-%d}"}
    if outcome.becomes is Becomes.GENERATED:
        order_id = making.make(conn, _work(look, outcome))
        if open_id is not None:
            making.say_on(conn, open_id, kept(_ALSO_OPEN, **of), at=look.now)
    elif outcome.becomes is Becomes.MERGED:
        order_id = open_id
    if outcome.becomes in (Becomes.MERGED, Becomes.SKIPPED) and open_id is not None:
        making.say_on(conn, open_id, kept(_STILL_OPEN[outcome.becomes], **of), at=look.now)
    facts = {
        "series_id": look.row["id"],
        "number": due.number,
        "plan_id": look.stored.id,
        "plan_version": look.plan.version,
        "due_at": due.at,
        "cause": due.cause.value,
        "status": outcome.becomes.value,
        "package": None if outcome.package is None else outcome.package.name,
        "packages": [each.name for each in outcome.packages],
        "why": why,
        "note": note,
        "order_id": order_id,
        "at": look.now,
    }
    conn.execute(_QUERIES["add_occurrence"], facts)
    return order_id if order_id is not None else open_id


def _work(look: _Look, outcome: Outcome) -> DueWork:
    return DueWork(
        plan=look.plan,
        series_id=look.row["id"],
        site_id=look.stored.site_id,
        asset_id=look.row["asset_id"],
        location_id=look.row["location_id"],
        due_at=outcome.due.at,
        package=outcome.package,
        why=outcome.why,
        now=look.now,
    )


def _apply_completions(conn: Connection, look: _Look) -> None:
    if not look.row["has_completions"]:
        return
    with conn.cursor(row_factory=dict_row) as cursor:
        done = cursor.execute(_QUERIES["completions"], {"series_id": look.row["id"]}).fetchall()
    for each in done:
        result = complete(
            look.plan,
            look.series,
            number=each["number"],
            due_at=each["due_at"],
            completed_at=each["completed_at"],
            site=look.site,
            meter=look.facts.meter,
        )
        look.series = result.series
        noted = {"series_id": look.row["id"], "number": each["number"], "note": result.note}
        conn.execute(_QUERIES["applied"], noted)


def known(
    conn: Connection,
    row: dict[str, Any],
    plan: MaintenancePlan,
    now: datetime,
    shown: Mapping[int, Sequence[Sample]] | None = None,
) -> Facts:
    """Return the facts of a series' object, and record in its row since when its condition is present.

    ``shown`` is what ``samples`` has read for many series at once.
    """
    if plan.meter is None and plan.condition is None:
        return Facts()
    asset_id = row["asset_id"]
    if asset_id is None:
        with conn.cursor(row_factory=scalar_row) as cursor:
            there = cursor.execute(_QUERIES["installed_at"], {"location_id": row["location_id"]}).fetchall()
        if len(there) != 1:
            return Facts()
        asset_id, shown = there[0], None
    facts = Facts()
    if plan.meter is not None:
        if shown is None:
            shown = samples(conn, [(row | {"asset_id": asset_id}, plan)], now)
        facts = Facts(meter=_meter(shown[row["id"]], row, plan.meter, now))
    if plan.condition is None:
        return facts
    since, said = _condition(conn, asset_id, plan)
    row["condition_since"] = None if since is None else row["condition_since"] or since
    return replace(facts, condition_since=row["condition_since"], condition=said)


def samples(
    conn: Connection, of: Iterable[tuple[Mapping[str, Any], MaintenancePlan]], now: datetime
) -> dict[int, list[Sample]]:
    """Return what the meters of series of assets have shown lately, by series; none for a plan without a meter."""
    wanted = [
        (row["id"], row["asset_id"], plan.meter.signal, _since(row, now))
        for row, plan in of
        if plan.meter is not None and row["asset_id"] is not None
    ]
    found: dict[int, list[Sample]] = {each[0]: [] for each in wanted}
    if wanted:
        ids, assets, signals, since = map(list, zip(*wanted, strict=True))
        asked = {"ids": ids, "asset_ids": assets, "signals": signals, "since": since, "now": now}
        with conn.cursor(row_factory=tuple_row) as cursor:
            for series_id, *sample in cursor.execute(_QUERIES["counts"], asked):
                found[series_id].append(Sample(*sample))
    return found


def _since(row: Mapping[str, Any], now: datetime) -> datetime:
    # One day more, so that the meter's count at the start is included.
    begun: datetime = row["meter_from"] or row["begun_at"]
    return min(begun, now - meters.RECENT) - timedelta(days=1)


def _meter(found: Sequence[Sample], row: Mapping[str, Any], meter: ByMeter, now: datetime) -> MeterNow | None:
    if not found:
        return None
    since = row["meter_from"] or row["begun_at"]
    return MeterNow(
        used=meters.used(found, since=since, wraps_at=meter.wraps_at),
        per_day=meters.per_day(found, now=now, wraps_at=meter.wraps_at),
        at=found[-1].at,
    )


def _condition(conn: Connection, asset_id: int, plan: MaintenancePlan) -> tuple[datetime | None, str]:
    """Return since when the plan's condition is known to be present, and its description."""
    assert plan.condition is not None
    with conn.cursor(row_factory=dict_row) as cursor:
        if plan.condition.alarm is not None:
            asked = {"asset_id": asset_id, "source": plan.condition.alarm}
            alarm = cursor.execute(_QUERIES["alarm_since"], asked).fetchone()
            return (None, "") if alarm is None else (alarm["raised_at"], f"The alarm {plan.condition.alarm} is active")
        health = cursor.execute(_QUERIES["health"], {"asset_id": asset_id}).fetchone()
    if health is None or health["index"] >= (plan.condition.health_below or 0):
        return None, ""
    return health["at"], f"The health is {health['index']:.0f} %, below {plan.condition.health_below:g} %"


def series_of(row: Mapping[str, Any]) -> Series:
    """Return a series as the core sees it."""
    names = ("begun_at", "number", "covered", "after", "shift_days", "last_due", "meter_carry")
    return Series(**{name: row[name] for name in names})


def _columns(row: Mapping[str, Any], series: Series, due: Due | None, call: datetime | None) -> dict[str, Any]:
    names = ("number", "covered", "after", "shift_days", "last_due", "meter_carry")
    return {name: getattr(series, name) for name in names} | {
        "id": row["id"],
        "meter_from": row["meter_from"],
        "condition_since": row["condition_since"],
        "next_due": None if due is None else due.at,
        "next_why": "" if due is None else due.why,
        "call_at": call,
    }


def skip(
    conn: Connection, series_id: int, number: int, *, plan_id: int, actor: str, at: datetime, why: str
) -> datetime:
    """Record the next occurrence of a plan's series, by its number, as skipped by somebody; return when it was due.

    One that was skipped already is left so, so that two who skip it at once skip one. Raises NotFound, and
    NotTheNext for one of which something else has become, or which is not the next.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(_QUERIES["lock_one"], {"id": series_id})
        row = cursor.execute(_QUERIES["of_ids"], {"ids": [series_id]}).fetchone()
    if row is None or row["plan_id"] != plan_id or row["ended_at"] is not None:
        raise NotFound("series in force", series_id)
    if number != row["number"] + 1:
        return _skipped_before(conn, row, number)
    stored = plans.get(conn, row["plan_id"])
    site = site_times.of_site(conn, stored.site_id)
    facts = known(conn, row, stored.plan, at)
    look = _Look(row=row, stored=stored, site=site, now=at, series=series_of(row), facts=facts)
    due = next_due(look.plan, look.series, facts, site)
    if due is None:
        raise NotFound("next occurrence of series", series_id)
    after = replace(advance(look.plan, look.series, due, facts, site), covered=look.series.covered)
    name = actor.partition(":")[2] or actor
    skipped = kept("Skipped by {name}.", name=name)
    outcome = Outcome(due=due, becomes=Becomes.SKIPPED, why=f"{due.why} {skipped}", packages=(), series=after)
    _store(conn, look, outcome, None, note=why)
    following = next_due(look.plan, after, facts, site)
    conn.execute(_QUERIES["save"], _columns(row, after, following, at))
    return due.at


def _skipped_before(conn: Connection, row: Mapping[str, Any], number: int) -> datetime:
    """Return when an occurrence was due that was skipped already. Raises NotTheNext for every other."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["became"], {"series_id": row["id"], "number": number}).fetchone()
    if found is None or found["status"] != Becomes.SKIPPED:
        raise NotTheNext(number, row["number"] + 1)
    due_at: datetime = found["due_at"]
    return due_at
