"""What close-outs say of a model: how often it was right, and what that does to its limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

NEWEST = 50
"""So many labels of a model's version on an asset class count, the newest."""
PACE = 0.2
"""What one order for nothing adds to the logarithm of the limit, at a goal of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How the orders of a model's version on the assets of a class were closed.

    ``other_cause``: the machine was not well, but with another fault than was told.
    """

    confirmed: int = 0
    other_cause: int = 0
    nothing_found: int = 0

    @property
    def total(self) -> int:
        return self.confirmed + self.other_cause + self.nothing_found

    @property
    def precision(self) -> float | None:
        """The part of the orders on which something was wrong; None where nothing was closed yet."""
        return (self.confirmed + self.other_cause) / self.total if self.total else None


def factor(labels: Labels, goal: float, least: float, most: float) -> float:
    """Return what the limit is multiplied by, within its bounds.

    An order for nothing raises it by ``goal``, one that was right lowers it by what is left of ``goal`` to 1: it
    stands still where the precision is the goal.
    """
    right = labels.confirmed + labels.other_cause
    moved = math.exp(PACE * (goal * labels.nothing_found - (1.0 - goal) * right))
    return min(max(moved, least), most)
