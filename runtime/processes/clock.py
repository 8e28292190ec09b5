"""Detects jumps of the machine's clock, by comparing it with the monotonic one."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

REPORT_FROM_S = 60.0
"""A jump of at least so many seconds is reported. Time synchronisation moves a clock by less."""
DOUBTED_FOR = timedelta(days=1)
"""After the clock was set forward, it is doubted so long, for somebody to look at it: one that is years ahead makes
everything old."""


def _ahead_s() -> float:
    """Return how far the wall clock is ahead of the monotonic one."""
    return time.time() - time.monotonic()


@dataclass(slots=True)
class Clock:
    """Notices that the wall clock was set since the last check. A machine that slept looks as if set forward."""

    _ahead_s: float = field(init=False)
    _doubted_until_s: float = field(init=False, default=0.0)
    """By the monotonic clock."""

    def __post_init__(self) -> None:
        self._ahead_s = _ahead_s()

    def jumped_s(self, least_s: float = REPORT_FROM_S) -> float:
        """Return by how much the clock was set since the last jump, negative for back; 0 if that is less than
        ``least_s``.
        """
        jump_s = self.off_s()
        if abs(jump_s) < least_s:
            return 0.0
        if jump_s >= REPORT_FROM_S:
            self._doubted_until_s = time.monotonic() + DOUBTED_FOR.total_seconds()
        elif jump_s <= -REPORT_FROM_S:
            self._doubted_until_s = 0.0
        self._ahead_s += jump_s
        return jump_s

    def off_s(self) -> float:
        """Return by how much the clock was set since the last jump, negative for back, and leave it to be noticed."""
        return _ahead_s() - self._ahead_s

    def is_doubted(self) -> bool:
        """Whether the clock was set forward lately, noticed or not."""
        return self.off_s() >= REPORT_FROM_S or time.monotonic() < self._doubted_until_s


def describe_jump(jump_s: float) -> str:
    """Return a jump in words."""
    return f"it was set {'forward' if jump_s > 0 else 'back'} by {abs(jump_s):,.0f} s"
