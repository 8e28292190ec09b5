"""The quarantine: refused messages by kind, and which to drop or retry."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from db.telemetry.quarantine import Kept, Payload


class KeptOut(BaseModel):
    """A kind of message, or of a value in one, that was refused: one topic and one reason. ``payload`` is base64.

    Steps on its ``id`` are of the whole kind.
    """

    id: int
    topic: str
    reason: str
    problem: str
    payload: str | None = Field(description="of its first message; null if your roles may not read it")
    payload_bytes: int
    payload_sha256: str
    received_at: datetime
    last_received_at: datetime
    times: int
    payloads: int = Field(description="its stored different messages, the first ones")
    others: int = Field(description="of times, those of messages that were only counted")
    retry_asked_at: datetime | None = Field(description="a retry was requested and is pending")
    retry_asked_by: str | None
    tried_at: datetime | None = Field(description="when the last retry failed")
    tries: int
    not_again: str | None = Field(description="why it cannot be retried, and what to do; null: it can")

    @classmethod
    def of(cls, kept: Kept, *, readable: bool) -> "KeptOut":
        return cls(
            id=kept.id,
            topic=kept.topic,
            reason=kept.reason,
            problem=kept.problem,
            payload=base64.b64encode(kept.payload).decode() if readable else None,
            payload_bytes=kept.payload_bytes,
            payload_sha256=kept.payload_sha256.hex(),
            received_at=kept.received_at,
            last_received_at=kept.last_received_at,
            times=kept.times,
            payloads=kept.payloads,
            others=kept.others,
            retry_asked_at=kept.retry_asked_at,
            retry_asked_by=kept.retry_asked_by,
            tried_at=kept.tried_at,
            tries=kept.tries,
            not_again=kept.not_again,
        )


class PayloadOut(BaseModel):
    """One stored message of a kind. ``payload`` is base64 of its first 64 KB."""

    id: int
    payload: str
    payload_bytes: int
    problem: str
    received_at: datetime
    last_received_at: datetime

    @classmethod
    def of(cls, kept: Payload) -> "PayloadOut":
        facts = {name: getattr(kept, name) for name in cls.model_fields}
        return cls(**facts | {"payload": base64.b64encode(kept.payload).decode()})


class DropIn(BaseModel):
    """What to drop: all that matches every criterion; ``{"all": true}`` for everything."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "not_json", "older_than_days": 30}]}
    )

    reason: str | None = None
    topic: str | None = Field(None, description="how the topic begins")
    older_than_days: int | None = Field(None, ge=0, le=36_500, description="it has not occurred for this long")
    all: bool = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.reason is None and self.topic is None and self.older_than_days is None and not self.all:
            raise ValueError('name a reason, the beginning of a topic or an age, or write {"all": true}')
        return self


class DropOut(BaseModel):
    """How many stored messages were dropped."""

    dropped: int


class RetryIn(BaseModel):
    """What to retry: all that matches every criterion; ``{"all": true}`` for everything."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "unknown_asset", "topic": "plantwright/v1/NTH/"}]}
    )

    reason: str | None = None
    topic: str | None = Field(None, description="how the topic begins")
    all: bool = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.reason is None and self.topic is None and not self.all:
            raise ValueError('name a reason or the beginning of a topic, or write {"all": true}')
        return self


class RetryOut(BaseModel):
    """How many wait for the engine's next batch. Accepted messages leave the quarantine; the others keep a reason."""

    asked: int
    left_out: int = Field(0, description="match too, but cannot be retried; for the reason of each see not_again")


class QuarantinePage(BaseModel):
    """Some kinds of what was refused, the newest first."""

    items: list[KeptOut]
    next: str | None = Field(description="the address of the next page; null: this is the last one")
    counts: Mapping[str, int] = Field(description="stored messages by reason")
