"""How long the engine has listened between two ticks: a silence of a machine is only what somebody listened to."""

import time
from dataclasses import dataclass, field

from psycopg import Connection

from db.telemetry import engine_metrics
from db.telemetry import judge as judge_db

STALL_S = 10.0
"""A running process begins a batch, if an empty one, at least this often. What is longer was a stall: the process or
its machine was suspended, or the broker or the database could not be reached.
"""
TOLD_FROM_S = 1.0
"""A tick states the time that nobody listened if it is at least this long."""


@dataclass(slots=True)
class Listening:
    """Counts the time that this process has listened since the newest tick, on the monotonic clock.

    Parameters
    ----------
    tick_us
        Wall clock of the newest tick; None without one.
    heard_s
        How long somebody has listened since then.
    """

    tick_us: int | None = None
    heard_s: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    def note(self) -> None:
        """Record that a batch begins: messages are being received."""
        now = time.monotonic()
        self.heard_s += min(now - self._since, STALL_S)
        self._since = now

    def unheard_s(self, now_us: int) -> float:
        """Return how much of the wall clock's time since the newest tick nobody has listened; negative if the clock
        was set back by more than that; 0 if it is too short to count.
        """
        if self.tick_us is None:
            return 0.0
        unheard_s = (now_us - self.tick_us) / 1e6 - self.heard_s
        return unheard_s if abs(unheard_s) >= TOLD_FROM_S else 0.0

    def ticked(self, now_us: int) -> None:
        """Count from a tick on."""
        self.tick_us, self.heard_s = now_us, 0.0


def since_the_newest_tick(conn: Connection, every_s: float) -> Listening:
    """Return the count for a process that starts: the one before it had listened until it last wrote its metrics."""
    tick_us = judge_db.newest_tick_us(conn)
    report = engine_metrics.read(conn)
    if tick_us is None or report is None:
        return Listening(tick_us)
    heard_s = time.time() - report.age_s - tick_us / 1e6
    return Listening(tick_us, min(max(heard_s, 0.0), every_s + STALL_S))
