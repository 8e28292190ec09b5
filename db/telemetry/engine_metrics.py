"""What the process that judges counts and measures, for those who ask another process."""

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
    """Counts since that process became the plant's writer; ``stage_s`` are seconds of work, by stage of a batch.

    Parameters
    ----------
    lag_s
        How long what came to the broker has waited to be judged, at most; ``lag_limit_s`` is what the settings allow.
    queue
        Messages taken off the wire and not judged yet.
    messages_per_s, readings_per_s
        Over the last half minute or so.
    assets, assets_most, signals_most
        Assets that are known; and how many may be, of an asset how many signals, for a message to make more known.
    quarantine_full
        A message was refused of which nothing is kept, because so much is kept already.
    checkpoint_failed
        Why the judge's state could not be written when that was last tried; empty where it was.
    stopped
        The process was report to end, and did.
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
    """Figures, and how long ago they were written: a process that lives writes every second."""

    metrics: EngineMetrics
    age_s: float

    def written_at(self, now: datetime) -> datetime:
        """When that was."""
        return now - timedelta(seconds=self.age_s)

    @property
    def lag_s(self) -> float:
        """How long what has arrived may have waited, at most; of a process that is silent nobody knows better."""
        return self.metrics.lag_s + (self.age_s if self.age_s > SILENT_AFTER_S else 0.0)

    @property
    def state(self) -> State:
        """What the engine does, in a word; ``behind`` is its own alarm: it lags further behind than it may."""
        if self.metrics.stopped:
            return "stopped"
        if self.age_s > max(SILENT_AFTER_S, self.metrics.lag_limit_s):
            return "silent"
        return "behind" if self.behind else "judging"

    @property
    def behind(self) -> bool:
        """Whether what arrives waits longer than it may."""
        return self.lag_s > self.metrics.lag_limit_s


def write(conn: Connection, fence: int, metrics: EngineMetrics) -> None:
    """Write them, as the plant's writer."""
    conn.execute(_QUERIES["write"], {"fence": fence, "figures": storable.json(msgspec.to_builtins(metrics))})


def read(conn: Connection) -> MetricsReport | None:
    """Return what the judging process told last; None where none has ever run."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        row: Any = cursor.execute(_QUERIES["read"]).fetchone()
    return None if row is None else MetricsReport(msgspec.convert(row[0], EngineMetrics), float(row[1]))


def skews(conn: Connection, *, limit: int) -> dict[str, float]:
    """Return by asset how many seconds after its own clock's time its newest reading of the last day came, the largest
    difference first. Below zero its clock is ahead of ours."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["skews"], {"limit": limit}).fetchall())
