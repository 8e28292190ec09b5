"""The lane: judges a batch's ordinary readings as columns, with tables of the whole plant. No I/O, no clock.

Nearly every reading is newer than the last one of its signal, within its limits, and only waits for its frame. For
those, one object per reading is most of the cost. The lane keeps the state needed to judge them as rows of tables, has
the effect of `AssetJudge` and `arrivals.arrange`, and leaves the rest to them: an asset with anything else in a batch
leaves the lane with all that was learned of it, and returns once it is ordinary again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ingest.border import Bounds
from ingest.messages import Message
from judge.asset import operating
from judge.asset.asset_judge import AssetJudge
from judge.columns import Columns
from judge.known import Known, KnownAsset
from judge.lane import lane_kernel
from judge.lane.lane_kernel import (
    ASSET,
    BAD,
    BEFORE,
    COUNT,
    FIRST,
    HEARD,
    HELD,
    HIGHER,
    ID,
    IN_ROUND,
    LARGEST,
    LAST,
    LEAST_HIGHER,
    LOOK,
    MARK,
    NEWEST,
    NONE,
    NUMBERS,
    OPEN,
    ROUND,
    SEEN,
    SIGNAL,
    SINCE,
    STEP,
    TOUCHED,
    VALUE,
)
from judge.lane.ordinary import ForModel, Ordinary, Said, Whole
from judge.lane.read_kernel import NOT_READ
from judge.lane.reader import Reader, with_room
from models.frame import Row as FrameRow
from rules.ruleset import Bands
from rules.threshold import NORMAL, Condition
from workorder_core.plant.seen import Seen
from workorder_core.plant.signals import BEYOND

RELAID_MOST = 4_000
"""Rows that an asset may abandon because its signals change; after that it stays off the lane."""
OWN_TOPIC = "plantwright/v1/"
"""Prefix of an asset's key: the only topic of it that the lane reads."""
_ROOM = 1_024
"""Initial rows of a table; it doubles."""


class Row(NamedTuple):
    """An asset's row index (``place``), its signals' names in order and their first row, and the keys of their limits'
    conditions, by signal.
    """

    asset: AssetJudge
    place: int
    names: tuple[str, ...]
    first: int
    bands: tuple[tuple[str, ...], ...]


