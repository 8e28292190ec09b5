"""The alarm budget of a rule: how often it may come, and how often it has to be right. Pure; counting is elsewhere."""

from dataclasses import dataclass
from datetime import timedelta

WEEK = timedelta(days=7)
"""The rate is counted over the last week of event time."""
CLOSE_OUTS = 20
"""Precision is that of the newest close-outs, so many at most."""
REMEMBERED = timedelta(days=180)
"""Older close-outs tell of another machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a rule's owner allows it.

    Parameters
    ----------
    alarms_per_week
        On all assets together; what nobody was told of is not counted. None sets no limit.
    precision
        The least part of its close-outs, 0 to 1, in which something was wrong with the machine. None sets no limit.
    close_outs
        How many there must be before its precision counts.
    may_go_to_shadow
        Whether a rule over its budget goes to the shadow by itself. A safety rule never does.
    """

    alarms_per_week: float | None = None
    precision: float | None = None
    close_outs: int = 5
    may_go_to_shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a rule has used.

    Parameters
    ----------
    alarms
        Of the last week, of those that people were told of; ``would_be`` are those that it had in shadow.
    right, wrong
        Of its newest close-outs: something was wrong with the machine, or nothing was found.
    """

    alarms: int = 0
    would_be: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def close_outs(self) -> int:
        return self.right + self.wrong

    @property
    def precision(self) -> float | None:
        return self.right / self.close_outs if self.close_outs else None


def over(budget: Budget, spent: Spent) -> str | None:
    """Say why a rule is over its budget; None while it is not."""
    reasons = []
    if budget.alarms_per_week is not None and spent.alarms > budget.alarms_per_week:
        reasons.append(f"{spent.alarms} alarms in a week, {budget.alarms_per_week:g} are its budget")
    precision = spent.precision
    enough = spent.close_outs >= budget.close_outs
    if budget.precision is not None and precision is not None and enough and precision < budget.precision:
        told = f"{spent.right} of {spent.close_outs} close-outs found something ({precision:.0%})"
        reasons.append(f"{told}, {budget.precision:.0%} are its budget")
    return "; ".join(reasons) or None
