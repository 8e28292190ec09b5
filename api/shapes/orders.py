"""Work orders, their evidence and history, and what each step needs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from db.closing import Closing, FollowUp, PartUsed
from db.work_orders import Evidence, HistoryRow, Listed
from workorder_core import lifecycle
from workorder_core.assignment import TIE_BREAK, Candidate, Proposal
from workorder_core.close_out import Cause, Mechanism, Remedy
from workorder_core.findings import Sign
from workorder_core.lifecycle import Step
from workorder_core.orders import CloseOut, Measured, WorkOrder
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType, Origin, Priority, Severity, Status

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]

Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

_ORDER: dict[str, JsonValue] = {
    "id": "3f0d4c4e-5a0d-5b7e-9d3c-0c9d5b1f7a11",
    "number": "NTH-1042",
    "site_id": 1,
    "asset_id": 3,
    "asset_path": "North pumping station / Town supply / P-103",
    "component": "bearing",
    "failure_mode": "OHE",
    "failure_mode_label": "overheating",
    "type": "predictive",
    "origin": "engine",
    "priority": 3,
    "priority_name": "medium",
    "priority_reason": "Medium: a failure is foreseen, and the asset is of high criticality.",
    "title": "Thrust bearing runs hotter than it should",
    "status": "dispatched",
    "status_since": "2026-03-02T08:00:02Z",
    "opened_at": "2026-03-02T07:58:00Z",
    "recorded_at": "2026-03-02T07:58:01Z",
    "location_id": None,
    "required_skill": "mechanical",
    "other_skills": [],
    "required_certificates": [],
    "required_tools": [],
    "requested_by": None,
    "requested_for": None,
    "scheduled_start": None,
    "scheduled_end": None,
    "assignee": "holm",
    "assignment_note": "Anna Holm: has the skill mechanical, on shift, no unfinished orders.",
    "response_due": "2026-03-03T07:58:01Z",
    "completion_due": "2026-03-09T07:58:01Z",
    "response_warn_at": "2026-03-03T01:58:01Z",
    "completion_warn_at": "2026-03-07T13:58:01Z",
    "escalation": 0,
    "warned": 0,
    "hold_reason": None,
    "estimated_hours": None,
    "actual_hours": None,
    "cost": None,
    "currency": None,
    "plan": None,
    "plan_version": None,
    "done_by": None,
    "follows": None,
    "duplicate_of": None,
    "close_out": None,
    "version": 2,
    "possible": ["assign", "unassign", "start", "hold", "cannot_complete", "cancel"],
}


class MeasuredIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line
    value: float = Field(allow_inf_nan=False)
    unit: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""


class MeasuredOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    value: float
    unit: str


class PartUsedIn(BaseModel):
    """A part that was used; one that the order asked for is known by its name."""

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
    """What was found and done, in codes: how good the rule or the model was is counted from it."""

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
    failure_mode: FailureMode | None = Field(None, description="what it was; none: nothing was found")
    cause: Cause
    remedy: Remedy
    note: Text = ""
    mechanism: Mechanism | None = Field(None, description="by which process it failed, after ISO 14224")
    downtime_minutes: int | None = Field(None, ge=0, le=10_000_000, description="how long the machine stood for it")
    readings: list[MeasuredIn] = Field([], max_length=100, description="what was read after the repair")
    hours: float | None = Field(None, ge=0, le=100_000, description="hours of work")
    cost: Decimal | None = Field(None, ge=0, le=10_000_000_000, decimal_places=2)
    currency: Currency | None = None
    parts_used: list[PartUsedIn] = Field([], max_length=200)
    follow_ups: list[FollowUpIn] = Field([], max_length=20, description="orders made with this one's completion")

    @model_validator(mode="after")
    def _cost_has_a_currency(self) -> "CloseOutIn":
        if (self.cost is None) != (self.currency is None):
            raise ValueError("cost and currency go together: give both or neither")
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


class CloseOutOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    finding: CloseFinding
    failure_mode: FailureMode | None
    cause: str
    remedy: str
    note: str
    mechanism: str | None
    downtime_minutes: int | None
    readings: Sequence[MeasuredOut]


class WorkOrderOut(BaseModel):
    """A work order. ``possible`` names the steps that the lifecycle has from its status."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_ORDER]})

    id: UUID
    number: str
    site_id: int
    asset_id: int | None = Field(description="none: work at a place, see location_id")
    location_id: int | None
    asset_path: str = Field(description="where the asset was when the order was opened")
    component: str
    failure_mode: FailureMode
    failure_mode_label: str
    type: OrderType
    origin: Origin
    priority: Priority = Field(description="1 emergency, 2 high, 3 medium, 4 low")
    priority_name: str
    priority_reason: str
    title: str
    status: Status
    status_since: datetime
    opened_at: datetime = Field(description="the asset's event time")
    recorded_at: datetime = Field(description="the wall clock, from which the targets count")
    required_skill: str | None = Field(description="the trade that the work is given to")
    other_skills: Sequence[str]
    required_certificates: Sequence[str]
    required_tools: Sequence[str]
    requested_by: str | None
    requested_for: datetime | None = Field(description="when whoever asked for it wants it done; not a target")
    scheduled_start: datetime | None
    scheduled_end: datetime | None
    assignee: str | None = Field(description="the technician's code")
    assignment_note: str | None
    response_due: datetime | None
    completion_due: datetime | None
    response_warn_at: datetime | None
    completion_warn_at: datetime | None
    warned: int = Field(description="0; 1: the response target was warned of; 2: the completion target was")
    hold_reason: HoldReason | None = Field(description="parts, permit and access stop the clock of the targets")
    estimated_hours: float | None
    actual_hours: float | None
    cost: Decimal | None
    currency: str | None
    plan: str | None = Field(description="the job plan that its steps were copied from")
    plan_version: int | None
    done_by: str | None = Field(description="who recorded that the work is done")
    escalation: int = Field(description="0; 1: the response target has run out; 2: the completion target has")
    follows: UUID | None = Field(description="the ended order that this one comes again after")
    duplicate_of: UUID | None
    close_out: CloseOutOut | None
    version: int
    possible: Sequence[Step]

    @classmethod
    def of(cls, order: WorkOrder) -> "WorkOrderOut":
        facts = {name: getattr(order, name) for name in cls.model_fields if hasattr(order, name)}
        facts |= {
            "failure_mode_label": order.failure_mode.label,
            "priority_name": order.priority.name.lower(),
            "possible": lifecycle.possible(order.status),
            "close_out": None if order.close_out is None else CloseOutOut.model_validate(order.close_out),
        }
        return cls(**facts)


