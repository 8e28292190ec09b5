"""Bodies and answers about audits and their findings."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.inspections.checklists import Line, Text
from api.shapes.inspections.rounds import HistoryOut
from api.shapes.plant import Code
from api.shapes.times import Day
from db.inspections.audits import Audit, Finding
from workorder_core.inspections.audits import AuditKind, FindingState, Grade


class AuditIn(BaseModel):
    """An audit to begin."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"site": "NTH", "title": "Permits of the spring", "kind": "records"}]},
    )

    site: Code
    title: Line
    kind: AuditKind = Field(description="an inspection of records, or of a site")
    scope: Text = ""


class AuditOut(BaseModel):
    """An audit; `unsettled` of its `findings` are neither verified nor withdrawn."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    number: str
    title: str
    kind: AuditKind
    scope: str
    auditor: str
    made_at: datetime
    closed_at: datetime | None
    conclusion: str
    findings: int
    unsettled: int

    @classmethod
    def of(cls, audit: Audit) -> "AuditOut":
        return cls.model_validate(audit)


class FindingIn(BaseModel):
    """A finding, its owner and its due date."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"statement": "Permit 31 has no end", "grade": "minor", "owner": "holm", "due": "2027-03-01"}]
        },
    )

    statement: Text = Field(min_length=1)
    grade: Grade
    owner: Line = Field(description="who answers it: a user's name, a technician's code, or their full name")
    due: Day = Field(description="a day of the site")


class FindingOut(BaseModel):
    """A finding. `called` is its name for people: `NTH-A3/2`."""

    model_config = ConfigDict(from_attributes=True)

    audit_id: int
    seq: int
    called: str
    site: str
    audit: str
    statement: str
    grade: Grade
    owner: str = Field(description="the owner's name")
    owner_user: str | None = Field(description="the name by which they sign in")
    owner_technician: str | None = Field(description="their code among the site's technicians")
    due: date
    state: FindingState
    overdue: bool
    answer: str
    answered_by: str | None
    state_at: datetime

    @classmethod
    def of(cls, finding: Finding) -> "FindingOut":
        return cls.model_validate(finding)


class WholeAuditOut(AuditOut):
    """An audit with its findings, the overdue first, and its history."""

    found: list[FindingOut]
    history: list[HistoryOut]


class SaidIn(BaseModel):
    """What was done about a finding, or why it is rejected or withdrawn."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"said": "The ends were added"}]})

    said: Text = ""
    due: Day | None = Field(None, description="another day, where it is rejected")


class ConclusionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"conclusion": "In order"}]})

    conclusion: Text = ""
