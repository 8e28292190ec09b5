"""What becomes of a field that somebody changed without a network: the rule of three values. Pure."""

from typing import Any

from workorder_core.sync.words import Verdict

FIELDS = frozenset({"title", "requested_for", "required_tools", "estimated_hours", "actual_hours"})
"""The fields of an order that an operation can change."""


def decide(*, current: Any, base: Any, new: Any) -> Verdict:
    """Decide what becomes of a field.

    Parameters
    ----------
    current
        The value that the order has now.
    base
        The value that the device had read when the person changed it.
    new
        The value that the person wants.

    Nothing that another person wrote since ``base`` is ever overwritten: then it is a conflict, and both values stay.
    """
    if current == new:
        return Verdict.MERGED
    return Verdict.APPLIED if current == base else Verdict.CONFLICT
