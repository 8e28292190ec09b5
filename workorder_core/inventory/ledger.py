"""Stock as a fold over the ledger: the sums of the movements of one item in one store.

The database keeps the same sums by trigger; a test replays the ledger with this code and compares.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from workorder_core.inventory.quantities import ZERO


class Kind(StrEnum):
    """The kinds of movements."""

    RECEIVE = "receive"
    ISSUE = "issue"
    RETURN = "return"
    COUNT = "count"
    ADJUST = "adjust"
    TRANSFER = "transfer"
    RESERVE = "reserve"
    RELEASE = "release"


class Impossible(ValueError):
    """A movement that leads to an impossible stock: the ledger is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A row of the ledger: by how much each sum changes.

    Parameters
    ----------
    quantity, shortage
        Of the bin and lot: its stock, and the quantity issued beyond it.
    reserved
        Of the order's line.
    """

    kind: Kind
    quantity: Decimal = ZERO
    reserved: Decimal = ZERO
    shortage: Decimal = ZERO
    bin_id: int | None = None
    lot: str = ""
    order_id: UUID | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class InBin:
    """The book stock of a lot in a bin, and the quantity issued beyond it."""

    quantity: Decimal = ZERO
    shortage: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class OfLine:
    """The quantity that a line of an order has reserved, and the quantity issued to it less returns."""

    reserved: Decimal = ZERO
    issued: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Stock:
    """The stock of an item in a store, by bin and lot, and by the lines of orders."""

    bins: Mapping[tuple[int, str], InBin] = field(default_factory=dict)
    lines: Mapping[tuple[UUID, int], OfLine] = field(default_factory=dict)

    @property
    def on_hand(self) -> Decimal:
        return sum((each.quantity for each in self.bins.values()), ZERO)

    @property
    def shortage(self) -> Decimal:
        return sum((each.shortage for each in self.bins.values()), ZERO)

    @property
    def reserved(self) -> Decimal:
        return sum((each.reserved for each in self.lines.values()), ZERO)

    @property
    def free(self) -> Decimal:
        """The quantity that no order has reserved."""
        return self.on_hand - self.reserved


def apply(stock: Stock, movement: Movement) -> Stock:
    """Return the stock after a movement. Raises Impossible if something would be negative or reserved twice."""
    bins, lines = dict(stock.bins), dict(stock.lines)
    if movement.bin_id is not None:
        at = (movement.bin_id, movement.lot)
        was = bins.get(at, InBin())
        bins[at] = InBin(was.quantity + movement.quantity, was.shortage + movement.shortage)
    elif movement.quantity or movement.shortage:
        raise Impossible(f"a {movement.kind} that moves stock names its bin")
    if movement.order_id is not None:
        assert movement.line is not None, "a line is of an order"
        line = lines.get((movement.order_id, movement.line), OfLine())
        moved = movement.kind in (Kind.ISSUE, Kind.RETURN)
        issued = movement.shortage - movement.quantity if moved else ZERO
        lines[movement.order_id, movement.line] = OfLine(line.reserved + movement.reserved, line.issued + issued)
    elif movement.reserved:
        raise Impossible(f"a {movement.kind} of something reserved names its order")
    after = replace(stock, bins=bins, lines=lines)
    sums = [each.quantity for each in bins.values()] + [each.shortage for each in bins.values()]
    sums += [each.reserved for each in lines.values()] + [each.issued for each in lines.values()]
    if min(sums, default=ZERO) < 0:
        raise Impossible(f"after this {movement.kind} something would be negative")
    if after.reserved > after.on_hand:
        raise Impossible(f"after this {movement.kind} more would be reserved than there is")
    return after


def replay(movements: Iterable[Movement]) -> Stock:
    """Return the sum of movements, the oldest first. Raises Impossible."""
    stock = Stock()
    for each in movements:
        stock = apply(stock, each)
    return stock
