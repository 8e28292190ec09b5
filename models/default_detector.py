"""The default detector of an asset, with the alarm on its score.

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954): the alarm is a sum of evidence, half the square of
the surprise, beyond an ordinary amount, so that a large shift is found in a few frames, a small one once it lasts, and
noise never adds up. It ends once nothing is left that surprises half as much as the worst of it did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models import kernel
from models.alarm import Anomaly, Contribution
from models.detector import Detector, opened
from models.document import ModelDocument, ModelDocumentError
from models.frame import Row
from models.kernel import Numbers, Shape
from models.named import estimators
from models.named.drift_detector import DriftDetector
from models.named.estimators import Kind
from models.named.named_detector import NamedDetector
from models.parameters import Parameters
from models.residuals import Residual

__all__ = ["Anomaly", "Contribution", "DefaultDetector", "ModelDocument", "ModelDocumentError", "begin", "restore"]

STATE_VERSION = 7
ROOM_FROM = 16
"""From this many signals on, rows get capacity for half as many more, so that they are not reallocated for each."""


class DefaultDetector:
    """One asset's detector and the alarm on its score. Event time only; frames in the order of their time.

    The arithmetic is compiled, see `models.kernel`; here a signal gets its slot in the rows when it is first seen.
    """

    def __init__(self, document: ModelDocument) -> None:
        self.document = document
        like = _parameters(document)
        self._parameters = kernel.parameters(like, document.drift, document.patience)
        self._needed = -(-like.warmup // like.spacing)
        self._slots: dict[str, int] = {}
        self._places: Mapping[str, int] | None
        self._from: npt.NDArray[np.int64] | None
        self._others: npt.NDArray[np.int64]
        self._regime_slots = {signal: i for i, signal in enumerate(like.regime)}
        self._regime = np.empty(len(like.regime))
        self._lay_out(())
        kernel.begin(self._numbers, self._counts)

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Score the frame, then learn from it when it is ordinary enough.

        Returns the anomaly on every frame while the alarm is active, None otherwise and while warming up.
        """
        row, regime = self._values, self._regime
        if not (isinstance(values, Row) and self._copies_row(values)):
            row = self._filled(values)
        shape = self._shape
        active = kernel.judge(
            self._numbers,
            self._counts,
            self._samples,
            self._parameters,
            shape.signals,
            shape.regimes,
            at_us,
            row,
            regime,
        )
        return self.anomaly() if active else None

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return the usual range of a signal's smoothed value at the operating point last seen; None until known."""
        slot = self._slots.get(signal)
        if slot is None or not self._looked(slot):
            return None
        block = kernel.row_of_signal(self._shape, slot)
        expected, sigma = self._numbers[block + kernel.LOOK_EXPECTED], self._numbers[block + kernel.LOOK_SIGMA]
        return float(expected - 3.0 * sigma), float(expected + 3.0 * sigma)

    def ready(self) -> bool:
        """Return whether the warm-up of any signal is over."""
        places = (kernel.counts_of_signal(self._shape, slot) for slot in self._slots.values())
        return any(self._counts[place + kernel.JUDGED] for place in places)

    def score(self) -> float:
        """Return how far the surprise has added up: 0 ordinary, `Anomaly.limit` where the alarm is raised, 1 full."""
        return float(self._numbers[self._sum_at] / (kernel.FULL * self.document.patience))

    def regime_value(self) -> float | None:
        """Return the accepted value of the first regime signal in the newest frame; None without one."""
        return next((value for value in self._regime.tolist() if not math.isnan(value)), None)

    def rebaseline(self) -> None:
        """Forget what is normal and learn it again, as after a repair."""
        self.__init__(self.document)  # type: ignore[misc]

    def state(self) -> object:
        """Return all that `restore` needs, of plain types; the same history gives the same state."""
        samples = self._samples.astype("<f8").tobytes() if self._samples.any() else b""
        return [
            STATE_VERSION,
            list(self._slots),
            self._shape.signals,
            self._numbers.astype("<f8").tobytes(),
            self._counts.astype("<i8").tobytes(),
            samples,
        ]

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> DefaultDetector:
        """Return a detector that continues from a state, with the same scores bit for bit."""
        signals, room, numbers, counts, samples = opened(document, state, STATE_VERSION)
        detector = cls(document)
        detector._lay_out(tuple(signals), room)
        for name, kept, kind in (
            ("_numbers", numbers, "<f8"),
            ("_counts", counts, "<i8"),
            ("_samples", samples, "<f8"),
        ):
            if kept:
                row = np.frombuffer(kept, dtype=kind)
                if row.shape != getattr(detector, name).shape:
                    raise ValueError(f"model {document.name!r}: its state has another shape")
                getattr(detector, name)[:] = row
        return detector

    def _filled(self, values: Mapping[str, float]) -> Numbers:
        """Fill the rows of signals and of regime signals from a frame; a signal that is new gets its slot."""
        if not values.keys() <= self._known:
            self._meet(values)
        row, regime = self._values, self._regime
        if len(values) < len(self._known):
            row.fill(np.nan)
            regime.fill(np.nan)
        for signal, value in values.items():
            slot = self._slots.get(signal)
            if slot is not None:
                row[slot] = value
            else:
                regime[self._regime_slots[signal]] = value
        return row

    def _copies_row(self, values: Row) -> bool:
        """Copy a row into ours. Returns False if it has a value that ours has no slot for."""
        places = values.places
        if places is not self._places:
            self._places = places
            self._from = None
            if self._slots and not self._regime_slots and self._slots.keys() <= places.keys():
                self._from = np.array([places[signal] for signal in self._slots])
                self._others = np.array([place for signal, place in places.items() if signal not in self._slots])
        if self._from is None or (len(self._others) and not np.isnan(values.numbers[self._others]).all()):
            return False
        np.take(values.numbers, self._from, out=self._values[: len(self._slots)])
        return True

    def _lay_out(self, signals: tuple[str, ...], room: int = 0) -> None:
        """Allocate empty rows for these signals, with capacity for ``room``."""
        self._shape = Shape(max(room, len(signals)), len(self._regime), self._needed)
        self._numbers = np.zeros(self._shape.numbers)
        self._sum_at = int(kernel.sum_place(self._shape))
        self._counts = np.zeros(self._shape.counts, dtype=np.int64)
        self._samples = np.zeros(self._shape.samples)
        self._values = np.full(self._shape.signals, np.nan)
        self._name(signals)

    def _name(self, signals: tuple[str, ...]) -> None:
        """Give the signals their slots."""
        self._slots = {signal: slot for slot, signal in enumerate(signals)}
        self._places, self._from = None, None
        self._known = self._slots.keys() | self._regime_slots.keys()

    def _meet(self, values: Mapping[str, float]) -> None:
        """Add slots for signals that have not been seen before."""
        signals = (*self._slots, *[signal for signal in values if signal not in self._known])
        if len(signals) <= self._shape.signals:
            self._name(signals)
            return
        old_shape, old = self._shape, (self._numbers, self._counts, self._samples)
        room = len(signals) + len(signals) // 2 if self._slots and len(signals) > ROOM_FROM else 0
        self._lay_out(signals, room)
        kernel.move(old_shape, old, self._shape, (self._numbers, self._counts, self._samples))

    def _looked(self, slot: int) -> int:
        return int(self._counts[kernel.counts_of_signal(self._shape, slot) + kernel.LOOKED])

    def residuals(self) -> dict[str, Residual]:
        """Return the residual of each signal that could be judged in the newest frame."""
        found = {}
        for signal, slot in self._slots.items():
            if self._looked(slot) == 2:
                block = kernel.row_of_signal(self._shape, slot) + kernel.LOOK_LEVEL
                found[signal] = Residual(*self._numbers[block : block + 3].tolist())
        return found

    def anomaly(self) -> Anomaly:
        """Return the anomaly of the newest frame, whether its alarm is active or not."""
        now = [signal for signal, slot in self._slots.items() if self._looked(slot) == 2]
        seen = now or [signal for signal, slot in self._slots.items() if self._looked(slot)]
        residuals = {}
        for signal in seen:
            block = kernel.row_of_signal(self._shape, self._slots[signal]) + kernel.LOOK_LEVEL
            residuals[signal] = self._numbers[block : block + 4].tolist()
        total = sum(surprise * surprise for *_, surprise in residuals.values()) or 1.0
        parts = [
            Contribution(
                signal=signal,
                value=level,
                usual_low=expected - 3.0 * sigma,
                usual_high=expected + 3.0 * sigma,
                share=surprise * surprise / total,
            )
            for signal, (level, expected, sigma, surprise) in sorted(
                residuals.items(), key=lambda item: (-item[1][3], item[0])
            )
        ]
        since = int(self._counts[kernel.SINCE])
        return Anomaly(since, self.score(), 1.0 / kernel.FULL, tuple(parts))


def _parameters(document: ModelDocument) -> Parameters:
    return Parameters(
        warmup=document.warmup_frames,
        regime=document.regime,
        smoothing=document.smoothing,
        horizon=document.horizon_frames,
        memory=document.memory_frames,
    )


def begin(document: ModelDocument) -> Detector:
    """Return a new detector of the kind that the document names. Raises NoSuchEstimator."""
    return _kind(document)(document)


def restore(document: ModelDocument, state: object) -> Detector:
    """Return a detector that continues from a state, bit for bit. Raises ValueError where it can't."""
    return _kind(document).restore(document, state)


def _kind(document: ModelDocument) -> type[Detector]:
    if not document.estimator:
        return DefaultDetector
    made = estimators.make(document.estimator, document.parameters)
    return DriftDetector if made.kind is Kind.DRIFTS else NamedDetector
