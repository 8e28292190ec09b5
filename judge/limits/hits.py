"""Hits: a rule of an asset that became active, stays active or ended."""

from typing import NamedTuple

from rules.threshold import Condition, Threshold


class Hit(NamedTuple):
    """A rule that is active, or has just cleared.

    ``value`` is what it compares with its limit, ``signs`` are signals and their values; ``chatters``: it has just
    begun to chatter; ``calm``: it no longer chatters. Not ``judged``: it ended because it does not judge in the asset's
    operating state.
    """

    rule: Threshold
    condition: Condition
    at_us: int
    value: float
    signs: tuple[tuple[str, float], ...]
    chatters: bool = False
    calm: bool = False
    judged: bool = True
