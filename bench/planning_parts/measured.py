"""What the benches of planning share: compiled code is compiled before the clock runs, solutions are lines of JSON."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from runtime.scheduling.problem import Problem
from runtime.scheduling.search import Now, solve


def parser(description: str, *, seconds: float) -> argparse.ArgumentParser:
    """Return a parser of ``--data``, ``--seconds``, ``--out``, ``--only``, ``--seed`` and ``--clock``."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--data", type=Path, required=True, help="the folder of the instances")
    made.add_argument("--seconds", type=float, default=seconds, help="time for each instance, by --clock")
    made.add_argument("--out", type=Path, help="a file for the solutions, one JSON object a line")
    made.add_argument("--only", default="", help="names of instances, separated by commas")
    made.add_argument("--seed", type=int, default=1)
    add_clock(made)
    return made


def arguments(description: str, *, seconds: float) -> argparse.Namespace:
    """Return what was given of these."""
    return parser(description, seconds=seconds).parse_args()


CLOCKS: dict[str, Now] = {"wall": time.perf_counter, "cpu": time.thread_time}


def add_clock(to: argparse.ArgumentParser) -> None:
    """Add ``--clock``: seconds are wall time, or the processor time of the search where much else runs."""
    to.add_argument("--clock", choices=sorted(CLOCKS), default="wall", help="what --seconds are seconds of")


def chosen(files: Iterable[Path], only: str) -> list[Path]:
    """Return the files to measure, all where ``only`` is empty."""
    names = {name for name in only.split(",") if name}
    return [file for file in sorted(files) if not names or file.stem in names]


def compile_first() -> None:
    """Solve one job, so that no instance pays for compiling."""
    one, none = np.ones(1), np.zeros(1)
    solve(
        Problem(
            travel=np.zeros((1, 1)), length=np.zeros((1, 1)), place=np.zeros(2, dtype=np.int64), service=np.zeros(2),
            opens=np.zeros((2, 1)), closes=np.ones((2, 1)), cost=np.zeros((1, 1)), skip=one, use=np.zeros((1, 1)),
            lacks=np.zeros((1, 1), dtype=bool), day=np.zeros(1, dtype=np.int64), start_place=np.zeros(1,
            dtype=np.int64), end_place=np.zeros(1, dtype=np.int64), start=np.array([[0.0, 0.0, 1.0]]), ends_by=one,
            free=np.full(1, -np.inf), speed=one, carries=np.ones((1, 1)), by_length=one, by_time=none, fixed=none,
            regular=one, overtime=none, longest=one, begun=np.zeros(1, dtype=bool), has_store=False,
        ),
        seed=1,
        iterations=10,
    )  # fmt: skip


def write(out: Path | None, solutions: list[dict[str, Any]]) -> None:
    """Write the solutions, one JSON object a line."""
    if out:
        out.write_text("".join(json.dumps(each) + "\n" for each in solutions))
