"""Distributes free stock among orders, with what each still lacks and when that is expected. No clock, no I/O."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from workorder_core.inventory.quantities import ZERO

K = TypeVar("K", bound=Hashable)


def lacks(needed: Decimal, *, reserved: Decimal, issued: Decimal) -> Decimal:
    """Return the quantity that a line still lacks: neither reserved for it nor issued to it."""
    return max(ZERO, needed - reserved - issued)


def allocate(waiting: Sequence[tuple[K, Decimal]], free: Decimal) -> list[tuple[K, Decimal]]:
    """Distribute the free quantity among lines by what each lacks, in order; the last one may get a part."""
    given = list[tuple[K, Decimal]]()
    for key, lack in waiting:
        part = min(lack, free)
        if part > 0:
            given.append((key, part))
            free -= part
    return given


@dataclass(frozen=True, slots=True)
class Offer:
    """A store with an item, and its free quantity there."""

    store_id: int
    code: str
    free: Decimal


def choose_store(offers: Sequence[Offer], quantity: Decimal) -> int | None:
    """Choose the store that a line is reserved in: one that has the whole quantity, otherwise the one with most; None
    without stores. Among several, the first by code, so that the same plan reserves in the same store.
    """
    if not offers:
        return None
    best = min(offers, key=lambda each: (each.free < quantity, -min(each.free, quantity), each.code))
    return best.store_id


@dataclass(frozen=True, slots=True)
class Coming:
    """The outstanding quantity of an open purchase request. ``expected_on`` None: unknown."""

    quantity: Decimal
    expected_on: date | None


def expected(waiting: Sequence[tuple[K, Decimal]], coming: Coming | None) -> dict[K, date | None]:
    """Return for each waiting line when its parts are expected, in the order in which lines are served. None: nothing
    is requested, the outstanding quantity does not suffice, or its date is unknown.
    """
    dates = dict[K, date | None]()
    left = ZERO if coming is None else coming.quantity
    for key, lack in waiting:
        left -= lack
        dates[key] = coming.expected_on if coming is not None and left >= 0 else None
    return dates


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order waits for parts. ``expected_on`` is when the last of them arrives; None: for one it is unknown."""

    items: tuple[str, ...]
    expected_on: date | None


def waiting(lines: Sequence[tuple[str, Decimal, date | None]]) -> Waiting | None:
    """Return what an order waits for, given each line's item, lacking quantity and expected date; None for nothing."""
    open_lines = [each for each in lines if each[1] > 0]
    if not open_lines:
        return None
    dates = [each[2] for each in open_lines]
    known = [each for each in dates if each is not None]
    return Waiting(tuple(each[0] for each in open_lines), max(known) if len(known) == len(dates) else None)