class ListedOut(WorkOrderOut):
    """An order in a list, with the names that go with its ids and why it exists in a sentence."""

    site: str
    asset: str | None = Field(description="the asset's code; none: work at a place")
    asset_name: str
    time_zone: str
    assignee_name: str | None
    why: str
    evidence_count: int

    @classmethod
    def listed(cls, listed: Listed) -> "ListedOut":
        return cls(
            **WorkOrderOut.of(listed.order).model_dump(),
            site=listed.site_code,
            asset=listed.asset_code,
            asset_name=listed.asset_name,
            time_zone=listed.time_zone,
            assignee_name=listed.assignee_name,
            why=listed.why,
            evidence_count=listed.evidence_count,
        )


class WorkOrderPage(BaseModel):
    """Some of the orders, the most urgent first."""

    items: list[ListedOut]
    total: int = Field(description="how many the filters let through, counted to 1000: that many or more")
    limit: int
    offset: int


class SignOut(BaseModel):
    """One signal's part in a finding; ``share`` of all parts is 0 to 1."""

    model_config = ConfigDict(from_attributes=True)

    signal: str
    value: float
    unit: str
    usual_low: float | None
    usual_high: float | None
    share: float
    trend: float | None = Field(
        None, description="change a day, beyond what the operating point explains; none: no trend"
    )
    trend_low: float | None = Field(None, description="bound of its 90 % interval")
    trend_high: float | None = None

    @classmethod
    def of(cls, sign: Sign) -> "SignOut":
        return cls.model_validate(sign)


