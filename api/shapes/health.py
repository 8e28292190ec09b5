"""The health of assets, and the precision of models."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from db.documents.labels import Precision
from db.reliability.survival import Stored
from workorder_core.plant.health import Health


class RemainingOut(BaseModel):
    """How long an asset is likely to live, by its class's fleet model. Times are event time."""

    at: datetime = Field(description="when the asset was last judged")
    early_at: datetime | None = Field(description="by when it fails with a probability of 10 %; null: later than known")
    likely_at: datetime | None = Field(description="likewise, 50 %")
    late_at: datetime | None = Field(description="likewise, 90 %")
    days: list[float] = Field(description="days after `at`, ascending")
    failed: list[float] = Field(description="the probability of failing within each of `days`")
    model_version: str

    @classmethod
    def of(cls, stored: Stored) -> "RemainingOut":
        found = stored.survival
        return cls(
            at=found.at,
            early_at=found.date(0.1),
            likely_at=found.date(0.5),
            late_at=found.date(0.9),
            days=list(found.days),
            failed=list(found.failed),
            model_version=stored.model_version,
        )


class HealthOut(BaseModel):
    """The health of an asset, by its model's newest sample; all but ``asset_id`` and ``remaining`` is null while the
    model does not know it.

    Times are event time. The intervals are of 90 %.
    """

    model_config = ConfigDict(from_attributes=True)

    asset_id: int
    at: datetime | None = None
    index: float | None = Field(None, description="%: 100 within every usual range, 0 when a signal is at its limit")
    signal: str | None = Field(None, description="the worst signal")
    value: float | None = None
    unit: str | None = None
    limit: float | None = Field(None, description="the signal's limit")
    known: bool | None = Field(None, description="whether a rule sets that limit; else ten times the usual range")
    change: float | None = Field(None, description="of the index, % a day; null: no trend")
    change_low: float | None = None
    change_high: float | None = None
    likely_at: datetime | None = Field(None, description="when the limit is likely crossed; null: not at this pace")
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    remaining: RemainingOut | None = Field(None, description="null: its class has no fleet model, or knows nothing yet")

    @classmethod
    def of(cls, asset_id: int, health: Health | None, stored: Stored | None = None) -> "HealthOut":
        remaining = None if stored is None else RemainingOut.of(stored)
        if health is None:
            return cls(asset_id=asset_id, remaining=remaining)
        known = {name: getattr(health, name) for name in cls.model_fields if name not in ("asset_id", "remaining")}
        return cls(asset_id=asset_id, remaining=remaining, **known)


class PrecisionOut(BaseModel):
    """How the newest 50 orders that a model's version opened on a class of assets were closed.

    ``precision`` is ``right`` of ``labelled``: something was wrong, whether or not it was what had been reported.
    """

    asset_class: str
    model: str
    version: str
    in_force: bool
    confirmed: int
    other_cause: int
    nothing_found: int
    right: int
    labelled: int
    precision: float | None
    factor: float = Field(description="the factor of its alarm limit, from close-outs")

    @classmethod
    def of(cls, found: Precision) -> "PrecisionOut":
        labels = found.labels
        return cls(
            asset_class=found.asset_class,
            model=found.model,
            version=found.version,
            in_force=found.in_force,
            confirmed=labels.confirmed,
            other_cause=labels.other_cause,
            nothing_found=labels.nothing_found,
            right=labels.confirmed + labels.other_cause,
            labelled=labels.total,
            precision=labels.precision,
            factor=found.factor,
        )
