"""Two lists of orders side by side: gained, lost, earlier, later, and of another type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

WITHIN = timedelta(days=7)
"""Two orders on one machine that were opened closer than this may be about the same thing."""


class OrderFacts(Protocol):
    """The facts of an order that are compared, wherever it is stored. ``opened_at`` is event time."""

    @property
    def id(self) -> UUID: ...
    @property
    def asset(self) -> str: ...
    @property
    def component(self) -> str: ...
    @property
    def failure_mode(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def opened_as(self) -> str: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def duplicate_of(self) -> UUID | None: ...


Before = TypeVar("Before", bound=OrderFacts)
After = TypeVar("After", bound=OrderFacts)


@dataclass(frozen=True, slots=True)
class Pair(Generic[Before, After]):
    """The same fault's order in two lists."""

    before: Before
    after: After

    @property
    def later_by(self) -> timedelta:
        """How much later the second list opened it; negative if earlier."""
        return self.after.opened_at - self.before.opened_at


@dataclass(frozen=True, slots=True)
class Difference(Generic[Before, After]):
    """The differences between two lists. ``same`` pairs agree in time, component, failure mode and type."""

    gained: list[After]
    lost: list[Before]
    changed: list[Pair[Before, After]]
    same: list[Pair[Before, After]]

    @property
    def earlier(self) -> list[Pair[Before, After]]:
        return [pair for pair in self.changed if pair.later_by < timedelta(0)]

    @property
    def later(self) -> list[Pair[Before, After]]:
        return [pair for pair in self.changed if pair.later_by > timedelta(0)]

    @property
    def none(self) -> bool:
        return not (self.gained or self.lost or self.changed)


def difference(before: Sequence[Before], after: Sequence[After]) -> Difference[Before, After]:
    """Pair orders of two lists: the same id first, then the same fault, then the same machine, the nearest first."""
    left, right = list(before), list(after)
    pairs: list[Pair[Before, After]] = []
    for like in (_same_id, _same_fault, _same_machine):
        alike = [
            (abs(two.opened_at - one.opened_at), i, j)
            for i, one in enumerate(left)
            for j, two in enumerate(right)
            if like(one, two)
        ]
        partner: dict[int, int] = {}
        for _, i, j in sorted(alike):
            if i not in partner and j not in partner.values():
                partner[i] = j
        pairs += [Pair(left[i], right[j]) for i, j in partner.items()]
        left = [order for i, order in enumerate(left) if i not in partner]
        right = [order for j, order in enumerate(right) if j not in partner.values()]
    pairs.sort(key=lambda pair: pair.after.opened_at)
    same: list[Pair[Before, After]] = []
    changed: list[Pair[Before, After]] = []
    for pair in pairs:
        (same if facts(pair.before) == facts(pair.after) else changed).append(pair)
    return Difference(right, left, changed, same)


def facts(order: OrderFacts) -> tuple[object, ...]:
    """The fields in which two lists have to agree."""
    return (
        order.asset, order.component, order.failure_mode, order.type, order.opened_at, order.opened_as,
        order.duplicate_of is not None,
    )  # fmt: skip


def _same_id(one: OrderFacts, two: OrderFacts) -> bool:
    return one.id == two.id


def _same_fault(one: OrderFacts, two: OrderFacts) -> bool:
    same = (one.component, one.failure_mode) == (two.component, two.failure_mode)
    return same and _same_machine(one, two)


def _same_machine(one: OrderFacts, two: OrderFacts) -> bool:
    return one.asset == two.asset and abs(two.opened_at - one.opened_at) <= WITHIN
