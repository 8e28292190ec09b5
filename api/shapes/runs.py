"""Bodies and answers about runs: the input of each kind, and the result."""

from datetime import datetime, time
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import Body
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.shapes.plant import Code
from api.shapes.times import Day, Moment
from db.orders.trail import ORDER
from db.plant import changes
from db.runs.runs import Line, MadeFile, Run
from workorder_core.runs.runs import USUAL_PRIORITY, State
from workorder_core.tables.plant_tables import TABLES

TRAIL_KINDS = (ORDER, *changes.OF_PLANT, *changes.OF_COSTS, *changes.OF_ACCESS)
"""The kinds of what an audit report can list."""


def _kind_of_trail(said: str) -> str:
    if said not in TRAIL_KINDS:
        raise ValueError(f"there is no such kind; the kinds are {', '.join(TRAIL_KINDS)}")
    return said


Priority = Annotated[int, Field(ge=1, le=9, description="1 is done first, 9 last")]
TableName = Literal[
    "locations",
    "assets",
    "items",
    "stock",
    "bills",
    "checklists",
    "plans",
    "routes",
    "technicians",
    "absences",
    "ways",
    "skills",
    "skill-certificates",
]
TrailKind = Annotated[str, AfterValidator(_kind_of_trail)]
assert set(TABLES) == set(get_args(TableName))


class BacktestIn(BaseModel):
    """A backtest: history judged again, with other documents or those of that time."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"assets": ["NTH/P-101"]}]})

    since: Moment | None = Field(None, description="event time; null: from the first reading on")
    until: Moment | None = Field(None, description="event time; null: to the newest reading")
    assets: list[str] | None = Field(
        None, min_length=1, max_length=1000, description="as <site>/<asset>; none: all of them"
    )
    rulebook: dict[str, Any] | None = Field(
        None, description="the tables of a rulebook, as JSON; null: that of the time"
    )
    models: dict[str, Any] | None = Field(
        None, description="the tables of model documents, as JSON; null: those of the time"
    )
    warm_up_days: float | None = Field(
        None, ge=0, le=36_500, description="days judged before `since` and not counted; none: all"
    )
    done_after_days: float = Field(
        3, ge=0, le=36_500, description="days after which an order that nobody saw counts as done"
    )
    horizon_days: float = Field(
        30, ge=0, le=36_500, description="an order this many days before a failure counts as finding it"
    )


class ImportIn(BaseModel):
    """A table to import: omitted values are guessed from the file."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"table": "assets", "columns": {"code": "Tag"}}]}
    )

    table: TableName
    columns: dict[str, str] | None = Field(
        None, max_length=50, description="by the table's column: the header in the file; none: guessed from the headers"
    )
    header_row: int | None = Field(None, ge=1, le=50_000, description="the row of the headers, from 1; none: found")
    decimal: Literal[".", ","] | None = Field(None, description="the decimal separator; null: detected")
    apply: bool = Field(False, description="whether to store it; false: a dry run, which changes nothing")
    why: str = Field("", max_length=2000, description="the reason, for the log of changes")


class AuditReportIn(BaseModel):
    """Who did what, and whether the history is as it was written, as PDF and XLSX."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"site": "NTH", "since": "2026-10-01T00:00:00Z"}]}
    )

    site: Code | None = Field(None, description="of one site; none: of all, which takes somebody who sees all")
    since: Moment | None = Field(None, description="recorded from then on; none: from the beginning")
    until: Moment | None = Field(None, description="recorded before then; none: to now")
    actor: str | None = Field(
        None, max_length=200, pattern=r"^[^\x00]*$", description="who did it, as person:dahl or dahl; none: everybody"
    )
    subject: str | None = Field(
        None, max_length=300, pattern=r"^[^\x00]*$", description="an order's number, or a thing, such as NTH/P-101"
    )
    kinds: list[TrailKind] | None = Field(
        None, min_length=1, max_length=60, description="order, and kinds of changes; none: all that you may see"
    )
    anchor: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="the hash of an anchor noted before, which must still exist"
    )


class AuditReportKept(AuditReportIn):
    """What was asked for, with what whoever asked could see, and their language."""

    seen: list[str]
    within: list[str] | None
    prices: bool
    language: str


class ScheduleIn(BaseModel):
    """The schedule of a site's week, to be proposed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"site": "NTH", "from_date": "2026-10-05"}]}
    )

    site: Code
    from_date: Day = Field(description="a date of the week, which begins on a Monday")
    seconds: float = Field(20, ge=1, le=600, description="how long to look for a better one, at most")


class ScheduleKept(ScheduleIn):
    """What was asked for, and because of what, in sentences; a person or the night gives no cause."""

    causes: list[str] = []


