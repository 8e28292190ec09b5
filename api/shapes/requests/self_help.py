"""Bodies and answers about instructions by which people solve problems themselves."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]
_Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")]
_Class = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00]*$")]
_Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
_EXAMPLES: dict[str, Any] = {
    "examples": [{"title": "Pump does not start", "steps": "Is the emergency stop pulled out? Turn it.", "asset_id": 1}]
}


class HelpIn(BaseModel):
    """Instructions for an asset, for a class of assets, or for everything at a site."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_EXAMPLES)

    title: _Line
    steps: _Text = Field(description="what to check and do, for people who are no technicians")
    asset_class: _Class = Field("", description="empty: every class")
    asset_id: _Id | None = None

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if self.asset_class and self.asset_id is not None:
            raise ValueError("give asset_class or asset_id, or neither")
        return self


class HelpOut(BaseModel):
    """Instructions, and how often they have helped."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    asset_class: str
    asset_id: int | None
    asset: str | None = Field(description="the code of the asset")
    title: str
    steps: str
    tried: int = Field(description="requests in which they were tried")
    helped: int = Field(description="of these, those that they solved")
    made_by: str
    made_at: datetime
    retired_at: datetime | None
    retired_by: str | None


class SettleIn(BaseModel):
    """How a request is settled without a visit: instructions of the site, words, or both."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"words": "Open the valve."}]})

    words: _Words = ""
    help_id: _Id | None = Field(None, description="instructions of the site, which the requester reads")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.words and self.help_id is None:
            raise ValueError("give words, or help_id")
        return self
