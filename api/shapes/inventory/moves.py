"""Bodies and answers about movements, the ledger, reservations and purchase requests."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.shapes.costs import Amount, AmountIn
from api.shapes.inventory.values import Either, FromZero, Key, Lot, Quantity, QuantityIn, Read, Said, Unit, Why
from api.shapes.times import Day
from db.inventory.amounts import Amount as Moved
from db.inventory.amounts import Where
from db.inventory.levels import LedgerRow
from db.inventory.order_lines import OrderLine
from db.inventory.purchases import Purchase
from workorder_core.inventory.ledger import Kind
from workorder_core.inventory.purchasing import State


class _Moved(BaseModel):
    quantity: QuantityIn
    unit: Unit | None = Field(None, description="null: the item's own")
    why: Why = ""

    def amount(self) -> Moved:
        """Return the amount in the store's terms."""
        return Moved(quantity=self.quantity, unit=self.unit, why=self.why)


class _Placed(BaseModel):
    store_id: Key | None = Field(None, description="null: the store with most of it")
    bin_id: Key | None = Field(None, description="null: its present bin, or the first one")
    lot: Lot | None = None

    def where(self) -> Where:
        """Return the bin and lot in the core's terms."""
        return Where(store_id=self.store_id, bin_id=self.bin_id, lot=self.lot)


class ReceiveIn(_Moved, _Placed):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"quantity": "2", "unit": "box"}]})

    unit_cost: AmountIn | None = Field(
        None, description="of one of the item's own unit: of the lot, or of the item from now on"
    )
    expires_on: Day | None = Field(None, description="the last day of the lot, which is then needed")


class IssueIn(_Moved, _Placed):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"quantity": "1", "order_id": "3f0d4c4e-5a0d-5b7e-9d3c-0c9d5b1f7a11"},
                {"quantity": "2", "emergency": True, "why": "P-101 is down"},
            ]
        },
    )

    order_id: UUID | None = Field(None, description="null: for no order, with a reason")
    emergency: bool = Field(False, description="also others' reservations, and beyond the book stock: with a reason")


class ReturnIn(_Moved, _Placed):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"quantity": "1"}]})

    order_id: UUID | None = None


class CountIn(_Placed):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"found": "7", "bin_id": 3}]})

    found: FromZero = Field(description="in the item's own unit")
    book: FromZero | None = Field(
        None, description="what the book said when it was counted: refused if something has moved since; null: whatever"
    )
    why: Why = ""


class CountedIn(BaseModel):
    """What was found of a lot in a bin."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item_id": 7, "bin_id": 3, "found": "7"}]}
    )

    item_id: Key
    bin_id: Key
    lot: Lot = ""
    found: FromZero
    book: FromZero | None = None


class CountsIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"counts": [{"item_id": 7, "bin_id": 3, "found": "7", "book": "8"}]}]},
    )

    counts: Annotated[list[CountedIn], Field(min_length=1, max_length=1000)]
    why: Why = ""


class DifferenceOut(Read):
    """What the book said of a lot in a bin, and what a count found."""

    item_id: int
    item: str
    unit: str
    bin_id: int
    bin: str
    lot: str
    book: Quantity
    found: Quantity


class CountsOut(BaseModel):
    counted: int
    differences: list[DifferenceOut] = Field(description="where the book was wrong")


class InBinOut(Read):
    """A lot in a bin: a row of the list that is taken along to count."""

    site: str
    store: str
    bin: str
    item: str
    name: str
    lot: str
    quantity: Quantity
    unit: str
    shortage: Quantity
    expires_on: date | None
    item_id: int
    bin_id: int
    store_id: int


class AdjustIn(_Placed):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"change": "-1", "why": "rusty"}]})

    change: Either = Field(description="up or down, in the item's own unit")
    why: Why


class TransferIn(_Moved):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"quantity": "3", "from_bin": 1, "to_bin": 2}]}
    )

    from_bin: Key
    to_bin: Key
    lot: Lot = ""


class LedgerRowOut(Read):
    """A movement: the changes of stock, reservation and shortage."""

    id: int
    site: str
    item_id: int
    item: str
    unit: str
    store: str
    bin: str | None
    lot: str
    kind: Kind
    quantity: Quantity
    reserved: Quantity
    shortage: Quantity
    order_id: UUID | None
    order_number: str | None
    line: int | None
    request_id: int | None
    emergency: bool
    unit_cost: Amount | None = Field(description="null: unknown, or you may not see it")
    currency: str | None
    said: str = Field(description="as entered, if in another unit: 2 box")
    at: datetime
    actor: str
    why: str

    @classmethod
    def of(cls, row: LedgerRow, *, prices: bool) -> "LedgerRowOut":
        made = cls.model_validate(row)
        return made if prices else made.model_copy(update={"unit_cost": None, "currency": None})


class OrderLineOut(Read):
    """A line of an order that comes from a store."""

    order_id: UUID
    order_number: str
    site: str
    line: int
    item_id: int
    item: str
    name: str
    unit: str
    store_id: int
    store: str
    needed: Quantity
    reserved: Quantity
    issued: Quantity
    used: Quantity | None
    lacks: Quantity = Field(description="neither reserved nor issued: the order waits for it")
    expected_on: date | None = Field(None, description="when the missing part is expected")
    asked_at: datetime

    @classmethod
    def of(cls, line: OrderLine, expected_on: date | None = None) -> "OrderLineOut":
        return cls.model_validate(line).model_copy(update={"expected_on": expected_on})


class ReserveIn(_Moved):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"item_id": 7, "quantity": "2"}]})

    item_id: Key
    store_id: Key | None = Field(None, description="null: the store that has all of it, otherwise most of it")


class PurchaseOut(Read):
    id: int
    site: str
    item_id: int
    item: str
    name: str
    unit: str
    store_id: int
    store: str
    quantity: Quantity
    received: Quantity
    state: State
    supplier: str
    reference: str
    expected_on: date | None
    why: str
    requested_at: datetime
    requested_by: str
    state_since: datetime

    @classmethod
    def of(cls, purchase: Purchase) -> "PurchaseOut":
        return cls.model_validate(purchase)


class PurchaseIn(_Moved):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item_id": 7, "store_id": 1, "quantity": "1", "unit": "box"}]}
    )

    item_id: Key
    store_id: Key


class OrderedIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reference": "4500012", "expected_on": "2026-04-01"}]}
    )

    supplier: Said | None = None
    reference: Said = ""
    expected_on: Day | None = Field(None, description="null: as expected before")
