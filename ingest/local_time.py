"""Local times as moments: the hour that comes twice when clocks go back, and the one that never comes. No clock."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ingest import border
from ingest.border import Bad
from ingest.messages import Reason


def moments(local: datetime, zone: ZoneInfo) -> tuple[int, ...]:
    """Return what a time without a zone means in one, epoch microseconds; oldest first, where a clock showed it twice.

    Raises Bad for a time that a clock there never showed. Offsets are compared before anything is converted, because at
    the ends of the calendar nothing can be.
    """
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return (border.since_epoch(first),)
    if before < after:
        raise Bad(
            Reason.WRONG_TIME, f"{local.isoformat()} does not exist in {zone.key}: the clocks were put forward past it"
        )
    return border.since_epoch(first), border.since_epoch(second)


def nearest(meant: Sequence[int], to_us: int) -> int:
    """Return the meaning of a live message's time that is nearest to when it came."""
    return meant[0] if len(meant) == 1 else min(meant, key=lambda at_us: abs(at_us - to_us))


class RowOrder:
    """Chooses the meaning of a file's times. Its rows are in the order of time, oldest or newest first.

    A row that is not after the row before it has the second meaning. The row before is that of the same asset and
    signal: a file may have a row for each of them at one time.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[int, bool]] = {}

    def choose(self, meant: Sequence[int], asset: str, signals: Collection[str]) -> int:
        """Return what the next row's time means, and remember it."""
        keys = [(asset, signal) for signal in signals or ("",)]
        at_us = meant[0]
        known = [self._last[key] for key in keys if key in self._last]
        if len(meant) > 1 and known:
            last, falling = max(known)
            second_fits = meant[1] < last if falling else meant[0] <= last
            at_us = meant[1] if second_fits else meant[0]
        for key in keys:
            before = self._last.get(key)
            falling = before is not None and (at_us < before[0] or (at_us == before[0] and before[1]))
            self._last[key] = at_us, falling
        return at_us
