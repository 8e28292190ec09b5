"""The errors of stores. Each carries its facts and one whole sentence with what to do."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from workorder_core.sentences import Said, coded, joined, say


class StockError(Exception):
    """A request that a store's stock or rules do not allow."""


def plain(quantity: Decimal) -> str:
    """Return a quantity without trailing zeros.

    >>> plain(Decimal("2.500")), plain(Decimal("100.000"))
    ('2.5', '100')
    """
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class UnknownUnit(StockError):
    """A unit that the item does not have."""

    def __init__(self, unit: str, known: Sequence[str]) -> None:
        super().__init__(
            say(
                "the item is not counted in {unit!r}: use {known}, or add the unit to the item",
                unit=unit,
                known=joined(known),
            )
        )
        self.unit, self.known = unit, tuple(known)


class InvalidQuantity(StockError):
    """An invalid quantity."""

    def __init__(self, quantity: Decimal, most: Decimal) -> None:
        super().__init__(
            say(
                "a quantity is a number above 0 and at most {most}, not {quantity}",
                most=plain(most),
                quantity=str(quantity),
            )
        )
        self.quantity = quantity


class NotEnough(StockError):
    """More was requested than is available."""

    def __init__(self, wanted: Decimal, available: Decimal, unit: str) -> None:
        super().__init__(
            say(
                "{wanted} {unit} are requested and {available} are available: the rest is reserved for "
                "other orders. Request less, or record an emergency issue with its reason",
                wanted=plain(wanted),
                available=plain(available),
                unit=unit,
            )
        )
        self.wanted, self.available = wanted, available


class LotExpired(StockError):
    """What is there would be enough if some of its lots had not expired."""

    def __init__(self, wanted: Decimal, good: Decimal, unit: str, lots: Sequence[tuple[str, date | None]]) -> None:
        super().__init__(
            say(
                "{wanted} {unit} are requested and {good} have not expired ({lots}): choose another lot, "
                "remove the expired one by an adjustment, or record an emergency issue with its reason",
                wanted=plain(wanted),
                unit=unit,
                good=plain(good),
                lots=", ".join(f"{lot} {day}" for lot, day in lots),
            )
        )
        self.wanted, self.good, self.lots = wanted, good, tuple(lots)


class LotNeeded(StockError):
    """A last day was said of something that came without a lot."""

    def __init__(self) -> None:
        super().__init__(say("what expires needs the number of its lot: write it too"))


class ItemRetired(StockError):
    """More of an item was to be received, reserved or bought that is not used any more."""

    def __init__(self, item: str) -> None:
        super().__init__(say("{item} is not used any more: choose another item, or use this one again", item=item))
        self.item = item


class ItemInUse(StockError):
    """An item was not to be used any more while orders need it or more of it is to come."""

    def __init__(self, item: str, orders: Sequence[str], requests: Sequence[int]) -> None:
        super().__init__(
            say(
                "{item} is needed by {orders}: remove it there first, then retire the item",
                item=item,
                orders=", ".join(orders),
            )
            if orders
            else say(
                "{item} has the open purchase request {requests}: receive or cancel it first, then retire the item",
                item=item,
                requests=", ".join(map(str, requests)),
            )
        )
        self.item, self.orders, self.requests = item, tuple(orders), tuple(requests)


class BookChanged(StockError):
    """The book changed while somebody counted: something was issued or received meanwhile.

    ``of`` are the ids of item and bin, and the lot.
    """

    def __init__(self, item: str, bin_: str, said: Decimal, book: Decimal, *, of: tuple[int, int, str]) -> None:
        super().__init__(
            say(
                "the recorded stock of {item} in {bin} was {said} when it was counted, and is {book} "
                "now: count it again",
                item=item,
                bin=bin_,
                said=plain(said),
                book=plain(book),
            )
        )
        self.item, self.bin, self.said, self.book, self.of = item, bin_, said, book, of


class NotThatMany(StockError):
    """More is to leave a bin, or to be returned, than it can be; ``why`` is the sentence."""

    def __init__(self, wanted: Decimal, there: Decimal, why: Said) -> None:
        super().__init__(why)
        self.wanted, self.there = wanted, there


