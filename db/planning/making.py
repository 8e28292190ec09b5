"""Turns occurrences of maintenance plans into work: orders with their job plan, parts, skills, hours and window.
``MAKERS`` has the function for each kind of work. The caller owns the transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import sql
from db.errors import NotFound
from db.inspections import checklists, rounds
from db.inspections.rounds import Walk
from db.inventory import order_tools
from db.orders import job_plans, order_content, work_orders
from db.people import site_rules
from db.plant import downtimes, plant
from db.plant.plant import Asset, Location
from workorder_core.intake import priority
from workorder_core.orders.job_plans import JobPlan, PlanStep, StepKind, planned
from workorder_core.orders.order import WorkOrder
from workorder_core.people.skills import required_skill
from workorder_core.planning.plans import MaintenancePlan, ObjectKind, Package, Work
from workorder_core.sentences import kept, say
from workorder_core.words import WHOLE_MACHINE, FailureMode, Origin, Status

_QUERIES = sql.load("planning_series")
ACTOR = "system:maintenance plans"
_DEFAULT_STOP_HOURS = 1.0
_AS_IT_WAS = FailureMode.OTH


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWork:
    """An occurrence to generate work for.

    Parameters
    ----------
    asset_id, location_id
        Its object; for a route, the location of its order.
    due_at
        When it is due; the work may begin until ``window_ends``.
    """

    plan: MaintenancePlan
    series_id: int
    site_id: int
    asset_id: int | None
    location_id: int | None
    due_at: datetime
    package: Package | None
    why: str
    now: datetime

    @property
    def window_ends(self) -> datetime:
        return self.due_at + timedelta(days=self.plan.window_days)

    @property
    def title(self) -> str:
        return self.plan.title if self.package is None else f"{self.plan.title}: {self.package.name}"


def make(conn: Connection, due: DueWork) -> UUID:
    """Generate the work of an occurrence, or add it to the order of its group; return the order's id."""
    due = _at_asset(conn, due)
    grouped = _group(conn, due)
    if grouped is not None:
        return grouped
    order_id = MAKERS[due.plan.work](conn, due)
    if due.plan.stops_asset and due.asset_id is not None:
        hours = _hours(due, _job_plan(conn, due)) or _DEFAULT_STOP_HOURS
        downtimes.create(
            conn,
            due.asset_id,
            starts_at=due.due_at,
            ends_at=due.due_at + timedelta(hours=hours),
            reason=f"maintenance plan {due.plan.key}: {due.title}",
            actor=ACTOR,
            at=due.now,
        )
    return order_id


def make_order(conn: Connection, due: DueWork) -> UUID:
    """Create an order, planned for its due date, and return its id."""
    place: Asset | Location
    if due.asset_id is not None:
        place = plant.asset(conn, due.asset_id, now=due.now)
    else:
        place = plant.location(conn, due.location_id or 0)
    found = _job_plan(conn, due)
    skill = due.plan.skill or (found.skills[0] if found is not None and found.skills else None)
    tables = site_rules.skill_tables(conn, due.site_id)
    order = _order(due, place, found, skill or required_skill(WHOLE_MACHINE, _AS_IT_WAS, tables))
    if found is not None:
        order = replace(planned(order, found), estimated_hours=order.estimated_hours)
    number = work_orders.next_number(conn, due.site_id)
    work_orders.insert(
        conn, replace(order, number=number), actor=ACTOR, why=f"Maintenance plan {due.plan.key}: {due.why}"
    )
    if found is not None:
        job_plans.copy_to(conn, order.id, found)
    if due.plan.object is ObjectKind.ROUTE and (found is not None or due.plan.work is Work.ORDER):
        order_content.set_steps(conn, order.id, _along_route(conn, due, found))
    _book_tools(conn, order.id, due.now)
    return order.id


def _book_tools(conn: Connection, order_id: UUID, at: datetime) -> None:
    """Book an order's tools for the time for which it is planned; it says which could not be booked, and why."""
    for problem in order_tools.book(conn, work_orders.get(conn, order_id), actor=ACTOR, at=at):
        say_on(conn, order_id, problem, at=at)


def make_round(conn: Connection, due: DueWork) -> UUID:
    """Create an order and the round that it requires, and return the order's id. If the round can no longer be walked
    (its route or checklist was archived since), the order says so.
    """
    order_id = make_order(conn, due)
    latest = max(due.due_at, due.now) + timedelta(days=max(1, due.plan.window_days))
    try:
        walk = _walk(conn, due)
        rounds.make_due(
            conn, due.site_id, walk, due_at=due.due_at, latest=latest, order_id=order_id, actor=ACTOR, at=due.now
        )
    except (NotFound, checklists.InvalidRoute) as error:
        said = kept("There is no round to walk for this order: {problem}.", problem=error)
        say_on(conn, order_id, said, at=due.now)
    return order_id


MAKERS: dict[Work, Callable[[Connection, DueWork], UUID]] = {Work.ORDER: make_order, Work.INSPECTION_ROUND: make_round}
"""The function for each kind of work: given a due occurrence, it returns the id of the order that it created."""


def say_on(conn: Connection, order_id: UUID, text: str, *, at: datetime) -> None:
    """Record on an order the outcome of an occurrence that it affects."""
    order_content.add_comment(conn, order_id, text, actor=ACTOR, at=at)


