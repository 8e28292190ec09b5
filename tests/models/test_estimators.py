"""Detectors that a document names: river's own, somebody else's, and what is refused."""

import operator
import pickle
import random
import re
import tomllib
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest

from models import default_detector as detectors
from models import documents
from models.document import ModelDocument, ModelDocumentError
from models.named import estimator_state, estimators, named
from models.named.estimators import NoSuchEstimator
from models.named.named_detector import NamedDetector
from tests.models.laws import stream

ESTIMATORS: dict[str, dict[str, Any]] = {
    "river.anomaly.HalfSpaceTrees": {"n_trees": 5, "height": 4, "window_size": 50, "seed": 1},
    "river.anomaly.OneClassSVM": {"nu": 0.1},
    "tests.models.strange.Jump": {"signal": "flow"},
}


@pytest.fixture(autouse=True)
def _allowed():
    estimators.allow("tests.models.strange")
    yield
    named._allowed.discard("tests.models.strange")


def document(name: Any, parameters: dict | None = None, **more: object) -> ModelDocument:
    table = {"name": "mine", "estimator": name, "parameters": parameters or {}, "warmup_frames": 200} | more
    return ModelDocument.from_table({"memory_frames": 4000} | table)


def run(detector, frames):
    return [detector.judge(at, values) for at, values in frames]


