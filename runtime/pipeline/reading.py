"""Reads a batch: every message once, as columns for the lane or as frames for the fold, in order in either case."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.border import Bounds
from ingest.formats import payload
from ingest.formats.format import Stale
from ingest.formats.formats import Formats
from ingest.messages import Frame, Message, Refused
from judge.lane.lane import OWN_TOPIC, Lane
from judge.lane.ordinary import Ordinary


@dataclass(slots=True)
class Part:
    """A part of a batch: signals that become stale, then what was measured. Nearly always it is the whole batch.

    Parameters
    ----------
    keys, of_message
        Each frame's ``<site>/<asset>``, and the index of its message, in ascending order.
    ordinary
        The columns that the lane judges; no frame of this batch is of the same asset.
    """

    stale: list[Stale] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    of_message: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ordinary: Ordinary | None = None

    @classmethod
    def of_one(cls, frames: list[Frame], refused: list[Refused]) -> "Part":
        """Return the part of a single message."""
        return cls(frames=frames, keys=[frame.key for frame in frames], of_message=[0] * len(frames), refused=refused)

    def __bool__(self) -> bool:
        return bool(self.stale or self.frames or self.refused or self.ordinary is not None)


@dataclass(slots=True)
class _Read:
    """What the formats have read. ``stale`` is by the index of the message that caused it; ``foreign`` has the assets
    that a message on another topic than their own was about.
    """

    formats: Formats
    bounds: Bounds
    frames: list[Frame] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    of_message: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    stale: list[tuple[int, list[Stale]]] = field(default_factory=list)
    mixed: set[str] = field(default_factory=set)

    def read(self, batch: Sequence[Message], numbers: Iterable[int]) -> None:
        """Read the messages of a batch with these indices."""
        parse, bounds, bound = self.formats.parse, self.bounds, self.formats.bindings.bound
        for number in numbers:
            message = batch[number]
            frame = _ordinary(message, bounds)
            if frame is not None and not (bound and frame.key in bound):
                self.frames.append(frame)
                self.keys.append(frame.key)
                self.of_message.append(number)
                continue
            frames, refused = parse(message, bounds)
            self.note_stale(number)
            keys = [each.key for each in frames]
            if not message.topic.startswith(OWN_TOPIC):
                self.mixed.update(keys)
            self.frames += frames
            self.keys += keys
            self.of_message += [number] * len(frames)
            self.refused += refused

    def note_stale(self, number: int) -> None:
        """Record what a message has made stale."""
        if stale := self.formats.stale():
            self.stale.append((number, stale))

    def assets(self) -> set[str]:
        """Return the assets of which anything was read."""
        return {*self.keys, *(f"{each.site}/{each.asset}" for _, stale in self.stale for each in stale)}

    def sort(self) -> None:
        """Sort the frames into the order of their messages."""
        order = sorted(range(len(self.of_message)), key=self.of_message.__getitem__)
        self.frames = [self.frames[i] for i in order]
        self.keys = [self.keys[i] for i in order]
        self.of_message = [self.of_message[i] for i in order]


def _ordinary(message: Message, bounds: Bounds) -> Frame | None:
    try:
        return payload.ordinary(message, bounds)
    except Exception:  # noqa: BLE001 - the parser that looks closer says what is wrong with it
        return None


def parts(
    batch: Sequence[Message], lane: Lane, formats: Formats, bounds: Bounds, *, look_for_overdue: bool = True
) -> list[Part]:
    """Read a batch in parts, so that stale signals come between the frames before and after them.

    Overdue senders are checked once per batch.
    """
    read = _Read(formats, bounds)
    if look_for_overdue:
        formats.overdue(time.time_ns() // 1000)
        read.note_stale(0)
    said = lane.read(batch)
    read.read(batch, said.rest)
    lane.exclude_mixed(read.mixed)
    ordinary, back = lane.sift(said, bounds, read.assets())
    if back:
        # They are documents of the native payload, about which no format remembers anything, so they can come last.
        read.read(batch, back)
        read.sort()
    return _cut(read, ordinary, len(batch))


def joined(read: Sequence[Sequence[Part]]) -> list[Part]:
    """Return what `parts` would return for those messages together, given its results for each alone."""
    found = [Part()]
    for number, of_one in enumerate(read):
        for part in of_one:
            if part.stale:
                found.append(Part(stale=part.stale))
            last = found[-1]
            last.frames += part.frames
            last.keys += part.keys
            last.of_message += [number] * len(part.frames)
            last.refused += part.refused
    return [part for part in found if part]


def _cut(read: _Read, ordinary: Ordinary | None, messages: int) -> list[Part]:
    """Cut before each message that has made something stale. Refusals go with the first part."""
    begins = [0, *(number for number, _ in read.stale)]
    found: list[Part] = []
    for begin, end, stale in zip(begins, [*begins[1:], messages], [[], *(each for _, each in read.stale)], strict=True):
        of_part = slice(bisect_left(read.of_message, begin), bisect_left(read.of_message, end))
        part = Part(
            stale=stale,
            frames=read.frames[of_part],
            keys=read.keys[of_part],
            of_message=read.of_message[of_part],
            refused=[] if found else read.refused,
            ordinary=None if ordinary is None else ordinary.between(begin, end),
        )
        found.append(part)
    return [part for part in found if part]
