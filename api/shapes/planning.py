"""Bodies and answers about maintenance plans."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.plant import Code
from api.shapes.times import Moment
from db.planning.outlook import Generating, Occurrence, SeriesNow
from db.planning.plans import Stored, Version
from workorder_core.far_times import near_day
from workorder_core.planning.documents import from_document, to_document
from workorder_core.planning.due import Due
from workorder_core.planning.forecast import Load
from workorder_core.planning.plans import AfterOutage, MaintenancePlan, ObjectKind, OnFreeDay, WhenOpen, Work
from workorder_core.words import OrderType

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Days = Annotated[int, Field(ge=0, le=3660)]
Hours = Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)]
Count = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]


def _local(at: datetime) -> datetime:
    near_day(at.date())
    if at.tzinfo is not None:
        raise ValueError("it is the site's local time: write it without an offset, for instance 2026-01-31T08:00")
    return at.replace(second=0, microsecond=0)


_LOCAL: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$"}
Local = Annotated[datetime, AfterValidator(_local), Field(json_schema_extra=_LOCAL)]
MonthDay = Annotated[tuple[Annotated[int, Field(ge=1, le=12)], Annotated[int, Field(ge=1, le=31)]], Field()]


class CalendarIn(BaseModel):
    """Due by a rule, in the site's local time."""

    model_config = ConfigDict(extra="forbid")

    rule: str = Field(max_length=500, description="RFC 5545: FREQ=MONTHLY;BYMONTHDAY=31", examples=["FREQ=MONTHLY"])
    starts: Local = Field(description="local time, from which the rule counts", examples=["2026-01-31T08:00"])
    on_free_day: OnFreeDay = Field(OnFreeDay.KEEP, description="if the date is not a working day of the site")
    season: tuple[MonthDay, MonthDay] | None = Field(None, description="[[4, 1], [10, 15]]: from 1 April to 15 October")


class MeterIn(BaseModel):
    """Due when a counter has advanced by this amount."""

    model_config = ConfigDict(extra="forbid")

    signal: _Text
    every: Count
    unit: str = Field("", max_length=30, pattern=r"^[^\x00]*$")
    wraps_at: Count | None = Field(None, description="the first number that the meter cannot show")
    early: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] = 0.0
    late: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] = 0.0


class ConditionIn(BaseModel):
    """Due when an alarm is active or the health falls; give one of the two."""

    model_config = ConfigDict(extra="forbid")

    alarm: _Text | None = Field(None, description="its rule or model: rule:flow-low")
    health_below: Annotated[float, Field(gt=0, le=100)] | None = Field(None, description="percent")


class PackageIn(BaseModel):
    """The work of every n-th occurrence; a larger package covers the smaller ones."""

    model_config = ConfigDict(extra="forbid")

    name: _Text
    every: int = Field(ge=1, le=1000)
    job_plan: _Text | None = None
    hours: Hours | None = None


EXAMPLE: dict[str, Any] = {
    "title": "Grease the bearings",
    "object": "asset",
    "objects": ["P-101"],
    "calendar": {"rule": "FREQ=MONTHLY", "starts": "2026-01-10T08:00", "on_free_day": "next"},
    "job_plan": None,
    "hours": 0.5,
    "skill": "mechanical",
}


class MaintenancePlanIn(BaseModel):
    """A maintenance plan: the work, its objects, and its timing."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    title: _Text
    object: ObjectKind = Field(description="asset, class (each of its assets), location, or route (several assets)")
    objects: list[_Text] = Field(min_length=1, max_length=200, description="codes; of a route in walking order")
    location: _Text | None = Field(None, description="of a route: the location of its order")
    type: OrderType = OrderType.PREVENTIVE
    work: Work = Field(Work.ORDER, description="inspection_round: an order with a round to walk")
    checklist: _Text | None = Field(None, description="of a round: the checklist for each of its assets")
    inspection_route: _Text | None = Field(None, description="of a round: the inspection route, instead of a checklist")
    calendar: CalendarIn | None = None
    meter: MeterIn | None = None
    condition: ConditionIn | None = None
    shift_factor: Annotated[Decimal, Field(ge=0, le=1, decimal_places=2)] = Field(
        Decimal(0), description="0: by the due date; 1: by the completion"
    )
    early_days: Days = Field(0, description="a completion this early moves nothing")
    late_days: Days = Field(0, description="a completion this late moves nothing")
    lead_days: Days = Field(14, description="how long before the due date an order is generated")
    window_days: Days = Field(7, description="how long after the due date the work may begin")
    when_open: WhenOpen = WhenOpen.SKIP
    after_outage: AfterOutage = AfterOutage.SKIP
    packages: list[PackageIn] = Field(default_factory=list, max_length=20)
    job_plan: _Text | None = None
    skill: _Text | None = None
    hours: Hours | None = None
    stops_asset: bool = Field(False, description="the asset is stopped meanwhile: planned downtime")
    group: _Text | None = Field(None, description="plans of a group generate one order for an asset")
    group_days: Days = 0
    active: bool = True

    def plan(self, code: str, site: str) -> MaintenancePlan:
        """Return the plan in the core's terms. Raises InvalidPlan and InvalidRule."""
        document = self.model_dump(mode="json", exclude={"active", "code", "site"})
        return from_document(document, code=code, site=site, active=self.active)


