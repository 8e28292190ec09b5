"""What an operation does to an order: by the same functions as the API and the pages, with the same rules.

The caller owns the transaction, in which the order is locked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.escalating import escalations
from db.files import files
from db.orders import closing, order_history, order_work, work_orders
from db.orders.closing import Closing, FollowUp, PartUsed
from db.orders.order_links import LinkKind
from db.people import assignments
from db.plant import plant
from db.telemetry import entered
from workorder_core.escalating.course import Answer
from workorder_core.orders import edits, lifecycle, record
from workorder_core.orders.details import NOTHING, Hold, Reason
from workorder_core.orders.edits import Edit
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who
from workorder_core.sentences import say
from workorder_core.sync import fields, reasons
from workorder_core.sync.words import Because, Verdict
from workorder_core.words import FailureMode, HoldReason, OrderType

QUERIES = sql.load("sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The verdict on an operation. ``answer`` has what the device is answered, as JSON."""

    verdict: Verdict
    answer: Mapping[str, Any] = field(default_factory=dict)


APPLIED = Outcome(verdict=Verdict.APPLIED)
MERGED = Outcome(verdict=Verdict.MERGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When an act is recorded and when it happened, both on the server's clock, and whether it must be carried out even
    though the field has changed: a planner has decided so.
    """

    now: datetime
    happened: datetime
    decided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step of the lifecycle; ``closing`` is of its completion."""

    step: Step
    reason: str = ""
    waits_for: HoldReason = HoldReason.OTHER
    closing: Closing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """The technician is on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoStep:
    """A step of the job plan, done or not."""

    seq: int
    done: bool = True
    value: float | None = None
    note: str = ""
    attachment_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetField:
    """Another value of a field. ``resolves`` is the operation whose conflict this settles."""

    name: str
    base: Any
    value: Any
    resolves: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UseMore:
    """So much more of a part."""

    used: PartUsed


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedMore:
    """So much more of a part is needed."""

    part: str
    needed: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddHours:
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A value of a signal of the order's asset, measured by hand."""

    signal: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFile:
    """A file of the order, uploaded before: a photo, or a signature of ``signed_by``. ``step``: it does that step."""

    attachment_id: UUID
    signed_by: str = ""
    step: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeFollowUp:
    asked: FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWork:
    """Work that somebody asks for, at an asset or a location."""

    title: str
    asset_id: int | None = None
    location_id: int | None = None
    type: OrderType = OrderType.REACTIVE
    component: str = "machine"
    failure_mode: FailureMode = FailureMode.UNK
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    escalation_id: int
    why: str = ""


Act = (
    Move
    | Travel
    | DoStep
    | Remark
    | SetField
    | UseMore
    | NeedMore
    | AddHours
    | Read
    | NameFile
    | MakeFollowUp
    | RequestWork
    | Acknowledge
)


class NotForThem(Exception):
    """An act that is not open to somebody: a contractor asks for no work."""

    def __init__(self) -> None:
        super().__init__(say("this is not open to contractors"))


class NothingToMeasure(Exception):
    """A reading of something that is not there; the device cannot have read it off the order's asset."""

    def __init__(self, signal: str) -> None:
        super().__init__(say("the asset of this order has no signal {signal}", signal=signal))


def perform(conn: Connection, act: Act, order_id: UUID | None, *, who: Who, when: Moment) -> Outcome:
    """Carry out an act, and return the verdict. Raises what the rules of orders raise."""
    if isinstance(act, RequestWork):
        return _request(conn, act, who, when)
    if isinstance(act, Acknowledge):
        return _acknowledge(conn, act, who, when)
    assert order_id is not None, "the shape of an operation has its order"
    return _OF_ORDER[type(act)](conn, act, order_id, who, when)


def _move(conn: Connection, act: Move, order_id: UUID, who: Who, when: Moment) -> Outcome:
    if reasons.is_done_already(work_orders.lock(conn, order_id, who), act.step, who):
        return MERGED
    if act.step is Step.START:
        assignments.start(conn, order_id, who=who, at=when.now, why=act.reason)
    elif act.step is Step.COMPLETE:
        assert act.closing is not None, "the shape of the operation has it"
        closing.complete(conn, order_id, act.closing, who=who, at=when.now)
    else:
        details = {Step.HOLD: Hold(act.reason, act.waits_for), Step.CANNOT_COMPLETE: Reason(act.reason)}
        given = details.get(act.step, NOTHING)
        work_orders.take_step(conn, order_id, act.step, given, who=who, at=when.now, why=act.reason)
    return APPLIED


def _travel(conn: Connection, _: Travel, order_id: UUID, who: Who, when: Moment) -> Outcome:
    edits.permit(work_orders.lock(conn, order_id, who), Edit.FIELDS, who)
    order_history.append(conn, order_id, at=when.now, actor=who.actor, step="travel")
    return APPLIED


def _do_step(conn: Connection, act: DoStep, order_id: UUID, who: Who, when: Moment) -> Outcome:
    if not act.done:
        order_work.undo_step(conn, order_id, act.seq, who=who, at=when.now)
        return APPLIED
    facts: dict[str, Any] = {"value": act.value, "note": act.note, "attachment_id": act.attachment_id}
    order_work.do_step(conn, order_id, act.seq, who=who, at=when.now, **facts)
    return APPLIED


def _remark(conn: Connection, act: Remark, order_id: UUID, who: Who, when: Moment) -> Outcome:
    order_work.comment(conn, order_id, act.text, who=who, at=when.now)
    return APPLIED


def _set_field(conn: Connection, act: SetField, order_id: UUID, who: Who, when: Moment) -> Outcome:
    order = work_orders.lock(conn, order_id, who)
    current = getattr(order, act.name)
    verdict = fields.decide(current=current, base=current if when.decided else act.base, new=act.value)
    if verdict is Verdict.MERGED:
        return MERGED
    edits.permit(order, Edit.FIELDS, who)
    if verdict is Verdict.CONFLICT:
        return Outcome(verdict=verdict, answer=_both(conn, order, act))

    def changed(order: WorkOrder) -> WorkOrder:
        return replace(order, **{act.name: act.value})

    work_orders.change(conn, order_id, changed, actor=who.actor, at=when.now, name="change")
    return APPLIED


def _both(conn: Connection, order: WorkOrder, act: SetField) -> dict[str, Any]:
    """Return both values of a conflict, and who wrote the one that the order has."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(QUERIES["who_changed"], {"order_id": order.id, "field": act.name}).fetchone() or {}
    return {
        "because": Because.CHANGED_MEANWHILE.value,
        "detail": say("somebody has changed this since the device read it; choose which value is right") + "",
        "field": act.name,
        "current": record.plain(getattr(order, act.name)),
        "value": record.plain(act.value),
        "base": record.plain(act.base),
        "changed_by": row.get("actor"),
        "changed_at": record.plain(row.get("at")),
    }


def _use_more(conn: Connection, act: UseMore, order_id: UUID, who: Who, when: Moment) -> Outcome:
    order_work.use_more(conn, order_id, act.used, who=who, at=when.now)
    return APPLIED


def _need_more(conn: Connection, act: NeedMore, order_id: UUID, who: Who, when: Moment) -> Outcome:
    order_work.need_more(conn, order_id, act.part, act.needed, act.unit, who=who, at=when.now)
    return APPLIED


def _add_hours(conn: Connection, act: AddHours, order_id: UUID, who: Who, when: Moment) -> Outcome:
    order_work.add_hours(conn, order_id, act.hours, who=who, at=when.now)
    return APPLIED


def _read(conn: Connection, act: Read, order_id: UUID, who: Who, when: Moment) -> Outcome:
    order = work_orders.lock(conn, order_id, who)
    edits.permit(order, Edit.REMARKS, who)
    known = [] if order.asset_id is None else plant.signals(conn, [order.asset_id]).get(order.asset_id, [])
    if order.asset_id is None or act.signal not in {each.name for each in known}:
        raise NothingToMeasure(act.signal)
    facts: dict[str, Any] = {"unit": act.unit, "observed_at": when.happened, "actor": who.actor}
    entered.add(conn, order.asset_id, act.signal, act.value, **facts)
    new = {f"reading {act.signal}": {"value": act.value, "unit": act.unit, "at": record.plain(when.happened)}}
    order_history.append(conn, order_id, at=when.now, actor=who.actor, step="reading", new=new)
    return APPLIED


def _name_file(conn: Connection, act: NameFile, order_id: UUID, who: Who, when: Moment) -> Outcome:
    file = files.of_this_order(conn, order_id, act.attachment_id)
    if act.step is not None:
        facts: dict[str, Any] = {"note": act.signed_by or act.note, "attachment_id": act.attachment_id}
        order_work.do_step(conn, order_id, act.step, who=who, at=when.now, **facts)
        return APPLIED
    order = work_orders.lock(conn, order_id, who)
    edits.permit(order, Edit.REMARKS, who)
    step = "signature" if act.signed_by else "photo"
    new = {step: {"attachment": str(file.id), "name": file.name, "signed_by": act.signed_by}}
    order_history.append(
        conn, order_id, at=when.now, actor=who.actor, step=step, new=new, why=act.signed_by or act.note
    )
    return APPLIED


def _follow_up(conn: Connection, act: MakeFollowUp, order_id: UUID, who: Who, when: Moment) -> Outcome:
    if who.contractor is not None:
        raise NotForThem
    made = order_work.make_linked(conn, order_id, act.asked, LinkKind.FOLLOW_UP_OF, who=who, at=when.now)
    return _made(made)


def _request(conn: Connection, act: RequestWork, who: Who, when: Moment) -> Outcome:
    if who.contractor is not None:
        raise NotForThem
    place: plant.Asset | plant.Location
    if act.asset_id is not None:
        place = plant.asset(conn, act.asset_id, now=when.now, within=who.sites)
    else:
        place = plant.location(conn, act.location_id or 0, within=who.sites)
    made = work_orders.create_by_hand(
        conn,
        asset=place,
        kind=act.type,
        title=act.title,
        component=act.component,
        failure_mode=act.failure_mode,
        actor=who.actor,
        at=when.now,
        why=act.why,
        status=lifecycle.first_status(who, None),
    )
    return _made(made)


def _acknowledge(conn: Connection, act: Acknowledge, who: Who, when: Moment) -> Outcome:
    if who.contractor is not None:
        raise NotForThem
    escalations.get(conn, act.escalation_id, who.sites)
    escalations.answer(
        conn, act.escalation_id, Answer.ACKNOWLEDGE, actor=who.actor, how="api", at=when.now, why=act.why
    )
    return APPLIED


def _made(order: WorkOrder) -> Outcome:
    return Outcome(verdict=Verdict.APPLIED, answer={"made": {"order_id": str(order.id), "number": order.number}})


_OF_ORDER: Mapping[type[Any], Callable[[Connection, Any, UUID, Who, Moment], Outcome]] = {
    Move: _move,
    Travel: _travel,
    DoStep: _do_step,
    Remark: _remark,
    SetField: _set_field,
    UseMore: _use_more,
    NeedMore: _need_more,
    AddHours: _add_hours,
    Read: _read,
    NameFile: _name_file,
    MakeFollowUp: _follow_up,
}
