"""The short texts of requests and orders as features: words, pairs of words, and pieces of words.

Pieces make a misspelling or an abbreviation resemble the word that was meant; the spaces round a word are part of them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

LONGEST = 2000
"""Characters of a text that are read; the rest of a longer one is left out."""
LONGEST_WORD = 60
SHORTEST_PIECE, LONGEST_PIECE = 2, 5
LEAST_TEXTS = 2
"""A feature of fewer texts is left out: it says nothing about the next one."""
_WORD = re.compile(r"[^\W_]+|&|#")


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case and without punctuation."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    return [each[:LONGEST_WORD] for each in _WORD.findall(folded)]


def features(said: Sequence[str]) -> set[str]:
    """Return the features of the words of a text. Words begin with ``=``, pieces with ``~``."""
    found = {f"={each}" for each in said}
    found.update(f"={one} {two}" for one, two in pairwise(said))
    for each in set(said):
        padded = f" {each} "
        for size in range(SHORTEST_PIECE, min(LONGEST_PIECE, len(padded)) + 1):
            found.update(f"~{padded[at : at + size]}" for at in range(len(padded) - size + 1))
    return found


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features that a model knows, each with its column and its weight (inverse share of texts, from 1)."""

    columns: Mapping[str, int]
    weights: np.ndarray

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Vocabulary":
        """Learn the features that occur in two texts or more, in alphabetical order."""
        counts: Counter[str] = Counter()
        total = 0
        for total, text in enumerate(texts, 1):  # noqa: B007 - the count outlives the loop
            counts.update(features(words(text)))
        known = sorted(each for each, count in counts.items() if count >= LEAST_TEXTS)
        shares = np.array([(1 + counts[each]) / (1 + total) for each in known], dtype=np.float32)
        return cls({each: at for at, each in enumerate(known)}, 1 - np.log(shares))

    def rows(self, texts: Iterable[str]) -> sparse.csr_matrix:
        """Return a row for each text: 1 where it has the feature."""
        return self.rows_of_words(words(text) for text in texts)

    def rows_of_words(self, texts: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """Return a row for each text that has been split into words already."""
        indices: list[int] = []
        ends = [0]
        for found in self._columns(texts):
            indices.extend(found)
            ends.append(len(indices))
        ones = np.ones(len(indices), dtype=np.float32)
        shape = (len(ends) - 1, len(self.columns))
        return sparse.csr_matrix((ones, np.array(indices, dtype=np.int32), np.array(ends)), shape=shape)

    def weighted(self, rows: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return rows with rare features heavier, each of length 1: their product is how alike two texts are."""
        heavy = rows.multiply(self.weights).tocsr()
        lengths = np.sqrt(np.asarray(heavy.multiply(heavy).sum(axis=1)).ravel())
        scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return sparse.csr_matrix(sparse.diags(scale) @ heavy, dtype=np.float32)

    def _columns(self, texts: Iterable[Sequence[str]]) -> Iterator[list[int]]:
        for said in texts:
            yield sorted(self.columns[each] for each in features(said) if each in self.columns)
