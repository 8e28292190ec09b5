"""Technicians: their skills, certificates and shifts."""

from datetime import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.orders import Line
from api.shapes.plant import Code
from api.shapes.times import LocalTime
from workorder_core.people.technicians import Technician


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

    def technician(self, *, technician_id: int, site_id: int, code: str) -> Technician:
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

    @classmethod
    def of(cls, technician: Technician) -> "TechnicianOut":
        facts = {name: getattr(technician, name) for name in cls.model_fields}
        return cls(**facts | {name: sorted(facts[name]) for name in ("skills", "certificates", "weekdays")})
