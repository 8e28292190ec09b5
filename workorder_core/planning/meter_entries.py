"""Counts that people read off a meter: whether one fits between the known ones. Pure; times are on the site's clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from workorder_core.sentences import say

FAST_CLOCK = timedelta(minutes=5)
"""How far ahead the clock may be of whoever reads a meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A meter's count at a time.

    Parameters
    ----------
    exchanged
        A new meter begins with this count.
    rolled_over
        The meter has passed the highest number that it can show since the count before.
    """

    at: datetime
    count: float
    exchanged: bool = False
    rolled_over: bool = False

    @property
    def begins_anew(self) -> bool:
        """Whether it may be lower than the count before it."""
        return self.exchanged or self.rolled_over


class CountRefused(Exception):
    """A count that does not fit. ``field`` is the one to correct, ``known`` the count that it contradicts."""

    def __init__(self, said: str, field: str, known: Count | None = None) -> None:
        super().__init__(said)
        self.field, self.known = field, known


def check(entered: Count, before: Count | None, after: Count | None, *, now: datetime) -> None:
    """Check a count against its neighbours: the last known one up to its time, and the first one later.

    A meter counts up. A lower count is a new meter or a rollover only if whoever entered it says so; otherwise it is a
    mistyped one, which would make the work of a whole interval due. Raises CountRefused.
    """
    if entered.exchanged and entered.rolled_over:
        raise CountRefused(say("a new meter has not rolled over: choose one of the two"), "rolled_over")
    if entered.at > now + FAST_CLOCK:
        raise CountRefused(say("choose a time that has passed"), "at")
    if before is not None and (before.at, before.exchanged) == (entered.at, entered.exchanged):
        _check_same_moment(entered, before)
        return
    _check_before(entered, before)
    _check_after(entered, before, after)


def _check_same_moment(entered: Count, known: Count) -> None:
    if entered.count != known.count:
        text = say(
            "the count at {at:%Y-%m-%d %H:%M} is known already, {last:.15g}: enter this one with the time at which it "
            "was read",
            at=known.at,
            last=known.count,
        )
        raise CountRefused(text, "at", known)


def _check_before(entered: Count, before: Count | None) -> None:
    if entered.exchanged or before is None:
        return
    if entered.rolled_over and entered.count >= before.count:
        text = say(
            "{count:.15g} is not lower than the last count, {last:.15g} at {at:%Y-%m-%d %H:%M}, so the meter has not "
            "rolled over: enter the count without it",
            count=entered.count,
            last=before.count,
            at=before.at,
        )
        raise CountRefused(text, "rolled_over", before)
    if not entered.rolled_over and entered.count < before.count:
        text = say(
            "{count:.15g} is lower than the last count, {last:.15g} at {at:%Y-%m-%d %H:%M}: read the meter again, or "
            "say that it was exchanged or has rolled over",
            count=entered.count,
            last=before.count,
            at=before.at,
        )
        raise CountRefused(text, "count", before)


def _check_after(entered: Count, before: Count | None, after: Count | None) -> None:
    if after is None or after.exchanged or entered.count <= after.count:
        return
    if after.rolled_over and not entered.begins_anew:
        return
    if not entered.begins_anew and before is not None and after.count < before.count:
        return  # It began anew between the two without anybody's word: a device's counter, or an entry from before.
    text = say(
        "{count:.15g} is higher than the next count, {following:.15g} at {at:%Y-%m-%d %H:%M}: correct the count or its "
        "time",
        count=entered.count,
        following=after.count,
        at=after.at,
    )
    raise CountRefused(text, "count", after)
