"""The bodies of lifecycle steps, and the proposal of a technician."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.shapes.orders import Currency, Line, Text
from api.shapes.times import Moment
from db.orders.closing import Closing, FollowUp, PartUsed
from workorder_core.orders.close_out import Cause, Mechanism, Remedy
from workorder_core.orders.order import CloseOut, Measured
from workorder_core.people.assignment import TIE_BREAK, Candidate, Proposal
from workorder_core.sentences import say
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType, Priority


class MeasuredIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line
    value: float = Field(allow_inf_nan=False)
    unit: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""


class PartUsedIn(BaseModel):
    """A used part; one that the order needs is recognised by its name."""

    model_config = ConfigDict(extra="forbid")

    part: Line
    used: float = Field(ge=0, le=1_000_000)
    unit: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] = "pcs"


class FollowUpIn(BaseModel):
    """An order that the work has shown to be needed, on the same asset."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Align the coupling"}]})

    title: Line
    type: OrderType = OrderType.PROACTIVE
    component: Line | None = Field(None, description="none: that of this order")
    failure_mode: FailureMode = FailureMode.UNK
    why: Text = ""

    def follow_up(self) -> FollowUp:
        return FollowUp(
            title=self.title,
            type=self.type,
            component=self.component,
            failure_mode=self.failure_mode,
            why=self.why,
        )


class CloseOutIn(BaseModel):
    """What was found and done, in codes; the precision of rules and models is computed from it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "finding": "confirmed",
                    "failure_mode": "OHE",
                    "cause": "wear",
                    "remedy": "replace",
                    "note": "Outer race was pitted.",
                }
            ]
        },
    )

    finding: CloseFinding
    failure_mode: FailureMode | None = Field(None, description="the failure mode; null: nothing was found")
    cause: Cause
    remedy: Remedy
    note: Text = ""
    mechanism: Mechanism | None = Field(None, description="failure mechanism, after ISO 14224")
    downtime_minutes: int | None = Field(None, ge=0, le=10_000_000, description="how long the machine was down")
    readings: list[MeasuredIn] = Field([], max_length=100, description="readings after the repair")
    hours: float | None = Field(None, ge=0, le=100_000, description="hours of work")
    cost: Decimal | None = Field(None, ge=0, le=10_000_000_000, decimal_places=2)
    currency: Currency | None = None
    parts_used: list[PartUsedIn] = Field([], max_length=200)
    follow_ups: list[FollowUpIn] = Field([], max_length=20, description="orders created with this one's completion")

    @model_validator(mode="after")
    def _cost_has_a_currency(self) -> "CloseOutIn":
        if (self.cost is None) != (self.currency is None):
            raise ValueError(say("cost and currency go together: give both or neither"))
        return self

    def close_out(self) -> CloseOut:
        return CloseOut(
            finding=self.finding,
            failure_mode=self.failure_mode,
            cause=self.cause.value,
            remedy=self.remedy.value,
            note=self.note,
            mechanism=None if self.mechanism is None else self.mechanism.value,
            downtime_minutes=self.downtime_minutes,
            readings=tuple(Measured(**each.model_dump()) for each in self.readings),
        )

    def closing(self) -> Closing:
        return Closing(
            close_out=self.close_out(),
            hours=self.hours,
            cost=self.cost,
            currency=self.currency,
            parts_used=tuple(PartUsed(part=each.part, used=each.used, unit=each.unit) for each in self.parts_used),
            follow_ups=tuple(each.follow_up() for each in self.follow_ups),
        )


class ChangesIn(BaseModel):
    """Changes of an unfinished order; omitted fields stay."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"estimated_hours": 6}]})

    title: Line | None = None
    priority: Priority | None = None
    requested_for: Moment | None = None
    required_skill: Line | None = None
    other_skills: list[Line] | None = Field(None, max_length=20)
    required_certificates: list[Line] | None = Field(None, max_length=20)
    required_tools: list[Line] | None = Field(None, max_length=50)
    estimated_hours: float | None = Field(None, ge=0, le=100_000)
    actual_hours: float | None = Field(None, ge=0, le=100_000)
    cost: Decimal | None = Field(None, ge=0, le=10_000_000_000, decimal_places=2)
    currency: Currency | None = None
    why: Text = ""


class ScheduleIn(BaseModel):
    """The planned time of the work, and optionally a technician, who gets it when it is dispatched."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"start": "2026-03-03T08:00:00+01:00", "technician": "holm"}]}
    )

    start: Moment
    end: Moment | None = None
    technician: str | None = None
    why: Text = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "ScheduleIn":
        if self.end is not None and self.end <= self.start:
            raise ValueError(say("the end must be after the start"))
        return self


class PlanIn(BaseModel):
    """The planning of the work, optionally with another job plan."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"plan": "BEARING-SWAP"}]})

    plan: Line | None = Field(None, description="the code of a job plan to copy the steps from; none: as it is")
    estimated_hours: float | None = Field(None, ge=0, le=100_000)
    why: Text = ""


class HoldIn(BaseModel):
    """What the work waits for. Parts, a permit and access stop the clock of the targets."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "waits for a bearing", "waits_for": "parts"}]}
    )

    reason: Text
    waits_for: HoldReason = HoldReason.OTHER


class AssignIn(BaseModel):
    """The technician to assign. Without one, the proposed technician gets the order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"technician": "holm", "why": "knows this pump"}]},
    )

    technician: str | None = Field(None, description="the technician's code; none: as proposed")
    why: Text = ""


class ReasonIn(BaseModel):
    """The reason, in a sentence that others will read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "waits for a bearing"}]})

    reason: Text


class NoteIn(BaseModel):
    """An optional remark for the history."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "runs smoothly at full load"}]})

    why: Text = ""


class CandidateOut(BaseModel):
    technician: str
    name: str
    eligible: bool
    on_shift: bool
    load: int
    reasons_for: Sequence[str]
    reasons_against: Sequence[str]

    @classmethod
    def of(cls, candidate: Candidate) -> "CandidateOut":
        return cls(
            technician=candidate.technician.code,
            name=candidate.technician.name,
            eligible=candidate.eligible,
            on_shift=candidate.on_shift,
            load=candidate.load,
            reasons_for=candidate.reasons_for,
            reasons_against=candidate.reasons_against,
        )


class ProposalOut(BaseModel):
    """The proposed technician, or none, with everybody's reasons, the best first."""

    technician: str | None
    why: str
    displaces: str | None = Field(description="the less urgent order that the technician would have to put on hold")
    tie_break: str = str(TIE_BREAK)
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalOut":
        return cls(
            technician=proposal.choice.technician.code if proposal.choice else None,
            why=proposal.why,
            displaces=proposal.displaces,
            candidates=[CandidateOut.of(each) for each in proposal.candidates],
        )
