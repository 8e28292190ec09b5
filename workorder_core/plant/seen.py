"""What has been seen of a signal so far, and so what lies too far out to be true. No clock, no I/O.

Nobody has said what a signal can measure; a device that says 65535 or 1e9 once is not believed all the same. The bound
is a thousand times the largest that was seen, so that no start of a machine and no fault lies beyond it. It is of
magnitudes and not of spans: a machine at rest shows a span of nothing, and shows it for days before it is started.
"""

from collections.abc import Mapping
from typing import Any

LEAST = 500
"""Values of a signal before anything is too far out; a nought does not count, which a machine at rest shows."""
FLOOR = 10.0
"""A signal that has shown less so far, in its unit, may be that of a machine at rest."""
FACTOR = 1_000.0
"""So many times the largest seen is beyond what can be true."""
BORNE_OUT = 3
"""So many values beyond the largest seen, none of them ``RECENT`` values after the one before, are a move: what is
seen is as large as the least of them. One impossible value, or two, move nothing."""
RECENT = 100


class Seen:
    """What is known of one signal's values. Each is a finite number.

    Parameters
    ----------
    count
        Values so far that were no nought, ``LEAST`` at most.
    largest
        The largest magnitude that is borne out.
    higher, least_higher, since
        How many values of late were larger, the least of them, and how many values came since the newest of them.
    """

    __slots__ = ("count", "higher", "largest", "least_higher", "since")

    def __init__(
        self, count: int = 0, largest: float = 0.0, higher: int = 0, least_higher: float = 0.0, since: int = 0
    ) -> None:
        self.count, self.largest = count, largest
        self.higher, self.least_higher, self.since = higher, least_higher, since

    @property
    def bound(self) -> float:
        """The largest magnitude that is not too far out once there are values enough."""
        return FACTOR * max(self.largest, FLOOR)

    def too_far(self, value: float) -> bool:
        """Whether a value lies too far out to be true."""
        return self.count >= LEAST and abs(value) > self.bound

    def add(self, value: float) -> bool:
        """Take in a value, in the order of arrival; whether it lies too far out to be true."""
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
        else:  # what is too far out is not borne out by what is only larger than before
            self.least_higher, self.higher = magnitude, 1
        self.since = 0
        if self.higher == BORNE_OUT:
            self.largest, self.higher = self.least_higher, 0
        return self.too_far(value)

    def dump(self) -> list[Any]:
        """Return the state in plain types."""
        return [self.count, self.largest, self.higher, self.least_higher, self.since]


def add_frame(seen: dict[str, Seen], values: Mapping[str, float]) -> tuple[str, ...]:
    """Take in a frame's values; return the signals of which they lie too far out."""
    found: list[str] = []
    for name, value in values.items():
        known = seen.get(name)
        if known is None:
            known = seen[name] = Seen()
        elif known.count == LEAST and not known.higher and -known.largest <= value <= known.largest:
            continue  # what nearly every value is
        if known.add(value):
            found.append(name)
    return tuple(found)
