"""A backtest as text for people, and as a document."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from runtime.backtest.difference import Difference, Pair
from runtime.backtest.ledger import Order
from runtime.backtest.outcomes import Outcome
from runtime.backtest.running import Run
from workorder_core.costs.cost_model import Worth

MOST_LISTED = 40


def show(run: Run, outcome: Outcome | None, change: Difference | None, against: str, console: Console) -> None:
    """Print the orders, the outcome, and the differences from ``against``."""
    _show_orders("Orders", run.orders, console)
    if outcome is not None:
        _show_outcome(outcome, console)
    if change is not None:
        show_difference(change, against, console)
    months = sum(run.asset_days.values()) / 30.4
    console.print(
        f"{_count(len(run.orders), 'order')} in {months:.1f} asset-months, {_of(run.start)} to {_of(run.end)} UTC; "
        f"{run.frames:,} frames judged"
    )
    taken = sum(1 for order in run.orders if order.ended == "taken as done")
    if taken:
        days = run.assumed.done_after / timedelta(days=1)
        console.print(
            f"{_count(taken, 'order')} that nobody ever saw {'was' if taken == 1 else 'were'} taken as done "
            f"{days:g} days after the opening (--done-after)"
        )


def as_json(run: Run, outcome: Outcome | None, change: Difference | None, worth: Sequence[Worth] = ()) -> str:
    """Return the whole result as a document; times are ISO 8601 in UTC, durations in hours."""
    document: dict[str, Any] = {
        "orders": [order_facts(order) for order in run.orders],
        "start": run.start,
        "end": run.end,
        "asset_days": run.asset_days,
        "frames": run.frames,
    }
    if outcome is not None:
        document["outcome"] = outcome_facts(outcome)
    if worth:
        document["in_money"] = [worth_facts(each) for each in worth]
    if change is not None:
        document["difference"] = {
            "gained": [order_facts(order) for order in change.gained],
            "lost": [order_facts(order) for order in change.lost],
            "changed": [
                {"before": order_facts(pair.before), "after": order_facts(pair.after), "later_by_h": _h(pair.later_by)}
                for pair in change.changed
            ],
            "same": len(change.same),
        }
    return json.dumps(document, default=_plain, indent=1)


def order_facts(order: Order) -> dict[str, Any]:
    """Return an order as plain values."""
    return {
        "id": str(order.id),
        "asset": order.asset,
        "component": order.component,
        "failure_mode": order.failure_mode.value,
        "type": order.type.value,
        "opened_as": order.opened_as.value,
        "opened_at": order.opened_at,
        "evidence": order.evidence,
        "why": order.why,
        "duplicate_of": None if order.duplicate_of is None else str(order.duplicate_of),
        "ended": order.ended,
        "ended_at": order.ended_at,
    }


def outcome_facts(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain values."""
    return {
        "found": [
            {"asset": each.failure.asset, "failed_at": each.failure.failed_at, "what": each.failure.what,
             "order": str(each.order.id), "lead_h": _h(each.lead)}
            for each in outcome.found
        ],
        "missed": [
            {"asset": each.asset, "failed_at": each.failed_at, "what": each.what} for each in outcome.missed
        ],
        "false": [str(order.id) for order in outcome.false],
        "unjudged": [str(order.id) for order in outcome.unjudged],
        "median_lead_h": _h(outcome.median_lead),
        "lead_5th_percentile_h": _h(outcome.worst_lead),
        "false_per_asset_month": outcome.false_per_asset_month,
        "technician_hours": outcome.hours,
        "cost": outcome.cost,
    }  # fmt: skip


def worth_facts(worth: Worth) -> dict[str, Any]:
    """Return a run's worth by the plant's cost model as plain values; amounts are decimals as text."""
    amounts = {name: str(getattr(worth, name)) for name in ("missed", "late", "false", "avoided", "cost", "saved")}
    counts = {f"{name}_count": getattr(worth, f"{name}_count") for name in ("missed", "late", "false", "avoided")}
    return {"currency": worth.currency, **amounts, **counts, "unpriced": list(worth.unpriced)}


