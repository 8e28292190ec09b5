"""A site's notification policy: who is notified of what by which channels, and when not at once. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice


class Digest(StrEnum):
    """When messages are sent that do not go at once."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    """At each full hour."""
    DAILY = "daily"
    """At one time of the day."""


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of each day, by a local clock; on the next day if they end when they begin or earlier."""

    begins: time
    ends: time

    def end_after(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the hours end in which a moment is; None: it is in none."""
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            begin = datetime.combine(day, self.begins, zone)
            end = datetime.combine(day + timedelta(days=self.ends <= self.begins), self.ends, zone)
            # Compared as moments: two times of one zone would be compared by their clocks.
            if begin.timestamp() <= now.timestamp() < end.timestamp():
                return datetime.fromtimestamp(end.timestamp(), now.tzinfo)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a site says about one kind of news.

    Parameters
    ----------
    to
        Who gets it without having chosen it: ``person:anna``, ``role:planner``, ``crew:PUMPS``, ``rota:PUMPS``,
        ``chief``, the site's, ``everybody``, ``concerned``, whom it names, or ``requester``, who has requested the
        order.
    channels
        By which channels they get it.
    compulsory
        Whether they cannot switch it off.
    forbidden
        The channels by which nobody can choose it.
    digest
        When it is sent.
    """

    to: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    compulsory: bool = False
    forbidden: tuple[Channel, ...] = ()
    digest: Digest = Digest.AT_ONCE


NO_RULE = Rule()
DEFAULTS: Mapping[Choice, Rule] = {Choice.SWAP: Rule(to=("concerned",), channels=(Channel.BANNER,))}
"""What counts where a policy says nothing: who is asked to swap a turn has to hear of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A site's policy.

    Parameters
    ----------
    quiet
        When nothing is sent but what is urgent.
    zone
        IANA name of the zone of the quiet hours and of ``digest_at``.
    same_within
        Within this time the same event of the same thing is sent once; zero: always.
    apart
        The time between two messages with news that is gathered, for each person and channel.
    one_by_one
        How many messages within that time may go alone, of news that is not gathered; the rest is gathered too.
    """

    events: Mapping[Choice, Rule] = field(default_factory=dict)
    quiet: Span | None = None
    zone: str = "UTC"
    digest_at: time = time(7)
    same_within: timedelta = timedelta(0)
    apart: timedelta = timedelta(minutes=1)
    one_by_one: int = 5

    def rule(self, choice: Choice) -> Rule:
        return self.events.get(choice) or DEFAULTS.get(choice, NO_RULE)


NO_POLICY = Policy()
"""What a site without a policy has: people choose for themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person has chosen for all of their channels.

    Parameters
    ----------
    off
        Kinds of news that the policy sends them and that they have switched off.
    quiet, zone
        Their own quiet hours.
    digest, digest_at
        When they get what is neither urgent nor compulsory.
    """

    off: frozenset[str] = frozenset()
    quiet: Span | None = None
    zone: str = "UTC"
    digest: Digest = Digest.AT_ONCE
    digest_at: time = time(7)


NO_SETTINGS = Settings()


def from_document(document: Mapping[str, Any]) -> Policy:
    """Return the policy of a stored document."""
    return Policy(
        events={Choice(name): _rule(each) for name, each in document["events"].items()},
        quiet=span(document["quiet_hours"]),
        zone=document["zone"],
        digest_at=time.fromisoformat(document["digest_at"]),
        same_within=timedelta(minutes=document["same_within_minutes"]),
        apart=timedelta(seconds=document["seconds_apart"]),
        one_by_one=document["one_by_one"],
    )


def _rule(document: Mapping[str, Any]) -> Rule:
    return Rule(
        to=tuple(document["to"]),
        channels=tuple(map(Channel, document["channels"])),
        compulsory=document["compulsory"],
        forbidden=tuple(map(Channel, document["forbidden"])),
        digest=Digest(document["digest"]),
    )


def span(document: Mapping[str, str] | None) -> Span | None:
    """Return the hours of a stored document."""
    if document is None:
        return None
    return Span(time.fromisoformat(document["begins"]), time.fromisoformat(document["ends"]))
