"""Which orders the timetable gives to technicians by itself: by where they come from, and by type."""

from collections.abc import Iterable
from dataclasses import dataclass

from workorder_core.words import OrderType, Origin


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Orders of an origin, of one type or (None) of every type."""

    origin: Origin
    type: OrderType | None = None

    @classmethod
    def of(cls, text: str) -> "Dispatched":
        """Read ``engine`` or ``person:emergency``. Raises ValueError."""
        origin, colon, kind = text.strip().partition(":")
        if origin not in set(Origin) or (colon and kind not in set(OrderType)):
            raise ValueError(
                f"{text!r} names no orders: write {', '.join(Origin)}, "
                f"or one of them with a type ({', '.join(OrderType)}), like person:emergency"
            )
        return cls(Origin(origin), OrderType(kind) if colon else None)


BY_DEFAULT = (Dispatched(Origin.ENGINE),)
"""Orders that planners make are left to planners."""


def kinds(chosen: Iterable[Dispatched]) -> list[str]:
    """Return every ``origin:type`` that is dispatched."""
    return sorted({f"{each.origin}:{kind}" for each in chosen for kind in ([each.type] if each.type else OrderType)})
