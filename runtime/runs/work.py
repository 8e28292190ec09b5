"""What a run's executor has: its connection, its input, and a way to say how far it is."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import Connection

from db.runs import runs
from db.runs.runs import MadeFile, Run

REPORTED_EVERY_S = 0.5
MOST_LINES = 2_000


class Cancelled(Exception):
    """Somebody has asked for the run to be cancelled."""


class LeaseLost(Exception):
    """The run is another process's by now; whatever this one has done must not be kept."""


class CannotBeDone(Exception):
    """The run has failed, for a reason that whoever asked for it can understand; one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a run. ``result`` is plain JSON; ``files`` are for people to save."""

    result: Mapping[str, Any]
    files: Sequence[MadeFile] = ()


@dataclass(slots=True, kw_only=True)
class Work:
    """One run being executed.

    Parameters
    ----------
    conn
        In the transaction that ends the run: what is changed on it is there if, and only if, the run has succeeded.
    side
        Commits each statement: for progress and the log.
    database
        The URL, for executors that need a snapshot of their own.
    """

    conn: Connection
    side: Connection
    run: Run
    database: str
    _reported: float = -REPORTED_EVERY_S
    _lines: int = field(default=0)

    def progress(self, share: float, doing: str) -> None:
        """Say how far the run is, 0 to 1, as often as one likes. Raises Cancelled, LeaseLost."""
        if time.monotonic() - self._reported < REPORTED_EVERY_S:
            return
        asked = runs.report(self.side, self.run, share, doing)
        self._reported = time.monotonic()
        if asked is None:
            raise LeaseLost
        if asked:
            raise Cancelled

    def log(self, line: str) -> None:
        """Write a line into the run's log; what is beyond a bound is left out."""
        self._lines += 1
        if self._lines <= MOST_LINES:
            told = line if self._lines < MOST_LINES else "what follows is left out: the log is full"
            runs.note(self.side, self.run, told)


class Executor(Protocol):
    """Does the work of a kind of run. Raises CannotBeDone with a sentence."""

    def __call__(self, work: Work) -> Done: ...
