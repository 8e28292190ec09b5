"""The life of a work order: which step leads from which status to which, who may take it, and what it needs.

Nothing here reads a clock or a database. Callers pass ``at`` (timezone-aware UTC) and store what they get back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from workorder_core.errors import IllegalMove, NotAllowed, NotReady, ReasonMissing
from workorder_core.orders import targets
from workorder_core.orders.order import CloseOut, WorkOrder
from workorder_core.orders.targets import Targets
from workorder_core.people.access import Role, Who
from workorder_core.words import HoldReason, Status

REOPEN_WITHIN = timedelta(days=14)
"""How long after its close an order can be opened again, on the wall clock; later a follow-up is made."""


class Step(StrEnum):
    """The verbs of the lifecycle, as people say them, in the order in which people look for them."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    PLAN = "plan"
    SCHEDULE = "schedule"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    VERIFY = "verify"
    CLOSE = "close"
    REWORK = "rework"
    REOPEN = "reopen"
    CANNOT_COMPLETE = "cannot_complete"
    CANCEL = "cancel"


class Need(StrEnum):
    """What a step asks for, beyond the status that it begins from."""

    REASON = "a reason"
    TIME = "a planned time"
    UNBLOCKED = "no unfinished order that blocks it"
    PERMITS = "every safety permit of its job plan"
    STEPS = "every mandatory step of its job plan done"
    CLOSE_OUT = "what was found and done"
    SECOND_PERSON = "somebody else than who did the work, where the asset is safety-critical"
    RECENT = f"a close at most {REOPEN_WITHIN.days} days ago"


@dataclass(frozen=True, slots=True)
class Move:
    """Where a step may begin and where it leads.

    Parameters
    ----------
    roles
        Who may take it on every order that they see.
    own
        Who may take it on orders of their own: a technician on what they have or nobody has (but never the check of
        their own work), a requester on what they asked for.
    """

    sources: frozenset[Status]
    to: Status
    roles: frozenset[Role]
    own: frozenset[Role] = frozenset()
    needs: tuple[Need, ...] = ()


def _from(*sources: Status) -> frozenset[Status]:
    return frozenset(sources)


PLANNERS = frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER, Role.ADMINISTRATOR})
_TECHNICIAN = frozenset({Role.TECHNICIAN})
_REQUESTER = frozenset({Role.REQUESTER, Role.TECHNICIAN})
_S = Status

WAITING = _from(_S.OPEN, _S.PLANNED, _S.SCHEDULED, _S.DISPATCHED)
"""Approved, and the work has not begun."""
BEGUN = _from(_S.IN_PROGRESS, _S.ON_HOLD)
DONE = _from(_S.COMPLETED, _S.VERIFIED)
FINAL = _from(_S.CLOSED, _S.CANCELLED, _S.CANNOT_COMPLETE)
"""Nothing is done any more. A closed order can be opened again for a while; until then it is finished."""