class ShiftIn(BaseModel):
    """One shift more on a date of the week, paid as overtime; if it ends no later than it begins, then the next day."""

    model_config = ConfigDict(extra="forbid")

    people: list[Code] = Field(min_length=1, max_length=100, description="codes of technicians")
    day: Day = Field(description="a date of the site")
    starts: time = Field(description="of the site's clock")
    ends: time


class WhatIfIn(BaseModel):
    """What more people or hours would be worth in a site's week. No plan is changed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"site": "NTH", "from_date": "2026-10-05", "like": "holm"}]}
    )

    site: Code
    from_date: Day = Field(description="a date of the week, which begins on a Monday")
    like: Code | None = Field(None, description="as if there were more technicians like this one")
    count: int = Field(1, ge=1, le=10, description="how many more like that one")
    shift: ShiftIn | None = None
    seconds: float = Field(15, ge=1, le=600, description="how long to look for plans with and without the change")

    @model_validator(mode="after")
    def _changes_something(self) -> "WhatIfIn":
        if self.like is None and self.shift is None:
            raise ValueError("name a technician to have more of, or a shift")
        return self


class TriageIn(BaseModel):
    """Triage, learned from the texts of a site's orders."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"site": "NTH"}]})

    site: Code


class TriageKept(TriageIn):
    """What is kept with the run; ``by_itself``: nobody asked, enough new labels had come."""

    by_itself: bool = False


class BacktestRunIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["backtest"]
    input: BacktestIn = BacktestIn()
    priority: Priority = USUAL_PRIORITY


class ImportRunIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["import"]
    upload_id: UUID = Field(description="a file uploaded to /api/v1/uploads")
    input: ImportIn
    priority: Priority = USUAL_PRIORITY


class AuditReportRunIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["audit_report"]
    input: AuditReportIn = AuditReportIn()
    priority: Priority = USUAL_PRIORITY


class ScheduleRunIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["schedule"]
    input: ScheduleIn
    priority: Priority = USUAL_PRIORITY


class WhatIfRunIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["what_if"]
    input: WhatIfIn
    priority: Priority = USUAL_PRIORITY


class TriageRunIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["triage"]
    input: TriageIn
    priority: Priority = USUAL_PRIORITY


RunIn = Annotated[
    BacktestRunIn | ImportRunIn | AuditReportRunIn | ScheduleRunIn | TriageRunIn | WhatIfRunIn,
    Body(
        discriminator="kind",
        examples=[
            {"kind": "backtest", "input": {"assets": ["NTH/P-101"]}},
            {"kind": "import", "upload_id": "3f1c9d0e-1b7a-4c55-9d53-3a1f0c2b7e10", "input": {"table": "assets"}},
            {"kind": "audit_report", "input": {"site": "NTH", "since": "2026-10-01T00:00:00Z"}},
            {"kind": "schedule", "input": {"site": "NTH", "from_date": "2026-10-05"}},
            {"kind": "triage", "input": {"site": "NTH"}},
            {"kind": "what_if", "input": {"site": "NTH", "from_date": "2026-10-05", "like": "holm"}},
        ],
    ),
]


class RunFileOut(BaseModel):
    """A file of a run; ``size`` is in bytes."""

    name: str
    media_type: str
    size: int

    @classmethod
    def of(cls, made: MadeFile) -> "RunFileOut":
        return cls(name=made.name, media_type=made.media_type, size=made.size)


class RunOut(BaseModel):
    """A run. ``progress`` is from 0 to 1; ``problem`` says why it failed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    title: str
    site: str | None = Field(description="none: it concerns every site")
    input: dict[str, Any]
    upload_id: UUID | None
    priority: int
    requested_by: str
    requested_at: datetime
    state: State
    progress: float
    doing: str
    started_at: datetime | None
    ended_at: datetime | None
    cancel_asked_at: datetime | None
    cancel_asked_by: str | None
    result: dict[str, Any] | None
    problem: str | None
    files: list[RunFileOut] = []

    @classmethod
    def of(cls, run: Run, files: list[MadeFile] | None = None) -> "RunOut":
        facts = {name: getattr(run, name) for name in cls.model_fields if name != "files"}
        return cls(**facts, files=[RunFileOut.of(each) for each in files or ()])


class LineOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    line: str

    @classmethod
    def of(cls, line: Line) -> "LineOut":
        return cls.model_validate(line)


class UploadOut(BaseModel):
    """An uploaded file, and how it would be read as the named table. ``columns`` has the header matched to each column;
    ``rows`` are the first rows after the headers.
    """

    id: UUID
    site: Code
    name: str
    size: int
    form: str
    header_row: int
    headers: list[str]
    columns: dict[str, str]
    decimal: str
    rows: list[list[str]]
