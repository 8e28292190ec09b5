"""Detectors other than the default, as a model document names them: river's, or your own with the same two methods.

There are three kinds. One *scores* frames. One scores a *target* by itself or by the rest of the frame (river calls
it supervised): every signal is the target in turn. A *drift* detector receives one number after another: every signal
gets one. Transformers may precede any of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from river import base, compose

from models.named import estimator_state, named
from models.named.named import NoSuchEstimator, allow, allow_folder, allowed, code_of

__all__ = [
    "Kind",
    "Named",
    "NoSuchEstimator",
    "Transformer",
    "allow",
    "allow_folder",
    "allowed",
    "check",
    "code_of",
    "make",
]


MOST_BYTES = 16_000_000
_checked: set[str] = set()


class Kind(Enum):
    """What a detector can do."""

    SCORES = "scores"
    TARGETS = "targets"
    DRIFTS = "drifts"


class Transformer(Protocol):
    """A step before the detector."""

    def transform_one(self, x: dict[str, float]) -> dict[Any, Any]: ...

    def learn_one(self, x: dict[str, float]) -> object: ...


@dataclass(slots=True)
class Named:
    """A newly made estimator of a document.

    Parameters
    ----------
    detector
        The last step: ``score_one`` grows with how unusual a frame is (with ``y`` for a target); or ``update`` and
        ``drift_detected``.
    binary
        A drift detector that receives whether something happened instead of a quantity.
    alone
        A target is judged by its own past only: it does not get the rest of the frame.
    """

    kind: Kind
    detector: Any
    before: Transformer | None = None
    binary: bool = False
    alone: bool = False


def make(written: Any, parameters: Mapping[str, Any]) -> Named:
    """Make what a document's ``estimator`` and ``parameters`` name. Raises NoSuchEstimator."""
    *before, last = named.steps(written, parameters)
    for number, step in enumerate(before, start=1):
        if isinstance(step, base.AnomalyFilter) or not _can(step, "transform_one", "learn_one"):
            raise NoSuchEstimator(
                f"step {number}, {_name(step)}, does not transform a frame", "only the last step may be a detector"
            )
    first = compose.Pipeline(*before) if before else None
    if _can(last, "update") and hasattr(last, "drift_detected"):
        return Named(Kind.DRIFTS, last, first, binary=isinstance(last, base.BinaryDriftDetector))
    if not _can(last, "score_one", "learn_one") or isinstance(last, compose.TransformerUnion):
        raise NoSuchEstimator(
            f"{_name(last)} is no detector: it needs score_one(x) and learn_one(x), or update(x) and drift_detected"
        )
    if not getattr(last, "_supervised", False):
        return Named(Kind.SCORES, last, first)
    if isinstance(last, compose.Pipeline):
        raise NoSuchEstimator(
            "a pipeline within a pipeline ends with a detector of targets", "write its steps into the outer list"
        )
    return Named(Kind.TARGETS, last, first, alone=_forecasts(last))


def check(written: Any, parameters: Mapping[str, Any]) -> None:
    """Check that an estimator can be made, and that its state can be stored. Raises NoSuchEstimator."""
    found = make(written, parameters)
    text = json.dumps([written, dict(parameters), code_of(written)], sort_keys=True, default=repr)
    if text in _checked:
        return
    whole, new = [found.before, found.detector], make(written, parameters)
    _try_out(found)
    try:
        state = estimator_state.dump(whole, like=[new.before, new.detector])
    except estimator_state.StateError as error:
        raise NoSuchEstimator(f"{_name(found.detector)}: {error}", "name one whose state can be stored") from error
    if len(state) > MOST_BYTES:
        raise NoSuchEstimator(
            f"{_name(found.detector)} has {len(state) / 1e6:.0f} MB of state before it has learned anything",
            f"make it smaller; {MOST_BYTES / 1e6:.0f} MB is the most, for every asset has one of its own",
        )
    _checked.add(text)


def _try_out(found: Named) -> None:
    """Let it learn a few made-up frames; which signals a real one needs is not known here."""
    frames = [{"a": 1.0 + 0.1 * k, "b": 2.0 - 0.1 * k * k} for k in range(4)]
    try:
        for frame in frames:
            if found.before is not None:
                found.before.learn_one(frame)
            if found.kind is Kind.DRIFTS:
                found.detector.update(frame["a"] > 1.2 if found.binary else frame["a"])
            elif found.kind is Kind.TARGETS:
                found.detector.learn_one({} if found.alone else {"b": frame["b"]}, frame["a"])
            else:
                found.detector.learn_one(frame)
    except Exception:  # noqa: BLE001 - a failure on made-up signals says nothing about the plant's
        return


def _forecasts(detector: Any) -> bool:
    inner = getattr(detector, "anomaly_detector", detector)
    predicts = getattr(inner, "predictive_model", None)
    if predicts is None:
        return False
    # Importing it loads pandas and scikit-learn, which would be half of every command's start-up time.
    from river import time_series

    return isinstance(predicts, time_series.base.Forecaster)


def _can(thing: object, *verbs: str) -> bool:
    return all(callable(getattr(thing, verb, None)) for verb in verbs)


def _name(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"
