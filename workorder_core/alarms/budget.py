"""The alarm budget of a rule: how often it may alarm, and how often it must be right. Pure; counting is elsewhere."""

from dataclasses import dataclass
from datetime import timedelta

from workorder_core.sentences import joined, say

WEEK = timedelta(days=7)
"""The rate is counted over the last week of event time."""
CLOSE_OUTS = 20
"""The most close-outs that precision is computed from, the newest."""
REMEMBERED = timedelta(days=180)
"""Age after which close-outs no longer count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a rule's owner allows it.

    Parameters
    ----------
    alarms_per_week
        On all assets together, without suppressed alarms. None sets no limit.
    precision
        The lowest share of its close-outs, 0 to 1, in which something was wrong with the machine. None sets no limit.
    close_outs
        The fewest close-outs for its precision to count.
    may_go_to_shadow
        Whether a rule over its budget goes to the shadow by itself. A safety rule never does.
    """

    alarms_per_week: float | None = None
    precision: float | None = None
    close_outs: int = 5
    may_go_to_shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a rule has used of its budget.

    Parameters
    ----------
    alarms
        Alarms of the last week that were shown to people; ``would_be`` are those in shadow.
    right, wrong
        Of its newest close-outs: those with something wrong with the machine, and those without.
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
    """Return why a rule is over its budget; None if it is not."""
    reasons = []
    if budget.alarms_per_week is not None and spent.alarms > budget.alarms_per_week:
        reasons.append(
            say(
                "{alarms} alarms in a week, its budget is {budget:g}",
                alarms=spent.alarms,
                budget=budget.alarms_per_week,
            )
        )
    precision = spent.precision
    enough = spent.close_outs >= budget.close_outs
    if budget.precision is not None and precision is not None and enough and precision < budget.precision:
        reasons.append(
            say(
                "{right} of {all} close-outs found something ({precision:.0%}), its budget is {budget:.0%}",
                right=spent.right,
                all=spent.close_outs,
                precision=precision,
                budget=budget.precision,
            )
        )
    return joined(reasons, "; ") if reasons else None
