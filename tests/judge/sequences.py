"""Sequences of inputs written as stories, and what a judge decides on them."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from judge.inputs import Event, Input, JudgedFrame
from judge.judge import Judge, Verdict
from workorder_core.intake.decisions import Ignore, Open
from workorder_core.words import Status

PUMP, FAN = "NTH/P-101", "NTH/F-7"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
MINUTE = 60_000_000


def rule(name="hot", signal="temp", raise_at=90, clear_below=80, severity="safety", mode="OHE", **more):
    keys = {"id": name, "signal": signal, "raise_at": raise_at, "clear_below": clear_below}
    return keys | {"asset_class": "pump", "component": "bearing", "failure_mode": mode, "severity": severity} | more


RULEBOOK: dict[str, Any] = {
    "threshold": [rule(), rule("shakes", "vibration", 5, 4, "degrading", "VIB", **{"for": "10 min"})],
    "operating_state": [{"asset_class": "pump", "signal": "speed", "running_above": 600, "stopped_below": 100}],
    "component_of_signal": {"pump": {"temp": "bearing"}},
}
MODELS: dict[str, Any] = {"pump": {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8, "patience": 10.0}}


class Sequence:
    """Inputs with their arrival numbers, written as a story."""

    def __init__(self, *, documents: bool = True) -> None:
        self.inputs: list[Input] = []
        if documents:
            self.event("rulebook", None, **RULEBOOK)
            self.event("models", None, **MODELS)
            self.event("asset", PUMP, **{"class": "pump", "criticality": 3})
            self.event("signal", PUMP, signal="temp", unit="degC")

    def event(self, kind: str, asset: str | None = PUMP, /, **payload: Any) -> "Sequence":
        self.inputs.append(Event.of(len(self.inputs) + 1, kind, asset, payload))
        return self

    def frame(self, minute: float, asset: str = PUMP, /, **values: float) -> "Sequence":
        values = {"speed": 2800.0} | values
        self.inputs.append(JudgedFrame(len(self.inputs) + 1, asset, START_US + round(minute * MINUTE), values))
        return self

    def moved(self, order_id: UUID, *statuses: Status) -> "Sequence":
        for status in statuses:
            self.event("order_moved", PUMP, order_id=str(order_id), status=status.value)
        return self

    def downtime(self, begins: float, ends: float, name: int = 1, **more: Any) -> "Sequence":
        times = {
            key: (START + timedelta(minutes=at)).isoformat() for key, at in (("starts_at", begins), ("ends_at", ends))
        }
        return self.event("downtime", PUMP, id=name, **times | more)


def judged(sequence: Sequence) -> tuple[list[Verdict], Judge]:
    judge = Judge()
    return list(judge.consider(sequence.inputs)), judge


def told(verdicts: list[Verdict]) -> list[str]:
    """Each decision as ``<minute> <kind> <failure mode>``; what was ignored is left out."""
    return [
        f"{(each.decision.finding.at - START) / timedelta(minutes=1):g} {type(each.decision).__name__} "
        f"{each.decision.finding.failure_mode}"
        for each in verdicts
        if not isinstance(each.decision, Ignore)
    ]


def says(sequence: Sequence) -> list[str]:
    return told(judged(sequence)[0])


def opened(sequence: Sequence) -> UUID:
    """The id of the first order that a story leads to."""
    return next(each.decision.order_id for each in judged(sequence)[0] if isinstance(each.decision, Open))


def shift(minutes=240, of="flow", by=60.0):
    """A machine that runs as ever, until one of its signals shifts for good."""
    noise = random.Random(3)
    story = Sequence()
    for minute in range(minutes):
        values = {"flow": noise.gauss(300, 2), "temp": noise.gauss(60, 0.5), "vibration": noise.gauss(2, 0.1)}
        values[of] += by if minute >= 200 else 0
        story.frame(minute, **values)
    return story


def monitor(story: Sequence):
    found = judged(story)[1].assets[PUMP].monitor
    assert found is not None
    return found


HOT = Sequence().frame(0, temp=95)


def hot():
    return Sequence().frame(0, temp=95)


def flapping() -> Sequence:
    """A value that passes its limit and goes back, every other minute for two hours."""
    story = Sequence()
    for minute in range(120):
        story.frame(minute, temp=95 if minute % 2 == 0 else 60)
    return story


FLEET_RULE = {
    "id": "unlike", "asset_class": "pump", "signal": "temp", "from": "fleet", "raise_at": 15, "clear_below": 10,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip
SILENT_RULE = {"id": "silent", "asset_class": "pump", "signal": "*", "after": "5 min"}


def fleet_story() -> Sequence:
    """Four pumps; the first is 20 degrees warmer than the others, then all fall silent."""
    story = Sequence(documents=False).event("rulebook", None, deviation=[FLEET_RULE], stale=[SILENT_RULE])
    pumps = [f"NTH/P-{number}" for number in range(1, 5)]
    for pump in pumps:
        story.event("asset", pump, **{"class": "pump", "criticality": 2})
    for minute in range(3):
        for pump in pumps:
            story.frame(minute, pump, temp=80.0 if pump == pumps[0] else 60.0)
    for minute in range(8):
        story.event("tick", None, at=(START + timedelta(days=9, minutes=minute)).isoformat())
    return story


def a_machine_that_counts(*, told: bool = True, with_counts: bool = True) -> Sequence:
    """A pump that counts its energy, which wraps, begins anew and then runs away, and tells its mode."""
    noise, story = random.Random(3), Sequence()
    rises = {"id": "hungry", "asset_class": "pump", "signal": "energy", "over": "10 min", "per": "1 h", "raise_at": 900}
    rises |= {"clear_below": 800, "component": "motor", "failure_mode": "OHE", "severity": "degrading"}
    story.event("rulebook", None, **RULEBOOK, rate=[rises])
    if told:
        story.event("signal", PUMP, signal="energy", unit="kWh", counter={"wraps_at": 1000})
        story.event("signal", PUMP, signal="mode", unit="", states={"AUTO": 1, "MANUAL": 2})
    energy = 400.0
    for minute in range(200):
        energy = (energy + (30 if minute >= 180 else 10)) % 1000
        if minute == 150:
            energy = 5.0
        counts = {"energy": energy, "mode": 1.0 + minute % 2} if with_counts else {}
        story.frame(minute, temp=noise.gauss(60, 0.5), vibration=noise.gauss(2, 0.1), **counts)
    return story


@cache
def long_story() -> tuple[Input, ...]:
    """Two assets over hours: a warm-up, a shift, limits, a stop, a downtime, people's steps, other documents, ticks."""
    noise, story = random.Random(7), Sequence()
    more_rules = RULEBOOK | {"threshold": [*RULEBOOK["threshold"], rule("warm", raise_at=85)]}
    steps = [Status.DISPATCHED, Status.IN_PROGRESS, Status.COMPLETED, Status.VERIFIED]
    for minute in range(360):
        temp, vibration, flow = noise.gauss(60, 0.5), noise.gauss(2, 0.1), noise.gauss(300, 2)
        story.frame(
            minute,
            temp=temp + (40 if minute in (251, 330) else 0),
            vibration=vibration + (6 if 260 <= minute < 280 else 0),
            flow=flow - (60 if minute >= 200 else 0),
            speed=0.0 if 290 <= minute < 296 else 2800.0,
        )
        match minute:
            case 253:
                story.moved(opened(story), *steps)
            case 265:
                story.event("rulebook", None, **more_rules)
            case 300:
                story.downtime(302, 310).event("asset", FAN, **{"class": "fan", "criticality": 1})
            case 340:
                story.moved(opened(story), Status.CLOSED)
        if minute % 20 == 0:
            story.event("tick", None, at=START.isoformat()).frame(minute - 400, FAN, current=noise.gauss(10, 0.1))
    return tuple(story.inputs)
