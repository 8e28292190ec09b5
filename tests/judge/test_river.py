"""Every anomaly detector and drift detector of river judges the plant: restored to the same verdicts, bit for bit."""

import csv
import io
import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from river import anomaly, drift

from judge.inputs import Event, JudgedFrame
from judge.judge import Judge, Verdict
from workorder_core.intake.decisions import Open

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
PUMP, MINUTE = "NTH/P-103", 60_000_000
HEALTHY, FAULTY = 500, 120
"""Frames before rags block the pump, and after."""

TREES = {"class": "river.anomaly.HalfSpaceTrees", "n_trees": 5, "height": 4, "window_size": 60, "seed": 1}
SCALED = "river.preprocessing.StandardScaler"
NARROW = "river.preprocessing.MinMaxScaler"
LINE = {"class": "river.linear_model.LinearRegression", "intercept_lr": 0.05}

WAYS: dict[str, tuple[str, Any]] = {
    "GaussianScorer": ("river.anomaly.GaussianScorer", "river.anomaly.GaussianScorer"),
    "GaussianScorer over a window": (
        "river.anomaly.GaussianScorer", {"class": "river.anomaly.GaussianScorer", "window_size": 120},
    ),
    "HalfSpaceTrees": ("river.anomaly.HalfSpaceTrees", TREES),
    "HalfSpaceTrees, scaled": ("river.anomaly.HalfSpaceTrees", [NARROW, TREES]),
    "HalfSpaceTrees of some signals": (
        "river.anomaly.HalfSpaceTrees",
        [{"class": "river.compose.Select", "args": ["flow", "vibration", "speed"]}, NARROW, TREES],
    ),
    "HalfSpaceTrees of two views": (
        "river.anomaly.HalfSpaceTrees",
        [
            [
                {"pipeline": [{"class": "river.compose.Select", "args": ["flow"]}, NARROW]},
                {"pipeline": [{"class": "river.compose.Select", "args": ["vibration"]}, SCALED]},
            ],
            TREES,
        ],
    ),
    "HalfSpaceTrees of what varies": (
        "river.anomaly.HalfSpaceTrees",
        [{"class": "river.feature_selection.VarianceThreshold", "threshold": 0.001}, NARROW, TREES],
    ),
    "LODA": ("river.anomaly.LODA", [SCALED, {"class": "river.anomaly.LODA", "n_random_cuts": 30, "seed": 1}]),
    "LocalOutlierFactor": (
        "river.anomaly.LocalOutlierFactor",
        [
            SCALED,
            {
                "class": "river.anomaly.LocalOutlierFactor",
                "n_neighbors": 5,
                "engine": {"class": "river.neighbors.LazySearch", "window_size": 40},
            },
        ],
    ),
    "OneClassSVM": (
        "river.anomaly.OneClassSVM",
        [SCALED, {"class": "river.anomaly.OneClassSVM", "optimizer": {"class": "river.optim.AdaBound"}}],
    ),
    "PredictiveAnomalyDetection": (
        "river.anomaly.PredictiveAnomalyDetection",
        {"class": "river.anomaly.PredictiveAnomalyDetection", "warmup_period": 50},
    ),
    "PredictiveAnomalyDetection by a line": (
        "river.anomaly.PredictiveAnomalyDetection",
        [SCALED, {"class": "river.anomaly.PredictiveAnomalyDetection", "predictive_model": LINE}],
    ),
    "PredictiveAnomalyDetection by its own past": (
        "river.anomaly.PredictiveAnomalyDetection",
        {
            "class": "river.anomaly.PredictiveAnomalyDetection",
            "warmup_period": 60,
            "predictive_model": {"class": "river.time_series.HoltWinters", "alpha": 0.3},
        },
    ),
    "PredictiveAnomalyDetection by SNARIMAX": (
        "river.anomaly.PredictiveAnomalyDetection",
        {
            "class": "river.anomaly.PredictiveAnomalyDetection",
            "warmup_period": 60,
            "predictive_model": {
                "class": "river.time_series.SNARIMAX", "p": 2, "d": 0, "q": 0,
                "regressor": {"pipeline": [SCALED, LINE]},
            },
        },
    ),
    "QuantileFilter": (
        "river.anomaly.QuantileFilter",
        [NARROW, {"class": "river.anomaly.QuantileFilter", "q": 0.99, "anomaly_detector": TREES}],
    ),
    "StandardAbsoluteDeviation": (
        "river.anomaly.StandardAbsoluteDeviation", "river.anomaly.StandardAbsoluteDeviation",
    ),
    "StandardAbsoluteDeviation from a quantile": (
        "river.anomaly.StandardAbsoluteDeviation",
        {
            "class": "river.anomaly.StandardAbsoluteDeviation",
            "sub_stat": {"class": "river.stats.RollingQuantile", "q": 0.5, "window_size": 61},
        },
    ),
    "ThresholdFilter": (
        "river.anomaly.ThresholdFilter",
        {
            "class": "river.anomaly.ThresholdFilter",
            "threshold": 0.95,
            "anomaly_detector": {"pipeline": [NARROW, TREES]},
        },
    ),
    "ADWIN": ("river.drift.ADWIN", "river.drift.ADWIN"),
    "ADWIN, scaled": ("river.drift.ADWIN", [SCALED, {"class": "river.drift.ADWIN", "delta": 0.0001}]),
    "KSWIN": (
        "river.drift.KSWIN",
        [
            {"class": "river.compose.Select", "args": ["flow", "vibration"]},
            {"class": "river.drift.KSWIN", "alpha": 0.0001, "seed": 1},
        ],
    ),
    "PageHinkley": ("river.drift.PageHinkley", [SCALED, "river.drift.PageHinkley"]),
    "NoDrift": ("river.drift.NoDrift", "river.drift.NoDrift"),
    "DummyDriftDetector": ("river.drift.DummyDriftDetector", {"class": "river.drift.DummyDriftDetector", "t_0": 450}),
    "DDM": ("river.drift.binary.DDM", "river.drift.binary.DDM"),
    "EDDM": ("river.drift.binary.EDDM", "river.drift.binary.EDDM"),
    "FHDDM": ("river.drift.binary.FHDDM", {"class": "river.drift.binary.FHDDM", "short_window_size": 20}),
    "HDDMA": ("river.drift.binary.HDDMA", "river.drift.binary.HDDMA"),
    "HDDMW": ("river.drift.binary.HDDMW", "river.drift.binary.HDDMW"),
}  # fmt: skip
"""What is tried, by what it is called: the detector, and a document's `estimator` with it."""

