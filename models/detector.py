"""The interface of an asset's detector. The laws that each must pass are in `tests/models/laws.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self, cast

from models.alarm import Anomaly
from models.document import ModelDocument
from models.residuals import Residual


class Detector(Protocol):
    """One asset's detector with the alarm on its score. Event time only; frames in the order of their time.

    Times are in microseconds. A signal may be missing from a frame, or be NaN. No frame is changed.
    """

    document: ModelDocument

    def __init__(self, document: ModelDocument) -> None: ...

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Score the frame, then learn from it when it is ordinary enough.

        Returns the anomaly on every frame while the alarm is active, None otherwise and while warming up.
        """
        ...

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return the usual range of a signal at the operating point last seen, in its unit; None until known."""
        ...

    def ready(self) -> bool:
        """Return whether the warm-up is over."""
        ...

    def score(self) -> float:
        """Return how unusual the newest frames are: 0 ordinary, `Anomaly.limit` where the alarm is raised, 1 full."""
        ...

    def regime_value(self) -> float | None:
        """Return the accepted value of the first regime signal in the newest frame; None without one."""
        ...

    def rebaseline(self) -> None:
        """Forget what is normal and learn it again, as after a repair."""
        ...

    def residuals(self) -> Mapping[str, Residual]:
        """Return the residual of each signal that could be judged in the newest frame."""
        ...

    def anomaly(self) -> Anomaly:
        """Return the anomaly of the newest frame, whether the alarm is active or not."""
        ...

    def state(self) -> object:
        """Return all that `restore` needs, of plain types; the same history gives the same state."""
        ...

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> Self:
        """Return a detector that continues from a state, with the same scores bit for bit. Raises ValueError."""
        ...


def opened(document: ModelDocument, state: object, version: int) -> list[Any]:
    """Return the parts of a state after its version. Raises ValueError where the code reads another version."""
    found, *rest = cast("list[Any]", state)
    if found != version:
        raise ValueError(f"model {document.name!r}: its state has version {found}, this code reads {version}")
    return rest
