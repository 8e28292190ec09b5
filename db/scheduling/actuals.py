"""What became of published visits, what estimates become by it, and taking a median over.

``visit_actuals`` is written by a trigger, in the transaction that completes an order. The caller owns the transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from db import sql
from db.errors import NotFound, StoreError
from db.orders import job_plans
from db.people import technicians
from db.plant import changes
from db.plant.plant import Site
from workorder_core.scheduling.estimates import Actual, Estimate, Kind
from workorder_core.scheduling.problem import Problem
from workorder_core.scheduling.tours import legs
from workorder_core.scheduling.weeks import Planned, order_and_part, visit_in
from workorder_core.sentences import kept, say

_QUERIES = sql.load("actuals")
_WORKFORCE = sql.load("workforce")


class TooFewCases(StoreError):
    """A median was to be taken over of which there are too few cases."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(say("{name}: {count} cases are too few to learn from", name=name, count=count))


def keep_ways(
    conn: Connection, schedule_id: int, problem: Problem, planned: Sequence[Planned], *, before: Sequence[int]
) -> None:
    """Keep the way to each visit as it is planned, of whoever goes first; of those that are over or under way as the
    schedules ``before`` had it.
    """
    visits = {each.job: visit_in(problem, each) for each in planned}
    first = {each.job: each.people[0] for each in planned}
    ways = [leg for leg in legs(problem, visits.values()) if leg.person == first[leg.job]]
    ids = [order_and_part(each.job) for each in ways]
    conn.execute(
        _QUERIES["set_ways"],
        {
            "id": schedule_id,
            "orders": [order for order, _ in ids],
            "parts": [part for _, part in ids],
            "from": [each.here for each in ways],
            "places": [each.there for each in ways],
            "minutes": [each.minutes for each in ways],
        },
    )
    conn.execute(_QUERIES["carry_ways"], {"id": schedule_id, "before": list(before)})


def of_schedule(conn: Connection, schedule_id: int) -> list[Actual]:
    """Return what became of the visits of a schedule, by their planned start."""
    with conn.cursor(row_factory=class_row(Actual)) as cursor:
        return cursor.execute(_QUERIES["of_schedule"], {"id": schedule_id}).fetchall()


def estimates(conn: Connection, site_id: int) -> list[Estimate]:
    """Return what is estimated at a site and what the cases say: job plans, technicians, ways."""
    found = []
    for kind, row in chain.from_iterable(_rows(conn, site_id, kind) for kind in Kind):
        low, median, high = row["quartiles"]
        now = None if row["now"] is None else float(row["now"])
        counted = {Kind.JOB_PLAN: now is None, Kind.WAY: not row.get("measured", True)}.get(kind, False)
        made = Estimate(
            kind=kind, key=row["key"], name=_name(row), count=row["count"], median=median, low=low, high=high, now=now
        )
        found.append(replace(made, counted=counted and made.becomes is not None))
    return found


def take_over(conn: Connection, site: Site, kind: Kind, key: str, *, actor: str, at: datetime) -> Estimate:
    """Set what is estimated to the median of the cases, and return it; the log of changes says from how many.

    Raises NotFound for an estimate that the site does not have, TooFewCases.
    """
    found = next((each for each in estimates(conn, site.id) if (each.kind, each.key) == (kind, key)), None)
    if found is None:
        raise NotFound("estimate", key)
    if found.becomes is None:
        raise TooFewCases(found.name, found.count)
    why = kept("the median of {count} cases was taken over", count=found.count)
    changes.made_by(conn, actor, why)
    if kind is Kind.JOB_PLAN:
        own, slash, code = key.partition("/")
        plan = job_plans.get(conn, code if slash else own, site=own if slash else None)
        job_plans.save(conn, replace(plan, estimated_hours=found.becomes), actor=actor, at=at, why=why)
    elif kind is Kind.TECHNICIAN:
        one = technicians.get(conn, site.id, key)
        technicians.update(conn, replace(one, speed=found.becomes))
    else:
        row = next(row for _, row in _rows(conn, site.id, kind) if row["key"] == key)
        way = {"site_id": site.id, "minutes": round(found.becomes), "km": None}
        way |= {"from_place": row["from_place"], "to_place": row["place"]}
        conn.execute(_WORKFORCE["put_way"], way)
    return replace(found, now=found.becomes, counted=False)


def is_plants_own(kind: Kind, key: str) -> bool:
    """Return whether an estimate is of a job plan of the whole plant, and not of one site."""
    return kind is Kind.JOB_PLAN and "/" not in key


_QUERY = {Kind.JOB_PLAN: "of_plans", Kind.TECHNICIAN: "of_technicians", Kind.WAY: "of_ways"}


def _rows(conn: Connection, site_id: int, kind: Kind) -> list[tuple[Kind, dict[str, Any]]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return [(kind, row) for row in cursor.execute(_QUERIES[_QUERY[kind]], {"site_id": site_id})]


def _name(row: Mapping[str, Any]) -> str:
    return str(row["name"]) if "name" in row else f"{row['from_place']} – {row['place']}"
