"""What it costs that an order is done later. Amounts are expected values, in the site's currency."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from db.scheduling.failing import Waits


class DelayCostOut(BaseModel):
    """What it costs that an order is done so many days later than it is scheduled, or than now."""

    days: float
    basis: Literal["asset", "class", "priority"] | None = Field(
        description="where the probability comes from: the asset's fleet model, the lives of its class, the weights; "
        "null: waiting costs nothing in failures"
    )
    why: str = Field(description="the same as a sentence, or why it costs nothing")
    failure_cost: float | None = Field(description="what a failure of the asset costs, downtime included")
    fails_early_at: datetime | None = Field(description="by then it fails with a probability of 10 %")
    fails_before: float = Field(description="the probability of a failure before the work is done as planned, 0 to 1")
    fails_before_delayed: float = Field(description="the same with the delay")
    failures: float = Field(description="expected cost of failure that the delay adds")
    lateness: float = Field(description="what the added hours beyond the completion target weigh")
    total: float
    currency: str = Field(description="empty: the site has none")

    @classmethod
    def of(cls, waits: Waits) -> "DelayCostOut":
        chance, delay = waits.chance, waits.delays[0]
        early = None if chance is None else chance.survival.quantile(0.1)
        return cls(
            days=delay.days,
            basis=None if chance is None else chance.basis.value,
            why=waits.why,
            failure_cost=None if chance is None else round(chance.cost, 2),
            fails_early_at=None if chance is None or early is None else chance.survival.at + timedelta(days=early),
            fails_before=round(delay.planned, 6),
            fails_before_delayed=round(delay.delayed, 6),
            failures=round(delay.failures, 2),
            lateness=round(delay.lateness, 2),
            total=round(delay.total, 2),
            currency=waits.currency,
        )
