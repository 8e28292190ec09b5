"""Turns a counter into a number that only rises, across wrap-arounds and resets."""

from dataclasses import dataclass
from typing import Any

FASTER = 4.0
"""A step is plausible up to this many times the fastest recent rise."""
FADES = 0.999
"""Factor by which the fastest rise decays with each reading."""
A_FEW = 5
"""Readings within which a counter that has jumped, up or down, may return as if nothing had happened."""


@dataclass(slots=True)
class Counter:
    """The state of a counter. Times are its asset's event time, epoch microseconds.

    Parameters
    ----------
    wraps_at
        The first number that it cannot show; None if it is not known to wrap.
    at_us, raw
        Its newest reading; ``at_us`` is None before the first.
    before
        What it had counted when it last wrapped or was reset.
    pace
        The fastest recent rise, per microsecond; 0 while it has not risen.
    left_us, left_raw, left_before
        Where it was when it jumped, and what it had counted before; ``left_us`` is None while it has not, or once the
        jump is accepted.
    away
        Readings since the jump.
    unsure, unsure_pace
        An implausibly fast rise, not counted until a further rise confirms it; and how fast it was.
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
        """Add a reading and return the total count; an older reading changes nothing."""
        if self.at_us is None:
            self.at_us, self.raw = at_us, raw
        elif at_us > self.at_us:
            self._follow(at_us, at_us - self.at_us, raw)
            self.at_us, self.raw = at_us, raw
        return self.before + raw

    def turn_back(self, now_us: int) -> None:
        """Go on as if the newest reading were of ``now_us``, if it is of a later time; a jump is accepted."""
        if self.at_us is not None and self.at_us > now_us:
            self.at_us = now_us
            self._settle()

    def dump(self) -> list[Any]:
        """Return the state in plain types."""
        return [
            self.wraps_at, self.at_us, self.raw, self.before, self.pace,
            self.left_us, self.left_raw, self.left_before, self.away, self.unsure, self.unsure_pace,
        ]  # fmt: skip

    def _follow(self, at_us: int, us: int, raw: float) -> None:
        """Follow a reading, ``us`` after the one before."""
        step, counted = raw - self.raw, self.before + self.raw
        too_fast = self.pace > 0.0 and step > FASTER * self.pace * us
        if self._is_back(at_us, raw, jumped=step < 0.0 or too_fast):
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
        """Remember where it was, unless it has jumped already."""
        if self.left_us is None:
            self.left_us, self.left_raw, self.left_before, self.away = self.at_us, self.raw, self.before, 0

    def _settle(self) -> None:
        self.left_us, self.away, self.unsure, self.unsure_pace = None, 0, 0.0, 0.0

    def _is_back(self, at_us: int, raw: float, *, jumped: bool) -> bool:
        """Return whether it is where it would be had it never jumped, and did not get there by counting."""
        if self.left_us is None or not jumped:
            return False
        return self.left_raw <= raw <= self.left_raw + FASTER * self.pace * (at_us - self.left_us)

    def _after_a_fall(self, us: int, raw: float) -> float:
        """Return what it has counted where it now shows less.

        It has wrapped if that is less than half of its range and no faster than it ever was; otherwise it was reset and
        has counted up to what it shows, if that is possible; if not, nothing is counted.
        """
        round_it = self._wrapped(us, raw)
        if round_it is not None:
            return round_it
        return raw if 0.0 <= raw <= FASTER * self.pace * us else 0.0

    def _wrapped(self, us: int, raw: float) -> float | None:
        """Return what it has counted if it has wrapped; None if it cannot have."""
        if self.wraps_at is None or not 0.0 <= raw < self.wraps_at or self.raw > self.wraps_at:
            return None
        round_it = self.wraps_at - self.raw + raw
        plausible = round_it <= self.wraps_at / 2 and (not self.pace or round_it <= FASTER * self.pace * us)
        return round_it if plausible else None
