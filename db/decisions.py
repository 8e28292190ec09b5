"""Carrying out what intake has decided, in the transaction of the batch that it was decided in."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from db import sql, work_orders
from workorder_core import priority
from workorder_core.assignment import required_skill
from workorder_core.decisions import (
    AddEvidence,
    Collect,
    Decision,
    Ignore,
    Merge,
    Open,
    Refine,
    Rework,
    Upgrade,
    Urgency,
)
from workorder_core.findings import Finding
from workorder_core.lifecycle import FINAL
from workorder_core.order_book import Entry
from workorder_core.words import FailureMode, OrderType, Priority, Severity, Status

ACTOR = "system:engine"
LEAST_CITED = timedelta(hours=6)
MOST_CITED = timedelta(days=14)
_QUERIES = sql.load("decisions")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an order: ``step`` is opened, upgraded, refined, merged, sent back or evidence."""

    order_id: UUID
    step: str
    emergency: bool


def apply(conn: Connection, decision: Decision, urgency: Urgency, *, asset_id: int, now: datetime) -> Done | None:
    """Carry out one decision; None for what is ignored. ``now`` is the wall clock that targets count from.

    A person may have ended the order a moment before: the finding is then kept as its evidence, and that is all.
    """
    match decision:
        case Open():
            _open(conn, decision, urgency, asset_id, now)
            return Done(decision.order_id, "opened", decision.finding.severity is Severity.SAFETY)
        case AddEvidence() | Collect():
            _add_evidence(conn, decision.order_id, decision.finding, asset_id)
            return Done(decision.order_id, "evidence", False)
        case Upgrade():
            return _change(conn, decision, urgency, asset_id, now, "upgraded")
        case Refine():
            return _change(conn, decision, urgency, asset_id, now, "refined")
        case Merge():
            _merge(conn, decision, now)
            return _change(conn, decision, urgency, asset_id, now, "merged")
        case Rework():
            return _send_back(conn, decision, urgency, asset_id, now)
        case Ignore():
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
                # A book does not tell assigned from open: see the judge.
                status=Status.OPEN if row["status"] == Status.ASSIGNED else Status(row["status"]),
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
    """Return what an order of the engine is called: ``Bearing: overheating``."""
    what = "unusual behaviour" if failure_mode is FailureMode.UNK else failure_mode.label
    return f"{component.replace('_', ' ').capitalize()}: {what}"


def _open(conn: Connection, decision: Open, urgency: Urgency, asset_id: int, now: datetime) -> None:
    finding = decision.finding
    place: Any = conn.execute(_QUERIES["place_of"], {"asset_id": asset_id}).fetchone()
    response_due, completion_due = priority.due(urgency.priority, now)
    facts = {
        "id": decision.order_id,
        "site_id": place[0],
        "number": work_orders.next_number(conn, place[0]),
        "asset_id": asset_id,
        "asset_path": place[1],
        "component": finding.component,
        "failure_mode": finding.failure_mode.value,
        "type": finding.severity.order_type.value,
        "priority": int(urgency.priority),
        "priority_reason": urgency.reason,
        "title": title(finding.component, finding.failure_mode),
        "now": now,
        "opened_at": finding.at,
        "required_skill": required_skill(finding.component, finding.failure_mode),
        "response_due": response_due,
        "completion_due": completion_due,
        "follows": decision.follows,
    }
    conn.execute(_QUERIES["open"], facts)
    new = {key: facts[key] for key in ("type", "priority", "component", "failure_mode")} | {"status": "open"}
    why = f"{finding.source}: {finding.summary}"
    if decision.follows is not None:
        why = f"again after an order that has ended; {why}"
    _log(conn, decision.order_id, now, "open", {}, new, why)
    _add_evidence(conn, decision.order_id, finding, asset_id)


