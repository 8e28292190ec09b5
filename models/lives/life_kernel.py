"""The compiled arithmetic of remaining life: the features of a row, and what trees and small networks make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.float64]
WINDOW = 70
"""Rows that the features of the newest need."""
BEGINNING = 10
"""Rows at the start of a life that are its own reference."""


def feature_count(columns: int) -> int:
    """Return how many features a row has; the wear is the last of the columns, the age the last of the features."""
    return 6 * columns + 11


@njit(cache=True)
def _mean(window: Array, end: int, rows: int, column: int) -> float:
    begin = max(end - rows, 0)
    total = 0.0
    for t in range(begin, end):
        total += window[t, column]
    return total / (end - begin)


@njit(cache=True)
def _rise(window: Array, rows: int, column: int) -> float:
    """What the least squares line through the last rows rises over that many rows."""
    end = window.shape[0]
    begin = max(end - rows, 0)
    count = float(end - begin)
    middle = (begin + end - 1) / 2
    above = 0.0
    for t in range(begin, end):
        above += (t - middle) * window[t, column]
    return above / max(count * (count * count - 1.0) / 12.0, 0.5) * rows


@njit(cache=True)
def row_features(window: Array, count: int, beginning: Array, wear_so_far: float) -> Array:
    """What the newest row of a life tells.

    ``window`` has the newest rows by columns, at most `WINDOW`, the wear as the last column; ``count`` is the rows
    since the life began, ``beginning`` the mean of its first `BEGINNING`, ``wear_so_far`` the mean wear of all.
    """
    rows, m = window.shape
    wear = m - 1
    out = np.empty(6 * m + 11)
    k = 0
    for span in (5, 15, 30):
        for column in range(m):
            out[k] = _mean(window, rows, span, column)
            k += 1
    for span in (15, 30):
        for column in range(m):
            out[k] = _rise(window, span, column)
            k += 1
    out[k] = _rise(window, 60, wear)
    k += 1
    for column in range(m):
        out[k] = _mean(window, rows, 15, column) - beginning[column]
        k += 1
    for span in (10, 20, 45, 70):
        out[k] = _mean(window, rows, span, wear)
        k += 1
    lately = _mean(window, rows, 10, wear)
    for back in (10, 20, 40, 60):
        end = rows - back if count > back else 1
        out[k] = lately - _mean(window, end, 10, wear)
        k += 1
    out[k] = wear_so_far - beginning[wear]
    out[k + 1] = count
    return out


@njit(cache=True)
def trees_sum(row: Array, of: Any, threshold: Array, left: Any, right: Any, value: Array, roots: Any) -> float:
    """Add up what the trees say of a row; ``of`` is the feature that a node asks for, -1 for a leaf."""
    total = 0.0
    for root in roots:
        node = root
        while of[node] >= 0:
            node = left[node] if row[of[node]] <= threshold[node] else right[node]
        total += value[node]
    return total


@njit(cache=True)
def nets_each(row: Array, w1: Array, b1: Array, w2: Array, b2: Array, w3: Array, b3: Array) -> Array:
    """Return what each network of two rectified layers says of a row."""
    out = np.empty(w1.shape[0])
    for net in range(w1.shape[0]):
        first = b1[net].copy()
        for i in range(w1.shape[1]):
            x = row[i]
            for j in range(w1.shape[2]):
                first[j] += x * w1[net, i, j]
        second = b2[net].copy()
        for i in range(w2.shape[1]):
            x = max(first[i], 0.0)
            for j in range(w2.shape[2]):
                second[j] += x * w2[net, i, j]
        total = b3[net]
        for i in range(w3.shape[1]):
            total += max(second[i], 0.0) * w3[net, i]
        out[net] = total
    return out


def make_ready() -> None:
    """Compile everything, or load it from the cache."""
    found = row_features(np.zeros((1, 2)), 1, np.zeros(2), 0.0)
    nodes = np.array([-1])
    trees_sum(found, nodes, np.zeros(1), nodes, nodes, np.zeros(1), np.array([0]))
    wide = len(found)
    nets_each(
        found,
        np.zeros((1, wide, 1)),
        np.zeros((1, 1)),
        np.zeros((1, 1, 1)),
        np.zeros((1, 1)),
        np.zeros((1, 1)),
        np.zeros(1),
    )
