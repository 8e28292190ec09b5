"""Numbers every new reading in the sequence of inputs, once, and separates late and repeated ones.

A reading newer than everything stored of its signal cannot be stored yet. Only others have to be looked up, and a
healthy stream has none.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from msgspec import structs
from psycopg import Connection

from db.telemetry import readings
from db.telemetry.catalogue import Catalogue
from db.telemetry.readings import IMPLAUSIBLE
from ingest.messages import BAD, Frame, Reason, Refused
from judge.columns import Columns
from judge.inputs import JudgedFrame, LateFrame
from judge.known import KnownAsset
from runtime.pipeline.admission import refused_part
from runtime.pipeline.sequence import Numbers
from workorder_core.plant import seen
from workorder_core.plant.seen import Seen
from workorder_core.plant.signals import implausible
from workorder_core.sentences import kept

NO_RANGES: Mapping[str, tuple[float, float]] = {}
NO_ASSETS: Mapping[str, KnownAsset] = {}
NEVER_US = -(1 << 62)
"""The newest stored event time of a signal without readings."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A batch in order: its new readings, the frames among them to be judged, refusals and repetitions.

    ``late_frames`` are late and plausible.
    """

    columns: Columns
    frames: list[JudgedFrame]
    refused: list[Refused]
    repeated: int
    late: int
    late_frames: list[LateFrame]


def arrange(
    conn: Connection,
    frames: Sequence[Frame],
    ids: Sequence[dict[str, int]],
    judged: dict[str, dict[str, int]],
    number: Callable[[Sequence[int]], Numbers],
    *,
    newest: dict[int, int] | None = None,
    keys: Sequence[str] | None = None,
    assets: Mapping[str, KnownAsset] = NO_ASSETS,
    ranges: Mapping[str, dict[str, Seen]] | None = None,
) -> Arrived:
    """Number the frames that have something new.

    ``number`` maps those frames' indices, ascending, to ascending sequence numbers. It is called once. ``judged`` has
    the newest event times judged, by asset and signal, and is updated here. ``newest`` has the newest event times
    stored, by signal id; it is updated here too, and missing ones are looked up; without it every reading is looked up.
    ``keys`` are the frames' keys, if the caller has them at hand. A value outside the plausible range of a signal of
    ``assets`` is bad, and its signal doubtful; ``ranges`` has the values seen of signals, by asset, which decide what
    is too far out. It is updated here as well.
    """
    keys = keys if keys is not None else [frame.key for frame in frames]
    signals, behind = _behind(conn, frames, ids, newest)
    if behind:
        return _sifted(conn, frames, ids, judged, number, behind, assets, ranges)
    return _numbered(frames, keys, signals, judged, number(range(len(frames))), assets, ranges, [], 0)


def _numbered(
    frames: Sequence[Frame],
    keys: Sequence[str],
    signals: Sequence[int],
    judged: dict[str, dict[str, int]],
    arrival: Numbers,
    assets: Mapping[str, KnownAsset],
    ranges: Mapping[str, dict[str, Seen]] | None,
    refused: list[Refused],
    repeated: int,
) -> Arrived:
    """Number frames whose values are all new."""
    late: list[bool] = []
    to_judge: list[JudgedFrame] = []
    behind: list[LateFrame] = []
    doubted: list[int] = []
    for frame, key, number in zip(frames, keys, arrival.tolist(), strict=True):
        details, values = frame.details, frame.values
        known = assets.get(key)
        doubtful = implausible(values, NO_RANGES if known is None else known.plausible)
        old = _late(frame, judged.setdefault(key, {}))
        doubtful += _too_far(frame, old, None if ranges is None else ranges[key], known, doubtful)
        if doubtful:
            doubted += [len(late) + i for i, name in enumerate(values) if name in doubtful]
        late += old
        if True in old:
            behind += _of_the_past(frame, key, number, old, doubtful)
        if details is None or details.judged:
            if True in old:
                values = {name: value for (name, value), is_old in zip(values.items(), old, strict=True) if not is_old}
                doubtful = tuple(name for name in doubtful if name in values)
            if values:
                to_judge.append(JudgedFrame(number, key, frame.at_us, values, doubtful))
    observed = np.array([frame.at_us for frame in frames], dtype=np.int64)
    received = np.array([frame.received_us for frame in frames], dtype=np.int64)
    qualities = None
    if doubted or any(frame.details is not None for frame in frames):
        qualities = np.array([0 if frame.details is None else frame.details.quality for frame in frames])
    if len(signals) > len(frames):
        counts = [len(frame.values) for frame in frames]
        observed, received, arrival = (np.repeat(each, counts) for each in (observed, received, arrival))
        qualities = None if qualities is None else np.repeat(qualities, counts)
    if doubted and qualities is not None:
        qualities[doubted] = np.where(qualities[doubted] < BAD, IMPLAUSIBLE, qualities[doubted])
    all_values = [value for frame in frames for value in frame.values.values()]
    columns = Columns(signals, observed, received, arrival, all_values, np.array(late, dtype=bool), qualities)
    return Arrived(columns, to_judge, refused, repeated, sum(late), behind)


def _too_far(
    frame: Frame,
    late: Sequence[bool],
    of_asset: dict[str, Seen] | None,
    known: KnownAsset | None,
    doubtful: tuple[str, ...],
) -> tuple[str, ...]:
    """Return the signals whose values lie too far outside what has been seen of them, and add the values that are to be
    judged. This concerns signals without a stated plausible range; states have no size.
    """
    if of_asset is None:
        return ()
    details, values = frame.details, frame.values
    judged = details is None or details.judged
    if judged and True not in late:
        far = seen.add_frame(of_asset, values)
    else:
        new = {name: value for (name, value), is_late in zip(values.items(), late, strict=True) if not is_late}
        far = seen.add_frame(of_asset, new) if judged else ()
        rest = values.keys() - new.keys() if judged else values.keys()
        far += tuple(name for name in rest if name in of_asset and of_asset[name].too_far(values[name]))
    if not far or known is None:
        return far
    return tuple(name for name in far if not (name in known.plausible or name in known.states or name in doubtful))


def _of_the_past(
    frame: Frame, key: str, number: int, late: Sequence[bool], doubtful: Collection[str]
) -> Iterator[LateFrame]:
    values = {
        name: value
        for (name, value), is_late in zip(frame.values.items(), late, strict=True)
        if is_late and name not in doubtful
    }
    if values and (frame.details is None or frame.details.quality < BAD):
        yield LateFrame(number, key, frame.at_us, values)


def _late(frame: Frame, judged: dict[str, int]) -> list[bool]:
    """Return which of a frame's readings are late: older than what was judged of their own signal, which is updated.

    Other signals' clocks do not matter: two gateways of one machine never agree to the millisecond.
    """
    at_us, details, values = frame.at_us, frame.details, frame.values
    if details is not None and details.historical:
        return [True] * len(values)
    late = [judged.get(name, NEVER_US) > at_us for name in values]
    if details is None or details.judged:
        judged.update((name, at_us) for name, is_late in zip(values, late, strict=True) if not is_late)
    return late


def _sifted(
    conn: Connection,
    frames: Sequence[Frame],
    ids: Sequence[dict[str, int]],
    judged: dict[str, dict[str, int]],
    number: Callable[[Sequence[int]], Numbers],
    behind: Sequence[tuple[int, int]],
    assets: Mapping[str, KnownAsset],
    ranges: Mapping[str, dict[str, Seen]] | None,
) -> Arrived:
    """Number what is new if some of it may be stored already."""
    seen = readings.stored(conn, behind)
    asked = set(behind)
    fresh_frames: list[Frame] = []
    kept_ids: list[dict[str, int]] = []
    which: list[int] = []
    refused: list[Refused] = []
    repeated = 0
    for i, (frame, known) in enumerate(zip(frames, ids, strict=True)):
        fresh, other, again = _sift(frame.at_us, known, frame.values, asked, seen)
        repeated += again
        if other:
            problem = kept(
                "another value is stored for {signals} at that time; the first one stays", signals=", ".join(other)
            )
            refused.append(refused_part(frame, other, Reason.OTHER_VALUE_STORED, problem))
        if fresh:
            fresh_frames.append(frame if len(fresh) == len(frame.values) else structs.replace(frame, values=fresh))
            kept_ids.append(known)
            which.append(i)
    keys = [frame.key for frame in fresh_frames]
    signals = [known[name] for frame, known in zip(fresh_frames, kept_ids, strict=True) for name in frame.values]
    return _numbered(fresh_frames, keys, signals, judged, number(which), assets, ranges, refused, repeated)


def load_newest(conn: Connection, catalogue: Catalogue, keys: Iterable[str]) -> None:
    """Read, once, the newest stored event time of every signal of those assets."""
    newest = catalogue.newest
    known = (catalogue.assets[key] for key in keys if key in catalogue.assets)
    unknown = sorted(signal for asset in known for signal in asset.signals.values() if signal not in newest)
    if unknown:
        newest.update(dict.fromkeys(unknown, NEVER_US) | readings.newest(conn, unknown))


def _behind(
    conn: Connection, frames: Sequence[Frame], ids: Sequence[dict[str, int]], newest: dict[int, int] | None
) -> tuple[list[int], list[tuple[int, int]]]:
    """Return each reading's signal id, and the readings that may be stored already, as (signal id, event time).

    Updates the newest event times.
    """
    signals = [known[name] for frame, known in zip(frames, ids, strict=True) for name in frame.values]
    if newest is None:
        times = (frame.at_us for frame in frames for _ in frame.values)
        return signals, list(zip(signals, times, strict=True))
    unknown = sorted(set(signals) - newest.keys())
    if unknown:
        newest.update(dict.fromkeys(unknown, NEVER_US) | readings.newest(conn, unknown))
    behind: list[tuple[int, int]] = []
    of_frames = iter(signals)
    for frame in frames:
        at_us = frame.at_us
        for signal in islice(of_frames, len(frame.values)):
            if at_us > newest[signal]:
                newest[signal] = at_us
            else:
                behind.append((signal, at_us))
    return signals, behind


def _sift(
    at_us: int,
    known: dict[str, int],
    values: dict[str, float],
    asked: set[tuple[int, int]],
    seen: dict[tuple[int, int], float],
) -> tuple[dict[str, float], list[str], int]:
    """Return the readings seen for the first time, those that contradict one seen, and how many repeat one.

    ``seen`` has the stored values, and those earlier in this batch, of the readings that were ``asked`` for.
    """
    fresh: dict[str, float] = {}
    other: list[str] = []
    again = 0
    for name, number in values.items():
        key = (known[name], at_us)
        if key not in seen:
            fresh[name] = number
            if key in asked:
                seen[key] = number
        elif seen[key] == number:
            again += 1
        else:
            other.append(name)
    return fresh, other, again
