"""From what is asked of a store to the bins that it comes from. No clock, no I/O; the caller has the stock locked."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from workorder_core.inventory.errors import NotEnough, not_in_bin
from workorder_core.inventory.quantities import ZERO

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What a bin has of a lot. The smaller ``since``, the earlier it came in."""

    bin_id: int
    lot: str
    quantity: Decimal
    shortage: Decimal = ZERO
    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """What is issued from a lot: ``quantity`` of what the book has, ``shortage`` beyond it; ``reserved`` of the first
    had been reserved by the order.
    """

    bin_id: int
    lot: str
    quantity: Decimal
    shortage: Decimal = ZERO
    reserved: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """How a quantity is issued. ``cut`` is what other orders lose of their reservations by it."""

    picks: tuple[Pick, ...]
    cut: Decimal = ZERO


def issue(
    lots: Sequence[Lot],
    *,
    quantity: Decimal,
    own: Decimal,
    free: Decimal,
    emergency: bool,
    default_bin: int,
    unit: str,
    default_lot: str = "",
) -> Issue:
    """Choose the lots that a quantity is issued from, the earliest first.

    An ordinary issue gets what the order has reserved and what nobody has. An emergency issue gets what is there,
    from other orders' reservations last, and what the book does not have is recorded as a shortage. Raises NotEnough.

    Parameters
    ----------
    lots
        Those that it may come from: of the store, of a bin or of one lot.
    own, free
        What the order has reserved in the store, and what nobody has.
    default_bin, default_lot
        Where the shortage is recorded if the store has none of it.
    """
    there = sum((each.quantity for each in lots), ZERO)
    available = min(there, own + free)
    if quantity > available and not emergency:
        raise NotEnough(quantity, available, unit)
    taken = min(quantity, there)
    from_own = min(own, taken)
    picks, left, owned = list[Pick](), taken, from_own
    for each in sorted(lots, key=lambda lot: (lot.since, lot.bin_id, lot.lot)):
        part = min(left, each.quantity)
        if part > 0:
            reserved = min(owned, part)
            picks.append(Pick(bin_id=each.bin_id, lot=each.lot, quantity=part, reserved=reserved))
            left, owned = left - part, owned - reserved
    if quantity > taken:
        bin_id, lot = (picks[-1].bin_id, picks[-1].lot) if picks else (default_bin, default_lot)
        picks.append(Pick(bin_id=bin_id, lot=lot, quantity=ZERO, shortage=quantity - taken))
    return Issue(picks=tuple(picks), cut=max(ZERO, taken - from_own - free))


@dataclass(frozen=True, slots=True)
class Counted:
    """By how much a count changes the book, and what it settles of the shortage (never positive)."""

    quantity: Decimal
    shortage: Decimal


def count(book: Decimal, shortage: Decimal, found: Decimal) -> Counted:
    """Return what a count of a lot in a bin changes: the book says what was found, and its shortage is settled."""
    return Counted(found - book, -shortage)


def removal(there: Decimal, quantity: Decimal, *, on_hand: Decimal, reserved: Decimal) -> Decimal:
    """Return what orders lose of their reservations when a quantity leaves a bin for good. Raises NotThatMany."""
    if quantity > there:
        raise not_in_bin(quantity, there)
    return max(ZERO, reserved - (on_hand - quantity))


def cuts(reserved: Sequence[tuple[K, Decimal]], cut: Decimal) -> list[tuple[K, Decimal]]:
    """Return what each reservation loses, given in the order in which they were made: the newest loses first."""
    lost = list[tuple[K, Decimal]]()
    for key, has in reversed(reserved):
        part = min(has, cut)
        if part > 0:
            lost.append((key, part))
            cut -= part
    return lost
