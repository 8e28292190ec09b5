"""The result of a backtest, as pandas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from models import documents as model_documents
from rules import rulebook as rulebooks
from runtime.backtest import failures as failure_files
from runtime.backtest import report
from runtime.backtest.difference import Difference, difference
from runtime.backtest.ledger import Order
from runtime.backtest.outcomes import Failure, Outcome
from runtime.backtest.running import Documents, Run

Rules = Path | str | Mapping[str, Any] | None
Failures = Path | str | Sequence[Failure] | None
_ORDER = ["opened_at", "asset", "type", "opened_as", "component", "failure_mode", "evidence", "why", "ended", "id"]


@dataclass(slots=True, kw_only=True, repr=False)
class Trial:
    """A backtest: its orders, their outcome, and how they differ from another one's.

    ``run`` and ``outcome`` are the plain objects; the tables are made from them.
    """

    run: Run
    outcome: Outcome

    @property
    def orders(self) -> pd.DataFrame:
        """Return the orders, one per row, the oldest first; times are UTC."""
        return orders_table(self.run.orders)

    @property
    def found(self) -> pd.DataFrame:
        """Return the known failures, one per row: whether an order found it, and how many hours before (negative:
        after).
        """
        rows = [
            {"asset": each.failure.asset, "failed_at": each.failure.failed_at, "what": each.failure.what,
             "opened_at": each.order.opened_at, "lead_h": each.lead.total_seconds() / 3600}
            for each in self.outcome.found
        ] + [
            {"asset": each.asset, "failed_at": each.failed_at, "what": each.what, "opened_at": None, "lead_h": None}
            for each in self.outcome.missed
        ]  # fmt: skip
        columns = ["asset", "failed_at", "what", "opened_at", "lead_h"]
        return pd.DataFrame(rows, columns=columns).sort_values("failed_at", ignore_index=True)

    @property
    def summary(self) -> pd.Series:
        """Return the outcome as numbers; hours are of event time, the cost is in the user's own currency."""
        facts = report.outcome_facts(self.outcome)
        return pd.Series(
            {
                "orders": self.outcome.orders,
                "failures found": len(self.outcome.found),
                "failures missed": len(self.outcome.missed),
                "orders for nothing": len(self.outcome.false),
                "not known": len(self.outcome.unjudged),
                "median lead (h)": facts["median_lead_h"],
                "5th percentile of lead (h)": facts["lead_5th_percentile_h"],
                "for nothing per asset and month": facts["false_per_asset_month"],
                "technician hours": facts["technician_hours"],
                "cost": facts["cost"],
            },
            name="value",
        )

    def against(self, other: "Trial") -> pd.DataFrame:
        """Return how this trial differs from ``other``: gained, lost, earlier, later or changed orders.

        ``later_by_h`` is negative if this one opened its order earlier. Empty if they agree.
        """
        return difference_table(difference(other.run.orders, self.run.orders))

    def __repr__(self) -> str:
        return f"Trial:\n{self.summary.to_string()}"

    def _repr_html_(self) -> str:
        html: str = self.summary.to_frame().to_html()
        return html


def documents(rules: Rules, models: Rules) -> Documents:
    """Read a document: a file, a table as in TOML, or None. Raises InvalidRulebook or InvalidModels."""
    return Documents(
        rulebook=_table(rules, lambda path: rulebooks.read(path).document, rulebooks.parse),
        models=_table(models, model_documents.read, model_documents.parse),
    )


def known(failures: Failures) -> list[Failure] | None:
    """Return failures, given or read from a file; None if nothing is known. Raises InvalidFailures."""
    if failures is None or not isinstance(failures, str | Path):
        return None if failures is None else list(failures)
    return failure_files.read(Path(failures))


def orders_table(orders: Sequence[Order]) -> pd.DataFrame:
    """Return orders as a table."""
    rows = [report.order_facts(order) for order in orders]
    table = pd.DataFrame(rows, columns=_ORDER)
    table["opened_at"] = pd.to_datetime(table["opened_at"], utc=True)
    return table


def difference_table(found: Difference) -> pd.DataFrame:
    """Return a difference as a table, the oldest order first."""
    rows: list[tuple[str, Order, float | None]] = [("gained", order, None) for order in found.gained]
    rows += [("lost", order, None) for order in found.lost]
    for pair in found.changed:
        hours = pair.later_by.total_seconds() / 3600
        rows.append(("changed" if not hours else "later" if hours > 0 else "earlier", pair.after, hours))
    facts = [
        {"what": what, "later_by_h": hours}
        | {key: report.order_facts(order)[key] for key in ("opened_at", "asset", "type", "component", "why")}
        for what, order, hours in rows
    ]
    columns = ["what", "opened_at", "asset", "type", "component", "later_by_h", "why"]
    return pd.DataFrame(facts, columns=columns).sort_values("opened_at", ignore_index=True)


def _table(given: Rules, read: Any, check: Any) -> Mapping[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, str | Path):
        table: Mapping[str, Any] = read(Path(given))
        return table
    check(given)
    return given
