"""The errors of query functions. Each carries its facts and one whole sentence with what to do."""

from collections.abc import Sequence
from uuid import UUID

from workorder_core.sentences import coded, joined, say


class StoreError(Exception):
    """The store cannot return or will not accept something."""


class NotFound(StoreError):
    """Something does not exist."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(say("there is no {kind} {key}; the list shows which exist", kind=coded(kind), key=key))
        self.kind, self.key = kind, key


class TechnicianUnknown(NotFound):
    """A site has no technician with this code; those with a similar code or name are suggested."""

    def __init__(self, code: str, alike: Sequence[str], there: Sequence[str]) -> None:
        meant: str = say("add its technicians first")
        if alike:
            meant = say("did you mean {alike}?", alike=joined(alike, say(" or ")))
        elif there:
            meant = say("choose one of {there}", there=joined(there))
        super().__init__("technician", code)
        self.args = (say("this site has no technician {code}; {meant}", code=code, meant=meant),)
        self.alike = tuple(alike)


class AlreadyExists(StoreError):
    """The name is taken."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(
            say(
                "there is a {kind} {key} already; choose another code or change the existing one",
                kind=coded(kind),
                key=key,
            )
        )
        self.kind, self.key = kind, key


class Cycle(StoreError):
    """An asset cannot be upstream of itself, directly or through others."""

    def __init__(self, asset: str, parent: str) -> None:
        super().__init__(
            say(
                "{asset} cannot be downstream of {parent}: {parent} is downstream of {asset}; choose "
                "another upstream asset",
                asset=asset,
                parent=parent,
            )
        )
        self.asset, self.parent = asset, parent


class NothingOnTrial(StoreError):
    """A run in shadow has no document to try."""

    def __init__(self) -> None:
        super().__init__(say("there is nothing to try; give a rulebook, model documents or both"))


class VersionConflict(StoreError):
    """Somebody else changed the order between reading and writing it."""

    def __init__(self, order_id: UUID, number: str, expected: int, actual: int) -> None:
        super().__init__(
            say(
                "work order {number} has changed meanwhile (version {actual}, not {expected}); read it "
                "again, then decide",
                number=number,
                actual=actual,
                expected=expected,
            )
        )
        self.order_id, self.number, self.expected, self.actual = order_id, number, expected, actual


class FaultHasOrder(StoreError):
    """An order of the engine cannot be reopened: its fault has another unfinished order by now."""

    def __init__(self, number: str) -> None:
        super().__init__(
            say(
                "work order {number} cannot be reopened: its fault has another unfinished order by now; use that one",
                number=number,
            )
        )
        self.number = number
