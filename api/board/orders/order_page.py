"""One order's page: why it exists, its history, and the possible steps."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.board import drawing
from api.board.inspections import of_pages as inspections
from api.board.inventory import order_stock
from api.board.notifying import answering
from api.board.orders import history, reported_pages
from api.board.rendering import full_names, page, shown_already
from db.alarms import alarm_points
from db.costs import costs
from db.errors import NotFound
from db.files import files
from db.inventory import order_lines
from db.notifying import ways
from db.orders import job_plans, order_content, order_links, work_orders
from db.people import assignments, technicians
from db.plant import plant
from db.reliability import survival
from db.scheduling import estimates, failing
from db.telemetry import late_excursions, telemetry
from db.telemetry.late_excursions import Excursion
from db.triage import alike
from workorder_core.alarms.alarm_states import State
from workorder_core.errors import IllegalMove, NotAllowed
from workorder_core.intake.findings import OF_FLEET, Sign
from workorder_core.orders import edits, lifecycle, planned_dates, statuses, targets
from workorder_core.orders.close_out import Cause, Mechanism, Remedy
from workorder_core.orders.edits import Edit
from workorder_core.orders.job_plans import PartLine
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people import assignment, contractors
from workorder_core.people.access import Who
from workorder_core.people.assignment import TIE_BREAK, Proposal
from workorder_core.scheduling.estimates import Learned
from workorder_core.words import FailureMode, HoldReason, Status

_NATURAL_NEXT = {
    Status.DRAFT: Step.SUBMIT,
    Status.AWAITING_APPROVAL: Step.APPROVE,
    Status.OPEN: Step.ASSIGN,
    Status.PLANNED: Step.ASSIGN,
    Status.SCHEDULED: Step.ASSIGN,
    Status.DISPATCHED: Step.START,
    Status.IN_PROGRESS: Step.COMPLETE,
    Status.ON_HOLD: Step.RESUME,
    Status.COMPLETED: Step.VERIFY,
    Status.VERIFIED: Step.CLOSE,
}
_BEFORE = timedelta(days=1)
"""Late readings from this long before an order was opened are shown with it."""
MESSAGES_SHOWN = 50
DELAYS = (1, 7, 28)
"""The days of delay whose cost is shown."""
router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@router.get("/orders/{order_id}", dependencies=[SEES])
def order(request: Request, order_id: UUID, conn: Conn, now: Now, who: Asking) -> Response:
    """Show one order: why it exists, its history, and the possible steps."""
    return order_page(request, conn, order_id, now=now, who=who)


def order_page(request: Request, conn: Connection, order_id: UUID, *, now: datetime, who: Who) -> Response:
    """Return an order's page."""
    shown = work_orders.get(conn, order_id, who)
    asset = None if shown.asset_id is None else plant.asset(conn, shown.asset_id, now=now)
    site = plant.site(conn, shown.site_id)
    people = {each.code: each for each in technicians.listed(conn, shown.site_id)}
    possible = lifecycle.possible(shown.status)
    offered = offered_to(shown, who, now)
    proposed = (
        assignments.proposal(conn, shown, now=now) if Step.ASSIGN in possible and who.contractor is None else None
    )
    links = order_links.of_order(conn, order_id, who.sites, who.contractor)
    names = history.Names({code: each.name for code, each in people.items()}, full_names(request), site.time_zone)
    rows = work_orders.history(conn, order_id, who.sites, given_to=who.contractor, prices=who.sees_costs)
    return page(
        request,
        "order.html",
        now=now,
        order=shown,
        asset=asset,
        zone=site.time_zone,
        **_evidence(request, conn, shown, asset, site.time_zone),
        late=_late(conn, shown, asset, now),
        alarms=_alarms(conn, shown),
        began=rows[0].why if rows else "",
        history=history.entries(rows, names, links),
        doubts=assignments.doubts(conn, shown, now=now),
        no_target=targets.missing(shown),
        works=_works(shown, who),
        lacks=_lacks(proposed, shown, who),
        people=people,
        proposal=proposed,
        possible=offered,
        natural=_NATURAL_NEXT.get(shown.status),
        follows=_maybe_order(conn, shown.follows, who),
        duplicate_of=_maybe_order(conn, shown.duplicate_of, who),
        displaces=_displaced(conn, proposed.displaces if proposed else None),
        steps=order_content.steps(conn, order_id),
        parts=_other_parts(conn, order_id),
        **order_stock.facts(conn, shown, asset, who, now),
        cost=costs.of_order(conn, order_id, now=now) if who.sees_costs else None,
        prices=costs.part_prices(conn, order_id) if who.sees_costs else [],
        learned=_learned(conn, shown, who, now),
        delayed_by=failing.of_order(conn, shown, days=DELAYS, now=now) if _waits(shown, who) else None,
        comments=order_content.comments(conn, order_id),
        files=files.of_order(conn, order_id),
        links=links,
        messages=[] if who.contractor is not None else ways.of_order(conn, order_id, limit=MESSAGES_SHOWN),
        **answering.of_order(conn, shown, who),
        **inspections.of_order(conn, order_id),
        **reported_pages.of_order(conn, order_id, who),
        **_last_time(conn, shown, who),
        job_plans=job_plans.in_force(conn, [site.code]) if Step.PLAN in offered else [],
        **_CHOICES,
    )


