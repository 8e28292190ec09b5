"""Technicians: their skills, certificates and shifts."""

from datetime import date, time
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.shapes.orders import Line
from api.shapes.plant import Code
from api.shapes.times import Day, LocalTime
from api.shapes.workforce import Level
from workorder_core.people.technicians import Technician
from workorder_core.sentences import say

NEWER = (
    "levels", "valid_until", "firm", "contract_from", "contract_until", "pattern", "pattern_offset", "overtime_minutes",
    "depot", "speed", "language",
)  # fmt: skip
"""Facts that programs written before they existed do not send."""


class TechnicianFacts(BaseModel):
    """Shift times are the site's local time; a shift may pass midnight, equal times mean the whole day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Anna Holm",
                    "skills": ["alignment"],
                    "certificates": ["hot work"],
                    "shift_start": "07:00",
                    "shift_end": "15:00",
                }
            ]
        },
    )

    name: Line
    skills: list[Line] = Field([], max_length=100)
    certificates: list[Line] = Field([], max_length=100)
    shift_start: LocalTime = time(7)
    shift_end: LocalTime = time(15)
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(
        [1, 2, 3, 4, 5], max_length=7, description="ISO weekdays, 1 = Monday"
    )
    active: bool = True
    levels: dict[Line, Level] = Field({}, max_length=100, description="by skill; one that is left out has level 3")
    valid_until: dict[Line, Day] = Field(
        {}, max_length=100, description="by certificate, its last day; one that is left out does not expire"
    )
    firm: Line | None = Field(None, description="the contractor; null: one of our own people")
    contract_from: Day | None = None
    contract_until: Day | None = Field(None, description="the last day on which a shift begins")
    pattern: Code | None = Field(None, description="code of a shift pattern; null: the times above")
    pattern_offset: int = Field(0, ge=0, le=365, description="how many days later the pattern is worked")
    overtime_minutes: int = Field(0, ge=0, le=720, description="allowed after a shift; 0: none")
    depot: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="code of the location at which the day begins and ends"
    )
    speed: float = Field(1.0, ge=0.2, le=5, description="a job of 60 minutes takes 60 × speed")
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] | None = None

    @model_validator(mode="after")
    def _contract_ends_after_it_begins(self) -> Self:
        if self.contract_from and self.contract_until and self.contract_until < self.contract_from:
            raise ValueError(say("the contract must end after it begins"))
        return self

    def technician(
        self, *, technician_id: int, site_id: int, code: str, before: Technician | None = None
    ) -> Technician:
        """Return the technician; what the body leaves out of the newer facts stays as ``before`` has it."""
        newer = {
            name: getattr(self if before is None or name in self.model_fields_set else before, name) for name in NEWER
        }
        return Technician(
            id=technician_id,
            site_id=site_id,
            code=code,
            name=self.name,
            skills=frozenset(self.skills),
            certificates=frozenset(self.certificates),
            shift_start=self.shift_start,
            shift_end=self.shift_end,
            weekdays=frozenset(self.weekdays),
            active=self.active,
            **newer,
        )


class TechnicianIn(TechnicianFacts):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "site": "NTH",
                    "code": "holm",
                    "name": "Anna Holm",
                    "skills": ["mechanical"],
                    "certificates": [],
                    "shift_start": "06:00",
                    "shift_end": "14:00",
                    "weekdays": [1, 2, 3, 4, 5],
                }
            ]
        },
    )

    site: Code
    code: Code


class TechnicianOut(BaseModel):
    id: int
    site_id: int
    code: str
    name: str
    skills: list[str]
    certificates: list[str]
    shift_start: LocalTime
    shift_end: LocalTime
    weekdays: list[int]
    active: bool
    levels: dict[str, int]
    valid_until: dict[str, date]
    firm: str | None
    contract_from: date | None
    contract_until: date | None
    pattern: str | None
    pattern_offset: int
    overtime_minutes: int
    depot: str | None
    speed: float
    language: str | None

    @classmethod
    def of(cls, technician: Technician) -> "TechnicianOut":
        facts = {name: getattr(technician, name) for name in cls.model_fields}
        return cls(**facts | {name: sorted(facts[name]) for name in ("skills", "certificates", "weekdays")})
