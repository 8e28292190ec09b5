"""The range of a signal's values seen so far, and so which values are implausible. No clock, no I/O.

Even without a declared range, a device that sends 65535 or 1e9 once is not trusted. The bound
is a thousand times the largest that was seen, so that no start of a machine and no fault lies beyond it. It is of
magnitudes and not of spans: a machine at rest has a span of zero, for days before it is started.
"""

from collections.abc import Mapping
from typing import Any

LEAST = 500
"""Values of a signal before any is implausible; zeros do not count, since a machine at rest sends them."""
FLOOR = 10.0
"""The least magnitude, in the signal's unit, that the bound is computed from: the machine may have been at rest."""
FACTOR = 1_000.0
"""Values beyond this many times the largest seen are implausible."""
BORNE_OUT = 3
"""This many values beyond the largest seen, each within ``RECENT`` values of the one before, extend the range to the
smallest of them. One or two impossible values do not."""
RECENT = 100


class Seen:
    """The range seen of one signal's values, which are finite.

    Parameters
    ----------
    count
        Values so far other than zero, ``LEAST`` at most.
    largest
        The largest confirmed magnitude.
    higher, least_higher, since
        How many recent values were larger, the smallest of them, and how many values came since the newest of them.
    """

    __slots__ = ("count", "higher", "largest", "least_higher", "since")

    def __init__(
        self, count: int = 0, largest: float = 0.0, higher: int = 0, least_higher: float = 0.0, since: int = 0
    ) -> None:
        self.count, self.largest = count, largest
        self.higher, self.least_higher, self.since = higher, least_higher, since

    @property
    def bound(self) -> float:
        """Return the largest plausible magnitude once there are enough values."""
        return FACTOR * max(self.largest, FLOOR)

    def too_far(self, value: float) -> bool:
        """Return whether a value is implausible."""
        return self.count >= LEAST and abs(value) > self.bound

    def add(self, value: float) -> bool:
        """Add a value, in order of arrival; return whether it is implausible."""
        magnitude = abs(value)
        if self.count < LEAST and magnitude > 0.0:
            self.count += 1
        bound = self.bound
        if magnitude <= self.largest or (self.higher and magnitude <= bound < self.least_higher):
            if self.higher:
                self.since += 1
                if self.since >= RECENT:
                    self.higher = self.since = 0
            return False
        if self.higher and not self.least_higher <= bound < magnitude:
            self.least_higher = min(self.least_higher, magnitude)
            self.higher += 1
        else:  # a merely larger value does not confirm an implausible one
            self.least_higher, self.higher = magnitude, 1
        self.since = 0
        if self.higher == BORNE_OUT:
            self.largest, self.higher = self.least_higher, 0
        return self.too_far(value)

    def dump(self) -> list[Any]:
        """Return the state in plain types."""
        return [self.count, self.largest, self.higher, self.least_higher, self.since]


def add_frame(seen: dict[str, Seen], values: Mapping[str, float]) -> tuple[str, ...]:
    """Add a frame's values; return the signals with implausible ones."""
    found: list[str] = []
    for name, value in values.items():
        known = seen.get(name)
        if known is None:
            known = seen[name] = Seen()
        elif known.count == LEAST and not known.higher and -known.largest <= value <= known.largest:
            continue  # nearly every value
        if known.add(value):
            found.append(name)
    return tuple(found)
