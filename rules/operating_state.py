"""The operating state of an asset, derived from one of its signals, so that a planned stop is no fault."""

from dataclasses import dataclass
from typing import NamedTuple

from workorder_core.words import OperatingState

# Looked up once: in Python 3.11 that is so slow that it shows in the cost of a reading.
_RUNNING, _STOPPED = OperatingState.RUNNING, OperatingState.STOPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRule:
    """Running at or above one value of a signal, stopped at or below another; between the two nothing changes.

    Parameters
    ----------
    settle_us
        After a start, and after a silence longer than ``max_gap_us``, models wait this long: a machine that warms up is
        not faulty. Event time, microseconds.
    """

    asset_class: str
    signal: str
    running_above: float
    stopped_below: float
    settle_us: int
    max_gap_us: int

    def __post_init__(self) -> None:
        if not self.stopped_below < self.running_above:
            raise ValueError(
                f"operating state of {self.asset_class}: stopped_below ({self.stopped_below}) must be lower than "
                f"running_above ({self.running_above})"
            )


class StateNow(NamedTuple):
    """The state, since when in the asset's event time, and the newest time judged (microseconds)."""

    state: OperatingState = OperatingState.UNKNOWN
    since: int = 0
    last: int = 0


def step(rule: StateRule, before: StateNow, at_us: int, value: float | None) -> StateNow:
    """Update the state from its signal; without a value the state stays as it was."""
    state = before.state
    if value is not None and value >= rule.running_above:
        state = _RUNNING
    elif value is not None and value <= rule.stopped_below:
        state = _STOPPED
    changed = state is not before.state or at_us - before.last > rule.max_gap_us
    return StateNow(state, at_us if changed else before.since, at_us)


def settled(rule: StateRule, now: StateNow) -> bool:
    """Return whether the machine has run long enough for a model to judge it."""
    return now.state is _RUNNING and now.last - now.since >= rule.settle_us
