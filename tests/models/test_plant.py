"""The detector on the sample pump station: the worn bearing days ahead, and nothing on what is healthy."""

import csv
import io
import json
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.default_detector import DefaultDetector, ModelDocument

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
MINUTE = 60_000_000
SETTLES = 240
"""Minutes after a start before the pump is judged: the oil takes hours to be warm."""

pytestmark = pytest.mark.skipif(not (SAMPLES / "truth.json").exists(), reason="the sample plant is not here")


def settled(asset: str) -> Iterator[tuple[int, dict[str, float]]]:
    """The frames of a pump that has run for long enough, those with a wrong clock left out."""
    running = 0
    text = lzma.decompress((SAMPLES / f"{asset}.csv.xz").read_bytes()).decode()
    for row in csv.DictReader(io.StringIO(text)):
        if row.pop("clock"):
            continue
        minute = int(row.pop("minute"))
        values = {signal: float(value) for signal, value in row.items() if value}
        running = running + 1 if values["speed"] > 300 else 0
        if running > SETTLES:
            yield minute, values


def episodes(asset: str) -> list[tuple[int, str]]:
    """The minute and the leading signal of every anomaly of a pump, as if each repair were reported."""
    ends = [t["ends_minute"] for t in truth(asset) if t["kind"] in ("predictive", "emergency") and t["ends_minute"]]
    detector, active, found = DefaultDetector(ModelDocument(regime=("speed",))), False, []
    for minute, values in settled(asset):
        if ends and minute >= ends[0]:
            detector.rebaseline()
            ends.pop(0)
        anomaly = detector.judge(minute * MINUTE, values)
        if anomaly and not active:
            found.append((minute, anomaly.contributions[0].signal))
        active = anomaly is not None
    return found


def truth(asset: str) -> list[dict]:
    return [t for t in json.loads((SAMPLES / "truth.json").read_text()) if t["asset"] == asset]


def test_the_worn_bearing_is_told_more_than_a_day_before_it_fails() -> None:
    wear = next(t for t in truth("P-101") if t["kind"] == "predictive")
    found = episodes("P-101")
    # While the wear is slight it shows at one duty and not at the other, so the anomaly may end and come again.
    assert 1 <= len(found) <= 4
    assert all(wear["begins_minute"] < minute < wear["fails_minute"] - 36 * 60 for minute, _ in found)
    assert {signal for _, signal in found} == {"vibration"}


@pytest.mark.parametrize("asset", ["P-105", "P-106", "P-107", "P-108", pytest.param("P-102", marks=pytest.mark.slow)])
def test_a_healthy_pump_and_a_broken_sensor_are_no_machine_anomaly(asset: str) -> None:
    assert episodes(asset) == []


@pytest.mark.parametrize(("asset", "kind"), [("P-103", "reactive"), ("P-104", "emergency")])
def test_a_sudden_fault_is_told_once_after_it_began(asset: str, kind: str) -> None:
    fault = next(t for t in truth(asset) if t["kind"] == kind)
    found = episodes(asset)
    assert len(found) == 1
    assert fault["begins_minute"] <= found[0][0] <= fault["begins_minute"] + 120
