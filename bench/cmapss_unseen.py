"""Engines with a fault that the fleet has not had, made from real ones by changing the way in which signals move.

They stand in for a second kind of fault where only engines with one are at hand. What an engine's signals do is split
into their smooth course away from its beginning and the rest; the course is changed, the rest is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bench.cmapss_files import Array

REFERENCE = 30
SMOOTH = 17
"""Cycles of the moving average that tells course from noise."""
TURNED = (6, 11, 14, 19, 20)
"""Pressures and flows (s7, s12, s15, s20, s21): a fan's fault moves them the other way than a compressor's."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How the course is changed.

    Parameters
    ----------
    turned
        ``pressures`` turns those of `TURNED` round, ``any`` each signal of an engine by chance, ``none`` leaves all.
    unequal
        Standard deviation of the logarithm by which each signal of an engine goes further or less far.
    slower
        An engine lives up to so many times as long.
    """

    turned: str = "none"
    unequal: float = 0.0
    slower: float = 1.0


FAULTS: Mapping[str, Fault] = {
    "pressures turned": Fault("pressures"),
    "pressures turned, unequal": Fault("pressures", 0.5),
    "any turned, unequal": Fault("any", 0.5),
    "up to 1.5 x as slow": Fault(slower=1.5),
    "pressures turned, up to 2 x as slow": Fault("pressures", slower=2.0),
}


def made_up(fleet: Mapping[int, Array], fault: Fault, rng: np.random.Generator) -> dict[int, Array]:
    """Return the fleet as it would be with this fault."""
    return {unit: _changed(frames, fault, rng) for unit, frames in fleet.items()}


def _changed(frames: Array, fault: Fault, rng: np.random.Generator) -> Array:
    count, signals = frames.shape
    begin = frames[:REFERENCE].mean(axis=0)
    padded = np.pad(frames - begin, ((SMOOTH // 2, SMOOTH // 2), (0, 0)), mode="edge")
    course = np.lib.stride_tricks.sliding_window_view(padded, SMOOTH, axis=0).mean(axis=-1)
    rest = frames - begin - course
    factor = np.exp(rng.normal(0.0, fault.unequal, signals))
    if fault.turned == "any":
        factor *= rng.choice([-1.0, 1.0], signals)
    elif fault.turned == "pressures":
        factor[list(TURNED)] *= -1.0
    longer = int(count * rng.uniform(1.0, fault.slower))
    at = np.linspace(0, count - 1, longer)
    slow = np.stack([np.interp(at, np.arange(count), course[:, k]) for k in range(signals)], axis=1)
    noise = rest if longer == count else rest[rng.integers(0, count, longer)]
    return np.asarray(begin + slow * factor + noise, dtype=np.float64)
