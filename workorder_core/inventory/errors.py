"""What a store can refuse. Each error carries its facts and says one whole sentence with what to do."""

from collections.abc import Sequence
from decimal import Decimal

from workorder_core.sentences import Said, coded, joined, say


class StockError(Exception):
    """Something asked of a store that its stock or its rules do not allow."""


def plain(quantity: Decimal) -> str:
    """Return a quantity without idle noughts.

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
    """A quantity that nothing can be of."""

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
    """More is asked for than the store can give."""

    def __init__(self, wanted: Decimal, available: Decimal, unit: str) -> None:
        super().__init__(
            say(
                "{wanted} {unit} are asked for and {available} are available: what other orders have reserved is "
                "theirs. Take less, or record an emergency issue with its reason",
                wanted=plain(wanted),
                available=plain(available),
                unit=unit,
            )
        )
        self.wanted, self.available = wanted, available


class NotThatMany(StockError):
    """More is to leave a bin, or come back, than there was; ``why`` is the sentence."""

    def __init__(self, wanted: Decimal, there: Decimal, why: Said) -> None:
        super().__init__(why)
        self.wanted, self.there = wanted, there


def not_in_bin(wanted: Decimal, there: Decimal) -> NotThatMany:
    """Return the error of a bin that has less than is to leave it."""
    facts = {"wanted": plain(wanted), "there": plain(there)}
    return NotThatMany(
        wanted,
        there,
        say("{wanted} are more than the {there} in the bin: correct the quantity, or count the bin", **facts),
    )


def not_issued(wanted: Decimal, there: Decimal, order: str) -> NotThatMany:
    """Return the error of an order that was issued less than is to come back."""
    facts = {"wanted": plain(wanted), "there": plain(there), "order": order}
    return NotThatMany(
        wanted, there, say("{wanted} are more than the {there} that {order} has: correct the quantity", **facts)
    )


class WhyNeeded(StockError):
    """A movement that has to be explained came without a reason."""

    def __init__(self) -> None:
        super().__init__(say("this needs a reason: say why in one sentence"))


class ToolIsOut(StockError):
    """A tool was to be lent for a time in which somebody else has it."""

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
    """A tool was to come back that nobody has."""

    def __init__(self, tool: str) -> None:
        super().__init__(say("{tool} is not lent to anybody; the list of loans shows who had it", tool=tool))
        self.tool = tool


class IllegalPurchase(StockError):
    """A purchase request cannot take this step from the state that it is in."""

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
    """Something is to be put down, and there is no place for it."""


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
