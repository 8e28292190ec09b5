"""Work orders: read, made, and moved by one pure step at a time. The caller owns the transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql, technicians
from db.errors import NotFound, VersionConflict
from db.plant import Asset
from workorder_core import lifecycle, priority
from workorder_core.assignment import required_skill
from workorder_core.decisions import Urgency
from workorder_core.findings import Sign
from workorder_core.orders import CloseOut, WorkOrder
from workorder_core.words import (
    CloseFinding,
    FailureMode,
    OrderType,
    Origin,
    Priority,
    Severity,
    Status,
)

_QUERIES = sql.load("work_orders")

_WAITING = frozenset({Status.OPEN, Status.ASSIGNED})
"""The judge tells these two apart in nothing. Leaving moves between them out of its inputs keeps who was at work when,
a matter of the wall clock, out of what it decides."""

_UNTOLD = frozenset({"version", "status_since"})
"""Fields that every step changes; history has them from its own time and order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A finding as it was kept, with a copy of the readings it cites: (epoch seconds, value) by signal."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """Who did what to an order, and why. ``old`` and ``new`` hold just the fields that changed."""

    seq: int
    at: datetime
    actor: str
    step: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An order with the names that a list shows. ``why`` is the newest finding's sentence, or the order's title."""

    order: WorkOrder
    site_code: str
    site_name: str
    time_zone: str
    asset_code: str
    asset_name: str
    assignee_name: str | None
    why: str
    evidence_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed to; None narrows nothing. ``assignee`` "-" asks for orders that nobody has.

    ``within`` are the sites that who asks sees.
    """

    status: Sequence[Status] | None = None
    type: Sequence[OrderType] | None = None
    origin: Sequence[Origin] | None = None
    priority: Sequence[Priority] | None = None
    site: str | None = None
    within: Collection[str] | None = None
    asset: str | None = None
    asset_id: int | None = None
    assignee: str | None = None
    unfinished: bool | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many orders there are of a kind, and of how many a target has run out."""

    type: OrderType
    status: Status
    priority: Priority
    orders: int
    escalated: int


def get(conn: Connection, order_id: UUID) -> WorkOrder:
    """Return one order. Raises NotFound."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["get"], {"id": order_id}).fetchone()
    if row is None:
        raise NotFound("work order", order_id)
    return _order(row)


def id_of_number(conn: Connection, number: str) -> UUID:
    """Return the id of the order with that number. Raises NotFound."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: UUID | None = cursor.execute(_QUERIES["id_of_number"], {"number": number}).fetchone()
    if found is None:
        raise NotFound("work order", number)
    return found


def page(conn: Connection, filters: Filters, *, limit: int = 50, offset: int = 0) -> list[Listed]:
    """Return orders, the most urgent first and the finished ones last."""
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(_QUERIES["page"], _asked(filters) | {"limit": limit, "offset": offset})
        return [_listed(row) for row in cursor]


def count(conn: Connection, filters: Filters) -> int:
    """Return how many orders the filters let through."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(_QUERIES["count"], _asked(filters)).fetchone() or 0)


def tally(conn: Connection, within: Collection[str] | None = None) -> list[Tally]:
    """Return how many orders there are of each type, status and priority."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [
            Tally(
                type=OrderType(row["type"]),
                status=Status(row["status"]),
                priority=Priority(row["priority"]),
                orders=row["orders"],
                escalated=row["escalated"],
            )
            for row in cursor.execute(_QUERIES["count_by_kind"], {"within": scope.codes(within)})
        ]


