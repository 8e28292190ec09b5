"""Bodies and answers about swaps of turns on call."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.times import Moment
from db.oncall.swaps import Swap
from workorder_core.oncall.swaps import Proposal, State, SwapAnswer

_Layer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
_Person = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$", description="a user's name")]
_Why = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")]
EXAMPLE: dict[str, Any] = {
    "layer": "first",
    "begins_at": "2030-03-08T08:00:00+01:00",
    "ends_at": "2030-03-15T08:00:00+01:00",
    "to": "ben",
    "back": {"begins_at": "2030-03-15T08:00:00+01:00", "ends_at": "2030-03-22T08:00:00+01:00"},
    "why": "My brother marries",
}


class SwapTurnIn(BaseModel):
    """A period in which somebody is on call."""

    model_config = ConfigDict(extra="forbid")

    begins_at: Moment
    ends_at: Moment


class SwapIn(SwapTurnIn):
    """The requester's own turn, or a part of it, somebody else, and what they take in return."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    layer: _Layer
    to: _Person
    back: SwapTurnIn | None = Field(None, description="the other's turn in the same layer; null: nothing in return")
    why: _Why = ""

    def proposal(self, asker: str) -> Proposal:
        """Return what somebody asks for."""
        back = None if self.back is None else (self.back.begins_at, self.back.ends_at)
        return Proposal(
            layer=self.layer, asker=asker, other=self.to, begins=self.begins_at, ends=self.ends_at, back=back
        )


class SwapAnswerIn(BaseModel):
    """What becomes of a swap: who was asked agrees or declines, who has asked withdraws."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"answer": "agree"}]})

    answer: SwapAnswer
    why: _Why = ""


class SwapOut(BaseModel):
    """A swap. Once it is agreed to, the rota has its overrides."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    layer: str
    asker: str
    other: str
    begins_at: datetime
    ends_at: datetime
    back_begins_at: datetime | None
    back_ends_at: datetime | None
    why: str
    asked_at: datetime
    state: State
    answered_at: datetime | None
    answered_by: str | None
    answer_why: str

    @classmethod
    def of(cls, swap: Swap) -> "SwapOut":
        return cls.model_validate(swap)
