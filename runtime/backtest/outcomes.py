"""The outcome of a run: failures found and missed, false orders, lead times, hours and costs."""

import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from runtime.backtest.ledger import Order
from runtime.backtest.running import Run
from workorder_core.costs.cost_model import Priced, Worth, worth

DAYS_A_MONTH = 30.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that really failed.

    Parameters
    ----------
    begins_at
        From when an order counts as finding it; None: ``Criteria.horizon`` decides.
    failed_at
        When the machine failed, or when the fault was fully developed.
    ends_at
        Until when an order counts as finding it, even if late; None: ``Criteria.after`` later.
    what
        For people.
    """

    asset: str
    failed_at: datetime
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    component: str | None = None
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """When an order counts as having found a failure; durations of event time."""

    horizon: timedelta = timedelta(days=30)
    after: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The user's costs, in their own currency. A failure that was found costs a visit."""

    missed_failure: float = 50_000.0
    wasted_visit: float = 500.0
    hours_a_visit: float = 4.0
    hour: float = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A failure and the first order that found it; ``lead`` is negative if the order came after it."""

    failure: Failure
    order: Order

    @property
    def lead(self) -> timedelta:
        return self.failure.failed_at - self.order.opened_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run compared with what is known. Nothing known confirms or denies ``unjudged`` orders."""

    found: list[Found]
    missed: list[Failure]
    false: list[Order]
    unjudged: list[Order]
    asset_months: float
    orders: int
    costs: Costs = field(default_factory=Costs)

    @property
    def false_per_asset_month(self) -> float:
        return len(self.false) / self.asset_months if self.asset_months else 0.0

    @property
    def leads(self) -> list[timedelta]:
        """Return the lead times, the shortest first."""
        return sorted(found.lead for found in self.found)

    @property
    def median_lead(self) -> timedelta | None:
        if not self.found:
            return None
        return timedelta(seconds=statistics.median(lead.total_seconds() for lead in self.leads))

    @property
    def worst_lead(self) -> timedelta | None:
        """Return the 5th percentile, by nearest rank."""
        leads = self.leads
        return leads[max(0, -(-len(leads) * 5 // 100) - 1)] if leads else None

    @property
    def hours(self) -> float:
        """Return the technicians' hours, by the estimate for a visit."""
        return self.orders * self.costs.hours_a_visit

    @property
    def cost(self) -> float:
        """Return the total cost of missed failures, wasted visits and hours."""
        missed = len(self.missed) * self.costs.missed_failure
        return missed + len(self.false) * self.costs.wasted_visit + self.hours * self.costs.hour


def outcome(
    run: Run,
    failures: Sequence[Failure],
    *,
    confirmed: Collection[UUID] = (),
    denied: Collection[UUID] = (),
    complete: bool = True,
    criteria: Criteria | None = None,
    costs: Costs | None = None,
) -> Outcome:
    """Compare a run with the known failures.

    ``confirmed`` and ``denied`` are orders whose close-out says that something, or nothing, was wrong. With
    ``complete`` every failure of the range is known, so that an order for none of them is false; otherwise it stays
    unjudged.
    """
    rules = criteria or Criteria()
    within = [each for each in failures if run.start is not None and _in(run, each)]
    orders = [order for order in run.orders if order.duplicate_of is None]
    met: dict[UUID, Failure] = {}
    found, missed = [], []
    for failure in within:
        begins, ends = _window(failure, rules)
        answers = [order for order in orders if order.asset == failure.asset and begins <= order.opened_at < ends]
        met |= {order.id: failure for order in answers}
        if answers:
            found.append(Found(failure=failure, order=min(answers, key=lambda order: order.opened_at)))
        else:
            missed.append(failure)
    others = [order for order in orders if order.id not in met and order.id not in confirmed]
    false = [order for order in others if complete or order.id in denied]
    return Outcome(
        found=found,
        missed=missed,
        false=false,
        unjudged=[] if complete else [order for order in others if order.id not in denied],
        asset_months=sum(run.asset_days.values()) / DAYS_A_MONTH,
        orders=len(orders),
        costs=costs or Costs(),
    )


def in_money(outcome: Outcome, prices: Mapping[str, Priced]) -> list[Worth]:
    """Return the cost of an outcome by the plant's cost model, by currency; ``prices`` are by asset, as NTH/P-101."""
    failures = [(each.failure.asset, each.lead) for each in outcome.found]
    missed = [(each.asset, None) for each in outcome.missed]
    return worth(prices, failures=[*failures, *missed], false=[order.asset for order in outcome.false])


def _in(run: Run, failure: Failure) -> bool:
    assert run.start is not None and run.end is not None
    return failure.asset in run.asset_days and run.start <= failure.failed_at <= run.end


def _window(failure: Failure, rules: Criteria) -> tuple[datetime, datetime]:
    begins = failure.begins_at or failure.failed_at - rules.horizon
    return begins, failure.ends_at or failure.failed_at + rules.after
