"""The content of an order besides its row, and job plans."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from api.shapes.order_steps import FollowUpIn, PartUsedIn
from api.shapes.orders import Line, Text
from api.shapes.times import Day, LocalTime, end_of_day
from db.files.files import Attachment
from db.orders.order_links import LinkKind
from db.plant.calendars import WorkingWeek
from workorder_core.orders.job_plans import JobPlan, Part, PlanStep, StepKind
from workorder_core.orders.targets import Target
from workorder_core.orders.working_time import Shift
from workorder_core.sentences import say
from workorder_core.words import FailureMode, Priority, Status

Unit = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e300, le=1e300)]


class StepOut(BaseModel):
    """A step of an order's job plan; ``done_at`` null: not done yet."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    kind: StepKind
    instruction: str
    mandatory: bool
    unit: str
    low: float | None
    high: float | None
    done_at: datetime | None
    done_by: str | None
    value: float | None
    note: str
    attachment_id: UUID | None
    within_limits: bool | None


class StepIn(BaseModel):
    """What was done: a value for a measurement, a note, an attachment for a photo."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"value": 1.8}, {"note": "permit HW-1172"}]}
    )

    value: Finite | None = None
    note: Text = ""
    attachment_id: UUID | None = None


class PartOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    line: int
    part: str
    unit: str
    needed: float
    used: float | None


class PartsIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"used": [{"part": "bearing 6310", "used": 1}]}]}
    )

    used: list[PartUsedIn] = Field(min_length=1, max_length=200)


class CommentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    actor: str
    text: str


class CommentIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "The spare is in rack 7."}]})

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class AttachmentOut(BaseModel):
    id: UUID
    name: str
    kind: str
    size: int = Field(description="bytes")
    sha256: str
    at: datetime
    actor: str

    @classmethod
    def of(cls, attachment: Attachment) -> "AttachmentOut":
        facts = {name: getattr(attachment, name) for name in cls.model_fields}
        return cls(**facts | {"sha256": attachment.sha256.hex()})


class FilesOut(BaseModel):
    """The files of an asset or a location; a thousand at most."""

    files: list[AttachmentOut]


class LinkOut(BaseModel):
    """Another order and how this one relates to it, in words as ``label``."""

    model_config = ConfigDict(from_attributes=True)

    kind: LinkKind
    outward: bool = Field(description="true: this order is the subject of the kind")
    label: str
    id: UUID
    number: str
    title: str
    status: Status


class LinkIn(BaseModel):
    """This order is ``kind`` the other; with "blocks" the other waits for this one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "duplicate_of", "other_id": "3f0d4c4e-5a0d-5b7e-9d3c-0c9d5b1f7a11"}]},
    )

    kind: LinkKind
    other_id: UUID
    why: Text = ""


class LinkedOrderIn(FollowUpIn):
    """An order that follows from this one, is split from it, or is a part of it."""

    kind: LinkKind = Field(LinkKind.FOLLOW_UP_OF, description="how the new order relates to this one")


class ContentOut(BaseModel):
    """The content of an order: steps, parts, remarks, files and links."""

    steps: list[StepOut]
    parts: list[PartOut]
    comments: list[CommentOut]
    attachments: list[AttachmentOut]
    links: list[LinkOut]


class PlanStepIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: StepKind = StepKind.INSTRUCTION
    instruction: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    mandatory: bool = True
    unit: Unit = ""
    low: Finite | None = None
    high: Finite | None = None

    @model_validator(mode="after")
    def _is_a_step(self) -> "PlanStepIn":
        self.step()
        return self

    def step(self) -> PlanStep:
        return PlanStep(**self.model_dump())


class PlanPartIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    part: Line
    quantity: float = Field(ge=0, le=1_000_000)
    unit: Unit = "pcs"


