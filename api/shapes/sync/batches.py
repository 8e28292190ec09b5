"""A batch of operations, each read by itself so that one that cannot be read does not hold up the others."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter, ValidationError

from api.shapes.sync.contents import CONTENTS
from api.shapes.times import Moment
from db.sync import devices
from db.sync.acts import Act
from db.sync.devices import Contact
from db.sync.operations import Stored
from db.sync.receiving import Answered, Arrived, Malformed, Received
from workorder_core.sentences import say
from workorder_core.sync import apps, clocks
from workorder_core.sync.words import WITHOUT_ORDER, Because, Decision, OpKind, Verdict

MOST = 200
LARGEST_BODY = 32_000
"""The most letters of one operation's content."""
_SEQ = TypeAdapter(Annotated[int, Field(ge=1, le=2**53)])
_UUID = TypeAdapter(UUID)
_TIME = TypeAdapter(Moment)
_EXAMPLE: dict[str, JsonValue] = {
    "device": "018f2d1e-7c3a-7b11-9d3c-0c9d5b1f7a11",
    "app": "1.0.0",
    "sent_at": "2026-03-02T10:31:00Z",
    "unsent": 1,
    "oldest_seq": 41,
    "operations": [
        {
            "op_id": "018f2d1e-8a01-7c44-8a52-3f0d4c4e5a0d",
            "seq": 41,
            "kind": "remark",
            "order": "3f0d4c4e-5a0d-5b7e-9d3c-0c9d5b1f7a11",
            "occurred_at": "2026-03-02T09:12:40Z",
            "content": {"text": "The seal drips."},
        }
    ],
}


