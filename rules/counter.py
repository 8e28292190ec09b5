"""A counter as one number that only rises: what it counted before it wrapped round or began anew is not lost."""

from dataclasses import dataclass
from typing import Any

FASTER = 4.0
"""A step is plausible up to so many times the fastest rise of late."""
FADES = 0.999
"""What is left of the fastest rise after another reading."""
A_FEW = 5
"""For so many readings a counter that has leapt, up or down, may come back to where it was as if nothing had been."""


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
    left_us, left_raw, left_before
        Where it was when it leapt away, and what it had counted before; ``left_us`` is None while it has not, or has
        stayed away for good.
    away
        Readings since then.
    unsure, unsure_pace
        A rise faster than can be, which counts for nothing until a further rise bears it out; and how fast it was.
    """

    wraps_at: float | None = None
    at_us: int | None = None
    raw: float = 0.0
    before: float = 0.0
    pace: float = 0.0
    left_us: int | None = None
    left_raw: float = 0.0
    left_before: float = 0.0
    away: int = 0
    unsure: float = 0.0
    unsure_pace: float = 0.0

    def total(self, at_us: int, raw: float) -> float:
        """Take a reading in and return what was counted in all; an older reading tells nothing new."""
        if self.at_us is None:
            self.at_us, self.raw = at_us, raw
        elif at_us > self.at_us:
            self._follow(at_us, at_us - self.at_us, raw)
            self.at_us, self.raw = at_us, raw
        return self.before + raw

    def dump(self) -> list[Any]:
        """Return the state in plain types."""
        return [
            self.wraps_at, self.at_us, self.raw, self.before, self.pace,
            self.left_us, self.left_raw, self.left_before, self.away, self.unsure, self.unsure_pace,
        ]  # fmt: skip

    def _follow(self, at_us: int, us: int, raw: float) -> None:
        """Go on to a reading, ``us`` after the one before."""
        step, counted = raw - self.raw, self.before + self.raw
        too_fast = self.pace > 0.0 and step > FASTER * self.pace * us
        if self._is_back(at_us, raw, fell_or_leapt=step < 0.0 or too_fast):
            self.before = max(self.left_before, counted - raw)
            self._settle()
        elif step < 0.0:
            self._leave()
            risen = self._after_a_fall(us, raw)
            if self._wrapped(us, raw) is not None:
                self._settle()
            self.before += self.raw + risen - raw
            self.unsure = 0.0
            self.pace = max(self.pace * FADES, risen / us)
        elif self.unsure:
            if step > 0.0:
                self.before += self.unsure
                self.pace = max(self.pace * FADES, min(self.unsure_pace, step / us))
                self._settle()
        elif too_fast:
            self._leave()
            self.unsure, self.unsure_pace = step, step / us
            self.before -= step
        else:
            self.pace = max(self.pace * FADES, step / us)
        if self.left_us is not None:
            self.away += 1
            if self.away > A_FEW:
                self._settle()

    def _leave(self) -> None:
        """Note where it was, if it was not away already."""
        if self.left_us is None:
            self.left_us, self.left_raw, self.left_before, self.away = self.at_us, self.raw, self.before, 0

    def _settle(self) -> None:
        self.left_us, self.away, self.unsure, self.unsure_pace = None, 0, 0.0, 0.0

    def _is_back(self, at_us: int, raw: float, *, fell_or_leapt: bool) -> bool:
        """Whether it is where it would be had it never leapt, and did not get there by counting."""
        if self.left_us is None or not fell_or_leapt:
            return False
        return self.left_raw <= raw <= self.left_raw + FASTER * self.pace * (at_us - self.left_us)

    def _after_a_fall(self, us: int, raw: float) -> float:
        """What it has counted where it now shows less.

        It has wrapped where that is less than half of its range and no faster than it ever was; else it began anew and
        has counted to what it shows, where that is possible, or nobody knows what, which counts as nothing.
        """
        round_it = self._wrapped(us, raw)
        if round_it is not None:
            return round_it
        return raw if 0.0 <= raw <= FASTER * self.pace * us else 0.0

    def _wrapped(self, us: int, raw: float) -> float | None:
        """What it has counted if it has wrapped; None where it cannot have."""
        if self.wraps_at is None or not 0.0 <= raw < self.wraps_at or self.raw > self.wraps_at:
            return None
        round_it = self.wraps_at - self.raw + raw
        plausible = round_it <= self.wraps_at / 2 and (not self.pace or round_it <= FASTER * self.pace * us)
        return round_it if plausible else None
