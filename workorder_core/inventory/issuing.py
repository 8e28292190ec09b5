"""Chooses the bins that a requested quantity is issued from. No clock, no I/O; the caller has locked the stock."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from workorder_core.inventory.errors import LotExpired, NotEnough, not_in_bin
from workorder_core.inventory.quantities import ZERO

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A lot in a bin. The smaller ``since``, the earlier it was received; ``expires_on`` None: it never expires."""

    bin_id: int
    lot: str
    quantity: Decimal
    shortage: Decimal = ZERO
    since: int = 0
    expires_on: date | None = None

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires_on is not None and self.expires_on < today

    def turn(self, today: date) -> tuple[bool, date, int, int, str]:
        """Return its turn: what expires first goes first, then what came first; what has expired goes last."""
        return self.expired(today), self.expires_on or date.max, self.since, self.bin_id, self.lot


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The quantity issued from a lot: ``quantity`` within the book stock, ``shortage`` beyond it; ``reserved`` of the
    former had been reserved by the order.
    """

    bin_id: int
    lot: str
    quantity: Decimal
    shortage: Decimal = ZERO
    reserved: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """How a quantity is issued. ``cut`` is the quantity by which it reduces other orders' reservations."""

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
    today: date = date.min,
) -> Issue:
    """Choose the lots that a quantity is issued from: what expires first, then what came first.

    An ordinary issue uses the order's own reservation and free stock, of lots that have not expired. An emergency issue
    uses all stock, expired lots and other orders' reservations last, and records the rest as a shortage. Raises
    NotEnough, LotExpired.

    Parameters
    ----------
    lots
        The permitted lots: of the store, of a bin or one lot.
    own, free
        The quantity that the order has reserved in the store, and the free quantity.
    default_bin, default_lot
        Where the shortage is recorded if the store has no stock of the item.
    today
        The store's own date; a lot is good to the end of its last day.
    """
    expired = [each for each in lots if each.expired(today) and each.quantity > 0]
    if expired and not emergency:
        lots = [each for each in lots if not each.expired(today)]
        good = min(sum((each.quantity for each in lots), ZERO), own + free)
        if good < quantity <= own + free:
            raise LotExpired(quantity, good, unit, [(each.lot, each.expires_on) for each in expired])
    there = sum((each.quantity for each in lots), ZERO)
    available = min(there, own + free)
    if quantity > available and not emergency:
        raise NotEnough(quantity, available, unit)
    taken = min(quantity, there)
    from_own = min(own, taken)
    picks, left, owned = list[Pick](), taken, from_own
    for each in sorted(lots, key=lambda lot: lot.turn(today)):
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
    """By how much a count changes the book stock, and the shortage (never positive)."""

    quantity: Decimal
    shortage: Decimal


def count(book: Decimal, shortage: Decimal, found: Decimal) -> Counted:
    """Return the changes by counting a lot in a bin: the book stock becomes the counted one, and the shortage is
    settled."""
    return Counted(found - book, -shortage)


def removal(there: Decimal, quantity: Decimal, *, on_hand: Decimal, reserved: Decimal) -> Decimal:
    """Return by how much reservations shrink when a quantity leaves a bin permanently. Raises NotThatMany."""
    if quantity > there:
        raise not_in_bin(quantity, there)
    return max(ZERO, reserved - (on_hand - quantity))


def cuts(reserved: Sequence[tuple[K, Decimal]], cut: Decimal) -> list[tuple[K, Decimal]]:
    """Return by how much each reservation shrinks, given oldest first: the newest shrinks first."""
    lost = list[tuple[K, Decimal]]()
    for key, has in reversed(reserved):
        part = min(has, cut)
        if part > 0:
            lost.append((key, part))
            cut -= part
    return lost
