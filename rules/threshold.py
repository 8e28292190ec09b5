"""A limit on a signal, or on a measure of it, with its own limit for clearing, so that it does not flicker."""

from dataclasses import dataclass
from typing import NamedTuple

from rules.expression import Expression
from rules.measures import Measure
from workorder_core.alarms.budget import Budget
from workorder_core.words import FailureMode, OperatingState, Severity

EVERY = "*"
"""The signal of a rule that is for every signal of its class."""
DEFAULT_STATES = frozenset({OperatingState.RUNNING, OperatingState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Becomes active past ``raise_at`` for ``for_us``, and clears when the value is back past ``clear_at``.

    An upper limit has ``clear_at`` below ``raise_at``, a lower limit above it. Both are in the unit of the signal, or
    of the measure.

    Parameters
    ----------
    kind
        The table it was written as: ``threshold``, ``rate`` and so on.
    for_us
        How long the value must stay past ``raise_at`` without a break, in the asset's event time, microseconds.
    max_gap_us
        A silence longer than this restarts the duration: an unmeasured condition did not last.
    states
        The operating states in which it judges; in any other it is inactive.
    measure
        What is compared with the limit; None for the value itself.
    reference
        The signal that the value is compared with; ``*`` for the median of the other assets of the class.
    expression, clears
        Conditions over several signals for it to become active, and to clear.
    excluded
        Signals that a rule for every signal leaves out.
    unit
        The signal's unit that the rule's author assumed; None where the rule does not say.
    latching
        Whether its alarm remains after the condition is over, until somebody resets it.
    max_shelf_us
        How long its alarm may be shelved at most, microseconds; None for the default, 0 forbids it.
    budget
        How often it may alarm and how often it must be right; None if its owner has set no budget.
    late
        Whether a late reading beyond the limit opens an order for the past.
    inhibits, explains
        A declared cause: while it is active, findings on downstream assets open no orders; of these failure modes
        only, or of all where none is named.
    """

    id: str
    asset_class: str
    signal: str
    raise_at: float
    clear_at: float
    for_us: int
    max_gap_us: int
    states: frozenset[OperatingState]
    component: str
    failure_mode: FailureMode
    severity: Severity
    kind: str = "threshold"
    measure: Measure | None = None
    reference: str | None = None
    expression: Expression | None = None
    clears: Expression | None = None
    excluded: frozenset[str] = frozenset()
    unit: str | None = None
    late: bool = False
    inhibits: bool = False
    explains: frozenset[FailureMode] = frozenset()
    latching: bool = False
    max_shelf_us: int | None = None
    budget: Budget | None = None

    def __post_init__(self) -> None:
        if self.raise_at == self.clear_at:
            raise ValueError(f"{self.id}: the limit for clearing must differ from raise_at ({self.raise_at})")

    @property
    def upper(self) -> bool:
        return self.clear_at < self.raise_at


class Condition(NamedTuple):
    """A rule's state for one asset between readings; times are the asset's event time in microseconds.

    ``beyond_since`` is None while the value is on the normal side, ``last`` is the newest time judged.
    """

    beyond_since: int | None = None
    active: bool = False
    last: int | None = None


NORMAL = Condition()


def step(rule: Threshold, before: Condition, at_us: int, value: float) -> Condition:
    """Judge one value. Values come in order of event time."""
    beyond = value >= rule.raise_at if rule.upper else value <= rule.raise_at
    uncleared = value >= rule.clear_at if rule.upper else value <= rule.clear_at
    if before.active and uncleared:
        return Condition(before.beyond_since, True, at_us)
    if not beyond:
        return Condition(None, False, at_us)
    broken = before.last is not None and at_us - before.last > rule.max_gap_us
    since = at_us if before.beyond_since is None or broken else before.beyond_since
    return Condition(since, at_us - since >= rule.for_us, at_us)
