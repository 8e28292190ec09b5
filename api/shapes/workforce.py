"""Bodies and answers about a site's people as a whole, and about absences and rates."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.shapes.orders import Line
from api.shapes.plant import Code
from api.shapes.times import Day, LocalTime, Moment
from db.people.workforce import Crew, Rate, StoredAbsence, Workforce
from workorder_core.people.skills import Asked, SkillTables
from workorder_core.people.work_rules import WorkRules
from workorder_core.people.working_times import Pattern, Shift
from workorder_core.scheduling.ways import Speeds
from workorder_core.sentences import say

Level = Annotated[int, Field(ge=1, le=5, description="1 (can do it supervised) to 5")]
Kind = Literal["away", "leave", "training", "elsewhere"]
Kmh = Annotated[float, Field(ge=0.1, le=999)]
Km = Annotated[float, Field(ge=0, le=999)]
Amount = Annotated[Decimal, Field(ge=0, lt=10**12, max_digits=16, decimal_places=4)]


class ShiftData(BaseModel):
    """A shift in local times of the site. It may pass midnight; equal times mean a whole day."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    day: int = Field(ge=0, le=365, description="the day of the rotation, from 0")
    starts: LocalTime
    ends: LocalTime
    break_starts: LocalTime | None = None
    break_minutes: int = Field(0, ge=0, le=480)

    @model_validator(mode="after")
    def _break_has_a_time(self) -> Self:
        if (self.break_starts is None) != (self.break_minutes == 0):
            raise ValueError(say("give a break both its time and its minutes, or neither"))
        return self