class BatchIn(BaseModel):
    """What a device sends: who it is, and up to 200 operations. Without operations it is a sign of life."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    device: UUID = Field(description="the device's own id, made once for each person on it")
    app: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9.+_-]{1,64}$")] = Field(description="the app's version")
    name: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", strip_whitespace=True, max_length=100)] = Field(
        "", description="what people call the device"
    )
    sent_at: Moment = Field(description="by the device's clock, when the batch was sent")
    unsent: int = Field(0, ge=0, le=2**31 - 1, description="how many operations it keeps that have no answer yet")
    oldest_seq: int | None = Field(
        None, ge=1, le=2**53, description="the lowest number that it still has: nothing before it will come"
    )
    wiped: bool = Field(False, description="after a revocation: the device has deleted everything")
    operations: list[dict[str, JsonValue]] = Field(
        [],
        max_length=MOST,
        description="each with op_id (a UUID), seq (1, 2, 3 … of this device), kind, order (not for request and "
        "acknowledge), occurred_at (the device's clock) and content, by its kind",
    )

    def contact(self, now: datetime) -> Contact:
        return Contact(
            device_id=self.device,
            app=self.app,
            name=self.name,
            unsent=self.unsent,
            oldest_seq=self.oldest_seq,
            skew_s=clocks.skew_s(self.sent_at, now),
            wiped=self.wiped,
        )


def arrived(sent: Mapping[str, Any]) -> Arrived:
    """Read one operation; what it lacks is in its ``act``."""
    text = json.dumps(sent, sort_keys=True, ensure_ascii=True)
    content = sent.get("content")
    body: Mapping[str, Any] = content if isinstance(content, dict) and len(text) <= LARGEST_BODY else {}
    act: Act | Malformed
    op_id, seq = _read(_UUID, sent.get("op_id")), _read(_SEQ, sent.get("seq"))
    order_id, occurred_at = _read(_UUID, sent.get("order")), _read(_TIME, sent.get("occurred_at"))
    kind = sent.get("kind")
    if op_id is None or seq is None:
        act = Malformed(say("an operation needs op_id, a UUID, and seq, a number from 1"))
    elif len(text) > LARGEST_BODY:
        act = Malformed(say("an operation has at most {most:,} letters", most=LARGEST_BODY))
    elif not isinstance(kind, str) or kind not in set(OpKind):
        act = Malformed(say("there is no such kind of operation; there are {kinds}", kinds=", ".join(OpKind)))
    elif unknown := sorted(set(sent) - {"op_id", "seq", "kind", "order", "occurred_at", "content"}):
        act = Malformed(say("unknown: {names}", names=", ".join(unknown)[:500]))
    elif occurred_at is None:
        act = Malformed(say("occurred_at is needed, a time with its offset"))
    elif (order_id is None) != (OpKind(kind) in WITHOUT_ORDER):
        act = Malformed(say("order, a UUID, is needed for every kind but request and acknowledge, and only there"))
    else:
        act = _act(OpKind(kind), body)
    return Arrived(
        op_id=op_id,
        seq=seq,
        order_id=order_id,
        kind=kind[:64] if isinstance(kind, str) else "",
        body=body,
        fingerprint=hashlib.sha256(text.encode()).digest(),
        occurred_at=occurred_at,
        act=act,
    )


def meaning(stored: Stored) -> Act:
    """Return what a stored operation means. It was read when it arrived."""
    return CONTENTS[OpKind(stored.kind)].model_validate(stored.body).act()


def _act(kind: OpKind, body: Mapping[str, Any]) -> Act | Malformed:
    try:
        return CONTENTS[kind].model_validate(body).act()
    except ValidationError as error:
        said = (f"{'.'.join(map(str, each['loc'])) or 'content'}: {each['msg']}" for each in error.errors()[:5])
        return Malformed("; ".join(said)[:1000])


def _read(kind: TypeAdapter[Any], value: Any) -> Any:
    try:
        return kind.validate_python(value) if value is not None and not isinstance(value, bool) else None
    except ValidationError:
        return None


class MadeOut(BaseModel):
    order_id: UUID
    number: str


class AnswerOut(BaseModel):
    """The answer to an operation. After any verdict but ``early`` the device forgets it."""

    op_id: UUID | None
    seq: int | None
    verdict: Verdict
    first: Verdict | None = Field(None, description="of one that was received before: the verdict that it got then")
    because: Because | None = None
    detail: str | None = Field(None, description="the reason, in a sentence")
    field: str | None = Field(None, description="of a conflict: the field")
    current: Any = Field(None, description="of a conflict: the value that the order has")
    value: Any = Field(None, description="of a conflict: the value that was sent")
    base: Any = Field(None, description="of a conflict: the value that the device had read")
    changed_by: str | None = Field(None, description="of a conflict: who wrote the value that the order has")
    changed_at: datetime | None = None
    made: MadeOut | None = Field(None, description="the order that a follow-up or a request became")

    @classmethod
    def of(cls, each: Answered) -> "AnswerOut":
        return cls(op_id=each.op_id, seq=each.seq, verdict=each.verdict, first=each.first, **each.answer)


class AnswersOut(BaseModel):
    """The answers, in the order of the batch.

    If ``known_seq`` is lower than the number of an operation that was answered before, the server was restored from a
    backup: the device sends its last 30 days again.
    """

    answers: list[AnswerOut]
    known_seq: int = Field(description="the highest number of this device without a gap before it")
    revoked: bool = Field(description="send what is unsent, then delete everything and report `wiped`")
    skew_s: float = Field(description="by how many seconds the device's clock is ahead of the server's")
    app_too_old: bool = Field(description="the app must be renewed; what it sends is received all the same")

    @classmethod
    def of(cls, received: Received) -> "AnswersOut":
        device = received.device
        return cls(
            answers=[AnswerOut.of(each) for each in received.answers],
            known_seq=device.known_seq,
            revoked=device.revoked_at is not None,
            skew_s=device.skew_s,
            app_too_old=apps.is_too_old(device.app),
        )


class OperationOut(BaseModel):
    """An operation that waited for a person, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    op_id: UUID
    device_id: UUID
    person: str
    order_id: UUID | None
    number: str | None
    kind: str
    body: Mapping[str, Any]
    occurred_at: datetime | None = Field(description="the device's clock")
    skew_s: float = Field(description="by how many seconds that was ahead of the server's")
    received_at: datetime
    verdict: Verdict
    answer: Mapping[str, Any]
    decision: Decision | None
    decided_by: str | None
    decided_at: datetime | None
    decided_why: str


class DeviceOut(BaseModel):
    """A technician's device, as of its last contact."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    person: str
    name: str
    app: str
    site: str | None
    first_seen_at: datetime
    seen_at: datetime
    known_seq: int
    lost: int = Field(description="operations that never arrived: the device no longer had them")
    unsent: int = Field(description="operations that it had not sent, as it reported")
    skew_s: float
    revoked_at: datetime | None
    revoked_by: str | None
    wiped_at: datetime | None

    @classmethod
    def of(cls, device: devices.Device) -> "DeviceOut":
        return cls.model_validate(device)


class TakeOverIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "done before it was cancelled"}]})

    why: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""


class SetAsideIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "entered by phone already"}]})

    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
