"""Decides when an engine alarm is reported: as raised once it has lasted a moment, as over once it has been absent for
one. A flapping condition, such as an engine that is sometimes behind, is one alarm and not a hundred. No clock, no I/O.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RAISED_AFTER = timedelta(seconds=30)
OVER_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Known:
    """A known alarm: since when, whether it was reported, and since when it has been absent."""

    since: datetime
    raised: bool = False
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """The new known alarms, and the codes of those to report as raised and as over."""

    known: Mapping[str, Known]
    raised: Collection[str]
    over: Collection[str]


def look(standing: Collection[str], known: Mapping[str, Known], *, now: datetime) -> News:
    """Compare the codes of the active alarms with the known ones. ``now`` is the wall clock."""
    after, raised, over = dict[str, Known](), list[str](), list[str]()
    for code in standing:
        before = replace(known.get(code, Known(now)), missing_since=None)
        if not before.raised and now - before.since >= RAISED_AFTER:
            before = replace(before, raised=True)
            raised.append(code)
        after[code] = before
    for code, before in known.items():
        if code in after or not before.raised:
            continue
        missing = before.missing_since or now
        if now - missing >= OVER_AFTER:
            over.append(code)
        else:
            after[code] = replace(before, missing_since=missing)
    return News(after, raised, over)
