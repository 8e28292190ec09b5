"""Sites' notification policies, people's own channels and settings, and the ways of messages."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.times import LocalTime
from db.notifying.policies import Version
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import NO_POLICY, NO_RULE, Digest, Settings, Span
from workorder_core.people.access import Role
from workorder_core.sentences import say

_TO = r"^(everybody|chief|concerned|requester|(person|role|crew|rota):[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})$"
_ROLES = {f"role:{role.value}" for role in Role}


def _somebody(text: str) -> str:
    if text.startswith("role:") and text not in _ROLES:
        raise ValueError(say("there is no such role: {text}", text=text))
    return text


def _of_people(channel: Channel) -> Channel:
    if not channel.is_of_a_person:
        raise ValueError(say("people have no webhooks: an administrator makes those under Outbox"))
    return channel


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(say("there is no time zone {name}; write one like Europe/Berlin", name=name))
    return name


_Token = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[\x21-\x7e]*$")]
To = Annotated[str, Field(pattern=_TO), AfterValidator(_somebody)]
OfPeople = Annotated[Channel, AfterValidator(_of_people)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class QuietHoursIn(BaseModel):
    """Hours of each day, on the next day if they end when they begin or earlier."""

    model_config = ConfigDict(extra="forbid")

    begins: LocalTime
    ends: LocalTime


class NotificationRuleIn(BaseModel):
    """What a site says about one kind of news."""

    model_config = ConfigDict(extra="forbid")

    to: list[To] = Field(
        default_factory=list,
        max_length=50,
        description="who gets it without choosing it: person:anna, role:planner, crew:PUMPS, rota:PUMPS (on call), "
        "chief: the site's, everybody, concerned: whom it names, or requester: who has requested the order",
    )
    channels: list[OfPeople] = Field(
        default_factory=lambda: list(NO_RULE.channels), max_length=5, description="by which channels they get it"
    )
    compulsory: bool = Field(False, description="whether they cannot switch it off")
    forbidden: list[OfPeople] = Field(
        default_factory=list, max_length=5, description="channels by which nobody can choose it"
    )
    digest: Digest = Digest.AT_ONCE


EXAMPLE: dict[str, Any] = {
    "events": {
        "emergency": {"to": ["role:planner", "rota:PUMPS"], "channels": ["email", "ntfy"], "compulsory": True},
        "alarm": {"forbidden": ["email"]},
        "stock_low": {"to": ["role:storekeeper"], "digest": "daily"},
    },
    "quiet_hours": {"begins": "22:00", "ends": "06:00"},
    "zone": "Europe/Berlin",
    "digest_at": "07:00",
    "same_within_minutes": 30,
    "seconds_apart": 60,
    "one_by_one": 5,
}


class NotificationPolicyIn(BaseModel):
    """A site's policy: what it does not say is as without a policy."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    events: dict[Choice, NotificationRuleIn] = Field(default_factory=dict)
    quiet_hours: QuietHoursIn | None = Field(None, description="when nothing is sent but what is urgent")
    zone: Zone = Field(NO_POLICY.zone, description="of the quiet hours and of digest_at")
    digest_at: LocalTime = Field(NO_POLICY.digest_at, description="when daily digests are sent")
    same_within_minutes: int = Field(
        0, ge=0, le=10_080, description="within this time the same event of the same thing is sent once; 0: always"
    )
    seconds_apart: int = Field(
        int(NO_POLICY.apart / timedelta(seconds=1)),
        ge=1,
        le=86_400,
        description="between two messages with news that is gathered, for each person and channel",
    )
    one_by_one: int = Field(
        NO_POLICY.one_by_one,
        ge=0,
        le=100,
        description="how many messages within that time may go alone, of news that is not gathered",
    )

    def document(self) -> dict[str, Any]:
        """Return the policy as it is stored."""
        return self.model_dump(mode="json")


class NotificationPolicyOut(BaseModel):
    """A site's policy; version 0: it has none, and people choose for themselves."""

    site: str
    version: int
    policy: NotificationPolicyIn
    changed_by: str | None
    changed_at: datetime | None
    why: str

    @classmethod
    def of(cls, site: str, version: Version | None) -> "NotificationPolicyOut":
        """Return a version of a site's policy; None: it has none."""
        if version is None:
            return cls(site=site, version=0, policy=NotificationPolicyIn(), changed_by=None, changed_at=None, why="")
        return cls(
            site=site,
            version=version.version,
            policy=NotificationPolicyIn.model_validate(version.document),
            changed_by=version.made_by,
            changed_at=version.made_at,
            why=version.why,
        )


