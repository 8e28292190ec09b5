"""The trend of a slow change: a robust line through the recent values, and when it reaches a limit.

P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", Journal of the American Statistical
Association 63 (1968): the median of the slopes between all pairs of points, with its confidence interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEAST_POINTS = 8


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through a series of values, and when it reaches a limit.

    Parameters
    ----------
    slope, slope_low, slope_high
        Change per unit of time, with the bounds of its confidence interval.
    level
        The line's value at the last time.
    until, earliest, latest
        Time from the last value until the line reaches the limit; ``inf`` if it never does, 0 if it has already.
    """

    slope: float
    slope_low: float
    slope_high: float
    level: float
    until: float
    earliest: float
    latest: float

    @property
    def certain(self) -> bool:
        """Return whether even the slowest slope of the interval reaches the limit."""
        return math.isfinite(self.latest)


def towards(
    times: npt.ArrayLike,
    values: npt.ArrayLike,
    limit: float,
    *,
    upper: bool = True,
    confidence: float = 0.9,
    correlated: bool = False,
) -> Trend | None:
    """Return the trend of ``values`` at ``times`` (any unit, rising) towards ``limit``; None for fewer than 8 points.

    An ``upper`` limit is reached from below, another one from above. Where the residuals are autocorrelated
    (``correlated``), fewer of them are independent, and the interval of the slope is wider accordingly.

    Raises ValueError for series of different lengths, and for a confidence outside 0.5 to 1.
    """
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"a confidence of {confidence}; give one between 0.5 and 1, such as 0.9")
    x, y = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    if len(x) != len(y):
        raise ValueError(f"{len(x)} times and {len(y)} values; give one for each")
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < LEAST_POINTS:
        return None
    # The import costs half a second, once: only processes that need a trend pay for it.
    from scipy import stats

    fit = stats.theilslopes(y, x, alpha=confidence)
    slope, low, high = float(fit.slope), float(fit.low_slope), float(fit.high_slope)
    apart = y - slope * x
    level = float(np.median(apart) + slope * x[-1])
    if correlated:
        wider = _inflation(apart - np.median(apart))
        low, high = slope - wider * (slope - low), slope + wider * (high - slope)
    sign = 1.0 if upper else -1.0
    gap = sign * (limit - level)
    reach = sorted(_until(gap, sign * each) for each in (low, slope, high))
    return Trend(slope, low, high, level, _until(gap, sign * slope), reach[0], reach[-1])


def _inflation(rest: npt.NDArray[np.float64]) -> float:
    """Return how much wider an interval is for autocorrelated values, by the first autocorrelation.

    That of a short series comes out too small; M. G. Kendall, "Note on bias in the estimation of autocorrelation",
    Biometrika 41 (1954), says by how much.
    """
    power = float(rest @ rest)
    if power <= 0.0:
        return 1.0
    echo = float(rest[1:] @ rest[:-1]) / power
    echo = min(max(echo + (1.0 + 4.0 * echo) / len(rest), 0.0), 0.95)
    return math.sqrt((1.0 + echo) / (1.0 - echo))


def _until(gap: float, pace: float) -> float:
    if gap <= 0.0:
        return 0.0
    return gap / pace if pace > 0.0 else math.inf