def not_in_bin(wanted: Decimal, there: Decimal) -> NotThatMany:
    """Return the error for a bin with less than is to leave it."""
    facts = {"wanted": plain(wanted), "there": plain(there)}
    return NotThatMany(
        wanted,
        there,
        say("{wanted} are more than the {there} in the bin: correct the quantity, or count the bin", **facts),
    )


def not_issued(wanted: Decimal, there: Decimal, order: str) -> NotThatMany:
    """Return the error for an order that was issued less than is to be returned."""
    facts = {"wanted": plain(wanted), "there": plain(there), "order": order}
    return NotThatMany(
        wanted, there, say("{wanted} are more than the {there} that {order} has: correct the quantity", **facts)
    )


class WhyNeeded(StockError):
    """A movement that needs a reason has none."""

    def __init__(self) -> None:
        super().__init__(say("this needs a reason: say why in one sentence"))


class ToolIsOut(StockError):
    """A tool is lent to somebody else at that time."""

    def __init__(self, tool: str, borrower: str) -> None:
        super().__init__(
            say(
                "{tool} is with {borrower} in that time: record its return first, or lend another one",
                tool=tool,
                borrower=borrower,
            )
        )
        self.tool, self.borrower = tool, borrower


class ToolIsIn(StockError):
    """A tool that is not lent cannot be returned."""

    def __init__(self, tool: str) -> None:
        super().__init__(say("{tool} is not lent to anybody; the list of loans shows who had it", tool=tool))
        self.tool = tool


class ToolIsBooked(StockError):
    """A tool was to be lent or booked for a time that somebody else has booked. Times are on the site's clock."""

    def __init__(self, tool: str, borrower: str, starts_at: datetime, ends_at: datetime) -> None:
        super().__init__(
            say(
                "{tool} is {borrower}'s from {starts:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M}: choose another time or "
                "another tool, or cancel that booking",
                tool=tool,
                borrower=borrower,
                starts=starts_at,
                ends=ends_at,
            )
        )
        self.tool, self.borrower, self.starts_at, self.ends_at = tool, borrower, starts_at, ends_at


class ToolRetired(StockError):
    """A tool was to be lent or booked that is not used any more."""

    def __init__(self, tool: str) -> None:
        super().__init__(say("{tool} is not used any more: choose another tool", tool=tool))
        self.tool = tool


class InvalidBooking(StockError):
    """A time for which a tool cannot be booked or lent; the argument is the sentence."""


class InvalidReorderRule(StockError):
    """A minimum above the reorder point: stock would be short before more is requested."""

    def __init__(self) -> None:
        super().__init__(say("the minimum is at most the reorder point"))


class BookingEnded(StockError):
    """A booking was to be collected or cancelled that has been already."""

    def __init__(self, tool: str, state: str) -> None:
        super().__init__(
            say(
                "this booking of {tool} is {state}: only one that is booked can be changed",
                tool=tool,
                state=coded(state),
            )
        )
        self.tool, self.state = tool, state


class IllegalPurchase(StockError):
    """The state of a purchase request does not allow this step."""

    def __init__(self, number: int, state: str, to: str, possible: Sequence[str]) -> None:
        steps = joined(map(coded, possible)) if possible else say("nothing, it has ended")
        super().__init__(
            say(
                "purchase request {number} is {state} and cannot become {to} (possible: {steps})",
                number=number,
                state=coded(state),
                to=coded(to),
                steps=steps,
            )
        )
        self.number, self.state, self.to = number, state, to


class AlreadyRequested(StockError):
    """An item has an open purchase request for a store already."""

    def __init__(self, item: str, store: str, number: int) -> None:
        super().__init__(
            say(
                "{item} has the open purchase request {number} for {store}: change or receive that one",
                item=item,
                store=store,
                number=number,
            )
        )
        self.item, self.store, self.number = item, store, number


class NoPlaceForIt(StockError):
    """There is no store or bin to put an item into."""


class NoStore(NoPlaceForIt):
    """A site has no store."""

    def __init__(self, site: str) -> None:
        super().__init__(say("{site} has no store yet; add one on the page Stock or by the API first", site=site))


class NoBin(NoPlaceForIt):
    """A store has no bin."""

    def __init__(self, store: str) -> None:
        super().__init__(
            say("the store {store} has no bin yet; add one on the page Stock or by the API first", store=store)
        )