_CHOICES: Mapping[str, Any] = {
    "modes": list(FailureMode),
    "causes": list(Cause),
    "remedies": list(Remedy),
    "mechanisms": list(Mechanism),
    "hold_reasons": list(HoldReason),
    "link_kinds": list(order_links.LinkKind),
    "cause_labels": {each.value: each.label for each in Cause},
    "remedy_labels": {each.value: each.label for each in Remedy},
    "mechanism_labels": {each.value: each.label for each in Mechanism},
    "picture_kinds": [each for each in files.KINDS if each.startswith("image/")],
    "tie_break": TIE_BREAK,
    "dated": planned_dates.DATED,
    "final": lifecycle.FINAL,
}
"""Facts common to every order's page: choices, and the words for codes."""


def offered_to(order: WorkOrder, who: Who, now: datetime) -> list[Step]:
    """Return the steps that a page offers somebody; to contractors, those that are open to them."""
    steps = lifecycle.offered(order, who, at=now)
    return [each for each in steps if who.contractor is None or each in contractors.STEPS]


def _evidence(
    request: Request, conn: Connection, order: WorkOrder, asset: plant.Asset | None, zone: str
) -> dict[str, Any]:
    """Return the findings, the leading one first, with charts and present readings. A page that reloads and has already
    drawn the newest finding is not sent the charts again.
    """
    known = [] if asset is None else plant.signals(conn, [asset.id]).get(asset.id, [])
    signals = {each.name: each for each in known}
    evidence = work_orders.evidence(conn, order.id, limit=1)
    newest = evidence[0] if evidence else None
    drawn = newest is not None and shown_already(request, "evidence") == str(newest.seq)
    evidence = evidence if drawn else work_orders.evidence(conn, order.id, limit=20)
    # A finding leads, not the end of one.
    leading = next((each for each in evidence if not each.ended), newest)
    evidence = [each for each in evidence if each is leading] + [each for each in evidence if each is not leading]
    return {
        "signals": signals,
        "evidence": evidence,
        "newest": newest,
        "drawn": drawn,
        "found_at": None if newest is None else (newest if drawn else leading or newest).at,
        "readings": _readings(conn, order, newest if drawn else leading),
        "remaining": _remaining(conn, order),
        "charts": {} if drawn else {each.seq: drawing.of_evidence(each, signals, zone) for each in evidence},
    }


def _remaining(conn: Connection, order: WorkOrder) -> drawing.Curve | None:
    """Return the curve of an unfinished order's asset, if a fleet model is among the reasons of the order."""
    if order.asset_id is None or order.status in lifecycle.FINAL or OF_FLEET not in work_orders.sources(conn, order.id):
        return None
    return drawing.of_survival(survival.of_asset(conn, order.asset_id))


