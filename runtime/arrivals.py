"""Giving every new reading its place in the sequence of inputs, once, and telling late ones and repetitions apart.

An asset's readings beyond its watermark cannot be stored yet: everything stored has been judged, or was late, and so is
not newer than the watermark. Only what is not beyond it has to be looked up, which for a healthy stream is nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg import Connection

from db import readings
from db.catalogue import Catalogue, KnownAsset
from db.readings import Columns, JudgedFrame
from ingest import border, units
from ingest.border import Bad
from ingest.messages import Frame, Reason, Refused

NO_STEPS: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A batch in order: all its new readings, the frames among them to be judged, what was refused or repeated.

    ``next_arrival`` is the first place in the sequence that is still free.
    """

    columns: Columns
    frames: list[JudgedFrame]
    refused: list[Refused]
    repeated: int
    late: int
    next_arrival: int


def admit(
    conn: Connection, frames: Sequence[Frame], catalogue: Catalogue
) -> tuple[list[Frame], list[dict[str, int]], list[Refused]]:
    """Return the frames of known assets under their signals' own names, the signals' ids, and what is refused."""
    admitted: list[Frame] = []
    ids: list[dict[str, int]] = []
    refused: list[Refused] = []
    for each in frames:
        sent = each
        asset = catalogue.find(conn, sent.site, sent.asset, sent.values, sent.details)
        if asset is not None and sent.details is not None and sent.details.units:
            sent, wrong = _in_our_units(sent, asset)
            refused += wrong
            if not sent.values:
                continue
        frame, twice = (sent, []) if asset is None else _by_own_names(sent, asset)
        if twice:
            problem = f"{', '.join(twice)}: another value is there under the signal's own name, which stays"
            refused.append(_refused(sent, twice, Reason.OTHER_VALUE_STORED, problem))
        known = {} if asset is None else {name: asset.signals[name] for name in frame.values if name in asset.signals}
        unknown = [name for name in frame.values if name not in known]
        if unknown:
            what = (
                f"asset {frame.key} is not known"
                if asset is None
                else f"{frame.key} has no signal {', '.join(unknown)}"
            )
            problem = f"{what}; add it, or set admit_unknown"
            refused.append(_refused(frame, unknown, Reason.UNKNOWN_ASSET, problem, as_sent=True))
        if known:
            admitted.append(frame)
            ids.append(known)
    return admitted, ids, refused


def _in_our_units(frame: Frame, asset: KnownAsset) -> tuple[Frame, list[Refused]]:
    """Return the frame with its values in the signals' units, and what nothing can convert to them."""
    assert frame.details is not None
    values: dict[str, float] = {}
    refused = []
    for name, value in frame.values.items():
        given = frame.details.units.get(name, "")
        wanted = asset.units.get(asset.aliases.get(name, name), "")
        try:
            values[name] = _converted(name, value, given, wanted)
        except Bad as wrong:
            refused.append(_refused(frame, [name], wrong.reason, wrong.problem, as_sent=True))
    return replace(frame, values=values), refused


def _converted(name: str, value: float, given: str, wanted: str) -> float:
    if given in ("", wanted) or not wanted:
        return value
    how = units.factor(given, wanted)
    if how is None:
        mend = "mend the unit that the device sends, or the signal's"
        raise Bad(Reason.WRONG_UNIT, f"{name} comes in {given[:40]!r}, and is kept in {wanted!r}: {mend}")
    return border.scaled(name, value, *how)


def _by_own_names(frame: Frame, asset: KnownAsset) -> tuple[Frame, list[str]]:
    """Return the frame as the judge will see it when it is rebuilt, and the aliases that contradict their signal."""
    if asset.aliases.keys().isdisjoint(frame.values):
        return frame, []
    values = {name: value for name, value in frame.values.items() if name in asset.signals or name not in asset.aliases}
    twice = []
    for alias in sorted(frame.values.keys() - values.keys()):
        stays = values.setdefault(asset.aliases[alias], frame.values[alias])
        if stays != frame.values[alias]:
            twice.append(alias)
    return replace(frame, values=values), twice


