"""The measures that a rule compares with its limit instead of the value itself: a rate, a count, a time to a limit.

Each measure is a fold over the values of one signal. Its memory is one list of plain values, so that it fits into a
checkpoint; times are the asset's event time, epoch microseconds.
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Protocol

from rules import trend
from rules.table import in_words
from workorder_core.sentences import kept

Memory = list[Any]
MOST_POINTS = 64
"""The most points of a window, spread over it: bounds a rule's memory of an asset."""
_MOST, _MOST_OF_MEAN = 1.7976931348623157e308, 1e150
"""A float's largest number; and the most that a value counts in a mean, so that its square does not overflow."""


def _finite(number: float) -> float:
    """Return a number that can be written: an infinite one becomes the largest float."""
    return max(-_MOST, min(number, _MOST))


class Measure(Protocol):
    """A measure derived from the values of one signal."""

    def step(self, memory: Memory, at_us: int, value: float, reference: float | None) -> float | None:
        """Add a value, in the order of event time, and return the measure; None while it is not known.

        ``reference`` is what the value is compared with, for a measure that needs one.
        """
        ...

    def describe(self, signal: str) -> str:
        """Describe the measure for people."""
        ...

    def unit(self, unit: str) -> str:
        """Return the measure's unit, given the signal's."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """How much the value has changed in the last ``over_us``, per hour (or what ``per_us`` says).

    Known once half of that time is covered; a silence longer than ``max_gap_us`` restarts it.
    """

    over_us: int
    per_us: int
    max_gap_us: int

    def step(self, memory: Memory, at_us: int, value: float, reference: float | None) -> float | None:
        if memory and at_us - memory[-1][0] > self.max_gap_us:
            memory.clear()
        while len(memory) > 1 and memory[1][0] <= at_us - self.over_us:
            del memory[0]
        first = memory[0] if memory else None
        # The newest point is replaced until it is far enough from the one before it.
        if len(memory) > 1 and at_us - memory[-2][0] < self.over_us // MOST_POINTS:
            memory[-1] = [at_us, value]
        else:
            memory.append([at_us, value])
        if first is None or 2 * (at_us - first[0]) < self.over_us:
            return None
        change: float = value - first[1]
        return _finite(change * self.per_us / float(at_us - first[0]))

    def describe(self, signal: str) -> str:
        return kept("the rate of change of {signal} over {span}", signal=signal, span=in_words(self.over_us))

    def unit(self, unit: str) -> str:
        return kept("{unit} per {span}", unit=unit or "1", span=in_words(self.per_us))


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far the value lies from a reference: above it (``side`` 1), below it (-1), or on either side (0)."""

    reference: str
    side: int

    def step(self, memory: Memory, at_us: int, value: float, reference: float | None) -> float | None:
        if reference is None:
            return None
        off = _finite(value - reference)
        return abs(off) if self.side == 0 else self.side * off

    def describe(self, signal: str) -> str:
        if self.side == 0:
            return kept("the deviation of {signal} from {reference}", signal=signal, reference=self.reference)
        if self.side > 0:
            return kept("the deviation of {signal} above {reference}", signal=signal, reference=self.reference)
        return kept("the deviation of {signal} below {reference}", signal=signal, reference=self.reference)

    def unit(self, unit: str) -> str:
        return unit


@dataclass(frozen=True, slots=True)
class Count:
    """How often in the last ``within_us`` the value has passed a limit; it counts again once the value was back.

    An ``upper`` limit is passed at ``past`` and above, and has to fall below ``back`` before it is passed again.
    """

    past: float
    back: float
    within_us: int

    @property
    def upper(self) -> bool:
        return self.back <= self.past

    def step(self, memory: Memory, at_us: int, value: float, reference: float | None) -> float | None:
        if not memory:
            memory.append(False)
        sign = 1.0 if self.upper else -1.0
        if not memory[0] and sign * value >= sign * self.past:
            memory[0] = True
            memory.append(at_us)
            if len(memory) > 1 + MOST_POINTS:
                del memory[1]
        elif memory[0] and (sign * value < sign * self.back):
            memory[0] = False
        while len(memory) > 1 and memory[1] <= at_us - self.within_us:
            del memory[1]
        return float(len(memory) - 1)

    def describe(self, signal: str) -> str:
        past, span = self.past, in_words(self.within_us)
        if self.upper:
            return kept("how often {signal} went above {past:.4g} within {span}", signal=signal, past=past, span=span)
        return kept("how often {signal} went below {past:.4g} within {span}", signal=signal, past=past, span=span)

    def unit(self, unit: str) -> str:
        return "times"


