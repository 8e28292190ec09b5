"""Bodies and answers about rounds: stops, answers, open points, the signed report."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.inspections.checklists import ItemOut, Key, Line, Numbered, StopIn, Text
from api.shapes.plant import Code
from api.shapes.times import Moment
from db.inspections.points import OpenPoint
from db.inspections.reports import Report
from db.inspections.rounds import Round
from db.inspections.stops import Answered, Stop
from workorder_core.inspections.rounds import How, RoundStatus, StopStatus

_FORBID = ConfigDict(extra="forbid")


class RoundIn(BaseModel):
    """A round to begin now, or one that is due: along a route, or at stops of its own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"site": "NTH", "route_id": 1}]})

    site: Code
    route_id: Numbered | None = None
    stops: list[StopIn] | None = Field(None, min_length=1, max_length=500)
    title: Line | None = Field(None, description="none: the route's, or the first checklist's")
    due_at: Moment | None = Field(None, description="none: it begins at once")
    latest: Moment | None = Field(None, description="if not begun by then, it is missed; null: never")
    order_id: UUID | None = Field(None, description="the order that requires it; an order has one round")


class RoundOut(BaseModel):
    """A round. `stops`, `done` and `skipped` count its stops, `failed` its failed points."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    number: str
    title: str
    status: RoundStatus
    how: How
    route_id: int | None
    order_id: UUID | None
    made_at: datetime
    due_at: datetime
    latest: datetime | None
    walker: str | None = Field(description="who has it now, or had it last")
    started_at: datetime | None
    finished_at: datetime | None
    signed_name: str
    stops: int
    done: int
    skipped: int
    failed: int
    why: str

    @classmethod
    def of(cls, found: Round) -> "RoundOut":
        return cls.model_validate(found)


class RoundPage(BaseModel):
    items: list[RoundOut]
    limit: int
    next: str | None


class AnswerOut(BaseModel):
    """An answer as typed, and its evaluation; `verdict` is null until it can be evaluated."""

    item: str
    typed: str
    note: str
    photo_id: UUID | None
    number: float | None = Field(description="of a measurement, in the item's unit")
    verdict: Literal["passed", "failed", "noted"] | None
    at: datetime
    actor: str
    order: str | None = Field(description="number of the order that it led to")
    order_id: UUID | None

    @classmethod
    def of(cls, found: Answered) -> "AnswerOut":
        facts = {name: getattr(found, name) for name in cls.model_fields if name != "order"}
        return cls(**facts, order=found.order_number)


class StopOut(BaseModel):
    """A stop of a round. Its checklist keeps the version of the time when the round began."""

    position: int
    asset_id: int
    asset: str
    asset_name: str
    checklist_id: int
    checklist: str
    checklist_version: int | None
    items: list[ItemOut]
    status: StopStatus
    scanned: bool
    version: int
    at: datetime | None
    actor: str | None
    why: str
    answers: list[AnswerOut]

    @classmethod
    def of(cls, stop: Stop, answers: list[Answered]) -> "StopOut":
        facts = {name: getattr(stop, name) for name in cls.model_fields if name not in ("items", "answers")}
        mine = [AnswerOut.of(each) for each in answers if each.position == stop.position]
        return cls(**facts, items=[ItemOut.of(each) for each in stop.asks.items], answers=mine)


class OpenPointOut(BaseModel):
    """A point that failed earlier, and whose order is unfinished."""

    asset_id: int
    checklist_id: int
    item: str
    order_id: UUID
    order: str
    status: str
    round: str
    at: datetime

    @classmethod
    def of(cls, found: OpenPoint) -> "OpenPointOut":
        facts = {name: getattr(found, name) for name in cls.model_fields if name != "order"}
        return cls(**facts | {"status": found.status.value}, order=found.number)


class HistoryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: datetime
    actor: str
    what: str
    told: Mapping[str, Any]
    why: str


class WholeRoundOut(RoundOut):
    """A round with its stops, answers, earlier points that are still open, and its history."""

    walk: list[StopOut]
    open_points: list[OpenPointOut]
    history: list[HistoryOut]


class GivenIn(BaseModel):
    model_config = _FORBID

    answer: Text = Field("", description="`yes` or `no`, a number, a choice, a text, or the name of who signs")
    note: Text = ""


class AnswersIn(BaseModel):
    """The answers at a stop. An omitted item keeps its answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"answers": {"shaft_seal_dry": {"answer": "yes"}}, "finish": True}]},
    )

    answers: dict[Key, GivenIn] = Field(max_length=200)
    finish: bool = Field(False, description="whether the stop is done: then all answers must be there and right")
    version: int | None = Field(None, description="of the stop, as read: refused if somebody saved it since")
    scanned: bool = False
    answered_at: Moment | None = Field(
        None,
        description="when it was answered, for what is sent later: readings have this time; no earlier than the round "
        "began and no later than now. None: now",
    )


class NeededWhyIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "Scaffold in front of it"}]})

    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


class SignIn(BaseModel):
    """The signature of a round."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Nadia Sund"}]})

    name: Line


class ReportCheckOut(BaseModel):
    """The verification of a signed report."""

    sha256: str = Field(description="of the stored report now")
    stored: str = Field(description="as stored beside it")
    logged: str | None = Field(description="as the log of changes has it, in its chain")
    unaltered: bool
    at: datetime
    actor: str

    @classmethod
    def of(cls, report: Report) -> "ReportCheckOut":
        return cls(
            sha256=report.now,
            stored=report.stored,
            logged=report.logged,
            unaltered=report.unaltered,
            at=report.at,
            actor=report.actor,
        )
