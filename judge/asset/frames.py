"""Frames closed by a fixed step of event time, for machines whose signals arrive one by one. The steps form a grid of
event time, so that the times of readings alone decide which belong together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workorder_core.plant.seen import FACTOR, FLOOR


class Closed(NamedTuple):
    """A frame that is complete: the newest event time in it (epoch microseconds), and its values."""

    at_us: int
    values: dict[str, float]


@dataclass(slots=True)
class Gathering:
    """The readings of one asset whose frame is still open.

    Parameters
    ----------
    step_us
        The grid. 0 if each message is a frame; nothing is gathered then.
    hold_us
        How long a signal's last value is kept for later frames, for devices that only send changes. A value as far out
        as an implausible one (`workorder_core.plant.seen`) is kept only once another has confirmed it; until then the
        previous one stays: a single reading must not look like a lasting fault.
    fit
        Whether the model may judge everything gathered so far.
    quiet_since_us
        Wall clock of the first tick after the newest reading.
    """

    step_us: int = 0
    hold_us: int = 0
    start_us: int | None = None
    last_us: int = 0
    fit: bool = True
    values: dict[str, float] = field(default_factory=dict)
    held: dict[str, tuple[int, float, float]] = field(default_factory=dict)
    quiet_since_us: int | None = None

    def due(self, at_us: int) -> bool:
        """Return whether a reading of that time belongs to another step than the gathered ones."""
        return self.start_us is not None and not self.start_us <= at_us < self.start_us + self.step_us

    def quiet(self, wall_us: int, unheard_us: int = 0) -> bool:
        """Record a tick; return whether nothing has arrived for a whole step, by the ticks' own clock, not counting the
        ``unheard_us`` in which nobody listened since the tick before. The device's clock is not used: it may be off by
        more than a step.
        """
        if self.start_us is None:
            return False
        if self.quiet_since_us is not None:
            self.quiet_since_us += unheard_us
        if self.quiet_since_us is None or wall_us < self.quiet_since_us:  # the clock was set back
            self.quiet_since_us = wall_us
        return wall_us - self.quiet_since_us >= self.step_us

    def add(self, at_us: int, values: Mapping[str, float], fit: bool) -> None:
        """Add readings to the open step, or to a new one after ``close``."""
        if self.start_us is None:
            self.start_us = at_us - at_us % self.step_us
            self.last_us = at_us
        if at_us > self.last_us:
            self.last_us = at_us
        if not fit:
            self.fit = False
        self.quiet_since_us = None
        self.values.update(values)
        if self.hold_us:
            held = self.held
            for name, value in values.items():
                before = held.get(name)
                held[name] = at_us, value, value if before is None else before[1]

    def close(self) -> Closed | None:
        """Return the gathered frame and start an empty one; None if nothing was gathered, or if a model may not judge
        it."""
        if self.start_us is None:
            return None
        values = dict(self.values)
        for name, (at_us, value, before) in self.held.items():
            if self.last_us - at_us <= self.hold_us:
                values.setdefault(name, before if abs(value) > FACTOR * max(abs(before), FLOOR) else value)
        closed = Closed(self.last_us, dict(sorted(values.items()))) if self.fit else None
        self.start_us, self.fit, self.quiet_since_us = None, True, None
        self.values = {}
        return closed

    def turn_back(self, now_us: int) -> None:
        """Drop what was gathered and kept of a time later than ``now_us``."""
        if self.start_us is not None and self.last_us > now_us:
            self.start_us, self.fit, self.quiet_since_us, self.values = None, True, None, {}
        self.last_us = min(self.last_us, now_us)
        self.held = {name: kept for name, kept in self.held.items() if kept[0] <= now_us}

    def forget(self, signals: Iterable[str]) -> None:
        """Forget the last values of signals that have gone stale."""
        for name in signals:
            self.held.pop(name, None)

    def dump(self) -> list[Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        return [
            self.start_us,
            self.last_us,
            self.fit,
            dict(sorted(self.values.items())),
            {name: list(self.held[name]) for name in sorted(self.held)},
            self.quiet_since_us,
        ]

    @classmethod
    def restore(cls, step_us: int, hold_us: int, dumped: list[Any]) -> "Gathering":
        """Continue from a dump."""
        start_us, last_us, fit, values, held, quiet_since_us = dumped
        held = {name: (at_us, value, before[0] if before else value) for name, (at_us, value, *before) in held.items()}
        return cls(step_us, hold_us, start_us, last_us, fit, dict(values), held, quiet_since_us)
