"""Finds rules that can never become active, because the device that they read reports too seldom."""

from rules import ruleset
from rules.threshold import Threshold

_LASTING = ("rate", "stuck")
"""Kinds whose measure needs readings without gaps."""


def lasts(rule: Threshold) -> bool:
    """Return whether a rule needs a condition to last, which a silence longer than its ``max_gap`` interrupts."""
    return rule.for_us > 0 or rule.kind in _LASTING


def signals(rule: Threshold) -> frozenset[str]:
    """Return the signals whose interval matters to a rule; EVERY for rules on every signal."""
    return ruleset.reads(rule) if rule.expression is not None else frozenset({rule.signal})


def never_active(rule: Threshold, every_us: int) -> bool:
    """Return whether a rule can never become active at this interval, since each reading restarts it."""
    return lasts(rule) and every_us > rule.max_gap_us
