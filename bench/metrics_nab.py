"""The score of the Numenta Anomaly Benchmark.

A. Lavin, S. Ahmad, "Evaluating real-time anomaly detection algorithms", ICMLA 2015, and NAB 1.1's scorer: in a window
only the earliest detection counts, by a sigmoid of its place; each one outside costs, the more the further it is from
the window before it; a window without one costs a miss. 0 is what a silent detector gets, 100 a perfect one.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """What a detection is worth, and what a false one and a miss cost."""

    hit: float
    false: float
    miss: float


PROFILES: Mapping[str, Profile] = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low_fp": Profile(1.0, 0.22, 1.0),
    "low_fn": Profile(1.0, 0.11, 2.0),
}


def sigmoid(y: float) -> float:
    """The value of a detection at ``y``: -1 is a window's first row, 0 its last, above 0 is after it."""
    return -1.0 if y > 3.0 else 2.0 / (1.0 + math.exp(5.0 * y)) - 1.0


def raw_score(
    detections: Sequence[int], windows: Sequence[tuple[int, int]], profile: Profile, *, probation: int = 0
) -> float:
    """Score the detected rows of one series against its windows, (first row, last row) each, in order.

    Rows before ``probation`` do not count.
    """
    total = 0.0
    for first, last in windows:
        inside = [row for row in detections if first <= row <= last and row >= probation]
        if not inside:
            total -= profile.miss
            continue
        place = -(last - inside[0] + 1) / (last - first + 1)
        total += profile.hit * sigmoid(place) / sigmoid(-1.0)
    for row in detections:
        if row < probation or any(first <= row <= last for first, last in windows):
            continue
        before = [window for window in windows if window[1] < row]
        if not before:
            total -= profile.false
            continue
        first, last = before[-1]
        width = last - first + 1
        total += profile.false * sigmoid((row - last) / (width - 1 or 1))
    return total


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """Put a sum of raw scores on the scale from 0 (a silent detector) to 100 (a perfect one)."""
    silent, perfect = -profile.miss * windows, profile.hit * windows
    return 100.0 * (raw - silent) / (perfect - silent) if windows else 0.0


def best_threshold(
    series: Sequence[tuple[Sequence[float], Sequence[tuple[int, int]], int]], profile: Profile
) -> tuple[float, float]:
    """Return the one threshold for all series that scores best, and its normalised score.

    Each series is (anomaly scores, windows, probationary rows), as NAB optimises a detector's threshold for a profile.
    """
    windows = sum(len(windows) for _, windows, _ in series)
    levels = sorted({round(score, 6) for scores, _, _ in series for score in scores}, reverse=True)
    # All of the highest levels, then ever fewer: the low ones alarm nearly every row.
    levels = [level for k, level in enumerate(levels) if k < 200 or k % (k // 100) == 0][:800]
    order = [sorted(range(len(scores)), key=lambda row: -scores[row]) for scores, _, _ in series]
    falling = [[-scores[row] for row in rows] for rows, (scores, _, _) in zip(order, series, strict=True)]
    best = (1.1, 0.0)
    for level in levels:
        raw = sum(
            raw_score(sorted(rows[: bisect_right(negative, -level)]), spans, profile, probation=probation)
            for rows, negative, (_, spans, probation) in zip(order, falling, series, strict=True)
        )
        score = normalised(raw, windows, profile)
        if score > best[1]:
            best = (level, score)
    return best
