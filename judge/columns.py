"""Readings as columns of equal length, as they are stored and as the lane judges them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings as columns of equal length; times are epoch microseconds, values are in the signals' units.

    ``quality`` is 0 good, 1 uncertain, 2 bad, 3 stale, 4 bad because its value cannot be true; None where all are good.
    """

    signal: Sequence[int] | Numbers
    observed_us: Sequence[int] | Numbers
    received_us: Sequence[int] | Numbers
    arrival: Sequence[int] | Numbers
    value: Sequence[float] | Numbers
    late: Sequence[bool] | Numbers
    quality: Sequence[int] | Numbers | None = None

    def __len__(self) -> int:
        return len(self.signal)
