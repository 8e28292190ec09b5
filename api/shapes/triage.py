"""Bodies and answers of triage: suggestions, similar orders, answers, and versions of what was learned."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.plant import Code
from db.triage.alike import Alike, Check, Passage
from db.triage.danger import DangerWords
from db.triage.suggesting import Suggested
from db.triage.versions import Learning, Version
from workorder_core.triage.suggestions import Field as What
from workorder_core.triage.suggestions import Source, Suggestion

LONGEST = 2000


class SuggestIn(BaseModel):
    """The text of a request or an order, as somebody wrote it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"site": "NTH", "text": "oil leak at cooling water pump 1"}]}
    )

    site: Code
    text: str = Field(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]*$", description="in any language")


class SuggestionOut(BaseModel):
    """A value for a field of an order. Nobody has confirmed it."""

    model_config = ConfigDict(from_attributes=True)

    field: What
    value: str = Field(description="as the order has it: a type, a priority from 1, an asset's code, a plan's key")
    source: Source = Field(description="words that say danger, other words, or what was learned")
    probability: float | None = Field(description="that it is right, from 0 to 1, by the past; null: not learned")
    because: list[str] = Field(description="the words of the text that spoke for it")

    @classmethod
    def of(cls, made: Suggestion) -> "SuggestionOut":
        return cls.model_validate(made)


class AlikeOut(BaseModel):
    """An order with a similar text, and what came of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    title: str
    status: str
    asset: str | None = Field(description="the asset's code; null: work at a location")
    component: str
    failure_mode: str
    recorded_at: datetime
    finding: str | None
    cause: str | None
    remedy: str | None
    note: str | None
    hours: float | None = Field(description="hours worked")
    parts: list[str] = Field(description="parts used")
    fixed: bool = Field(description="finished, never sent back, and no order follows it")
    likeness: float = Field(description="from 0 to 1")

    @classmethod
    def of(cls, found: Alike) -> "AlikeOut":
        return cls.model_validate(found)


class SuggestOut(BaseModel):
    """One suggestion a field at most, and open orders that may be about the same. Both may be empty."""

    suggestions: list[SuggestionOut]
    duplicates: list[AlikeOut] = Field(description="the most alike first")
    version: int | None = Field(description="the version of what was learned; null: none is in force")

    @classmethod
    def of(cls, found: Suggested) -> "SuggestOut":
        return cls(
            suggestions=[SuggestionOut.of(each) for each in found.suggestions],
            duplicates=[AlikeOut.of(each) for each in found.duplicates],
            version=found.version,
        )


class CheckOut(BaseModel):
    """A cause with its remedy, in similar finished orders."""

    model_config = ConfigDict(from_attributes=True)

    cause: str
    remedy: str
    orders: int
    fixed_share: float = Field(description="of these orders the share that it fixed the first time, from 0 to 1")


class LastTimeOut(BaseModel):
    """What was done the last times: similar finished orders of the site, and what to check by success."""

    orders: list[AlikeOut] = Field(description="the most alike first; the same asset and failure mode count more")
    checks: list[CheckOut] = Field(description="what was enough most often first")
    fixed_share: float | None = Field(description="of the orders the share fixed the first time; null: no orders")

    @classmethod
    def of(cls, orders: list[Alike], checks: list[Check]) -> "LastTimeOut":
        return cls(
            orders=[AlikeOut.of(each) for each in orders],
            checks=[CheckOut.model_validate(each) for each in checks],
            fixed_share=sum(each.fixed for each in orders) / len(orders) if orders else None,
        )


class PassageOut(BaseModel):
    """A passage as it is written somewhere."""

    kind: str = Field(description="order, comment, job_plan or file")
    source: str = Field(description="an order's number, a plan's key, a file's name")
    text: str
    share: float = Field(description="of the question's words that it has, from 0 to 1")
    link: str = Field(description="where it is written")

    @classmethod
    def of(cls, found: Passage) -> "PassageOut":
        return cls(kind=found.kind, source=found.source, text=found.text, share=found.share, link=link(found))


class AnswersOut(BaseModel):
    """The passages that answer a question, the best first; nothing is written that is not in them."""

    passages: list[PassageOut]


class TriageVersionOut(BaseModel):
    """A version of what was learned from a site's orders."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    texts: int = Field(description="how many it was learned from")
    made_by: str
    made_at: datetime
    run_id: UUID | None
    in_force: bool
    fields: dict[str, Any] = Field(
        description="by field: texts with a label, labels, and on the past the shares suggested and right"
    )

    @classmethod
    def of(cls, version: Version) -> "TriageVersionOut":
        return cls.model_validate(version)


class MoveOut(BaseModel):
    """A version was put in force, or none."""

    model_config = ConfigDict(from_attributes=True)

    seq: int = Field(description="counts from 1 at each site")
    number: int | None = Field(description="the version; null: none suggests from then on")
    actor: str
    at: datetime
    why: str


class LearningOut(BaseModel):
    """How far a site is on the way to the next version, which is learned by itself at night."""

    newest: int | None = Field(description="the newest version; null: none is learned yet")
    in_force: int | None = Field(description="the version that suggests; null: none does")
    new: int = Field(description="texts that got labels since a version was last asked for")
    needed: int = Field(description="so many it takes")
    asked_at: datetime | None = Field(description="when a version was last asked for; null: never")

    @classmethod
    def of(cls, state: Learning) -> "LearningOut":
        way = state.progress
        return cls(
            newest=state.newest, in_force=state.in_force, new=way.new, needed=way.needed, asked_at=state.asked_at
        )


class InForceIn(BaseModel):
    """The version that is to suggest."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"number": 2, "why": "the new one suggests too little"}]}
    )

    number: int | None = Field(ge=1, le=2**31 - 1, description="null: nothing learned suggests, only words do")
    why: str = Field(min_length=3, max_length=2000, pattern=r"^[^\x00]*$", description="the reason, kept with it")


class InForceOut(BaseModel):
    """The version that suggests; null: none does."""

    number: int | None


class DangerWordsIn(BaseModel):
    """The words that say danger at a site, besides those that the program knows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"words": ["NH3", "Ofen 3 offen"], "why": "agreed with safety"}]},
    )

    words: list[Annotated[str, Field(min_length=2, max_length=100, pattern=r"^[^\x00]*$")]] = Field(
        max_length=500, description="beginnings of words, or several words in a row"
    )
    why: str = Field(min_length=3, max_length=2000, pattern=r"^[^\x00]*$", description="the reason, kept with it")


class DangerWordsOut(BaseModel):
    """A site's own words that say danger; version 0 is what a site begins with."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    words: list[str]
    made_by: str | None
    made_at: datetime | None
    why: str

    @classmethod
    def of(cls, found: DangerWords) -> "DangerWordsOut":
        return cls.model_validate(found)


def link(found: Passage) -> str:
    """Return the address of the source of a passage."""
    if found.kind == "file":
        return f"/api/v1/files/{found.key}"
    if found.kind == "job_plan":
        site, _, code = found.key.rpartition("/")
        return f"/api/v1/job-plans/{code}" + (f"?site={site}" if site else "")
    return f"/orders/{found.key}"
