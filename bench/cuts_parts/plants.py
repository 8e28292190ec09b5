"""What the cases are made of: small plants, limits, models that have learned, and messages."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingest.messages import Message
from workorder_core.plant.plant import AssetEntry, LocationEntry, Plant, SignalEntry
from workorder_core.words import Criticality

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MODEL = {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8, "patience": 10.0}
KEEN = MODEL | {"patience": 1.0, "false_episodes_per_month": 0.0}
"""Raises its alarm on the second frame that is thirty deviations off: the first one waits for it."""
Happening = tuple[str, str | None, dict[str, Any]]
"""An event for the judge: its kind, ``<site>/<asset>`` or None, and its payload."""
Item = Message | Happening


@dataclass
class Case:
    """A plant, its documents, and what comes to it. ``mappings`` are documents of mappings."""

    plant: Plant
    rules: dict[str, Any]
    models: dict[str, Any]
    items: Sequence[Item]
    settings: dict[str, Any] = field(default_factory=dict)
    mappings: Sequence[str] = ()


def entry(
    code: str, of_class: str, signals: Sequence[str], parent: str | None = None, area: str | None = None
) -> AssetEntry:
    """Return an asset of those signals."""
    return AssetEntry(
        code=code, name=code, asset_class=of_class, criticality=Criticality.HIGH, parent=parent, location=area,
        signals=tuple(SignalEntry(name=name, quantity=None, unit="") for name in signals),
    )  # fmt: skip


def a_plant(*assets: AssetEntry) -> Plant:
    """Return a plant of one area, A."""
    area = LocationEntry(code="A", name="Area A", level="area")
    return Plant(code="NTH", name="North", time_zone="UTC", locations=(area,), assets=assets)


def micros(second: float) -> int:
    """Return so many seconds after the start as epoch microseconds, in whole milliseconds."""
    return round((START.timestamp() + second) * 1000) * 1000


def a_message(second: float, asset: str, **values: float) -> Message:
    """Return a message of the native payload, received when it was measured."""
    at_us = micros(second)
    document = {"ts": at_us // 1000, "values": values}
    return Message(f"plantwright/v1/NTH/{asset}", json.dumps(document).encode(), at_us)


def limit(name: str, of_class: str, signal: str = "temp", at: float = 90, **more: Any) -> dict[str, Any]:
    """Return a threshold rule."""
    return {"id": name, "asset_class": of_class, "signal": signal, "raise_at": at, "clear_below": at - 10,
            "component": f"part {signal}", "failure_mode": "OHE", "severity": "malfunction"} | more  # fmt: skip


def warm(asset: str, signals: Sequence[str] = ("x",)) -> Happening:
    """Return history that its model learns, so that a case needs few messages."""
    noise = random.Random(asset)
    first = micros(-730)
    frames = [[first + k * 10_000_000, {s: round(noise.gauss(50, 1), 3) for s in signals}] for k in range(72)]
    return ("history", f"NTH/{asset}", {"frames": frames})
