"""Kinds of fault that nobody has seen: ``python -m bench.skab_stand_in --data DIR``, DIR with valve1 and anomaly-free.

SKAB's other groups are measured elsewhere. What stands in for them here are faults of other kinds and on other
signals, put into files of which nothing else is wrong: windows of 1,100 rows cut from the anomaly-free run
("wandering"), and valve1's files with the flow after the fault drawn in blocks from before it ("calm"). A fault is one
to three signals, the first of them off by 3 to 10 of its standard deviations in the first 400 rows; it comes within
half a minute, stays for some five minutes, and leaves up to 30 % behind. Seeds 1 to 3 were looked at while constants
were chosen, 11 to 13 judge.

``--set NAME=VALUE`` tries another value of the document's, of the detector's (``spacing``, ``trust``, ``clip``,
``protect_above``) or of a constant of `models.kernel` (these are compiled anew, which takes a minute).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.metrics_labels import Events, Rows, count_events, count_rows, episodes
from bench.skab import DOCUMENT, LEARN, files, read
from models import default_detector, kernel
from models.document import ModelDocument
from models.parameters import Parameters

Table = npt.NDArray[np.float64]
LENGTH, STEP = 1100, 275
FLOW = 7
KINDS = ("step", "ramp", "exponential", "oscillation", "noise", "pulses")


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a heap of files."""

    rows: Rows = field(default_factory=Rows)
    events: Events = field(default_factory=Events)

    def __add__(self, other: Found) -> Found:
        return Found(self.rows + other.rows, self.events + other.events)

    def told(self) -> dict[str, Any]:
        return {
            "f1": round(self.rows.f1, 3),
            "far": round(self.rows.far, 1),
            "mar": round(self.rows.mar, 1),
            "detected": f"{self.events.detected} of {self.events.of}",
            "false_episodes": self.events.false_episodes,
            "median_delay_s": self.events.median_delay,
        }


def windows(table: Table) -> list[Table]:
    """Windows of a long run, each a file of its own."""
    return [table[k : k + LENGTH] for k in range(0, len(table) - LENGTH + 1, STEP)]


def healed(table: Table, fault: int, rng: np.random.Generator) -> Table:
    """A file of valve1 as if its fault had not been: the flow goes on in blocks from before it."""
    table, k = table.copy(), fault - 5
    before = table[100:k, FLOW].copy()
    while k < len(table):
        length = min(int(rng.integers(30, 80)), len(table) - k)
        start = int(rng.integers(0, len(before) - length))
        table[k : k + length, FLOW] = before[start : start + length]
        k += length
    return table


