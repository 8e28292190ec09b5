"""Filters implausible values out of a frame, in front of every detector that a model document names.

A value far beyond a signal's steps so far is set aside until the next value confirms it, and then counts up to a
bounded step. The default detector does the same with its own levels (`models.kernel`), which defines the tolerance for
both. Here a signal's first two values are withheld as well: the third shows which of them is a glitch, and a
third-party detector cannot forget a value that it has seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from models.kernel import FADE, FAR, FEW, FIRM, HUGE, REGIME_FAR, UNSEEN, allowed, odd_one_out


@dataclass(slots=True)
class _Steps:
    """How one signal steps, in its unit. ``first``, ``given``, ``outside``, ``reach`` are as in the default detector.

    ``value`` is the newest that was accepted, ``level`` the smoothed one, over ``settled`` values; ``frame`` counts the
    frames up to the newest value, accepted or not.
    """

    first: float
    value: float
    level: float
    reach: float = 0.0
    given: int = 1
    outside: int = 0
    settled: int = 1
    frame: int = 0


class Gate:
    """Withholds values that are not confirmed yet.

    Parameters
    ----------
    smoothing
        Weight of the newest value in a signal's level.
    regime
        Signals that jump with every start: only values farther out are set aside, and a confirmed one counts in full.
    """

    def __init__(self, smoothing: float, regime: Iterable[str], state: Iterable[Any] = ()) -> None:
        self.smoothing = smoothing
        self.regime = frozenset(regime)
        self._frames = 0
        self._steps: dict[str, _Steps] = {}
        if state:
            self._frames, steps = state
            self._steps = {name: _Steps(*numbers) for name, *numbers in steps}

    def accept(self, frame: Mapping[str, float | None]) -> dict[str, float]:
        """Return the values of a frame that are accepted: finite with a finite square, and no glitches."""
        self._frames += 1
        found = {}
        for name, value in frame.items():
            if value is None or not abs(value) <= HUGE:
                continue
            number = float(value)
            steps = self._steps.get(name)
            if steps is None:
                self._steps[name] = _Steps(number, number, number, frame=self._frames)
                continue
            passed = self._passed(name, steps, number)
            steps.frame = self._frames
            if passed is not None:
                found[name] = passed
        return found

    def state(self) -> list[Any]:
        """Return all that the constructor needs, of plain types; the same history gives the same state."""
        return [self._frames, [[name, *astuple(steps)] for name, steps in self._steps.items()]]

    def _passed(self, name: str, steps: _Steps, value: float) -> float | None:
        if self._frames - steps.frame >= UNSEEN:
            steps.settled = 0
        if steps.given == 2 and not steps.outside:
            alike = min(abs(steps.first), abs(steps.value), abs(value)) / (FAR * FEW / 2)
            odd = odd_one_out(steps.first, steps.value, value, alike)
            if odd in (1, 2):
                steps.reach = abs(value - (steps.first if odd == 2 else steps.value))
                steps.given, steps.outside, steps.settled = 2, odd - 1, 0
                self._move(steps, value)
                return value
        in_regime = name in self.regime
        off, most = value - steps.level, allowed(steps.given, steps.level, steps.reach)
        if abs(off) > most * (REGIME_FAR / FAR if in_regime else 1.0):
            steps.outside += 1
            if steps.outside == 1:
                return None
            if steps.settled and steps.reach > 0.0 and not in_regime:
                value = steps.level + min(max(off, -FIRM * steps.reach), FIRM * steps.reach)
        elif steps.reach > 0.0 or steps.given >= FEW:
            steps.outside = 0
        if steps.settled and value != steps.value:
            step = abs(value - steps.level)
            if steps.outside and steps.reach > 0.0 and not in_regime:
                step = min(step, FAR * steps.reach)
            steps.reach = max(step, steps.reach * FADE)
        self._move(steps, value)
        return value if steps.given > 2 else None

    def _move(self, steps: _Steps, value: float) -> None:
        gain = max(self.smoothing, 1.0 / (steps.settled + 1))
        steps.level = steps.level + gain * (value - steps.level) if steps.settled else value
        steps.settled += 1
        steps.given += 1
        steps.value = value
