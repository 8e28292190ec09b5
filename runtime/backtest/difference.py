"""Two runs side by side: orders gained, lost, earlier, later, and of another type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from runtime.backtest.ledger import Order

WITHIN = timedelta(days=7)
"""Two orders on one machine that were opened closer than this may be about the same thing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same fault's order in two runs."""

    before: Order
    after: Order

    @property
    def later_by(self) -> timedelta:
        """How much later the second run opened it; negative where it was earlier."""
        return self.after.opened_at - self.before.opened_at


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second of two runs does otherwise. ``same`` pairs agree in time, component, failure mode and type."""

    gained: list[Order]
    lost: list[Order]
    changed: list[Pair]
    same: list[Pair]

    @property
    def earlier(self) -> list[Pair]:
        return [pair for pair in self.changed if pair.later_by < timedelta(0)]

    @property
    def later(self) -> list[Pair]:
        return [pair for pair in self.changed if pair.later_by > timedelta(0)]

    @property
    def none(self) -> bool:
        return not (self.gained or self.lost or self.changed)


def difference(before: Sequence[Order], after: Sequence[Order]) -> Difference:
    """Pair the orders of two runs: the same id first, then the same fault, then the same machine, the nearest first."""
    left, right = list(before), list(after)
    pairs: list[Pair] = []
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
    same: list[Pair] = []
    changed: list[Pair] = []
    for pair in pairs:
        (same if facts(pair.before) == facts(pair.after) else changed).append(pair)
    return Difference(right, left, changed, same)


def facts(order: Order) -> tuple[object, ...]:
    """What two runs have to agree on."""
    return (
        order.asset, order.component, order.failure_mode, order.type, order.opened_at, order.opened_as,
        order.duplicate_of is not None,
    )  # fmt: skip


def _same_id(one: Order, two: Order) -> bool:
    return one.id == two.id


def _same_fault(one: Order, two: Order) -> bool:
    same = (one.component, one.failure_mode) == (two.component, two.failure_mode)
    return same and _same_machine(one, two)


def _same_machine(one: Order, two: Order) -> bool:
    return one.asset == two.asset and abs(two.opened_at - one.opened_at) <= WITHIN
