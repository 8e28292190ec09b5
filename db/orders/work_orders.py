"""Work orders: read, created, and changed by one pure step at a time. The caller owns the transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row, scalar_row

from db import scope, sql, storable
from db.documents import labels
from db.errors import FaultHasOrder, NotFound, VersionConflict
from db.inventory import order_lines
from db.orders import job_plans, order_content, order_history, order_links, order_rows
from db.orders.order_history import HistoryRow
from db.orders.order_lists import Filters, Listed, Tally, count, page, position, tally
from db.people import certificates, site_rules
from db.plant import calendars
from db.plant.plant import Asset, Location
from workorder_core.intake import priority
from workorder_core.intake.decisions import Urgency
from workorder_core.intake.findings import Sign
from workorder_core.orders import lifecycle, record, statuses, targets
from workorder_core.orders.details import NOTHING, Details
from workorder_core.orders.job_plans import JobPlan, planned
from workorder_core.orders.lifecycle import FINAL, WAITING, Situation, Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who
from workorder_core.people.dispatching import BY_DEFAULT, Dispatched, kinds
from workorder_core.people.skills import required_skill
from workorder_core.words import FailureMode, OrderType, Origin, Severity, Status

__all__ = ["Filters", "HistoryRow", "Listed", "Tally", "count", "history", "page", "position", "tally"]

_QUERIES = sql.load("work_orders")
ENGINE = "system:engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A stored finding with a copy of the readings it cites: (epoch seconds, value) by signal.

    An ``ended`` one says that the condition is over, not why the order exists.
    """

    seq: int
    arrival: int
    source: str
    version: str
    component: str
    failure_mode: FailureMode
    severity: Severity
    since: datetime
    at: datetime
    score: float | None
    limit: float | None
    signs: tuple[Sign, ...]
    summary: str
    readings: Mapping[str, Sequence[tuple[float, float]]]
    ended: bool = False


def get(conn: Connection, order_id: UUID, who: Who | None = None) -> WorkOrder:
    """Return one order. Raises NotFound, also if ``who`` does not see it."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["get"], {"id": order_id}).fetchone()
    return order_rows.order(_seen(conn, row, order_id, who))


def id_of_number(conn: Connection, number: str, who: Who | None = None) -> UUID:
    """Return the id of the order with that number. Raises NotFound, also if ``who`` does not see its site."""
    asked = {"number": number, "within": scope.codes(who.sites if who else None)}
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: UUID | None = cursor.execute(_QUERIES["id_of_number"], asked).fetchone()
    if found is None:
        raise NotFound("work order", number)
    return found


def next_number(conn: Connection, site_id: int) -> str:
    """Return the site's next order number, ``NTH-1042``. Locks the site's row until the transaction ends."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        number: str | None = cursor.execute(_QUERIES["next_number"], {"site_id": site_id}).fetchone()
    if number is None:
        raise NotFound("site", site_id)
    return number


def lock(conn: Connection, order_id: UUID, who: Who | None = None) -> WorkOrder:
    """Lock an order's row until the transaction ends, and return the order. Raises NotFound."""
    return order_rows.order(_locked(conn, order_id, who, None))


def insert(conn: Connection, order: WorkOrder, *, actor: str, why: str) -> None:
    """Store a new order and begin its history."""
    conn.execute(_QUERIES["insert"], order_rows.columns(conn, order))
    append_history(conn, order.id, at=order.recorded_at, actor=actor, step="open", new=record.beginning(order), why=why)


append_history = order_history.append
history = order_history.of_order