class NewMaintenancePlanIn(MaintenancePlanIn):
    model_config = ConfigDict(json_schema_extra={"examples": [{"site": "NTH", "code": "GREASE", **EXAMPLE}]})

    site: str = Field(max_length=64, description="a site's code")
    code: Code


class MaintenancePlanOut(BaseModel):
    """A plan at its newest version."""

    id: int
    key: str
    site: str
    code: str
    version: int
    active: bool
    retired_at: datetime | None
    plan: dict[str, Any] = Field(description="as it was sent")

    @classmethod
    def of(cls, stored: Stored) -> "MaintenancePlanOut":
        plan = stored.plan
        return cls(
            id=stored.id,
            key=plan.key,
            site=plan.site,
            code=plan.code,
            version=plan.version,
            active=plan.active,
            retired_at=stored.retired_at,
            plan=to_document(plan),
        )


class MaintenancePlanVersionOut(BaseModel):
    version: int
    made_by: str
    made_at: datetime
    why: str
    plan: dict[str, Any]

    @classmethod
    def of(cls, version: Version) -> "MaintenancePlanVersionOut":
        return cls(
            version=version.plan.version,
            made_by=version.made_by,
            made_at=version.made_at,
            why=version.why,
            plan=to_document(version.plan),
        )


class SeriesOut(BaseModel):
    """A plan for one of its objects."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    of: str = Field(description="the code of the asset or location")
    number: int = Field(description="of the last occurrence")
    next_due: datetime | None
    next_why: str
    ended_at: datetime | None
    ended_why: str


class WholeMaintenancePlanOut(MaintenancePlanOut):
    series: list[SeriesOut]

    @classmethod
    def whole(cls, stored: Stored, series: Sequence[SeriesNow]) -> "WholeMaintenancePlanOut":
        return cls(**dict(MaintenancePlanOut.of(stored)), series=[SeriesOut.model_validate(each) for each in series])


class OccurrenceOut(BaseModel):
    """An occurrence: planned (expected only), generated, skipped, merged, completed or missed."""

    model_config = ConfigDict(from_attributes=True)

    series_id: int
    number: int
    plan_id: int
    plan_version: int
    site: str
    code: str
    title: str
    of: str
    due_at: datetime
    cause: str
    status: str
    package: str | None
    packages: list[str]
    why: str = Field(description="why this date, and its outcome")
    order_id: UUID | None
    order_number: str | None
    completed_at: datetime | None
    note: str = Field(
        description="how the completion deviates beyond the tolerances, or the reason of whoever skipped it"
    )

    @classmethod
    def of_stored(cls, occurrence: Occurrence) -> "OccurrenceOut":
        return cls.model_validate(occurrence)


class DueOut(BaseModel):
    """A date of a previewed plan."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    at: datetime
    why: str

    @classmethod
    def of(cls, due: Due) -> "DueOut":
        return cls.model_validate(due)


class LoadOut(BaseModel):
    """The work of one trade in one week or month."""

    model_config = ConfigDict(from_attributes=True)

    begins: date = Field(description="the first day of the week or month, by the site's calendar")
    trade: str = Field(description='the skill that does the work; "": none is said')
    count: int = Field(description="pieces of work")
    made: int = Field(description="of them those that have their order already, and are not done")
    hours: float

    @classmethod
    def of(cls, load: Load) -> "LoadOut":
        return cls.model_validate(load)


class GeneratingOut(BaseModel):
    """The state of generating: nothing is missing if ``behind`` is 0."""

    model_config = ConfigDict(from_attributes=True)

    last_made: datetime | None
    next_due: datetime | None
    plans: int
    behind: int = Field(description="overdue series that were not evaluated")

    @classmethod
    def of(cls, generating: Generating) -> "GeneratingOut":
        return cls.model_validate(generating)


class SkipIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"number": 4, "why": "the line is down for rebuilding"}]}
    )

    number: int = Field(
        ge=1, le=2**31 - 1, description="of the occurrence, the one after the last, so that two who skip it skip one"
    )
    why: _Text


class SkippedOut(BaseModel):
    due_at: datetime = Field(description="the date that is left out")


class MeterEntryIn(BaseModel):
    """A meter's count, as it was read."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"signal": "run_hours", "at": "2026-01-31T08:00:00Z", "count": 4120.5}]},
    )

    signal: _Text
    at: Moment
    count: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
    exchanged: bool = Field(False, description="a new meter begins with this count")
    rolled_over: bool = Field(False, description="it passed its highest number since the last count, and began at 0")


class MeterEntryOut(MeterEntryIn):
    new: bool = Field(description="false: it was known already")
