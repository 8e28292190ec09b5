"""What history keeps of an order, in plain JSON, and the order that comes out of it when it is told again."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from workorder_core.orders.order import WorkOrder

_UNTOLD = frozenset({"id", "version", "status_since"})
"""Fields that every step changes or none does; history has them from its own order, time and row."""

_FIELDS = tuple(each.name for each in fields(WorkOrder) if each.name not in _UNTOLD)


class BrokenHistory(Exception):
    """A row of history begins from something that the rows before it did not lead to."""

    def __init__(self, row: int, field: str, told: object, found: object) -> None:
        super().__init__(f"row {row} of the history says that {field} was {told!r}, but it was {found!r}")
        self.row, self.field, self.told, self.found = row, field, told, found


def facts(order: WorkOrder) -> dict[str, Any]:
    """Return what history tells of an order, by field, as JSON has it."""
    return {name: plain(getattr(order, name)) for name in _FIELDS}


def beginning(order: WorkOrder) -> dict[str, Any]:
    """Return the facts of a new order; what is not known yet is left out."""
    return {name: value for name, value in facts(order).items() if value not in (None, [])}


def difference(before: WorkOrder, after: WorkOrder) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts that changed: as they were, and as they are."""
    old, new = facts(before), facts(after)
    changed = [name for name in _FIELDS if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def replay(rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the facts that come out of (old, new) rows from the beginning. Raises BrokenHistory.

    Names that are no field of an order tell of its comments, steps and links, and are passed over.
    """
    state: dict[str, Any] = {name: [] if name in _LISTS else None for name in _FIELDS}
    told = list(rows)
    # A row that tells the order's number tells all of the order: its beginning, or a taking over of one from before.
    first = max((place for place, (_, new) in enumerate(told) if "number" in new), default=0)
    for number, (old, new) in enumerate(told[first:], first + 1):
        for name, value in old.items():
            if name in state and number > first + 1 and state[name] != value:
                raise BrokenHistory(number, name, value, state[name])
        state |= {name: value for name, value in new.items() if name in state}
    return state


def plain(value: object) -> Any:
    """Return a value as JSON keeps it; times are UTC."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(each) for name, each in asdict(value).items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


_LISTS = frozenset({"other_skills", "required_certificates", "required_tools"})
