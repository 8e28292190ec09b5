"""A frame as one row of numbers, for judging many: a dictionary of values costs more than judging them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt


class Row(Mapping[str, float]):
    """A frame's values by signal, as any mapping has them.

    Parameters
    ----------
    places
        The index of each signal in ``numbers``, in their order; assets that measure the same may share it. It is never
        changed.
    numbers
        A value for each signal; NaN where the frame does not have it.
    """

    __slots__ = ("numbers", "places")

    def __init__(self, places: Mapping[str, int], numbers: npt.NDArray[np.float64]) -> None:
        self.places = places
        self.numbers = numbers

    def __getitem__(self, signal: str) -> float:
        value = float(self.numbers[self.places[signal]])
        if value != value:
            raise KeyError(signal)
        return value

    def __iter__(self) -> Iterator[str]:
        return (signal for signal, value in zip(self.places, self.numbers.tolist(), strict=True) if value == value)

    def __len__(self) -> int:
        return len(self.numbers) - int(np.isnan(self.numbers).sum())