NAMES = ["river.anomaly.HalfSpaceTrees", "river.anomaly.OneClassSVM", "tests.models.strange.Jump"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cut", [150, 333])
def test_a_restored_watch_goes_on_to_the_same_scores_and_the_same_bytes(name: str, cut: int) -> None:
    made = document(name, ESTIMATORS[name])
    frames = list(stream(500, shift_at=400, by=10.0))
    whole, first = detectors.begin(made), detectors.begin(made)
    run(whole, frames[:cut])
    run(first, frames[:cut])
    kept = msgspec.msgpack.encode(first.state())
    second = detectors.restore(made, msgspec.msgpack.decode(kept))
    assert msgspec.msgpack.encode(second.state()) == kept
    assert run(second, frames[cut:]) == run(whole, frames[cut:])
    assert msgspec.msgpack.encode(second.state()) == msgspec.msgpack.encode(whole.state())


def test_somebodys_own_detector_finds_what_it_looks_for() -> None:
    detector = detectors.begin(document("tests.models.strange.Jump", {"signal": "bearing_temp"}))
    assert isinstance(detector, NamedDetector)
    found = run(detector, stream(900, shift_at=600, by=20.0))
    assert not any(found[:600])
    first = next(each for each in found[600:] if each is not None)
    assert first.contributions[0].signal == "bearing_temp"
    assert first.score >= first.limit
    assert sum(part.share for part in first.contributions) == pytest.approx(1.0)
    usual = detector.usual("bearing_temp")
    assert usual is not None and usual[0] < 50 < usual[1]


def test_it_learns_anew_after_a_repair() -> None:
    detector = detectors.begin(document("tests.models.strange.Jump"))
    run(detector, stream(300))
    assert detector.ready()
    detector.rebaseline()
    assert not detector.ready() and detector.score() == 0.0 and detector.usual("flow") is None


def test_a_parameter_is_another_version() -> None:
    one = document("tests.models.strange.Jump", {"newest": 10})
    other = document("tests.models.strange.Jump", {"newest": 20})
    assert one.version != other.version


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("os.system", {}, "the module os is not among those that may be run"),
        ("river.anomaly.NoSuch", {}, "NoSuch"),
        ("river.anomaly", {}, "is no class"),
        ("HalfSpaceTrees", {}, "names no class"),
        ("river.anomaly.HalfSpaceTrees", {"trees": 3}, "cannot be made with {'trees': 3}"),
        ("river.stats.Mean", {}, "it needs score_one(x) and learn_one(x)"),
        ("tests.models.strange.NoDetector", {}, "it needs score_one(x) and learn_one(x)"),
        ("tests.models.strange.breaks", {}, "is no class"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(name: str, parameters: dict, told: str) -> None:
    with pytest.raises(ModelDocumentError, match="model 'mine': estimator") as refused:
        document(name, parameters)
    assert told in str(refused.value)


TREES = {"class": "river.anomaly.HalfSpaceTrees", "n_trees": 3, "height": 3, "window_size": 50}

WRONG: dict[str, tuple[Any, str, str]] = {
    "a step that is not there": (
        ["river.preprocessing.MinMaxScalr", TREES],
        "[1]: river.preprocessing.MinMaxScalr",
        "did you mean river.preprocessing.MinMaxScaler",
    ),
    "a parameter that is not there": (
        {"class": "river.anomaly.QuantileFilter", "q": 0.9, "anomaly_detector": TREES | {"trees": 3}},
        "anomaly_detector: river.anomaly.HalfSpaceTrees cannot be made",
        "it takes n_trees",
    ),
    "a step within a pipeline": (
        [{"pipeline": ["river.preprocessing.MinMaxScaler", "river.nothing.Here"]}, TREES],
        "[1].pipeline[2]: river.nothing.Here",
        "name a detector",
    ),
    "a pipeline that ends with a transformer": (
        [TREES, "river.preprocessing.MinMaxScaler"],
        "step 1, river.anomaly.hst.HalfSpaceTrees, does not transform a frame",
        "only the last step may be a detector",
    ),
    "a transformer alone": (
        ["river.preprocessing.MinMaxScaler"], "MinMaxScaler is no detector", "name a detector that can be made",
    ),
    "parameters beside a list": (
        ["river.preprocessing.MinMaxScaler", TREES], "several are named", "write parameters with the class",
    ),
    "no step": ([], "is []", "name at least one detector"),
    "no step of a pipeline": ({"pipeline": []}, "it is an empty list", "name at least one detector"),
    "a number": ([3], "[1]: 3 is neither a name nor a table", "write a dotted name"),
    "a table that names nothing": ([{"n_trees": 3}], "names nothing", "write a dotted name"),
    "a module that may not be run": (
        {"class": "river.anomaly.ThresholdFilter", "threshold": 1, "anomaly_detector": {"class": "os.Popen"}},
        "anomaly_detector: os.Popen: the module os is not among those that may be run",
        "name a detector",
    ),
    "what a module of river has borrowed": ("river.compose.pipeline.Pool", "Pool", "look up the name"),
    "data sets": ("river.datasets.Phishing", "the module river.datasets is not among those", "name a detector"),
    "a classifier": ("river.drift.DriftRetrainingClassifier", "cannot be made with {}", "it takes model"),
    "what cannot be kept": (
        "tests.models.strange.Enclosing", "is a closure over another function's values", "whose state can be stored",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_made_is_refused_with_its_place_and_the_mend(name: str) -> None:
    estimator, problem, action = WRONG[name]
    table: dict[str, Any] = {"name": "mine", "estimator": estimator}
    if name == "parameters beside a list":
        table["parameters"] = {"seed": 1}
    with pytest.raises(ModelDocumentError) as refused:
        ModelDocument.from_table(table)
    assert refused.value.key == "estimator"
    assert problem in refused.value.problem
    assert action in refused.value.action


def test_the_documents_of_the_page_can_judge() -> None:
    page = (Path(__file__).parents[2] / "docs" / "detection.md").read_text(encoding="utf-8")
    (block,) = [each for each in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "estimator" in each]
    documents.parse(tomllib.loads(block))


def pipelines() -> dict[str, Any]:
    shaped = {"class": "river.compose.FuncTransformer", "args": [{"function": "tests.models.strange.doubled"}]}
    return {
        "a function as a step": ["tests.models.strange.doubled", TREES],
        "a function as a parameter": [shaped, TREES],
        "a function without a name": "tests.models.strange.Shaped",
        "needs every signal": "tests.models.strange.Needy",
        "drift": {"class": "river.drift.KSWIN"},
        "targets": "river.anomaly.StandardAbsoluteDeviation",
        "trees": ["river.preprocessing.MinMaxScaler", TREES],
    }


@pytest.mark.parametrize("name", pipelines())
def test_missing_signals_nothing_and_constants_are_survived_and_kept(name: str) -> None:
    made = document(pipelines()[name])
    one, other = detectors.begin(made), detectors.begin(made)
    for k, (at, values) in enumerate(stream(500, shift_at=400, by=5.0)):
        frame: dict[str, Any] = values
        if k > 220:
            frame = {signal: value for number, (signal, value) in enumerate(values.items()) if (k + number) % 7}
            if k % 5 == 0:
                frame["vibration"] = None
            if k % 11 == 0:
                frame["flow"] = float("nan")
            if k % 13 == 0:
                frame = {}
        assert one.judge(at, frame) == other.judge(at, frame)
        if k % 50 == 30:
            kept = msgspec.msgpack.encode(one.state())
            one = detectors.restore(made, msgspec.msgpack.decode(kept))
            assert msgspec.msgpack.encode(one.state()) == kept
    assert msgspec.msgpack.encode(one.state()) == msgspec.msgpack.encode(other.state())
    assert one.ready()


def test_a_drift_is_held_for_a_while_and_names_its_signal() -> None:
    estimator = [
        {"class": "river.compose.Select", "args": ["bearing_temp"]}, {"class": "river.drift.PageHinkley", "delta": 1.5},
    ]  # fmt: skip
    detector = detectors.begin(document(estimator, horizon_frames=40))
    found = run(detector, stream(900, shift_at=600, by=20.0))
    assert not any(found[:600])
    told = [k for k, each in enumerate(found) if each is not None]
    assert 600 <= told[0] < 640
    first = found[told[0]]
    assert first is not None
    assert first.contributions[0].signal == "bearing_temp"
    assert first.score > first.limit
    assert sum(part.share for part in first.contributions) == pytest.approx(1.0)
    assert len(told) >= 40


def test_what_only_becomes_noisier_is_told_by_a_detector_of_distributions() -> None:
    rng = random.Random(3)
    frames = [
        (at, values | {"vibration": 1.2 + rng.gauss(0, 0.05) * (2.5 if k >= 800 else 1.0)})
        for k, (at, values) in enumerate(stream(1300))
    ]
    estimator = [
        {"class": "river.compose.Select", "args": ["vibration"]},
        {"class": "river.drift.KSWIN", "alpha": 1e-6, "window_size": 600, "stat_size": 300},
    ]
    found = run(detectors.begin(document(estimator)), frames)
    assert not any(found[:800])
    first = next(each for each in found[800:] if each is not None)
    assert first.contributions[0].signal == "vibration"


def test_what_draws_by_chance_draws_the_same_again() -> None:
    made = document(["river.preprocessing.MinMaxScaler", {"class": "river.anomaly.HalfSpaceTrees"}])
    one, other = detectors.begin(made), detectors.begin(made)
    assert run(one, stream(300)) == run(other, stream(300))
    assert one.state() == other.state()


def test_another_step_or_other_code_is_another_version() -> None:
    def version(estimator: Any) -> str:
        return document(estimator).version

    assert version([TREES]) != version(["river.preprocessing.MinMaxScaler", TREES]) != version([TREES | {"seed": 3}])
    assert estimators.code_of(["tests.models.strange.doubled", TREES]).count(",") == 1


def test_parameters_without_an_estimator_are_refused() -> None:
    with pytest.raises(ModelDocumentError, match="give the estimator that they are for"):
        ModelDocument.from_table({"parameters": {"a": 1}})


class _Names:
    """Pickles as what is called with arguments."""

    def __init__(self, called: Any, *arguments: Any) -> None:
        self.called, self.arguments = called, arguments

    def __reduce__(self) -> Any:
        return self.called, self.arguments


FORGED: dict[str, tuple[Any, str]] = {
    "a function of Python": (_Names(print, "run"), r"builtins\.print"),
    "the way to any attribute": (_Names(getattr, Random(), "seed"), r"builtins\.getattr"),
    "the same of operator": (_Names(operator.attrgetter("__class__"), 1), r"operator\.attrgetter"),
    "a file by numpy": (_Names(np.fromfile, "x"), "fromfile"),
    "a file by an array": (_Names(estimator_state._method, np.zeros(1), "tofile"), r"ndarray\.tofile"),
    "what an object hides": (_Names(estimator_state._method, Random(), "__reduce__"), "__reduce__"),
    "a function elsewhere": (_Names(estimator_state._function, "os", "system"), r"os\.system"),
    "a module's module": (_Names(estimator_state._function, "river.compose.pipeline", "io.open"), r"io\.open"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_state_that_names_anything_else_is_not_read(name: str) -> None:
    thing, told = FORGED[name]
    with pytest.raises(ValueError, match=told):
        estimator_state.restore(msgspec.msgpack.encode(([], pickle.dumps(thing))))


def test_a_module_of_river_is_no_way_to_what_it_imports() -> None:
    # Protocol 4 lets a name have dots.
    forged = b"\x80\x04\x8c\x16river.compose.pipeline\x8c\x07io.open\x93."
    with pytest.raises(ValueError, match=r"river\.compose\.pipeline\.io\.open"):
        estimator_state.restore(msgspec.msgpack.encode(([], forged)))


def test_a_module_may_be_run_only_once_it_is_allowed() -> None:
    named._allowed.discard("tests.models.strange")
    with pytest.raises(NoSuchEstimator, match="the setting `detectors`"):
        estimators.make("tests.models.strange.Jump", {})
