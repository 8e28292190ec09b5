"""From the plant's own orders to the lives of its assets: from one renewal to the next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from workorder_core.reliability.weibull import Life

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Renewal:
    """An end of an asset's life: a failure that was repaired, or work that renewed it before it failed.

    Parameters
    ----------
    at
        When it failed, or was renewed.
    again
        When it worked again; the next life begins.
    """

    at: datetime
    again: datetime
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """The lives of one asset until now, and since when it works; None: nothing says since when."""

    lives: tuple[Life, ...]
    since: datetime | None


def lives_of(begun: datetime | None, renewals: Iterable[Renewal], *, now: datetime) -> Lives:
    """Return the lives between an asset's renewals; the last one goes on, and has not failed.

    A life whose beginning nobody knows is left out: it would look shorter than it was. ``begun`` is when the asset was
    first installed; where it had failed before that, it says nothing.
    """
    ends = sorted(renewals, key=lambda one: one.at)
    since = None if begun is None or (ends and ends[0].at < begun) else begun
    found: list[Life] = []
    for each in ends:
        if since is not None and each.at < since:
            # It failed again before it worked.
            since = max(since, each.again)
            continue
        if since is not None:
            found.append(Life((each.at - since).total_seconds() / _DAY_S, each.failed))
        since = max(each.at, each.again)
    if since is not None and since < now:
        found.append(Life((now - since).total_seconds() / _DAY_S, failed=False))
    return Lives(lives=tuple(found), since=since)
