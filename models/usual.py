"""The usual range of a number: mean and spread, by exponential weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from models.alarm import Contribution
from models.kernel import HUGE
from models.residuals import Residual


class Usual:
    """Mean and spread over the last ``memory`` values; unweighted while there are few."""

    __slots__ = ("frames", "mean", "memory", "spread")

    def __init__(self, memory: int, frames: int = 0, mean: float = 0.0, spread: float = 0.0) -> None:
        self.memory, self.frames, self.mean, self.spread = memory, frames, mean, spread

    def learn(self, value: float) -> None:
        self.frames += 1
        gain = max(1.0 / self.frames, 1.0 / self.memory)
        off = value - self.mean
        self.mean += gain * off
        self.spread += gain * (off * (value - self.mean) - self.spread)

    def beyond(self, value: float) -> float:
        """Return how many standard deviations ``value`` lies from the mean; 0 where nothing varies."""
        return (value - self.mean) / math.sqrt(self.spread) if self.spread > 1e-24 else 0.0

    @property
    def deviation(self) -> float:
        return math.sqrt(max(self.spread, 0.0))

    @property
    def range(self) -> tuple[float, float]:
        """Three standard deviations to either side of the mean."""
        return self.mean - 3.0 * self.deviation, self.mean + 3.0 * self.deviation

    def state(self) -> list[Any]:
        return [self.frames, self.mean, self.spread]


class Usuals(dict[str, Usual]):
    """The usual range of several numbers, by name."""

    def __init__(self, memory: int, state: Iterable[tuple[Any, ...]] = ()) -> None:
        super().__init__((name, Usual(memory, *numbers)) for name, *numbers in state)
        self.memory = memory

    def learn(self, values: Mapping[str, float]) -> None:
        """Learn the values that the frame has."""
        for name, value in values.items():
            usual = self.get(name)
            if usual is None:
                usual = self[name] = Usual(self.memory)
            usual.learn(value)

    def state(self) -> list[Any]:
        """Return all that the constructor needs, of plain types."""
        return [[name, *self[name].state()] for name in sorted(self)]

    def residuals(self, values: Mapping[str, float]) -> dict[str, Residual]:
        """Return the residual of each value from its mean."""
        return {
            name: Residual(value, self[name].mean, self[name].deviation)
            for name, value in values.items()
            if name in self
        }

    def contributions(self, values: Mapping[str, float], weights: Mapping[str, float]) -> tuple[Contribution, ...]:
        """Return each signal's contribution; the shares are the squares of the weights."""
        ordered = sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))
        total = sum(weight * weight for _, weight in ordered) or 1.0
        parts = []
        for name, weight in ordered:
            low, high = self[name].range if name in self else (values[name], values[name])
            parts.append(Contribution(name, values[name], low, high, weight * weight / total))
        return tuple(parts)


def finite(values: Mapping[str, float | None]) -> dict[str, float]:
    """Return the finite values whose square is finite too."""
    return {name: float(value) for name, value in values.items() if value is not None and abs(value) <= HUGE}