def _other_parts(conn: Connection, order_id: UUID) -> list[PartLine]:
    """Return the parts of an order that do not come from a store: the others are shown with their stock."""
    tied = {each.line for each in order_lines.of_order(conn, order_id)}
    return [each for each in order_content.parts(conn, order_id) if each.line not in tied]


def _last_time(conn: Connection, order: WorkOrder, who: Who) -> dict[str, Any]:
    """Return similar finished orders of the site, and what was enough most often; contractors see none."""
    found = [] if who.contractor is not None else alike.last_time(conn, order)
    share = sum(each.fixed for each in found) / len(found) if found else None
    return {"last_orders": found, "last_checks": alike.checks(found)[:3], "last_fixed": share}


def _waits(order: WorkOrder, who: Who) -> bool:
    """Return whether what waiting costs is shown."""
    return who.sees_costs and who.contractor is None and order.status in statuses.WAITING | statuses.BEGUN


def _learned(conn: Connection, order: WorkOrder, who: Who, now: datetime) -> Learned | None:
    """Return how long work like an order took, while its own is not done."""
    if who.contractor is not None or order.status in statuses.DONE | statuses.FINAL:
        return None
    return estimates.of_order(conn, order, now=now)


def _works(order: WorkOrder, who: Who) -> bool:
    """Return whether somebody may do the steps of an order's plan."""
    try:
        edits.permit(order, Edit.STEPS, who)
    except (IllegalMove, NotAllowed):
        return False
    return bool(WORKS_OR_PLANS.dependency.lets(who))


def _alarms(conn: Connection, order: WorkOrder) -> list[alarm_points.Standing]:
    """Return the order's alarms, in their present state."""
    if order.asset_id is None:
        return []
    sources = set(work_orders.sources(conn, order.id))
    found = alarm_points.page(conn, states=list(State), asset_id=order.asset_id, limit=200)
    return [each for each in found if each.source in sources]


def _late(conn: Connection, shown: WorkOrder, asset: plant.Asset | None, now: datetime) -> Sequence[Excursion]:
    """Return late readings beyond a limit from about the time of the order."""
    if asset is None:
        return []
    start, end = shown.opened_at - _BEFORE, shown.status_since if shown.status in lifecycle.FINAL else now
    return late_excursions.of_asset(
        conn, asset.id, f"{asset.site_code}/{asset.code}", asset.asset_class, start=start, end=max(start, end)
    )


def _readings(
    conn: Connection, order: WorkOrder, finding: work_orders.Evidence | None
) -> list[tuple[Sign, telemetry.Newest]]:
    """Return a finding's signals, each with its newest reading."""
    if finding is None or order.asset_id is None or order.status in lifecycle.FINAL:
        return []
    newest = {each.signal: each for each in telemetry.newest(conn, [order.asset_id]).get(order.asset_id, [])}
    return [(sign, newest[sign.signal]) for sign in finding.signs if sign.signal in newest]


def _lacks(proposal: Proposal | None, order: WorkOrder, who: Who) -> tuple[str, ...]:
    """Return the missing qualifications of the person whom one click would assign: the scheduled technician, or the
    user who starts the order. Empty if none are missing, or if somebody has already justified the choice.
    """
    site = order.number.rpartition("-")[0]
    code = order.assignee or (who.technician if who.technician_site in (None, site) else None)
    one = next((each for each in proposal.candidates if each.technician.code == code), None) if proposal else None
    if one is None or (order.assignee is not None and assignment.justified(one, order.assignment_note)):
        return ()
    return assignment.hard_reasons(one)


def _maybe_order(conn: Connection, order_id: UUID | None, who: Who) -> Any:
    try:
        return None if order_id is None else work_orders.get(conn, order_id, who)
    except NotFound:
        return None


def _displaced(conn: Connection, number: str | None) -> Any:
    return None if number is None else work_orders.get(conn, work_orders.id_of_number(conn, number))
