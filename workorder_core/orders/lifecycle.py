"""The life of a work order: which step leads from which status to which, who may perform it, and what it needs.

Nothing here reads a clock or a database. Callers pass ``at`` (timezone-aware UTC) and store what they get back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from workorder_core.costs import money
from workorder_core.errors import IllegalMove, NotAllowed, NotReady, ReasonMissing
from workorder_core.orders import statuses, targets
from workorder_core.orders.details import (
    NOTHING,
    Assign,
    Cancel,
    Complete,
    Details,
    Hold,
    Plan,
    Reason,
    Schedule,
    Start,
)
from workorder_core.orders.job_plans import planned
from workorder_core.orders.order import WorkOrder
from workorder_core.orders.targets import Targets
from workorder_core.people.access import Role, Who
from workorder_core.sentences import coded, joined, say
from workorder_core.words import Status

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
    CERTIFICATES = "valid certificates of who has it"
    ANSWER = "the customer's answer to a quote, where one was made"
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
        The roles that may perform it on every order that they see.
    own
        The roles that may perform it on orders of their own: a technician on what they have or nobody has (but never
        the check of
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
_WORK = (Need.PERMITS, Need.CERTIFICATES, Need.ANSWER)
_S = Status

WAITING, BEGUN, DONE, FINAL = statuses.WAITING, statuses.BEGUN, statuses.DONE, statuses.FINAL

MOVES: Mapping[Step, Move] = {
    Step.SUBMIT: Move(_from(_S.DRAFT), _S.AWAITING_APPROVAL, PLANNERS, _REQUESTER),
    Step.APPROVE: Move(statuses.UNAPPROVED, _S.OPEN, PLANNERS),
    Step.REJECT: Move(_from(_S.AWAITING_APPROVAL), _S.DRAFT, PLANNERS, needs=(Need.REASON,)),
    Step.PLAN: Move(_from(_S.OPEN), _S.PLANNED, PLANNERS),
    Step.SCHEDULE: Move(_from(_S.OPEN, _S.PLANNED, _S.SCHEDULED), _S.SCHEDULED, PLANNERS, needs=(Need.TIME,)),
    Step.ASSIGN: Move(WAITING | {_S.IN_PROGRESS}, _S.DISPATCHED, PLANNERS),
    Step.UNASSIGN: Move(_from(_S.SCHEDULED, _S.DISPATCHED), _S.OPEN, PLANNERS, _TECHNICIAN, (Need.REASON,)),
    Step.START: Move(WAITING, _S.IN_PROGRESS, PLANNERS, _TECHNICIAN, (Need.UNBLOCKED, *_WORK)),
    Step.HOLD: Move(_from(_S.DISPATCHED, _S.IN_PROGRESS), _S.ON_HOLD, PLANNERS, _TECHNICIAN, (Need.REASON,)),
    Step.RESUME: Move(_from(_S.ON_HOLD), _S.IN_PROGRESS, PLANNERS, _TECHNICIAN, _WORK),
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
        WAITING | BEGUN | statuses.UNAPPROVED, _S.CANCELLED, PLANNERS, _REQUESTER, (Need.REASON,)
    ),
}  # fmt: skip

BY_ENGINE: Mapping[Step, Move] = {
    Step.REWORK: MOVES[Step.REWORK],
    Step.CANCEL: replace(MOVES[Step.CANCEL], sources=frozenset(Status) - FINAL),
}
"""The engine's own steps: what turns out to be a duplicate is cancelled also where its work has just been done."""

NEXT: Mapping[Status, frozenset[Status]] = {
    status: frozenset(move.to for move in MOVES.values() if status in move.sources) for status in Status
}

FIRST = _from(_S.DRAFT, _S.AWAITING_APPROVAL, _S.OPEN)
"""The statuses in which an order can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Facts besides the order that decide whether a step is possible."""

    safety_critical: bool = False
    open_steps: tuple[str, ...] = ()
    open_permits: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    """A sentence for each certificate of who has the order that has expired."""
    unanswered: tuple[str, ...] = ()
    """The requests of the order whose quote the customer has not answered."""


def possible(status: Status) -> tuple[Step, ...]:
    """Return the steps that the lifecycle has from a status, in the order in which people would look for them."""
    return tuple(step for step, move in MOVES.items() if status in move.sources)


def offered(order: WorkOrder, who: Who, *, at: datetime) -> tuple[Step, ...]:
    """Return the possible steps that a person may perform; further requirements are checked with the step itself."""
    return tuple(
        step
        for step in possible(order.status)
        if refusal(order, step, who) is None and not (step is Step.REOPEN and at - order.status_since > REOPEN_WITHIN)
    )


