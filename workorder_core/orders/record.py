"""The history of an order, as plain JSON, and its replay."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from workorder_core.orders.order import WorkOrder

_NOT_RECORDED = frozenset({"id", "version", "status_since"})
"""Fields that every step changes or none does; history has them from its own order, time and row."""

_FIELDS = tuple(each.name for each in fields(WorkOrder) if each.name not in _NOT_RECORDED)


class BrokenHistory(Exception):
    """A row of history does not continue from the rows before it."""

    def __init__(self, row: int, field: str, told: object, found: object) -> None:
        super().__init__(f"row {row} of the history says that {field} was {told!r}, but it was {found!r}")
        self.row, self.field, self.told, self.found = row, field, told, found


def facts(order: WorkOrder) -> dict[str, Any]:
    """Return the recorded fields of an order, as JSON values."""
    return {name: plain(getattr(order, name)) for name in _FIELDS}


def beginning(order: WorkOrder) -> dict[str, Any]:
    """Return the facts of a new order; unknown ones are left out."""
    return {name: value for name, value in facts(order).items() if value not in (None, [])}


def difference(before: WorkOrder, after: WorkOrder) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts that changed: as they were, and as they are."""
    old, new = facts(before), facts(after)
    changed = [name for name in _FIELDS if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def replay(rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the facts that come out of (old, new) rows from the beginning. Raises BrokenHistory.

    Names that are not fields of an order are about its comments, steps and links, and are skipped.
    """
    state: dict[str, Any] = {name: [] if name in _LISTS else None for name in _FIELDS}
    recorded = list(rows)
    # A row with the order's number has all its fields: its creation, or its migration from an older version.
    first = max((index for index, (_, new) in enumerate(recorded) if "number" in new), default=0)
    for number, (old, new) in enumerate(recorded[first:], first + 1):
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
