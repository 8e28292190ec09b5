"""Learns a fleet model from the lives of a class's assets, with cross-validated errors. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from models.health_index import HealthIndex
from models.lives import remaining_life_learning
from models.lives.conditions import Conditions
from models.lives.fleet import FleetModel
from models.lives.life import LifeState
from models.lives.remaining_life_learning import FEWEST_LIVES, FOLDS, Case, Life, TooFewLives, distribution

Array = npt.NDArray[np.float64]
REFERENCE = 30
SHORTEST = 60
"""Rows that a life needs to be learned from: a beginning, and something after it."""
MARGIN = 1.125
"""The fleet that the limit is chosen on is called so much earlier than is wanted of others."""
LEAD_SHARE = 0.2
PRESENT = 0.9
"""A signal that fewer of the rows have is not learned from."""
ROWS_A_LIFE = 200
STEPS_S = (60, 300, 600, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A life as it was recorded: rows by signals and then the regime's, at event times in epoch microseconds."""

    asset: str
    at_us: Sequence[int]
    rows: Array
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How to learn; None: from the lives.

    Parameters
    ----------
    lead
        Rows before their end by which 95 % of the assets are to be called; None: a fifth of the median life.
    cap, age, seed
        See `remaining_life_learning.learn`.
    """

    signals: tuple[str, ...]
    regime: tuple[str, ...] = ()
    step_s: float = 0.0
    lead: int | None = None
    cap: float | None = None
    age: bool = False
    seed: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


def learn(lived: Sequence[Lived], asked: Asked) -> FleetModel:
    """Learn a fleet model; lives shorter than `SHORTEST` are left out and counted. Raises TooFewLives."""
    long = [_filled(each) for each in lived if len(each.rows) >= SHORTEST]
    failed = [each for each in long if each.failed]
    if len(failed) < FEWEST_LIVES:
        raise TooFewLives(len(failed))
    conditions = Conditions.learn([each.rows for each in long], len(asked.signals), REFERENCE)
    lives = [Life(conditions.scaled(each.rows), each.failed) for each in long]
    median = float(np.median([len(each.rows) for each in failed]))
    lead = round(LEAD_SHARE * median) if asked.lead is None else asked.lead
    ended = [life.rows for life in lives if life.failed]
    index = _index(ended, lead)
    remaining, cases = remaining_life_learning.learn(lives, age=asked.age, cap=asked.cap, seed=asked.seed)
    made = FleetModel(
        version="", signals=asked.signals, regime=asked.regime, step_s=asked.step_s, conditions=conditions, index=index,
        remaining=remaining, errors=_errors_of_life(cases, remaining.cap) | _errors_of_index(ended, lead),
        learned=asked.facts | {
            "lives": len(long), "failed": len(failed), "short": len(lived) - len(long), "lead_rows": lead,
            "median_rows": median, "assets": sorted({each.asset for each in long}),
            "from_us": min(each.at_us[0] for each in long), "to_us": max(each.at_us[-1] for each in long),
        },
    )  # fmt: skip
    return FleetModel.of_table(made.table())


def state_after(model: FleetModel, lived: Lived) -> LifeState:
    """Return the state of a life that goes on, after its recorded rows."""
    state = LifeState(model)
    for at_us, row in zip(lived.at_us, lived.rows, strict=True):
        state.add_row(at_us, row)
    return state


def known_signals(rows: Array, names: Sequence[str]) -> tuple[str, ...]:
    """Return the signals that are there in most rows."""
    there = np.isfinite(rows).mean(axis=0) if len(rows) else np.zeros(len(names))
    return tuple(name for name, share in zip(names, there, strict=True) if share >= PRESENT)


def step_of(lives_s: Sequence[float]) -> float:
    """Return a round step at which the median of lives of so many seconds has about `ROWS_A_LIFE` rows."""
    wanted = float(np.median(lives_s)) / ROWS_A_LIFE
    return float(min(STEPS_S, key=lambda step: abs(np.log(step / max(wanted, 1e-9)))))


def _filled(lived: Lived) -> Lived:
    rows = np.array(lived.rows, dtype=np.float64)
    for before, row in pairwise(rows):
        missing = ~np.isfinite(row)
        row[missing] = before[missing]
    middle = np.nanmean(rows, axis=0) if np.isfinite(rows).any(axis=0).all() else np.zeros(rows.shape[1])
    return replace(lived, rows=np.where(np.isfinite(rows), rows, middle))


def _index(lives: Sequence[Array], lead: int) -> HealthIndex:
    index = HealthIndex.learn(lives, reference=REFERENCE)
    traces = [index.trace(rows) for rows in lives]
    return replace(index, limit=index.latest_limit(traces, lead=lead * MARGIN))


def _errors_of_index(lives: Sequence[Array], lead: int) -> dict[str, Any]:
    """What an index that was learned from the others says of each life: missed, and by how many rows it leads."""
    order = np.random.default_rng(0).permutation(len(lives))
    leads: list[int | None] = []
    for fold in range(FOLDS):
        out = set(order[fold::FOLDS].tolist())
        index = _index([rows for number, rows in enumerate(lives) if number not in out], lead)
        for number in sorted(out):
            at = index.alarm(index.trace(lives[number]))
            leads.append(None if at is None else len(lives[number]) - 1 - at)
    called = [each for each in leads if each is not None]
    return {
        "missed": sum(each is None or each < lead / 4 for each in leads),
        "lead_rows_p5": round(float(np.percentile(called, 5)), 1) if called else None,
        "lead_rows_median": round(float(np.median(called)), 1) if called else None,
    }


def _errors_of_life(cases: Sequence[Case], cap: float) -> dict[str, Any]:
    """The error of predictions of lives that were not learned from, and how often the 80 % interval held the truth."""
    failed = [case for case in cases if case.failed]
    off = [case.expected - min(case.left, cap) for case in failed]
    inside = 0
    for part in range(FOLDS):
        at, lives = distribution([case for case in cases if case.life % FOLDS != part])
        for case in failed:
            if case.life % FOLDS == part:
                low, high = (np.interp(case.expected, at, lives[:, k]) for k in (2, 10))
                inside += bool(low <= case.left and not case.left > high)
    return {"rmse_rows": round(float(np.sqrt(np.mean(np.square(off)))), 2), "inside_80": round(inside / len(failed), 3)}
