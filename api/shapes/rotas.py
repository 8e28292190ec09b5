"""Bodies and answers about rotas and who is on call."""

from datetime import datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from api.shapes.plant import Code
from api.shapes.times import Day, LocalTime, Moment, end_of_day
from db.oncall.overrides import OnCall, StoredOverride
from db.oncall.rotas import Stored, Version
from workorder_core.oncall.documents import from_document, to_document
from workorder_core.oncall.duties import Duty, Gap
from workorder_core.oncall.rotas import HOURS_MOST, LAYERS_MOST, PEOPLE_MOST, TURN_MOST, OnHolidays, Rota, Unit

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
_Person = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$", description="a user's name")]
_Why = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")]
_Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
_Subdivision = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,3}$")]
_END: dict[str, Any] = {"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?|24:00)$"}
_End = Annotated[LocalTime, BeforeValidator(end_of_day), WithJsonSchema(_END)]


def _weekdays(days: list[int]) -> list[int]:
    return sorted(set(days))


class RotaHoursIn(BaseModel):
    """Hours of the week; they belong to the day on which they begin."""

    model_config = ConfigDict(extra="forbid")

    weekdays: Annotated[
        list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7), AfterValidator(_weekdays)
    ] = Field(default=[1, 2, 3, 4, 5, 6, 7], description="1 is Monday")
    begins: LocalTime = time(0)
    ends: _End = Field(time(0), description="on the next day if it is not later than the begin; 24:00: midnight")


class RotaLayerIn(BaseModel):
    """People who are on call in turns."""

    model_config = ConfigDict(extra="forbid")

    name: _Name
    people: list[_Person] = Field(min_length=1, max_length=PEOPLE_MOST, description="in the order of their turns")
    starts: Day = Field(description="the day of the first hand-over; the weekday of all where turns are weeks")
    turn: int = Field(1, ge=1, le=TURN_MOST, description="how many units a turn lasts")
    unit: Unit = Unit.WEEKS
    hands_over: LocalTime = Field(time(8), description="by the rota's clock")
    hours: list[RotaHoursIn] = Field(default_factory=list, max_length=HOURS_MOST, description="empty: always on call")
    on_holidays: OnHolidays = OnHolidays.AS_USUAL


EXAMPLE: dict[str, Any] = {
    "title": "Pumps at night",
    "purpose": "Emergencies at the pumps outside working hours",
    "zone": "Europe/Berlin",
    "country": "DE",
    "layers": [
        {"name": "first", "people": ["demo"], "starts": "2026-03-06", "turn": 1, "unit": "weeks", "hands_over": "08:00"}
    ],
}


class RotaIn(BaseModel):
    """A rota: its layers are on call beside each other, and the first one is called first."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
    purpose: _Why = Field("", description="what they are called for")
    zone: str = Field("UTC", max_length=64, pattern=r"^[A-Za-z0-9+_/-]+$", description="IANA name")
    country: _Country | None = Field(None, description="ISO 3166, for public holidays")
    subdivision: _Subdivision | None = None
    covered: list[RotaHoursIn] = Field(
        default_factory=list,
        max_length=HOURS_MOST,
        description="when somebody has to be on call; empty: always. When nobody is, that is a gap",
    )
    layers: list[RotaLayerIn] = Field(min_length=1, max_length=LAYERS_MOST)

    def rota(self, code: str, site: str) -> Rota:
        """Return the rota in the core's terms. Raises InvalidRota."""
        return from_document(self.model_dump(mode="json", exclude={"code", "site"}), code=code, site=site)


class NewRotaIn(RotaIn):
    model_config = ConfigDict(json_schema_extra={"examples": [{"site": "NTH", "code": "PUMPS", **EXAMPLE}]})

    site: str = Field(max_length=64, description="a site's code")
    code: Code


class RotaOut(BaseModel):
    """A rota at its newest version."""

    id: int
    site: str
    code: str
    version: int
    title: str
    retired_at: datetime | None
    rota: dict[str, Any] = Field(description="as it was sent")

    @classmethod
    def of(cls, stored: Stored) -> "RotaOut":
        return cls(
            id=stored.id,
            site=stored.rota.site,
            code=stored.rota.code,
            version=stored.rota.version,
            title=stored.rota.title,
            retired_at=stored.retired_at,
            rota=to_document(stored.rota),
        )


class RotaVersionOut(BaseModel):
    """A version of a rota, in force from when it was made until the next one was."""

    version: int
    made_by: str
    made_at: datetime
    why: str
    rota: dict[str, Any] | None = Field(description="null: retired from then on")

    @classmethod
    def of(cls, version: Version) -> "RotaVersionOut":
        return cls(
            version=version.version,
            made_by=version.made_by,
            made_at=version.made_at,
            why=version.why,
            rota=None if version.rota is None else to_document(version.rota),
        )


class OnCallOut(BaseModel):
    """A layer of a rota, and who is on call in it."""

    rota_id: int
    site: str
    rota: str = Field(description="the rota's code")
    title: str
    layer: str
    person: str | None = Field(description="a user's name; null: nobody is on call")
    full_name: str
    until: datetime | None = Field(description="35 days ahead where it lasts longer")
    override: int | None = Field(description="the override by which they are on call; null: it is their turn")
    next_person: str | None
    next_from: datetime | None

    @classmethod
    def of(cls, found: OnCall) -> "OnCallOut":
        duty, following = found.duty, found.following
        return cls(
            rota_id=found.stored.id,
            site=found.stored.rota.site,
            rota=found.stored.rota.code,
            title=found.stored.rota.title,
            layer=found.layer,
            person=duty.person if duty else None,
            full_name=found.full_name,
            until=duty.ends if duty else None,
            override=duty.override if duty else None,
            next_person=following.person if following else None,
            next_from=following.begins if following else None,
        )


class DutyOut(BaseModel):
    """Somebody is on call in a layer from ``begins`` until ``ends``."""

    model_config = ConfigDict(from_attributes=True)

    layer: str
    person: str
    begins: datetime
    ends: datetime
    override: int | None

    @classmethod
    def of(cls, duty: Duty) -> "DutyOut":
        return cls.model_validate(duty)


class GapOut(BaseModel):
    """Nobody is on call though somebody has to be."""

    model_config = ConfigDict(from_attributes=True)

    begins: datetime
    ends: datetime
    unreachable: list[str] = Field(description="whose turn it is, but who cannot be called")

    @classmethod
    def of(cls, gap: Gap) -> "GapOut":
        return cls.model_validate(gap)


class OverrideIn(BaseModel):
    """Somebody is on call in a layer instead of whose turn it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "layer": "first",
                    "person": "demo",
                    "begins_at": "2030-03-06T08:00:00Z",
                    "ends_at": "2030-03-08T08:00:00Z",
                    "why": "Ben is at a course",
                }
            ]
        },
    )

    layer: _Name
    person: _Person
    begins_at: Moment = Field(description="an earlier time than now is now")
    ends_at: Moment
    why: _Why = ""


class OverrideOut(BaseModel):
    """An override; one that was cancelled has counted until then."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    layer: str
    person: str
    full_name: str
    begins_at: datetime
    ends_at: datetime
    made_by: str
    made_at: datetime
    why: str
    cancelled_at: datetime | None
    cancelled_by: str | None

    @classmethod
    def of(cls, override: StoredOverride) -> "OverrideOut":
        return cls.model_validate(override)
