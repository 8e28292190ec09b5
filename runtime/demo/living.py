"""Writes two years of ordinary plant life to a database, by the functions that the API calls, at their past times."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg import Connection

from db.alarms import alarm_points, alarms
from db.costs import costs
from db.orders import closing, decisions, job_plans, order_content, order_work, work_orders
from db.orders.closing import Closing
from db.people import assignments
from db.plant import plant
from db.plant.plant import Asset
from runtime.demo import past, prices, years
from runtime.demo.years import Seen, Work
from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.alarms import Change
from workorder_core.intake import priority
from workorder_core.intake.decisions import Open
from workorder_core.intake.findings import Finding, Sign
from workorder_core.orders import lifecycle
from workorder_core.orders.details import NOTHING, Hold, Reason, Start
from workorder_core.orders.job_plans import StepKind
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who
from workorder_core.words import Status


def make(conn: Connection, *, site: str, now: datetime, seed: int = 1) -> int:
    """Create the two years before the demo for a site without orders; return how many orders. The caller commits."""
    if work_orders.count(conn, work_orders.Filters(site=site)):
        return 0
    begin = now - years.YEARS
    assets = {each.code: each for each in plant.assets(conn, now=now, site=site)}
    prices.put(conn, plant.site_by_code(conn, site), until=now)
    past.save_plans(conn, site, at=begin)
    done = years.life(seed, until=now)
    for number, work in enumerate(done):
        _Telling(conn, site, work, assets[work.asset], random.Random(f"{seed} {number}")).tell()
    return len(done)


class _Telling:
    """Moves one order from its beginning to its end, each step some time after the one before."""

    def __init__(self, conn: Connection, site: str, work: Work, asset: Asset, chance: random.Random) -> None:
        self._conn, self._site, self._work, self._asset = conn, site, work, asset
        self._chance, self._at = chance, work.at
        self._planner = past.person(past.PLANNER, site)
        self._technician = past.person(work.technician, site)

    def tell(self) -> None:
        """Write the whole order."""
        work, order = self._work, self._begin()
        if work.remark:
            order_work.comment(
                self._conn, order.id, work.remark, who=past.person(work.by, self._site), at=self._later(0.1)
            )
        if order.status is Status.AWAITING_APPROVAL:
            self._take(order, Step.APPROVE, self._planner)
        self._do(order, work.wait_h)
        if work.rework:
            why = "Still leaks, runs warm or sounds wrong: look again."
            work_orders.take_step(
                self._conn, order.id, Step.REWORK, Reason(why), who=self._planner, at=self._later(20), why=why
            )
            self._do(order, 3.0)
        self._later(self._chance.uniform(1, 20))
        self._take(order, Step.VERIFY, self._planner)
        if work.seen is not None:
            self._alarm_ends(work.seen)
        self._take(order, Step.CLOSE, self._planner)
        self._price(order)

    def _begin(self) -> WorkOrder:
        work = self._work
        if work.seen is not None:
            return self._found(work.seen)
        who = past.person(work.by, self._site)
        return work_orders.create_by_hand(
            self._conn,
            asset=self._asset,
            kind=work.type,
            title=work.title,
            component=work.component,
            failure_mode=work.mode,
            required_skill=work.skill,
            actor=who.actor,
            at=self._at,
            status=lifecycle.first_status(who, None),
            plan=None if work.plan is None else job_plans.get(self._conn, work.plan),
        )

    def _found(self, seen: Seen) -> WorkOrder:
        """Open the order as the engine does, with its evidence and its alarm, which somebody acknowledges."""
        work, at = self._work, self._at
        low, high = seen.usual
        sign = Sign(signal=seen.signal, value=seen.value, unit=seen.unit, usual_low=low, usual_high=high, share=1.0)
        finding = Finding(
            asset=f"{self._site}/{work.asset}", arrival=0, component=work.component, failure_mode=work.mode,
            severity=seen.severity, source=seen.source, version="sample", since=at - seen.lasted, at=at,
            score=None if seen.source.startswith("rule:") else 0.97,
            limit=high if seen.source.startswith("rule:") else 0.6, signs=(sign,), summary=seen.summary,
        )  # fmt: skip
        order_id = uuid5(NAMESPACE_URL, f"plantwright demo {self._site} {work.asset} {at.isoformat()} {work.title}")
        urgency = priority.of_finding(self._asset.criticality, seen.severity)
        decisions.apply(self._conn, Open(order_id, finding, None), urgency, asset_id=self._asset.id, now=at)
        raised = Change(finding.asset, seen.source, at, Move.RAISE, seen.summary, finding)
        alarms.write(self._conn, [raised], lambda _: self._asset.id, at=at)
        alarm_points.acknowledge(
            self._conn, [(self._asset.id, seen.source)], actor=self._technician.actor, at=self._later(0.2)
        )
        return work_orders.get(self._conn, order_id)

    def _alarm_ends(self, seen: Seen) -> None:
        change = Change(f"{self._site}/{self._work.asset}", seen.source, self._at, Move.CLEAR, "as usual again")
        alarms.write(self._conn, [change], lambda _: self._asset.id, at=self._at)

    def _do(self, order: WorkOrder, wait_h: float) -> None:
        """Assign the order, do the work, wait where necessary, and complete it with what was found."""
        work = self._work
        why = "on shift, knows the pump"
        assignments.assign_to(
            self._conn, order.id, work.technician, who=self._planner, at=self._later(0.2 * wait_h), why=why
        )
        self._later(0.8 * wait_h)
        self._steps(order.id, permits=True)
        work_orders.take_step(
            self._conn, order.id, Step.START, Start(work.technician), who=self._technician, at=self._later(0.1)
        )
        if work.held is not None:
            why = f"Waits for {work.held.value.replace('_', ' ')}."
            work_orders.take_step(
                self._conn,
                order.id,
                Step.HOLD,
                Hold(why, work.held),
                who=self._technician,
                at=self._later(0.3),
                why=why,
            )
            self._take(order, Step.RESUME, self._technician, after=self._chance.uniform(3, 60))
        self._steps(order.id, permits=False)
        said = Closing(
            close_out=work.found,
            hours=work.hours,
            cost=work.external,
            currency=None if work.external is None else prices.CURRENCY,
            parts_used=work.parts,
        )
        closing.complete(self._conn, order.id, said, who=self._technician, at=self._later(work.hours))

    def _steps(self, order_id: UUID, *, permits: bool) -> None:
        measured = iter(self._work.measured)
        for step in order_content.steps(self._conn, order_id):
            if (step.kind is StepKind.PERMIT) is not permits or step.done_at is not None:
                continue
            value = next(measured, 1.0) if step.kind is StepKind.MEASUREMENT else None
            note = f"LOTO {self._at:%y%m%d}" if permits else ""
            order_work.do_step(
                self._conn, order_id, step.seq, who=self._technician, at=self._later(0.05), value=value, note=note
            )

    def _price(self, order: WorkOrder) -> None:
        parts = order_content.parts(self._conn, order.id)
        known: dict[int, Decimal | None] = {
            line.line: years.PRICES[line.part] for line in parts if line.part in years.PRICES
        }
        if known:
            costs.price_parts(self._conn, order.id, known, who=self._planner, at=self._later(1))

    def _take(self, order: WorkOrder, step: Step, who: Who, *, after: float = 0.3) -> None:
        work_orders.take_step(self._conn, order.id, step, NOTHING, who=who, at=self._later(after))

    def _later(self, hours: float) -> datetime:
        self._at += timedelta(hours=hours)
        return self._at
