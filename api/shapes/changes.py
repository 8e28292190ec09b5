"""The log of changes, and changes of safety facts that wait for a second person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class ChangeOut(BaseModel):
    """A change to data that decisions depend on. ``old`` and ``new`` have only the changed fields."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor: str
    kind: str
    subject: str = Field(description="its name for people: NTH/P-101")
    site: str | None = Field(description="null: it concerns the whole plant")
    asset_id: int | None
    what: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    why: str


class SafetyProposalOut(BaseModel):
    """A proposed change that reduces safety. Somebody other than its author confirms it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    asset_id: int | None
    site: str | None = Field(description="null: it concerns the plant's job plans")
    plan: str | None = Field(description="the code of a job plan")
    subject: str
    was: Mapping[str, Any]
    change: Mapping[str, Any]
    why: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    verdict: Literal["confirmed", "rejected"] | None = Field(description="null: it waits")


class DecisionIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"why": "the guard was taken away for good"}]}
    )

    why: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
