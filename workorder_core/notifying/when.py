"""When a message is sent: at once, later together with others, or not at all, and why. No clock, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import Digest, Policy, Settings
from workorder_core.sentences import say


@dataclass(frozen=True, slots=True)
class Send:
    """It is sent now, alone."""


@dataclass(frozen=True, slots=True)
class Gather:
    """It is sent at a time, in one message with everything else that is due by then. ``why`` empty: now."""

    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Withhold:
    """It is not sent; the reason is stored."""

    why: str


Decision = Send | Gather | Withhold


def decide(
    choice: str,
    policy: Policy,
    settings: Settings,
    *,
    now: datetime,
    sent: Sequence[datetime] = (),
    same_at: datetime | None = None,
    chosen: bool = True,
    urgent: bool = False,
) -> Decision:
    """Decide when a person gets a message by one channel.

    Parameters
    ----------
    choice
        The kind of news; what is no ``Choice``, such as a test, is sent at once.
    sent
        When messages were made for this channel of theirs, within the policy's ``apart`` before ``now``.
    same_at
        When the newest message about the same was made; None: there was none.
    chosen
        Whether they have chosen it themselves; otherwise they get it by the policy, and may have switched it off.
    urgent
        Whether it passes quiet hours and digests.
    """
    if choice not in list(Choice):
        return Send()
    rule = policy.rule(Choice(choice))
    if not chosen and not rule.compulsory and choice in settings.off:
        return Withhold(say("switched off by the person"))
    if policy.same_within and same_at is not None and now - same_at < policy.same_within:
        return Withhold(say("the same was sent less than {count} minutes before", count=_minutes(policy.same_within)))
    if not urgent and (later := _later(policy, settings, rule.digest, compulsory=rule.compulsory, now=now)):
        return later
    recent = [each for each in sent if now - each < policy.apart]
    if not Choice(choice).is_gathered and len(recent) < policy.one_by_one:
        return Send()
    if not recent:
        return Gather(now)
    return Gather(max(recent) + policy.apart, say("gathered: there was a message a moment ago"))


def _later(policy: Policy, settings: Settings, digest: Digest, *, compulsory: bool, now: datetime) -> Gather | None:
    """Return when quiet hours are over and a digest is due; None: now. The person's own do not delay what is
    compulsory.
    """
    zone, own_zone = _zone(policy.zone), _zone(settings.zone)
    at, why = now, ""
    if due := next_digest(digest, policy.digest_at, zone, now):
        at, why = due, say("waits for a digest")
    if not compulsory and (due := next_digest(settings.digest, settings.digest_at, own_zone, now)) and due > at:
        at, why = due, say("waits for a digest")
    # A digest may fall into quiet hours, and the end of some into others: twice is enough for two spans of a day.
    for _ in range(2):
        if policy.quiet is not None and (end := policy.quiet.end_after(at, zone)):
            at, why = end, say("quiet hours of the site")
        if not compulsory and settings.quiet is not None and (end := settings.quiet.end_after(at, own_zone)):
            at, why = end, say("the person's quiet hours")
    return Gather(at, why) if at > now else None


def next_digest(digest: Digest, at: time, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when the next digest is due after a moment; None: at once."""
    if digest is Digest.AT_ONCE:
        return None
    if digest is Digest.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    today = now.astimezone(zone).date()
    for day in (today, today + timedelta(days=1)):
        due = datetime.fromtimestamp(datetime.combine(day, at, zone).timestamp(), now.tzinfo)
        if due > now:
            return due
    raise AssertionError("tomorrow's is later")


def _minutes(span: timedelta) -> int:
    return int(span / timedelta(minutes=1))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
