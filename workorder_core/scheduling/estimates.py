"""How long work takes by what was done before: the median of the hours worked on the most alike orders. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LEAST_OF_PLAN = 3
"""Fewer orders of one job plan say less than those of the class."""
CLOSE = 0.1
"""A share of the estimate within which a median says the same."""


class Alike(StrEnum):
    """What the orders have in common that a median is of, the most alike first."""

    PLAN = "plan"
    CLASS = "class"
    TYPE = "type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """The median of the hours worked on orders like one.

    Parameters
    ----------
    hours
        Above 0.
    count
        Of how many done orders.
    """

    hours: float
    count: int
    alike: Alike

    def differs_from(self, estimated: float | None) -> bool:
        """Return whether an estimate is so far from it, or missing, that a planner should see it."""
        return estimated is None or abs(estimated - self.hours) > CLOSE * max(estimated, self.hours)


Key = tuple[Alike, str | None, str]
"""By plan: its name, and no type; by class: its class and the type of the order; by type: none and the type."""


def learned(
    known: Mapping[Key, Learned], *, plan: str | None, asset_class: str | None, order_type: str
) -> Learned | None:
    """Return the median of the most alike orders: of the job plan, else of the class and type, else of the type."""
    of_plan = None if plan is None else known.get((Alike.PLAN, plan, ""))
    if of_plan is not None and of_plan.count >= LEAST_OF_PLAN:
        return of_plan
    of_class = None if asset_class is None else known.get((Alike.CLASS, asset_class, order_type))
    return of_class or of_plan or known.get((Alike.TYPE, None, order_type))
