"""Receivers of events, their messages, and people's choice of e-mails."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.access import Sites
from api.shapes.notifying.notifications import AppriseIn, MyChannelOut, MySettingsIn, NtfyIn
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import Settings
from workorder_core.sentences import say

EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$"


def _is_a_web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(say("this is not an address; write one like https://erp.example.com/plantwright")) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(say("write an address with http:// or https://, like https://erp.example.com/plantwright"))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError(say("leave out user, password and #: messages are signed instead"))
    return url


Url = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^[\x21-\x7e]+$"),
    AfterValidator(_is_a_web_address),
]
Pattern = Annotated[str, Field(pattern=r"^(\*|[a-z_]{1,40}\.(\*|[a-z_]{1,40}))$", max_length=90)]
EmailAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=EMAIL)]


class WebhookIn(BaseModel):
    """A webhook. ``kinds`` are kinds of events: ``order.closed``, ``alarm.*``, or ``*`` for all."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "erp", "url": "https://erp.example.com/plantwright", "kinds": ["order.*"]}]
        },
    )

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
    url: Url
    kinds: Annotated[list[Pattern], Field(min_length=1, max_length=50)]
    sites: Sites = None


class ReceiverOut(BaseModel):
    """A receiver. ``state``: active, paused by somebody, or disabled after it failed; messages wait in all of them."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    channel: Channel
    name: str
    address: str
    wants: list[str]
    sites: list[str] | None
    state: str
    state_since: datetime
    state_why: str
    secret_is_sealed: bool | None = Field(
        description="whether its secret is encrypted in the database; null: it has none"
    )
    old_secret_until: datetime | None = Field(description="until when the previous secret signs messages too")
    created_by: str
    created_at: datetime
    pending: int = Field(description="waiting messages")
    oldest: datetime | None = Field(description="since when the oldest of them has waited")
    last_at: datetime | None = Field(description="the newest attempt")
    last_fault: str | None = Field(description="null: the receiver has confirmed; passing, final, gone, or own")
    last_detail: str | None


class NewWebhookOut(BaseModel):
    """A new webhook, or one with a new secret, which only this answer contains; null in a repeated answer."""

    receiver: ReceiverOut
    secret: str | None


class MessageOut(BaseModel):
    """A receiver's message: pending, held, gathered into another, withheld, delivered, failed or skipped. ``id`` is the
    same whenever it is sent; ``note`` says why it was held, gathered or withheld.
    """

    model_config = ConfigDict(from_attributes=True)

    event_id: int
    id: UUID = Field(validation_alias="uid")
    kind: str
    subject: str
    at: datetime
    why: str
    state: str
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    note: str
    lead: int | None = Field(description="the event in whose message it went")


class AttemptOut(BaseModel):
    """One attempt. ``fault`` null: the receiver has confirmed. ``kind`` null: the event is no longer stored."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    event_id: int
    at: datetime
    took_ms: int
    fault: str | None
    status: int | None
    detail: str
    kind: str | None
    subject: str | None


class OutboxOut(BaseModel):
    """The waiting messages of all receivers."""

    model_config = ConfigDict(from_attributes=True)

    pending: int = Field(description="messages for active receivers")
    oldest_s: float = Field(description="how long the oldest of them has waited")
    stopped: int = Field(description="messages for receivers that are paused or disabled")
    undecided_s: float = Field(description="how long the oldest event has waited for its receivers to be chosen")
    disabled: list[str]


class NotificationsIn(BaseModel):
    """A user's choice of e-mails, and the address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"address": "mara@example.com", "choices": ["assigned", "emergency"]}]},
    )

    address: EmailAddress
    choices: Annotated[list[Choice], Field(max_length=len(Choice))]
    banner: Annotated[list[Choice], Field(max_length=len(Choice))] | None = Field(
        None, description="news shown at the top of your pages; null: as it is"
    )
    ntfy: NtfyIn | None = Field(None, description="null: as it is")
    apprise: AppriseIn | None = Field(None, description="null: as it is")
    settings: MySettingsIn | None = Field(None, description="null: as they are")


class NotificationsOut(BaseModel):
    """The e-mails that a user gets. ``mail_is_set_up`` false: none are sent until an administrator sets mail up."""

    address: str | None
    choices: list[str]
    state: str | None
    state_why: str
    pending: int
    mail_is_set_up: bool
    channels: list[MyChannelOut] = Field(description="by banner, ntfy and apprise")
    settings: MySettingsIn

    @classmethod
    def of(
        cls, receiver: Any, others: Sequence[Any], settings: Settings, *, mail_is_set_up: bool
    ) -> "NotificationsOut":
        """Return a person's choices; ``receiver`` None: no e-mail was chosen so far."""
        return cls(
            channels=[MyChannelOut.model_validate(each) for each in others],
            settings=MySettingsIn.of(settings),
            address=receiver.address if receiver else None,
            choices=list(receiver.wants) if receiver else [],
            state=receiver.state if receiver else None,
            state_why=receiver.state_why if receiver else "",
            pending=receiver.pending if receiver else 0,
            mail_is_set_up=mail_is_set_up,
        )
