"""A finding: what a rule or a model has detected on one asset, with the reasons. Only findings open orders."""

import math
from dataclasses import dataclass
from datetime import datetime

from workorder_core.words import FailureMode, Severity

OF_FLEET = "model:fleet"
"""The source of a fleet model's findings."""
LEADING_SHARE = 0.30
WEIGHTY_SHARE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One signal's part in a finding.

    Parameters
    ----------
    value, usual_low, usual_high
        In the signal's own ``unit``; the usual range is None on an unknown side.
    share
        The signal's part of the whole, 0 to 1; a finding's shares add up to 1, less what is too small to name.
    trend, trend_low, trend_high
        Change a day in the signal's unit, beyond what its operating point explains, with the bounds of its 90 %
        interval; None where it has no direction yet.
    """

    signal: str
    value: float
    unit: str
    usual_low: float | None
    usual_high: float | None
    share: float
    trend: float | None = None
    trend_low: float | None = None
    trend_high: float | None = None

    def __post_init__(self) -> None:
        # NaN becomes None, so that nothing stored or shown has to handle NaN.
        for names in (("usual_low",), ("usual_high",), ("trend", "trend_low", "trend_high")):
            if any(not _is_known(getattr(self, name)) for name in names):
                for name in names:
                    object.__setattr__(self, name, None)
        if not math.isfinite(self.share):
            object.__setattr__(self, "share", 0.0)

    @property
    def unusual(self) -> bool:
        """Return whether the value is out of its usual range, as far as that is known."""
        too_low = self.usual_low is not None and self.value < self.usual_low
        return too_low or (self.usual_high is not None and self.value > self.usual_high)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDates:
    """By when an asset fails with a probability of 10, 50 and 90 %, in its event time; None: later than is known."""

    early: datetime
    likely: datetime | None
    late: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A condition of one asset at one moment of its own event time.

    Parameters
    ----------
    asset
        ``<site>/<asset>``, as in the topic: the same name in every database.
    arrival
        The sequence number of the input that led to it; evidence cites no later reading.
    source, version
        ``rule:<id>`` or ``model:<name>``, and the hash of the document that it was judged by.
    since, at
        The window of event time that the condition has lasted.
    score, limit
        The model's score (0 to 1) and its alarm limit, or the rule's limit in the leading signal's unit.
    signs
        The signals that made it so, the largest share first; never empty.
    summary
        One sentence for the planner.
    cleared
        The condition is over: recorded with its order, which stays open.
    latching
        Its alarm remains after the condition is over, until somebody resets it.
    inferred
        The failure mode is a likely one, inferred from the pattern of signals. It remains an open question until a
        finding detects the failure itself.
    fails
        When it is likely to fail, if the finding says so.
    late
        It is of late readings: the condition was in the past and may be over.
    """

    asset: str
    arrival: int
    component: str
    failure_mode: FailureMode
    severity: Severity
    source: str
    version: str
    since: datetime
    at: datetime
    score: float | None
    limit: float | None
    signs: tuple[Sign, ...]
    summary: str
    cleared: bool = False
    latching: bool = False
    inferred: bool = False
    late: bool = False
    fails: FailureDates | None = None

    def __post_init__(self) -> None:
        if not self.signs:
            raise ValueError(f"{self.source}: a finding must name at least one signal")
        for name in ("score", "limit"):
            if not _is_known(getattr(self, name)):
                object.__setattr__(self, name, None)

    @property
    def answers(self) -> bool:
        """Return whether it says what has failed, not only that something has, or what is likely."""
        return self.failure_mode.specific and not self.inferred

    @property
    def leading_signals(self) -> frozenset[str]:
        """The signals that carry at least 30 % of the finding."""
        return frozenset(sign.signal for sign in self.signs if sign.share >= LEADING_SHARE)

    @property
    def weighty_signals(self) -> frozenset[str]:
        """The signals that tie it to another one: they carry at least 10 % of it, or are out of their usual range."""
        return frozenset(sign.signal for sign in self.signs if sign.share >= WEIGHTY_SHARE or sign.unusual)


def _is_known(number: float | None) -> bool:
    return number is None or math.isfinite(number)
