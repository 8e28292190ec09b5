"""The engine's own metrics; a lag beyond its limit is an alarm."""

import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from psycopg import Connection

from db.telemetry import engine_metrics
from db.telemetry.engine_metrics import EngineMetrics
from ingest.messages import Message
from runtime.pipeline.pipeline import Processed

_log = structlog.get_logger("ingest")
EVERY_S = 1.0
RATE_OVER = 30
"""Writes over which rates are computed."""


@dataclass(slots=True)
class IngestMetrics:
    """The counts of one process since it became the plant's writer."""

    metrics: EngineMetrics
    behind: bool = False
    _written: float = 0.0
    _marks: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=RATE_OVER))

    @classmethod
    def begin(cls, lag_limit_s: float, batch_most: int) -> "IngestMetrics":
        return cls(EngineMetrics(lag_limit_s=lag_limit_s, batch_most=batch_most))

    def count(self, batch: Sequence[Message], processed: Processed, acknowledge_s: float) -> None:
        """Add a batch that was committed and acknowledged."""
        report = self.metrics
        refused = Counter(report.refused)
        refused.update(each.reason.value for each in processed.refused)
        stage_s = dict(report.stage_s)
        for stage, seconds in (*processed.spent.items(), ("acknowledge", acknowledge_s)):
            stage_s[stage] = stage_s.get(stage, 0.0) + seconds
        self.metrics = replace(
            report,
            messages=report.messages + len(batch),
            batches=report.batches + bool(batch),
            stored=report.stored + processed.stored,
            late=report.late + processed.late,
            repeated=report.repeated + processed.repeated,
            judged=report.judged + processed.frames,
            refused=dict(refused),
            stage_s=stage_s,
            batch_newest=len(batch) or report.batch_newest,
            batch_largest=max(report.batch_largest, len(batch)),
        )

    def write_when_due(
        self, conn: Connection, fence: int, *, lag_s: float, queue: int, of_engine: Mapping[str, Any]
    ) -> bool:
        """Write the metrics once a second, in their own transaction; log when the lag passes its limit.

        ``of_engine`` are metrics of the engine's state, by name.
        """
        now = time.monotonic()
        if now - self._written < EVERY_S:
            return False
        if self._written:
            # Messages that arrived since the last call may have waited this long.
            lag_s = max(lag_s, now - self._written - EVERY_S)
        self._written = now
        self._marks.append((now, self.metrics.messages, self.metrics.stored))
        with conn.transaction():
            engine_metrics.write(conn, fence, replace(self._report(lag_s, queue), **of_engine))
        limit_s = self.metrics.lag_limit_s
        if (lag_s > limit_s) != self.behind:
            self.behind = not self.behind
            if self.behind:
                _log.warning(
                    "ALARM: judging lags behind, readings wait at the broker and none are lost",
                    lag_s=round(lag_s, 1), limit_s=limit_s,
                )  # fmt: skip
            else:
                _log.info("judging has caught up", lag_s=round(lag_s, 1))
        return True

    def stop(self, conn: Connection, fence: int) -> None:
        """Record a clean stop, in the caller's transaction."""
        engine_metrics.write(conn, fence, replace(self._report(0.0, 0), stopped=True))

    def _report(self, lag_s: float, queue: int) -> EngineMetrics:
        first, last = (self._marks[0], self._marks[-1]) if self._marks else ((0.0, 0, 0), (0.0, 0, 0))
        seconds = max(last[0] - first[0], EVERY_S)
        return replace(
            self.metrics,
            stage_s={stage: round(spent, 6) for stage, spent in self.metrics.stage_s.items()},
            queue=queue,
            lag_s=round(lag_s, 3),
            messages_per_s=round((last[1] - first[1]) / seconds, 1),
            readings_per_s=round((last[2] - first[2]) / seconds, 1),
        )
