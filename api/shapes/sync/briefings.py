"""What a technician's device has of an order, to work at the machine without a network."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.order_content import AttachmentOut, CommentOut, PartOut, StepOut
from api.shapes.orders import WorkOrderOut
from db.sync.changes import Briefing, Changes
from workorder_core.words import Severity


class VisitOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    starts_at: datetime
    ends_at: datetime


class PlaceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    asset_class: str
    serial: str | None
    path: str
    location_id: int | None


class ReasonOut(BaseModel):
    """A finding without the readings that it cites."""

    model_config = ConfigDict(from_attributes=True)

    source: str
    severity: Severity
    at: datetime
    summary: str
    ended: bool


class LastOrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: str
    title: str
    status: str
    ended_at: datetime
    finding: str | None
    failure_mode: str | None
    cause: str | None
    remedy: str | None
    note: str | None


class OpenAlarmOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    source: str
    state: str
    severity: Severity
    summary: str
    since: datetime | None


class BriefingOut(BaseModel):
    """An order with all that belongs to it."""

    order: WorkOrderOut
    site: str
    time_zone: str
    asset: PlaceOut | None
    visits: list[VisitOut] = Field(description="when the technician is planned on it")
    steps: list[StepOut]
    parts: list[PartOut]
    comments: list[CommentOut]
    files: list[AttachmentOut] = Field(description="names and sizes; the content is fetched apart")
    evidence: list[ReasonOut] = Field(description="why the order exists, the newest first, 5 at most")
    last_orders: list[LastOrderOut] = Field(description="what was found and done at the asset before, 5 at most")
    alarms: list[OpenAlarmOut] = Field(description="alarms of the asset that are not normal, 20 at most")
    escalation: int | None = Field(description="an escalation of the order that nobody has acknowledged")

    @classmethod
    def of(cls, each: Briefing) -> "BriefingOut":
        return cls(
            order=WorkOrderOut.of(each.order),
            site=each.site,
            time_zone=each.time_zone,
            asset=None if each.asset is None else PlaceOut.model_validate(each.asset),
            visits=[VisitOut.model_validate(one) for one in each.visits],
            steps=[StepOut.model_validate(one) for one in each.steps],
            parts=[PartOut.model_validate(one) for one in each.parts],
            comments=[CommentOut.model_validate(one) for one in each.comments],
            files=[AttachmentOut.of(one) for one in each.files],
            evidence=[ReasonOut.model_validate(one) for one in each.evidence],
            last_orders=[LastOrderOut.model_validate(one) for one in each.last_orders],
            alarms=[OpenAlarmOut.model_validate(one) for one in each.alarms],
            escalation=each.escalation,
        )


class ChangesOut(BaseModel):
    """A page of what has changed for a technician."""

    reset: bool = Field(
        description="a page of everything: once `more` is false, it replaces what the device has of orders"
    )
    orders: list[BriefingOut]
    gone: Sequence[UUID] = Field(description="orders that are no longer theirs")
    next: str = Field(description="the cursor to ask with the next time")
    more: bool = Field(description="ask again at once")
    revoked: bool = Field(description="the device was revoked: it gets nothing")

    @classmethod
    def of(cls, changes: Changes, orders: list[Briefing]) -> "ChangesOut":
        return cls(
            reset=changes.reset,
            orders=[BriefingOut.of(each) for each in orders],
            gone=changes.gone,
            next=str(changes.next),
            more=changes.more,
            revoked=False,
        )
