"""When a rule is over its alarm budget, and what is said of it."""

import pytest

from workorder_core.alarms.budget import Budget, Spent, over

RATE, PRECISION = Budget(alarms_per_week=20), Budget(precision=0.6)
CASES = {
    "at its rate": (RATE, Spent(alarms=20), None),
    "past its rate": (RATE, Spent(alarms=21), "21 alarms in a week, its budget is 20"),
    "none are allowed": (Budget(alarms_per_week=0), Spent(alarms=1), "1 alarms in a week, its budget is 0"),
    "what it does in shadow is free": (RATE, Spent(alarms=3, would_be=90), None),
    "right often enough": (PRECISION, Spent(right=3, wrong=2), None),
    "not right often enough": (
        PRECISION,
        Spent(right=2, wrong=4),
        "2 of 6 close-outs found something (33%), its budget is 60%",
    ),
    "too few close-outs to say": (PRECISION, Spent(right=0, wrong=4), None),
    "as few as its owner wants": (
        Budget(precision=0.5, close_outs=1),
        Spent(wrong=1),
        "0 of 1 close-outs found something (0%), its budget is 50%",
    ),
    "no close-outs": (PRECISION, Spent(alarms=500), None),
    "both": (
        Budget(alarms_per_week=1, precision=0.5),
        Spent(alarms=2, wrong=5),
        "2 alarms in a week, its budget is 1; 0 of 5 close-outs found something (0%), its budget is 50%",
    ),
}


@pytest.mark.parametrize(("budget", "spent", "says"), CASES.values(), ids=CASES.keys())
def test_a_budget(budget, spent, says):
    assert over(budget, spent) == says
