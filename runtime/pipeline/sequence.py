"""The sequence of inputs: numbers in the order of the messages, whether lane or fold judges them. No I/O, no clock."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.int64]]
NOTHING: Numbers = np.zeros(0, dtype=np.int64)


class Numbering:
    """Numbers the inputs of a part of a batch, from ``first`` on.

    A message's events come before its frames, and all of a message before the next one.

    Parameters
    ----------
    of_events, of_frames, of_ordinary
        The index of the message of each event, each frame of the fold and each frame of the lane, in ascending order. A
        message is read either by the lane or for the fold.
    events, ordinary, next
        The results of ``number``: the numbers of the events and of the lane's frames, and the next free one.
    """

    def __init__(
        self, first: int, of_events: Sequence[int], of_frames: Sequence[int], of_ordinary: Numbers = NOTHING
    ) -> None:
        self.first = first
        self._of_events, self._of_ordinary = np.asarray(of_events, dtype=np.int64), of_ordinary
        self._of_frames = of_frames
        self.events = self.ordinary = NOTHING
        self.next = first

    def number(self, kept: Sequence[int]) -> Numbers:
        """Number everything, and return the numbers of the frames that are ``kept`` (by index); only those get one."""
        events, ordinary, count = self._of_events, self._of_ordinary, len(kept)
        frames = np.arange(count)
        self.next = self.first + count + len(events) + len(ordinary)
        self.events, self.ordinary = np.arange(len(events)), np.arange(len(ordinary))
        if count and (len(events) or len(ordinary)):
            of_frames = np.array([self._of_frames[i] for i in kept], dtype=np.int64)
            frames += np.searchsorted(events, of_frames, "right") + np.searchsorted(ordinary, of_frames)
            self.events += np.searchsorted(of_frames, events)
            self.ordinary += np.searchsorted(of_frames, ordinary)
        if len(events) and len(ordinary):
            self.events += np.searchsorted(ordinary, events)
            self.ordinary += np.searchsorted(events, ordinary)
        self.events += self.first
        self.ordinary += self.first
        return frames + self.first
