"""Work orders, their evidence and history, and the body of a new one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from api.shapes.times import Moment
from db.orders.work_orders import Evidence, HistoryRow, Listed
from workorder_core.costs.order_cost import OrderCost
from workorder_core.intake.findings import Sign
from workorder_core.orders import lifecycle, targets
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.sentences import say
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


class MeasuredOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    value: float
    unit: str


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
    asset_id: int | None = Field(description="null: work at a location, see location_id")
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
    requested_for: datetime | None = Field(description="when the requester wants it done; not a target")
    scheduled_start: datetime | None
    scheduled_end: datetime | None
    assignee: str | None = Field(description="the technician's code")
    assignment_note: str | None
    response_due: datetime | None
    completion_due: datetime | None
    response_warn_at: datetime | None
    completion_warn_at: datetime | None
    no_target: str | None = Field(
        None, description="why a target is missing: no_working_time, the site's calendar has too few hours; else none"
    )
    warned: int = Field(description="0; 1: the response target was warned of; 2: the completion target was")
    hold_reason: HoldReason | None = Field(description="all but other stop the clock of the targets")
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
            "no_target": targets.missing(order),
            "possible": lifecycle.possible(order.status),
            "close_out": None if order.close_out is None else CloseOutOut.model_validate(order.close_out),
        }
        return cls(**facts)


class ListedOut(WorkOrderOut):
    """An order in a list, with the names for its ids, and why it exists in a sentence."""

    site: str
    asset: str | None = Field(description="the asset's code; null: work at a location")
    asset_name: str
    time_zone: str
    assignee_name: str | None
    why: str
    evidence_count: int
    total_cost: str | None = Field(
        None, description="total cost, in total_currency; with the parameter `costs`, for users who may see costs"
    )
    total_currency: str | None = None

    @classmethod
    def listed(cls, listed: Listed, cost: OrderCost | None = None) -> "ListedOut":
        return cls(
            **WorkOrderOut.of(listed.order).model_dump(),
            site=listed.site_code,
            asset=listed.asset_code,
            asset_name=listed.asset_name,
            time_zone=listed.time_zone,
            assignee_name=listed.assignee_name,
            why=listed.why,
            evidence_count=listed.evidence_count,
            total_cost=None if cost is None else f"{cost.total:f}",
            total_currency=None if cost is None else cost.currency,
        )


class WorkOrderPage(BaseModel):
    """Some of the orders, the most urgent first."""

    items: list[ListedOut]
    total: int = Field(description="matching orders, counted to 1000: that many or more")
    limit: int = Field(description="the requested limit")
    next: str | None = Field(description="the address of the next page; null: this is the last one")


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
    """A finding: its rule or model, its time window, and the readings that it cites."""

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
    ended: bool = Field(description="it reports the end of the condition")

    @classmethod
    def of(cls, evidence: Evidence) -> "EvidenceOut":
        return cls.model_validate(evidence)


class HistoryOut(BaseModel):
    """A row of history: who did what, and why; ``old`` and ``new`` have the changes."""

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
    """An order with its evidence and its history."""

    evidence: list[EvidenceOut]
    history: list[HistoryOut]
    warnings: Sequence[str] = Field(
        description="warnings about its date: past, beyond a target, off shift, at the time of other work"
    )

    @classmethod
    def whole(
        cls, order: WorkOrder, evidence: Sequence[Evidence], history: Sequence[HistoryRow], warnings: Sequence[str] = ()
    ) -> "WholeOrderOut":
        return cls(
            **WorkOrderOut.of(order).model_dump(),
            warnings=warnings,
            evidence=[EvidenceOut.of(each) for each in evidence],
            history=[HistoryOut.of(each) for each in history],
        )


class OrderIn(BaseModel):
    """A new order. Without a priority, the asset's criticality and the type decide."""

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

    asset_id: int | None = Field(None, description="the asset; or give location_id")
    location_id: int | None = Field(None, description="the location of work without an asset")
    type: OrderType
    title: Line
    component: Line = "machine"
    failure_mode: FailureMode = FailureMode.UNK
    priority: Priority | None = None
    why: Text = ""
    status: Literal["draft", "awaiting_approval", "open"] | None = Field(
        None, description="null: open if you may approve, otherwise awaiting approval"
    )
    requested_for: Moment | None = Field(None, description="when it is wanted; not a target")
    required_skill: Line | None = Field(None, description="none: from the component and the failure mode")
    other_skills: list[Line] = Field([], max_length=20)
    required_certificates: list[Line] = Field([], max_length=20)
    required_tools: list[Line] = Field([], max_length=50)
    estimated_hours: float | None = Field(None, ge=0, le=100_000)
    plan: Line | None = Field(None, description="the code of a job plan; none: the one that fits, if there is one")

    @model_validator(mode="after")
    def _is_somewhere(self) -> "OrderIn":
        if (self.asset_id is None) == (self.location_id is None):
            raise ValueError(say("say where: either asset_id or location_id"))
        return self
