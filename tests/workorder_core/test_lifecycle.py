"""Every pair of status and step, legal or not: the lifecycle as a table that can be read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from workorder_core import lifecycle
from workorder_core.errors import IllegalMove, ReasonMissing
from workorder_core.lifecycle import Step
from workorder_core.orders import CloseOut, WorkOrder
from workorder_core.words import CloseFinding, FailureMode, OrderType, Origin, Priority, Status

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(days=3)

#            assign unassign start  hold   resume complete verify close  rework cancel
TABLE = """
open         yes    -        -      -      -      -        -      -      -      yes
assigned     yes    yes      yes    -      -      -        -      -      -      yes
in_progress  yes    -        -      yes    -      yes      -      -      -      yes
on_hold      -      -        -      -      yes    -        -      -      -      yes
completed    -      -        -      -      -      -        yes    -      yes    -
verified     -      -        -      -      -      -        -      yes    yes    -
closed       -      -        -      -      -      -        -      -      -      -
cancelled    -      -        -      -      -      -        -      -      -      -
"""
LEGAL = {
    (Status(row.split()[0]), step): cell == "yes"
    for row in TABLE.strip().splitlines()
    for step, cell in zip(Step, row.split()[1:], strict=True)
}

CLOSE_OUT = CloseOut(
    finding=CloseFinding.CONFIRMED, failure_mode=FailureMode.OHE, cause="dry bearing", remedy="greased"
)

TAKE = {
    Step.ASSIGN: lambda order: lifecycle.assign(order, "holm", at=LATER),
    Step.UNASSIGN: lambda order: lifecycle.unassign(order, "is ill", at=LATER),
    Step.START: lambda order: lifecycle.start(order, at=LATER),
    Step.HOLD: lambda order: lifecycle.hold(order, "waits for a bearing", at=LATER),
    Step.RESUME: lambda order: lifecycle.resume(order, at=LATER),
    Step.COMPLETE: lambda order: lifecycle.complete(order, CLOSE_OUT, at=LATER),
    Step.VERIFY: lambda order: lifecycle.verify(order, at=LATER),
    Step.CLOSE: lambda order: lifecycle.close(order, at=LATER),
    Step.REWORK: lambda order: lifecycle.rework(order, "still hot", at=LATER),
    Step.CANCEL: lambda order: lifecycle.cancel(order, "pump is scrapped", at=LATER),
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
        moved = TAKE[step](order)
        assert moved.status is lifecycle.MOVES[step].to
        assert moved.status_since == LATER
        assert order == an_order(status)
    else:
        with pytest.raises(IllegalMove) as refused:
            TAKE[step](order)
        assert refused.value.step == step
        assert refused.value.possible == lifecycle.possible(status)


@pytest.mark.parametrize("status", Status)
def test_what_is_offered_is_what_is_possible(status):
    assert set(lifecycle.possible(status)) == {step for step in Step if LEGAL[status, step]}


def test_a_step_is_known_by_where_it_leads():
    """History names a step by the two statuses it lies between, so that no two may share them."""
    seen = [(source, move.to) for move in lifecycle.MOVES.values() for source in move.sources]
    assert len(seen) == len(set(seen))
    assert lifecycle.between(Status.ON_HOLD, Status.IN_PROGRESS) is Step.RESUME
    assert lifecycle.between(Status.ASSIGNED, Status.IN_PROGRESS) is Step.START


def test_every_status_but_the_final_ones_leads_on():
    assert {Status.CLOSED, Status.CANCELLED} == lifecycle.FINAL


WITHOUT_REASON = {
    "unassign": lambda: lifecycle.unassign(an_order(Status.ASSIGNED), " ", at=LATER),
    "hold": lambda: lifecycle.hold(an_order(Status.IN_PROGRESS), "", at=LATER),
    "rework": lambda: lifecycle.rework(an_order(Status.COMPLETED), "", at=LATER),
    "cancel": lambda: lifecycle.cancel(an_order(), "\n", at=LATER),
}


@pytest.mark.parametrize("take", WITHOUT_REASON.values(), ids=WITHOUT_REASON)
def test_a_step_that_others_have_to_understand_needs_a_reason(take):
    with pytest.raises(ReasonMissing):
        take()


def test_an_order_that_is_sent_back_starts_anew():
    done = an_order(Status.COMPLETED, assignee="holm", close_out=CLOSE_OUT, escalation=2)
    back = lifecycle.rework(done, "still hot", at=LATER)
    assert (back.assignee, back.close_out, back.escalation) == (None, None, 0)
    assert back.response_due == LATER + timedelta(hours=4), "or it would be late at once"
