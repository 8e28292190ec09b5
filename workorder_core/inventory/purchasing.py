"""The life of a purchase request: the permitted transitions."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from workorder_core.inventory.errors import IllegalPurchase


class State(StrEnum):
    """The states of a purchase request."""

    REQUESTED = "requested"
    ORDERED = "ordered"
    RECEIVED = "received"
    CANCELLED = "cancelled"


OPEN = frozenset({State.REQUESTED, State.ORDERED})
NEXT: Mapping[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.ORDERED, State.RECEIVED, State.CANCELLED}),
    State.ORDERED: frozenset({State.RECEIVED, State.CANCELLED}),
    State.RECEIVED: frozenset(),
    State.CANCELLED: frozenset(),
}


def move(number: int, state: State, to: State) -> State:
    """Return the state after a step. Raises IllegalPurchase."""
    if to not in NEXT[state]:
        raise IllegalPurchase(number, state, to, sorted(NEXT[state]))
    return to


def after_receipt(number: int, state: State, *, wanted: Decimal, received: Decimal) -> State:
    """Return the state after a quantity was received: the request stays open until all has arrived. Raises
    IllegalPurchase."""
    move(number, state, State.RECEIVED)
    return State.RECEIVED if received >= wanted else state
