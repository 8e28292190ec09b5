"""Quotes: parts, hours and other lines with prices, offered to whoever made a request, and answered once.

Amounts are exact decimals in one currency, rounded line by line before they are added. Nothing here reads a clock or a
database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from workorder_core.costs import money
from workorder_core.sentences import say

MOST_LINES, MOST_VERSIONS, MOST_PRICES = 50, 50, 500
MOST_AMOUNT = Decimal(10_000_000_000)


class LineKind(StrEnum):
    """What a line of a quote or of a price list is about."""

    LABOUR = "labour"
    PART = "part"
    OTHER = "other"


class QuoteState(StrEnum):
    """What became of a version of a quote."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """The plant took it back."""
    REPLACED = "replaced"
    """A newer version is there."""


class QuoteRefused(Exception):
    """A quote cannot be made, or cannot be answered any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A line of a site's price list."""

    code: str
    kind: LineKind
    name: str
    unit: str
    unit_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a quote; ``price_code`` names the line of the price list that it was taken from."""

    kind: LineKind
    text: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    price_code: str | None = None


def of_price(price: Price, quantity: Decimal) -> Line:
    """Return the line of a quote for so much of a price of the list."""
    return Line(
        kind=price.kind,
        text=price.name,
        quantity=quantity,
        unit=price.unit,
        unit_price=price.unit_price,
        price_code=price.code,
    )


def amount(line: Line, currency: str) -> Decimal:
    """Return what a line costs, rounded half up to the currency's smallest unit.

    >>> seals = Line(kind=LineKind.PART, text="seal", quantity=Decimal(3), unit="pcs", unit_price=Decimal("10.005"))
    >>> amount(seals, "EUR")
    Decimal('30.02')
    """
    return money.rounded(line.unit_price * line.quantity, currency)


def total(lines: Sequence[Line], currency: str) -> Decimal:
    """Return the sum of the rounded lines."""
    return sum((amount(each, currency) for each in lines), money.rounded(Decimal(0), currency))


def check(lines: Sequence[Line], currency: str, *, valid_until: date, today: date) -> None:
    """Check that a quote says something and can be accepted. Raises QuoteRefused."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise QuoteRefused(say("a quote has from 1 to {most} lines", most=MOST_LINES))
    if valid_until < today:
        raise QuoteRefused(say("it would be valid until {day}, which has passed", day=valid_until))
    if total(lines, currency) > MOST_AMOUNT:
        raise QuoteRefused(say("the total is more than {most:,.0f}", most=MOST_AMOUNT))


def answered(state: QuoteState, *, accept: bool, valid_until: date, today: date, ended: bool) -> QuoteState:
    """Return the state after an answer. Raises QuoteRefused if there is nothing to answer.

    A quote that has expired can still be declined, so that work which waits for it goes on.

    >>> day = date(2026, 3, 1)
    >>> answered(QuoteState.OFFERED, accept=True, valid_until=day, today=day, ended=False).value
    'accepted'
    """
    if state is not QuoteState.OFFERED or ended:
        raise QuoteRefused(say("this quote cannot be answered any more; there may be a newer one"))
    if accept and today > valid_until:
        raise QuoteRefused(say("this quote was valid until {day}; ask for a new one", day=valid_until))
    return QuoteState.ACCEPTED if accept else QuoteState.DECLINED