def between(old: Status, new: Status) -> Step | None:
    """Return the step that leads from one status to another; at most one does. None for a change within a status."""
    return next((step for step, move in MOVES.items() if old in move.sources and move.to is new), None)


def refusal(order: WorkOrder, step: Step, who: Who) -> str | None:
    """Return why somebody may not perform a step on an order, as the end of a sentence; None if they may."""
    move = MOVES[step]
    if who.roles & move.roles:
        return None
    if not who.roles & move.own:
        may = sorted(role.value.replace("_", " ") for role in move.roles | move.own)
        return say("it is for {roles}", roles=joined(map(coded, may)))
    if Role.REQUESTER in move.own:
        if order.requested_by == who.actor and order.status in statuses.UNAPPROVED:
            return None
        return say("those who ask for work may do this with their own requests only, before they are approved")
    if step in (Step.VERIFY, Step.REWORK):
        return say("the work is your own; somebody else has to look at it") if did_the_work(order, who) else None
    if order.assignee is None or has(order, who):
        return None
    return say("{technician} has the order", technician=order.assignee)


def has(order: WorkOrder, who: Who) -> bool:
    """Whether somebody is the technician that an order is given to; another site may have somebody of the same code."""
    site = order.number.rpartition("-")[0]
    return order.assignee is not None and order.assignee == who.technician and who.technician_site in (None, site)


def did_the_work(order: WorkOrder, who: Who) -> bool:
    """Whether somebody did the work of an order, or recorded it as done."""
    return order.done_by == who.actor or has(order, who)


def permit(order: WorkOrder, step: Step, who: Who, situation: Situation, *, at: datetime) -> None:
    """Check that a person may perform a step now. Raises IllegalMove, NotAllowed or NotReady."""
    if order.status not in MOVES[step].sources:
        raise _illegal(order, step)
    why_not = refusal(order, step, who)
    if why_not is not None:
        raise NotAllowed(order.number, step, why_not)
    missing = tuple(missing for need in MOVES[step].needs for missing in _missing(need, order, who, situation, at))
    if missing:
        raise NotReady(order.number, step, missing)


def _missing(need: Need, order: WorkOrder, who: Who, situation: Situation, at: datetime) -> list[str]:
    """Return what is missing, as far as known before the step's own details."""
    if need is Need.UNBLOCKED and situation.blocked_by:
        return [say("it is blocked by {orders}", orders=joined(situation.blocked_by))]
    if need is Need.STEPS and situation.open_steps:
        return [say("mandatory steps are not done: {steps}", steps=joined(situation.open_steps, "; "))]
    if need is Need.PERMITS and situation.open_permits:
        return [say("safety permits are missing: {permits}", permits=joined(situation.open_permits, "; "))]
    if need is Need.CERTIFICATES:
        return list(situation.expired)
    if need is Need.ANSWER and situation.unanswered:
        return [say("the customer has not answered the quote of {requests}", requests=joined(situation.unanswered))]
    if need is Need.SECOND_PERSON and situation.safety_critical and did_the_work(order, who):
        return [
            say(
                "the asset is safety-critical, or was since the order was recorded, so that somebody else than who did "
                "the work has to verify it"
            )
        ]
    if need is Need.RECENT and at - order.status_since > REOPEN_WITHIN:
        return [say("it was closed more than {days} days ago; make a follow-up order instead", days=REOPEN_WITHIN.days)]
    return []


def first_status(who: Who, wanted: Status | None) -> Status:
    """Return the status that an order is made in: what is wanted, but nobody approves who may not."""
    if who.roles & MOVES[Step.APPROVE].roles:
        return wanted or Status.OPEN
    return Status.DRAFT if wanted is Status.DRAFT else Status.AWAITING_APPROVAL


@dataclass(frozen=True, slots=True)
class StepRule:
    """The effect of a step on an order besides its status.

    Parameters
    ----------
    details
        The type of the step's details.
    do
        Return the order after the step, except for its status: (order, details, at, by).
    counts
        Whether it moves targets, so that it needs those of the order's site.
    """

    details: type[Details]
    do: Callable[[WorkOrder, Any, datetime, Targets], WorkOrder]
    counts: bool = False


def apply_step(
    order: WorkOrder,
    step: Step,
    details: Details = NOTHING,
    *,
    at: datetime,
    by: Targets = targets.DEFAULT,
    moves: Mapping[Step, Move] = MOVES,
) -> WorkOrder:
    """Return an order after a step; ``by`` are the targets of its site. Raises IllegalMove and ReasonMissing."""
    if order.status not in moves[step].sources:
        raise _illegal(order, step)
    if type(details) is not RULES[step].details:
        raise TypeError(f"{step} takes {RULES[step].details.__name__}, not {type(details).__name__}")
    if isinstance(details, Reason) and not details.reason.strip():
        raise ReasonMissing(order.id, order.number, step)
    return replace(RULES[step].do(order, details, at, by), status=moves[step].to, status_since=at)


