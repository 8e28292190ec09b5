"""Events as they are sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class BriefEventOut(BaseModel):
    """That something happened, for who then reads it elsewhere."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(description="rises; `after` and `Last-Event-ID` go on behind it")
    kind: str = Field(description="what it is of and what happened: order.closed")
    site: str | None = Field(description="null: it concerns the whole plant")
    asset_id: int | None
    order_id: UUID | None
    subject: str = Field(description="what people call it: NTH-1042, NTH/P-101")
    at: datetime = Field(description="when it happened, by the wall clock")
    altered: Sequence[str] = Field(
        description="names of what it alters, as pages follow them: order, orders@NTH, asset:3, technician:deniz"
    )


class EventOut(BriefEventOut):
    """Something that happened, with what was so then."""

    uid: UUID = Field(description="the same wherever the event is sent, and however often")
    recorded_at: datetime = Field(description="when it was written, by the wall clock")
    data: Mapping[str, Any] = Field(description="what was so then; what has changed is in `old` and `new`")
