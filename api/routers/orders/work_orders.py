"""Work orders: found, read, created and changed. The steps of their lifecycle are in order_moves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.asking import REQUESTS, SEES, Asking, Conn, Now, Version
from api.naming import Names, Naming
from api.once import OnlyOnce
from api.paging import At, Order, PagedByFifty, Small
from api.shapes.order_steps import ChangesIn, ProposalOut
from api.shapes.orders import ListedOut, OrderIn, WholeOrderOut, WorkOrderOut, WorkOrderPage
from api.shapes.times import Moment
from db.costs import costs
from db.orders import job_plans, work_orders
from db.people import assignments
from db.plant import calendars, plant
from workorder_core.costs import money
from workorder_core.costs.order_cost import OrderCost
from workorder_core.errors import CurrencyMissing
from workorder_core.intake.decisions import Urgency
from workorder_core.orders import edits, lifecycle, targets
from workorder_core.orders.edits import Edit
from workorder_core.orders.lifecycle import MOVES, Step
from workorder_core.orders.order import WorkOrder
from workorder_core.plant.new_names import NameKind
from workorder_core.words import OrderType, Origin, Priority, Status

router = APIRouter(prefix="/work-orders", tags=["work orders"])
_UNFINISHED = tuple[Literal["unfinished"], bool, Small, Small, At | None, At, UUID]
BY_URGENCY = Order[work_orders.Listed](_UNFINISHED | tuple[Literal["finished"], At, UUID], work_orders.position)


def tagged(order: WorkOrder, response: Response) -> WorkOrderOut:
    """Return an order's answer, and set its ETag."""
    response.headers["ETag"] = f'"{order.version}"'
    return WorkOrderOut.of(order)


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    status: Annotated[list[Status] | None, Query(description="in one of these statuses; none: in any")] = None,
    kind: Annotated[list[OrderType] | None, Query(alias="type", description="of one of these types")] = None,
    origin: Annotated[list[Origin] | None, Query(description="made by the engine, a person or a schedule")] = None,
    priority: Annotated[list[Priority] | None, Query(description="1 emergency, 2 high, 3 medium, 4 low")] = None,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    asset: Annotated[str | None, Query(description="an asset's code")] = None,
    assignee: Annotated[str | None, Query(description="a technician's code; - for unassigned orders")] = None,
    requested_by: Annotated[str | None, Query(description="the requester, as history names them")] = None,
    text: Annotated[
        str | None, Query(max_length=200, description="words of the number, the title, the asset's code or name")
    ] = None,
    unfinished: Annotated[bool | None, Query(description="true: not closed, cancelled or impossible to do")] = None,
    overdue: Annotated[bool, Query(description="only orders with a missed target")] = False,
    opened_from: Annotated[Moment | None, Query(description="opened then or later, in event time")] = None,
    opened_to: Annotated[Moment | None, Query(description="opened before then, in event time")] = None,
    with_costs: Annotated[
        bool, Query(alias="costs", description="include each order's cost, for users who may see costs; else null")
    ] = False,
    *,
    now: Now,
) -> WorkOrderPage:
    """List orders, the most urgent first and the finished ones last."""
    filters = work_orders.Filters(
        status=status,
        type=kind,
        origin=origin,
        priority=priority,
        site=site,
        asset=asset,
        assignee=assignee,
        requested_by=requested_by,
        text=text,
        unfinished=unfinished,
        overdue=overdue,
        opened_from=opened_from,
        opened_to=opened_to,
        within=who.sites,
        given_to=who.contractor,
    )
    found = work_orders.page(conn, filters, limit=part.fetched, after=part.after(BY_URGENCY))
    shown = part.of_fetched(found, BY_URGENCY)
    total: Mapping[UUID, OrderCost] = {}
    if with_costs and who.sees_costs:
        total = costs.of_orders(conn, [each.order.id for each in shown], now=now)
    items = [ListedOut.listed(each, total.get(each.order.id)) for each in shown]
    return WorkOrderPage(items=items, total=work_orders.count(conn, filters), limit=part.limit, next=part.next)


