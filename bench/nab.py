"""NAB's series, strictly online: ``python -m bench.nab --data DIR --out DIR [--windows FILE]``.

DIR is any tree of CSV files with the columns timestamp and value (plain or gzip); OUT becomes the same tree with a
column anomaly_score. FILE is NAB's combined_windows.json, from a path to its windows; with it the score is printed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.detectors.rare_course import RareCourse
from bench.metrics_nab import PROFILES, best_threshold

PROBATION, PROBATION_AT_MOST = 0.15, 750
DAY_S = 86_400.0
SPACING_FROM = 100
"""Rows that tell how far apart rows are."""
PLACES_AT_MOST = 288
QUIET = 0.3
"""An episode is one piece of news for this part of the rows that are not counted."""


@dataclass(frozen=True, slots=True)
class Series:
    """One file of the tree, by its path in it without ``.gz``."""

    path: str
    stamps: list[str]
    values: list[float]


def read(data: Path) -> list[Series]:
    """All series of a tree."""
    found = []
    for path in sorted(p for p in data.rglob("*.csv*") if p.name.endswith((".csv", ".csv.gz"))):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = list(csv.DictReader(text.decode().splitlines()))
        if rows and {"timestamp", "value"} <= rows[0].keys():
            name = path.relative_to(data).as_posix().removesuffix(".gz")
            found.append(Series(name, [row["timestamp"] for row in rows], [float(row["value"]) for row in rows]))
    return found


def probation(rows: int) -> int:
    """Rows at the begin that NAB does not count: 15 %, at most 750."""
    return min(int(PROBATION * rows), PROBATION_AT_MOST)


def rows_a_day(stamps: list[str]) -> int:
    """How many rows a day has at the median spacing of the first ones."""
    times = [datetime.fromisoformat(stamp) for stamp in stamps[:SPACING_FROM]]
    spacings = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    spacing = median(each for each in spacings if each > 0) if any(each > 0 for each in spacings) else DAY_S
    return max(1, min(round(DAY_S / spacing), PLACES_AT_MOST))


def score(series: Series) -> list[float]:
    """One fresh detector over one series: score, then learn. It may warm up for as long as NAB does not count."""
    unscored = max(1, probation(len(series.values)))
    detector = RareCourse(
        warmup=unscored, quiet=int(QUIET * unscored), phase="time of day", places=rows_a_day(series.stamps)
    )
    scores = []
    for stamp, value in zip(series.stamps, series.values, strict=True):
        at = datetime.fromisoformat(stamp)
        seconds = at.hour * 3600 + at.minute * 60 + at.second
        frame = {"value": value, "time of day": seconds / DAY_S}
        scores.append(detector.score_one(frame))
        detector.learn_one(frame)
    return scores


def spans(series: Series, windows: list[list[str]]) -> list[tuple[int, int]]:
    """The rows, first and last, of windows given by time."""
    found = []
    for begin, end in windows:
        rows = [k for k, stamp in enumerate(series.stamps) if begin[:19] <= stamp[:19] <= end[:19]]
        if rows:
            found.append((rows[0], rows[-1]))
    return found


def windows_of(table: dict[str, list[list[str]]], series: Series) -> list[list[str]] | None:
    """A series' windows, found by its path or, where that is not listed, by its file's name."""
    by_name = {Path(path).name: windows for path, windows in table.items()}
    return table.get(series.path, by_name.get(Path(series.path).name))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench nab", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--windows", type=Path, help="combined_windows.json, or one series' {windows: [...]}")
    given = parser.parse_args(arguments)
    table = json.loads(given.windows.read_text()) if given.windows else {}
    judged = []
    rows, began = 0, time.perf_counter()
    for series in read(given.data):
        scores = score(series)
        rows += len(scores)
        if given.out:
            target = given.out / series.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(("timestamp", "value", "anomaly_score"))
                for stamp, value, anomaly in zip(series.stamps, series.values, scores, strict=True):
                    writer.writerow((stamp, value, f"{anomaly:.6f}"))
        windows = table["windows"] if "windows" in table else windows_of(table, series)
        if windows is not None:
            judged.append((scores, spans(series, windows), probation(len(scores))))
    seconds = time.perf_counter() - began
    report: dict[str, object] = {"rows": rows, "us_per_row": round(1e6 * seconds / max(rows, 1), 1)}
    if judged:
        for name, profile in PROFILES.items():
            threshold, best = best_threshold(judged, profile)
            report[name] = {"score": round(best, 2), "threshold": round(threshold, 6)}
        threshold, _ = best_threshold(judged, PROFILES["standard"])
        flags = [[k for k, s in enumerate(scores) if s >= threshold and k >= start] for scores, _, start in judged]
        found = [[any(a <= k <= b for k in rows) for a, b in w] for rows, (_, w, _) in zip(flags, judged, strict=True)]
        report["windows"] = {"found": sum(map(sum, found)), "of": sum(map(len, found))}
        report["rows_outside"] = sum(
            not any(a <= k <= b for a, b in w) for rows, (_, w, _) in zip(flags, judged, strict=True) for k in rows
        )
    print(json.dumps(report))


if __name__ == "__main__":
    main()
