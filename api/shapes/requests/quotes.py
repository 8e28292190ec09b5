"""Bodies and answers about quotes and price lists. Amounts are decimals as text."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.shapes.costs import Amount, AmountIn
from api.shapes.times import Day
from db.requests.quotes import PriceList, Quote
from workorder_core.requests import quotes
from workorder_core.requests.quotes import Line, LineKind, Price, QuoteRefused, QuoteState
from workorder_core.sentences import say

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
_Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
_Unit = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20, pattern=r"^[^\x00]*$")]
_Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")]
QuantityIn = Annotated[Decimal, Field(gt=0, le=100_000, decimal_places=3, allow_inf_nan=False)]
PriceIn = Annotated[AmountIn, Field(le=1_000_000_000)]
_LINES: list[dict[str, Any]] = [
    {"price": "MECH", "quantity": "2.5"},
    {"kind": "part", "text": "Seal kit", "quantity": "1", "unit": "pcs", "unit_price": "84.50"},
]

_EXAMPLES: dict[str, Any] = {"examples": [{"lines": _LINES, "valid_until": "2031-03-31"}]}


class LineIn(BaseModel):
    """A line: either a code of the price list, or its own text and price."""

    model_config = ConfigDict(extra="forbid")

    price: _Code | None = Field(
        None, description="a code of the site's price list, which gives everything but the quantity"
    )
    kind: LineKind = LineKind.OTHER
    text: _Text | None = None
    quantity: QuantityIn
    unit: _Unit = ""
    unit_price: PriceIn | None = None

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.price is None) == (self.text is None or self.unit_price is None):
            raise ValueError("give either price, or text and unit_price")
        if self.price is not None and (self.text is not None or self.unit_price is not None):
            raise ValueError("give either price, or text and unit_price")
        return self


class QuoteIn(BaseModel):
    """What is offered to a requester."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_EXAMPLES)

    lines: Annotated[list[LineIn], Field(min_length=1, max_length=quotes.MOST_LINES)]
    valid_until: Day = Field(description="the last day of the site on which it can be accepted")
    words: _Words = Field("", description="a message to the requester that comes with it")

    def quoted(self, prices: PriceList | None) -> list[Line]:
        """Return the lines with the prices of the list. Raises QuoteRefused for a code that is not in it."""
        known = {each.code: each for each in (prices.prices if prices else ())}
        return [_line(each, known) for each in self.lines]


class QuoteAnswerIn(BaseModel):
    """The requester's answer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"accept": True}]})

    accept: bool
    words: _Words = ""


class QuotedLineOut(BaseModel):
    """A line, with its amount rounded to the currency's smallest unit."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    kind: LineKind
    text: str
    quantity: Amount
    unit: str
    unit_price: Amount
    amount: Amount
    price_code: str | None = Field(description="its code in the price list, if it was taken from there")


class QuoteOut(BaseModel):
    """A version of a quote."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    state: QuoteState
    extra: bool = Field(description="work had begun: it waits for the answer")
    currency: str
    total: Amount
    valid_until: date
    made_by: str
    made_at: datetime
    answered_at: datetime | None
    answered_by: str | None = Field(description="an account, or `system:portal`: who has the private address")
    answered_name: str = Field(description="the name that the customer gave; empty after it was erased")
    answered_words: str
    lines: list[QuotedLineOut]

    @classmethod
    def of(cls, quote: Quote) -> "QuoteOut":
        """Return a quote as it leaves the API."""
        return cls.model_validate(quote)


class PriceOut(BaseModel):
    """A line of a price list, in the site's currency."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    kind: LineKind
    name: str
    unit: str
    unit_price: Amount


class OnePriceIn(BaseModel):
    """A line of a price list."""

    model_config = ConfigDict(extra="forbid")

    code: _Code
    kind: LineKind
    name: _Text
    unit: _Unit = ""
    unit_price: PriceIn


class PriceListIn(BaseModel):
    """A whole price list, which replaces the one in force. Quotes that were made keep their prices."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"prices": [{"code": "MECH", "kind": "labour", "name": "Fitter", "unit": "h", "unit_price": "92.00"}]}
            ]
        },
    )

    prices: Annotated[list[OnePriceIn], Field(max_length=quotes.MOST_PRICES)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        codes = [each.code for each in self.prices]
        twice = next((each for each in codes if codes.count(each) > 1), None)
        if twice is not None:
            raise ValueError(say("{code} is in the list twice", code=twice))
        return self

    def listed(self) -> list[Price]:
        """Return the lines in the core's terms."""
        return [Price(**each.model_dump()) for each in self.prices]


def _line(one: LineIn, known: dict[str, Price]) -> Line:
    if one.price is None:
        assert one.text is not None and one.unit_price is not None, "the model checks it"
        return Line(kind=one.kind, text=one.text, quantity=one.quantity, unit=one.unit, unit_price=one.unit_price)
    if one.price not in known:
        raise QuoteRefused(say("{code} is not in the price list", code=one.price))
    return quotes.of_price(known[one.price], one.quantity)


def out(found: Sequence[Quote]) -> list[QuoteOut]:
    """Return quotes as they leave the API, the newest first."""
    return [QuoteOut.of(each) for each in found]
