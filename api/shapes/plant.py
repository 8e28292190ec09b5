"""Sites, locations, assets, their signals and readings, and planned downtime."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.problems import InvalidRange
from api.shapes.orders import Line
from api.shapes.times import Moment
from db.plant.downtimes import Downtime
from db.plant.plant import Asset, Installed, Location, Signal, Site
from db.telemetry.late_excursions import Excursion
from db.telemetry.telemetry import Newest, Point
from workorder_core.words import Criticality, OrderType

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class SiteOut(BaseModel):
    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [{"id": 1, "code": "NTH", "name": "North pumping station", "time_zone": "Europe/Copenhagen"}]
        },
    )

    id: int
    code: str
    name: str
    time_zone: str = Field(description="IANA name")

    @classmethod
    def of(cls, site: Site) -> "SiteOut":
        return cls.model_validate(site)


class LocationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    site_id: int
    parent_id: int | None
    code: str
    name: str
    level: str = Field(description="ISA-95: area, work_centre or work_unit")
    latitude: float | None = Field(None, description="WGS84, in degrees; null: unknown")
    longitude: float | None = None

    @classmethod
    def of(cls, location: Location) -> "LocationOut":
        return cls.model_validate(location)


class ReadingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    observed_at: datetime = Field(description="when it was measured")
    received_at: datetime
    value: float
    state: str | None = Field(None, description="the name of the value's state")
    quality: int = Field(description="0 good, 1 uncertain, 2 bad, 3 stale, 4 bad: implausible value")


class SignalOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "bearing_temp",
                    "label": "Thrust bearing temperature",
                    "quantity": "temperature",
                    "unit": "degC",
                    "states": {},
                    "counter": False,
                    "wraps_at": None,
                    "plausible_low": -40.0,
                    "plausible_high": 200.0,
                    "newest": None,
                }
            ]
        }
    )

    name: str
    label: str | None
    quantity: str | None
    unit: str
    states: dict[str, float] = Field(description="by name, the number of each state; {}: it has none")
    counter: bool = Field(description="it only rises, until it wraps or is reset")
    wraps_at: float | None = Field(description="of a counter: the first number that it cannot show")
    plausible_low: float | None = Field(description="readings below are implausible")
    plausible_high: float | None = Field(description="readings above are implausible")
    newest: ReadingOut | None = None

    @classmethod
    def of(cls, signal: Signal, newest: Newest | None) -> "SignalOut":
        reading = None if newest is None else ReadingOut.model_validate(newest)
        if reading is not None:
            reading.state = signal.state(reading.value)
        facts = {name: getattr(signal, name) for name in ("name", "label", "quantity", "unit")}
        said = ("states", "counter", "wraps_at", "plausible_low", "plausible_high")
        meaning = {name: getattr(signal.meaning, name) for name in said}
        return cls(**facts, **meaning, newest=reading)


class AssetOut(BaseModel):
    """An asset at its present location, with the newest reading of each signal and its state."""

    id: int
    key: str = Field(description="<site>/<asset>, as in the topic")
    site: str
    code: str
    name: str
    asset_class: str
    criticality: Criticality = Field(description="1 low, 2 medium, 3 high, 4 critical")
    safety_critical: bool = Field(description="whether a second person verifies work on it")
    serial: str | None
    parent: str | None = Field(description="the code of its upstream asset")
    path: str
    location_id: int | None
    archived_at: datetime | None
    unfinished_orders: int = Field(description="unfinished orders")
    worst_type: OrderType | None = Field(description="the most urgent type among them")
    in_planned_downtime: bool
    signals: list[SignalOut]

    @classmethod
    def of(cls, asset: Asset, signals: Sequence[Signal], newest: Sequence[Newest]) -> "AssetOut":
        by_signal = {each.signal: each for each in newest}
        facts = {name: getattr(asset, name) for name in cls.model_fields if hasattr(asset, name)}
        shown = [SignalOut.of(each, by_signal.get(each.name)) for each in signals]
        return cls(**facts, site=asset.site_code, signals=shown)


class InstallationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    location_id: int
    place: str = Field(description="the names of the functional locations, the outermost first")
    asset_id: int
    asset: str = Field(description="the code of the asset installed there")
    serial: str | None
    installed_at: datetime
    removed_at: datetime | None = Field(description="null: it is still installed there")


class OneAssetOut(AssetOut):
    """An asset with its past installations, and those before it at its present location; both the newest first."""

    installations: list[InstallationOut]
    installed_before: list[InstallationOut]

    @classmethod
    def with_places(cls, asset: AssetOut, installed: Installed) -> "OneAssetOut":
        return cls(
            **dict(asset),
            installations=[InstallationOut.model_validate(each) for each in installed.places],
            installed_before=[InstallationOut.model_validate(each) for each in installed.before],
        )


class SeriesOut(BaseModel):
    """A signal's buckets as columns of equal length; ``at`` is the start of each in epoch seconds."""

    signal: str
    label: str | None
    unit: str
    at: list[float]
    low: list[float]
    mean: list[float]
    high: list[float]

    @classmethod
    def of(cls, signal: Signal, points: Sequence[Point]) -> "SeriesOut":
        return cls(
            signal=signal.name,
            label=signal.label,
            unit=signal.unit,
            at=[point.at.timestamp() for point in points],
            low=[point.low for point in points],
            mean=[point.mean for point in points],
            high=[point.high for point in points],
        )


class LateExcursionOut(BaseModel):
    """An excursion of late readings beyond a rule's limit. Times are event time, except ``received_at``."""

    rule: str = Field(description="the id of the rule whose limit it is")
    signal: str
    limit: float = Field(description="in the signal's unit")
    worst: float = Field(description="the value farthest beyond the limit")
    since: datetime
    until: datetime
    received_at: datetime = Field(description="when its newest reading arrived")
    readings: int
    opens_order: bool = Field(description="whether the rule opens an order for late readings")

    @classmethod
    def of(cls, found: Excursion) -> "LateExcursionOut":
        same = {name: getattr(found, name) for name in ("signal", "worst", "since", "until", "received_at", "readings")}
        return cls(rule=found.rule.id, limit=found.rule.raise_at, opens_order=found.rule.late, **same)


class ReadingsOut(BaseModel):
    asset_id: int
    time_zone: str
    start: datetime
    end: datetime
    bucket_s: float
    series: list[SeriesOut]


class DowntimeIn(BaseModel):
    """A planned downtime: the asset is deliberately stopped or worked on, and its readings open no orders."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "starts_at": "2026-03-04T06:00:00+01:00",
                    "ends_at": "2026-03-04T14:00:00+01:00",
                    "reason": "yearly inspection",
                }
            ]
        },
    )

    starts_at: Moment
    ends_at: Moment | None = Field(description="null: open-ended, until it is taken back")
    reason: Line

    @model_validator(mode="after")
    def _in_order(self) -> "DowntimeIn":
        if self.ends_at is not None and not self.starts_at < self.ends_at:
            raise ValueError(str(InvalidRange("starts_at", "ends_at")))
        return self


class DowntimeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    asset_id: int
    starts_at: datetime
    ends_at: datetime | None = Field(description="null: open-ended, until it is taken back")
    reason: str
    actor: str
    recorded_at: datetime
    cancelled_at: datetime | None

    @classmethod
    def of(cls, downtime: Downtime) -> "DowntimeOut":
        return cls.model_validate(downtime)
