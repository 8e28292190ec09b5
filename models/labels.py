"""How close-outs rate a model: how often it was right, and how that moves its limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

NEWEST = 50
"""The newest labels that count, for a model version on an asset class."""
PACE = 0.2
"""How much one false alarm adds to the logarithm of the limit, at a goal of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How the orders of a model's version on the assets of a class were closed.

    ``other_cause``: the machine was not well, but had a different fault from the one reported.
    """

    confirmed: int = 0
    other_cause: int = 0
    nothing_found: int = 0

    @property
    def total(self) -> int:
        return self.confirmed + self.other_cause + self.nothing_found

    @property
    def precision(self) -> float | None:
        """Return the share of orders on which something was wrong; None without close-outs."""
        return (self.confirmed + self.other_cause) / self.total if self.total else None


def factor(labels: Labels, goal: float, least: float, most: float) -> float:
    """Return the factor of the limit, within its bounds.

    A false alarm raises it in proportion to ``goal``, a confirmed order lowers it in proportion to ``1 - goal``: it
    settles where the precision equals the goal.
    """
    right = labels.confirmed + labels.other_cause
    moved = math.exp(PACE * (goal * labels.nothing_found - (1.0 - goal) * right))
    return min(max(moved, least), most)