def _as_it_was(order: WorkOrder, _: Details, __: datetime, ___: Targets) -> WorkOrder:
    return order


def _approve(order: WorkOrder, _: Details, at: datetime, by: Targets) -> WorkOrder:
    return targets.reset(order, at, by)


def _plan(order: WorkOrder, to: Plan, _: datetime, __: Targets) -> WorkOrder:
    order = order if to.job_plan is None else planned(order, to.job_plan)
    return order if to.hours is None else replace(order, estimated_hours=to.hours)


def _schedule(order: WorkOrder, to: Schedule, _: datetime, __: Targets) -> WorkOrder:
    dated = replace(order, scheduled_start=to.start, scheduled_end=to.end)
    return dated if to.assignee is None else replace(dated, assignee=to.assignee, assignment_note=to.note)


def _assign(order: WorkOrder, to: Assign, _: datetime, __: Targets) -> WorkOrder:
    return replace(order, assignee=to.assignee, assignment_note=to.note)


def _unassign(order: WorkOrder, why: Reason, _: datetime, __: Targets) -> WorkOrder:
    return replace(order, assignee=None, assignment_note=why.reason)


def _start(order: WorkOrder, to: Start, _: datetime, __: Targets) -> WorkOrder:
    if order.assignee is not None or to.technician is None:
        return order
    return replace(order, assignee=to.technician, assignment_note=to.note)


def _hold(order: WorkOrder, to: Hold, _: datetime, __: Targets) -> WorkOrder:
    return replace(order, hold_reason=to.waits_for)


def _resume(order: WorkOrder, _: Details, at: datetime, by: Targets) -> WorkOrder:
    """Resume work; move the targets by the time on hold, if its reason stops the clock."""
    resumed = replace(order, hold_reason=None)
    if order.hold_reason is None or not order.hold_reason.stops_clock:
        return resumed
    return targets.moved_on(resumed, order.status_since, at, by)


def _complete(order: WorkOrder, to: Complete, _: datetime, __: Targets) -> WorkOrder:
    actual = order.actual_hours if to.hours is None else to.hours
    done = replace(order, close_out=to.close_out, done_by=to.actor, actual_hours=actual)
    if to.cost is None or to.currency is None:
        return done
    return replace(done, cost=money.as_stored(to.cost, to.currency), currency=to.currency)


def _begin_anew(order: WorkOrder, _: Reason, at: datetime, by: Targets) -> WorkOrder:
    """Restart the work: unassigned, without a close-out, with targets that count from now."""
    empty = replace(
        order,
        assignee=None,
        assignment_note=None,
        scheduled_start=None,
        scheduled_end=None,
        close_out=None,
        done_by=None,
    )
    return targets.reset(empty, at, by)


def _give_up(order: WorkOrder, _: Reason, __: datetime, ___: Targets) -> WorkOrder:
    return replace(order, hold_reason=None)


def _cancel(order: WorkOrder, to: Cancel, _: datetime, __: Targets) -> WorkOrder:
    return replace(order, hold_reason=None, duplicate_of=to.duplicate_of or order.duplicate_of)


RULES: Mapping[Step, StepRule] = {
    Step.SUBMIT: StepRule(Details, _as_it_was),
    Step.APPROVE: StepRule(Details, _approve, counts=True),
    Step.REJECT: StepRule(Reason, _as_it_was),
    Step.PLAN: StepRule(Plan, _plan),
    Step.SCHEDULE: StepRule(Schedule, _schedule),
    Step.ASSIGN: StepRule(Assign, _assign),
    Step.UNASSIGN: StepRule(Reason, _unassign),
    Step.START: StepRule(Start, _start),
    Step.HOLD: StepRule(Hold, _hold),
    Step.RESUME: StepRule(Details, _resume, counts=True),
    Step.COMPLETE: StepRule(Complete, _complete),
    Step.VERIFY: StepRule(Details, _as_it_was),
    Step.CLOSE: StepRule(Details, _as_it_was),
    Step.REWORK: StepRule(Reason, _begin_anew, counts=True),
    Step.REOPEN: StepRule(Reason, _begin_anew, counts=True),
    Step.CANNOT_COMPLETE: StepRule(Reason, _give_up),
    Step.CANCEL: StepRule(Cancel, _cancel),
}
"""What each step does, and its details: one table for the API, the pages, the store and the engine."""


def _illegal(order: WorkOrder, step: Step) -> IllegalMove:
    return IllegalMove(order.id, order.number, order.status, step, tuple(possible(order.status)))
