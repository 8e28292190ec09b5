"""What the API gives of answers of rounds: what was asked, what was answered, and what it led to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from db.inspections.results import Result
from workorder_core.inspections.answers import Verdict


class ResultOut(BaseModel):
    """An answer of a round, with the question as it was asked."""

    at: datetime
    round: str
    round_id: int
    round_title: str
    position: int = Field(description="of the stop in its round")
    site: str
    asset: str
    asset_id: int
    asset_name: str
    checklist: str
    checklist_version: int
    item: str = Field(description="the key of the question, the same in every version")
    text: str = Field(description="the question")
    kind: str
    answer: str = Field(description="as it was typed")
    number: float | None = Field(description="of a measurement, in `unit`")
    unit: str
    low: float | None
    high: float | None
    verdict: Verdict
    note: str
    photo_id: UUID | None
    order: str | None = Field(description="the number of the order that it led to")
    order_id: UUID | None
    actor: str

    @classmethod
    def of(cls, found: Result) -> "ResultOut":
        item = found.item
        same = {name: getattr(found, name) for name in cls.model_fields if hasattr(found, name)}
        more: dict[str, Any] = {"item": item.key, "text": item.text, "kind": item.kind.value, "answer": found.typed}
        more |= {"unit": item.unit, "low": item.low, "high": item.high, "order": found.order_number}
        return cls(**same | more)