def arrange(
    conn: Connection,
    frames: Sequence[Frame],
    ids: Sequence[dict[str, int]],
    watermarks: dict[str, int],
    first: int,
    steps: Mapping[str, int] = NO_STEPS,
    *,
    look_all_up: bool = False,
) -> Arrived:
    """Number the frames that bring something new, from ``first`` on, in their order.

    ``watermarks`` are the newest event times judged, by asset; they are moved on here. ``steps`` are of assets whose
    frames a step of event time closes: what lies in the newest one's step is not late.
    ``look_all_up`` also finds what was stored beyond a watermark because it is not judged: history, bad readings.
    """
    late_by = _lags(frames, watermarks, look_all_up)
    behind = [
        (signal, frame.at_us)
        for frame, known, lag in zip(frames, ids, late_by, strict=True)
        if lag is not None
        for signal in known.values()
    ]
    seen = readings.stored(conn, behind)
    asked = set(behind)

    signal: list[int] = []
    observed: list[int] = []
    received: list[int] = []
    arrival: list[int] = []
    value: list[float] = []
    late: list[bool] = []
    quality: dict[int, int] = {}
    judged: list[JudgedFrame] = []
    refused: list[Refused] = []
    repeated = late_readings = 0
    place = first
    for frame, known, lag in zip(frames, ids, late_by, strict=True):
        fresh = frame.values if len(known) == len(frame.values) else {name: frame.values[name] for name in known}
        if asked:
            fresh, other, again = _sift(frame.at_us, known, fresh, asked, seen)
            repeated += again
            if other:
                problem = f"another value is stored for {', '.join(other)} at that time; the first one stays"
                refused.append(_refused(frame, other, Reason.OTHER_VALUE_STORED, problem))
        if not fresh:
            continue
        is_late = _is_late(frame, lag, steps.get(frame.key))
        if frame.details is not None and frame.details.quality:
            quality[place] = frame.details.quality
        for name, number in fresh.items():
            signal.append(known[name])
            value.append(number)
        observed.extend([frame.at_us] * len(fresh))
        received.extend([frame.received_us] * len(fresh))
        arrival.extend([place] * len(fresh))
        late.extend([is_late] * len(fresh))
        if is_late:
            late_readings += len(fresh)
        elif frame.details is None or frame.details.judged:
            judged.append(JudgedFrame(place, frame.key, frame.at_us, fresh))
        place += 1
    qualities = [quality.get(each, 0) for each in arrival] if quality else None
    columns = Columns(signal, observed, received, arrival, value, late, qualities)
    return Arrived(columns, judged, refused, repeated, late_readings, place)


def _lags(frames: Sequence[Frame], watermarks: dict[str, int], look_all_up: bool) -> list[int | None]:
    """Return how far each frame lies behind its asset's watermark (µs); None where it cannot be stored yet."""
    lags: list[int | None] = []
    for frame in frames:
        mark = watermarks.get(frame.key)
        unjudged = frame.details is not None and not frame.details.judged
        if mark is None or frame.at_us > mark:
            lags.append(0 if unjudged or look_all_up else None)
            if not unjudged:
                watermarks[frame.key] = frame.at_us
        else:
            lags.append(mark - frame.at_us)
    return lags


def _is_late(frame: Frame, lag_us: int | None, step_us: int | None) -> bool:
    if frame.details is not None and frame.details.historical:
        return True
    if not lag_us:
        return False
    return step_us is None or frame.at_us // step_us != (frame.at_us + lag_us) // step_us


def _sift(
    at_us: int,
    known: dict[str, int],
    values: dict[str, float],
    asked: set[tuple[int, int]],
    seen: dict[tuple[int, int], float],
) -> tuple[dict[str, float], list[str], int]:
    """Return the readings seen for the first time, those that contradict one seen, and how many repeat one.

    ``seen`` are the values stored, and those this batch has brought before, of the readings that were ``asked`` for.
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


def _refused(frame: Frame, names: Sequence[str], reason: Reason, problem: str, *, as_sent: bool = False) -> Refused:
    """Return part of a frame as a message that can be tried again; ``as_sent`` in the units that the device names."""
    document: dict[str, object] = {"ts": frame.at_us / 1000, "values": {name: frame.values[name] for name in names}}
    if frame.details is not None:
        units = {name: frame.details.units[name] for name in names if name in frame.details.units} if as_sent else {}
        if units:
            document["units"] = units
        if frame.details.quality:
            document["quality"] = frame.details.quality
    payload = json.dumps(document).encode()
    return Refused(f"plantwright/v1/{frame.key}", payload, frame.received_us, reason, problem)
