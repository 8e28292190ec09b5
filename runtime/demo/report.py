"""The demo's final report: the orders beside the truth of the sample plant."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import Connection
from rich.console import Console
from rich.table import Table

from db.orders import work_orders
from db.orders.work_orders import Evidence, Filters, HistoryRow, Listed
from db.telemetry import readings
from ingest.replay import SamplePlant
from workorder_core.words import Origin

FAULTS = ("predictive", "reactive", "emergency", "sensor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Something that really happened in the sample; ``kind`` healthy, clock and maintenance_stop call for no order."""

    asset: str
    component: str
    what: str
    kind: str
    failure_mode: str | None
    begins_at: datetime
    fails_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The orders of one plant with their evidence and history, the most urgent first; and its truth."""

    orders: list[tuple[Listed, list[Evidence], list[HistoryRow]]]
    truth: list[Truth]
    readings: int

    def orders_of(self, truth: Truth) -> list[Listed]:
        """Return the engine's orders on the asset opened while the fault lasted, the earliest first."""
        found = [
            listed
            for listed, _, _ in self.orders
            if listed.asset_code == truth.asset and truth.begins_at <= listed.order.opened_at < truth.ends_at
        ]
        return sorted(found, key=lambda listed: listed.order.opened_at)

    def false_orders(self) -> list[Listed]:
        """Return the orders that no fault of the truth explains."""
        accounted = {each.order.id for truth in self.truth if truth.kind in FAULTS for each in self.orders_of(truth)}
        return [listed for listed, _, _ in self.orders if listed.order.id not in accounted]


def read_truth(file: Path, plant: SamplePlant) -> list[Truth]:
    """Read a sample's truth; its minutes become times."""
    entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return [
        Truth(
            asset=entry["asset"],
            component=entry["component"],
            what=entry["what"],
            kind=entry["kind"],
            failure_mode=entry["failure_mode"],
            begins_at=plant.time_of(entry["begins_minute"]),
            fails_at=None if entry["fails_minute"] is None else plant.time_of(entry["fails_minute"]),
            ends_at=plant.time_of(entry["ends_minute"]),
        )
        for entry in entries
    ]


def collect(conn: Connection, truth: list[Truth], *, site: str, since: datetime) -> Report:
    """Read the engine's orders for the sample; people's orders and earlier ones are not counted."""
    asked = Filters(site=site, origin=[Origin.ENGINE], opened_from=since)
    listed = work_orders.page(conn, asked, limit=1000)
    orders = [
        (each, work_orders.evidence(conn, each.order.id), work_orders.history(conn, each.order.id)) for each in listed
    ]
    stored, _ = readings.count(conn)
    return Report(orders=orders, truth=truth, readings=stored)


def show(report: Report, console: Console) -> None:
    """Print the truth with the orders that match it, and the false orders."""
    table = Table(title="What happened, and what the engine made of it", title_justify="left", expand=True)
    for name in ("asset", "kind", "what really happened", "failed at", "order", "opened", "lead or delay"):
        table.add_column(name, overflow="fold")
    for truth in report.truth:
        met = report.orders_of(truth) if truth.kind in FAULTS else []
        first = met[0].order if met else None
        table.add_row(
            truth.asset,
            truth.kind,
            truth.what,
            f"{truth.fails_at:%d %b %H:%M}" if truth.fails_at else "",
            ", ".join(f"{each.order.number} {each.order.type} {each.order.failure_mode}" for each in met) or "no order",
            f"{first.opened_at:%d %b %H:%M}" if first else "",
            _lead(first.opened_at, truth.fails_at) if first and truth.fails_at else "",
        )
    console.print(table)
    false = report.false_orders()
    console.print(
        f"orders: {len(report.orders)}, of them for nothing: {len(false)}   readings stored: {report.readings:,}"
    )
    for listed in false:
        console.print(
            f"  [red]false[/red] {listed.order.number} {listed.asset_code} {listed.order.title}: {listed.why}"
        )


def as_json(report: Report) -> str:
    """Return the report as a document; times are ISO 8601 in UTC."""
    return json.dumps(
        {
            "work_orders": [_order(*each) for each in report.orders],
            "truth": [asdict(truth) | {"orders": _numbers(report.orders_of(truth))} for truth in report.truth],
            "false_orders": _numbers(report.false_orders()),
            "readings": report.readings,
        },
        default=str,
        indent=1,
    )


def _order(listed: Listed, evidence: Sequence[Evidence], history: Sequence[HistoryRow]) -> dict[str, Any]:
    order = listed.order
    opened = next((row.new for row in history if row.step == "open"), {})
    return {
        "id": str(order.id),
        "number": order.number,
        "site": listed.site_code,
        "asset": listed.asset_code,
        "component": order.component,
        "failure_mode": order.failure_mode.value,
        "type": order.type.value,
        "opened_as": opened.get("type", order.type.value),
        "origin": order.origin.value,
        "priority": int(order.priority),
        "priority_reason": order.priority_reason,
        "title": order.title,
        "status": order.status.value,
        "assignee": listed.assignee_name,
        "assignment_note": order.assignment_note,
        "opened_at": order.opened_at.isoformat(),
        "recorded_at": order.recorded_at.isoformat(),
        "evidence": [_evidence(each) for each in evidence],
        "history": [
            {"at": row.at.isoformat(), "actor": row.actor, "step": row.step, "why": row.why} for row in history
        ],
    }


def _evidence(each: Evidence) -> dict[str, Any]:
    return {
        "source": each.source,
        "version": each.version,
        "component": each.component,
        "failure_mode": each.failure_mode.value,
        "severity": each.severity.name.lower(),
        "since": each.since.isoformat(),
        "at": each.at.isoformat(),
        "score": each.score,
        "limit": each.limit,
        "summary": each.summary,
        "signals": [asdict(sign) for sign in each.signs],
        "readings_cited": sum(len(points) for points in each.readings.values()),
    }


def _numbers(orders: Sequence[Listed]) -> list[str]:
    return [listed.order.number for listed in orders]


def _lead(opened: datetime, failed: datetime) -> str:
    if opened < failed:
        return f"{(failed - opened) / timedelta(hours=1):.1f} h before"
    return f"{(opened - failed) / timedelta(minutes=1):.0f} min after"
