"""Scores the labels that a text may have: a forest and a linear model over the same features.

Labels such as ``Engine_Radiator`` are made of parts. The forest learns the parts, and a label is as likely as its parts
are and the others are not, so that a rare combination is recognised by parts that are common.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.triage.forest import Forest, grow
from models.triage.texts import Vocabulary

STRENGTH = 100.0
"""The inverse of the linear model's regularisation."""
LINEAR_SHARE = 0.2
_LEAST = 1e-3
_JOINS = re.compile(r"[_|]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Scores each label for a text.

    Parameters
    ----------
    labels
        In alphabetical order; scores have the same order.
    parts
        A row for each label: 1 where it is made of that part.
    slopes, offsets
        The linear model: a row for each label.
    """

    vocabulary: Vocabulary
    labels: tuple[str, ...]
    parts: np.ndarray
    forest: Forest
    slopes: np.ndarray
    offsets: np.ndarray

    def scores(self, rows: sparse.csr_matrix) -> np.ndarray:
        """Return a row of scores for each row of features; a row sums to 1."""
        shares = self.forest.predict(rows)
        of_parts = np.clip(shares[:, : self.parts.shape[1]], _LEAST, 1 - _LEAST)
        composed = _to_shares(np.log(of_parts) @ self.parts.T + np.log1p(-of_parts) @ (1 - self.parts.T))
        linear = _to_shares(self.vocabulary.weighted(rows) @ self.slopes.T + self.offsets)
        return np.asarray((1 - LINEAR_SHARE) * composed + LINEAR_SHARE * linear)


def learn(texts: Sequence[str], labels: Sequence[str], *, processes: int = 1) -> Scorer:
    """Learn from labelled texts; at least two labels occur among them."""
    from sklearn.linear_model import LogisticRegression

    vocabulary = Vocabulary.of(texts)
    rows = vocabulary.rows(texts)
    names = sorted(set(labels))
    number = {each: at for at, each in enumerate(names)}
    given = np.array([number[each] for each in labels])
    parts = parts_of(names)
    linear = LogisticRegression(C=STRENGTH, max_iter=200).fit(vocabulary.weighted(rows), given)
    slopes, offsets = linear.coef_, linear.intercept_
    if len(names) == 2:
        slopes, offsets = np.vstack([0 * slopes, slopes]), np.append(0 * offsets, offsets)
    return Scorer(
        vocabulary=vocabulary,
        labels=tuple(names),
        parts=parts,
        forest=grow(rows, parts[given], processes=processes),
        slopes=slopes.astype(np.float32),
        offsets=offsets.astype(np.float32),
    )


def parts_of(labels: Sequence[str]) -> np.ndarray:
    """Return a row for each label: 1 in the columns of the parts that it is made of."""
    made_of = [{part for part in _JOINS.split(each) if part} or {each} for each in labels]
    column = {part: at for at, part in enumerate(sorted(set().union(*made_of)))}
    found = np.zeros((len(labels), len(column)))
    for at, own in enumerate(made_of):
        found[at, [column[part] for part in own]] = 1
    return found


def _to_shares(logits: np.ndarray) -> np.ndarray:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))
