"""Many assets' default detectors side by side, compiled: a row an asset, all of the same signals.

A surprise here equals the one-at-a-time form's to 1e-9; tests/bench/test_bank.py holds them together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models import kernel
from models.kernel import Numbers, Shape
from models.parameters import Parameters

Mask = npt.NDArray[np.bool_]


class LevelShiftBank:
    """Detectors of ``assets`` machines with these signals.

    Parameters
    ----------
    like
        The parameters of every detector.
    signals
        All signals in the order of a frame's columns, the regime's among them.
    """

    def __init__(self, like: Parameters, signals: tuple[str, ...], assets: int) -> None:
        self.like = like
        self._regime = np.array([signals.index(signal) for signal in like.regime], dtype=np.int64)
        self._columns = np.array([i for i, signal in enumerate(signals) if signal not in like.regime], dtype=np.int64)
        self.signals = tuple(signals[i] for i in self._columns)
        self._shape = Shape(len(self._columns), len(self._regime), -(-like.warmup // like.spacing))
        self._parameters = kernel.parameters(like)
        self._numbers = np.zeros((assets, self._shape.numbers))
        self._counts = np.zeros((assets, self._shape.counts), dtype=np.int64)
        self._samples = np.zeros((assets, self._shape.samples))
        self._numbers[:, 0] = 1.0
        self._nobody = np.zeros(assets, dtype=np.bool_)

    def score_learn_many(self, frames: Numbers, hold: Mask | None = None) -> Numbers:
        """Score a frame of every asset, then learn it. ``frames`` is assets by signals, NaN where a value is missing.

        Of the assets in ``hold`` nothing is learned.

        Returns the surprise of every judged column, assets by `signals`, NaN where a signal was not judged.
        """
        out = np.empty((len(frames), len(self.signals)))
        kernel.score_learn_many(
            self._numbers,
            self._counts,
            self._samples,
            self._parameters,
            np.ascontiguousarray(frames, dtype=np.float64),
            self._columns,
            self._regime,
            self._nobody if hold is None else hold,
            out,
        )
        return out

    def resume(self, assets: Mask) -> None:
        """Start the levels of these assets afresh after a gap in their frames."""
        for a in np.flatnonzero(assets):
            shape = self._shape
            kernel.start_afresh(self._counts[a], shape.signals, shape.regimes, self.like.horizon)

    def come_to_rest(self, assets: Mask, *, outlived: bool = False) -> None:
        """Take for ordinary where the signals of these assets are now: their alarms are over."""
        for a in np.flatnonzero(assets):
            shape = self._shape
            kernel.come_to_rest(self._numbers[a], self._counts[a], shape.signals, shape.regimes, outlived)

    @property
    def nbytes(self) -> int:
        """Bytes that all detectors take together."""
        return self._numbers.nbytes + self._counts.nbytes + self._samples.nbytes
