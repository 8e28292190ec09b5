"""Every pair of status and step, legal or not: the lifecycle as a table that can be read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from workorder_core.errors import IllegalMove, NotAllowed, NotReady, ReasonMissing
from workorder_core.orders import lifecycle
from workorder_core.orders.details import Assign, Cancel, Complete, Details, Hold, Plan, Reason, Schedule, Start
from workorder_core.orders.lifecycle import BY_ENGINE, MOVES, Need, Situation, Step
from workorder_core.orders.order import CloseOut, WorkOrder
from workorder_core.people.access import Role, Who, system
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType, Origin, Priority, Status

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(days=3)

TABLE = """
draft             submit approve cancel
awaiting_approval approve reject cancel
open              plan schedule assign start cancel
planned           schedule assign start cancel
scheduled         schedule assign unassign start cancel
dispatched        assign unassign start hold cannot_complete cancel
in_progress       assign hold complete cannot_complete cancel
on_hold           resume cannot_complete cancel
completed         verify rework
verified          close rework
closed            reopen
cancelled
cannot_complete
"""
LEGAL = {
    (Status(status), step): step in steps
    for status, *steps in (row.split() for row in TABLE.strip().splitlines())
    for step in Step
}

CLOSE_OUT = CloseOut(
    finding=CloseFinding.CONFIRMED, failure_mode=FailureMode.OHE, cause="dry bearing", remedy="greased"
)

GIVEN = {
    Step.SUBMIT: Details(),
    Step.APPROVE: Details(),
    Step.REJECT: Reason("which pump?"),
    Step.PLAN: Plan(),
    Step.SCHEDULE: Schedule(LATER),
    Step.ASSIGN: Assign("holm"),
    Step.UNASSIGN: Reason("is ill"),
    Step.START: Start(),
    Step.HOLD: Hold("waits for a bearing"),
    Step.RESUME: Details(),
    Step.COMPLETE: Complete(CLOSE_OUT),
    Step.VERIFY: Details(),
    Step.CLOSE: Details(),
    Step.REWORK: Reason("still hot"),
    Step.REOPEN: Reason("closed too soon"),
    Step.CANNOT_COMPLETE: Reason("the flange is welded"),
    Step.CANCEL: Cancel("pump is scrapped"),
}


def an_order(status: Status = Status.OPEN, **facts) -> WorkOrder:
    order = WorkOrder(
        id=UUID(int=1),
        number="NTH-1001",
        site_id=1,
        asset_id=1,
        asset_path="North / P-101",
        component="bearing",
        failure_mode=FailureMode.OHE,
        type=OrderType.PREDICTIVE,
        origin=Origin.ENGINE,
        priority=Priority.HIGH,
        priority_reason="High.",
        title="Bearing runs hot",
        status=status,
        status_since=AT,
        opened_at=AT,
        recorded_at=AT,
        response_due=AT + timedelta(hours=4),
        completion_due=AT + timedelta(hours=24),
    )
    return replace(order, **facts)


def test_the_table_is_complete():
    assert len(LEGAL) == len(Status) * len(Step)


@pytest.mark.parametrize(("status", "step"), LEGAL, ids=[f"{step} when {status}" for status, step in LEGAL])
def test_step(status, step):
    order = an_order(status)
    if LEGAL[status, step]:
        moved = lifecycle.apply_step(order, step, GIVEN[step], at=LATER)
        assert moved.status is lifecycle.MOVES[step].to
        assert moved.status_since == LATER
        assert order == an_order(status)
    else:
        with pytest.raises(IllegalMove) as refused:
            lifecycle.apply_step(order, step, GIVEN[step], at=LATER)
        assert refused.value.step == step
        assert refused.value.possible == lifecycle.possible(status)


@pytest.mark.parametrize("status", Status)
def test_what_is_offered_is_what_is_possible(status):
    assert set(lifecycle.possible(status)) == {step for step in Step if LEGAL[status, step]}


@pytest.mark.parametrize("step", Step)
def test_a_step_refuses_the_details_of_another(step):
    order = an_order(next(iter(MOVES[step].sources)))
    for details in GIVEN.values():
        if type(details) is not type(GIVEN[step]):
            with pytest.raises(TypeError):
                lifecycle.apply_step(order, step, details, at=LATER)


@pytest.mark.parametrize("status", Status)
def test_the_engine_cancels_a_duplicate_that_is_not_finished(status):
    duplicate, kept = Cancel("the same fault", duplicate_of=UUID(int=7)), an_order(status)
    if status in lifecycle.FINAL:
        with pytest.raises(IllegalMove):
            lifecycle.apply_step(kept, Step.CANCEL, duplicate, at=LATER, moves=BY_ENGINE)
    else:
        after = lifecycle.apply_step(kept, Step.CANCEL, duplicate, at=LATER, moves=BY_ENGINE)
        assert (after.status, after.duplicate_of) == (Status.CANCELLED, UUID(int=7))


def test_a_step_is_known_by_where_it_leads():
    """History names a step by the two statuses it lies between, so that no two may share them."""
    seen = [(source, move.to) for move in lifecycle.MOVES.values() for source in move.sources]
    assert len(seen) == len(set(seen))
    assert lifecycle.between(Status.ON_HOLD, Status.IN_PROGRESS) is Step.RESUME
    assert lifecycle.between(Status.DISPATCHED, Status.IN_PROGRESS) is Step.START


def test_every_status_but_the_final_ones_leads_on():
    ended = {status for status, following in lifecycle.NEXT.items() if not following}
    assert ended | {Status.CLOSED} == lifecycle.FINAL, "a closed order can be opened again for a while"


WITHOUT_REASON = {
    "unassign": lambda: lifecycle.apply_step(an_order(Status.DISPATCHED), Step.UNASSIGN, Reason(" "), at=LATER),
    "hold": lambda: lifecycle.apply_step(an_order(Status.IN_PROGRESS), Step.HOLD, Hold(""), at=LATER),
    "rework": lambda: lifecycle.apply_step(an_order(Status.COMPLETED), Step.REWORK, Reason(""), at=LATER),
    "cancel": lambda: lifecycle.apply_step(an_order(), Step.CANCEL, Cancel("\n"), at=LATER),
    "reject": lambda: lifecycle.apply_step(an_order(Status.AWAITING_APPROVAL), Step.REJECT, Reason(""), at=LATER),
    "reopen": lambda: lifecycle.apply_step(an_order(Status.CLOSED), Step.REOPEN, Reason(""), at=LATER),
    "cannot complete": lambda: lifecycle.apply_step(
        an_order(Status.IN_PROGRESS), Step.CANNOT_COMPLETE, Reason(""), at=LATER
    ),
}


@pytest.mark.parametrize("take", WITHOUT_REASON.values(), ids=WITHOUT_REASON)
def test_a_step_that_others_have_to_understand_needs_a_reason(take):
    with pytest.raises(ReasonMissing):
        take()


def test_an_order_that_is_sent_back_starts_anew():
    done = an_order(Status.COMPLETED, assignee="holm", close_out=CLOSE_OUT, escalation=2)
    back = lifecycle.apply_step(done, Step.REWORK, Reason("still hot"), at=LATER)
    assert (back.assignee, back.close_out, back.escalation) == (None, None, 0)
    assert back.response_due == LATER + timedelta(hours=4), "or it would be late at once"


HOLM = Who("person:holm", frozenset({Role.TECHNICIAN}), technician="holm")
OLA = Who("person:ola", frozenset({Role.TECHNICIAN}), technician="ola")
DAHL = Who("person:dahl", frozenset({Role.PLANNER}))
KARI = Who("person:kari", frozenset({Role.REQUESTER}))
VIEWER = Who("person:eva", frozenset({Role.VIEWER}))
HAS = {"assignee": "holm"}
DONE_BY_HOLM = {"assignee": "holm", "done_by": "person:holm", "close_out": CLOSE_OUT}
NOTHING = Situation()

MAY = {
    "a viewer takes no step": (Status.OPEN, {}, Step.START, VIEWER, NotAllowed),
    "a technician starts what nobody has": (Status.OPEN, {}, Step.START, HOLM, None),
    "a technician starts what is theirs": (Status.DISPATCHED, HAS, Step.START, HOLM, None),
    "a technician leaves another's alone": (Status.DISPATCHED, HAS, Step.START, OLA, NotAllowed),
    "a planner may": (Status.DISPATCHED, HAS, Step.START, DAHL, None),
    "a technician assigns nobody": (Status.OPEN, {}, Step.ASSIGN, HOLM, NotAllowed),
    "a technician doesn't verify their own work": (Status.COMPLETED, DONE_BY_HOLM, Step.VERIFY, HOLM, NotAllowed),
    "a technician verifies another's work": (Status.COMPLETED, DONE_BY_HOLM, Step.VERIFY, OLA, None),
    "a requester withdraws what they asked for": (
        Status.AWAITING_APPROVAL, {"requested_by": "person:kari"}, Step.CANCEL, KARI, None,
    ),
    "a requester leaves another's request alone": (
        Status.AWAITING_APPROVAL, {"requested_by": "person:eva"}, Step.CANCEL, KARI, NotAllowed,
    ),
    "a requester stops no approved work": (
        Status.OPEN, {"requested_by": "person:kari"}, Step.CANCEL, KARI, NotAllowed,
    ),
    "a requester approves nothing": (
        Status.AWAITING_APPROVAL, {"requested_by": "person:kari"}, Step.APPROVE, KARI, NotAllowed,
    ),
    "the table comes before the role": (Status.CANCELLED, {}, Step.START, VIEWER, IllegalMove),
    "plantwright itself may": (Status.OPEN, {}, Step.ASSIGN, system("timetable"), None),
}  # fmt: skip


@pytest.mark.parametrize(("status", "facts", "step", "who", "refused"), MAY.values(), ids=MAY)
def test_who_may(status, facts, step, who, refused):
    order = an_order(status, **facts)
    if refused is None:
        lifecycle.permit(order, step, who, NOTHING, at=LATER)
        assert step in lifecycle.offered(order, who, at=LATER)
    else:
        with pytest.raises(refused):
            lifecycle.permit(order, step, who, NOTHING, at=LATER)
        assert step not in lifecycle.offered(order, who, at=LATER)


BEARING, PERMIT = Situation(open_steps=("torque the bolts",)), Situation(open_permits=("hot work",))
CRITICAL = Situation(safety_critical=True)
BY_DAHL = {"done_by": "person:dahl", "close_out": CLOSE_OUT}
NEEDS = {
    "mandatory steps before the completion": (Status.IN_PROGRESS, {}, Step.COMPLETE, DAHL, BEARING, "torque the bolts"),
    "permits before the work": (Status.OPEN, {}, Step.START, DAHL, PERMIT, "hot work"),
    "what blocks it before the work": (
        Status.OPEN, {}, Step.START, DAHL, Situation(blocked_by=("NTH-1007",)), "NTH-1007",
    ),
    "a second person on a safety-critical asset": (Status.COMPLETED, BY_DAHL, Step.VERIFY, DAHL, CRITICAL, "somebody"),
    "nobody else elsewhere: a small plant": (Status.COMPLETED, BY_DAHL, Step.VERIFY, DAHL, NOTHING, None),
    "anybody else on a safety-critical asset": (Status.COMPLETED, DONE_BY_HOLM, Step.VERIFY, DAHL, CRITICAL, None),
}  # fmt: skip


@pytest.mark.parametrize(("status", "facts", "step", "who", "situation", "missing"), NEEDS.values(), ids=NEEDS)
def test_a_step_needs(status, facts, step, who, situation, missing):
    order = an_order(status, **facts)
    if missing is None:
        lifecycle.permit(order, step, who, situation, at=LATER)
        return
    with pytest.raises(NotReady, match=missing):
        lifecycle.permit(order, step, who, situation, at=LATER)


def test_a_closed_order_is_opened_again_for_a_fortnight_only():
    closed = an_order(Status.CLOSED)
    within, after = AT + timedelta(days=14), AT + timedelta(days=14, seconds=1)
    lifecycle.permit(closed, Step.REOPEN, DAHL, NOTHING, at=within)
    with pytest.raises(NotReady, match="make a follow-up order instead"):
        lifecycle.permit(closed, Step.REOPEN, DAHL, NOTHING, at=after)
    assert lifecycle.offered(closed, DAHL, at=within) == (Step.REOPEN,)
    assert lifecycle.offered(closed, DAHL, at=after) == ()


def test_every_need_is_somebodys():
    assert {need for move in MOVES.values() for need in move.needs} == set(Need)


@pytest.mark.parametrize(
    ("waits_for", "moved"),
    [(HoldReason.PARTS, 3), (HoldReason.PERMIT, 3), (HoldReason.ACCESS, 3), (HoldReason.OTHER, 0)],
)
def test_the_clock_stops_while_the_work_waits_for_what_nobody_of_ours_can_hurry(waits_for, moved):
    held = lifecycle.apply_step(
        an_order(Status.IN_PROGRESS), Step.HOLD, Hold("waits", waits_for), at=AT + timedelta(hours=1)
    )
    back = lifecycle.apply_step(held, Step.RESUME, at=AT + timedelta(hours=1, days=3))
    assert back.completion_due == AT + timedelta(hours=24, days=moved)
    assert back.hold_reason is None


def test_nobody_approves_their_own_request_who_may_not():
    assert lifecycle.first_status(KARI, Status.OPEN) is Status.AWAITING_APPROVAL
    assert lifecycle.first_status(KARI, Status.DRAFT) is Status.DRAFT
    assert lifecycle.first_status(DAHL, None) is Status.OPEN