def next_number(conn: Connection, site_id: int) -> str:
    """Give out the site's next number, ``NTH-1042``. Holds the site's row until the transaction ends."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        number: str | None = cursor.execute(_QUERIES["next_number"], {"site_id": site_id}).fetchone()
    if number is None:
        raise NotFound("site", site_id)
    return number


def insert(conn: Connection, order: WorkOrder, *, actor: str, why: str) -> None:
    """Store a new order and begin its history."""
    conn.execute(_QUERIES["insert"], _facts(conn, order))
    shown = ("type", "priority", "component", "failure_mode", "status", "title")
    new = {name: _plain(getattr(order, name)) for name in shown}
    append_history(conn, order.id, at=order.recorded_at, actor=actor, step="open", new=new, why=why)


def append_history(
    conn: Connection,
    order_id: UUID,
    *,
    at: datetime,
    actor: str,
    step: str,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    why: str = "",
) -> None:
    """Add a row to the history of an order whose row this transaction holds. ``at`` is the wall clock."""
    row = {"order_id": order_id, "at": at, "actor": actor, "step": step, "why": why}
    conn.execute(_QUERIES["append_history"], row | {"old": Jsonb(dict(old or {})), "new": Jsonb(dict(new or {}))})


def change(
    conn: Connection,
    order_id: UUID,
    step: Callable[[WorkOrder], WorkOrder],
    *,
    actor: str,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> WorkOrder:
    """Lock an order, apply one pure step, store the result with its history and return it.

    A step that changes nothing leaves no trace. What the judge has to know of an order of the engine is told in the
    same transaction. Raises NotFound, VersionConflict, and whatever the step raises.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["lock"], {"id": order_id}).fetchone()
    if row is None:
        raise NotFound("work order", order_id)
    before = _order(row)
    if expected_version is not None and expected_version != before.version:
        raise VersionConflict(order_id, before.number, expected_version, before.version)
    after = step(before)
    if after == before:
        return before
    after = replace(after, version=before.version + 1)
    conn.execute(_QUERIES["save"], _facts(conn, after))
    changed = [
        each.name
        for each in fields(WorkOrder)
        if each.name not in _UNTOLD and getattr(before, each.name) != getattr(after, each.name)
    ]
    append_history(
        conn,
        order_id,
        at=at,
        actor=actor,
        step=_name_of(before, after),
        old={name: _plain(getattr(before, name)) for name in changed},
        new={name: _plain(getattr(after, name)) for name in changed},
        why=why,
    )
    _tell_judge(conn, before, after, actor)
    return after


def history(conn: Connection, order_id: UUID) -> list[HistoryRow]:
    """Return what happened to an order, from its beginning."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [HistoryRow(**row) for row in cursor.execute(_QUERIES["history"], {"order_id": order_id})]


def evidence(conn: Connection, order_id: UUID, *, limit: int = 100) -> list[Evidence]:
    """Return why an order exists, the newest finding first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_evidence(row) for row in cursor.execute(_QUERIES["evidence"], {"order_id": order_id, "limit": limit})]


def escalations_due(conn: Connection, *, now: datetime) -> list[UUID]:
    """Return the orders of which a target has run out by ``now`` (wall clock) and nobody has been told yet."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["escalations_due"], {"now": now}).fetchall()


def unassigned(conn: Connection) -> list[UUID]:
    """Return the open orders that wait for the timetable to find somebody, emergencies first."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["unassigned"]).fetchall()


def note_nobody(conn: Connection, order_id: UUID, note: str, *, actor: str, at: datetime) -> bool:
    """Show on an open order why nobody has been given it; False when it says so already, or is open no more."""
    if conn.execute(_QUERIES["note_nobody"], {"id": order_id, "note": note}).fetchone() is None:
        return False
    append_history(conn, order_id, at=at, actor=actor, step="nobody eligible", why=note)
    return True


def create_by_hand(
    conn: Connection,
    *,
    asset: Asset,
    kind: OrderType,
    title: str,
    component: str,
    failure_mode: FailureMode,
    actor: str,
    at: datetime,
    urgency: Urgency | None = None,
    why: str = "",
) -> WorkOrder:
    """Store an order that a person makes and return it; without an urgency the table of priorities decides.

    A person may make as many orders for a fault as they like: the promise of one order binds the engine only.
    """
    urgency = urgency or priority.of_type(asset.criticality, kind)
    response_due, completion_due = priority.due(urgency.priority, at)
    order = WorkOrder(
        id=uuid4(),
        number=next_number(conn, asset.site_id),
        site_id=asset.site_id,
        asset_id=asset.id,
        asset_path=asset.path,
        component=component,
        failure_mode=failure_mode,
        type=kind,
        origin=Origin.PERSON,
        priority=urgency.priority,
        priority_reason=urgency.reason,
        title=title,
        status=Status.OPEN,
        status_since=at,
        opened_at=at,
        recorded_at=at,
        required_skill=required_skill(component, failure_mode),
        response_due=response_due,
        completion_due=completion_due,
    )
    insert(conn, order, actor=actor, why=why or title)
    return order