def take_step(
    conn: Connection,
    order_id: UUID,
    step: Step,
    details: Details | Callable[[WorkOrder], Details] = NOTHING,
    *,
    who: Who,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> WorkOrder:
    """Lock an order, apply a requested lifecycle step, store it with its history and return it.

    ``details`` may be a function of the locked order. Raises NotFound, VersionConflict, IllegalMove, NotAllowed,
    NotReady, ReasonMissing, FaultHasOrder, and whatever ``details`` raises.
    """
    row = _locked(conn, order_id, who, expected_version)
    before = order_rows.order(row)
    undone = order_content.undone(conn, order_id) if before.plan is not None else order_content.NOTHING_UNDONE
    situation = Situation(
        safety_critical=row["safety_critical"],
        open_steps=undone.steps,
        open_permits=undone.permits,
        blocked_by=order_links.blockers(conn, order_id, who.sites, who.contractor) if step is Step.START else (),
        expired=certificates.expired(conn, before, at=at) if step in (Step.START, Step.RESUME) else (),
        unanswered=order_links.unanswered(conn, order_id) if step in (Step.START, Step.RESUME) else (),
    )
    lifecycle.permit(before, step, who, situation, at=at)
    by = calendars.of_site(conn, before.site_id, at=at) if lifecycle.RULES[step].counts else targets.DEFAULT
    to = details if isinstance(details, Details) else details(before)
    after = lifecycle.apply_step(before, step, to, at=at, by=by)
    return _saved(conn, before, after, step=step, actor=who.actor, at=at, why=why)


def change(
    conn: Connection,
    order_id: UUID,
    step: Callable[[WorkOrder], WorkOrder],
    *,
    actor: str,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
    name: str | None = None,
    who: Who | None = None,
) -> WorkOrder:
    """Lock an order, apply one pure change, store the result with its history and return it; roles are not checked.

    A change without effect leaves no trace. The event that the judge needs about an order of the engine is written in
    the same transaction. Raises NotFound, VersionConflict, and whatever the step raises.
    """
    before = order_rows.order(_locked(conn, order_id, who, expected_version))
    after = step(before)
    return _saved(conn, before, after, step=name or _name_of(before, after), actor=actor, at=at, why=why)


def evidence(conn: Connection, order_id: UUID, *, limit: int = 100) -> list[Evidence]:
    """Return why an order exists, the newest finding first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_evidence(row) for row in cursor.execute(_QUERIES["evidence"], {"order_id": order_id, "limit": limit})]


def sources(conn: Connection, order_id: UUID) -> list[str]:
    """Return the rules and models whose findings are an order's evidence."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["sources"], {"order_id": order_id}).fetchall()


def targets_near(conn: Connection, *, now: datetime) -> list[UUID]:
    """Return the orders with a target that is near or past at ``now`` (wall clock) and that nobody was warned about
    yet.
    """
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["targets_near"], {"now": now}).fetchall()


