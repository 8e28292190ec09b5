"""Files of devices that arrive piece by piece."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from db.sync.uploads import Upload


class UploadedOut(BaseModel):
    """How far a file has come. `stored`: it is a file of the order, with the same id. `refused`: it cannot be."""

    id: UUID
    state: Literal["partial", "stored", "refused"]
    received: int = Field(description="bytes without a gap: the next piece begins here; 0 again if the sum was wrong")
    size: int
    problem: str | None = Field(description="why it is refused")

    @classmethod
    def of(cls, found: Upload) -> "UploadedOut":
        state: Literal["partial", "stored", "refused"] = "partial"
        if found.stored_at is not None or found.refused is not None:
            state = "refused" if found.stored_at is None else "stored"
        return cls(id=found.id, state=state, received=found.received, size=found.size, problem=found.refused)
