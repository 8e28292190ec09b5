"""What a run's executor gets: its connection, its input, and methods to report progress."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import Connection

from db.runs import runs
from db.runs.runs import MadeFile, Run
from workorder_core.sentences import kept

REPORTED_EVERY_S = 0.5
MOST_LINES = 2_000


class Cancelled(Exception):
    """Somebody has cancelled the run."""


class LeaseLost(Exception):
    """Another process has the run by now; what this one has done must be rolled back."""


class CannotBeDone(Exception):
    """The run has failed, for a reason that the user can understand; one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The outcome of a run. ``result`` is plain JSON; ``files`` are for people to save."""

    result: Mapping[str, Any]
    files: Sequence[MadeFile] = ()


@dataclass(slots=True, kw_only=True)
class Work:
    """One run being executed.

    Parameters
    ----------
    conn
        Its transaction ends the run: changes made on it are kept if, and only if, the run succeeds.
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
        """Report progress, 0 to 1; may be called as often as you like. Raises Cancelled, LeaseLost."""
        if time.monotonic() - self._reported < REPORTED_EVERY_S:
            return
        asked = runs.report(self.side, self.run, share, doing)
        self._reported = time.monotonic()
        if asked is None:
            raise LeaseLost
        if asked:
            raise Cancelled

    def log(self, line: str) -> None:
        """Append a line to the run's log; lines beyond a bound are left out."""
        self._lines += 1
        if self._lines <= MOST_LINES:
            text = line if self._lines < MOST_LINES else kept("what follows is left out: the log is full")
            runs.note(self.side, self.run, text)


class Executor(Protocol):
    """Does the work of a kind of run. Raises CannotBeDone with a sentence."""

    def __call__(self, work: Work) -> Done: ...
