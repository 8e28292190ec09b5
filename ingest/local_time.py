"""Converts local times to UTC: the hour that occurs twice when clocks go back, and the one skipped. No clock."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ingest import border
from ingest.border import Bad
from ingest.messages import Reason
from workorder_core.sentences import kept


def moments(local: datetime, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the epoch microseconds of a time without a zone; two, oldest first, if it occurs twice in ``zone``.

    Raises Bad for a time that does not exist there. Offsets are compared before anything is converted, because a
    conversion can overflow at the ends of the calendar.
    """
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return (border.since_epoch(first),)
    if before < after:
        raise Bad(
            Reason.WRONG_TIME,
            kept(
                "{time} does not exist in {zone}: the clocks were put forward past it",
                time=local.isoformat(),
                zone=zone.key,
            ),
        )
    return border.since_epoch(first), border.since_epoch(second)


def nearest(meant: Sequence[int], to_us: int) -> int:
    """Return the interpretation of a live message's time that is nearest to its reception."""
    return meant[0] if len(meant) == 1 else min(meant, key=lambda at_us: abs(at_us - to_us))


class RowOrder:
    """Resolves the ambiguous times of a file, whose rows are in order of time, oldest or newest first.

    A row that is not after the row before it has the second meaning. Only rows of the same asset and signal are
    compared: a file may have a row for each of them at one time.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[int, bool]] = {}

    def choose(self, meant: Sequence[int], asset: str, signals: Collection[str]) -> int:
        """Resolve the next row's time, and remember it."""
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
