"""Disruptions: what upsets a week's plan after it was made, and when the week is planned anew because of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from workorder_core.sentences import kept

SETTLES = timedelta(milliseconds=500)
"""Several absences that are entered in one go lead to one proposal: nothing new for so long."""
AT_THE_LATEST = timedelta(seconds=5)
"""A stream of disruptions does not put off planning for longer than this."""
OVERRUN_AFTER = timedelta(minutes=10)
"""Work that is under way so long after its planned end takes longer than planned."""
SECONDS = 1.0
"""How long a run that a disruption has asked for looks for a better plan."""
MOST_CAUSES = 20
"""A proposal names so many causes at most, the latest."""


def is_settled(noticed: Sequence[datetime], now: datetime) -> bool:
    """Return whether to plan because of disruptions that were noticed at these times (wall clock)."""
    return bool(noticed) and (now - max(noticed) >= SETTLES or now - min(noticed) >= AT_THE_LATEST)


def cause(kind: str, *, technician: str | None, number: str | None) -> str:
    """Return what happened, as a sentence. Why somebody is away is private."""
    match kind:
        case "absence":
            return kept("{name} is away", name=technician)
        case "emergency":
            return kept("{number} is an emergency", number=number)
        case "overrun":
            return kept("{number} takes longer than planned", number=number)
        case _:
            return kept("parts for {number} are missing", number=number)


def all_causes(before: Iterable[str], new: Iterable[str]) -> list[str]:
    """Return the causes of a proposal that takes the place of another one that nobody has accepted yet."""
    return list(dict.fromkeys((*before, *new)))[-MOST_CAUSES:]
