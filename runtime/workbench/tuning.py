"""Chooses parameters by cost, walking forward: what judges a period was chosen only from what came before it.

R. J. Hyndman, G. Athanasopoulos, *Forecasting: Principles and Practice* (3rd ed.), 5.10: a rolling origin.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

import pandas as pd

from runtime.backtest.outcomes import Costs, Criteria, Failure, Outcome, outcome
from runtime.backtest.running import Run
from runtime.workbench.trial import Rules, Trial

Candidate = dict[str, Any]
Make = Callable[[Candidate, Sequence[Failure], datetime], Mapping[str, Any]]
"""Makes a document from a candidate's parameters, the failures known by then, and the time up to which anything may be
known. What fits a model to history must fit it to history before that time."""


class History(Protocol):
    """A plant or a recording."""

    def backtest(
        self,
        *,
        rules: Rules = None,
        models: Rules = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        failures: Sequence[Failure] | None = None,
        costs: Costs | None = None,
        criteria: Criteria | None = None,
    ) -> Trial: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One step of the walk: chosen on ``start`` to ``chosen_at``, judged on ``chosen_at`` to ``end``."""

    start: datetime
    chosen_at: datetime
    end: datetime
    chosen: Candidate
    cost_before: float
    cost_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The result of walking forward.

    Parameters
    ----------
    best
        The candidate that costs least over all folds' unseen parts.
    table
        One candidate per row, the cheapest first: ``seen`` is its cost over the whole range if it may know all of it,
        ``forward`` its cost on what it had not seen, ``optimism`` the difference. A candidate with much optimism knows
        the answers: it leaks, or it is overfitted.
    sensitivity
        The forward cost of each value of each parameter, the others as in ``best``.
    folds
        What would have been chosen at each step, and its cost then.
    """

    best: Candidate
    table: pd.DataFrame
    sensitivity: pd.DataFrame
    folds: list[Fold]


def tune(
    history: History,
    grid: Mapping[str, Sequence[Any]],
    failures: Sequence[Failure],
    *,
    start: datetime | str,
    end: datetime | str,
    kind: Literal["models", "rules"] = "models",
    make: Make | None = None,
    folds: int = 3,
    costs: Costs | None = None,
    criteria: Criteria | None = None,
    progress: Callable[[str], None] | None = None,
) -> Tuning:
    """Try every combination of ``grid`` on ``history``, walking forward, and return what each costs.

    The range is split into ``folds + 1`` equal parts; the first is only for learning. For each later part the documents
    are made with what was known before it (``make``; by default the parameters become the ``default`` table of the
    model documents) and judged on it. Raises ValueError for an empty grid, or a range without a failure.
    """
    candidates = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if not candidates or not grid:
        raise ValueError('give a value for each parameter to try, such as {"patience": [20, 40, 80]}')
    bounds = pd.date_range(_utc(start), _utc(end), periods=folds + 2).to_pydatetime().tolist()
    within = [each for each in failures if bounds[0] <= each.failed_at <= bounds[-1]]
    if not within:
        raise ValueError(f"no failure from {bounds[0]} to {bounds[-1]}: nothing tells a good choice from a bad one")
    making = make or _default_table
    judge = _Judge(history, kind, within, bounds[-1], costs, criteria)
    seen, forward = [], []
    for number, candidate in enumerate(candidates, start=1):
        if progress is not None:
            progress(f"{number} of {len(candidates)}: {candidate}")
        whole = making(candidate, within, bounds[-1])
        seen.append(judge.cost(whole, bounds[1], bounds[-1]))
        forward.append(
            [
                judge.cost(making(candidate, _by(within, begin), begin), begin, finish)
                for begin, finish in itertools.pairwise(bounds[1:])
            ]
        )
    return _found(candidates, seen, forward, bounds, grid)


def sees_the_future(history: History, make: Make, candidate: Candidate, failures: Sequence[Failure], *,
                    start: datetime | str, cut: datetime | str, end: datetime | str,
                    kind: Literal["models", "rules"] = "models") -> bool:  # fmt: skip
    """Return whether orders before ``cut`` change when the history after it is removed: then something looked ahead."""
    early, late = _utc(cut), _utc(end)
    known_early: dict[str, Any] = {kind: make(candidate, _by(failures, early), early)}
    known_late: dict[str, Any] = {kind: make(candidate, failures, late)}
    short = history.backtest(**known_early, start=start, end=early)
    long = history.backtest(**known_late, start=start, end=late)

    def before(trial: Trial) -> list[tuple[object, ...]]:
        return [(order.id, order.opened_at, order.opened_as) for order in trial.run.orders if order.opened_at < early]

    return before(short) != before(long)


class _Judge:
    """Runs each document once, from the first input to the end, and returns the cost of each part of the time.

    A fault belongs to the part in which it begins, an order to the part in which it was opened, so that the costs of
    the parts add up to the whole's. An order of a part is what a run that ends there would have opened: what judges
    knows nothing of later inputs (see `sees_the_future`).
    """

    def __init__(
        self,
        history: History,
        kind: str,
        failures: Sequence[Failure],
        end: datetime,
        costs: Costs | None,
        criteria: Criteria | None,
    ) -> None:
        self._history, self._kind, self._failures, self._end = history, kind, failures, end
        self._costs, self._criteria = costs, criteria
        self._outcomes: dict[str, tuple[Run, Outcome]] = {}

    def cost(self, document: Mapping[str, Any], start: datetime, end: datetime) -> float:
        name = json.dumps(document, sort_keys=True, default=repr)
        if name not in self._outcomes:
            given: dict[str, Any] = {self._kind: document}
            run = self._history.backtest(**given, end=self._end).run
            self._outcomes[name] = (run, outcome(run, self._failures, costs=self._costs, criteria=self._criteria))
        run, whole = self._outcomes[name]
        part = replace(
            whole,
            missed=[each for each in whole.missed if start <= (each.begins_at or each.failed_at) < end],
            false=[order for order in whole.false if start <= order.opened_at < end],
            orders=sum(start <= order.opened_at < end for order in run.orders if order.duplicate_of is None),
        )
        return part.cost


def _by(failures: Iterable[Failure], at: datetime) -> list[Failure]:
    return [each for each in failures if each.failed_at < at]


def _default_table(candidate: Candidate, _known: Sequence[Failure], _at: datetime) -> Mapping[str, Any]:
    return {"default": candidate}


def _found(
    candidates: list[Candidate],
    seen: list[float],
    forward: list[list[float]],
    bounds: list[datetime],
    grid: Mapping[str, Sequence[Any]],
) -> Tuning:
    totals = [sum(costs) for costs in forward]
    best = min(range(len(candidates)), key=lambda i: (totals[i], i))
    steps = []
    for k in range(len(bounds) - 2):
        spent = [sum(costs[:k]) for costs in forward]
        choice = min(range(len(candidates)), key=lambda i: (spent[i], i))
        steps.append(
            Fold(
                start=bounds[0],
                chosen_at=bounds[k + 1],
                end=bounds[k + 2],
                chosen=candidates[choice],
                cost_before=spent[choice],
                cost_after=forward[choice][k],
            )
        )
    rows = [
        candidate | {"seen": whole, "forward": total, "optimism": total - whole}
        for candidate, whole, total in zip(candidates, seen, totals, strict=True)
    ]
    table = pd.DataFrame(rows).sort_values("forward", kind="stable", ignore_index=True)
    sensitive = [
        {"parameter": name, "value": candidate[name], "cost": total}
        for name in grid
        for candidate, total in zip(candidates, totals, strict=True)
        if all(candidate[other] == candidates[best][other] for other in grid if other != name)
    ]
    return Tuning(best=candidates[best], table=table, sensitivity=pd.DataFrame(sensitive), folds=steps)


def _utc(at: datetime | str) -> datetime:
    stamp = pd.Timestamp(at)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    moment: datetime = stamp.to_pydatetime()
    return moment
