"""The committed sample plant is whole, small, and fit to be judged against its truth."""

import csv
import io
import json
import lzma
import math
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
ASSETS = [f"P-10{n}" for n in range(1, 9)]
DAY = 1440
MINUTES = 22 * DAY
HEALTHY_DAYS = 6
"""The first day and the five after it."""


@cache
def rows(asset: str) -> list[dict[str, str]]:
    text = lzma.decompress((SAMPLES / f"{asset}.csv.xz").read_bytes()).decode()
    return list(csv.DictReader(io.StringIO(text)))


@cache
def truths() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
    return found


@cache
def plant() -> dict[str, Any]:
    return tomllib.loads((SAMPLES / "plant.toml").read_text(encoding="utf-8"))


def of_kind(kind: str) -> dict[str, Any]:
    (only,) = [truth for truth in truths() if truth["kind"] == kind]
    return only


def between(asset: str, signal: str, begins: int, ends: int) -> list[float]:
    return [float(row[signal] or "nan") for row in rows(asset)[begins:ends]]


def test_the_sample_is_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.glob("*.xz")) < 4_000_000


@pytest.mark.parametrize("asset", ASSETS)
def test_every_minute_is_there_once_and_every_value_is_a_number_or_absent(asset: str) -> None:
    assert [int(row["minute"]) for row in rows(asset)] == list(range(MINUTES))
    for row in rows(asset):
        for signal in list(row)[2:]:
            assert row[signal] == "" or math.isfinite(float(row[signal]))


@pytest.mark.parametrize("asset", ASSETS)
def test_a_wrong_clock_is_a_time_with_zone_or_an_offset_in_seconds(asset: str) -> None:
    for claim in {row["clock"] for row in rows(asset)} - {""}:
        assert claim.lstrip("+-").isdigit() or datetime.fromisoformat(claim).tzinfo is not None


def test_the_plant_names_just_the_assets_and_signals_that_have_files() -> None:
    described = {asset["id"]: asset["class"] for asset in plant()["assets"]}
    assert sorted(described) == sorted(path.name.removesuffix(".csv.xz") for path in SAMPLES.glob("*.csv.xz"))
    for asset, its_class in described.items():
        signals = {signal["id"] for signal in plant()["signals"] if signal["class"] == its_class}
        assert set(rows(asset)[0]) - {"minute", "clock"} == signals


def test_every_asset_stands_at_a_work_centre_that_exists() -> None:
    level = {location["code"]: location["level"] for location in plant()["locations"]}
    assert {level[asset["location"]] for asset in plant()["assets"]} == {"work_centre"}


def test_every_asset_has_its_truth_and_only_known_assets_have_one() -> None:
    assert {truth["asset"] for truth in truths()} == set(ASSETS)


def test_nothing_is_wrong_in_the_first_days() -> None:
    wrong = [truth for truth in truths() if truth["kind"] not in ("healthy", "maintenance_stop")]
    assert min(truth["begins_minute"] for truth in wrong) >= HEALTHY_DAYS * DAY
    for asset in ASSETS:
        for row in rows(asset)[: HEALTHY_DAYS * DAY]:
            assert row["clock"] == ""
            assert "" not in list(row.values())[2:]
        assert max(between(asset, "bearing_temp", 0, HEALTHY_DAYS * DAY)) < 60


def test_the_wearing_bearing_takes_days_and_shows_it_a_day_before_it_fails() -> None:
    truth = of_kind("predictive")
    assert truth["fails_minute"] - truth["begins_minute"] >= 5 * DAY
    a_day_before = truth["fails_minute"] - DAY
    worn = max(between(truth["asset"], "vibration", a_day_before - 60, a_day_before))
    assert worn > 1.5 * max(between(truth["asset"], "vibration", 0, HEALTHY_DAYS * DAY))


def test_the_bearing_without_oil_passes_105_degrees_within_three_hours() -> None:
    truth = of_kind("emergency")
    assert 60 <= truth["fails_minute"] - truth["begins_minute"] <= 180
    assert max(between(truth["asset"], "bearing_temp", truth["begins_minute"], truth["fails_minute"] + 1)) >= 105


def test_the_blocked_pump_runs_on_with_little_flow() -> None:
    truth = of_kind("reactive")
    begins = truth["fails_minute"]
    before, after = begins - 60, begins + 15
    assert max(between(truth["asset"], "flow", after, after + 60)) < 0.35 * min(
        between(truth["asset"], "flow", before, begins)
    )
    assert min(between(truth["asset"], "speed", after, after + 60)) > 2000


def test_one_sensor_sticks_and_one_is_absent_for_a_day_or_two() -> None:
    for truth in truths():
        if truth["kind"] != "sensor":
            continue
        begins, ends = truth["begins_minute"], truth["ends_minute"]
        assert DAY <= ends - begins <= 2 * DAY
        signal = truth["component"].removesuffix("_sensor")
        assert len({row[signal] for row in rows(truth["asset"])[begins:ends]}) == 1


def test_planned_stops_stand_still_on_healthy_machines() -> None:
    stops = [truth for truth in truths() if truth["kind"] == "maintenance_stop"]
    assert len(stops) >= 2
    for stop in stops:
        assert set(between(stop["asset"], "speed", stop["begins_minute"] + 10, stop["ends_minute"])) == {0.0}
