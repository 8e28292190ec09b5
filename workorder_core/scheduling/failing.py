"""What waiting costs: the expected cost of an asset's failure until the work on it is done."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor

from workorder_core.costs.cost_model import Prices
from workorder_core.reliability.survival import Survival
from workorder_core.reliability.weibull import Weibull
from workorder_core.scheduling.problem import Minute
from workorder_core.sentences import coded, say

DAY: Minute = 24 * 60


class Basis(StrEnum):
    """Where the probability of a failure comes from, the best known first."""

    ASSET = "asset"
    """The asset's own survival function, of its fleet model."""
    CLASS = "class"
    """The Weibull distribution of the lives of its class."""
    PRIORITY = "priority"
    """The probability a day by the priority of the order, in the weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How likely an asset is to fail while an order waits, from the time of asking on, and what that costs.

    Parameters
    ----------
    cost
        What a failure costs, in the site's currency; 0 where it has no price.
    why
        Where the probability comes from, as a sentence for people.
    """

    basis: Basis
    survival: Survival
    cost: float
    why: str

    def until(self, days: float) -> float:
        """Return the expected cost of failure within so many days."""
        return self.cost * self.survival.failed_within(days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """What it costs to do work so many days later than planned.

    Parameters
    ----------
    planned, delayed
        The probability of failure before the work is done, as planned and so many days later.
    failures
        What the difference costs.
    lateness
        What the hours beyond the target weigh that the delay adds.
    """

    days: float
    planned: float
    delayed: float
    failures: float
    lateness: float

    @property
    def total(self) -> float:
        """The expected cost of the delay."""
        return self.failures + self.lateness


def delay_cost(
    chance: Chance | None, *, done_in: float, days: float, target_in: float | None = None, late_hour: float = 0.0
) -> Delay:
    """Return what it costs that work which would be done in ``done_in`` days is done ``days`` later.

    Parameters
    ----------
    chance
        From now on; None: the work keeps nothing from failing.
    target_in
        Days until it should be done, below 0 for one that has passed; None: it has no target.
    late_hour
        What an hour beyond the target weighs.
    """
    before, after = max(done_in, 0.0), max(done_in, 0.0) + days
    planned = 0.0 if chance is None else chance.survival.failed_within(before)
    delayed = 0.0 if chance is None else chance.survival.failed_within(after)
    late = 0.0 if target_in is None else max(after - target_in, 0.0) - max(before - target_in, 0.0)
    return Delay(
        days=days,
        planned=planned,
        delayed=delayed,
        failures=0.0 if chance is None else chance.cost * (delayed - planned),
        lateness=late * 24 * late_hour,
    )


def failure_cost(prices: Prices) -> float:
    """Return what a failure costs, with the downtime that it causes; prices that are not set count as nothing."""
    return float((prices.failure or 0) + (prices.down_hour or 0) * (prices.failure_hours or 0))


def waiting(survival: Survival, cost: float, until: Minute) -> tuple[tuple[Minute, float], ...]:
    """Return the line ``Job.waiting`` of an asset whose failure costs so much.

    ``survival`` counts from minute 0, and the line ends at ``until``, or where nothing is known of what follows. Empty
    where a failure costs nothing.
    """
    if cost <= 0:
        return ()
    known = min(until, max(1, floor(survival.days[-1] * DAY)))
    minutes = {ceil(days * DAY) for days in survival.days if ceil(days * DAY) < known}
    return tuple((each, cost * survival.failed_within(each / DAY)) for each in sorted({0, known, *minutes}))


def by_model() -> str:
    """Return where the asset's own survival function comes from."""
    return say("Expected by the remaining life that the asset’s fleet model estimates.")


def by_class(asset_class: str, found: Weibull, age: float) -> str:
    """Return where a Weibull distribution of a class comes from; ``age`` is the asset's, in days."""
    return say(
        "Expected by the lives of its class {name}: {failures} failures in {lives} lives (Weibull, shape {shape:.2f}, "
        "scale {scale:.0f} days). The asset has worked for {age:.0f} days.",
        name=coded(asset_class),
        failures=found.failures,
        lives=found.lives,
        shape=found.shape,
        scale=found.scale,
        age=age,
    )


def by_priority(percent: float) -> str:
    """Return where a probability by priority comes from, in percent a day."""
    return say(
        "Expected by the priority, {percent:g} % a day in the weights: too little is known of the asset and its class.",
        percent=percent,
    )
