"""Tools and their loans."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.inventory.values import ItemCode, Key, Name, Read, Said
from api.shapes.plant import Code
from api.shapes.times import Moment
from db.inventory.bookings import Booking
from db.inventory.tools import Loan, Tool


class ToolOut(Read):
    id: int
    site: str
    code: str
    name: str
    kept_at: str
    retired_at: datetime | None
    borrower: str | None = Field(description="who has it now; null: nobody")
    lent_at: datetime | None
    due_at: datetime | None
    order_id: UUID | None
    order_number: str | None

    @classmethod
    def of(cls, tool: Tool) -> "ToolOut":
        return cls.model_validate(tool)


class ToolChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Bearing puller"}]})

    name: Name
    kept_at: Said = ""
    retired: bool = False


class ToolIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"site": "NTH", "code": "T-17", "name": "Bearing puller"}]}
    )

    site: Code
    code: ItemCode
    name: Name
    kept_at: Said = ""


class LendIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"borrower": "holm", "due_at": "2026-03-02T16:00:00Z"}]}
    )

    borrower: Name
    due_at: Moment
    order_id: UUID | None = None
    lent_at: Moment | None = Field(None, description="null: now")
    booking_id: Key | None = Field(
        None,
        description="the booking that is collected; null: one of the borrower or of the order in that time, or none",
    )
    note: Said = ""


class GiveBackIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "jaw is worn"}]})

    note: Said = ""


class LoanOut(Read):
    id: int
    site: str
    tool_id: int
    tool: str
    name: str
    borrower: str
    order_id: UUID | None
    order_number: str | None
    lent_at: datetime
    due_at: datetime
    returned_at: datetime | None
    lent_by: str
    returned_to: str | None
    note: str

    @classmethod
    def of(cls, loan: Loan) -> "LoanOut":
        return cls.model_validate(loan)


class BookIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"borrower": "holm", "starts_at": "2026-03-03T07:00:00Z", "ends_at": "2026-03-03T15:00:00Z"}]
        },
    )

    borrower: Name
    starts_at: Moment
    ends_at: Moment
    order_id: UUID | None = None
    note: Said = ""


class BookingOut(Read):
    id: int
    site: str
    tool_id: int
    tool: str
    name: str
    borrower: str
    order_id: UUID | None
    order_number: str | None
    starts_at: datetime
    ends_at: datetime
    state: str = Field(description="booked, out (lent until then), returned or cancelled")
    note: str
    booked_at: datetime
    booked_by: str
    ended_at: datetime | None
    ended_by: str | None

    @classmethod
    def of(cls, booking: Booking) -> "BookingOut":
        return cls.model_validate(booking)
