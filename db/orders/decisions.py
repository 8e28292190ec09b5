"""Applies the decisions of intake, in the transaction of the batch in which they were made."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from psycopg import Connection, InterfaceError, OperationalError
from psycopg.rows import dict_row

from db import sql, storable
from db.errors import NotFound
from db.orders import job_plans, work_orders
from db.people import site_rules
from db.plant import calendars
from workorder_core.intake.decisions import Decision, Urgency
from workorder_core.intake.effects import Effect, What, apply_decision
from workorder_core.intake.findings import FailureDates, Finding
from workorder_core.intake.order_book import Entry
from workorder_core.orders import lifecycle, targets
from workorder_core.orders.details import Cancel, Reason
from workorder_core.orders.job_plans import JobPlan, planned
from workorder_core.orders.lifecycle import BY_ENGINE, FINAL, WAITING, Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.skills import required_skill
from workorder_core.sentences import kept
from workorder_core.words import FailureMode, OrderType, Origin, Severity, Status

ACTOR = work_orders.ENGINE
LEAST_CITED = timedelta(hours=6)
MOST_CITED = timedelta(days=14)
FORESEEN = "foresee"
"""The step of an order's history that brings its due date forward to the likely failure."""
_QUERIES = sql.load("decisions")
_log = structlog.get_logger("decisions")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Done:
    """What happened to an order: not always what was decided, as a person may have changed it a moment before."""

    order_id: UUID
    step: What
    emergency: bool


def apply(conn: Connection, decision: Decision, urgency: Urgency, *, asset_id: int, now: datetime) -> Done | None:
    """Apply one decision; None if it changes nothing. ``now`` is the wall clock from which targets count.

    If a person has ended the order a moment before, the finding is only stored as its evidence.
    """
    effect = apply_decision(decision)
    if effect.what is What.OPENED:
        _open(conn, effect, urgency, asset_id, now)
        return Done(effect.order_id, effect.what, effect.severity is Severity.SAFETY)
    if effect.absorbs is not None:
        _absorb(conn, effect.order_id, effect.absorbs, effect.finding, now)
    if effect.severity is not None:
        return _change(conn, effect, effect.severity, urgency, asset_id, now)
    if effect.evidence:
        _add_evidence(conn, effect.order_id, effect.finding, asset_id, now, elsewhere=effect.elsewhere)
        return Done(effect.order_id, effect.what, False)
    return None


