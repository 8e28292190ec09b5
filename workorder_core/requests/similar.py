"""Problems that are known already: texts with similar words, so that a request is not made twice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

_WORD = re.compile(r"[^\W_]{3,}")
_LETTERS = 3
ALIKE = 0.25
"""The least share of common letter triples at which texts are called similar."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """Something that is known, and how similar its text is, from 0 to 1."""

    thing: T
    likeness: float


def likeness(one: str, other: str) -> float:
    """Return the share of letter triples that two texts have in common, from 0 to 1; the shorter text counts.

    Triples rather than words: compounds and endings of a word still count as similar.

    >>> round(likeness("Tür klemmt", "die Türen klemmen"), 2), likeness("leaks", "cold")
    (0.8, 0.0)
    """
    first, second = _triples(one), _triples(other)
    if not first or not second:
        return 0.0
    return len(first & second) / min(len(first), len(second))


def known(text: str, things: Iterable[tuple[T, str]], *, most: int = 5) -> list[Known[T]]:
    """Return what is known, the most similar first. Without a text all are returned in their own order: what is known
    at an asset is worth seeing before anything is typed.
    """
    found = [Known(thing, likeness(text, words)) for thing, words in things]
    return sorted(found, key=lambda each: -each.likeness)[:most]


def _triples(text: str) -> set[str]:
    words = _WORD.findall(text.casefold())
    return {word[at : at + _LETTERS] for word in words for at in range(len(word) - _LETTERS + 1)}
