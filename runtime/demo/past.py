"""The sample plant's small past: job plans, finished orders of people with what they found, and work that is coming up.

Written by the core's own steps at times before the recording, so that no page of the demo is empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from psycopg import Connection

from db.orders import closing, job_plans, order_work, work_orders
from db.orders.closing import Closing, FollowUp, PartUsed
from db.orders.order_lists import Filters
from db.people import assignments
from db.plant import plant
from db.plant.plant import Asset
from runtime.demo import years
from runtime.processes.people import DEMO_PEOPLE
from workorder_core.orders import lifecycle
from workorder_core.orders.close_out import Cause, Mechanism, Remedy
from workorder_core.orders.details import NOTHING, Cancel, Details, Hold, Plan, Schedule, Start
from workorder_core.orders.job_plans import JobPlan, Part, PlanStep, StepKind
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import CloseOut, WorkOrder
from workorder_core.people.access import Role, Who
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType, Status

CLASS = "centrifugal_pump"
_SLOT = timedelta(hours=2)
PLANNER = "berg"
PLANS = (
    JobPlan(
        code="PUMP-ROUND",
        title="Inspect a pump",
        asset_class=CLASS,
        skills=("mechanical",),
        estimated_hours=1,
        steps=(
            PlanStep(kind=StepKind.INSTRUCTION, instruction="Look at the shaft seal: dry, or a few drops a minute"),
            PlanStep(kind=StepKind.MEASUREMENT, instruction="Vibration at the bearing housing", unit="mm/s", high=2.8),
            PlanStep(kind=StepKind.MEASUREMENT, instruction="Thrust bearing temperature", unit="degC", high=80),
            PlanStep(kind=StepKind.INSTRUCTION, instruction="Listen to the coupling", mandatory=False),
        ),
    ),
    JobPlan(
        code="OIL-CHANGE",
        title="Change the bearing oil",
        asset_class=CLASS,
        skills=("mechanical",),
        tools=("oil pump", "drip tray"),
        parts=(Part(part="oil ISO VG 68", quantity=2.5, unit="l"),),
        estimated_hours=1.5,
        steps=(
            PlanStep(kind=StepKind.PERMIT, instruction="Isolate and lock out the motor"),
            PlanStep(kind=StepKind.INSTRUCTION, instruction="Drain the old oil and look for metal in it"),
            PlanStep(kind=StepKind.INSTRUCTION, instruction="Fill to the middle of the sight glass"),
        ),
    ),
    JobPlan(
        code="BEARING-SWAP",
        title="Replace a bearing",
        asset_class=CLASS,
        failure_mode=FailureMode.VIB,
        skills=("mechanical",),
        tools=("bearing puller", "induction heater"),
        parts=(Part(part="bearing 6312", quantity=2),),
        estimated_hours=6,
        crew=2,
        steps=(
            PlanStep(kind=StepKind.PERMIT, instruction="Isolate and lock out the motor"),
            PlanStep(kind=StepKind.INSTRUCTION, instruction="Pull the old bearing and keep it for the engineer"),
            PlanStep(kind=StepKind.INSTRUCTION, instruction="Heat and fit the new bearing"),
            PlanStep(kind=StepKind.MEASUREMENT, instruction="Vibration after the start", unit="mm/s", high=2.8),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An order of the past or of the days to come.

    Parameters
    ----------
    days_ago
        When it was requested, before the present; orders older than two days begin at 08:10 UTC.
    upto
        The last status that it reaches.
    measured
        The results of its plan's measurements, in their order.
    """

    asset: str
    type: OrderType
    title: str
    days_ago: float
    by: str
    technician: str | None = None
    component: str = "pump"
    mode: FailureMode = FailureMode.UNK
    upto: Status = Status.CLOSED
    plan: str | None = None
    measured: Sequence[float] = ()
    found: CloseOut | None = None
    hours: float = 1.0
    cost: Decimal | None = None
    parts: tuple[PartUsed, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    remark: str = ""


def _found(
    mode: FailureMode, mechanism: Mechanism, remedy: Remedy, note: str, *, minutes: int = 0, cause: Cause = Cause.WEAR
) -> CloseOut:
    return CloseOut(
        finding=CloseFinding.CONFIRMED,
        failure_mode=mode,
        cause=cause,
        remedy=remedy,
        note=note,
        mechanism=mechanism,
        downtime_minutes=minutes,
    )


def _nothing(remedy: Remedy, note: str) -> CloseOut:
    cause = Cause.NO_CAUSE_FOUND
    return CloseOut(finding=CloseFinding.NOTHING_FOUND, failure_mode=None, cause=cause, remedy=remedy, note=note)


_IN_ORDER = _nothing(Remedy.SERVICE, "All as it should be.")

JOBS = (
    Job(
        asset="P-106", type=OrderType.PREVENTIVE, title="Yearly oil change", days_ago=66, by="berg",
        technician="petersen", component="bearing", plan="OIL-CHANGE", found=_IN_ORDER, hours=1.5,
        parts=(PartUsed(part="oil ISO VG 68", used=2.5, unit="l"),),
    ),
    Job(
        asset="P-105", type=OrderType.REACTIVE, title="Water below the shaft seal", days_ago=58, by="dahl",
        technician="holm", component="shaft_seal", mode=FailureMode.ELP, hours=5, cost=Decimal(640),
        found=_found(
            FailureMode.ELP, Mechanism.LEAKAGE, Remedy.REPLACE, "Faces were scored; new seal runs dry.", minutes=310
        ),
        parts=(PartUsed(part="mechanical seal 45 mm", used=1),), remark="Tray emptied twice this morning.",
    ),
    Job(
        asset="P-102", type=OrderType.INSPECTION, title="Inspection round, supply hall", days_ago=5, by="berg",
        technician="holm", plan="PUMP-ROUND", measured=(2.4, 61.0), found=_IN_ORDER, hours=1,
        follow_ups=(
            FollowUp(
                title="Align the coupling", type=OrderType.PROACTIVE, component="coupling",
                why="twice the speed stands out in the vibration",
            ),
        ),
    ),
    Job(
        asset="P-108", type=OrderType.REACTIVE, title="Does not start from the control room", days_ago=44, by="dahl",
        technician="lund", component="control_cabinet", mode=FailureMode.FTS, hours=2, cost=Decimal(85),
        found=_found(FailureMode.FTS, Mechanism.OPEN_CIRCUIT, Remedy.REPAIR, "Loose terminal, tightened.", minutes=95),
    ),
    Job(
        asset="P-107", type=OrderType.REACTIVE, title="Strange noise at night", days_ago=39, by="dahl",
        technician="yilmaz", mode=FailureMode.NOI, hours=0.5,
        found=_nothing(Remedy.CHECK, "Quiet; a lorry in the yard?"),
    ),
    Job(
        asset="P-104", type=OrderType.INSPECTION, title="Inspection round, supply hall", days_ago=30, by="berg",
        technician="holm", plan="PUMP-ROUND", measured=(1.3, 43.0), found=_IN_ORDER, hours=1,
    ),
    Job(
        asset="P-105", type=OrderType.REACTIVE, title="Seal leaks again?", days_ago=29, by="dahl",
        component="shaft_seal", mode=FailureMode.ELP, upto=Status.CANCELLED,
        remark="It was rain from the roof; the seal is dry.",
    ),
    Job(
        asset="P-106", type=OrderType.INSPECTION, title="Inspection round, transfer hall", days_ago=1.2, by="berg",
        technician="holm", plan="PUMP-ROUND", upto=Status.ON_HOLD, remark="Pump house locked, key with the contractor.",
    ),
    Job(
        asset="P-107", type=OrderType.PREVENTIVE, title="Yearly oil change", days_ago=1, by="berg",
        technician="petersen", component="bearing", plan="OIL-CHANGE", upto=Status.SCHEDULED,
    ),
    Job(
        asset="P-108", type=OrderType.REACTIVE, title="Lamp in the pump hall flickers", days_ago=0.4, by="dahl",
        component="lighting", upto=Status.AWAITING_APPROVAL,
    ),
)  # fmt: skip


def make(conn: Connection, *, site: str, now: datetime) -> int:
    """Create the past of a site without orders in these weeks; return how many orders. The caller commits."""
    if work_orders.count(conn, Filters(site=site, opened_from=now - years.QUIET)):
        return 0
    assets = {each.code: each for each in plant.assets(conn, now=now, site=site)}
    save_plans(conn, site, at=now - timedelta(days=90))
    for job in JOBS:
        at = now - timedelta(days=job.days_ago)
        begun = at.replace(hour=8, minute=10) if job.days_ago > 2 else at
        _Telling(conn, site, begun, now).tell(job, assets[job.asset])
    return len(JOBS)


def save_plans(conn: Connection, site: str, *, at: datetime) -> None:
    """Store the job plans that do not exist yet."""
    there = {each.code for each in job_plans.in_force(conn)}
    for each in PLANS:
        if each.code not in there:
            job_plans.save(conn, each, actor=person(PLANNER, site).actor, at=at)


def person(name: str, site: str) -> Who:
    """Return a person of the demo by user name, otherwise a technician by code."""
    for each in DEMO_PEOPLE:
        if each.name == name and each.technician is None:
            return Who(f"person:{name}", frozenset({each.role}))
    return Who(f"person:{name}", frozenset({Role.TECHNICIAN}), technician=name, technician_site=site)


class _Telling:
    """Moves one order from step to step, each some time after the one before."""

    def __init__(self, conn: Connection, site: str, at: datetime, now: datetime) -> None:
        self._conn, self._site, self._at, self._now = conn, site, at, now

    def tell(self, job: Job, asset: Asset) -> None:
        order = self._ask(job, asset)
        if job.remark:
            order_work.comment(self._conn, order.id, job.remark, who=person(job.by, self._site), at=self._later(0.1))
        if job.upto is Status.CANCELLED:
            self._take(order, Step.CANCEL, Cancel(job.remark), job.by, job.remark)
        elif job.upto is not Status.AWAITING_APPROVAL:
            self._work(order, job)

    def _ask(self, job: Job, asset: Asset) -> WorkOrder:
        who = person(job.by, self._site)
        return work_orders.create_by_hand(
            self._conn,
            asset=asset,
            kind=job.type,
            title=job.title,
            component=job.component,
            failure_mode=job.mode,
            actor=who.actor,
            at=self._at,
            status=lifecycle.first_status(who, None),
            plan=None if job.plan is None else job_plans.get(self._conn, job.plan),
        )

    def _work(self, order: WorkOrder, job: Job) -> None:
        assert job.technician is not None
        technician = job.technician
        if order.status is Status.AWAITING_APPROVAL:
            self._take(order, Step.APPROVE, NOTHING, PLANNER)
        if job.upto is Status.SCHEDULED:
            self._schedule(order, technician)
            return
        planner, why = person(PLANNER, self._site), "knows this pump"
        assignments.assign_to(self._conn, order.id, technician, who=planner, at=self._later(0.5), why=why)
        self._do_steps(order, job, technician, permits=True)
        self._take(order, Step.START, Start(technician), technician)
        if job.upto is Status.ON_HOLD:
            self._take(order, Step.HOLD, Hold(job.remark, HoldReason.ACCESS), technician, job.remark)
        else:
            self._do_steps(order, job, technician, permits=False)
            self._finish(order, job, technician)

    def _schedule(self, order: WorkOrder, technician: str) -> None:
        self._take(order, Step.PLAN, Plan(), PLANNER)
        start = self._slot(replace(order, assignee=technician, status=Status.SCHEDULED))
        self._take(order, Step.SCHEDULE, Schedule(start, start + _SLOT, technician), PLANNER)

    def _slot(self, order: WorkOrder) -> datetime:
        """Return the first full hour ahead for which no planner gets a warning: on shift, free, within the target."""
        first = self._now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=6)
        hours = [first + timedelta(hours=each) for each in range(7 * 24)]
        for start in hours:
            dated = replace(order, scheduled_start=start, scheduled_end=start + _SLOT)
            if not assignments.doubts(self._conn, dated, now=self._now):
                return start
        return first

    def _do_steps(self, order: WorkOrder, job: Job, technician: str, *, permits: bool) -> None:
        who, measured = person(technician, self._site), iter(job.measured)
        for seq, step in enumerate(job_plans.get(self._conn, job.plan).steps if job.plan else (), start=1):
            if (step.kind is StepKind.PERMIT) is not permits:
                continue
            value = next(measured, None) if step.kind is StepKind.MEASUREMENT else None
            at = self._later(0.2)
            note = f"LOTO {at:%y%m%d}" if permits else ""
            order_work.do_step(self._conn, order.id, seq, who=who, at=at, value=value, note=note)

    def _finish(self, order: WorkOrder, job: Job, technician: str) -> None:
        assert job.found is not None
        said = Closing(
            close_out=job.found,
            hours=job.hours,
            cost=job.cost,
            currency=None if job.cost is None else "EUR",
            parts_used=job.parts,
            follow_ups=job.follow_ups,
        )
        who = person(technician, self._site)
        closing.complete(self._conn, order.id, said, who=who, at=self._later(job.hours))
        self._later(3)
        self._take(order, Step.VERIFY, NOTHING, PLANNER)
        self._take(order, Step.CLOSE, NOTHING, PLANNER)

    def _take(self, order: WorkOrder, step: Step, details: Details, by: str, why: str = "") -> None:
        at, who = self._later(0.3), person(by, self._site)
        work_orders.take_step(self._conn, order.id, step, details, who=who, at=at, why=why)

    def _later(self, hours: float) -> datetime:
        self._at += timedelta(hours=hours)
        return self._at