def unfinished(conn: Connection) -> list[Entry]:
    """Return what an order book needs of the engine's unfinished orders."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [
            Entry(
                id=row["id"],
                asset=row["asset"],
                component=row["component"],
                failure_mode=FailureMode(row["failure_mode"]),
                severity=next(each for each in Severity if each.order_type == row["type"]),
                # The order book does not distinguish the statuses before the work: see the judge.
                status=Status.OPEN if row["status"] in WAITING else Status(row["status"]),
                opened_at=row["opened_at"],
                signals=frozenset(row["signals"] or ()),
                evidence=row["evidence"],
                last_evidence_at=row["last_evidence_at"] or row["opened_at"],
                last_seen_at=row["last_evidence_at"] or row["opened_at"],
                moved_at=row["last_evidence_at"] or row["opened_at"],
                inferred=row["inferred"],
            )
            for row in cursor.execute(_QUERIES["unfinished"])
        ]


def title(component: str, failure_mode: FailureMode) -> str:
    """Return the title of an order of the engine: ``Bearing: overheating``."""
    what = "unusual behaviour" if failure_mode is FailureMode.UNK else failure_mode.label
    return f"{component.replace('_', ' ').capitalize()}: {what}"


def _open(conn: Connection, effect: Effect, urgency: Urgency, asset_id: int, now: datetime) -> None:
    finding = effect.finding
    site_id, path = conn.execute(_QUERIES["asset_path"], {"asset_id": asset_id}).fetchone() or (0, "")
    order = WorkOrder(
        id=effect.order_id,
        number=work_orders.next_number(conn, site_id),
        site_id=site_id,
        asset_id=asset_id,
        asset_path=path,
        component=finding.component,
        failure_mode=finding.failure_mode,
        type=finding.severity.order_type,
        origin=Origin.ENGINE,
        priority=urgency.priority,
        priority_reason=urgency.reason,
        title=title(finding.component, finding.failure_mode),
        status=Status.OPEN,
        status_since=now,
        opened_at=finding.at,
        recorded_at=now,
        required_skill=_skill(conn, site_id, finding.component, finding.failure_mode),
        follows=effect.follows,
    )
    why = f"{finding.source}: {finding.summary}"
    if effect.follows is not None:
        why = kept("again after an order that has ended; {why}", why=why)
    order = targets.reset(order, now, calendars.of_site(conn, site_id, at=now))
    if (code := targets.missing(order)) is not None:
        why = kept(
            "{why}; without a target ({code}): the working hours of the site's calendar are too few", why=why, code=code
        )
    plan = optional(conn, "the job plan", lambda: job_plans.fitting(conn, asset_id, finding.failure_mode))
    if plan is None or optional(conn, "the job plan", lambda: _insert_planned(conn, order, plan, why)) is None:
        work_orders.insert(conn, order, actor=ACTOR, why=why)
    _add_evidence(conn, effect.order_id, finding, asset_id, now)


def _insert_planned(conn: Connection, order: WorkOrder, plan: JobPlan, why: str) -> WorkOrder:
    made = planned(order, plan)
    work_orders.insert(conn, made, actor=ACTOR, why=why)
    job_plans.copy_to(conn, order.id, plan)
    return made


def optional(conn: Connection, what: str, work: Callable[[], _Made]) -> _Made | None:
    """Do optional work for an order. If it fails because of people's settings, undo all of it and return None: the
    order is opened all the same.
    """
    try:
        with conn.transaction():
            return work()
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - a missing order is worse than one without its plan
        _log.exception("optional part of an order failed, continuing without it", part=what)
        return None


def _change(
    conn: Connection, effect: Effect, severity: Severity, urgency: Urgency, asset_id: int, now: datetime
) -> Done:
    """Store the finding and change its order, unless a person has ended or moved the order a moment before."""
    order_id, finding = effect.order_id, effect.finding
    _add_evidence(conn, order_id, finding, asset_id, now)
    before = _locked(conn, order_id)
    sent_back = effect.status is not None
    if before.status in FINAL or (sent_back and before.status not in BY_ENGINE[Step.REWORK].sources):
        return Done(order_id, What.EVIDENCE, False)
    after = replace(
        before,
        component=effect.component or before.component,
        failure_mode=effect.failure_mode or before.failure_mode,
        type=severity.order_type,
        priority=min(urgency.priority, before.priority),
    )
    if sent_back:
        return _send_back(conn, before, after, urgency, now, finding)
    if after == before:
        return Done(order_id, What.EVIDENCE, False)
    after = replace(
        after,
        title=title(after.component, after.failure_mode),
        priority_reason=urgency.reason,
        required_skill=_skill(conn, after.site_id, after.component, after.failure_mode),
    )
    after = targets.brought_forward(after, now, calendars.of_site(conn, before.site_id, at=now))
    what = What.UPGRADED if after.type is not before.type else effect.what
    _save(conn, order_id, after, now, what, f"{finding.source}: {finding.summary}")
    worse = severity is Severity.SAFETY and before.type is not OrderType.EMERGENCY
    return Done(order_id, what, worse)


def _skill(conn: Connection, site_id: int, component: str, failure_mode: FailureMode) -> str | None:
    return required_skill(component, failure_mode, site_rules.skill_tables(conn, site_id))


def _absorb(conn: Connection, order_id: UUID, duplicate_id: UUID, finding: Finding, now: datetime) -> None:
    before = _locked(conn, duplicate_id)
    if before.status not in BY_ENGINE[Step.CANCEL].sources:
        return
    conn.execute(_QUERIES["move_evidence"], {"from": duplicate_id, "to": order_id})
    why = kept(
        "the same fault has an order that knows what it is; its evidence moved there. {summary}",
        summary=finding.summary,
    )
    duplicate = Cancel(why, duplicate_of=order_id)
    after = lifecycle.apply_step(before, Step.CANCEL, duplicate, at=now, moves=BY_ENGINE)
    _save(conn, duplicate_id, after, now, Step.CANCEL, why)


def _send_back(
    conn: Connection, before: WorkOrder, after: WorkOrder, urgency: Urgency, now: datetime, finding: Finding
) -> Done:
    why = kept("the condition is still there after the work: {summary}", summary=finding.summary)
    by = calendars.of_site(conn, before.site_id, at=now)
    after = replace(after, priority_reason=urgency.reason)
    after = lifecycle.apply_step(after, Step.REWORK, Reason(why), at=now, by=by, moves=BY_ENGINE)
    _save(conn, before.id, after, now, Step.REWORK, why)
    return Done(before.id, What.SENT_BACK, after.type is OrderType.EMERGENCY)


def _locked(conn: Connection, order_id: UUID) -> WorkOrder:
    try:
        return work_orders.lock(conn, order_id)
    except NotFound:
        raise LookupError(f"the judge decided on order {order_id}, which is not in the database") from None


def _save(conn: Connection, order_id: UUID, after: WorkOrder, now: datetime, step: str, why: str) -> None:
    work_orders.change(conn, order_id, lambda _: after, actor=ACTOR, at=now, why=why, name=step)


def _add_evidence(
    conn: Connection, order_id: UUID, finding: Finding, asset_id: int, now: datetime, *, elsewhere: bool = False
) -> None:
    lasted = finding.at - finding.since
    cited = min(max(3 * lasted, LEAST_CITED), MOST_CITED)
    measured = [_measured(finding.asset, sign.signal) for sign in finding.signs]
    conn.execute(
        _QUERIES["evidence"],
        {
            "order_id": order_id,
            "asset_id": asset_id,
            "arrival": finding.arrival,
            "source": finding.source,
            "version": finding.version,
            "component": finding.component,
            "failure_mode": finding.failure_mode.value,
            "severity": int(finding.severity),
            "since": finding.since,
            "at": finding.at,
            "score": finding.score,
            "limit_at": finding.limit,
            "signs": storable.json([asdict(sign) for sign in finding.signs if math.isfinite(sign.value)]),
            "signals": [sign.signal for sign in finding.signs],
            "assets": [asset for asset, _ in measured],
            "names": [name for _, name in measured],
            "summary": finding.summary,
            "cited_from": finding.at - cited,
        },
    )
    if finding.fails is not None and not elsewhere:
        _foresee(conn, order_id, finding.fails, now)


def _foresee(conn: Connection, order_id: UUID, fails: FailureDates, now: datetime) -> None:
    """Bring an order's due date forward to when its asset fails with a probability of 10 %, at most once a day."""
    conn.execute(
        _QUERIES["foresee"],
        {"order_id": order_id, "early": fails.early, "likely": fails.likely, "late": fails.late},
    )
    row = conn.execute(_QUERIES["foreseen"], {"order_id": order_id, "step": FORESEEN}).fetchone()
    if row is not None and now - row[0] < timedelta(days=1):
        return
    after = targets.foreseen(_locked(conn, order_id), fails.early, now)
    why = kept("assets in this state fail with a probability of 10 % by {early:%d %b %Y %H:%M} UTC", early=fails.early)
    _save(conn, order_id, after, now, FORESEEN, why)


def _measured(asset: str, signal: str) -> tuple[str | None, str]:
    """Return the code of the asset on which a sign was measured (None for the finding's own) and its signal there."""
    other, colon, name = signal.partition(":")
    site, slash, code = other.partition("/")
    return (code, name) if colon and slash and site == asset.partition("/")[0] else (None, signal)
