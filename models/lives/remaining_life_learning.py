"""Learns remaining life from a fleet, by scikit-learn, which judging does not need. See `models.remaining_life`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.lives import life_kernel
from models.remaining_life import PROBABILITIES, Course, RemainingLife

Array = npt.NDArray[np.float64]
FEWEST_LIVES = 8
"""Lives that have to have ended in a failure."""
FOLDS = 4
BEYOND = 0.2
"""Rows further from the end than the cap and so much of it are not learned from: they have nothing to tell apart."""
TREES, ROUNDS, NETS = 3, 250, 6
HIDDEN = (32, 16)
EARLIEST = 20
"""Rows before this one of a life say too little for the distribution."""
MOST_CASES = 24_000
RIDGE = 50.0


class TooFewLives(ValueError):
    """Too few lives have ended in a failure to learn from; says how many did and how many are needed."""

    def __init__(self, failed: int) -> None:
        super().__init__(f"{failed} lives have ended in a failure; it takes at least {FEWEST_LIVES}")
        self.failed, self.needed = failed, FEWEST_LIVES


@dataclass(frozen=True, slots=True)
class Life:
    """A life as a table of rows by signals, up to its failure; or up to when it was replaced, if it had not failed."""

    rows: Array
    failed: bool = True

    def left(self) -> Array:
        """Return the rows that are left at each row; at least so many if it did not fail."""
        return np.arange(len(self.rows), dtype=np.float64)[::-1]


@dataclass(frozen=True, slots=True)
class Case:
    """What was predicted of an asset that was not learned from, and what came of it."""

    life: int
    row: int
    expected: float
    left: float
    failed: bool


def learn(
    lives: Sequence[Life], *, age: bool = False, cap: float | None = None, seed: int = 1, folds: int = FOLDS
) -> tuple[RemainingLife, list[Case]]:
    """Learn from lives, and return what was predicted of each by a model that was learned from the others.

    ``cap`` is in rows; None is .63 of the median life. The same lives and seed give the same numbers. Raises
    TooFewLives, and ValueError for lives with different columns.
    """
    failed = [life for life in lives if life.failed]
    if len(failed) < FEWEST_LIVES:
        raise TooFewLives(len(failed))
    if len({life.rows.shape[1] for life in lives}) != 1:
        raise ValueError("the lives have different numbers of signals; give each the same columns")
    cap = round(0.63 * float(np.median([len(life.rows) for life in failed]))) if cap is None else cap
    order = np.random.default_rng(seed).permutation(len(lives))
    cases: list[Case] = []
    for fold in range(folds):
        out = set(order[fold::folds].tolist())
        fitted = _fit([life for number, life in enumerate(lives) if number not in out], age, cap, seed)
        cases += [case for number in sorted(out) for case in _cases(fitted, number, lives[number])]
    model = _fit(lives, age, cap, seed)
    at, quantiles = distribution(cases)
    return replace(model, at=at, lives=quantiles), cases


def distribution(cases: Sequence[Case]) -> tuple[Array, Array]:
    """Return predictions, ascending, and for each the quantiles of what was left; NaN where no life tells."""
    known = sorted(cases, key=lambda case: (case.expected, case.life, case.row))
    bins = int(np.clip(len(known) // 60, 3, 24))
    at, quantiles = list[float](), list[list[float]]()
    for part in np.array_split(np.arange(len(known)), bins):
        group = [known[number] for number in part]
        middle = float(np.mean([case.expected for case in group]))
        if at and middle <= at[-1] + 1e-9:
            continue
        at.append(middle)
        quantiles.append(_product_limit(group))
    return np.array(at), np.maximum.accumulate(np.array(quantiles), axis=1)


def _product_limit(cases: Sequence[Case]) -> list[float]:
    found, working, survived = [], len(cases), 1.0
    wanted = list(PROBABILITIES)
    before = 0.0
    for case in sorted(cases, key=lambda case: (case.left, not case.failed)):
        if case.failed:
            after = survived * (1.0 - 1.0 / working)
            while wanted and 1.0 - after >= wanted[0]:
                found.append(
                    before + (case.left - before) * min(1.0, (survived - 1.0 + wanted[0]) / (survived - after))
                )
                del wanted[0]
            survived, before = after, case.left
        working -= 1
    return found + [np.nan] * len(wanted)


def _cases(model: RemainingLife, number: int, life: Life) -> Iterator[Case]:
    course, left = Course(), life.left()
    for row, values in enumerate(life.rows):
        course.add(model.row(values))
        if row >= EARLIEST and row % 3 == number % 3:
            yield Case(number, row, course.expected(model), float(left[row]), life.failed)


def _fit(lives: Sequence[Life], age: bool, cap: float, seed: int) -> RemainingLife:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor
    from threadpoolctl import threadpool_limits

    base = _direction(lives, age, cap)
    inputs, target = _table(base, lives)
    scale = np.stack([inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-9)])
    middle, spread = float(target.mean()), max(float(target.std()), 1e-9)
    seen = (inputs - scale[0]) / scale[1]
    leaf = int(np.clip(len(target) // 150, 5, 80))
    with threadpool_limits(1), warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        trees = [
            HistGradientBoostingRegressor(
                learning_rate=0.04, max_iter=ROUNDS, max_leaf_nodes=8, min_samples_leaf=leaf, l2_regularization=5.0,
                max_features=0.2, random_state=seed + number,
            ).fit(inputs, target)
            for number in range(TREES)
        ]  # fmt: skip
        nets = [
            MLPRegressor(
                hidden_layer_sizes=HIDDEN, alpha=0.3, learning_rate_init=0.003, batch_size=min(256, len(target)),
                max_iter=15, random_state=seed + number,
            ).fit(seen, (target - middle) / spread)
            for number in range(NETS)
        ]  # fmt: skip
    return replace(
        base, trees=_tree_numbers(trees), nets=_net_numbers(nets), scale=scale, target=np.array([middle, spread])
    )


def _direction(lives: Sequence[Life], age: bool, cap: float) -> RemainingLife:
    """A ridge regression of the capped rows left on means of five: the direction in which lives end."""
    rows = np.concatenate([life.rows for life in lives])
    columns = np.array([k for k in range(rows.shape[1]) if len(np.unique(rows[:, k])) > 2], dtype=np.int64)
    mean, spread = rows[:, columns].mean(axis=0), np.maximum(rows[:, columns].std(axis=0), 1e-9)
    short, left = [], []
    for life in lives:
        known = _known(life, cap)
        short.append(_trailing((life.rows[:, columns] - mean) / spread, 5)[known])
        left.append(np.minimum(life.left(), cap)[known])
    means, target = np.concatenate(short), np.concatenate(left)
    off = means - means.mean(axis=0)
    weights = np.linalg.solve(off.T @ off + RIDGE * np.eye(len(columns)), off.T @ (target - target.mean()))
    nothing = np.zeros(0)
    return RemainingLife(
        columns=columns, mean=mean, spread=spread, wear=weights / np.abs(weights).sum(), age=age, cap=cap, trees={},
        nets={}, scale=nothing, target=nothing, at=nothing, lives=nothing,
    )  # fmt: skip


def _known(life: Life, cap: float) -> npt.NDArray[np.bool_]:
    """The rows of which the capped rest is known: of a life that did not fail those with at least the cap to go."""
    return np.ones(len(life.rows), dtype=np.bool_) if life.failed else life.left() >= cap


def _table(base: RemainingLife, lives: Sequence[Life]) -> tuple[Array, Array]:
    inputs, target = [], []
    for life in lives:
        course, left, known = Course(), life.left(), _known(life, base.cap)
        for row, values in enumerate(life.rows):
            course.add(base.row(values))
            if known[row] and left[row] <= base.cap * (1 + BEYOND):
                found = life_kernel.row_features(*course.facts())
                inputs.append(found if base.age else found[:-1])
                target.append(min(left[row], base.cap))
    return np.array(inputs), np.array(target)


def _trailing(values: Array, window: int) -> Array:
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - window, 0)
    return np.asarray((total[end] - total[begin]) / (end - begin).reshape(-1, 1), dtype=np.float64)


def _tree_numbers(forests: Sequence[Any]) -> dict[str, Any]:
    """All trees of all seeds as one table of nodes; the mean of the seeds is their sum."""
    parts: dict[str, list[Any]] = {name: [] for name in ("of", "threshold", "left", "right", "value", "roots")}
    begin = 0
    baseline = float(np.mean([float(np.ravel(each._baseline_prediction)[0]) for each in forests]))
    for forest in forests:
        for (tree,) in forest._predictors:
            nodes = tree.nodes
            leaf = nodes["is_leaf"].astype(bool)
            parts["roots"].append(begin)
            parts["of"] += np.where(leaf, -1, nodes["feature_idx"]).tolist()
            parts["threshold"] += [round5(each) for each in np.where(leaf, 0.0, nodes["num_threshold"])]
            parts["left"] += np.where(leaf, 0, nodes["left"] + begin).tolist()
            parts["right"] += np.where(leaf, 0, nodes["right"] + begin).tolist()
            parts["value"] += [round5(each) for each in np.where(leaf, nodes["value"], 0.0) / len(forests)]
            begin += len(nodes)
    # A tree of one leaf carries what all predictions begin from.
    parts["roots"].append(begin)
    for name, value in (("of", -1), ("threshold", 0.0), ("left", 0), ("right", 0), ("value", baseline)):
        parts[name].append(value)
    return {
        name: np.array(each, dtype=np.float64 if name in ("threshold", "value") else np.int64)
        for name, each in parts.items()
    }


def _net_numbers(nets: Sequence[Any]) -> dict[str, Array]:
    layers = [[net.coefs_[0], net.intercepts_[0], net.coefs_[1], net.intercepts_[1], net.coefs_[2][:, 0],
               net.intercepts_[2][0]] for net in nets]  # fmt: skip
    names = ("w1", "b1", "w2", "b2", "w3", "b3")
    return {
        name: np.array([[round5(each) for each in np.ravel(layer[k])] for layer in layers]).reshape(
            (len(nets), *np.shape(layers[0][k]))
        )
        for k, name in enumerate(names)
    }


def round5(value: float) -> float:
    """Return a number with five digits, which is all that a learned one has."""
    return float(f"{value:.5g}")
