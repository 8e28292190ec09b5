"""The lifecycle against the real database, by whatever people and the engine could do in whatever order.

After every step: no status that the table does not lead to, a history that told again is the order as it is and whose
chain is sound, and at most one unfinished order of the engine for a fault.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from db.errors import FaultHasOrder
from db.orders import audit, decisions, work_orders
from db.people import assignments
from db.plant import plant
from runtime.cli.plant_file import load_plant
from tests import a_plant
from workorder_core.errors import IllegalMove, NotAllowed, NotReady
from workorder_core.intake import priority
from workorder_core.intake.decisions import Open, Rework, Upgrade
from workorder_core.orders import lifecycle, record
from workorder_core.orders.details import NOTHING, Assign, Cancel, Complete, Hold, Plan, Reason, Schedule, Start
from workorder_core.orders.lifecycle import FINAL, MOVES, Step
from workorder_core.orders.order import CloseOut
from workorder_core.people.access import Role, Who
from workorder_core.words import CloseFinding, Criticality, FailureMode, HoldReason, OrderType, Severity, Status

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = [
    Who("person:eva", frozenset({Role.VIEWER})),
    Who("person:kari", frozenset({Role.REQUESTER})),
    Who("person:holm", frozenset({Role.TECHNICIAN}), technician="holm", technician_site="NTH"),
    Who("person:ola", frozenset({Role.TECHNICIAN}), technician="petersen", technician_site="NTH"),
    Who("person:dahl", frozenset({Role.PLANNER})),
    Who("person:root", frozenset({Role.ADMINISTRATOR})),
]
FOUND = CloseOut(finding=CloseFinding.CONFIRMED, failure_mode=FailureMode.OHE, cause="wear", remedy="replace")
DO = {
    Step.SUBMIT: lambda at, who: NOTHING,
    Step.APPROVE: lambda at, who: NOTHING,
    Step.REJECT: lambda at, who: Reason("x"),
    Step.PLAN: lambda at, who: Plan(),
    Step.SCHEDULE: lambda at, who: Schedule(at, None, "holm", "x"),
    Step.ASSIGN: lambda at, who: Assign("petersen"),
    Step.UNASSIGN: lambda at, who: Reason("x"),
    Step.START: lambda at, who: Start(who.technician),
    Step.HOLD: lambda at, who: Hold("x", HoldReason.PARTS),
    Step.RESUME: lambda at, who: NOTHING,
    Step.COMPLETE: lambda at, who: Complete(FOUND, who.actor),
    Step.VERIFY: lambda at, who: NOTHING,
    Step.CLOSE: lambda at, who: NOTHING,
    Step.REWORK: lambda at, who: Reason("x"),
    Step.REOPEN: lambda at, who: Reason("x"),
    Step.CANNOT_COMPLETE: lambda at, who: Reason("x"),
    Step.CANCEL: lambda at, who: Cancel("x"),
}


@pytest.mark.parametrize("safety_critical", [False, True])
def test_a_life_of_orders(database, safety_critical):  # noqa: C901
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE, at=NOW - timedelta(days=1))
        conn.execute("UPDATE assets SET safety_critical = %s", [safety_critical])
        conn.commit()

        class Life(RuleBasedStateMachine):
            def __init__(self):
                super().__init__()
                conn.rollback()
                self.at = NOW
                self.orders: dict[UUID, Status] = {}
                self.asset = plant.assets(conn, now=NOW)[0]

            def teardown(self):
                conn.rollback()

            @rule(who=st.sampled_from(PEOPLE), wanted=st.sampled_from([None, Status.DRAFT]))
            def make(self, who, wanted):
                order = work_orders.create_by_hand(
                    conn, asset=self.asset, kind=OrderType.INSPECTION, title="Look", component="bearing",
                    failure_mode=FailureMode.OHE, actor=who.actor, at=self.at,
                    status=lifecycle.first_status(who, wanted),
                )  # fmt: skip
                self.orders[order.id] = order.status

            @rule(severity=st.sampled_from(Severity), mode=st.sampled_from([FailureMode.OHE, FailureMode.VIB]))
            def find(self, severity, mode):
                finding = a_plant.a_finding(mode=mode, severity=severity, at=self.at, lasted=timedelta(minutes=5))
                urgency = priority.of_finding(Criticality.HIGH, severity)
                known = next((each for each in self.unfinished() if each.failure_mode is mode), None)
                if known is None:
                    decision: Open | Rework | Upgrade = Open(uuid4(), finding, None)
                elif known.status in lifecycle.DONE:
                    decision = Rework(known.id, finding, severity)
                else:
                    decision = Upgrade(known.id, finding, severity)
                done = decisions.apply(conn, decision, urgency, asset_id=self.asset.id, now=self.at)
                assert done is not None
                self.orders[done.order_id] = work_orders.get(conn, done.order_id).status

            @rule(data=st.data(), step=st.sampled_from(Step), who=st.sampled_from(PEOPLE))
            def step(self, data, step, who):
                if not self.orders:
                    return
                order_id = data.draw(st.sampled_from(sorted(self.orders)))
                before = self.orders[order_id]
                try:
                    with conn.transaction():
                        after = work_orders.take_step(conn, order_id, step, DO[step](self.at, who), who=who, at=self.at)
                except IllegalMove:
                    assert before not in MOVES[step].sources
                    return
                except (NotAllowed, NotReady, FaultHasOrder):
                    assert before in MOVES[step].sources
                    return
                assert before in MOVES[step].sources
                assert after.status is MOVES[step].to
                if step is Step.VERIFY and (safety_critical or Role.TECHNICIAN in who.roles):
                    assert not lifecycle.did_the_work(after, who)
                self.orders[order_id] = after.status

            @rule()
            def propose(self):
                for order_id in work_orders.unassigned(conn)[:1]:
                    assignments.assign_best(conn, order_id, actor="system:timetable", at=self.at)
                    self.orders[order_id] = work_orders.get(conn, order_id).status

            @rule(hours=st.integers(1, 400))
            def wait(self, hours):
                self.at += timedelta(hours=hours)

            @invariant()
            def every_order_is_where_its_steps_led(self):
                for order_id, status in self.orders.items():
                    order = work_orders.get(conn, order_id)
                    assert order.status is status
                    rows = [(row.old, row.new) for row in work_orders.history(conn, order_id)]
                    assert record.replay(rows) == record.facts(order)
                assert audit.verify(conn).sound

            @invariant()
            def a_fault_has_one_unfinished_order(self):
                faults = [(each.asset_id, each.component, each.failure_mode) for each in self.unfinished()]
                assert len(faults) == len(set(faults))

            def unfinished(self):
                found = [work_orders.get(conn, order_id) for order_id in self.orders]
                return [each for each in found if each.origin == "engine" and each.status not in FINAL]

        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
