"""Rules that can never become active, because the device that they look at reports too seldom."""

from rules import ruleset
from rules.threshold import Threshold

_LASTING = ("rate", "stuck")
"""Kinds whose figure needs readings that follow each other without a gap."""


def lasts(rule: Threshold) -> bool:
    """Whether a rule looks at something that has to last, which a silence longer than its ``max_gap`` breaks."""
    return rule.for_us > 0 or rule.kind in _LASTING


def signals(rule: Threshold) -> frozenset[str]:
    """Return the signals whose pace matters to a rule: EVERY for those of every signal."""
    return ruleset.reads(rule) if rule.expression is not None else frozenset({rule.signal})


def never_active(rule: Threshold, every_us: int) -> bool:
    """Whether a rule cannot become active on a signal that is measured so seldom: each reading begins it anew."""
    return lasts(rule) and every_us > rule.max_gap_us
