"""Errors that are injected: for one value wherever it comes by, and once in a while for nobody's sake."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from db.orders import decisions
from db.telemetry import readings
from ingest.formats import payload
from judge.asset import doubtful
from judge.asset.asset_judge import AssetJudge
from runtime.pipeline import admission, arrivals, pipeline, reading
from runtime.pipeline.reading import Part

POISON = {"parse": 66_601.25, "admit": 66_602.25, "judge": 66_603.25, "store": 66_604.25}


class Injected(Exception):
    """An error that nobody has foreseen."""


class Injector:
    """Makes stages of the main path fail: always for their poison, and one call in ``every`` for nothing.

    Only while messages are processed: what fails while the judge is rebuilt is no message's fault, and ends ingest.
    """

    def __init__(self, seed: int, every: int) -> None:
        self._chance, self._every = random.Random(seed), every
        self.injected = 0
        self._armed = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Wrap the main path."""
        with ExitStack() as stack:
            for where, name in ((pipeline, "process"), (reading, "parts"), (pipeline, "process_frames")):
                stack.enter_context(patch.object(where, name, self._arming(getattr(where, name))))
            for where, name, poisoned in self._stages():
                stack.enter_context(patch.object(where, name, self._failing(getattr(where, name), poisoned)))
            yield

    def _arming(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap what works on messages: those of a batch, or a part that was read of them."""

        def armed(*arguments: Any, **named: Any) -> Any:
            before, self._armed = (
                self._armed,
                self._armed or any(isinstance(each, list | Part) and bool(each) for each in arguments),
            )
            try:
                return function(*arguments, **named)
            finally:
                self._armed = before

        return armed

    def _failing(self, function: Callable[..., Any], poisoned: Callable[..., bool]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            if not self._armed:
                return function(*arguments, **named)
            if poisoned(*arguments):
                self.injected += 1
                raise Injected("poison")
            if self._chance.random() * self._every < 1:
                self.injected += 1
                raise Injected("chance")
            return function(*arguments, **named)

        return wrapped

    @staticmethod
    def _stages() -> list[tuple[Any, str, Callable[..., bool]]]:
        parse, judge = str(POISON["parse"]).encode(), POISON["judge"]
        never: Callable[..., bool] = lambda *_: False  # noqa: E731
        return [
            (payload, "_documents", lambda raw, *_: parse in raw),
            (
                admission,
                "admit",
                lambda _, frames, *__: any(POISON["admit"] in each.values.values() for each in frames),
            ),
            (arrivals, "arrange", never),
            (AssetJudge, "judge", lambda _, __, ___, values: judge in values.values()),
            # A value that is too far out of what was seen before is judged here.
            (doubtful, "judge", lambda _, __, ___, values, ____: judge in values.values()),
            (AssetJudge, "try_fast_path", lambda _, __, values: judge in values.values()),
            (readings, "storing", lambda _, *columns: any(POISON["store"] in each.value for each in columns)),
            (pipeline, "act", never),
            (decisions, "apply", never),
        ]
