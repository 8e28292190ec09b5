"""A forest of randomised trees as arrays of numbers: stored, read and evaluated without the library that grew it."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

TREES = 100
TRIED = 3.0
"""Features tried at each node, as a multiple of the square root of their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Trees over features that a text has or has not. Nodes of all trees have one numbering.

    Parameters
    ----------
    roots
        The first node of each tree.
    columns
        The feature that a node asks for; -1 at a leaf.
    without, having
        The next node for texts without and with the feature.
    leaves
        For each node the row of ``shares``, -1 where it is no leaf.
    shares
        For each leaf the share of its training texts that had each target.
    """

    roots: np.ndarray
    columns: np.ndarray
    without: np.ndarray
    having: np.ndarray
    leaves: np.ndarray
    shares: sparse.csr_matrix

    def predict(self, rows: sparse.csr_matrix) -> np.ndarray:
        """Return for each row the mean share of each target over the trees, from 0 to 1."""
        found = np.zeros((rows.shape[0], self.shares.shape[1]))
        has = np.zeros(rows.shape[1] + 1, dtype=bool)
        for at in range(rows.shape[0]):
            own = rows.indices[rows.indptr[at] : rows.indptr[at + 1]]
            has[own] = True
            found[at] = np.asarray(self.shares[self._leaves(has)].sum(axis=0)).ravel() / len(self.roots)
            has[own] = False
        return found

    def _leaves(self, has: np.ndarray) -> np.ndarray:
        nodes = self.roots.copy()
        while (inner := self.columns[nodes] >= 0).any():
            asked = nodes[inner]
            nodes[inner] = np.where(has[self.columns[asked]], self.having[asked], self.without[asked])
        return np.asarray(self.leaves[nodes])


def grow(rows: sparse.csr_matrix, targets: np.ndarray, *, seed: int = 0, processes: int = 1) -> Forest:
    """Grow a forest. ``targets`` has a column of zeros and ones for each target, the same number of rows."""
    from sklearn.ensemble import ExtraTreesRegressor

    tried = max(1, min(rows.shape[1], int(TRIED * rows.shape[1] ** 0.5)))
    trees = ExtraTreesRegressor(TREES, max_features=tried, random_state=seed, n_jobs=processes)
    trees.fit(rows, targets.astype(np.float32))
    parts = [each.tree_ for each in trees.estimators_]
    starts = np.cumsum([0, *(each.node_count for each in parts)])[:-1]
    columns = np.concatenate([np.where(each.children_left < 0, -1, each.feature) for each in parts]).astype(np.int32)
    leaf = columns < 0
    leaves = np.where(leaf, np.cumsum(leaf) - 1, -1).astype(np.int32)
    shares = [each.value[each.children_left < 0][:, :, 0] for each in parts]
    return Forest(
        roots=starts.astype(np.int32),
        columns=columns,
        without=np.concatenate([p.children_left + s for p, s in zip(parts, starts, strict=True)]).astype(np.int32),
        having=np.concatenate([p.children_right + s for p, s in zip(parts, starts, strict=True)]).astype(np.int32),
        leaves=leaves,
        shares=sparse.vstack([sparse.csr_matrix(each.astype(np.float32)) for each in shares]).tocsr(),
    )
