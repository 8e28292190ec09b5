"""Bodies and answers about requests: what people report, and what is decided about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.shapes.requests.quotes import QuoteOut, out
from db.requests.personal import Message, Person, Photo
from db.requests.quotes import Quote
from db.requests.requests import Request
from workorder_core.requests.asking import BAD_RATING, RequestStatus
from workorder_core.words import OrderType, Priority, Status

_LONGEST = 4000
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST, pattern=r"^[^\x00]+$")
]
_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]
_Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
_EXAMPLE: dict[str, Any] = {"asset_id": 1, "what": "Water under the pump", "since": "this morning"}


class NewRequestIn(BaseModel):
    """What is wrong, and where: at an asset or at a location."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    asset_id: _Id | None = Field(None, description="either this or `location_id`")
    location_id: _Id | None = None
    what: Words = Field(description="what is wrong, in the requester's own words")
    place: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")] = Field(
        "", description="where exactly, in their own words"
    )
    since: _Line = Field("", description="since when, in their own words")
    name: _Line = Field("", description="who asks, if it is not the sender")
    contact: _Line = Field("", description="their e-mail address or phone number")
    danger: bool = Field(False, description="somebody is in danger: the site's policy says what that leads to")
    joins: UUID | None = Field(None, description="the id of an unfinished order there that is about the same problem")
    language: Literal["en", "de"] | None = Field(None, description="the requester's; null: the sender's")

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.asset_id is None) == (self.location_id is None):
            raise ValueError("give either asset_id or location_id")
        return self

    def person(self) -> Person:
        """Return what is personal about it."""
        return Person(name=self.name, contact=self.contact, what=self.what, place=self.place, since=self.since)


class AcceptIn(BaseModel):
    """The order that a request becomes. Where somebody is in danger it is an emergency order, whatever is given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Renew the seal"}]})

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
    """History keeps it for good: no names, not the requester's words."""
    type: Literal[OrderType.REACTIVE, OrderType.INSPECTION, OrderType.PROACTIVE] = OrderType.REACTIVE
    priority: Annotated[int, Field(ge=Priority.HIGH, le=Priority.LOW)] | None = Field(
        None, description="2 is high, 4 is low; null: from the type and the asset's criticality"
    )


class MergeIn(BaseModel):
    """The order to which a request is added."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"order": "NTH-1042"}]})

    order: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00]+$")]
    """The number of an unfinished order of the same site."""


class WordsIn(BaseModel):
    """What one side says to the other: a question, a reason, instructions, an answer, a message."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"words": "Which of the two pumps?"}]})

    words: Words


class RatingIn(BaseModel):
    """How it went."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rating": 5, "words": "Quick."}]})

    rating: int = Field(ge=1, le=5, description=f"5 is very good; {BAD_RATING} or less opens a review")
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=_LONGEST, pattern=r"^[^\x00]*$")] = ""


class RequestOut(BaseModel):
    """A request, without anything personal."""

    id: UUID
    number: str
    site: str
    asset_id: int | None
    location_id: int | None
    thing: str = Field(description="the code of its asset or location")
    thing_name: str
    status: RequestStatus
    stage: str = Field(description="how far it has come, with its order: as the requester sees it")
    ended: bool
    danger: bool
    made_by: str | None = Field(description="who made it; null: somebody without an account")
    order_id: UUID | None
    order_number: str | None
    order_status: Status | None
    scheduled_start: datetime | None
    scheduled_end: datetime | None
    technician: str | None
    recorded_at: datetime
    respond_by: datetime | None = Field(description="when an answer is due")
    responded_at: datetime | None
    ended_at: datetime | None
    rating: int | None
    erased_at: datetime | None
    version: int

    @classmethod
    def of(cls, request: Request) -> "RequestOut":
        """Return a request as it leaves the API."""
        return cls(**_facts(request))


class MessageOut(BaseModel):
    """A message; ``by``: who wrote it, null for the requester."""

    seq: int
    at: datetime
    by: str | None
    text: str


class PhotoOut(BaseModel):
    """A photo, whose content is at ``/requests/{ask_id}/photos/{photo_id}``."""

    id: UUID
    kind: str
    at: datetime


class OneRequestOut(RequestOut):
    """A request with its words, messages, photos and quotes. What was erased is empty."""

    name: str
    contact: str
    what: str
    place: str
    since: str
    rating_words: str
    messages: list[MessageOut]
    photos: list[PhotoOut]
    quotes: list[QuoteOut] = Field(description="every version, the newest first")
    private_path: str | None = Field(
        None, description="the path of the private status page; shown once, to who made it, and stored nowhere"
    )

    @classmethod
    def whole(
        cls,
        request: Request,
        person: Person | None,
        messages: Sequence[Message],
        photos: Sequence[Photo],
        quotes: Sequence[Quote],
        *,
        private_path: str | None = None,
    ) -> "OneRequestOut":
        """Return a request with all that is personal about it."""
        return cls(
            **_facts(request),
            name=person.name if person else "",
            contact=person.contact if person else "",
            what=person.what if person else "",
            place=person.place if person else "",
            since=person.since if person else "",
            rating_words=person.rating_words if person else "",
            messages=[MessageOut(seq=each.seq, at=each.at, by=each.actor, text=each.text) for each in messages],
            photos=[PhotoOut(id=each.id, kind=each.kind, at=each.at) for each in photos],
            quotes=out(quotes),
            private_path=private_path,
        )


def _facts(request: Request) -> dict[str, Any]:
    named = {each: getattr(request, each) for each in RequestOut.model_fields if hasattr(request, each)}
    stage = request.stage
    return named | {
        "site": request.site_code,
        "thing": request.thing_code,
        "stage": stage.code,
        "ended": stage.ended,
    }
