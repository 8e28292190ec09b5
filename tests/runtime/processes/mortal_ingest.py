"""``plantwright ingest`` that kills itself, as a SIGKILL from outside would, at a named point of its n-th batch.

Started as ``python -m tests.runtime.processes.mortal_ingest POINT N``; settings come from the environment. The engine
does not know of it: the functions that the main path calls are wrapped here.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn
from unittest.mock import patch

from db.telemetry import judge as judge_db
from ingest.broker.subscriber import Subscriber
from ingest.messages import Message
from runtime.cli.main import app
from runtime.pipeline import engine, pipeline

POINTS = (
    "before anything is written",
    "before the commit",
    "after the checkpoint, before the commit",
    "between commit and acknowledgement",
    "when half is acknowledged",
    "after the acknowledgement",
)


class Trap:
    """Counts the batches that hold messages, and dies in one of them."""

    def __init__(self, point: str, batch: int) -> None:
        assert point in POINTS
        self._point, self._left = point, batch
        self._brought_new = False

    def set(self) -> None:
        """Wrap the main path, for the rest of this process's short life."""
        process, acknowledge = pipeline.process, Subscriber.acknowledge
        advance, save = judge_db.advance, engine.save

        def process_once(
            conn: Any, batch: Sequence[Message], state: engine.Engine, meanwhile: Any = None
        ) -> pipeline.Processed:
            self._left -= bool(batch)
            if batch:
                self._spring("before anything is written")
            processed = process(conn, batch, state, meanwhile)
            self._brought_new = processed.stored > 0
            return processed

        def acknowledge_batch(subscriber: Subscriber, batch: Sequence[Message]) -> None:
            if not self._brought_new:
                return acknowledge(subscriber, batch)
            self._spring("between commit and acknowledgement")
            half = len(batch) // 2
            acknowledge(subscriber, batch[:half])
            self._spring("when half is acknowledged")
            acknowledge(subscriber, batch[half:])
            return self._spring("after the acknowledgement")

        for where, name, wrapped in (
            (pipeline, "process", process_once),
            (Subscriber, "acknowledge", acknowledge_batch),
            (judge_db, "advance", self._after(advance, "before the commit")),
            (engine, "save", self._after(save, "after the checkpoint, before the commit")),
        ):
            patch.object(where, name, wrapped).start()

    def _after(self, function: Callable[..., None], point: str) -> Callable[..., None]:
        def wrapped(*arguments: Any, **named: Any) -> None:
            function(*arguments, **named)
            self._spring(point)

        return wrapped

    def _spring(self, point: str) -> None:
        if point == self._point and self._left <= 0:
            die()


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process outlived its SIGKILL")


if __name__ == "__main__":
    Trap(sys.argv[1], int(sys.argv[2])).set()
    app(["ingest"])
