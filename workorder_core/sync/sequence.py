"""The numbers of a device's operations: 1, 2, 3 …, so that a gap is noticed. Pure."""

from enum import StrEnum


class Turn(StrEnum):
    """Whether an operation's turn has come."""

    NEXT = "next"
    PAST = "past"
    """Its number is behind what is known: the device resends, or counts anew."""
    EARLY = "early"


def turn(seq: int, *, known: int) -> Turn:
    """Decide whether an operation's turn has come; ``known`` is the highest number without a gap before it."""
    if seq <= known:
        return Turn.PAST
    return Turn.NEXT if seq == known + 1 else Turn.EARLY


def after_gap(known: int, oldest: int | None) -> int:
    """Return what counts as known if the device no longer has what lies before ``oldest``; None: it has not said.

    After the server was restored from a backup, operations that the device has forgotten will never arrive: waiting for
    them would hold up everything after them.
    """
    return known if oldest is None else max(known, oldest - 1)
