"""Alarms, and the figures of ISA-18.2."""

from datetime import datetime

from pydantic import BaseModel, Field

from db.alarms import Row
from workorder_core.alarms import Figures
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
    cleared_at: datetime | None = Field(description="null while it stands")

    @classmethod
    def of(cls, row: Row) -> "AlarmOut":
        facts = {name: getattr(row, name) for name in cls.model_fields}
        return cls(**facts | {"severity": Severity(row.severity).name.lower()})


class AlarmPage(BaseModel):
    items: list[AlarmOut]
    next_before: int | None


class SourceOut(BaseModel):
    """How often one alarm came; no count where it is only named."""

    asset: str
    source: str
    count: int | None = None


class FiguresOut(BaseModel):
    """The figures of a range; beside each what ISA-18.2 calls acceptable for one operator."""

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
    stale: int = Field(description="had stood for over a day at the end of the range; fewer than 5")
    top: list[SourceOut] = Field(description="the ten most frequent")
    top_share: float = Field(description="their share of all; under .01 to .05")
    by_severity: dict[str, int] = Field(description="about 80, 15 and 5 %, the mildest first")

    @classmethod
    def of(cls, found: Figures, since: datetime, until: datetime) -> "FiguresOut":
        same = ("alarms", "per_10_min", "per_day", "peak_10_min", "periods", "periods_above_10", "floods", "stale")
        return cls(
            since=since,
            until=until,
            **{name: getattr(found, name) for name in same},
            chattering=[SourceOut(asset=asset, source=source) for asset, source in found.chattering],
            top=[SourceOut(asset=asset, source=source, count=count) for asset, source, count in found.top],
            top_share=sum(count for *_, count in found.top) / found.alarms if found.alarms else 0.0,
            by_severity={severity.name.lower(): count for severity, count in found.by_severity},
        )
