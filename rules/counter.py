"""A counter as one number that only rises: what it counted before it wrapped round or began anew is not lost."""

from dataclasses import dataclass
from typing import Any

FASTER = 4.0
"""A step is plausible up to so many times the fastest rise of late."""
FADES = 0.999
"""What is left of the fastest rise after another reading."""


@dataclass(slots=True)
class Counter:
    """What is known of a counter. Times are its asset's event time, epoch microseconds.

    Parameters
    ----------
    wraps_at
        The first number that it cannot show; None where nobody has said that it wraps.
    at_us, raw
        Its newest reading; ``at_us`` is None before the first.
    before
        What it had counted when it last wrapped or began anew, of what is known.
    pace
        The fastest rise of late, a microsecond; 0 while it has not risen.
    """

    wraps_at: float | None = None
    at_us: int | None = None
    raw: float = 0.0
    before: float = 0.0
    pace: float = 0.0

    def total(self, at_us: int, raw: float) -> float:
        """Take a reading in and return what was counted in all; an older reading tells nothing new."""
        if self.at_us is None:
            self.at_us, self.raw = at_us, raw
        elif at_us > self.at_us:
            self._rise(at_us - self.at_us, raw)
            self.at_us, self.raw = at_us, raw
        return self.before + raw

    def dump(self) -> list[Any]:
        """Return the state in plain types."""
        return [self.wraps_at, self.at_us, self.raw, self.before, self.pace]

    def _rise(self, us: int, raw: float) -> None:
        step = raw - self.raw
        if step < 0.0:
            step = self._after_a_fall(us, raw)
            self.before += self.raw + step - raw
        self.pace = max(self.pace * FADES, step / us)

    def _after_a_fall(self, us: int, raw: float) -> float:
        """What it has counted where it now shows less.

        It has wrapped where that is less than half of its range and no faster than it ever was; else it began anew and
        has counted to what it shows, where that is possible, or nobody knows what, which counts as nothing.
        """
        if self.wraps_at is not None and 0.0 <= raw < self.wraps_at and self.raw <= self.wraps_at:
            round_it = self.wraps_at - self.raw + raw
            if round_it <= self.wraps_at / 2 and (not self.pace or round_it <= FASTER * self.pace * us):
                return round_it
        return raw if 0.0 <= raw <= FASTER * self.pace * us else 0.0
