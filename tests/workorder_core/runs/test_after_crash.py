"""What becomes of a run whose process died."""

import pytest

from workorder_core.runs.runs import BACKTEST, MOST_CRASHES, Dropped, GiveUp, RunAgain, RunKind, after_crash

UNSAFE = RunKind(name="x", title="X", safe_again=False, roles=frozenset())


@pytest.mark.parametrize(
    ("kind", "crashes", "cancel_asked", "expected"),
    [
        (BACKTEST, 1, False, RunAgain),
        (BACKTEST, MOST_CRASHES - 1, False, RunAgain),
        (BACKTEST, MOST_CRASHES, False, GiveUp),
        (UNSAFE, 1, False, GiveUp),
        (None, 1, False, GiveUp),
        (UNSAFE, 1, True, Dropped),
        (BACKTEST, MOST_CRASHES, True, Dropped),
    ],
)
def test_a_run_is_done_again_where_that_is_safe_and_helps(kind, crashes, cancel_asked, expected):
    assert isinstance(after_crash(kind, crashes, cancel_asked=cancel_asked, what="it died"), expected)


def test_the_reason_says_what_happened():
    assert after_crash(UNSAFE, 1, cancel_asked=False, what="its process was ended by SIGKILL") == GiveUp(
        "its process was ended by SIGKILL; it is not run again, because it may have done a part of its work"
    )
