"""Bodies and answers of what became of schedules, and of estimates that learn from it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from workorder_core.scheduling.estimates import Actual, Estimate, Kind

Key = Annotated[str, Field(min_length=1, max_length=200)]


class ActualOut(BaseModel):
    """A published visit that was made: what was planned, and what became of it. Minutes."""

    model_config = ConfigDict(from_attributes=True)

    order_id: UUID = Field(validation_alias="order")
    part: int
    number: str
    title: str
    plan: str | None = Field(description="the job plan of the order")
    technician: str | None = Field(description="who had the order when it was completed")
    planned_starts: datetime
    planned_ends: datetime
    planned_minutes: float = Field(description="how long it was to take, breaks included")
    planned_travel: int | None = Field(description="the way to it as planned; null: not kept")
    started_at: datetime
    ended_at: datetime
    late_minutes: float = Field(description="how much later than planned it began; negative: earlier")
    worked: float = Field(description="from its start to its end without what the work was on hold")
    travelled: float | None = Field(description="how long the way took; null: not known, as for the first of a day")

    @classmethod
    def of(cls, actual: Actual) -> "ActualOut":
        return cls.model_validate(actual)


class EstimateOut(BaseModel):
    """What is estimated, and what the cases say: hours of a job plan, the speed of a technician, minutes of a way."""

    model_config = ConfigDict(from_attributes=True)

    kind: Kind
    key: str = Field(description="the job plan's code, the technician's, or two places, as `HALL>YARD`")
    name: str
    count: int = Field(description="how many cases")
    median: float
    low: float = Field(description="the lower quartile")
    high: float = Field(description="the upper quartile")
    now: float | None = Field(description="what is estimated at present; null: nothing is")
    becomes: float | None = Field(description="what taking the median over sets it to; null: too few cases")
    differs: bool = Field(description="whether that is more than a tenth away from the present estimate")
    counted: bool = Field(description="whether schedules count with the median already, as nothing else is known")

    @classmethod
    def of(cls, estimate: Estimate) -> "EstimateOut":
        return cls.model_validate(estimate)


class TakeOverIn(BaseModel):
    """The estimate that is set to the median of its cases."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "job_plan", "key": "PUMP-SEAL"}]}
    )

    kind: Kind
    key: Key
