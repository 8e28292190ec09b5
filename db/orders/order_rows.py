"""Converts orders to and from their rows."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from db.people import technicians
from workorder_core.orders.order import CloseOut, Measured, WorkOrder
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType, Origin, Priority, Status

_CODES: Mapping[str, Any] = {
    "failure_mode": FailureMode,
    "type": OrderType,
    "origin": Origin,
    "priority": Priority,
    "status": Status,
    "hold_reason": HoldReason,
}
_LISTS = ("other_skills", "required_certificates", "required_tools")


def order(row: Mapping[str, Any]) -> WorkOrder:
    """Return the order of a row that has its assignee's code beside it."""
    facts = {each.name: row[each.name] for each in fields(WorkOrder) if each.name != "close_out"}
    facts |= {name: None if row[name] is None else code(row[name]) for name, code in _CODES.items()}
    facts |= {name: tuple(row[name]) for name in _LISTS}
    return WorkOrder(**facts, close_out=_close_out(row))


def columns(conn: Connection, order: WorkOrder) -> dict[str, Any]:
    """Return an order as the columns of its row. Raises NotFound if its site has no such technician."""
    facts = {each.name: getattr(order, each.name) for each in fields(WorkOrder)}
    facts |= {name: None if facts[name] is None else facts[name].value for name in _CODES}
    facts |= {name: list(facts[name]) for name in _LISTS}
    facts["assignee_id"] = None
    if order.assignee is not None:
        facts["assignee_id"] = technicians.get(conn, order.site_id, order.assignee).id
    return facts | _close_columns(order.close_out)


def _close_out(row: Mapping[str, Any]) -> CloseOut | None:
    if row["close_finding"] is None:
        return None
    mode = row["close_failure_mode"]
    return CloseOut(
        finding=CloseFinding(row["close_finding"]),
        failure_mode=None if mode is None else FailureMode(mode),
        cause=row["close_cause"] or "",
        remedy=row["close_remedy"] or "",
        note=row["close_note"] or "",
        mechanism=row["close_mechanism"],
        downtime_minutes=row["close_downtime_minutes"],
        readings=tuple(Measured(**each) for each in row["close_readings"] or ()),
    )


def _close_columns(found: CloseOut | None) -> dict[str, Any]:
    mode = found.failure_mode if found else None
    return {
        "close_finding": found.finding.value if found else None,
        "close_failure_mode": mode.value if mode else None,
        "close_cause": found.cause if found else None,
        "close_remedy": found.remedy if found else None,
        "close_note": found.note if found else None,
        "close_mechanism": found.mechanism if found else None,
        "close_downtime_minutes": found.downtime_minutes if found else None,
        "close_readings": Jsonb([asdict(each) for each in found.readings]) if found else None,
    }
