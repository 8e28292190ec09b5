"""What people do on an order besides its lifecycle: plan steps, comments, links, orders split off it.

Each function locks the order's row, so that simultaneous changes are serialised, and records the change in its history.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from psycopg import Connection

from db.errors import NotFound
from db.files import files
from db.files.files import USUAL, Allowed, Attachment, Of, Owner
from db.orders import closing, order_content, order_history, order_links, work_orders
from db.orders import job_plans as plans
from db.orders.closing import FollowUp, PartUsed
from db.orders.order_links import LinkKind
from db.plant import plant
from workorder_core.orders import edits, job_plans, lifecycle
from workorder_core.orders.details import Plan
from workorder_core.orders.edits import Edit
from workorder_core.orders.job_plans import PartLine, StepDone
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who


def plan(
    conn: Connection,
    order_id: UUID,
    *,
    code: str | None,
    hours: float | None,
    who: Who,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> WorkOrder:
    """Record that the work is planned; a job plan named by its code gives the order its steps.

    Raises NotFound if no such plan is in force.
    """
    site = plant.site(conn, work_orders.get(conn, order_id, who).site_id).code
    chosen = None if code is None else plans.for_order(conn, code, site)
    order = work_orders.take_step(
        conn, order_id, Step.PLAN, Plan(chosen, hours), who=who, at=at, why=why, expected_version=expected_version
    )
    if chosen is not None:
        plans.copy_to(conn, order.id, chosen, reserve_at=at)
    return order


def comment(conn: Connection, order_id: UUID, text: str, *, who: Who, at: datetime) -> int:
    """Add a comment to an order, finished or not, and return its number."""
    _locked(conn, order_id, Edit.REMARKS, who)
    number = order_content.add_comment(conn, order_id, text, actor=who.actor, at=at)
    facts = {f"comment {number}": text}
    order_history.append(conn, order_id, at=at, actor=who.actor, step="comment", new=facts, why=text[:500])
    return number


def do_step(
    conn: Connection,
    order_id: UUID,
    seq: int,
    *,
    who: Who,
    at: datetime,
    value: float | None = None,
    note: str = "",
    attachment_id: UUID | None = None,
) -> StepDone:
    """Record a plan step as done; done again, the last result counts and the history keeps them all."""
    before = _step(conn, order_id, seq, who)
    if attachment_id is not None:
        files.of_this_order(conn, order_id, attachment_id)
    after = job_plans.do(before, actor=who.actor, at=at, value=value, note=note, attachment_id=attachment_id)
    _save_step(conn, order_id, before, after, who, at)
    return after


def undo_step(conn: Connection, order_id: UUID, seq: int, *, who: Who, at: datetime) -> StepDone:
    """Mark a step as not done."""
    before = _step(conn, order_id, seq, who)
    after = job_plans.undo(before)
    _save_step(conn, order_id, before, after, who, at)
    return after


def use_parts(conn: Connection, order_id: UUID, used: Sequence[PartUsed], *, who: Who, at: datetime) -> None:
    """Record which parts an order has used. Raises IllegalMove, NotAllowed."""
    _locked(conn, order_id, Edit.PARTS, who)
    closing.use_parts(conn, order_id, used, actor=who.actor, at=at)


def use_more(conn: Connection, order_id: UUID, more: PartUsed, *, who: Who, at: datetime) -> None:
    """Record that an order has used more of a part. Raises IllegalMove, NotAllowed."""
    _locked(conn, order_id, Edit.PARTS, who)
    closing.use_more(conn, order_id, more, actor=who.actor, at=at)


def need_more(conn: Connection, order_id: UUID, part: str, needed: float, unit: str, *, who: Who, at: datetime) -> None:
    """Record that an order needs so much more of a part. Raises IllegalMove, NotAllowed."""
    _locked(conn, order_id, Edit.PARTS, who)
    closing.need_more(conn, order_id, PartLine(line=0, part=part, needed=needed, unit=unit), actor=who.actor, at=at)


def add_hours(conn: Connection, order_id: UUID, hours: float, *, who: Who, at: datetime) -> WorkOrder:
    """Add hours of work to those that an order has. Raises IllegalMove, NotAllowed."""
    _locked(conn, order_id, Edit.FIELDS, who)

    def more(order: WorkOrder) -> WorkOrder:
        return replace(order, actual_hours=(order.actual_hours or 0) + hours)

    return work_orders.change(conn, order_id, more, actor=who.actor, at=at, name="change")


def attach(
    conn: Connection, order_id: UUID, name: str, content: bytes, *, who: Who, at: datetime, allowed: Allowed = USUAL
) -> Attachment:
    """Attach a file to an order. Raises IllegalMove, NotAllowed, InvalidAttachment."""
    _locked(conn, order_id, Edit.FILES, who)
    return files.add(conn, Owner(Of.ORDER, order_id), name, content, actor=who.actor, at=at, allowed=allowed)


def delete_file(conn: Connection, file_id: UUID, *, who: Who, at: datetime) -> Attachment:
    """Delete a file, of an unfinished order or of the plant. Raises NotFound, IllegalMove, NotAllowed."""
    order_id = files.get(conn, file_id).order_id
    if order_id is not None:
        _locked(conn, order_id, Edit.FILES, who)
    return files.delete(conn, file_id, actor=who.actor, at=at)


def link(
    conn: Connection, order_id: UUID, kind: LinkKind, other_id: UUID, *, who: Who, at: datetime, why: str = ""
) -> None:
    """Link two orders. Raises InvalidLink, NotAllowed."""
    _lock_both(conn, order_id, other_id, Edit.LINK, who)
    order_links.add(conn, order_id, kind, other_id, actor=who.actor, at=at, why=why)


def unlink(conn: Connection, order_id: UUID, kind: LinkKind, other_id: UUID, *, who: Who, at: datetime) -> None:
    """Remove a link between two orders. Raises InvalidLink, IllegalMove, NotAllowed."""
    _lock_both(conn, order_id, other_id, Edit.UNLINK, who)
    order_links.remove(conn, order_id, kind, other_id, actor=who.actor, at=at)


def make_linked(
    conn: Connection, order_id: UUID, asked: FollowUp, kind: LinkKind, *, who: Who, at: datetime
) -> WorkOrder:
    """Create an order that follows from another one, is split off it or is a part of it."""
    order = _locked(conn, order_id, Edit.FOLLOW_UP, who)
    status = lifecycle.first_status(who, None)
    return closing.make_linked(conn, order, asked, kind, actor=who.actor, at=at, status=status)


def _step(conn: Connection, order_id: UUID, seq: int, who: Who) -> StepDone:
    order = _locked(conn, order_id, Edit.STEPS, who)
    step = next((each for each in order_content.steps(conn, order_id) if each.seq == seq), None)
    if step is None:
        raise NotFound(f"step of {order.number}", seq)
    return step


def _save_step(conn: Connection, order_id: UUID, before: StepDone, after: StepDone, who: Who, at: datetime) -> None:
    order_content.save_step(conn, order_id, after)
    old, new = order_content.step_facts(before), order_content.step_facts(after)
    name = "step undone" if after.done_at is None else "step"
    order_history.append(
        conn, order_id, at=at, actor=who.actor, step=name, old=old, new=new, why=after.instruction[:200]
    )


def _locked(conn: Connection, order_id: UUID, edit: Edit, who: Who) -> WorkOrder:
    order = work_orders.lock(conn, order_id, who)
    edits.permit(order, edit, who)
    return order


def _lock_both(conn: Connection, one: UUID, other: UUID, edit: Edit, who: Who) -> None:
    for order_id in sorted({one, other}):
        _locked(conn, order_id, edit, who)
