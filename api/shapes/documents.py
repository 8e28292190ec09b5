"""Bodies and answers about documents and shadow runs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from db.documents.documents import Version
from db.documents.shadow import ShadowOrder, ShadowRun
from db.documents.shadow_report import LiveOrder, Report, Rightness

_RULE: dict[str, JsonValue] = {
    "id": "bearing-hot", "asset_class": "centrifugal_pump", "signal": "bearing_temp", "raise_at": 90, "clear_below": 80,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip
WHY = Field(min_length=3, max_length=2000, description="the reason, kept with the version")


class VersionOut(BaseModel):
    """A version of a document. ``arrival``: the sequence number from which it judges; null: from the next batch on."""

    number: int
    document: dict[str, Any]
    actor: str
    why: str | None
    recorded_at: datetime
    arrival: int | None
    warnings: list[str] = Field(
        default=[],
        description="when it was put in force: rules that cannot become active on devices that report too seldom",
    )

    @classmethod
    def of(cls, version: Version, warnings: Iterable[str] = ()) -> "VersionOut":
        facts = {name: getattr(version, name) for name in cls.model_fields if name != "warnings"}
        return cls(**facts, warnings=[*warnings])


class DocumentIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"document": {"threshold": [_RULE]}, "why": "limit from the maker's manual"}]},
    )

    document: dict[str, Any] = Field(description="the tables of the TOML document, as JSON")
    why: str = WHY


class RollBackIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"number": 4, "why": "the new limit is too keen"}]}
    )

    number: int | None = Field(None, ge=1, le=2**31 - 1, description="none: the one before the newest")
    why: str = WHY


class ShadowRunIn(BaseModel):
    """At least one of the documents; the other is the one in force."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "lower limit", "rulebook": {"threshold": [_RULE]}, "why": "does it warn earlier?"}]
        },
    )

    name: str = Field(min_length=1, max_length=200)
    rulebook: dict[str, Any] | None = None
    models: dict[str, Any] | None = None
    why: str = WHY


class EndIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"why": "two true alarms in a week, no false one"}]}
    )

    why: str = WHY


class ShadowRunOut(BaseModel):
    """A run. ``first`` and ``last`` are its sequence numbers; ``outcome`` is null while it runs."""

    id: int
    name: str
    rulebook: dict[str, Any] | None
    models: dict[str, Any] | None
    begun_by: str
    begun_why: str
    begun_at: datetime
    outcome: str | None
    ended_by: str | None
    ended_why: str | None
    ended_at: datetime | None
    first: int | None
    last: int | None
    orders: int

    @classmethod
    def of(cls, run: ShadowRun) -> "ShadowRunOut":
        return cls(**{name: getattr(run, name) for name in cls.model_fields})


class ShadowOrderOut(BaseModel):
    """An order that a run would have opened, in the state it would have now. ``opened_at`` is event time."""

    id: UUID
    asset: str
    component: str
    failure_mode: str
    type: str
    opened_as: str
    opened_at: datetime
    why: str
    evidence: int
    duplicate_of: UUID | None

    @classmethod
    def of(cls, order: ShadowOrder) -> "ShadowOrderOut":
        return cls(**{name: getattr(order, name) for name in cls.model_fields})


class LiveOrderOut(BaseModel):
    """An order that the plant has opened since a run began; its evidence is at `/api/v1/work-orders/{id}`."""

    id: UUID
    number: str
    asset_id: int
    asset: str
    component: str
    failure_mode: str
    type: str
    opened_as: str
    opened_at: datetime
    status: str
    close_finding: str | None
    why: str
    evidence: int

    @classmethod
    def of(cls, order: LiveOrder) -> "LiveOrderOut":
        return cls(**{name: getattr(order, name) for name in cls.model_fields})


class BothOut(BaseModel):
    """An order that both opened. ``later_by_s``: how much later the candidate would have, in event time."""

    live: LiveOrderOut
    candidate: ShadowOrderOut
    later_by_s: float


class RightnessOut(BaseModel):
    """Of the closed orders with a close-out, how many were true positives."""

    right: int
    close_outs: int
    precision: float | None = Field(description="0 to 1; null if nothing was closed")

    @classmethod
    def of(cls, found: Rightness) -> "RightnessOut":
        return cls(right=found.right, close_outs=found.close_outs, precision=found.precision)


class ShadowReportOut(BaseModel):
    """A run compared with the plant since it began. Nobody has inspected what only the candidate would have opened."""

    run: ShadowRunOut
    frames: int = Field(description="frames that both have judged; 0 until the engine has started the run")
    both: list[BothOut]
    only_live: list[LiveOrderOut]
    only_candidate: list[ShadowOrderOut]
    live: RightnessOut
    candidate: RightnessOut = Field(description="of the orders that both opened, by the plant's close-outs")

    @classmethod
    def of(cls, report: Report) -> "ShadowReportOut":
        return cls(
            run=ShadowRunOut.of(report.run),
            frames=report.frames,
            both=[
                BothOut(
                    live=LiveOrderOut.of(pair.before),
                    candidate=ShadowOrderOut.of(pair.after),
                    later_by_s=pair.later_by.total_seconds(),
                )
                for pair in report.both
            ],
            only_live=[LiveOrderOut.of(each) for each in report.found.lost],
            only_candidate=[ShadowOrderOut.of(each) for each in report.found.gained],
            live=RightnessOut.of(report.live),
            candidate=RightnessOut.of(report.candidate),
        )
