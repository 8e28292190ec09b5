"""How alike a text is to others, by the words and pieces of words that they share."""

from collections import Counter
from collections.abc import Sequence
from math import log, sqrt

from models.triage.texts import features, words


def likeness(text: str, others: Sequence[str]) -> list[float]:
    """Return for each other text how alike it is, from 0 to 1; what few of them have counts more."""
    own = features(words(text))
    theirs = [features(words(each)) for each in others]
    counts = Counter(each for one in theirs for each in one)
    total = len(others)

    def weight(feature: str) -> float:
        return (1 + log((2 + total) / (1 + counts[feature]))) ** 2

    length = sqrt(sum(weight(each) for each in own))
    found = []
    for one in theirs:
        both = sum(weight(each) for each in own & one)
        whole = length * sqrt(sum(weight(each) for each in one))
        found.append(both / whole if whole else 0.0)
    return found


def share_of(text: str, other: str) -> float:
    """Return which share of a text's words, weighted by length, another text has, also in other endings."""
    asked = [each for each in words(text) if len(each) > 2]
    known = set(words(other))
    beginnings = {each[:5] for each in known}
    whole = sum(len(each) for each in asked)
    hit = sum(len(each) for each in asked if each in known or (len(each) > 4 and each[:5] in beginnings))
    return hit / whole if whole else 0.0
