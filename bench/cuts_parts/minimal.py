"""The smallest cases that show numbers which do not follow the messages, each with the batches that show it."""

from __future__ import annotations

import json
from typing import Any

from bench.cuts_parts.plants import KEEN, MODEL, Case, Item, a_message, a_plant, entry, limit, micros, warm
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.messages import Message
from workorder_core.plant.plant import Plant

OWN = """
topic = "own/{asset}"
site = "NTH"
value = "v"
signal = "x"
[time]
path = "t"
format = "ms"
"""
"""A mapping of a topic of a plant's own."""


def own(second: float, asset: str, value: float) -> Message:
    """Return a message of a plant's own topic, as the mapping reads it."""
    at_us = micros(second)
    return Message(f"own/{asset}", json.dumps({"t": at_us // 1000, "v": value}).encode(), at_us)


def sparkplug(kind: str, second: float, seq: int | None = None, device: str | None = None, **values: float) -> Message:
    """Return a message of edge node N1. A node's birth is its first."""
    at_us = micros(second)
    payload = Payload(timestamp=at_us // 1000)
    if kind == "NBIRTH":
        values = {}
        payload.metrics.add(name="bdSeq", datatype=8, long_value=1, timestamp=at_us // 1000)
    for name, value in values.items():
        payload.metrics.add(name=name, datatype=10, double_value=value, timestamp=at_us // 1000)
    if seq is not None:
        payload.seq = seq
    topic = "/".join(filter(None, ("spBv1.0", "NTH", kind, "N1", device)))
    return Message(topic, payload.SerializeToString(), at_us)


def _hall() -> tuple[Plant, dict[str, Any]]:
    """An area in which an asset of ten signals, each with a limit, can begin a flood by one message."""
    signals = [f"s{k}" for k in range(10)]
    assets = (
        entry("A0", "many", signals, area="A"),
        entry("R", "pump", ["temp"], area="A"),
        entry("M", "fan", ["x"], area="A"),
    )
    rules = [limit("hot", "pump"), *(limit(f"hot-{name}", "many", name) for name in signals)]
    return a_plant(*assets), {"threshold": rules}


def _flood() -> Case:
    of_plant, rules = _hall()
    ten = a_message(1, "A0", **{f"s{k}": 95.0 for k in range(10)})
    items: list[Item] = [
        warm("M"),
        a_message(0, "M", x=80.0),
        ten,
        a_message(2, "R", temp=95.0),
        a_message(3, "M", x=80.0),
    ]
    return Case(of_plant, rules, {"fan": KEEN}, items, {"checkpoint_every_inputs": 1})


def _order_numbers() -> Case:
    of_plant = a_plant(entry("R", "pump", ["temp"]), entry("M", "fan", ["x"]))
    items: list[Item] = [warm("M"), a_message(0, "M", x=80.0), a_message(1, "R", temp=95.0), a_message(2, "M", x=80.0)]
    return Case(of_plant, {"threshold": [limit("hot", "pump")]}, {"fan": KEEN}, items)


OUT, BACK = {"u": 0.0}, {"u": 230.0}
POWER = {
    "id": "power", "asset_class": "cabinet", "signal": "u", "raise_at": 20, "clear_above": 30, "component": "supply",
    "failure_mode": "UST", "severity": "malfunction", "inhibits": True,
}  # fmt: skip
"""A cabinet without power explains what is found behind it."""


def _cause(*items: Message) -> Case:
    """A cause by a limit, consequences by a model."""
    of_plant = a_plant(entry("CAB", "cabinet", ["u"]), entry("M", "fan", ["x"], parent="CAB"))
    first: list[Item] = [warm("M"), a_message(0, "M", x=80.0)]
    return Case(of_plant, {"threshold": [POWER]}, {"fan": KEEN, "cabinet": MODEL}, [*first, *items])


def _two_ways() -> Case:
    items: list[Item] = [
        warm("M"),
        a_message(0, "M", x=80.0),
        a_message(1, "L", x=50.0),
        own(2, "M", 80.0),
        a_message(3, "L", x=50.0),
        a_message(4, "M", x=50.0),
    ]
    return Case(a_plant(entry("M", "fan", ["x"]), entry("L", "fan", ["x"])), {}, {"fan": KEEN}, items, mappings=[OWN])


def _made_known() -> Case:
    """An asset and signals that nobody knew, between frames of others; each is an event with a number of its own."""
    items: list[Item] = [
        warm("M"), a_message(0, "M", x=80.0), a_message(1, "N", y=1.0), a_message(2, "M", x=80.0),
        a_message(3, "N", z=95.0), own(4, "N", 3.0), a_message(5, "M", x=50.0),
    ]  # fmt: skip
    rules = {"threshold": [limit("hot", "unclassified", "z")]}
    return Case(a_plant(entry("M", "fan", ["x"])), rules, {"fan": KEEN}, items, mappings=[OWN])


def _death() -> Case:
    """Sparkplug: a device's death closes its frame, in which its model finds something; another is on the lane."""
    items: list[Item] = [
        warm("X"),
        warm("M"),
        sparkplug("NBIRTH", 0, seq=0),
        sparkplug("DBIRTH", 0.1, seq=1, device="X", x=80.0),
        sparkplug("DDATA", 11, seq=2, device="X", x=80.0),
        a_message(11.5, "M", x=80.0),
        sparkplug("DDEATH", 12, seq=3, device="X"),
        a_message(13, "M", x=80.0),
    ]
    more = {"sparkplug_host": "plant", "sparkplug_rebirth_s": 3600.0}
    of_plant = a_plant(entry("X", "step", ["x"]), entry("M", "fan", ["x"]))
    return Case(of_plant, {}, {"step": KEEN | {"frame_step_s": 10.0}, "fan": KEEN}, items, more)


MINIMAL: dict[str, tuple[Case, list[int]]] = {
    "orders are numbered as their findings came": (_order_numbers(), [1, 2]),
    "the eleventh alarm of an area is the same": (_flood(), [1, 1, 2]),
    "a cause that began in the same batch explains": (
        _cause(a_message(1, "CAB", **OUT), a_message(2, "M", x=80.0)),
        [1, 2],
    ),
    "a batch longer than a consequence waits": (
        _cause(a_message(1, "CAB", **OUT), a_message(2, "M", x=80.0), a_message(63, "M", x=80.0)),
        [1, 3],
    ),
    "a cause that ends before the consequence is weighed again": (
        _cause(
            a_message(1, "CAB", **OUT),
            a_message(2, "M", x=80.0),
            a_message(30, "CAB", **BACK),
            a_message(63, "M", x=80.0),
        ),
        [1, 2, 1, 1],
    ),
    "a cause that has ended explains nothing new": (
        _cause(
            a_message(1, "CAB", **OUT),
            a_message(20, "CAB", **BACK),
            a_message(21, "M", x=80.0),
            a_message(82, "M", x=80.0),
        ),
        [1, 1, 2, 1],
    ),
    "a cause that lasts is told once": (
        _cause(a_message(1, "CAB", **OUT), *(a_message(second, "M", x=80.0) for second in range(2, 122, 10))),
        [1, 2] + [1] * 11,
    ),
    "an asset that is fed by two ways is judged as it came": (_two_ways(), [1, 1, 3]),
    "what is made known has its place": (_made_known(), [1, 5]),
    "what is measured no more has its place": (_death(), [1, 1, 1, 1, 2]),
}
"""By name: a case, and batches in which it once came to something else than one message at a time."""