class NtfyIn(BaseModel):
    """A topic of an ntfy server that the plant allows; ``token`` null: it stays as it is."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, max_length=300, pattern=r"^https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9_-]{1,64}$"
        ),
    ]
    token: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[\x21-\x7e]*$")] | None
    ) = None
    choices: Annotated[list[Choice], Field(max_length=len(Choice))]


class AppriseIn(BaseModel):
    """An address of a service of apprise, which is stored as a secret; null: it stays as it is."""

    model_config = ConfigDict(extra="forbid")

    address: (
        Annotated[
            str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^[a-z0-9]{2,40}://[\x21-\x7e]+$")
        ]
        | None
    ) = None
    choices: Annotated[list[Choice], Field(max_length=len(Choice))]


class MySettingsIn(BaseModel):
    """What holds for all of your channels; what is urgent or compulsory is not delayed by it."""

    model_config = ConfigDict(extra="forbid")

    off: list[Choice] = Field(
        default_factory=list,
        max_length=len(Choice),
        description="news that a policy sends you and you do not want",
    )
    quiet_hours: QuietHoursIn | None = None
    zone: Zone = "UTC"
    digest: Digest = Digest.AT_ONCE
    digest_at: LocalTime = time(7)

    def settings(self) -> Settings:
        """Return them as the core has them."""
        quiet = None if self.quiet_hours is None else Span(self.quiet_hours.begins, self.quiet_hours.ends)
        return Settings(
            off=frozenset(each.value for each in self.off),
            quiet=quiet,
            zone=self.zone,
            digest=self.digest,
            digest_at=self.digest_at,
        )

    @classmethod
    def of(cls, settings: Settings) -> "MySettingsIn":
        """Return stored settings."""
        quiet = settings.quiet
        return cls(
            off=[Choice(each) for each in sorted(settings.off)],
            quiet_hours=None if quiet is None else QuietHoursIn(begins=quiet.begins, ends=quiet.ends),
            zone=settings.zone,
            digest=settings.digest,
            digest_at=settings.digest_at,
        )


class MyChannelOut(BaseModel):
    """One of your channels: ``address`` empty where it is a secret, or there is none."""

    model_config = ConfigDict(from_attributes=True)

    channel: Channel
    address: str
    choices: list[str] = Field(validation_alias="wants")
    state: str
    state_why: str
    pending: int


class WayOut(BaseModel):
    """The way of a message to one receiver.

    ``state``: pending, held until ``due_at``, gathered into the message of event ``lead``, withheld, delivered, failed
    or skipped; ``note`` says why it was held, gathered or withheld. Delivered means that a mail server, a webhook or a
    service has accepted it; ``seen_at`` is known of banners only. Of a message that asks somebody, ``acknowledged_by``
    and ``acknowledged_at`` say who has acknowledged all that it asks, and when.
    """

    model_config = ConfigDict(from_attributes=True)

    event_id: int
    id: UUID
    kind: str
    subject: str
    at: datetime
    site: str | None
    receiver: str
    channel: Channel
    why: str
    state: str
    note: str
    lead: int | None
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    attempts: int
    tried_at: datetime | None
    fault: str | None
    detail: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None


class NewsOut(BaseModel):
    """A message of your banner.

    ``at`` is when it happened, in UTC; ``time_zone`` the IANA name of its site's; ``link`` a path of the pages.
    """

    model_config = ConfigDict(from_attributes=True)

    event_id: int
    title: str
    at: datetime
    time_zone: str
    urgent: bool
    order_id: UUID | None
    link: str | None


class MyNewsOut(BaseModel):
    """What a person has not seen yet: the newest first, 5 at most. ``person``: whose it is, as ``person:anna``."""

    person: str
    news: list[NewsOut]

    @classmethod
    def of(cls, person: str, found: Iterable[object]) -> "MyNewsOut":
        """Return the messages of a banner."""
        return cls(person=person, news=[NewsOut.model_validate(each) for each in found])
