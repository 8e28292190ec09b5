"""The judge's inputs: frames of readings, and events, each with its number in the one sequence of inputs."""

from __future__ import annotations

import heapq
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from judge import events
from judge.events import Change
from judge.lane.ordinary import ForModel


class JudgedFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame as it was judged: its sequence number, ``<site>/<asset>``, event time, values. The values of ``doubtful``
    signals are implausible: no model sees them.
    """

    arrival: int
    asset: str
    at_us: int
    values: dict[str, float]
    doubtful: tuple[str, ...] = ()


class LateFrame(msgspec.Struct, frozen=True, gc=False):
    """The plausible late readings of a frame; only rules that open orders for the past judge them."""

    arrival: int
    asset: str
    at_us: int
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Event:
    """Something other than a reading that changes decisions, with its sequence number.

    ``asset`` is ``<site>/<asset>``, or None if it concerns the whole plant.
    """

    arrival: int
    asset: str | None
    change: Change

    @classmethod
    def of(cls, arrival: int, kind: str, asset: str | None, payload: Mapping[str, Any]) -> Event:
        """Return an event as ``judge_events`` keeps it."""
        return cls(arrival, asset, events.read(kind, payload))

    @property
    def kind(self) -> str:
        """The kind under which ``judge_events`` keeps it."""
        return self.change.kind


Input = JudgedFrame | LateFrame | Event


def in_order(frames: Iterable[JudgedFrame], events: Sequence[Event], late: Iterable[LateFrame] = ()) -> Iterator[Input]:
    """Merge frames, events and late readings into the one sequence; a frame's late readings come last."""
    if not events and late == ():
        return iter(frames)
    return heapq.merge(frames, late, events, key=lambda each: each.arrival)


def merged(
    events: Sequence[Event],
    frames: Sequence[JudgedFrame],
    for_models: Sequence[ForModel],
    late: Sequence[LateFrame] = (),
) -> Sequence[Input | ForModel]:
    """Merge the inputs of a part of a batch by their sequence numbers; each list is already in order."""
    if late:
        return sorted([*events, *frames, *late, *for_models], key=_ARRIVAL)
    if not events and not for_models:
        return frames
    if not events and not frames:
        return for_models
    return sorted([*events, *frames, *for_models], key=_ARRIVAL)


_ARRIVAL = operator.attrgetter("arrival")