def _order(due: DueWork, place: Asset | Location, job_plan: JobPlan | None, skill: str | None) -> WorkOrder:
    asset = place if isinstance(place, Asset) else None
    urgency = priority.of_type(asset.criticality if asset else None, due.plan.type)
    return WorkOrder(
        id=uuid4(),
        number="",
        site_id=due.site_id,
        asset_id=asset.id if asset else None,
        location_id=None if asset else place.id,
        asset_path=asset.path if asset else place.name,
        component=WHOLE_MACHINE,
        failure_mode=_AS_IT_WAS,
        type=due.plan.type,
        origin=Origin.SCHEDULE,
        priority=urgency.priority,
        priority_reason=urgency.reason,
        title=due.title,
        status=Status.PLANNED,
        status_since=due.now,
        opened_at=due.now,
        recorded_at=due.now,
        required_skill=skill,
        requested_by=ACTOR,
        requested_for=due.due_at,
        response_due=due.window_ends,
        completion_due=due.window_ends + timedelta(hours=_hours(due, job_plan) or 0),
        estimated_hours=_hours(due, job_plan),
    )


def _hours(due: DueWork, job_plan: JobPlan | None) -> float | None:
    of_package = None if due.package is None else due.package.hours
    of_job_plan = None if job_plan is None else job_plan.estimated_hours
    return next((each for each in (of_package, due.plan.hours, of_job_plan) if each is not None), None)


def _job_plan(conn: Connection, due: DueWork) -> JobPlan | None:
    code = (due.package.job_plan if due.package is not None else None) or due.plan.job_plan
    if code is None:
        return None
    try:
        return job_plans.for_order(conn, code, due.plan.site)
    except NotFound:  # retired since; the plan's page says so
        return None


def _at_asset(conn: Connection, due: DueWork) -> DueWork:
    """Return work at a location as work on the asset installed there now, if it is exactly one."""
    if due.plan.object is not ObjectKind.LOCATION:
        return due
    with conn.cursor(row_factory=scalar_row) as cursor:
        there = cursor.execute(_QUERIES["installed_at"], {"location_id": due.location_id}).fetchall()
    return replace(due, asset_id=there[0]) if len(there) == 1 else due


def _group(conn: Connection, due: DueWork) -> UUID | None:
    """Add an occurrence to the waiting order of another plan of its group; None if there is none."""
    if not due.plan.group or due.asset_id is None or due.plan.work is not Work.ORDER:
        return None
    asked = {"asset_id": due.asset_id, "site_id": due.site_id, "group": due.plan.group, "series_id": due.series_id}
    with conn.cursor(row_factory=scalar_row) as cursor:
        asked |= {"due_at": due.due_at, "days": due.plan.group_days}
        order_id: UUID | None = cursor.execute(_QUERIES["grouped"], asked).fetchone()
    if order_id is None:
        return None
    found = _job_plan(conn, due)
    hours = _hours(due, found)

    def with_more(order: WorkOrder) -> WorkOrder:
        more = order if found is None else replace(planned(order, found), required_skill=order.required_skill)
        total = (order.estimated_hours or 0) + (hours or 0)
        if order.plan is not None:
            more = replace(more, plan=order.plan, plan_version=order.plan_version)
        return replace(more, estimated_hours=total or None)

    why = f"Also by maintenance plan {due.plan.key} of the group {due.plan.group}: {due.why}"
    work_orders.change(conn, order_id, with_more, actor=ACTOR, at=due.now, why=why)
    if found is not None:
        there = [
            PlanStep(kind=s.kind, instruction=s.instruction, mandatory=s.mandatory, unit=s.unit, low=s.low, high=s.high)
            for s in order_content.steps(conn, order_id)
        ]
        job_plans.copy_to(conn, order_id, found)
        order_content.set_steps(conn, order_id, [*there, *found.steps])
        _book_tools(conn, order_id, due.now)
    said = kept("This order is also for {title} ({plan}).", title=due.title, plan=due.plan.key)
    say_on(conn, order_id, f"{said} {due.why}", at=due.now)
    return order_id


def _walk(conn: Connection, due: DueWork) -> Walk:
    """Return a round's content: its route, or its assets with one checklist. Raises NotFound, InvalidRoute."""
    plan = due.plan
    if plan.inspection_route is not None:
        route = checklists.route_by_code(conn, due.site_id, plan.inspection_route)
        if route is None:
            raise NotFound("route", plan.inspection_route)
        return Walk(title=due.title, route_id=route.id)
    checklist = checklists.by_code(conn, due.site_id, plan.checklist or "")
    if checklist is None:
        raise NotFound("checklist", plan.checklist or "")
    assets = [] if due.asset_id is None else [due.asset_id]
    if plan.object is ObjectKind.ROUTE:
        there = _assets_of_route(conn, due)
        assets = [there[code]["id"] for code in plan.objects if code in there]
    if not assets:
        raise checklists.InvalidRoute(say("none of the plan's assets is in use"))
    return Walk(title=due.title, stops=tuple((asset_id, checklist.id) for asset_id in assets))


def _assets_of_route(conn: Connection, due: DueWork) -> dict[str, dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        asked = {"site_id": due.site_id, "codes": list(due.plan.objects)}
        return {row["code"]: row for row in cursor.execute(_QUERIES["route"], asked)}


def _along_route(conn: Connection, due: DueWork, job_plan: JobPlan | None) -> Sequence[PlanStep]:
    """Return the job plan's steps for each asset in the order of the route; without one, a step for each asset."""
    there = {code: asset["name"] for code, asset in _assets_of_route(conn, due).items()}
    stops = [code for code in due.plan.objects if code in there]
    if job_plan is None or not job_plan.steps:
        return [
            PlanStep(kind=StepKind.INSTRUCTION, instruction=f"{code} {there[code]}: {due.plan.title}") for code in stops
        ]
    return [replace(step, instruction=f"{code}: {step.instruction}") for code in stops for step in job_plan.steps]