def _change(
    conn: Connection, decision: Upgrade | Refine | Merge, urgency: Urgency, asset_id: int, now: datetime, step: str
) -> Done:
    order_id, finding = decision.order_id, decision.finding
    before = _facts(conn, order_id)
    _add_evidence(conn, order_id, finding, asset_id)
    if before["status"] in FINAL:
        return Done(order_id, "evidence", False)
    component, mode = before["component"], FailureMode(before["failure_mode"])
    if isinstance(decision, Refine):
        component, mode = decision.component, decision.failure_mode
    response_due, completion_due = priority.due(urgency.priority, now)
    after = {
        "component": component,
        "failure_mode": mode.value,
        "type": decision.severity.order_type.value,
        "priority": min(int(urgency.priority), before["priority"]),
    }
    conn.execute(
        _QUERIES["change"],
        after
        | {
            "id": order_id,
            "title": title(component, mode),
            "priority_reason": urgency.reason,
            "required_skill": required_skill(component, mode),
            "response_due": response_due,
            "completion_due": completion_due,
        },
    )
    old = {key: before[key] for key in after if before[key] != after[key]}
    if "type" in old:
        step = "upgraded"
    if old:
        _log(conn, order_id, now, step, old, {key: after[key] for key in old}, f"{finding.source}: {finding.summary}")
    worse = decision.severity is Severity.SAFETY and before["type"] != OrderType.EMERGENCY
    return Done(order_id, step if old else "evidence", worse)


def _merge(conn: Connection, decision: Merge, now: datetime) -> None:
    before = _facts(conn, decision.duplicate_id)
    if before["status"] in FINAL:
        return
    conn.execute(
        _QUERIES["cancel_duplicate"], {"id": decision.duplicate_id, "duplicate_of": decision.order_id, "now": now}
    )
    conn.execute(_QUERIES["move_evidence"], {"from": decision.duplicate_id, "to": decision.order_id})
    why = f"the same fault has an order that knows what it is; its evidence moved there. {decision.finding.summary}"
    old, new = {"status": before["status"]}, {"status": "cancelled", "duplicate_of": str(decision.order_id)}
    _log(conn, decision.duplicate_id, now, "cancel", old, new, why)


def _send_back(conn: Connection, decision: Rework, urgency: Urgency, asset_id: int, now: datetime) -> Done:
    before = _facts(conn, decision.order_id)
    _add_evidence(conn, decision.order_id, decision.finding, asset_id)
    if before["status"] not in (Status.COMPLETED, Status.VERIFIED):
        return Done(decision.order_id, "evidence", False)
    after = {
        "status": Status.OPEN.value,
        "type": decision.severity.order_type.value,
        "priority": min(int(urgency.priority), before["priority"]),
    }
    response_due, completion_due = priority.due(Priority(after["priority"]), now)
    conn.execute(
        _QUERIES["send_back"],
        after
        | {
            "id": decision.order_id,
            "now": now,
            "priority_reason": urgency.reason,
            "response_due": response_due,
            "completion_due": completion_due,
        },
    )
    why = f"the condition is still there after the work: {decision.finding.summary}"
    old = {key: before[key] for key in after if before[key] != after[key]}
    _log(conn, decision.order_id, now, "rework", old, {key: after[key] for key in old}, why)
    return Done(decision.order_id, "sent back", decision.severity is Severity.SAFETY)


def _facts(conn: Connection, order_id: UUID) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["facts"], {"id": order_id}).fetchone()
    if row is None:
        raise LookupError(f"the judge decided on order {order_id}, which is not in the database")
    return row


def _add_evidence(conn: Connection, order_id: UUID, finding: Finding, asset_id: int) -> None:
    lasted = finding.at - finding.since
    cited = min(max(3 * lasted, LEAST_CITED), MOST_CITED)
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
            "signs": Jsonb([asdict(sign) for sign in finding.signs]),
            "signals": [sign.signal for sign in finding.signs],
            "summary": finding.summary,
            "cited_from": finding.at - cited,
        },
    )


def _log(
    conn: Connection, order_id: UUID, now: datetime, step: str, old: dict[str, Any], new: dict[str, Any], why: str
) -> None:
    work_orders.append_history(conn, order_id, at=now, actor=ACTOR, step=step, old=old, new=new, why=why)
