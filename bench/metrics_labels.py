"""Metrics over labelled rows and over episodes, as SKAB publishes them.

I. D. Katser, V. O. Kozitsin, "Skoltech Anomaly Benchmark", Kaggle 2020: F1, false alarm rate and missed alarm rate
over all rows of all files together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows were what. Counts of several files may be added before the rates are taken."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    quiet: int = 0

    def __add__(self, other: Rows) -> Rows:
        return Rows(
            self.hit + other.hit, self.false + other.false, self.missed + other.missed, self.quiet + other.quiet
        )

    @property
    def f1(self) -> float:
        """Twice the hits by twice the hits and all errors; 0 where there is nothing to find and nothing was found."""
        total = 2 * self.hit + self.false + self.missed
        return 2 * self.hit / total if total else 0.0

    @property
    def far(self) -> float:
        """Per cent of the normal rows that were alarmed."""
        return 100 * self.false / (self.false + self.quiet) if self.false + self.quiet else 0.0

    @property
    def mar(self) -> float:
        """Per cent of the anomalous rows that were not alarmed."""
        return 100 * self.missed / (self.missed + self.hit) if self.missed + self.hit else 0.0


def count_rows(truth: Sequence[bool], alarm: Sequence[bool]) -> Rows:
    """Compare the rows of one file."""
    pairs = list(zip(truth, alarm, strict=True))
    return Rows(
        hit=pairs.count((True, True)),
        false=pairs.count((False, True)),
        missed=pairs.count((True, False)),
        quiet=pairs.count((False, False)),
    )


def episodes(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the runs of true flags as (first, one past the last)."""
    edges = [k for k, (a, b) in enumerate(pairwise([False, *flags, False])) if a != b]
    return list(zip(edges[::2], edges[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class Events:
    """Faults found and alarms without a fault. ``delays`` are rows from a fault's begin to its first alarmed row."""

    detected: int = 0
    of: int = 0
    delays: tuple[int, ...] = ()
    false_episodes: int = 0
    normal_rows: int = 0

    def __add__(self, other: Events) -> Events:
        return Events(
            self.detected + other.detected,
            self.of + other.of,
            self.delays + other.delays,
            self.false_episodes + other.false_episodes,
            self.normal_rows + other.normal_rows,
        )

    @property
    def median_delay(self) -> float | None:
        """Rows; None where nothing was found."""
        return float(median(self.delays)) if self.delays else None


def count_events(truth: Sequence[bool], alarm: Sequence[bool]) -> Events:
    """A fault is detected if any of its rows is alarmed; an alarm that touches no faulty row is a false episode."""
    faults, alarms = episodes(truth), episodes(alarm)
    delays = []
    for first, end in faults:
        rows = [k for k in range(first, end) if alarm[k]]
        if rows:
            delays.append(rows[0] - first)
    return Events(
        detected=len(delays),
        of=len(faults),
        delays=tuple(delays),
        false_episodes=sum(not any(truth[first:end]) for first, end in alarms),
        normal_rows=list(truth).count(False),
    )
