"""The sent form of events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class BriefEventOut(BaseModel):
    """An event without its data, for readers who fetch the facts elsewhere."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(description="rising; `after` and `Last-Event-ID` continue after it")
    kind: str = Field(description="subject and event: order.closed")
    site: str | None = Field(description="null: it concerns the whole plant")
    asset_id: int | None
    order_id: UUID | None
    subject: str = Field(description="its name for people: NTH-1042, NTH/P-101")
    at: datetime = Field(description="when it happened, by the wall clock")
    altered: Sequence[str] = Field(
        description="names of what it alters, which pages follow: order, orders@NTH, asset:3, technician:deniz"
    )


class EventOut(BriefEventOut):
    """An event with its data at that time."""

    uid: UUID = Field(description="the same wherever and however often the event is sent")
    recorded_at: datetime = Field(description="when it was written, by the wall clock")
    data: Mapping[str, Any] = Field(description="the facts at that time; changes are in `old` and `new`")
