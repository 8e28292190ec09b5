"""When what triage has learned at a site is learned anew, by itself. Nothing here reads a clock or a database."""

from dataclasses import dataclass
from math import ceil

FIRST = 80
"""Labelled texts for the first version: with fewer, no suggestion can be shown to be right often enough."""
NEXT, NEXT_SHARE = 50, 0.1
"""New labelled texts for the next version: this many, and this share of those that the last one was learned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many texts got labels since a version was last asked for, and how many it takes for the next one.

    A text counts once: when its order is recorded, and again when its close-out confirms or corrects it.
    """

    new: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether the next version is due."""
        return self.new >= self.needed


def progress(*, new: int, learned_from: int | None) -> Progress:
    """Return how far a site is on the way to its next version.

    Parameters
    ----------
    new
        Texts whose labels are newer than the last version and the last run that tried to learn one.
    learned_from
        The texts of the last version; None where there is none.
    """
    needed = FIRST if learned_from is None else max(NEXT, ceil(NEXT_SHARE * learned_from))
    return Progress(new=new, needed=needed)


def comes_into_force(*, newest: int | None, in_force: int | None) -> bool:
    """Return whether a version that is learned by itself also suggests.

    It does not where a person has put back an earlier version, or none: that lasts until a person chooses the newest.
    """
    return in_force == newest
