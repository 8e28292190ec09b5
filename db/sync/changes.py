"""What has changed for a technician since their device was here last. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row

from db import scope
from db.alarms import alarm_points
from db.alarms.alarm_points import Standing
from db.escalating import escalations
from db.events import events
from db.files import files
from db.files.files import Attachment
from db.orders import order_content, work_orders
from db.orders.order_content import Comment
from db.orders.work_orders import Evidence
from db.plant import plant
from db.sync.operations import QUERIES
from workorder_core.escalating.course import UNFINISHED
from workorder_core.orders.job_plans import PartLine, StepDone
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who
from workorder_core.sync import cursors
from workorder_core.sync.cursors import Cursor

ORDERS_A_PAGE = 50
KEPT_AFTER_END = timedelta(days=14)
"""For how long an order that has ended stays on the device."""
_EVIDENCE, _LAST, _ALARMS = 5, 5, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOrder:
    """What was found and done at the asset before."""

    number: str
    title: str
    status: str
    ended_at: datetime
    finding: str | None
    failure_mode: str | None
    cause: str | None
    remedy: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """When the technician is planned on the order."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """An order with all that a technician needs at the machine without a network."""

    order: WorkOrder
    site: str
    time_zone: str
    asset: plant.Asset | None
    visits: Sequence[Visit]
    steps: Sequence[StepDone]
    parts: Sequence[PartLine]
    comments: Sequence[Comment]
    files: Sequence[Attachment]
    evidence: Sequence[Evidence]
    last_orders: Sequence[LastOrder]
    alarms: Sequence[Standing]
    escalation: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A page of what has changed.

    Parameters
    ----------
    reset
        It is part of a snapshot, which replaces everything on the device once it is complete.
    gone
        Orders that are no longer theirs.
    more
        Another page follows at once.
    """

    reset: bool
    orders: Sequence[UUID]
    gone: Sequence[UUID]
    next: Cursor
    more: bool


def since(conn: Connection, cursor: Cursor | None, *, who: Who, now: datetime, limit: int = ORDERS_A_PAGE) -> Changes:
    """Return a page of the orders of a technician that have changed after a cursor; None: all of them. Events must
    have been numbered just before.
    """
    bounds = events.bounds(conn)
    newest = 0 if bounds is None else bounds[1]
    asked = _asked(conn, who, now) | {"limit": limit}
    if cursor is None or not cursors.fits(cursor, who, bounds):
        return _snapshot(conn, Cursor(event=newest, access=cursors.access_of(who)), asked)
    if cursor.after is not None:
        return _snapshot(conn, cursor, asked)
    asked |= {"since": cursor.event, "newest": newest}
    with conn.cursor(row_factory=scalar_row) as found:
        if found.execute(QUERIES["plan_changed"], asked).fetchone():
            return _snapshot(conn, replace(cursor, event=newest), asked)
    with conn.cursor(row_factory=dict_row) as found:
        rows = found.execute(QUERIES["changed"], asked).fetchall()
    more = len(rows) >= limit
    return Changes(
        reset=False,
        orders=[row["order_id"] for row in rows if row["mine"]],
        gone=[row["order_id"] for row in rows if not row["mine"]],
        next=replace(cursor, event=rows[-1]["event"] if more else newest),
        more=more,
    )


def _snapshot(conn: Connection, cursor: Cursor, asked: dict[str, Any]) -> Changes:
    """Return a page of all orders; what happens meanwhile comes after the last one, by the cursor's event."""
    with conn.cursor(row_factory=scalar_row) as found:
        ids = found.execute(QUERIES["mine"], asked | {"after": cursor.after}).fetchall()
    more = len(ids) == asked["limit"]
    return Changes(reset=True, orders=ids, gone=[], next=replace(cursor, after=ids[-1] if more else None), more=more)


def briefing(conn: Connection, order_id: UUID, *, who: Who, now: datetime) -> Briefing:
    """Return an order with what belongs to it; for a contractor without other orders of the asset. Raises NotFound."""
    order = work_orders.get(conn, order_id, who)
    site = plant.site(conn, order.site_id)
    asked = _asked(conn, who, now) | {"order_id": order_id, "asset_id": order.asset_id, "limit": _LAST}
    own = who.contractor is None
    last: list[LastOrder] = []
    with conn.cursor(row_factory=class_row(Visit)) as cursor:
        visits = cursor.execute(QUERIES["visits"], asked).fetchall()
    if own and order.asset_id is not None:
        with conn.cursor(row_factory=class_row(LastOrder)) as cursor:
            last = cursor.execute(QUERIES["last_orders"], asked).fetchall()
    asking = escalations.listed(conn, within=who.sites, states=UNFINISHED, order_id=order_id, limit=1) if own else []
    on_asset = order.asset_id is not None
    return Briefing(
        order=order,
        site=site.code,
        time_zone=site.time_zone,
        asset=plant.asset(conn, order.asset_id, now=now) if order.asset_id is not None else None,
        visits=visits,
        steps=order_content.steps(conn, order_id),
        parts=order_content.parts(conn, order_id),
        comments=order_content.comments(conn, order_id),
        files=files.of_order(conn, order_id),
        evidence=work_orders.evidence(conn, order_id, limit=_EVIDENCE),
        last_orders=last,
        alarms=alarm_points.page(conn, asset_id=order.asset_id, limit=_ALARMS) if on_asset and own else [],
        escalation=asking[0].id if asking else None,
    )


def _asked(conn: Connection, who: Who, now: datetime) -> dict[str, Any]:
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(QUERIES["technician"], {"code": who.technician, "site": who.technician_site}).fetchone()
    return {"technician": found, "ended_after": now - KEPT_AFTER_END, "within": scope.codes(who.sites)}
