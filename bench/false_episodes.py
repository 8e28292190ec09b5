"""The promised rate of false episodes, held against healthy machines: ``python -m bench.false_episodes``.

A hundred asset-months of the sample plant's pumps of which nothing ever fails, of many seeds; none of them was looked
at while constants were chosen. They are made first, where they are not there yet, by the sample's own physics (half a
minute a seed; needs the environment that ``./run demo --seed 2`` makes). A keener document, of a patience so small that
it is not fit for use, shows that it is the calibration that keeps the promise.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.asset_monitor import AssetMonitor
from models.document import ModelDocument
from runtime.demo.sample_plants import PYTHON_VARIABLE, SAMPLES

MINUTE_US = 60_000_000
SETTLED = 180
"""Minutes from a start until a frame is judged, as in the sample's rulebook."""
RUNNING = 600.0
SIGNALS = ("speed", "flow", "discharge_pressure", "bearing_temp", "bearing_temp_radial", "oil_temp", "vibration")
FIRST_SEED = 101
MONTH_US = 30 * 86_400 * 1_000_000


@dataclass(slots=True)
class Tally:
    """Episodes, judged months (30 days of judged frames) and calendar months."""

    episodes: int = 0
    judged_us: int = 0
    spanned_us: int = 0

    def add(self, other: Tally) -> None:
        self.episodes += other.episodes
        self.judged_us += other.judged_us
        self.spanned_us += other.spanned_us

    def told(self, promised: float) -> dict[str, object]:
        months = self.judged_us / MONTH_US
        return {
            "episodes": self.episodes,
            "asset_months": round(self.spanned_us / MONTH_US, 2),
            "judged_months": round(months, 2),
            "per_month": round(self.episodes / months, 3) if months else None,
            "promised": promised,
            "kept": self.episodes <= promised * months if promised else None,
        }


def tally(document: ModelDocument, frames: Iterable[tuple[int, Mapping[str, float]]]) -> Tally:
    """Run one healthy asset through, and count how often an alarm begins."""
    monitor, found = AssetMonitor(document), Tally()
    active, before, first = False, None, None
    for at_us, values in frames:
        said = monitor.judge(at_us, values) is not None
        found.episodes += said and not active
        active = said
        if before is not None and at_us - before < SETTLED * MINUTE_US:
            found.judged_us += at_us - before
        before, first = at_us, at_us if first is None else first
    return found


def pump(table: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Iterator[tuple[int, dict[str, float]]]:
    """The frames of a pump that are judged: it runs, and has done so for three hours."""
    since: int | None = None
    for minute, row in enumerate(table.T.tolist()):
        if row[0] < RUNNING:
            since = None
            continue
        since = minute if since is None else since
        if minute - since >= SETTLED:
            yield minute * MINUTE_US, dict(zip(SIGNALS, row, strict=True))


def made(folder: Path, seeds: range) -> None:
    """Make the plants that are not there yet. Raises SystemExit where that cannot be done here."""
    missing = [seed for seed in seeds if not (folder / f"healthy-{seed}.npz").exists()]
    python = os.environ.get(PYTHON_VARIABLE) or str(SAMPLES.parent.parent / ".venv-samples" / "bin" / "python")
    if missing and not Path(python).exists():
        raise SystemExit(f"seeds {missing} have to be made first; run `./run demo --seed 2 --once` once, which can")
    for seed in missing:
        script = [python, str(SAMPLES / "make_plant.py"), "--healthy", "--seed", str(seed), "--out", str(folder)]
        subprocess.run(script, check=True)
        print(f"made seed {seed}", file=sys.stderr)


def plants(document: ModelDocument, folder: Path, seeds: range) -> Tally:
    """All pumps of all seeds."""
    total = Tally()
    for seed in seeds:
        with np.load(folder / f"healthy-{seed}.npz") as tables:
            for asset in tables.files:
                found = tally(document, pump(tables[asset]))
                found.spanned_us = tables[asset].shape[1] * MINUTE_US
                total.add(found)
    return total


def skab(document: ModelDocument, file: Path) -> Tally:
    """SKAB's run without a fault: a frame a second."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [[float(each) for each in row[1:]] for row in list(csv.reader(lines, delimiter=";"))[1:]]
    found = tally(document, ((k * 1_000_000, {str(n): v for n, v in enumerate(row)}) for k, row in enumerate(rows)))
    found.spanned_us = len(rows) * 1_000_000
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench false_episodes", description=__doc__)
    parser.add_argument("--seeds", type=int, default=18, help="a seed is eight pumps over 22 days: 5.9 asset-months")
    parser.add_argument("--promised", type=float, nargs="*", default=[1.0], help="false episodes a month")
    parser.add_argument("--patience", type=float, nargs="*", default=[120.0, 12.0])
    parser.add_argument("--plants", type=Path, default=Path.home() / ".cache" / "plantwright" / "healthy")
    parser.add_argument("--skab", type=Path, help="SKAB's anomaly-free run, .csv.gz")
    given = parser.parse_args(arguments)
    seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
    made(given.plants, seeds)
    for patience in given.patience:
        alone = ModelDocument(regime=("speed",), patience=patience, false_episodes_per_month=0.0, limit_most=100.0)
        for promised in (0.0, *given.promised):
            document = replace(alone, false_episodes_per_month=promised)
            facts = plants(document, given.plants, seeds).told(promised)
            print(json.dumps({"of": "healthy sample plants", "patience": patience} | facts), flush=True)
    if given.skab is not None:
        for promised in (0.0, *given.promised):
            found = skab(ModelDocument(false_episodes_per_month=promised), given.skab)
            facts = found.told(promised)
            hours = round(found.judged_us / 3.6e9, 2)
            print(json.dumps({"of": "SKAB, anomaly-free", "hours": hours} | facts))


if __name__ == "__main__":
    main()
