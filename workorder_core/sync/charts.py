"""Charts for a small screen: fewer points that look the same. Pure."""

from collections.abc import Sequence
from math import isfinite

MOST_POINTS = 60
"""Of one signal: more than that is not seen on a phone."""

Point = tuple[float, float]
"""Epoch seconds, value."""


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Return at most ``most`` points that have the first, the last and every peak of a bucket; ``most`` is 4 or more.

    Times are whole seconds, values have six significant digits; what is no number is left out.

    >>> thinned([(0, 1.0), (1, 1.00000001), (2, 9.0), (3, 1.0)], most=4)
    [(0, 1.0), (1, 1.0), (2, 9.0), (3, 1.0)]
    """
    known = [(at, value) for at, value in points if isfinite(value)]
    if len(known) > most:
        inner, buckets = known[1:-1], (most - 2) // 2
        kept = {0, len(known) - 1}
        for bucket in range(buckets):
            first, end = bucket * len(inner) // buckets, (bucket + 1) * len(inner) // buckets
            places = range(first + 1, end + 1)
            kept |= {min(places, key=lambda place: known[place][1]), max(places, key=lambda place: known[place][1])}
        known = [known[place] for place in sorted(kept)]
    return [(round(at), float(f"{value:.6g}")) for at, value in known]
