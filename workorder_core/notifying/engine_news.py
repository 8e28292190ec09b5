"""When an alarm of the engine is news: it is raised once it has stood for a moment, and over once it has stayed away.

What comes and goes, as an engine that is now and then behind does, is one alarm and not a hundred. No clock, no I/O.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RAISED_AFTER = timedelta(seconds=30)
OVER_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Known:
    """An alarm that has been seen: since when, whether it was reported, and since when it has been missing."""

    since: datetime
    raised: bool = False
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What is known from now on, and the codes of the alarms to report as raised and as over."""

    known: Mapping[str, Known]
    raised: Collection[str]
    over: Collection[str]


def look(standing: Collection[str], known: Mapping[str, Known], *, now: datetime) -> News:
    """Compare the codes of the alarms that stand with what is known. ``now`` is the wall clock."""
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
