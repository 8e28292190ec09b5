"""Active alarms, and the alarm metrics of ISA-18.2 and IEC 62682 over a range of time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.silence import Suppressed
from workorder_core.alarms.standard import (
    CHATTER,
    CHATTER_WITHIN,
    FLOOD_ABOVE,
    FLOOD_OVER_BELOW,
    PERIOD,
    STALE_AFTER,
)
from workorder_core.intake.findings import Finding
from workorder_core.words import Severity

Key = tuple[str, str]
TOP = 10


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an alarm that the judge reports.

    Parameters
    ----------
    at
        Its asset's event time.
    finding
        What raised it; None for every other move.
    suppressed
        Why it opens no order of its own, if it is suppressed.
    until
        When a shelf or a time out of service ends.
    """

    asset: str
    source: str
    at: datetime
    move: Move
    why: str
    finding: Finding | None = None
    suppressed: Suppressed | None = None
    until: datetime | None = None


class Standing:
    """The active conditions, by asset and source: when each was last found, and why it is suppressed."""

    def __init__(self, found: dict[Key, tuple[datetime, Suppressed | None]] | None = None) -> None:
        self._found = found or {}

    def follow(self, finding: Finding) -> Change | None:
        """Apply a finding; None if it changes nothing."""
        key = finding.asset, finding.source
        if finding.cleared:
            return self.end(key, finding.summary, at=finding.at)
        before = self._found.get(key)
        self._found[key] = finding.at, None if before is None else before[1]
        return Change(*key, finding.at, Move.RAISE, finding.summary, finding) if before is None else None

    def suppress(self, key: Key, suppressed: Suppressed | None) -> Change | None:
        """Record why an active condition is suppressed, None if it is not; return the change, if any."""
        at, before = self._found[key]
        if suppressed is before:
            return None
        self._found[key] = at, suppressed
        if suppressed is None:
            return Change(*key, at, Move.RELEASE, f"no longer {'' if before is None else before.label}")
        return Change(*key, at, Move.SUPPRESS, suppressed.label, suppressed=suppressed)

    def end(self, key: Key, why: str, *, at: datetime | None = None) -> Change | None:
        """End a condition, or stop tracking it: then at the time when it was last found."""
        found = self._found.pop(key, None)
        return None if found is None else Change(*key, at or found[0], Move.CLEAR, why)

    def of(self, asset: str | None = None) -> list[Key]:
        """Return the active conditions, of one asset or of all, sorted."""
        return sorted(key for key in self._found if asset in (None, key[0]))

    def copy(self) -> "Standing":
        """Return an independent copy."""
        return Standing(dict(self._found))

    def dump(self) -> list[Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        return [[*key, at.isoformat(), suppressed] for key, (at, suppressed) in sorted(self._found.items())]

    @classmethod
    def restore(cls, dumped: list[Any]) -> "Standing":
        """Continue from a dump."""
        return cls({
            (asset, source): (datetime.fromisoformat(at), None if suppressed is None else Suppressed(suppressed))
            for asset, source, at, suppressed in dumped
        })  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm; ``cleared_at`` is None while it is active, ``suppressed`` if people were not notified."""

    asset: str
    source: str
    severity: Severity
    raised_at: datetime
    cleared_at: datetime | None
    suppressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMetrics:
    """The alarm metrics of a range, with what ISA-18.2 calls acceptable for one operator.

    Parameters
    ----------
    alarms
        How many were raised in the range and shown to people. Alarms shelved, out of service or suppressed by design
        only count in ``suppressed``.
    per_10_min, per_day
        The average; about 1 and 144 are acceptable, 2 and 288 the most.
    peak_10_min
        The most in one 10-minute period. Periods count from the beginning of the range.
    periods, periods_above_10
        How many there are, and how many have more than ten; under 1 % is acceptable.
    floods
        How often more than ten came in a period, until a period had fewer than five.
    chattering
        The sources that came three times or more within a minute.
    stale
        Alarms that had been active for more than a day at the end of the range; fewer than five are acceptable.
    top
        The ten most frequent (asset, source, count); together under 1 to 5 % of all are acceptable.
    by_severity
        How many of each; about 80, 15 and 5 % are acceptable, the mildest first.
    suppressed
        How many more were raised without being shown to people.
    course
        How many in each 10-minute period that had any, by its number.
    stale_alarms
        Those that ``stale`` counts, in order.
    """

    alarms: int
    per_10_min: float
    per_day: float
    peak_10_min: int
    periods: int
    periods_above_10: int
    floods: int
    chattering: tuple[Key, ...]
    stale: int
    top: tuple[tuple[str, str, int], ...]
    by_severity: tuple[tuple[Severity, int], ...]
    suppressed: int = 0
    course: tuple[tuple[int, int], ...] = ()
    stale_alarms: tuple[Key, ...] = ()


def alarm_metrics(alarms: Sequence[Alarm], since: datetime, until: datetime) -> AlarmMetrics:
    """Compute the metrics of ``since <= raised_at < until``. Raises ValueError for an empty range."""
    if not since < until:
        raise ValueError(f"the range ends at {until:%Y-%m-%d %H:%M}, not after it begins at {since:%Y-%m-%d %H:%M}")
    shown = [each for each in alarms if not each.suppressed]
    raised = sorted((each for each in shown if since <= each.raised_at < until), key=lambda each: each.raised_at)
    periods = -((since - until) // PERIOD)
    counts = Counter((each.raised_at - since) // PERIOD for each in raised)
    by_source = Counter((each.asset, each.source) for each in raised)
    top = sorted(by_source.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    severities = Counter(each.severity for each in raised)
    stale = sorted((each.asset, each.source) for each in shown if _active_for(each, until) > STALE_AFTER)
    return AlarmMetrics(
        alarms=len(raised),
        per_10_min=len(raised) / ((until - since) / PERIOD),
        per_day=len(raised) / ((until - since) / timedelta(days=1)),
        peak_10_min=max(counts.values(), default=0),
        periods=periods,
        periods_above_10=sum(count > FLOOD_ABOVE for count in counts.values()),
        floods=_floods(counts),
        chattering=_chattering(raised),
        stale=len(stale),
        top=tuple((*key, count) for key, count in top),
        by_severity=tuple((severity, severities[severity]) for severity in Severity),
        suppressed=sum(each.suppressed and since <= each.raised_at < until for each in alarms),
        course=tuple(sorted(counts.items())),
        stale_alarms=tuple(stale),
    )


def _floods(counts: Counter[int]) -> int:
    floods, last = 0, None
    for period in sorted(counts):
        if last is not None and (period > last + 1 or counts[period] < FLOOD_OVER_BELOW):
            last = None
        if last is not None:
            last = period
        elif counts[period] > FLOOD_ABOVE:
            floods, last = floods + 1, period
    return floods


def _chattering(raised: Sequence[Alarm]) -> tuple[Key, ...]:
    times: dict[Key, list[datetime]] = {}
    for each in raised:
        times.setdefault((each.asset, each.source), []).append(each.raised_at)
    return tuple(
        key
        for key, of_key in sorted(times.items())
        if any(late - early <= CHATTER_WITHIN for early, late in zip(of_key, of_key[CHATTER - 1 :], strict=False))
    )


def _active_for(alarm: Alarm, at: datetime) -> timedelta:
    """Return how long it had been active at a time; zero if it was not."""
    if alarm.raised_at >= at or (alarm.cleared_at is not None and alarm.cleared_at <= at):
        return timedelta(0)
    return at - alarm.raised_at
