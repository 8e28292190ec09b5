"""One asset under watch: its detector, and the alarm on what the detector says.

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954): the alarm is a sum of evidence, half the square of
the surprise, beyond an ordinary amount, so that a great shift is told in a few frames, a small one once it lasts, and
noise never adds up. It is over once nothing is left that surprises half as much as the worst of it did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models import kernel
from models.alarm import Anomaly, Contribution
from models.course import Look
from models.detector import Detector, opened
from models.document import ModelDocument, ModelDocumentError
from models.frame import Row
from models.kernel import Numbers, Shape
from models.named import estimators
from models.named.drift_watch import DriftWatch
from models.named.estimators import Kind
from models.named.named_watch import NamedWatch
from models.parameters import Parameters

__all__ = ["Anomaly", "AssetWatch", "Contribution", "ModelDocument", "ModelDocumentError", "begin", "go_on"]

STATE_VERSION = 7
ROOM_FROM = 16
"""From so many signals on rows are made with room for half as many more, so that they are not made anew for each."""


class AssetWatch:
    """One asset's detector and the alarm on its score. Event time only; frames in the order of their time.

    The arithmetic is compiled, see `models.kernel`; here a signal gets its place in the rows when it is first seen.
    """

    def __init__(self, document: ModelDocument) -> None:
        self.document = document
        like = _detector(document)
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
        if not (isinstance(values, Row) and self._takes_over(values)):
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
        """Whether the warm-up of any signal is over."""
        places = (kernel.counts_of_signal(self._shape, slot) for slot in self._slots.values())
        return any(self._counts[place + kernel.JUDGED] for place in places)

    def score(self) -> float:
        """Return how far the surprise has added up: 0 ordinary, `Anomaly.limit` where the alarm is raised, 1 full."""
        return float(self._numbers[self._sum_at] / (kernel.FULL * self.document.patience))

    def regime_value(self) -> float | None:
        """Return what is believed of the newest frame's first regime signal that has a value; None without one."""
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
    def restore(cls, document: ModelDocument, state: object) -> AssetWatch:
        """Return a watch that goes on from a state, to the same scores bit for bit."""
        signals, room, numbers, counts, samples = opened(document, state, STATE_VERSION)
        watch = cls(document)
        watch._lay_out(tuple(signals), room)
        for name, kept, kind in (
            ("_numbers", numbers, "<f8"),
            ("_counts", counts, "<i8"),
            ("_samples", samples, "<f8"),
        ):
            if kept:
                row = np.frombuffer(kept, dtype=kind)
                if row.shape != getattr(watch, name).shape:
                    raise ValueError(f"model {document.name!r}: its state is of another shape")
                getattr(watch, name)[:] = row
        return watch

    def _filled(self, values: Mapping[str, float]) -> Numbers:
        """Return the row of the values, those of the regime in theirs; what has not been seen before gets its slot."""
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

    def _takes_over(self, values: Row) -> bool:
        """Fill our row from another; whether it has nothing that ours has no slot for."""
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
        """Make empty rows for these signals, and room for so many."""
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
        """Make room for signals that have not been seen before."""
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

    def looks(self) -> dict[str, Look]:
        """Return how each signal of the newest frame that could be judged stands to what was expected of it."""
        found = {}
        for signal, slot in self._slots.items():
            if self._looked(slot) == 2:
                block = kernel.row_of_signal(self._shape, slot) + kernel.LOOK_LEVEL
                found[signal] = Look(*self._numbers[block : block + 3].tolist())
        return found

    def anomaly(self) -> Anomaly:
        """Return what there is to be told of the newest frame, whether its alarm is active or not."""
        now = [signal for signal, slot in self._slots.items() if self._looked(slot) == 2]
        seen = now or [signal for signal, slot in self._slots.items() if self._looked(slot)]
        looks = {}
        for signal in seen:
            block = kernel.row_of_signal(self._shape, self._slots[signal]) + kernel.LOOK_LEVEL
            looks[signal] = self._numbers[block : block + 4].tolist()
        total = sum(surprise * surprise for *_, surprise in looks.values()) or 1.0
        parts = [
            Contribution(
                signal=signal,
                value=level,
                usual_low=expected - 3.0 * sigma,
                usual_high=expected + 3.0 * sigma,
                share=surprise * surprise / total,
            )
            for signal, (level, expected, sigma, surprise) in sorted(
                looks.items(), key=lambda item: (-item[1][3], item[0])
            )
        ]
        since = int(self._counts[kernel.SINCE])
        return Anomaly(since, self.score(), 1.0 / kernel.FULL, tuple(parts))


def _detector(document: ModelDocument) -> Parameters:
    return Parameters(
        warmup=document.warmup_frames,
        regime=document.regime,
        smoothing=document.smoothing,
        horizon=document.horizon_frames,
        memory=document.memory_frames,
    )


def begin(document: ModelDocument) -> Detector:
    """Return a new detector as the document asks for it. Raises NoSuchEstimator."""
    return _kind(document)(document)


def go_on(document: ModelDocument, state: object) -> Detector:
    """Return a detector that goes on from a state, to the same scores bit for bit. Raises ValueError where it can't."""
    return _kind(document).restore(document, state)


def _kind(document: ModelDocument) -> type[Detector]:
    if not document.estimator:
        return AssetWatch
    made = estimators.make(document.estimator, document.parameters)
    return DriftWatch if made.kind is Kind.DRIFTS else NamedWatch
