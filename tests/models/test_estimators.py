"""Detectors that a document names: river's own, somebody else's, and what is refused."""

import pickle
from typing import Any

import msgspec
import pytest

from models import estimators
from models import watch as watches
from models.document import ModelDocument, ModelDocumentError
from models.estimators import NoSuchEstimator
from models.named_watch import NamedWatch
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
    estimators._allowed.discard("tests.models.strange")


def document(name: str, parameters: dict | None = None, **more: object) -> ModelDocument:
    table = {"name": "mine", "estimator": name, "parameters": parameters or {}, "warmup_frames": 200} | more
    return ModelDocument.from_table({"memory_frames": 4000} | table)


def run(watch, frames):
    return [watch.judge(at, values) for at, values in frames]


NAMES = ["river.anomaly.HalfSpaceTrees", "river.anomaly.OneClassSVM", "tests.models.strange.Jump"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cut", [150, 333])
def test_a_restored_watch_goes_on_to_the_same_scores_and_the_same_bytes(name: str, cut: int) -> None:
    made = document(name, ESTIMATORS[name])
    frames = list(stream(500, shift_at=400, by=10.0))
    whole, first = watches.begin(made), watches.begin(made)
    run(whole, frames[:cut])
    run(first, frames[:cut])
    kept = msgspec.msgpack.encode(first.state())
    second = watches.go_on(made, msgspec.msgpack.decode(kept))
    assert msgspec.msgpack.encode(second.state()) == kept
    assert run(second, frames[cut:]) == run(whole, frames[cut:])
    assert msgspec.msgpack.encode(second.state()) == msgspec.msgpack.encode(whole.state())


def test_somebodys_own_detector_finds_what_it_looks_for() -> None:
    watch = watches.begin(document("tests.models.strange.Jump", {"signal": "bearing_temp"}))
    assert isinstance(watch, NamedWatch)
    found = run(watch, stream(900, shift_at=600, by=20.0))
    assert not any(found[:600])
    first = next(each for each in found[600:] if each is not None)
    assert first.contributions[0].signal == "bearing_temp"
    assert first.score >= first.limit
    assert sum(part.share for part in first.contributions) == pytest.approx(1.0)
    usual = watch.usual("bearing_temp")
    assert usual is not None and usual[0] < 50 < usual[1]


def test_it_learns_anew_after_a_repair() -> None:
    watch = watches.begin(document("tests.models.strange.Jump"))
    run(watch, stream(300))
    assert watch.ready()
    watch.rebaseline()
    assert not watch.ready() and watch.score() == 0.0 and watch.usual("flow") is None


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


def test_parameters_without_an_estimator_are_refused() -> None:
    with pytest.raises(ModelDocumentError, match="give the estimator that they are for"):
        ModelDocument.from_table({"parameters": {"a": 1}})


class _Evil:
    def __reduce__(self):
        return print, ("run",)


def test_a_state_that_names_anything_else_is_not_read() -> None:
    with pytest.raises(ValueError, match=r"builtins\.print"):
        estimators.restore(pickle.dumps(_Evil()))


def test_a_module_may_be_run_only_once_it_is_allowed() -> None:
    estimators._allowed.discard("tests.models.strange")
    with pytest.raises(NoSuchEstimator, match="the setting `detectors`"):
        estimators.make("tests.models.strange.Jump", {})
