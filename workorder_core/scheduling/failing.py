"""What waiting costs: the expected cost of an asset's failure until the work on it is done."""

from math import ceil, floor

from workorder_core.costs.cost_model import Prices
from workorder_core.reliability.survival import Survival
from workorder_core.scheduling.problem import Minute

DAY: Minute = 24 * 60


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