class Lane:
    """The tables of the assets that are ordinary now.

    Parameters
    ----------
    on
        Those assets, by ``<site>/<asset>``: the state in `AssetJudge` is out of date until they leave.
    closed
        No more assets enter, and nothing is read.
    mixed
        Assets that also appear in messages on other topics. They are kept off the lane: they would leave it with every
        batch.
    """

    def __init__(self, catalogue: Known) -> None:
        self.catalogue = catalogue
        self.on: dict[str, Row] = {}
        self.closed = False
        self._bound: frozenset[str] = frozenset()
        self.mixed: set[str] = set()
        self._places: dict[str, Row] = {}
        self._relaid: dict[str, int] = {}
        self._topics: dict[str, int] = {}
        self._keys: list[str] = []
        self.reader = Reader()
        self._assets = np.zeros((_ROOM, ASSET), dtype=np.int64)
        self._signals = np.zeros((_ROOM, SIGNAL), dtype=np.int64)
        self._numbers = np.zeros((_ROOM, NUMBERS))
        self._signals_used = 0

    def agree(self, catalogue: Known, bound: frozenset[str]) -> None:
        """Adopt another catalogue, or another set of assets bound to devices."""
        if catalogue is not self.catalogue or bound != self._bound:
            self.clear()
            self.catalogue, self._bound = catalogue, bound

    def read(self, batch: Sequence[Message]) -> Said:
        """Read a batch's plain values of known signals of assets on the lane. Nothing is applied yet."""
        if not batch or self.closed:
            return Said(None, range(len(batch)), ())
        places = [self._topics.get(message.topic, NOT_READ) for message in batch]
        found = self.reader.read(batch, places, self._assets)
        is_fine = found.counts != NOT_READ
        rest: Sequence[int] = ()
        spoiled: list[int] = []
        if not is_fine.all():
            rest = np.flatnonzero(~is_fine).tolist()
            spoiled = [places[number] for number in rest if places[number] != NOT_READ]
            if len(rest) == len(batch):
                return Said(None, rest, spoiled)
        which = np.flatnonzero(is_fine)
        begin = np.zeros(len(which) + 1, dtype=np.int64)
        np.cumsum(found.counts[which], out=begin[1:])
        received = np.fromiter([message.received_us for message in batch], np.int64, len(batch))
        of_frame = np.array(places, dtype=np.int64)
        ordinary = Ordinary(
            which, of_frame[which], found.at_us[which], received[which], begin, found.rows, found.values
        )
        return Said(ordinary, rest, spoiled)

    def sift(self, said: Said, bounds: Bounds, others: Iterable[str]) -> tuple[Ordinary | None, list[int]]:
        """Return what the lane judges, and the indexes of the messages that the fold has to judge: all messages of each
        asset with anything out of the ordinary, or among the ``others``.
        """
        ordinary = said.ordinary
        if ordinary is None:
            return None, []
        bad = np.zeros(len(ordinary), dtype=np.bool_)
        spoiled = [*said.spoiled, *(self.on[key].place for key in others if key in self.on)]
        self._assets[spoiled, BAD] = 1
        count = lane_kernel.sift(
            self._assets, self._signals, self._numbers, ordinary.of_frame, ordinary.at_us, ordinary.received_us,
            ordinary.begin, ordinary.of_reading, ordinary.values, bounds.oldest_us, bounds.skew_us, bad,
        )  # fmt: skip
        self._assets[spoiled, BAD] = 0
        if not count:
            return ordinary, []
        back = ordinary.of_message[bad].tolist()
        return None if count == len(ordinary) else ordinary.only(~bad), back

    def apply(self, ordinary: Ordinary, arrival: Whole) -> tuple[Columns, list[ForModel]]:
        """Apply the frames, as the inputs of those numbers. Return their readings, and the frames for the models."""
        frames = len(ordinary)
        closed = np.empty((frames, 4), dtype=np.int64)
        room = int((self._assets[ordinary.of_frame, COUNT] * (self._assets[ordinary.of_frame, STEP] > 0)).sum())
        gathered = np.empty(room)
        count = lane_kernel.apply(
            self._assets, self._signals, self._numbers, ordinary.of_frame, ordinary.at_us, ordinary.begin,
            ordinary.of_reading, ordinary.values, closed, gathered,
        )  # fmt: skip
        for_models = []
        closed = closed[:count]
        keys, starts = self._keys, ordinary.begin.tolist()
        whole = self._as_they_lie(ordinary) if (closed[:, 3] < 0).any() else []
        completed_by = arrival[closed[:, 1]].tolist()
        for number, (place, frame, at_us, begins) in zip(completed_by, closed.tolist(), strict=True):
            key = keys[place]
            names = self.reader.names(place)
            values: Mapping[str, float]
            if begins >= 0:
                values = FrameRow(names, gathered[begins : begins + len(names)])
            elif whole[frame]:
                values = FrameRow(names, ordinary.values[starts[frame] : starts[frame + 1]])
            else:
                values = self._some_values(ordinary, place, frame)
            for_models.append(ForModel(key, number, at_us, values))
        of_reading, observed, received = ordinary.of_reading, ordinary.at_us, ordinary.received_us
        if len(of_reading) > frames:
            counts = np.diff(ordinary.begin)
            observed, received, arrival = (np.repeat(each, counts) for each in (observed, received, arrival))
        late = np.zeros(len(of_reading), dtype=np.bool_)
        columns = Columns(self._signals[of_reading, ID], observed, received, arrival, ordinary.values, late)
        return columns, for_models

    def _as_they_lie(self, ordinary: Ordinary) -> list[bool]:
        """Return which frames have all signals of their asset, in row order."""
        counts, first = np.diff(ordinary.begin), self._assets[ordinary.of_frame, FIRST]
        right = ordinary.of_reading - np.repeat(first, counts) == np.arange(len(ordinary.of_reading)) - np.repeat(
            ordinary.begin[:-1], counts
        )
        complete = counts == self._assets[ordinary.of_frame, COUNT]
        return list((complete & np.logical_and.reduceat(right, ordinary.begin[:-1])).tolist())

    def _some_values(self, ordinary: Ordinary, place: int, frame: int) -> dict[str, float]:
        """Return a frame's values, in the order of their signals' names."""
        part, first = slice(*ordinary.begin[frame : frame + 2]), int(self._assets[place, FIRST])
        found = zip(ordinary.of_reading[part].tolist(), ordinary.values[part].tolist(), strict=True)
        names = list(self.reader.names(place))
        return {names[row - first]: value for row, value in sorted(found)}

    def enter(self, asset: AssetJudge | None) -> None:
        """Put an asset on the lane if the tables can express all that its judging needs."""
        known = None if asset is None else self.catalogue.assets.get(asset.key)
        bands = None if asset is None or known is None else self._bands(asset, known)
        if self.closed or asset is None or known is None or bands is None or asset.watermark_us is None:
            return
        limits, gathering, newest, rule = asset.limits, asset.gathering, self.catalogue.newest, asset.state_rule
        names = tuple(bands)
        row = self._row(asset, names, tuple(tuple(key for key, _, _ in found) for found in bands.values()))
        opened = NONE if gathering.start_us is None else gathering.start_us
        in_round = gathering.values if gathering.start_us is not None else {}
        mark, step, hold = asset.watermark_us, gathering.step_us, gathering.hold_us
        gap, look = 0 if rule is None else rule.max_gap_us, limits.look_again_us
        self._assets[row.place] = (
            mark, mark, step, hold, opened, gathering.last_us, 1, row.first, len(names), gap, look, 0,
        )  # fmt: skip
        whole: list[tuple[int, ...]] = []
        numbers: list[tuple[float, ...]] = []
        for name, found in bands.items():
            signal = known.signals[name]
            heard = max((limits.conditions.get(key, NORMAL).last or NONE for key, _, _ in found), default=NONE)
            at, value, before = gathering.held.get(name, (NONE, 0.0, 0.0))
            seen = asset.seen.get(name) or Seen()
            whole.append((
                signal, newest[signal], newest[signal], heard, at, int(name in in_round), 0,
                seen.count, seen.higher, seen.since,
            ))  # fmt: skip
            low = max((low for _, low, _ in found), default=-math.inf)
            high = min((high for _, _, high in found), default=math.inf)
            far = BEYOND if name in known.states else min(seen.bound, BEYOND)
            least, most = known.plausible.get(name, (-far, far))
            low, high = max(low, least), min(high, most)
            if rule is not None and name == rule.signal:
                low = max(low, rule.stopped_below)
            numbers.append((low, high, in_round.get(name, value), seen.largest, seen.least_higher, before))
        if names:
            self._signals[row.first : row.first + len(names)] = whole
            self._numbers[row.first : row.first + len(names)] = numbers
        self.on[asset.key] = row
        self._topics[OWN_TOPIC + asset.key] = row.place

    def _bands(self, asset: AssetJudge, known: KnownAsset) -> dict[str, Bands] | None:
        """Return the bands of all its signals, in the order of their names; None where it cannot be on the lane."""
        key, limits, gathering, newest = asset.key, asset.limits, asset.gathering, self.catalogue.newest
        if key in self.on or key in self._bound or key in self.mixed or known.aliases or not operating.steady(asset):
            return None
        if any(condition.active for condition in limits.conditions.values()):
            return None
        if self._relaid.get(key, 0) > RELAID_MOST:
            return None
        names = sorted(name for name, signal in known.signals.items() if signal in newest)
        if not gathering.values.keys() <= set(names) >= gathering.held.keys():
            return None
        found = {name: limits.rules.plain_bands(name, asset.state.state) for name in names}
        return None if None in found.values() else {name: each for name, each in found.items() if each is not None}

    def exclude_mixed(self, keys: Iterable[str]) -> None:
        """Keep assets off the lane that appear in messages on topics other than their own."""
        self.mixed.update(keys)

    def tick(self) -> None:
        """Apply frames that the assets' judges have closed at a tick."""
        for key, row in list(self.on.items()):
            limits = row.asset.limits
            self._assets[row.place, LOOK] = limits.look_again_us
            if row.asset.gathering.start_us is None:
                self._assets[row.place, OPEN] = NONE
            if limits.rules.stale and any(condition.active for condition in limits.conditions.values()):
                self.leave(key)

    def leave(self, key: str | None) -> None:
        """Remove an asset from the lane and write its state back; all assets for None."""
        for each in [key] if key is not None else list(self.on):
            row = self.on.pop(each, None)
            if row is not None:
                del self._topics[OWN_TOPIC + each]
                self._settle(row)

    def clear(self) -> None:
        """Remove all assets from the lane, and forget the tables' layout."""
        self.leave(None)
        self._places.clear()
        self._relaid.clear()
        self._keys.clear()
        self.reader.clear()
        self._signals_used = 0

    def settle(self) -> None:
        """Write every asset's state back; the assets stay on the lane."""
        for row in self.on.values():
            self._settle(row)

    def _settle(self, row: Row) -> None:
        asset, of_asset = row.asset, self._assets[row.place].tolist()
        end = row.first + of_asset[COUNT]
        signals, numbers = self._signals[row.first : end], self._numbers[row.first : end]
        values = numbers[:, VALUE].tolist()
        touched = np.flatnonzero(signals[:, TOUCHED]).tolist()
        if not touched:
            return
        names, whole, gathering = row.names, signals.tolist(), asset.gathering
        asset.advance_watermark(of_asset[MARK])
        asset.limits.quiet_since_us = None
        gathering.start_us = None if of_asset[OPEN] == NONE else of_asset[OPEN]
        gathering.last_us = of_asset[LAST]
        gathering.quiet_since_us = None
        gathering.values = {
            name: value
            for name, value, of_signal in zip(names, values, whole, strict=True)
            if gathering.start_us is not None and of_signal[IN_ROUND] == of_asset[ROUND]
        }
        for i in touched:
            at_us, newest = whole[i][HEARD], whole[i][NEWEST]
            asset.seen[names[i]] = Seen(
                whole[i][SEEN],
                float(numbers[i, LARGEST]),
                whole[i][HIGHER],
                float(numbers[i, LEAST_HIGHER]),
                whole[i][SINCE],
            )
            self.catalogue.newest[whole[i][ID]] = asset.newest[names[i]] = newest
            if asset.limits.rules.stale:
                asset.limits.heard[names[i]] = at_us
            for key in row.bands[i]:
                asset.limits.conditions[key] = Condition(None, False, at_us)
            if gathering.hold_us:
                gathering.held[names[i]] = whole[i][HELD], values[i], float(numbers[i, BEFORE])
        signals[:, TOUCHED] = 0

    def _row(self, asset: AssetJudge, names: tuple[str, ...], bands: tuple[tuple[str, ...], ...]) -> Row:
        """Return the asset's row; the old one if its signals are the same."""
        row = self._places.get(asset.key)
        place = len(self._keys) if row is None else row.place
        if row is not None and row.names == names:
            row = row._replace(asset=asset, bands=bands)
        else:
            if row is not None:
                self._relaid[asset.key] = self._relaid.get(asset.key, 0) + len(row.names)
            first = self._signals_used
            self._signals_used += len(names)
            row = Row(asset, place, names, first, bands)
        if place == len(self._keys):
            self._keys.append(asset.key)
        self.reader.name(place, names)
        self._assets = with_room(self._assets, len(self._keys))
        self._signals, self._numbers = (with_room(each, self._signals_used) for each in (self._signals, self._numbers))
        self._places[asset.key] = row
        return row