class EvidenceOut(BaseModel):
    """A finding: what was judged by which rule or model, over which window, and the readings it cites."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    arrival: int
    source: str
    version: str
    component: str
    failure_mode: FailureMode
    severity: Severity = Field(description="1 degrading, 2 malfunction, 3 safety")
    since: datetime
    at: datetime
    score: float | None
    limit: float | None
    signs: Sequence[SignOut]
    summary: str
    readings: Mapping[str, Sequence[tuple[float, float]]] = Field(description="(epoch seconds, value) by signal")

    @classmethod
    def of(cls, evidence: Evidence) -> "EvidenceOut":
        return cls.model_validate(evidence)


class HistoryOut(BaseModel):
    """Who did what, and why; ``old`` and ``new`` hold what changed."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    actor: str
    step: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    why: str

    @classmethod
    def of(cls, row: HistoryRow) -> "HistoryOut":
        return cls.model_validate(row)


class WholeOrderOut(WorkOrderOut):
    """An order with why it exists and what happened to it."""

    evidence: list[EvidenceOut]
    history: list[HistoryOut]

    @classmethod
    def whole(cls, order: WorkOrder, evidence: Sequence[Evidence], history: Sequence[HistoryRow]) -> "WholeOrderOut":
        return cls(
            **WorkOrderOut.of(order).model_dump(),
            evidence=[EvidenceOut.of(each) for each in evidence],
            history=[HistoryOut.of(each) for each in history],
        )


class OrderIn(BaseModel):
    """An order that a person makes. Without a priority the asset's criticality and the type decide."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "asset_id": 3,
                    "type": "inspection",
                    "title": "Look at the coupling guard",
                    "component": "coupling",
                    "why": "It rattled on the morning round.",
                }
            ]
        },
    )

    asset_id: int | None = Field(None, description="the machine; or say location_id")
    location_id: int | None = Field(None, description="the place of work that is on no machine")
    type: OrderType
    title: Line
    component: Line = "machine"
    failure_mode: FailureMode = FailureMode.UNK
    priority: Priority | None = None
    why: Text = ""
    status: Literal["draft", "awaiting_approval", "open"] | None = Field(
        None, description="none: open for who may approve, awaiting approval for others"
    )
    requested_for: AwareDatetime | None = Field(None, description="when it is wanted; not a target")
    required_skill: Line | None = Field(None, description="none: from the component and the failure mode")
    other_skills: list[Line] = Field([], max_length=20)
    required_certificates: list[Line] = Field([], max_length=20)
    required_tools: list[Line] = Field([], max_length=50)
    estimated_hours: float | None = Field(None, ge=0, le=100_000)
    plan: Line | None = Field(None, description="the code of a job plan; none: the one that fits, if there is one")

    @model_validator(mode="after")
    def _is_somewhere(self) -> "OrderIn":
        if (self.asset_id is None) == (self.location_id is None):
            raise ValueError("say where: either asset_id or location_id")
        return self


class ChangesIn(BaseModel):
    """What is to be changed of an order that is not finished; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"estimated_hours": 6}]})

    title: Line | None = None
    priority: Priority | None = None
    requested_for: AwareDatetime | None = None
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
    """When the work is done, and maybe by whom; they get it when it is dispatched."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"start": "2026-03-03T08:00:00+01:00", "technician": "holm"}]}
    )

    start: AwareDatetime
    end: AwareDatetime | None = None
    technician: str | None = None
    why: Text = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "ScheduleIn":
        if self.end is not None and self.end <= self.start:
            raise ValueError("the end must be after the start")
        return self


class PlanIn(BaseModel):
    """The work is planned, maybe by another job plan."""

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
    """Whom to give the order. Without a technician whoever is proposed gets it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"technician": "holm", "why": "knows this pump"}]},
    )

    technician: str | None = Field(None, description="the technician's code; none: as proposed")
    why: Text = ""


class ReasonIn(BaseModel):
    """Why, in a sentence that others will read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "waits for a bearing"}]})

    reason: Text


class NoteIn(BaseModel):
    """A remark for the history; it may be left out."""

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
    """Who is proposed, or that nobody is, with everybody's reasons, the best first."""

    technician: str | None
    why: str
    displaces: str | None = Field(description="the lesser order that the technician would have to put on hold")
    tie_break: str = TIE_BREAK
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalOut":
        return cls(
            technician=proposal.choice.technician.code if proposal.choice else None,
            why=proposal.why,
            displaces=proposal.displaces,
            candidates=[CandidateOut.of(each) for each in proposal.candidates],
        )