@dataclass(frozen=True, slots=True)
class Stuck:
    """For how many minutes the value has stayed within ``band`` of where it was first.

    A silence longer than ``max_gap_us`` restarts it: the value may have moved unseen.
    """

    band: float
    max_gap_us: int

    def step(self, memory: Memory, at_us: int, value: float, reference: float | None) -> float | None:
        if not memory or abs(value - memory[0]) > self.band or at_us - memory[2] > self.max_gap_us:
            memory[:] = [value, at_us, at_us]
        memory[2] = at_us
        return float(at_us - memory[1]) / 60e6

    def describe(self, signal: str) -> str:
        return kept("the time for which {signal} has not changed", signal=signal)

    def unit(self, unit: str) -> str:
        return "min"


@dataclass(frozen=True, slots=True)
class TimeToLimit:
    """In how many hours the trend of the last ``over_us`` reaches a limit; infinite where that is not certain.

    The trend is Sen's line through the means of the window's parts (`rules.trend`), recomputed with each part; it is
    certain if the slowest slope of its 90 % interval reaches the limit too. Known from eight parts on.
    """

    limit: float
    upper: bool
    over_us: int

    def step(self, memory: Memory, at_us: int, value: float, reference: float | None) -> float | None:
        width = self.over_us // (MOST_POINTS // 2)
        part = at_us // width
        if not memory:
            memory[:] = [part, 0.0, 0, None, []]
        if part != memory[0]:
            points = memory[4]
            points.append([memory[0], memory[1] / memory[2]])
            while points[0][0] <= part - MOST_POINTS // 2:
                del points[0]
                if not points:
                    break
            memory[3] = self._hours(points, width)
            memory[0], memory[1], memory[2] = part, 0.0, 0
        memory[1] += max(-_MOST_OF_MEAN, min(value, _MOST_OF_MEAN))
        memory[2] += 1
        known: float | None = memory[3]
        return known

    def _hours(self, points: list[list[float]], width: int) -> float | None:
        times, values = [point[0] for point in points], [point[1] for point in points]
        found = trend.towards(times, values, self.limit, upper=self.upper) if points else None
        if found is None:
            return None
        return found.until * width / 3600e6 if found.certain else math.inf

    def describe(self, signal: str) -> str:
        return kept("the time until {signal} reaches {limit:.4g}", signal=signal, limit=self.limit)

    def unit(self, unit: str) -> str:
        return "h"


class Fleet:
    """The newest values of one signal on all assets of a class, and their median without one of them.

    A value older than ``max_gap_us`` before the newest reading of any of them is dropped: that asset is silent.
    """

    __slots__ = ("_by_time", "_latest", "_ordered")

    def __init__(self, latest: dict[str, tuple[int, float]] | None = None) -> None:
        self._latest: dict[str, tuple[int, float]] = {}
        self._ordered: list[float] = []
        self._by_time: list[tuple[int, str]] = []
        for asset, (at_us, value) in (latest or {}).items():
            self.put(asset, at_us, value)

    def copy(self) -> "Fleet":
        """Return an independent copy."""
        copied = Fleet()
        copied._latest, copied._ordered, copied._by_time = dict(self._latest), list(self._ordered), list(self._by_time)
        return copied

    def put(self, asset: str, at_us: int, value: float) -> None:
        """Set an asset's newest value."""
        before = self._latest.get(asset)
        if before is not None:
            del self._ordered[bisect_left(self._ordered, before[1])]
            del self._by_time[bisect_left(self._by_time, (before[0], asset))]
        self._latest[asset] = (at_us, value)
        self._ordered.insert(bisect_right(self._ordered, value), value)
        entry = (at_us, asset)
        if not self._by_time or entry > self._by_time[-1]:
            self._by_time.append(entry)
        else:
            self._by_time.insert(bisect_left(self._by_time, entry), entry)

    def forget_before(self, at_us: int) -> None:
        """Drop what was measured before that time."""
        while self._by_time and self._by_time[0][0] < at_us:
            _, asset = self._by_time.pop(0)
            del self._ordered[bisect_left(self._ordered, self._latest.pop(asset)[1])]

    def median_without(self, asset: str, least: int) -> float | None:
        """Return the median of the other assets' values; None if there are fewer than ``least``."""
        own = self._latest.get(asset)
        others = len(self._ordered) - (own is not None)
        if others < least:
            return None
        skip = len(self._ordered) if own is None else bisect_left(self._ordered, own[1])

        def ranked(rank: int) -> float:
            return self._ordered[rank if rank < skip else rank + 1]

        return (ranked((others - 1) // 2) + ranked(others // 2)) / 2

    def dump(self) -> dict[str, list[float]]:
        """Return the state in plain types; the same history gives the same bytes."""
        return {asset: list(self._latest[asset]) for asset in sorted(self._latest)}