def _tell_judge(conn: Connection, before: WorkOrder, after: WorkOrder, actor: str) -> None:
    waits_on = before.status in _WAITING and after.status in _WAITING
    if after.origin is not Origin.ENGINE or after.status is before.status or waits_on:
        return
    close_out = after.close_out
    payload = {
        "order_id": str(after.id),
        "status": after.status.value,
        "close_finding": close_out.finding.value if close_out else None,
        "close_failure_mode": close_out.failure_mode.value if close_out and close_out.failure_mode else None,
    }
    conn.execute(_QUERIES["tell_judge"], {"asset_id": after.asset_id, "actor": actor, "payload": Jsonb(payload)})


def _name_of(before: WorkOrder, after: WorkOrder) -> str:
    if before.status is not after.status or before.assignee != after.assignee:
        return str(lifecycle.between(before.status, after.status) or "change")
    return "escalate" if after.escalation > before.escalation else "change"


def _order(row: Mapping[str, Any]) -> WorkOrder:
    return WorkOrder(
        id=row["id"],
        number=row["number"],
        site_id=row["site_id"],
        asset_id=row["asset_id"],
        asset_path=row["asset_path"],
        component=row["component"],
        failure_mode=FailureMode(row["failure_mode"]),
        type=OrderType(row["type"]),
        origin=Origin(row["origin"]),
        priority=Priority(row["priority"]),
        priority_reason=row["priority_reason"],
        title=row["title"],
        status=Status(row["status"]),
        status_since=row["status_since"],
        opened_at=row["opened_at"],
        recorded_at=row["recorded_at"],
        required_skill=row["required_skill"],
        assignee=row["assignee"],
        assignment_note=row["assignment_note"],
        response_due=row["response_due"],
        completion_due=row["completion_due"],
        escalation=row["escalation"],
        follows=row["follows"],
        duplicate_of=row["duplicate_of"],
        close_out=_close_out(row),
        version=row["version"],
    )


def _close_out(row: Mapping[str, Any]) -> CloseOut | None:
    if row["close_finding"] is None:
        return None
    mode = row["close_failure_mode"]
    return CloseOut(
        finding=CloseFinding(row["close_finding"]),
        failure_mode=None if mode is None else FailureMode(mode),
        cause=row["close_cause"] or "",
        remedy=row["close_remedy"] or "",
        note=row["close_note"] or "",
    )


def _facts(conn: Connection, order: WorkOrder) -> dict[str, Any]:
    """Return an order as the columns of its row."""
    facts = {each.name: getattr(order, each.name) for each in fields(WorkOrder)}
    for name in ("failure_mode", "type", "origin", "status"):
        facts[name] = facts[name].value
    facts["priority"] = int(order.priority)
    facts["assignee_id"] = None
    if order.assignee is not None:
        facts["assignee_id"] = technicians.get(conn, order.site_id, order.assignee).id
    close_out = order.close_out
    mode = close_out.failure_mode if close_out else None
    return facts | {
        "close_finding": close_out.finding.value if close_out else None,
        "close_failure_mode": mode.value if mode else None,
        "close_cause": close_out.cause if close_out else None,
        "close_remedy": close_out.remedy if close_out else None,
        "close_note": close_out.note if close_out else None,
    }


def _listed(row: Mapping[str, Any]) -> Listed:
    return Listed(
        order=_order(row),
        site_code=row["site_code"],
        site_name=row["site_name"],
        time_zone=row["time_zone"],
        asset_code=row["asset_code"],
        asset_name=row["asset_name"],
        assignee_name=row["assignee_name"],
        why=row["newest_summary"] or row["title"],
        evidence_count=row["evidence_count"] or 0,
    )


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
    )


def _asked(filters: Filters) -> dict[str, Any]:
    """Return filters as parameters: enumerations as the codes that the columns hold."""
    asked = {each.name: getattr(filters, each.name) for each in fields(Filters)}
    asked["within"] = scope.codes(filters.within)
    for name in ("status", "type", "origin", "priority"):
        if asked[name] is not None:
            asked[name] = [code.value for code in asked[name]]
    return asked


def _plain(value: object) -> object:
    """Return a field of an order as history keeps it, in JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(each) for name, each in asdict(value).items()}
    return value