@router.post("", status_code=201, response_model=WorkOrderOut, dependencies=[REQUESTS])
def create(body: OrderIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce, names: Names) -> Response:
    """Create an order. If you may not approve work, it is a request; a planner adds the rest. The header
    Idempotency-Key is required: the same request sent again returns the same order.
    """

    def make(response: Response) -> WorkOrderOut:
        _require(names, body)
        place: plant.Asset | plant.Location
        if body.asset_id is not None:
            place = plant.asset(conn, body.asset_id, now=now, within=who.sites)
        else:
            place = plant.location(conn, body.location_id or 0, within=who.sites)
        urgency = None
        if body.priority is not None:
            urgency = Urgency(body.priority, f"{body.priority.name.capitalize()}: set by {who.actor}.")
        fitting = job_plans.fitting(conn, body.asset_id, body.failure_mode)
        order = work_orders.create_by_hand(
            conn,
            asset=place,
            kind=body.type,
            title=body.title,
            component=body.component,
            failure_mode=body.failure_mode,
            actor=who.actor,
            at=now,
            urgency=urgency,
            why=body.why,
            status=lifecycle.first_status(who, None if body.status is None else Status(body.status)),
            plan=fitting
            if body.plan is None
            else job_plans.for_order(conn, body.plan, plant.site(conn, place.site_id).code),
            requested_for=body.requested_for,
            other_skills=tuple(body.other_skills),
            required_certificates=tuple(body.required_certificates),
            required_tools=tuple(body.required_tools),
            estimated_hours=body.estimated_hours,
            **({} if body.required_skill is None else {"required_skill": body.required_skill}),
        )
        response.headers["Location"] = f"/api/v1/work-orders/{order.id}"
        return tagged(order, response)

    return once(body, make)


@router.get("/by-number/{number}", dependencies=[SEES])
def by_number(number: str, conn: Conn, who: Asking, response: Response) -> WorkOrderOut:
    """Find an order by its number."""
    return tagged(work_orders.get(conn, work_orders.id_of_number(conn, number), who), response)


@router.get("/lifecycle/moves", dependencies=[SEES])
def moves() -> dict[Step, dict[str, list[str]]]:
    """Read the table of the lifecycle: for each step its start and target statuses, its roles, and its requirements."""
    return {
        step: {
            "from": sorted(move.sources),
            "to": [move.to],
            "roles": sorted(move.roles),
            "own": sorted(move.own),
            "needs": [need.value for need in move.needs],
        }
        for step, move in MOVES.items()
    }


@router.get("/{order_id}", dependencies=[SEES])
def read(order_id: UUID, conn: Conn, now: Now, who: Asking, response: Response) -> WholeOrderOut:
    """Read one order with its evidence, the newest first, its history, its warnings and the possible steps."""
    order = work_orders.get(conn, order_id, who)
    response.headers["ETag"] = f'"{order.version}"'
    evidence, told = (
        work_orders.evidence(conn, order_id),
        work_orders.history(conn, order_id, who.sites, given_to=who.contractor, prices=who.sees_costs),
    )
    return WholeOrderOut.whole(order, evidence, told, assignments.doubts(conn, order, now=now))


@router.patch("/{order_id}", dependencies=[REQUESTS])
def change(
    order_id: UUID,
    body: ChangesIn,
    conn: Conn,
    now: Now,
    who: Asking,
    version: Version,
    names: Names,
    response: Response,
) -> WorkOrderOut:
    """Change an unfinished order; a new priority sets new targets."""

    def step(order: WorkOrder) -> WorkOrder:
        edits.permit(order, Edit.FIELDS, who)
        _require(names, body)
        return _changed(order, body, who.actor, targets_of=calendars.of_site(conn, order.site_id, at=now))

    order = work_orders.change(
        conn, order_id, step, actor=who.actor, at=now, why=body.why, expected_version=version, who=who
    )
    return tagged(order, response)


def _require(names: Naming, body: OrderIn | ChangesIn) -> None:
    skills = [body.required_skill, *(body.other_skills or ())]
    names.require((NameKind.SKILL, skills), (NameKind.CERTIFICATE, body.required_certificates or ()))


def _changed(order: WorkOrder, body: ChangesIn, actor: str, *, targets_of: targets.Targets) -> WorkOrder:
    said: dict[str, Any] = body.model_dump(exclude_unset=True, exclude={"why", "priority"})
    for name in ("other_skills", "required_certificates", "required_tools"):
        if said.get(name) is not None:
            said[name] = tuple(said[name])
    after = replace(order, **{name: value for name, value in said.items() if value is not None})
    if (after.cost is None) != (after.currency is None):
        raise CurrencyMissing(after.number)
    if after.cost is not None and after.currency is not None:
        after = replace(after, cost=money.as_stored(after.cost, after.currency))
    if body.priority is None or (body.priority is order.priority and targets.missing(order) is None):
        return after
    reason = f"{body.priority.name.capitalize()}: set by {actor}."
    after = replace(after, priority=body.priority, priority_reason=reason)
    none = order.response_due is None and targets.missing(order) is None
    return after if none else targets.reset(after, order.recorded_at, targets_of)


@router.get("/{order_id}/proposal", dependencies=[SEES])
def proposal(order_id: UUID, conn: Conn, now: Now, who: Asking) -> ProposalOut:
    """Weigh every technician of the site for an order, with the reasons for and against each."""
    return ProposalOut.of(assignments.proposal(conn, work_orders.get(conn, order_id, who), now=now))