MOVES: Mapping[Step, Move] = {
    Step.SUBMIT: Move(_from(_S.DRAFT), _S.AWAITING_APPROVAL, PLANNERS, _REQUESTER),
    Step.APPROVE: Move(_from(_S.DRAFT, _S.AWAITING_APPROVAL), _S.OPEN, PLANNERS),
    Step.REJECT: Move(_from(_S.AWAITING_APPROVAL), _S.DRAFT, PLANNERS, needs=(Need.REASON,)),
    Step.PLAN: Move(_from(_S.OPEN), _S.PLANNED, PLANNERS),
    Step.SCHEDULE: Move(_from(_S.OPEN, _S.PLANNED, _S.SCHEDULED), _S.SCHEDULED, PLANNERS, needs=(Need.TIME,)),
    Step.ASSIGN: Move(WAITING | {_S.IN_PROGRESS}, _S.DISPATCHED, PLANNERS),
    Step.UNASSIGN: Move(_from(_S.SCHEDULED, _S.DISPATCHED), _S.OPEN, PLANNERS, _TECHNICIAN, (Need.REASON,)),
    Step.START: Move(WAITING, _S.IN_PROGRESS, PLANNERS, _TECHNICIAN, (Need.UNBLOCKED, Need.PERMITS)),
    Step.HOLD: Move(_from(_S.DISPATCHED, _S.IN_PROGRESS), _S.ON_HOLD, PLANNERS, _TECHNICIAN, (Need.REASON,)),
    Step.RESUME: Move(_from(_S.ON_HOLD), _S.IN_PROGRESS, PLANNERS, _TECHNICIAN, (Need.PERMITS,)),
    Step.COMPLETE: Move(
        _from(_S.IN_PROGRESS), _S.COMPLETED, PLANNERS, _TECHNICIAN, (Need.STEPS, Need.PERMITS, Need.CLOSE_OUT)
    ),
    Step.VERIFY: Move(_from(_S.COMPLETED), _S.VERIFIED, PLANNERS, _TECHNICIAN, (Need.SECOND_PERSON,)),
    Step.CLOSE: Move(_from(_S.VERIFIED), _S.CLOSED, PLANNERS),
    Step.REWORK: Move(DONE, _S.OPEN, PLANNERS, _TECHNICIAN, (Need.REASON,)),
    Step.REOPEN: Move(_from(_S.CLOSED), _S.OPEN, PLANNERS, needs=(Need.REASON, Need.RECENT)),
    Step.CANNOT_COMPLETE: Move(
        BEGUN | {_S.DISPATCHED}, _S.CANNOT_COMPLETE, PLANNERS, _TECHNICIAN, (Need.REASON,)
    ),
    Step.CANCEL: Move(
        WAITING | BEGUN | {_S.DRAFT, _S.AWAITING_APPROVAL}, _S.CANCELLED, PLANNERS, _REQUESTER, (Need.REASON,)
    ),
}  # fmt: skip

NEXT: Mapping[Status, frozenset[Status]] = {
    status: frozenset(move.to for move in MOVES.values() if status in move.sources) for status in Status
}

FIRST = _from(_S.DRAFT, _S.AWAITING_APPROVAL, _S.OPEN)
"""The statuses in which an order can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What stands beside the order and decides whether a step is possible."""

    safety_critical: bool = False
    open_steps: tuple[str, ...] = ()
    open_permits: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()


def possible(status: Status) -> tuple[Step, ...]:
    """The steps that the lifecycle has from a status, in the order in which people would look for them."""
    return tuple(step for step, move in MOVES.items() if status in move.sources)


def offered(order: WorkOrder, who: Who, *, at: datetime) -> tuple[Step, ...]:
    """The possible steps that somebody may take on an order; what each needs besides is said when it is taken."""
    return tuple(
        step
        for step in possible(order.status)
        if refusal(order, step, who) is None and not (step is Step.REOPEN and at - order.status_since > REOPEN_WITHIN)
    )


def between(old: Status, new: Status) -> Step | None:
    """The step that leads from one status to another; each pair has at most one. None for a change within a status."""
    return next((step for step, move in MOVES.items() if old in move.sources and move.to is new), None)


def refusal(order: WorkOrder, step: Step, who: Who) -> str | None:
    """Return why somebody may not take a step on an order, as a sentence's end; None where they may."""
    move = MOVES[step]
    if who.roles & move.roles:
        return None
    if not who.roles & move.own:
        may = ", ".join(sorted(role.value.replace("_", " ") for role in move.roles | move.own))
        return f"it is for {may}"
    if Role.REQUESTER in move.own:
        if order.requested_by == who.actor and order.status in (Status.DRAFT, Status.AWAITING_APPROVAL):
            return None
        return "those who ask for work may do this with their own requests only, before they are approved"
    if step in (Step.VERIFY, Step.REWORK):
        return "the work is your own; somebody else has to look at it" if did_the_work(order, who) else None
    if order.assignee is None or has(order, who):
        return None
    return f"{order.assignee} has the order"


