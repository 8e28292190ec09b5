"""Suggests a label where the past says that such a suggestion was right often enough, and nothing elsewhere.

How right suggestions are is measured on the past in its own order: each later part of it is predicted by what was
learned from the texts before. A random split would flatter, because texts repeat and the use of labels changes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.triage import scorer
from models.triage.scorer import Scorer
from models.triage.texts import words

GOAL = 0.95
"""The share of suggestions that must be right."""
MARGIN = 0.015
"""Added to the goal on the past, because the future differs from it."""
FIRST_PART, PARTS = 0.5, 8
"""The first half of the past is only learned from; the second is predicted in so many parts."""
PRIOR = 40
"""So many texts of the past are as if they had been right as often as their score says."""
LEAST_TEXTS = 20
"""Fewer labelled texts than this teach nothing."""
MOST_WORDS = 40
_LEAST = 1e-3
_NEVER = 2.0


class NothingToLearn(Exception):
    """There are too few labelled texts, or all have the same label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The label of a text, with the probability that it is right; None where that is too low to suggest one.

    ``top`` has the three most likely labels, the likeliest first, whatever is suggested.
    """

    label: str | None
    probability: float
    top: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How the suggestions of the past were: texts predicted, the share of them that was suggested for, and the share of
    these that was right."""

    predicted: int
    suggested: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A scorer with its calibration.

    Parameters
    ----------
    curve
        Factors of the logit of the best score and of its ratio to the second, and a constant: the logit of the
        probability that the best label is right.
    threshold
        The least probability at which a label is suggested; above 1: never.
    """

    scorer: Scorer
    curve: tuple[float, float, float]
    threshold: float
    past: Past

    def suggest(self, texts: Sequence[str]) -> list[Suggestion]:
        """Return a suggestion for each text."""
        rows = self.scorer.vocabulary.rows(texts)
        scores = self.scorer.scores(rows)
        found = []
        for at, (own, probability) in enumerate(zip(scores, _curved(self.curve, _signs(scores)), strict=True)):
            best = np.argsort(-own, kind="stable")[:3]
            sure = probability >= self.threshold and rows.indptr[at] < rows.indptr[at + 1]
            labels = tuple(self.scorer.labels[each] for each in best)
            found.append(Suggestion(label=labels[0] if sure else None, probability=float(probability), top=labels))
        return found

    def words_for(self, text: str, label: str, most: int = 3) -> list[str]:
        """Return the words of a text without which the label's score would be lower, the most important first."""
        said = words(text)[:MOST_WORDS]
        if label not in self.scorer.labels or not said:
            return []
        different = list(dict.fromkeys(said))
        without = [[each for each in said if each != word] for word in different]
        column = self.scorer.labels.index(label)
        whole, *less = self.scorer.scores(self.scorer.vocabulary.rows_of_words([said, *without]))[:, column]
        drops = sorted(zip(different, (whole - each for each in less), strict=True), key=lambda each: -each[1])
        return [word for word, drop in drops[:most] if drop > _LEAST and re.search(r"\w\w", word)]


def learn(texts: Sequence[str], labels: Sequence[str], *, goal: float = GOAL, processes: int = 1) -> Selector:
    """Learn from labelled texts, the oldest first. Raises NothingToLearn."""
    if len(texts) < LEAST_TEXTS or len(set(labels)) < 2:
        raise NothingToLearn(f"{len(texts)} texts with {len(set(labels))} labels")
    signs, right = _predicted_past(texts, labels, processes)
    curve = _calibrated(signs, right)
    threshold, past = _threshold(_curved(curve, signs), right, goal + MARGIN)
    learned = scorer.learn(texts, labels, processes=processes)
    return Selector(scorer=learned, curve=curve, threshold=threshold, past=past)


def _predicted_past(texts: Sequence[str], labels: Sequence[str], processes: int) -> tuple[np.ndarray, np.ndarray]:
    """Predict each later part of the past from the texts before it; return signs, and whether each is right."""
    cuts = np.linspace(FIRST_PART, 1, PARTS + 1) * len(texts)
    signs, right = [np.zeros((0, 2))], [np.zeros(0, dtype=bool)]
    for start, end in zip(cuts.astype(int), cuts[1:].astype(int), strict=False):
        if len(set(labels[:start])) < 2 or start == end:
            continue
        before = scorer.learn(texts[:start], labels[:start], processes=processes)
        scores = before.scores(before.vocabulary.rows(texts[start:end]))
        best = np.array(before.labels)[scores.argmax(axis=1)]
        signs.append(_signs(scores))
        right.append(best == np.array(labels[start:end]))
    return np.vstack(signs), np.concatenate(right)


def _signs(scores: np.ndarray) -> np.ndarray:
    """Return what a score says of its own rightness: the logit of the best, and its ratio to the second."""
    best = np.sort(scores, axis=1)[:, ::-1] + _LEAST
    return np.stack([np.log(best[:, 0] / (1 + 2 * _LEAST - best[:, 0])), np.log(best[:, 0] / best[:, 1])], axis=1)


def _calibrated(signs: np.ndarray, right: np.ndarray) -> tuple[float, float, float]:
    """Fit the curve from signs to the share right. ``PRIOR`` more texts, right as often as their score says, keep few
    labels from bending it.
    """
    from sklearn.linear_model import LogisticRegression

    if not len(right):  # nothing could be predicted: scores stay what they are
        return 1.0, 0.0, 0.0
    said = 1 / (1 + np.exp(-signs[:, 0]))
    part = PRIOR / len(right)
    weights = np.concatenate([right + part * said, ~right + part * (1 - said)])
    fitted = LogisticRegression(C=100).fit(np.vstack([signs, signs]), np.repeat([1, 0], len(right)), weights)
    return float(fitted.coef_[0, 0]), float(fitted.coef_[0, 1]), float(fitted.intercept_[0])


def _curved(curve: tuple[float, float, float], signs: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-(signs @ np.array(curve[:2]) + curve[2]))))


def _threshold(found: np.ndarray, right: np.ndarray, goal: float) -> tuple[float, Past]:
    """Return the lowest probability above which the past was right often enough, as if one more had been wrong."""
    order = np.argsort(-found, kind="stable")
    total, good = np.arange(1, len(order) + 1), np.cumsum(right[order])
    enough = np.flatnonzero(good / (total + 1) >= goal) if len(order) else np.zeros(0, dtype=int)
    if not len(enough):
        return _NEVER, Past(predicted=len(order), suggested=0.0, right=0.0)
    last = enough.max()
    share = float(total[last] / total[-1])
    past = Past(predicted=len(order), suggested=share, right=float(good[last] / total[last]))
    least = float(found[order[last]])
    # Where nothing in the past was too uncertain, the least certain of it is no limit by itself.
    return (min(least, goal) if last == len(order) - 1 else least), past