EXCLUDED = {
    "river.drift.DriftRetrainingClassifier": "is a classifier, which wants labels",
    "river.drift.PeriodicTrigger": "river exports its name and has no such class",
    "river.drift.binary": "is a module",
    "river.drift.datasets": "is a module of data sets",
}
FINDS = (
    "LODA", "LocalOutlierFactor", "OneClassSVM", "PredictiveAnomalyDetection", "StandardAbsoluteDeviation",
    "StandardAbsoluteDeviation from a quantile", "ADWIN", "KSWIN", "PageHinkley", "FHDDM",
)  # fmt: skip
"""What opens an order here. Others end their scores at 1, and are near it on ordinary frames of so short a warm-up."""


@cache
def frames() -> tuple[tuple[int, dict[str, float]], ...]:
    """A pump that loses its flow, settled; now and then a signal is missing."""
    truth = json.loads((SAMPLES / "truth.json").read_text())
    begins = next(each["begins_minute"] for each in truth if each["asset"] == "P-103" and each["kind"] == "reactive")
    text = lzma.decompress((SAMPLES / "P-103.csv.xz").read_bytes()).decode()
    found = []
    for row in csv.DictReader(io.StringIO(text)):
        row.pop("clock")
        minute = int(row.pop("minute"))
        values = {signal: float(value) for signal, value in row.items() if value}
        if values.get("speed", 0.0) > 300 and minute < begins + FAULTY:
            if minute % 17 == 0:
                values.pop("oil_temp", None)
            found.append((minute * MINUTE, values | {"door": 0.0}))
    return tuple(found[-HEALTHY - FAULTY :])


def begun(estimator: Any) -> Judge:
    judge = Judge()
    document = {"name": "tried", "estimator": estimator, "warmup_frames": 300, "memory_frames": 3000, "patience": 60.0}
    judge.decide(
        [
            Event.of(1, "models", None, {"pump": document}),
            Event.of(2, "asset", PUMP, {"class": "pump", "criticality": 3}),
        ]
    )
    return judge


def inputs() -> Iterator[JudgedFrame]:
    for k, (at_us, values) in enumerate(frames()):
        yield JudgedFrame(k + 3, PUMP, at_us, values)


def test_every_detector_of_river_is_tried_or_left_out_for_a_reason() -> None:
    there = {f"{of.__name__}.{name}" for of in (anomaly, drift, drift.binary) for name in of.__all__}
    tried = {detector for detector, _ in WAYS.values()}
    assert there == tried | EXCLUDED.keys()
    assert not tried & EXCLUDED.keys()


@pytest.mark.parametrize("way", WAYS)
def test_it_judges_a_pump_and_goes_on_from_a_dump_to_the_same(way: str) -> None:
    whole, first, verdicts, again = begun(WAYS[way][1]), begun(WAYS[way][1]), list[Verdict](), list[Verdict]()
    for k, each in enumerate(inputs()):
        verdicts += whole.consider([each])
        again += first.consider([each])
        if k % 97 == 41 or k == HEALTHY + 30:
            kept = first.dump()
            first = Judge.restore(kept, first.arrival)
            assert first.dump() == kept
    asset = whole.assets[PUMP]
    assert asset.monitor is not None
    assert asset.monitor.ready(), "it never failed, or it would have begun anew"
    assert again == verdicts
    assert first.dump() == whole.dump()
    opened = [each.decision for each in verdicts if isinstance(each.decision, Open)]
    assert opened or way not in FINDS
    assert all(each.finding.signs for each in opened)


def test_a_state_that_cannot_be_read_any_more_keeps_no_plant_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = begun("river.drift.PageHinkley")
    for each in inputs():
        judge.decide([each])
    kept = judge.dump()
    monkeypatch.delattr("river.drift.page_hinkley.PageHinkley")
    again = Judge.restore(kept, judge.arrival)
    assert again.assets[PUMP].monitor is None
    monkeypatch.undo()
    at_us, values = frames()[-1]
    again.decide([JudgedFrame(judge.arrival + 1, PUMP, at_us + MINUTE, values)])
    monitor = again.assets[PUMP].monitor
    assert monitor is not None
    assert not monitor.ready()