def has(order: WorkOrder, who: Who) -> bool:
    """Whether somebody is the technician that an order is given to; another site may have somebody of the same code."""
    site = order.number.rpartition("-")[0]
    return order.assignee is not None and order.assignee == who.technician and who.technician_site in (None, site)


def did_the_work(order: WorkOrder, who: Who) -> bool:
    """Whether somebody did the work of an order, or recorded it as done."""
    return order.done_by == who.actor or has(order, who)


def permit(order: WorkOrder, step: Step, who: Who, situation: Situation, *, at: datetime) -> None:
    """Let a step pass that somebody may take now. Raises IllegalMove, NotAllowed or NotReady."""
    if order.status not in MOVES[step].sources:
        raise _illegal(order, step)
    why_not = refusal(order, step, who)
    if why_not is not None:
        raise NotAllowed(order.number, step, why_not)
    missing = tuple(missing for need in MOVES[step].needs for missing in _missing(need, order, who, situation, at))
    if missing:
        raise NotReady(order.number, step, missing)


def _missing(need: Need, order: WorkOrder, who: Who, situation: Situation, at: datetime) -> list[str]:
    """Return what is missing of what can be told before the step's own facts are seen."""
    if need is Need.UNBLOCKED and situation.blocked_by:
        return [f"it is blocked by {', '.join(situation.blocked_by)}"]
    if need is Need.STEPS and situation.open_steps:
        return [f"mandatory steps are not done: {'; '.join(situation.open_steps)}"]
    if need is Need.PERMITS and situation.open_permits:
        return [f"safety permits are missing: {'; '.join(situation.open_permits)}"]
    if need is Need.SECOND_PERSON and situation.safety_critical and did_the_work(order, who):
        critical = "the asset is safety-critical, or was since the order was recorded"
        return [f"{critical}, so that somebody else than who did the work has to verify it"]
    if need is Need.RECENT and at - order.status_since > REOPEN_WITHIN:
        return [f"it was closed more than {REOPEN_WITHIN.days} days ago; make a follow-up order instead"]
    return []


def first_status(who: Who, wanted: Status | None) -> Status:
    """Return the status that an order is made in: what is wanted, but nobody approves who may not."""
    if who.roles & MOVES[Step.APPROVE].roles:
        return wanted or Status.OPEN
    return Status.DRAFT if wanted is Status.DRAFT else Status.AWAITING_APPROVAL


