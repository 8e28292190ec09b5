"""Ordinary frames of a batch as columns, and the frames that they close for the models. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


class ForModel(NamedTuple):
    """A frame for a model: ``<site>/<asset>``, the input that completed it, its time, its values."""

    asset: str
    arrival: int
    at_us: int
    values: Mapping[str, float]


@dataclass(slots=True)
class Ordinary:
    """The frames of a batch that the lane judges, as columns.

    ``of_message`` has the index of each frame's message in the batch. ``begin`` has where its readings begin, and where
    the last ones end.
    """

    of_message: Whole
    of_frame: Whole
    at_us: Whole
    received_us: Whole
    begin: Whole
    of_reading: Whole
    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.of_frame)

    def between(self, begin: int, end: int) -> Ordinary | None:
        """Return those of the messages from ``begin`` to before ``end``, None where there are none."""
        first, last = np.searchsorted(self.of_message, (begin, end)).tolist()
        if last - first == len(self):
            return self
        if first == last:
            return None
        kept = np.zeros(len(self), dtype=np.bool_)
        kept[first:last] = True
        return self.only(kept)

    def only(self, kept: npt.NDArray[np.bool_]) -> Ordinary:
        """Return the frames that are ``kept``."""
        counts = np.diff(self.begin)
        readings = np.repeat(kept, counts)
        begin = np.zeros(int(kept.sum()) + 1, dtype=np.int64)
        np.cumsum(counts[kept], out=begin[1:])
        return Ordinary(
            self.of_message[kept], self.of_frame[kept], self.at_us[kept], self.received_us[kept], begin,
            self.of_reading[readings], self.values[readings],
        )  # fmt: skip


class Said(NamedTuple):
    """A batch as read: plain documents of assets on the lane as columns, the indexes of its other messages, and the
    rows of the assets that one of those is about.
    """

    ordinary: Ordinary | None
    rest: Sequence[int]
    spoiled: Sequence[int]