def unassigned(conn: Connection, dispatched: Iterable[Dispatched] = BY_DEFAULT) -> list[UUID]:
    """Return the open orders that wait for automatic assignment, emergencies first."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["unassigned"], {"kinds": kinds(dispatched)}).fetchall()


def note_nobody(conn: Connection, order_id: UUID, note: str, *, actor: str, at: datetime) -> bool:
    """Note on an open order why nobody is assigned; False if the note is there already or the order is no longer open.

    This is no step, so the version stays: a form that somebody is filling in remains valid.
    """
    order = order_rows.order(_locked(conn, order_id, None, None))
    if order.status is not Status.OPEN or order.assignee is not None or order.assignment_note == note:
        return False
    conn.execute(_QUERIES["note_nobody"], {"id": order_id, "note": note})
    old, new = {"assignment_note": order.assignment_note}, {"assignment_note": note}
    append_history(conn, order_id, at=at, actor=actor, step="nobody eligible", old=old, new=new, why=note)
    return True


def create_by_hand(
    conn: Connection,
    *,
    asset: Asset | Location,
    kind: OrderType,
    title: str,
    component: str,
    failure_mode: FailureMode,
    actor: str,
    at: datetime,
    urgency: Urgency | None = None,
    why: str = "",
    status: Status = Status.OPEN,
    plan: JobPlan | None = None,
    **facts: Any,
) -> WorkOrder:
    """Store an order created by a person and return it; without an urgency the table of priorities decides.

    A person may create as many orders for a fault as they like: the promise of one order binds the engine only.
    ``facts`` are further fields of the order. A request gets its targets when it is approved.
    """
    machine = asset if isinstance(asset, Asset) else None
    urgency = urgency or priority.of_type(machine.criticality if machine else None, kind)
    skill = required_skill(component, failure_mode, site_rules.skill_tables(conn, asset.site_id))
    order = WorkOrder(
        **{"requested_by": actor, "required_skill": skill} | facts,
        id=uuid4(),
        number=next_number(conn, asset.site_id),
        site_id=asset.site_id,
        asset_id=machine.id if machine else None,
        location_id=None if machine else asset.id,
        asset_path=machine.path if machine else asset.name,
        component=component,
        failure_mode=failure_mode,
        type=kind,
        origin=Origin.PERSON,
        priority=urgency.priority,
        priority_reason=urgency.reason,
        title=title,
        status=status,
        status_since=at,
        opened_at=at,
        recorded_at=at,
    )
    if status is Status.OPEN:
        order = targets.reset(order, at, calendars.of_site(conn, order.site_id, at=at))
    if plan is not None:
        order = planned(order, plan)
    insert(conn, order, actor=actor, why=why or title)
    if plan is not None:
        job_plans.copy_to(conn, order.id, plan, reserve_at=at)
    return order


def _locked(conn: Connection, order_id: UUID, who: Who | None, expected_version: int | None) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(_QUERIES["lock"], {"id": order_id})
        row = _seen(conn, cursor.execute(_QUERIES["get"], {"id": order_id}).fetchone(), order_id, who)
    if expected_version is not None and expected_version != row["version"]:
        raise VersionConflict(order_id, row["number"], expected_version, row["version"])
    return row


def _seen(conn: Connection, row: dict[str, Any] | None, order_id: UUID, who: Who | None) -> dict[str, Any]:
    if row is None or (who is not None and not who.sees(row["site_code"])):
        raise NotFound("work order", order_id)
    if who is not None and who.contractor is not None:
        scope.check_given(conn, "order_id", order_id, who.contractor)
    return row


def _saved(
    conn: Connection, before: WorkOrder, after: WorkOrder, *, step: str, actor: str, at: datetime, why: str
) -> WorkOrder:
    if after == before:
        return before
    after = replace(after, version=before.version + 1)
    try:
        conn.execute(_QUERIES["save"], order_rows.columns(conn, after))
    except UniqueViolation:
        raise FaultHasOrder(after.number) from None
    old, new = record.difference(before, after)
    append_history(conn, after.id, at=at, actor=actor, step=str(step), old=old, new=new, why=why)
    if after.plan is not None and before.status not in WAITING and after.status is Status.OPEN:
        order_content.begin_anew(conn, after.id)
    if before.status in statuses.UNAPPROVED and after.status in WAITING:
        order_lines.settle_order(conn, after.id, at=at)
    _tell_judge(conn, before, after, actor)
    return after


def _tell_judge(conn: Connection, before: WorkOrder, after: WorkOrder, actor: str) -> None:
    # The judge does not distinguish the statuses before the work. Keeping moves between them out of its inputs keeps
    # its decisions independent of who was at work when, which is a matter of the wall clock.
    waits_on = before.status in WAITING and after.status in WAITING
    if after.origin is not Origin.ENGINE or after.status is before.status or waits_on or actor == ENGINE:
        return
    close_out = after.close_out
    payload: dict[str, Any] = {
        "order_id": str(after.id),
        "status": after.status.value,
        "close_finding": close_out.finding.value if close_out else None,
        "close_failure_mode": close_out.failure_mode.value if close_out and close_out.failure_mode else None,
    }
    if before.status in FINAL:
        payload["entry"] = _entry(conn, after)
    conn.execute(
        _QUERIES["tell_judge"], {"asset_id": after.asset_id, "actor": actor, "payload": storable.json(payload)}
    )
    if after.status is Status.CLOSED and close_out is not None:
        labels.adjust_limits(conn, after.id, actor=actor)


def _entry(conn: Connection, order: WorkOrder) -> dict[str, Any]:
    """Return an order book's entry for an order that the book may have dropped since it ended."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["book_entry"], {"id": order.id}).fetchone()
    assert row is not None, "the order is locked"
    return {name: record.plain(value) for name, value in row.items()}


def _name_of(before: WorkOrder, after: WorkOrder) -> str:
    if before.status is not after.status or before.assignee != after.assignee:
        return str(lifecycle.between(before.status, after.status) or "change")
    if after.warned > before.warned:
        return "warn"
    return "escalate" if after.escalation > before.escalation else "change"


def _evidence(row: Mapping[str, Any]) -> Evidence:
    rest = {name: row[name] for name in ("seq", "arrival", "source", "version", "component", "since", "at", "score")}
    return Evidence(
        **rest,
        failure_mode=FailureMode(row["failure_mode"]),
        severity=Severity(row["severity"]),
        limit=row["limit_at"],
        signs=tuple(Sign(**sign) for sign in row["signs"]),
        summary=row["summary"],
        readings={name: [(at, value) for at, value in points] for name, points in row["readings"].items()},
        ended=row["ended"],
    )
