"""Every kind of detector passes every law."""

from typing import Any

import pytest

from models.document import ModelDocument
from models.named import estimators, named
from tests.models import laws

TREES = {"class": "river.anomaly.HalfSpaceTrees", "n_trees": 5, "height": 4, "window_size": 50, "seed": 1}
VIBRATION = {"class": "river.compose.Select", "args": ["vibration"]}
ESTIMATORS: dict[str, Any] = {
    "the default": None,
    "trees": ["river.preprocessing.MinMaxScaler", TREES],
    "a support vector machine": {"class": "river.anomaly.OneClassSVM", "nu": 0.1},
    "of each target": "river.anomaly.StandardAbsoluteDeviation",
    "somebody's own": "tests.models.strange.Jump",
    "needs every signal": "tests.models.strange.Needy",
    "drift": [VIBRATION, {"class": "river.drift.KSWIN", "alpha": 1e-9, "window_size": 60, "stat_size": 20, "seed": 1}],
    "drift of the mean": {"class": "river.drift.PageHinkley", "delta": 5.0, "threshold": 2000.0},
    "drift of what happens": [VIBRATION, {"class": "river.drift.binary.DDM", "drift_threshold": 6.0}],
}


@pytest.fixture(autouse=True)
def _allowed():
    estimators.allow("tests.models.strange")
    yield
    named._allowed.discard("tests.models.strange")


@pytest.mark.parametrize("monitored", [False, True], ids=["alone", "monitored"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_every_detector(law, estimator, monitored):
    table: dict[str, Any] = {"name": "mine", "regime": ["speed"], "warmup_frames": 200, "memory_frames": 4000}
    if ESTIMATORS[estimator] is not None:
        table["estimator"] = ESTIMATORS[estimator]
    law(laws.Kind(ModelDocument.from_table(table), monitored=monitored))
