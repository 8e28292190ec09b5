"""What the engine counts and measures of itself; past a limit its own lag is an alarm."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog
from psycopg import Connection

from db import engine_figures
from db.engine_figures import Figures
from ingest.messages import Message
from runtime.pipeline import Processed

_log = structlog.get_logger("ingest")
EVERY_S = 1.0
RATE_OVER = 30
"""Writings over which rates are taken."""


@dataclass(slots=True)
class Counted:
    """The counts of one process since it became the plant's writer."""

    lag_limit_s: float
    batch_most: int
    messages: int = 0
    batches: int = 0
    stored: int = 0
    late: int = 0
    repeated: int = 0
    judged: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    stage_s: dict[str, float] = field(default_factory=dict)
    batch_newest: int = 0
    batch_largest: int = 0
    behind: bool = False
    _written: float = 0.0
    _marks: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=RATE_OVER))

    def count(self, batch: Sequence[Message], processed: Processed, acknowledge_s: float) -> None:
        """Add a batch that was committed and acknowledged."""
        if batch:
            self.messages += len(batch)
            self.batches += 1
            self.batch_newest = len(batch)
            self.batch_largest = max(self.batch_largest, len(batch))
        self.stored += processed.stored
        self.late += processed.late
        self.repeated += processed.repeated
        self.judged += processed.frames
        for each in processed.refused:
            self.refused[each.reason.value] = self.refused.get(each.reason.value, 0) + 1
        for stage, seconds in processed.spent.items():
            self.stage_s[stage] = self.stage_s.get(stage, 0.0) + seconds
        self.stage_s["acknowledge"] = self.stage_s.get("acknowledge", 0.0) + acknowledge_s

    def write_when_due(self, conn: Connection, fence: int, *, lag_s: float, queue: int) -> bool:
        """Write the figures once a second, in a transaction of their own; say when the lag passes its limit."""
        now = time.monotonic()
        if now - self._written < EVERY_S:
            return False
        if self._written:
            # What came while we did not look has waited for so long, perhaps.
            lag_s = max(lag_s, now - self._written - EVERY_S)
        self._written = now
        self._marks.append((now, self.messages, self.stored))
        with conn.transaction():
            engine_figures.write(conn, fence, self._told(lag_s, queue))
        if (lag_s > self.lag_limit_s) != self.behind:
            self.behind = not self.behind
            if self.behind:
                _log.warning(
                    "ALARM: judging lags behind what arrives; readings wait at the broker, none is lost",
                    lag_s=round(lag_s, 1), limit_s=self.lag_limit_s,
                )  # fmt: skip
            else:
                _log.info("judging has caught up", lag_s=round(lag_s, 1))
        return True

    def stop(self, conn: Connection, fence: int) -> None:
        """Write that the process ends as it should, in the caller's transaction."""
        engine_figures.write(conn, fence, replace(self._told(0.0, 0), stopped=True))

    def _told(self, lag_s: float, queue: int) -> Figures:
        first, last = (self._marks[0], self._marks[-1]) if self._marks else ((0.0, 0, 0), (0.0, 0, 0))
        seconds = max(last[0] - first[0], EVERY_S)
        return Figures(
            messages=self.messages,
            batches=self.batches,
            stored=self.stored,
            late=self.late,
            repeated=self.repeated,
            judged=self.judged,
            refused=self.refused,
            stage_s={stage: round(spent, 6) for stage, spent in self.stage_s.items()},
            batch_newest=self.batch_newest,
            batch_largest=self.batch_largest,
            batch_most=self.batch_most,
            queue=queue,
            lag_s=round(lag_s, 3),
            lag_limit_s=self.lag_limit_s,
            messages_per_s=round((last[1] - first[1]) / seconds, 1),
            readings_per_s=round((last[2] - first[2]) / seconds, 1),
        )
