"""How far an alarm's sum has to go, so that a healthy machine raises no more alarms than was promised.

A healthy machine's sum leaves zero now and then and returns: an excursion. Their number, and their heights above a
small mark, are recorded for each asset. Beyond a high mark such heights are exponential (J. Pickands, "Statistical
inference using extreme order statistics", Annals of Statistics 3, 1975; for Page's sum D. Siegmund, "Sequential
Analysis", 1985), with an unknown mean that is learned: under a gamma prior for its inverse the height of the next one
follows a Lomax distribution, whose tail is heavier the less has been seen. The limit is where the expected number of
excursions beyond it in a month is the promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FROM = 6.0
"""Excursions count from this height on. Heights are sums of evidence, as the document's patience is."""
PRIOR_HEIGHTS = 8.0
PRIOR_EXCESS = 256.0
"""The prior for heights: worth eight excursions of 32 beyond the mark, somewhat more than those of a document that is
far too sensitive."""
PRIOR_EXCURSIONS = 1.0
PRIOR_FRAMES = 4_000.0
"""The prior for their number: one in 4,000 frames."""
MONTH_S = 30 * 86_400.0
MOST = 400.0
"""All counts are halved at this many excursions: a machine may change over the years."""


@dataclass(slots=True)
class Calibration:
    """The excursions counted on one asset.

    Parameters
    ----------
    frames, seconds
        Frames judged, and the event time that they cover, without gaps.
    excursions
        Excursions beyond the mark, alarms included: repeated false alarms raise the limit until the promise is kept.
    excess
        Sum of their heights above the mark. An alarm counts up to twice its limit: a fault says nothing about how far
        a healthy machine wanders.
    alarms, alarm_excess
        Those among them that were alarms, since the last close-out.
    """

    frames: float = 0.0
    seconds: float = 0.0
    excursions: float = 0.0
    excess: float = 0.0
    alarms: float = 0.0
    alarm_excess: float = 0.0

    def add(self, peak: float, limit: float) -> None:
        """Count an excursion that has ended, under the limit that was in force."""
        beyond = min(peak, 2.0 * limit) - FROM
        if beyond <= 0.0:
            return
        self.excess += beyond
        self.excursions += 1.0
        if peak >= limit:
            self.alarms += 1.0
            self.alarm_excess += beyond
        if self.excursions >= MOST:
            self.frames, self.seconds, self.excursions, self.excess, self.alarms, self.alarm_excess = (
                each / 2.0 for each in self.state()
            )

    def settle(self, *, faults: bool) -> None:
        """Discount the alarms that a close-out has explained: a fault is no excursion of a healthy machine."""
        if faults:
            self.excursions -= self.alarms
            self.excess -= self.alarm_excess
        self.alarms = self.alarm_excess = 0.0

    def expected(self, limit: float) -> float:
        """Return the number of excursions beyond ``limit`` to be expected in a month (30 days) of judged frames."""
        shape = PRIOR_HEIGHTS + self.excursions
        tail = (1.0 + (limit - FROM) / (PRIOR_EXCESS + self.excess)) ** -shape
        return float(self._a_month() * tail)

    def limit(self, promised: float) -> float:
        """Return the height that no more than ``promised`` excursions a month are expected to reach."""
        shape = PRIOR_HEIGHTS + self.excursions
        needed = self._a_month() / promised
        if needed <= 1.0:
            return FROM
        return float(FROM + (PRIOR_EXCESS + self.excess) * (needed ** (1.0 / shape) - 1.0))

    def _a_month(self) -> float:
        """Return the excursions beyond the mark in a month, at the asset's own frame rate."""
        if self.frames < 1.0 or self.seconds <= 0.0:
            return 0.0
        a_frame = (PRIOR_EXCURSIONS + self.excursions) / (PRIOR_FRAMES + self.frames)
        return a_frame * MONTH_S * self.frames / self.seconds

    def state(self) -> list[float]:
        return [self.frames, self.seconds, self.excursions, self.excess, self.alarms, self.alarm_excess]

    @classmethod
    def restore(cls, state: Any) -> Calibration:
        return cls(*state)