def show_worth(found: Sequence[Worth], console: Console) -> None:
    """Print what a run would have cost and saved by the plant's cost model."""
    for each in found:
        console.print(
            f"by the plant's cost model, in {each.currency}: would have cost {each.cost:,} (failures missed "
            f"{each.missed:,}, found too late {each.late:,}, visits for nothing {each.false:,})\n"
            f"failures avoided {each.avoided_count}, worth {each.avoided:,}; "
            f"saved {each.saved:,} against no orders at all"
        )
        if each.unpriced:
            console.print(f"counted as nothing, as the cost model has no price: {', '.join(each.unpriced)}")


def _show_orders(title: str, orders: Sequence[Order], console: Console) -> None:
    if not orders:
        return
    table = Table(title=title, title_justify="left", expand=True)
    for name in ("opened (UTC)", "asset", "type", "component", "mode", "findings", "why", "ended"):
        table.add_column(name, overflow="fold")
    for order in orders[:MOST_LISTED]:
        became = order.type if order.type is order.opened_as else f"{order.opened_as}, then {order.type}"
        table.add_row(
            _of(order.opened_at), order.asset, became, order.component, order.failure_mode.value,
            str(order.evidence), order.why, order.ended or "",
        )  # fmt: skip
    console.print(table)
    if len(orders) > MOST_LISTED:
        console.print(f"… and {len(orders) - MOST_LISTED} more; --json FILE has them all")


def _show_outcome(outcome: Outcome, console: Console) -> None:
    for found in outcome.found:
        console.print(
            f"[green]found[/green]  {found.failure.asset} {_of(found.failure.failed_at)} {found.failure.what}: "
            f"{_lead(found.lead)}"
        )
    for missed in outcome.missed:
        console.print(f"[red]missed[/red] {missed.asset} {_of(missed.failed_at)} {missed.what}")
    for order in outcome.false:
        console.print(f"[yellow]for nothing[/yellow] {order.asset} {_of(order.opened_at)} {order.why}")
    leads = ""
    if outcome.median_lead is not None and outcome.worst_lead is not None:
        leads = f"; lead {_h(outcome.median_lead):,.1f} h (median), {_h(outcome.worst_lead):,.1f} h (5th percentile)"
    console.print(
        f"failures found {len(outcome.found)}, missed {len(outcome.missed)}{leads}\n"
        f"orders for nothing {len(outcome.false)} ({outcome.false_per_asset_month:.3f} per asset and month), "
        f"not known {len(outcome.unjudged)}\n"
        f"technician hours {outcome.hours:,.0f}; cost {outcome.cost:,.0f} by your numbers"
    )


def show_difference(change: Difference, against: str, console: Console) -> None:
    """Print how a run differs from what it is compared with."""
    if change.none:
        console.print(f"the same orders as {against}: {len(change.same)}")
        return
    _show_orders(f"Gained against {against}", change.gained, console)
    _show_orders(f"Lost against {against}", change.lost, console)
    for pair in change.changed[:MOST_LISTED]:
        console.print(f"changed {pair.after.asset} {_of(pair.after.opened_at)}: {_changes(pair)}")
    console.print(
        f"against {against}: {len(change.gained)} gained, {len(change.lost)} lost, {len(change.earlier)} earlier, "
        f"{len(change.later)} later, {len(change.same)} the same"
    )


def _changes(pair: Pair) -> str:
    changes = []
    if pair.later_by:
        changes.append(
            f"{abs(pair.later_by) / timedelta(hours=1):.1f} h {'later' if pair.later_by > timedelta(0) else 'earlier'}"
        )
    for name in ("type", "opened_as", "component", "failure_mode"):
        before, after = getattr(pair.before, name), getattr(pair.after, name)
        if before != after:
            changes.append(f"{name.replace('_', ' ')} {before} → {after}")
    if (pair.before.duplicate_of is None) != (pair.after.duplicate_of is None):
        changes.append("a duplicate in one of them")
    return ", ".join(changes)


def _lead(lead: timedelta) -> str:
    hours = lead / timedelta(hours=1)
    return f"{hours:,.1f} h before" if hours >= 0 else f"{-hours:,.1f} h after"


def _of(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def _h(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration / timedelta(hours=1), 3)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
