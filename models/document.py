"""The model document of a reliability engineer: a name, and the parameters that may differ by asset class."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from models.named import estimators

MOST_SIGNALS = 5_000
"""The most signals that a document may let a model judge: each costs time in every frame, and some 3 KB of state."""


MOST_FRAMES = 1_000_000
"""The longest warm-up: two years of a frame a minute."""
MOST_HORIZON = 10_000
LONGEST_NAME = 200


class ModelDocumentError(ValueError):
    """A model document has a key or a value that no model can use."""

    def __init__(self, document: str, key: str, problem: str, action: str) -> None:
        super().__init__(f"model {document!r}: {key} {problem}; {action}")
        self.document, self.key, self.problem, self.action = document, key, problem, action


@dataclass(frozen=True, kw_only=True)
class ModelDocument:
    """The parameters of one asset's detector. The defaults suit any machine; only ``regime`` says something about it.

    Parameters
    ----------
    name
        What findings call the model.
    regime
        Signals that tell the operating point (speed, load, valve position); they are not judged themselves.
    warmup_frames
        Frames of a signal before it is judged.
    smoothing, horizon_frames, memory_frames
        See `LevelShift`.
    frame_step_s
        For machines whose signals come one by one: the readings of each step of event time make a frame. 0:
        a frame is what one message carries. Limits judge every reading at once in any case.
    hold_s
        With a step: how long a signal keeps its last value in later frames, for devices that send only changes. 0: not
        at all.
    drift
        Surprise, in normal standard deviations, that an ordinary frame may have without adding to the alarm.
    patience
        Evidence that raises the alarm: half the surprise's square beyond half the drift's, summed over frames, that is
        the logarithm of how improbable they are. 120 is ten frames with 5.7 standard deviations or a hundred with 3.4.
        On the sample plant 40 more make a false alarm about six times rarer.
    warmup_cycles
        Duty cycles that the warm-up requires besides its frames: starts after a standstill, and swings of the first of
        ``regime`` across its own mean and back. 0: frames alone.
    false_episodes_per_month
        How many alarms a healthy asset may raise in 30 days of judged frames: the limit of its sum rises from the
        ``patience`` to where no more are expected, by the asset's own excursions. 0: the patience alone is the limit.
    limit_least, limit_most
        Bounds of that limit, in units of the patience, whatever excursions and close-outs say.
    precision_goal
        The share of the model's orders that should be right, by close-outs: false alarms raise the limit, confirmed
        orders lower it, and it settles at this precision. 0: close-outs do not move the limit.
    most_signals
        Signals of an asset that the model judges: those that came first. The others are stored and judged by limits.
    lead_time_days
        An order opens when a trend is likely to bring a signal to its limit within this many days. 0: never.
    estimator
        A detector other than the default: one of river's by its dotted name, such as ``river.anomaly.HalfSpaceTrees``
        or ``river.drift.ADWIN``, or one of a module that may be run; or a list of steps that ends with one. A step is a
        name, or a table of a ``class`` and its parameters; see `models.named.named`.
    parameters
        Parameters of an estimator that is named alone.
    """

    name: str = "level-shift"
    regime: tuple[str, ...] = ()
    warmup_frames: int = 400
    smoothing: float = 0.15
    horizon_frames: int = 64
    memory_frames: int = 20_000
    frame_step_s: float = 0.0
    hold_s: float = 0.0
    drift: float = 3.0
    patience: float = 120.0
    warmup_cycles: int = 0
    false_episodes_per_month: float = 1.0
    limit_least: float = 0.7
    limit_most: float = 4.0
    precision_goal: float = 0.75
    lead_time_days: float = 7.0
    most_signals: int = 500
    estimator: Any = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not all(isinstance(signal, str) and signal and signal.isprintable() for signal in self.regime):
            raise self._wrong("regime", f"is {self.regime!r}", 'write a list of signal names, such as ["speed"]')
        self._check_estimator()
        if len(self.name) > LONGEST_NAME or not self.name.isprintable() or not self.name.strip():
            raise self._wrong("name", f"is {self.name[:40]!r}", f"write up to {LONGEST_NAME} characters")
        self._within("warmup_frames", 64, MOST_FRAMES)
        self._within("horizon_frames", 8, MOST_HORIZON)
        self._within("memory_frames", 10 * self.warmup_frames, 10 * MOST_FRAMES)
        if not 1 <= self.most_signals <= MOST_SIGNALS:
            raise self._wrong(
                "most_signals", f"is {self.most_signals}", f"write a whole number from 1 to {MOST_SIGNALS}"
            )
        if not 0.0 < self.smoothing <= 1.0:
            raise self._wrong("smoothing", f"is {self.smoothing}", "write a number above 0, at most 1")
        for key, most in (("frame_step_s", 86_400.0), ("hold_s", 30 * 86_400.0)):
            if not 0.0 <= getattr(self, key) <= most:
                raise self._wrong(key, f"is {getattr(self, key)}", f"write seconds from 0 to {most:.0f}")
        if self.hold_s and not self.frame_step_s:
            raise self._wrong("hold_s", f"is {self.hold_s}", "give frame_step_s too: without it no frame is gathered")
        self._check_promise()
        for key in ("drift", "patience"):
            if not 0.0 < getattr(self, key) < 1e6:
                raise self._wrong(key, f"is {getattr(self, key)}", "write a number above 0")

    @cached_property
    def version(self) -> str:
        """Twelve hex digits that change with anything written in the document, and with an estimator's code."""
        facts = asdict(self)
        if self.most_signals == type(self).most_signals:
            del facts["most_signals"]
        if not self.estimator:
            del facts["estimator"], facts["parameters"]
        else:
            facts["code"] = estimators.code_of(self.estimator)
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=repr).encode()).hexdigest()[:12]

    @classmethod
    def from_table(cls, table: Mapping[str, object]) -> ModelDocument:
        """Make a document of a TOML table. Raises `ModelDocumentError` with the key that is wrong and what to do."""
        name = str(table.get("name", cls.name))
        known = {each.name for each in fields(cls)}
        given: dict[str, object] = {}
        for key, written in table.items():
            if key not in known:
                raise ModelDocumentError(
                    name, key, "is not known", f"the keys are {', '.join(each.name for each in fields(cls))}"
                )
            kind: Any = {"parameters": dict, "estimator": str | list | dict}.get(key) or type(getattr(cls, key))
            value: object = written
            if kind is tuple and isinstance(written, list):
                value = tuple(written)
            elif kind is float and isinstance(written, int) and not isinstance(written, bool):
                value = float(max(min(written, 10**300), -(10**300)))
            if not isinstance(value, kind) or isinstance(value, bool):
                words: dict[Any, str] = {
                    str | list | dict: "a dotted name, or a list of steps",
                    str: "a text",
                    int: "a whole number",
                    float: "a number",
                    tuple: "a list of signal names",
                    dict: "a table",
                }
                raise ModelDocumentError(name, key, f"is {written!r}", f"write {words[kind]}")
            given[key] = value
        return cls(**given)  # type: ignore[arg-type]

    def _check_promise(self) -> None:
        self._within("warmup_cycles", 0, MOST_FRAMES)
        for key, most in (("false_episodes_per_month", 1e4), ("precision_goal", 0.99), ("lead_time_days", 3650.0)):
            if not 0.0 <= getattr(self, key) <= most:
                raise self._wrong(key, f"is {getattr(self, key)}", f"write a number from 0 to {most:g}")
        if not 0.5 <= self.limit_least <= 1.0:
            raise self._wrong("limit_least", f"is {self.limit_least}", "write a number from 0.5 to 1")
        if not 1.0 <= self.limit_most <= 100.0:
            raise self._wrong("limit_most", f"is {self.limit_most}", "write a number from 1 to 100")

    def _check_estimator(self) -> None:
        if self.estimator:
            try:
                estimators.check(self.estimator, self.parameters)
            except estimators.NoSuchEstimator as error:
                raise self._wrong("estimator", error.problem, error.action) from None
        elif self.estimator != "":
            raise self._wrong("estimator", f"is {self.estimator!r}", "name at least one detector, or leave it out")
        elif self.parameters:
            raise self._wrong("parameters", "are given", "give the estimator that they are for")

    def _within(self, key: str, least: int, most: int) -> None:
        value = getattr(self, key)
        if value < least:
            raise self._wrong(key, f"is {value}", f"write a whole number of at least {least}")
        if value > most:
            raise self._wrong(key, f"is {value:.3g}" if value < 1e300 else "is endless", f"write {most} at most")

    def _wrong(self, key: str, problem: str, action: str) -> ModelDocumentError:
        return ModelDocumentError(self.name, key, problem, action)