class PatternData(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Line
    anchor: Day = Field(description="the date of day 0")
    days: int = Field(ge=1, le=366, description="after so many days it begins again")
    shifts: list[ShiftData] = Field(max_length=366)

    @model_validator(mode="after")
    def _is_a_pattern(self) -> Self:
        self.pattern()
        return self

    def pattern(self) -> Pattern:
        shifts = sorted((Shift(**each.model_dump()) for each in self.shifts), key=lambda each: each.day)
        return Pattern(anchor=self.anchor, days=self.days, shifts=tuple(shifts))


class CrewData(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)

    code: Code
    name: Line
    members: list[Code] = Field(max_length=100, description="codes of technicians of the site")


class AskedData(BaseModel):
    """What a component or a failure mode asks for; ``skill`` null: nothing."""

    model_config = ConfigDict(extra="forbid")

    code: Line = Field(description="a word of the component, or the code of the failure mode")
    skill: Line | None
    level: Level = 1


class CertificatesData(BaseModel):
    """The certificates that a skill asks for; none: it asks for none, although it does by default."""

    model_config = ConfigDict(extra="forbid")

    skill: Line
    certificates: list[Line] = Field(max_length=50)


class WorkforceData(BaseModel):
    """Everything that a site has of its own about people. Writing it replaces all of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "rest_minutes": 660,
                    "components": [{"code": "motor", "skill": "electrical", "level": 3}],
                    "certificates": [{"skill": "electrical", "certificates": ["high voltage switching"]}],
                    "patterns": [
                        {
                            "code": "EARLY-LATE",
                            "name": "Early and late, week by week",
                            "anchor": "2026-01-05",
                            "days": 14,
                            "shifts": [
                                {"day": 0, "starts": "06:00", "ends": "14:00"},
                                {"day": 7, "starts": "14:00", "ends": "22:00"},
                            ],
                        }
                    ],
                }
            ]
        },
    )

    rest_minutes: int = Field(660, ge=0, le=1440, description="the least time between two shifts")
    week_minutes: int | None = Field(
        2880, ge=60, le=10080, description="the most work and travel in seven days; null: no bound"
    )
    warn_days: int = Field(
        30,
        ge=0,
        le=730,
        description="how many days before its end a certificate counts as ending soon; kept, announced by nothing yet",
    )
    detour: float = Field(1.3, ge=1, le=5, description="how much longer a way is than the straight line")
    walk_kmh: Kmh = 5
    walk_km: Km = Field(1, description="ways up to this length are walked")
    town_kmh: Kmh = 30
    town_km: Km = Field(10, description="ways up to this length go through town")
    road_kmh: Kmh = 60
    components: list[AskedData] = Field([], max_length=1000, description="besides the defaults")
    failure_modes: list[AskedData] = Field([], max_length=100, description="besides the defaults")
    certificates: list[CertificatesData] = Field([], max_length=500, description="besides the defaults")
    patterns: list[PatternData] = Field([], max_length=200)
    crews: list[CrewData] = Field([], max_length=200)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for names in (
            [each.code.lower() for each in self.components],
            [each.code for each in self.failure_modes],
            [each.skill for each in self.certificates],
            [each.code for each in self.patterns],
            [each.code for each in self.crews],
        ):
            if len(set(names)) < len(names):
                raise ValueError(say("an entry is there twice"))
        if self.walk_km > self.town_km:
            raise ValueError(say("walk_km must not be greater than town_km"))
        return self

    def workforce(self) -> Workforce:
        speeds = Speeds(**{name: getattr(self, name) for name in Speeds.__dataclass_fields__})
        rules = WorkRules(
            rest_minutes=self.rest_minutes, week_minutes=self.week_minutes, warn_days=self.warn_days, speeds=speeds
        )
        skills = SkillTables(
            of_component={each.code.lower(): _asked(each) for each in self.components},
            of_failure_mode={each.code: _asked(each) for each in self.failure_modes},
            certificates={each.skill: frozenset(each.certificates) for each in self.certificates},
        )
        return Workforce(
            rules=rules,
            skills=skills,
            patterns={each.code: (each.name, each.pattern()) for each in self.patterns},
            crews=tuple(
                Crew(code=each.code, name=each.name, members=tuple(sorted(set(each.members)))) for each in self.crews
            ),
        )

    @classmethod
    def of(cls, found: Workforce) -> "WorkforceData":
        rules = found.rules
        return cls(
            rest_minutes=rules.rest_minutes,
            week_minutes=rules.week_minutes,
            warn_days=rules.warn_days,
            **{name: getattr(rules.speeds, name) for name in Speeds.__dataclass_fields__},
            components=[_said(code, asked) for code, asked in sorted(found.skills.of_component.items())],
            failure_modes=[_said(code, asked) for code, asked in sorted(found.skills.of_failure_mode.items())],
            certificates=[
                CertificatesData(skill=skill, certificates=sorted(each))
                for skill, each in sorted(found.skills.certificates.items())
            ],
            patterns=[
                PatternData(
                    code=code,
                    name=name,
                    anchor=pattern.anchor,
                    days=pattern.days,
                    shifts=[ShiftData.model_validate(each) for each in pattern.shifts],
                )
                for code, (name, pattern) in sorted(found.patterns.items())
            ],
            crews=[CrewData(code=each.code, name=each.name, members=list(each.members)) for each in found.crews],
        )


def _asked(each: AskedData) -> Asked | None:
    return None if each.skill is None else Asked(each.skill, each.level)


def _said(code: str, asked: Asked | None) -> AskedData:
    return AskedData(code=code, skill=asked and asked.skill, level=1 if asked is None else asked.level)


class AskedOut(BaseModel):
    """What a component or a failure mode asks for at a site, by the site's own table or by default."""

    model_config = ConfigDict(from_attributes=True)

    of: Literal["component", "failure_mode"]
    code: str
    skill: str = Field(description="`none` where it asks for none")
    level: int
    own: bool = Field(description="whether the site has an entry of its own; otherwise the default counts")


class SkillCertificatesOut(BaseModel):
    """The certificates without which nobody at a site may do work that asks for a skill."""

    model_config = ConfigDict(from_attributes=True)

    skill: str
    certificates: str = Field(description="with semicolons between them; `none` where it asks for none")
    own: bool = Field(description="whether the site has an entry of its own; otherwise the default counts")


class AbsenceIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "leave", "starts_at": "2026-12-21T00:00:00Z", "ends_at": "2026-12-28T00:00:00Z"}]
        },
    )

    kind: Kind = "away"
    starts_at: Moment
    ends_at: Moment | None = Field(None, description="null: until further notice")
    reason: Line | None = Field(
        None, description="private: only the person and administrators read it, and no history has it"
    )

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError(say("it must end after it begins"))
        return self


class AbsenceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    starts_at: Moment
    ends_at: Moment | None
    recorded_at: Moment
    recorded_by: str
    reason: str | None = Field(description="null too for whom it is not")

    @classmethod
    def of(cls, found: StoredAbsence) -> "AbsenceOut":
        return cls.model_validate(found)


class RateData(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"per_hour": "62.00", "overtime_per_hour": "77.50"}]}
    )

    per_hour: Amount
    overtime_per_hour: Amount
    per_day: Amount = Field(Decimal(0), description="for a day on which the person is called at all")


class RateOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    currency: str
    per_hour: Decimal
    overtime_per_hour: Decimal
    per_day: Decimal

    @classmethod
    def of(cls, found: Rate) -> "RateOut":
        return cls.model_validate(found)
