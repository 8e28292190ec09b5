"""When to buy, and how much. No clock, no I/O."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from workorder_core.inventory.quantities import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """An item's stock in a store, for reordering.

    Parameters
    ----------
    free
        On hand and not reserved.
    lacking
        The quantity that orders need, and that is neither issued nor reserved.
    reorder_point
        Below it more is bought; None: only for orders that lack parts.
    reorder_quantity
        It is bought in multiples of this; None: exactly the missing quantity.
    """

    free: Decimal
    lacking: Decimal = ZERO
    reorder_point: Decimal | None = None
    reorder_quantity: Decimal | None = None

    @property
    def position(self) -> Decimal:
        """The free quantity if every order had its parts; negative if orders lack some."""
        return self.free - self.lacking

    @property
    def is_low(self) -> bool:
        return self.position < (self.reorder_point or ZERO)


def proposal(level: Level) -> Decimal | None:
    """Return how much to buy so that the position is at the reorder point again; None while it is not below it."""
    if not level.is_low:
        return None
    gap = (level.reorder_point or ZERO) - level.position
    if level.reorder_quantity is None:
        return gap
    return (gap / level.reorder_quantity).to_integral_value(ROUND_CEILING) * level.reorder_quantity


def expected_on(today: date, lead_time_days: int | None) -> date | None:
    """Return when an item requested today arrives; None if its lead time is unknown."""
    return None if lead_time_days is None else today + timedelta(days=lead_time_days)