def submit(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """Ask for the work to be approved."""
    return _move(order, Step.SUBMIT, at)


def approve(order: WorkOrder, *, at: datetime, by: Targets = targets.DEFAULT) -> WorkOrder:
    """The work shall be done; its targets count from now."""
    return targets.set_anew(_move(order, Step.APPROVE, at), at, by)


def reject(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The request goes back to who made it, to be mended."""
    moved = _move(order, Step.REJECT, at)
    _need(reason, order, Step.REJECT)
    return moved


def plan(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """What the work needs is known."""
    return _move(order, Step.PLAN, at)


def schedule(
    order: WorkOrder,
    start: datetime,
    end: datetime | None,
    *,
    at: datetime,
    assignee: str | None = None,
    note: str | None = None,
) -> WorkOrder:
    """When the work is done is known, and maybe by whom; it is given to them when it is dispatched.

    ``note`` says why it is theirs; without an ``assignee`` whoever had the order keeps it, and the note with it.
    """
    moved = replace(_move(order, Step.SCHEDULE, at), scheduled_start=start, scheduled_end=end)
    return moved if assignee is None else replace(moved, assignee=assignee, assignment_note=note)


def assign(order: WorkOrder, assignee: str, *, at: datetime, note: str | None = None) -> WorkOrder:
    """Give the order to a technician, or hand it over to another one; begun work then has to be started again."""
    return replace(_move(order, Step.ASSIGN, at), assignee=assignee, assignment_note=note)


def unassign(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """Take the order back from its technician before the work has begun."""
    moved = _move(order, Step.UNASSIGN, at)
    _need(reason, order, Step.UNASSIGN)
    return replace(moved, assignee=None, assignment_note=reason)


def start(order: WorkOrder, *, at: datetime, technician: str | None = None, note: str | None = None) -> WorkOrder:
    """Somebody is at the machine; an order that nobody had is theirs from now on, for what ``note`` says."""
    moved = _move(order, Step.START, at)
    if order.assignee is not None or technician is None:
        return moved
    return replace(moved, assignee=technician, assignment_note=note)


def hold(order: WorkOrder, reason: str, *, at: datetime, waits_for: HoldReason = HoldReason.OTHER) -> WorkOrder:
    """The work waits for something: parts, a permit, access."""
    moved = _move(order, Step.HOLD, at)
    _need(reason, order, Step.HOLD)
    return replace(moved, hold_reason=waits_for)


def resume(order: WorkOrder, *, at: datetime, by: Targets = targets.DEFAULT) -> WorkOrder:
    """What the work waited for has come; where that stopped the clock, targets move by the time that it took."""
    moved = replace(_move(order, Step.RESUME, at), hold_reason=None)
    if order.hold_reason is None or not order.hold_reason.stops_clock:
        return moved
    return targets.moved_on(moved, order.status_since, at, by)


def complete(
    order: WorkOrder, close_out: CloseOut, *, at: datetime, actor: str | None = None, hours: float | None = None
) -> WorkOrder:
    """The work is done; what was found and done is recorded, and who says so."""
    moved = _move(order, Step.COMPLETE, at)
    actual = order.actual_hours if hours is None else hours
    return replace(moved, close_out=close_out, done_by=actor, actual_hours=actual)


def verify(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """Somebody has seen that the machine does its work again."""
    return _move(order, Step.VERIFY, at)


def close(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """Nothing is left to do."""
    return _move(order, Step.CLOSE, at)


def rework(order: WorkOrder, reason: str, *, at: datetime, by: Targets = targets.DEFAULT) -> WorkOrder:
    """The work did not help: the order goes back to the start of the queue, and its targets count from now."""
    moved = _move(order, Step.REWORK, at)
    _need(reason, order, Step.REWORK)
    return anew(moved, at, by)


def reopen(order: WorkOrder, reason: str, *, at: datetime, by: Targets = targets.DEFAULT) -> WorkOrder:
    """The order was closed too soon: it goes back to the start of the queue, and its targets count from now."""
    moved = _move(order, Step.REOPEN, at)
    _need(reason, order, Step.REOPEN)
    return anew(moved, at, by)


def anew(order: WorkOrder, at: datetime, by: Targets) -> WorkOrder:
    """Return an order whose work begins again: nobody has it, and nothing is found yet."""
    empty = replace(
        order,
        assignee=None,
        assignment_note=None,
        scheduled_start=None,
        scheduled_end=None,
        close_out=None,
        done_by=None,
    )
    return targets.set_anew(empty, at, by)


def cannot_complete(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work was begun, or looked at, and cannot be done; a follow-up says what is to be done instead."""
    moved = _move(order, Step.CANNOT_COMPLETE, at)
    _need(reason, order, Step.CANNOT_COMPLETE)
    return replace(moved, hold_reason=None)


def cancel(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work will not be done."""
    moved = _move(order, Step.CANCEL, at)
    _need(reason, order, Step.CANCEL)
    return replace(moved, hold_reason=None)


def _need(reason: str, order: WorkOrder, step: Step) -> None:
    if not reason.strip():
        raise ReasonMissing(order.id, order.number, step)


def _illegal(order: WorkOrder, step: Step) -> IllegalMove:
    return IllegalMove(order.id, order.number, order.status, step, tuple(possible(order.status)))


def _move(order: WorkOrder, step: Step, at: datetime) -> WorkOrder:
    move = MOVES[step]
    if order.status not in move.sources:
        raise _illegal(order, step)
    return replace(order, status=move.to, status_since=at)
