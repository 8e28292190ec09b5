"""Records the rows of a class's assets as the judge sees them, for a fleet model to be learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(slots=True)
class Recorded:
    """The rows of one asset: event times in epoch microseconds, and the mean of each signal's values;
    ``restored_us`` are the times at which its lives begin anew."""

    at_us: list[int] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)
    restored_us: list[int] = field(default_factory=list)

    def table(self, names: tuple[str, ...]) -> Array:
        """Return the rows by the named signals; NaN for what was not measured."""
        table = [[row.get(name, np.nan) for name in names] for row in self.rows]
        return np.array(table, dtype=np.float64).reshape(-1, len(names))


class Recording:
    """Stands in for the fleet model of a class while its history is judged again.

    Parameters
    ----------
    step_s
        As of a fleet model: rows are cut as `models.lives.life.LifeState` cuts them.
    """

    version = "recording"

    def __init__(self, asset_class: str, step_s: float) -> None:
        self.asset_class = asset_class
        self.of: dict[str, Recorded] = {}
        self._step_us = round(step_s * 1e6)
        self._open: dict[str, tuple[int, int, dict[str, tuple[float, int]]]] = {}

    def restored(self, asset: str, at_us: int) -> None:
        """Record that an asset's life begins anew after ``at_us``."""
        self.of.setdefault(asset, Recorded()).restored_us.append(at_us)

    def add(self, asset: str, at_us: int, values: Mapping[str, float]) -> None:
        """Record a frame of an asset."""
        known = self.of.setdefault(asset, Recorded())
        if not self._step_us:
            known.at_us.append(at_us)
            known.rows.append(dict(values))
            return
        bucket = at_us // self._step_us
        was = self._open.get(asset)
        if was is None or was[0] != bucket:
            if was is not None:
                known.at_us.append(was[1])
                known.rows.append({name: total / count for name, (total, count) in was[2].items()})
            was = (bucket, at_us, {})
        sums = was[2]
        for name, value in values.items():
            total, count = sums.get(name, (0.0, 0))
            sums[name] = (total + value, count + 1)
        self._open[asset] = (bucket, at_us, sums)
