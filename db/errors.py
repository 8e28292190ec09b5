"""The errors of query functions. Each carries its facts and one whole sentence with what to do."""

from collections.abc import Sequence
from uuid import UUID


class StoreError(Exception):
    """The store cannot return or will not accept something."""


class NotFound(StoreError):
    """Something does not exist."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"there is no {kind} {key}; the list of them shows which there are")
        self.kind, self.key = kind, key


class TechnicianUnknown(NotFound):
    """A site has no technician with this code; those with a similar code or name are suggested."""

    def __init__(self, code: str, alike: Sequence[str], there: Sequence[str]) -> None:
        meant = f"did you mean {' or '.join(alike)}?" if alike else f"choose one of {', '.join(there)}" if there else ""
        super().__init__("technician", code)
        self.args = (f"this site has no technician {code}; {meant or 'add its technicians first'}",)
        self.alike = tuple(alike)


class AlreadyExists(StoreError):
    """The name is taken."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"there is a {kind} {key} already; choose another code or change the one that is there")
        self.kind, self.key = kind, key


class Cycle(StoreError):
    """An asset cannot be upstream of itself, directly or through others."""

    def __init__(self, asset: str, parent: str) -> None:
        super().__init__(f"{asset} cannot stand behind {parent}: {parent} stands behind {asset}; choose one above it")
        self.asset, self.parent = asset, parent


class NothingOnTrial(StoreError):
    """A run in shadow has no document to try."""

    def __init__(self) -> None:
        super().__init__("nothing is on trial; give a rulebook, model documents or both")


class VersionConflict(StoreError):
    """Somebody else changed the order between reading and writing it."""

    def __init__(self, order_id: UUID, number: str, expected: int, actual: int) -> None:
        super().__init__(
            f"work order {number} has changed meanwhile (version {actual}, not {expected}); read it again, then decide"
        )
        self.order_id, self.number, self.expected, self.actual = order_id, number, expected, actual


class FaultHasOrder(StoreError):
    """An order of the engine cannot be reopened: its fault has another unfinished order by now."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"work order {number} cannot be opened again: its fault has another unfinished order by now; work on that"
        )
        self.number = number
