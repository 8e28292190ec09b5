"""Quantities of stock: exact decimals in an item's own unit, and other units as multiples of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from workorder_core.inventory.errors import InvalidQuantity, UnknownUnit

ZERO = Decimal(0)
SMALLEST = Decimal("0.001")
MOST = Decimal(1_000_000_000)
"""The largest quantity of one item at once; the database's columns have room for more."""


def rounded(quantity: Decimal) -> Decimal:
    """Round a quantity half up to a thousandth of its unit, as stock is stored.

    >>> rounded(Decimal("0.0005"))
    Decimal('0.001')
    """
    return quantity.quantize(SMALLEST, rounding=ROUND_HALF_UP)


def of_number(number: float | Decimal) -> Decimal:
    """Return a number as the decimal that is written: 0.1 is exactly a tenth."""
    return rounded(Decimal(str(number)))


@dataclass(frozen=True, slots=True)
class Units:
    """The units of an item: its own, and by name the other units as multiples of it: ``{"box": Decimal(12)}``."""

    own: str
    others: Mapping[str, Decimal] = field(default_factory=dict)

    def in_own(self, quantity: Decimal, unit: str | None = None) -> Decimal:
        """Return a quantity in the item's own unit; ``unit`` None means that one. Raises UnknownUnit, and
        InvalidQuantity for a quantity that is not positive, is too large or rounds to zero.

        >>> Units("pcs", {"box": Decimal(12)}).in_own(Decimal(2), "box")
        Decimal('24.000')
        """
        if unit is None or unit == self.own:
            factor = Decimal(1)
        elif unit in self.others:
            factor = self.others[unit]
        else:
            raise UnknownUnit(unit, (self.own, *self.others))
        if not quantity.is_finite() or not ZERO < quantity <= MOST:
            raise InvalidQuantity(quantity, MOST)
        exact = rounded(quantity * factor)
        if not ZERO < exact <= MOST:
            raise InvalidQuantity(quantity, MOST)
        return exact
