"""Alarms, and the alarm metrics of ISA-18.2."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.times import Moment
from db.alarms.alarm_points import Moved, Standing
from db.alarms.alarms import Row
from workorder_core.alarms.alarm_states import Move, State
from workorder_core.alarms.alarms import AlarmMetrics
from workorder_core.words import Severity


class AlarmOut(BaseModel):
    """One alarm; times are its asset's event time."""

    id: int
    asset: str = Field(description="<site>/<asset>, as in the topic")
    asset_id: int
    source: str = Field(description="rule:<id>, chatter:<rule> or model:<name>")
    severity: str = Field(description="degrading, malfunction or safety")
    summary: str
    raised_at: datetime
    cleared_at: datetime | None = Field(description="null while it is active")
    suppressed: str | None = Field(
        description="why it was not shown: shelved, out_of_service, cause, waits, flood, budget"
    )

    @classmethod
    def of(cls, row: Row) -> "AlarmOut":
        facts = {name: getattr(row, name) for name in cls.model_fields}
        return cls(**facts | {"severity": Severity(row.severity).name.lower()})


class AlarmPage(BaseModel):
    items: list[AlarmOut]
    next: str | None = Field(description="the address of the next page; null: this is the last one")


WHY = Field(max_length=2000, description="the reason, kept in the alarm's history")


class AlarmIn(BaseModel):
    """An alarm: a source on an asset."""

    asset_id: int = Field(ge=1, le=2**31 - 1)
    source: str = Field(min_length=1, max_length=200, description="such as rule:bearing-hot")

    @property
    def key(self) -> tuple[int, str]:
        return self.asset_id, self.source


class AcknowledgeIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"alarms": [{"asset_id": 7, "source": "rule:bearing-hot"}], "why": "seen on the round"}]
        },
    )

    alarms: list[AlarmIn] = Field(min_length=1, max_length=200)
    why: str = Field("", max_length=2000)


class MoveIn(AlarmIn):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"asset_id": 7, "source": "rule:bearing-hot", "why": "sensor replaced"}]},
    )

    why: str = Field("", max_length=2000)


class ShelveIn(AlarmIn):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "asset_id": 7,
                    "source": "rule:bearing-hot",
                    "until": "2026-03-02T18:00:00+01:00",
                    "why": "pump runs dry for a test",
                }
            ]
        },
    )

    until: Moment = Field(description="within 12 h, or what the rule's max_shelf says")
    why: str = WHY


class TakeOutIn(AlarmIn):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "asset_id": 7,
                    "source": "rule:bearing-hot",
                    "until": "2026-03-09T06:00:00+01:00",
                    "why": "sensor is being replaced",
                }
            ]
        },
    )

    until: Moment | None = Field(None, description="within 90 d; a safety alarm needs one, within 8 h")
    why: str = WHY


class StandingOut(BaseModel):
    """An alarm in its present state. ``raised_at`` is its asset's event time, the others the wall clock."""

    asset_id: int
    asset: str = Field(description="<site>/<asset>, as in the topic")
    source: str
    state: State
    active: bool = Field(description="whether its condition is present")
    latching: bool
    severity: str = Field(description="degrading, malfunction or safety")
    acknowledged: bool
    since: datetime | None = Field(description="when it came into this state")
    until: datetime | None = Field(description="when shelving, or the time out of service, ends")
    actor: str = Field(description="who moved it last")
    why: str
    summary: str = Field(description="the condition that raised it")
    raised_at: datetime | None
    possible: list[Move] = Field(description="the possible moves")

    @classmethod
    def of(cls, row: Standing) -> "StandingOut":
        facts = {name: getattr(row, name) for name in cls.model_fields}
        return cls(**facts | {"severity": row.severity.name.lower(), "possible": list(row.possible)})


class MovedOut(BaseModel):
    """A move in an alarm's history. ``event_at`` is the asset's event time, for the engine's moves."""

    id: int
    asset_id: int
    asset: str
    source: str
    at: datetime
    event_at: datetime | None
    actor: str
    move: str
    old_state: str
    new_state: str
    until: datetime | None
    why: str

    @classmethod
    def of(cls, row: Moved) -> "MovedOut":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class SourceOut(BaseModel):
    """How often one alarm was raised; no count where it is only listed."""

    asset: str
    source: str
    count: int | None = None


class AlarmMetricsOut(BaseModel):
    """The alarm metrics of a range; each with what ISA-18.2 calls acceptable for one operator."""

    since: datetime
    until: datetime
    alarms: int
    per_10_min: float = Field(description="about 1 is acceptable, 2 the most")
    per_day: float = Field(description="144 are acceptable, 288 the most")
    peak_10_min: int = Field(description="10 at most")
    periods: int = Field(description="10-minute periods in the range")
    periods_above_10: int = Field(description="under 1 % of the periods")
    floods: int
    chattering: list[SourceOut] = Field(description="three times or more within a minute")
    stale: int = Field(description="active for over a day at the end of the range; fewer than 5")
    stale_alarms: list[SourceOut] = Field(description="which those are")
    top: list[SourceOut] = Field(description="the ten most frequent")
    top_share: float = Field(description="their share of all; under .01 to .05")
    by_severity: dict[str, int] = Field(description="about 80, 15 and 5 %, the mildest first")
    suppressed: int = Field(description="raised but not shown to anybody; in none of the other metrics")

    @classmethod
    def of(cls, found: AlarmMetrics, since: datetime, until: datetime) -> "AlarmMetricsOut":
        same = (
            "alarms",
            "per_10_min",
            "per_day",
            "peak_10_min",
            "periods",
            "periods_above_10",
            "floods",
            "stale",
            "suppressed",
        )
        return cls(
            since=since,
            until=until,
            **{name: getattr(found, name) for name in same},
            chattering=[SourceOut(asset=asset, source=source) for asset, source in found.chattering],
            stale_alarms=[SourceOut(asset=asset, source=source) for asset, source in found.stale_alarms],
            top=[SourceOut(asset=asset, source=source, count=count) for asset, source, count in found.top],
            top_share=sum(count for *_, count in found.top) / found.alarms if found.alarms else 0.0,
            by_severity={severity.name.lower(): count for severity, count in found.by_severity},
        )