def ail(table: Table, kind: str, rng: np.random.Generator) -> tuple[Table, list[bool]]:
    """Put a fault into a file; return it with the truth by row."""
    table, rows, t = table.copy(), len(table), np.arange(len(table))
    begins = int(rng.integers(480, 600))
    ends = min(begins + int(rng.integers(280, 400)), rows - 100)
    usual = table[:LEARN].std(axis=0)
    signals = rng.choice(table.shape[1], int(rng.choice([1, 2, 3], p=[0.4, 0.35, 0.25])), replace=False)
    comes, goes, left = rng.uniform(3, 30), rng.uniform(3, 20), rng.uniform(0, 0.3)
    part = np.clip((t - begins) / comes, 0.0, 1.0)
    through = np.clip((t - begins) / (ends - begins), 0.0, 1.0)
    if kind == "ramp":
        part = through
    elif kind == "exponential":
        part = np.expm1(3.0 * through) / np.expm1(3.0)
    part = np.where(t < ends, part, part[ends - 1] * (left + (1.0 - left) * np.exp(-(t - ends) / goes)))
    for k, signal in enumerate(signals):
        size = usual[signal] * rng.uniform(3, 10) * (1.0 if k == 0 else 0.6)
        sign = rng.choice([-1.0, 1.0])
        if kind == "oscillation":
            wave = np.sin(2.0 * np.pi * (t - begins) / rng.uniform(20, 120))
            table[:, signal] += size * part * wave * (t < ends + 20)
        elif kind == "noise":
            table[:, signal] += 0.5 * size * part * rng.normal(size=rows)
        elif kind == "pulses":
            period = int(rng.integers(20, 60))
            table[(t >= begins) & (t < ends) & ((t - begins) % period < period // 3), signal] += 1.3 * sign * size
        else:
            table[:, signal] += sign * size * part
    return table, ((t >= begins) & (t < ends + 2 * goes)).tolist()


def judged(table: Table, document: ModelDocument) -> list[bool]:
    """Send a file through a fresh detector, a row a second; return the alarm by row."""
    one, names = default_detector.DefaultDetector(document), [str(k) for k in range(table.shape[1])]
    return [
        one.judge(k * 1_000_000, dict(zip(names, row, strict=True))) is not None for k, row in enumerate(table.tolist())
    ]


def found(table: Table, truth: list[bool], document: ModelDocument) -> Found:
    alarm = judged(table, document)[LEARN:]
    return Found(count_rows(truth[LEARN:], alarm), count_events(truth[LEARN:], alarm))


def healthy(tables: list[Table], document: ModelDocument) -> dict[str, Any]:
    """The part of rows that is alarmed where nothing is wrong, and in how many episodes."""
    alarms = [judged(table, document)[LEARN:] for table in tables]
    rows = sum(map(len, alarms))
    return {"far": round(100 * sum(map(sum, alarms)) / rows, 1), "episodes": sum(len(episodes(a)) for a in alarms)}


def results(data: Path, document: ModelDocument, seeds: list[int], kinds: list[str]) -> Iterator[dict[str, Any]]:
    """Valve1 itself, what is healthy, then the faults by seed, base and kind."""
    rng = np.random.default_rng(99)
    valve = [read(path) for path in files(data / "valve1")]
    (run,) = [read(path) for path in files(data / "anomaly-free")]
    yield {"of": "valve1"} | sum((found(t.values, t.anomaly, document) for t in valve), Found()).told()
    bases = {"wandering": windows(run.values), "calm": [healed(t.values, t.anomaly.index(True), rng) for t in valve]}
    for name, tables in bases.items():
        yield {"of": "healthy", "base": name, "files": len(tables)} | healthy(tables, document)
    for name, tables in bases.items():
        for kind in kinds:
            total = Found()
            for seed in seeds:
                draw = np.random.default_rng([seed, KINDS.index(kind), len(name)])
                total += sum((found(*ail(table, kind, draw), document) for table in tables), Found())
            yield {"of": "faults", "base": name, "kind": kind, "seeds": seeds} | total.told()


def tried(names: dict[str, float]) -> ModelDocument:
    """Put other values in force for this process; return the document. Raises SystemExit for a name that is not one."""
    own = asdict(DOCUMENT)
    detector = {name: names.pop(name) for name in ("spacing", "trust", "clip", "protect_above") if name in names}
    document = replace(DOCUMENT, **{name: type(own[name])(names.pop(name)) for name in list(names) if name in own})
    for name, value in names.items():
        if not isinstance(getattr(kernel, name, None), int | float):
            raise SystemExit(f"{name} is no number of the document, of the detector or of models/kernel.py")
        setattr(kernel, name, value)
    if detector:
        of = default_detector._parameters

        def changed(document: ModelDocument) -> Parameters:
            made = of(document)
            return replace(made, **{name: type(getattr(made, name))(value) for name, value in detector.items()})

        default_detector._parameters = changed
    return document


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench skab_stand_in", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with SKAB's valve1 and anomaly-free")
    parser.add_argument("--seeds", type=int, nargs="*", default=[11, 12, 13])
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", dest="values")
    given = parser.parse_args(arguments)
    names = {name: float(value) for name, value in (each.split("=") for each in given.values)}
    if any(name.isupper() for name in names) and "NUMBA_CACHE_DIR" not in os.environ:
        # What is compiled of other constants must not be kept for those who don't ask for them.
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "bench.skab_stand_in", *(arguments or sys.argv[1:])]
            environment = os.environ | {"NUMBA_CACHE_DIR": folder}
            raise SystemExit(subprocess.run(command, check=False, env=environment).returncode)
    document = tried(names)
    for line in results(given.data, document, given.seeds, given.kinds):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
