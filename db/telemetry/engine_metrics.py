"""The metrics of the judging process, stored for other processes to read."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql, storable

_QUERIES = sql.load("engine_metrics")
SILENT_AFTER_S = 5.0
State = Literal["judging", "behind", "silent", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineMetrics:
    """Counts since the process became the plant's writer; ``stage_s`` are seconds of work, by stage of a batch.

    Parameters
    ----------
    lag_s
        The longest time that a message has waited to be judged; ``lag_limit_s`` is what the settings allow.
    queue
        Messages received and not judged yet.
    messages_per_s, readings_per_s
        Over the last half minute or so.
    assets, assets_most, signals_most
        Known assets; and how many assets, and signals of an asset, messages may create.
    quarantine_full
        A refused message was counted but not stored, because the quarantine is full.
    checkpoint_failed
        Why the last checkpoint failed; empty if it did not.
    stopped
        The process was stopped cleanly.
    """

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
    batch_most: int = 0
    queue: int = 0
    lag_s: float = 0.0
    lag_limit_s: float = 0.0
    messages_per_s: float = 0.0
    readings_per_s: float = 0.0
    assets: int = 0
    assets_most: int = 0
    signals_most: int = 0
    checkpoint_failed: str = ""
    quarantine_full: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """Metrics, and how long ago they were written: a running process writes every second."""

    metrics: EngineMetrics
    age_s: float

    def written_at(self, now: datetime) -> datetime:
        """Return when they were written."""
        return now - timedelta(seconds=self.age_s)

    @property
    def lag_s(self) -> float:
        """Return the longest possible lag; for a silent process it includes the silence."""
        return self.metrics.lag_s + (self.age_s if self.age_s > SILENT_AFTER_S else 0.0)

    @property
    def state(self) -> State:
        """Return the engine's state; ``behind`` is an alarm: its lag exceeds the limit."""
        if self.metrics.stopped:
            return "stopped"
        if self.age_s > max(SILENT_AFTER_S, self.metrics.lag_limit_s):
            return "silent"
        return "behind" if self.behind else "judging"

    @property
    def behind(self) -> bool:
        """Return whether the lag exceeds the limit."""
        return self.lag_s > self.metrics.lag_limit_s


def write(conn: Connection, fence: int, metrics: EngineMetrics) -> None:
    """Write the metrics, as the plant's writer."""
    conn.execute(_QUERIES["write"], {"fence": fence, "figures": storable.json(msgspec.to_builtins(metrics))})


def read(conn: Connection) -> MetricsReport | None:
    """Return the last metrics of the judging process; None if none has ever run."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        row: Any = cursor.execute(_QUERIES["read"]).fetchone()
    return None if row is None else MetricsReport(msgspec.convert(row[0], EngineMetrics), float(row[1]))


def skews(conn: Connection, *, limit: int) -> dict[str, float]:
    """Return by asset the delay in seconds of its newest reading of the last day, against its own clock, the largest
    first. A negative delay means that its clock is ahead of ours."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["skews"], {"limit": limit}).fetchall())