class JobPlanIn(BaseModel):
    """A job plan. Sent again under the same code it is the next version; orders keep theirs."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Replace the drive-end bearing",
                    "asset_class": "centrifugal_pump",
                    "failure_mode": "OHE",
                    "skills": ["mechanical"],
                    "estimated_hours": 4,
                    "steps": [
                        {"kind": "permit", "instruction": "Isolation and lock-out"},
                        {"instruction": "Pull the coupling and the old bearing"},
                        {
                            "kind": "measurement",
                            "instruction": "Vibration after the start",
                            "unit": "mm/s",
                            "high": 2.8,
                        },
                        {"kind": "signature", "instruction": "Handed back to operations"},
                    ],
                    "parts": [{"part": "bearing 6312", "quantity": 1}],
                }
            ]
        },
    )

    title: Line
    asset_class: Line | None = Field(None, description="none: for any class")
    failure_mode: FailureMode | None = Field(
        None, description="orders for this fault get the plan automatically; null: only if it is named"
    )
    steps: list[PlanStepIn] = Field(min_length=1, max_length=200)
    parts: list[PlanPartIn] = Field([], max_length=200)
    skills: list[Line] = Field([], max_length=20)
    certificates: list[Line] = Field([], max_length=20)
    tools: list[Line] = Field([], max_length=50)
    estimated_hours: float | None = Field(None, ge=0, le=100_000)
    crew: int = Field(1, ge=1, le=20, description="how many people at once")
    needs_stop: bool = Field(False, description="true: it is scheduled in planned downtimes of the asset only")

    def plan(self, code: str, site: str | None) -> JobPlan:
        return JobPlan(
            code=code,
            site=site,
            title=self.title,
            steps=tuple(each.step() for each in self.steps),
            asset_class=self.asset_class,
            failure_mode=self.failure_mode,
            parts=tuple(Part(**each.model_dump()) for each in self.parts),
            skills=tuple(self.skills),
            certificates=tuple(self.certificates),
            tools=tuple(self.tools),
            estimated_hours=self.estimated_hours,
            crew=self.crew,
            needs_stop=self.needs_stop,
        )


class PlanStepOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: StepKind
    instruction: str
    mandatory: bool
    unit: str
    low: float | None
    high: float | None


class PlanPartOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    part: str
    quantity: float
    unit: str


class JobPlanOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    code: str
    site: str | None = Field(description="whose plan it is; null: the plant's")
    version: int
    title: str
    asset_class: str | None
    failure_mode: FailureMode | None
    steps: Sequence[PlanStepOut]
    parts: Sequence[PlanPartOut]
    skills: Sequence[str]
    certificates: Sequence[str]
    tools: Sequence[str]
    estimated_hours: float | None
    crew: int
    needs_stop: bool


class ShiftInOut(BaseModel):
    """Hours of work on the site's clock; a shift may pass midnight, equal times are a whole day."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(min_length=1, max_length=7, description="1 = Monday")
    start: LocalTime
    end: Annotated[LocalTime, BeforeValidator(end_of_day)] = Field(description="24:00 is the end of the day")


class CalendarInOut(BaseModel):
    """A site's working hours: targets count in these hours, except those of emergencies."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"shifts": [{"weekdays": [1, 2, 3, 4, 5], "start": "06:00", "end": "22:00"}], "country": "DK"}]
        },
    )

    shifts: list[ShiftInOut] = Field(min_length=1, max_length=50)
    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None
    subdivision: Annotated[str, StringConstraints(pattern="^[A-Z0-9]{1,6}$")] | None = None
    closed_on: list[Day] = Field([], max_length=400)
    works_on: list[Day] = Field([], max_length=400, description="public holidays on which the site works")

    def week(self) -> WorkingWeek:
        return WorkingWeek(
            shifts=tuple(
                Shift(weekdays=frozenset(each.weekdays), start=each.start, end=each.end) for each in self.shifts
            ),
            country=self.country,
            subdivision=self.subdivision,
            closed_on=tuple(self.closed_on),
            works_on=tuple(self.works_on),
        )

    @classmethod
    def of(cls, week: WorkingWeek) -> "CalendarInOut":
        # Not validated: data from before this rule about dates can still be read.
        return cls.model_construct(
            shifts=[ShiftInOut(weekdays=sorted(each.weekdays), start=each.start, end=each.end) for each in week.shifts],
            country=week.country,
            subdivision=week.subdivision,
            closed_on=list(week.closed_on),
            works_on=list(week.works_on),
        )


class TargetInOut(BaseModel):
    """The targets of a priority: response and completion; ``working``: only working hours count."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority
    response_minutes: int = Field(ge=1, le=5_000_000)
    completion_minutes: int = Field(ge=1, le=5_000_000)
    working: bool = True

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "TargetInOut":
        if self.completion_minutes < self.response_minutes:
            raise ValueError(say("work is completed after it has begun; give more completion_minutes"))
        return self

    def target(self) -> Target:
        return Target(
            timedelta(minutes=self.response_minutes), timedelta(minutes=self.completion_minutes), self.working
        )


def targets_out(promised: Mapping[Priority, Target]) -> list[TargetInOut]:
    """Return the answer for targets."""
    return [
        TargetInOut(
            priority=priority,
            response_minutes=int(target.response.total_seconds() // 60),
            completion_minutes=int(target.completion.total_seconds() // 60),
            working=target.working,
        )
        for priority, target in sorted(promised.items())
    ]
