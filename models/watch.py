"""One asset under watch: its detector, and the alarm on what the detector says.

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954): the alarm is a sum of surprise beyond an ordinary
amount, so that a great shift is told in a few frames, a small one once it has lasted, and noise never adds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from models.document import ModelDocument, ModelDocumentError
from models.level_shift import LevelShift, Look

__all__ = ["Anomaly", "AssetWatch", "Contribution", "ModelDocument", "ModelDocumentError"]

STATE_VERSION = 1
FULL = 1.1
"""The sum stops growing at so many times the patience: an alarm is over soon after its cause."""
RELIEF = 3.0
"""An ordinary frame takes so many times away from the sum what it is below the drift."""
DOUBT = 0.5
"""From this part of the patience on nothing is learned, until the sum has fallen again."""
GAP = 10
"""A time without frames of so many usual intervals is a gap: levels start afresh, alarms have to be raised again."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One signal's part in an anomaly.

    ``value`` is the signal's smoothed value; the usual range is what is expected at this operating point, three
    standard deviations to either side. Both in the signal's unit. The shares of an anomaly add up to 1.
    """

    signal: str
    value: float
    usual_low: float
    usual_high: float
    share: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """An alarm that is active.

    ``since_us`` is the event time from which on the surprise has added up, ``score`` how far: 0 ordinary, ``limit``
    where the alarm is raised, 1 full. Contributions come with the largest share first.
    """

    since_us: int
    score: float
    limit: float
    contributions: tuple[Contribution, ...]


class AssetWatch:
    """One asset's detector and the alarm on its score. Event time only; frames in the order of their time."""

    def __init__(self, document: ModelDocument) -> None:
        self.document = document
        self._detector = _detector(document)
        self._looks: dict[str, Look] = {}
        self._sum = 0.0
        self._active = False
        self._since_us = 0
        self._at_us: int | None = None
        self._pace_us = 0.0

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Score the frame, then learn from it when it is ordinary enough.

        Returns the anomaly on every frame while the alarm is active, None otherwise and while warming up.
        """
        self._mind_the_gap(at_us)
        pending = self._sum > DOUBT * self.document.patience
        looks = self._detector.score_learn_one(values, hold=pending or self._active)
        if looks:
            for look in looks:
                self._looks[look.signal] = look
            self._add(at_us, LevelShift.surprise(looks))
        return self._anomaly(looks) if self._active else None

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return the usual range of a signal's smoothed value at the operating point last seen; None until known."""
        look = self._looks.get(signal)
        return None if look is None else (look.expected - 3.0 * look.sigma, look.expected + 3.0 * look.sigma)

    def ready(self) -> bool:
        """Whether the warm-up is over."""
        return self._detector.ready()

    def score(self) -> float:
        """Return how far the surprise has added up: 0 ordinary, `Anomaly.limit` where the alarm is raised, 1 full."""
        return self._sum / (FULL * self.document.patience)

    def rebaseline(self) -> None:
        """Forget what is normal and learn it again, as after a repair."""
        self.__init__(self.document)  # type: ignore[misc]

    def state(self) -> object:
        """Return all that `restore` needs, of plain types; the same history gives the same state."""
        return [
            STATE_VERSION,
            self._detector.state(),
            [[q.signal, q.level, q.expected, q.sigma, q.surprise] for q in self._looks.values()],
            self._sum,
            self._active,
            self._since_us,
            self._at_us,
            self._pace_us,
        ]

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> AssetWatch:
        """Return a watch that goes on from a state, to the same scores bit for bit."""
        version, detector, looks, *rest = cast("list[Any]", state)
        if version != STATE_VERSION:
            raise ValueError(
                f"model {document.name!r}: its state has version {version}, this code reads {STATE_VERSION}"
            )
        watch = cls(document)
        watch._detector.resume_from(detector)
        watch._looks = {look[0]: Look(*look) for look in looks}
        watch._sum, watch._active, watch._since_us, watch._at_us, watch._pace_us = rest
        return watch

    def _mind_the_gap(self, at_us: int) -> None:
        if self._at_us is not None:
            step = at_us - self._at_us
            if self._pace_us and step > GAP * self._pace_us:
                self._detector.resume()
                self._sum = 0.0
                self._active = False
                self._looks.clear()
            elif step > 0:
                # Moves towards the median of the steps, whatever a few of them are.
                self._pace_us = self._pace_us * (1.05 if step > self._pace_us else 1 / 1.05) or float(step)
        self._at_us = at_us

    def _add(self, at_us: int, surprise: float) -> None:
        patience = self.document.patience
        if self._sum == 0.0:
            self._since_us = at_us
        beyond = surprise - self.document.drift
        self._sum = min(max(self._sum + (beyond if beyond > 0.0 else RELIEF * beyond), 0.0), FULL * patience)
        if self._sum >= patience:
            self._active = True
        elif self._sum == 0.0:
            self._active = False

    def _anomaly(self, looks: list[Look]) -> Anomaly:
        looks = looks or list(self._looks.values())
        total = sum(look.surprise * look.surprise for look in looks) or 1.0
        parts = [
            Contribution(
                signal=look.signal,
                value=look.level,
                usual_low=look.expected - 3.0 * look.sigma,
                usual_high=look.expected + 3.0 * look.sigma,
                share=look.surprise * look.surprise / total,
            )
            for look in sorted(looks, key=lambda look: (-look.surprise, look.signal))
        ]
        return Anomaly(self._since_us, self.score(), 1.0 / FULL, tuple(parts))


def _detector(document: ModelDocument) -> LevelShift:
    return LevelShift(
        warmup=document.warmup_frames,
        regime=document.regime,
        smoothing=document.smoothing,
        horizon=document.horizon_frames,
        memory=document.memory_frames,
    )
