"""What a technician's device has of an order, to work at the machine without a network."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.order_content import AttachmentOut, CommentOut, PartOut, StepOut
from api.shapes.orders import SignOut, WorkOrderOut
from db.inventory.order_tools import Needed
from db.orders.work_orders import Evidence
from db.plant.signal_lists import Listed
from db.sync.briefings import Briefing, FromStore
from db.sync.changes import Changes
from workorder_core.orders.lifecycle import Step
from workorder_core.sync import charts
from workorder_core.words import Severity


class VisitOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    starts_at: datetime
    ends_at: datetime
    sequence: int = Field(description="which of the technician's visits of that day it is, from 1")
    others: Sequence[str] = Field(description="who comes along")
    way_from: str = Field(description="the code of the place before: of the visit before, the depot, or the site")
    way_minutes: int | None = Field(description="the way from there; null: it is the same place")
    way_km: float | None


class LocatedOut(BaseModel):
    """Where the work is: a functional location with the nearest known coordinates (WGS84)."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    path: str
    latitude: float | None
    longitude: float | None
    coordinates_of: str | None = Field(description="the code of the location whose coordinates they are")


class FromStoreOut(BaseModel):
    """A line of parts that comes from a store."""

    line: int
    item_id: int
    item: str
    part: str
    unit: str
    store: str
    bins: Sequence[str] = Field(description="the bins that have some")
    needed: float
    reserved: float
    issued: float
    lacks: float = Field(description="neither issued nor reserved")
    expected_on: date | None = Field(description="when what lacks is expected")

    @classmethod
    def of(cls, each: FromStore) -> "FromStoreOut":
        facts = {name: getattr(each.line, name) for name in cls.model_fields if hasattr(each.line, name)}
        return cls(**facts, bins=each.bins, expected_on=each.expected_on)


class ToolOut(BaseModel):
    """A tool that the work needs, in the order's words; ``booked`` is the code of the one that is booked for it."""

    words: str
    serves: Sequence[str] = Field(description="codes of the register, any of which serves; none: it is not in it")
    booked: str | None
    booked_from: datetime | None
    booked_until: datetime | None

    @classmethod
    def of(cls, each: Needed) -> "ToolOut":
        booking = each.booking
        return cls(
            words=each.words,
            serves=[one.code for one in each.tools],
            booked=None if booking is None else booking.tool,
            booked_from=None if booking is None else booking.starts_at,
            booked_until=None if booking is None else booking.ends_at,
        )


class CertificateOut(BaseModel):
    """A certificate; `valid_until` is its last day at the site, null: it has no end."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    has: bool = Field(description="the technician has it, perhaps expired")
    valid_until: date | None


class NewestOut(BaseModel):
    """A signal of the asset with its newest reading as of now."""

    signal: str
    label: str
    unit: str
    states: Mapping[str, float] = Field(description="by name, the number of each state; {}: it has none")
    plausible_low: float | None
    plausible_high: float | None
    value: float | None
    at: datetime | None = Field(description="null: it has no reading")
    quality: int | None = Field(description="0 good, 1 uncertain, 2 bad, 3 stale, 4 bad by its value")

    @classmethod
    def of(cls, each: Listed) -> "NewestOut":
        one, newest = each.signal, each.newest
        return cls(
            signal=one.name,
            label=one.title,
            unit=one.unit,
            states=one.meaning.states,
            plausible_low=one.meaning.plausible_low,
            plausible_high=one.meaning.plausible_high,
            value=None if newest is None else newest.value,
            at=None if newest is None else newest.observed_at,
            quality=None if newest is None else newest.quality,
        )


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
    """A finding, with the chart of the readings that it cites: 60 points of each signal at most, with every peak."""

    model_config = ConfigDict(from_attributes=True)

    source: str
    severity: Severity
    since: datetime
    at: datetime
    summary: str
    ended: bool
    score: float | None
    limit: float | None
    signs: Sequence[SignOut]
    readings: Mapping[str, Sequence[tuple[float, float]]] = Field(description="(epoch seconds, value) by signal")

    @classmethod
    def of(cls, each: Evidence) -> "ReasonOut":
        chart = {name: charts.thinned(points) for name, points in each.readings.items()}
        return cls.model_validate(each).model_copy(update={"readings": chart})


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
    offered: Sequence[Step] = Field(description="the steps that this technician may perform now")
    asset: PlaceOut | None
    place: LocatedOut | None = Field(description="null: the asset is at no known location")
    visits: list[VisitOut] = Field(description="when the technician is planned on it")
    steps: list[StepOut]
    parts: list[PartOut]
    stock: list[FromStoreOut] = Field(description="the lines of parts that come from a store")
    tools: list[ToolOut]
    certificates: list[CertificateOut] = Field(description="what the work asks for, and what the technician has of it")
    comments: list[CommentOut]
    files: list[AttachmentOut] = Field(description="names and sizes; the content is fetched apart")
    documents: list[AttachmentOut] = Field(description="of the asset, the newest 50")
    evidence: list[ReasonOut] = Field(description="why the order exists, the newest first, 5 at most")
    last_orders: list[LastOrderOut] = Field(description="what was found and done at the asset before, 5 at most")
    alarms: list[OpenAlarmOut] = Field(description="alarms of the asset that are not normal, 20 at most")
    readings: list[NewestOut] = Field(description="of the asset's signals, 40 at most")
    escalation: int | None = Field(description="an escalation of the order that nobody has acknowledged")

    @classmethod
    def of(cls, each: Briefing) -> "BriefingOut":
        return cls(
            order=WorkOrderOut.of(each.order),
            site=each.site,
            time_zone=each.time_zone,
            offered=each.offered,
            place=None if each.place is None else LocatedOut.model_validate(each.place),
            asset=None if each.asset is None else PlaceOut.model_validate(each.asset),
            visits=[VisitOut.model_validate(one) for one in each.visits],
            steps=[StepOut.model_validate(one) for one in each.steps],
            parts=[PartOut.model_validate(one) for one in each.parts],
            stock=[FromStoreOut.of(one) for one in each.stock],
            tools=[ToolOut.of(one) for one in each.tools],
            certificates=[CertificateOut.model_validate(one) for one in each.certificates],
            comments=[CommentOut.model_validate(one) for one in each.comments],
            files=[AttachmentOut.of(one) for one in each.files],
            documents=[AttachmentOut.of(one) for one in each.documents],
            evidence=[ReasonOut.of(one) for one in each.evidence],
            last_orders=[LastOrderOut.model_validate(one) for one in each.last_orders],
            alarms=[OpenAlarmOut.model_validate(one) for one in each.alarms],
            readings=[NewestOut.of(one) for one in each.readings],
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
