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
    for sent in frames:
        asset = catalogue.find(conn, sent.site, sent.asset, sent.values)
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
            refused.append(_refused(frame, unknown, Reason.UNKNOWN_ASSET, problem))
        if known:
            admitted.append(frame)
            ids.append(known)
    return admitted, ids, refused


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
) -> Arrived:
    """Number the frames that bring something new, from ``first`` on, in their order.

    ``watermarks`` are the newest event times judged, by asset; they are moved on here. ``steps`` are of assets whose
    frames a step of event time closes: what lies in the newest one's step is not late.
    """
    late_by: list[int | None] = []
    for frame in frames:
        mark = watermarks.get(frame.key)
        late_by.append(None if mark is None or frame.at_us > mark else mark - frame.at_us)
        if mark is None or frame.at_us > mark:
            watermarks[frame.key] = frame.at_us
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
        is_late = lag is not None and lag > 0 and not _in_one_step(frame.at_us, lag, steps.get(frame.key))
        for name, number in fresh.items():
            signal.append(known[name])
            value.append(number)
        observed.extend([frame.at_us] * len(fresh))
        received.extend([frame.received_us] * len(fresh))
        arrival.extend([place] * len(fresh))
        late.extend([is_late] * len(fresh))
        if is_late:
            late_readings += len(fresh)
        else:
            judged.append(JudgedFrame(place, frame.key, frame.at_us, fresh))
        place += 1
    columns = Columns(signal, observed, received, arrival, value, late)
    return Arrived(columns, judged, refused, repeated, late_readings, place)


def _in_one_step(at_us: int, lag_us: int, step_us: int | None) -> bool:
    return step_us is not None and at_us // step_us == (at_us + lag_us) // step_us


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


def _refused(frame: Frame, names: Sequence[str], reason: Reason, problem: str) -> Refused:
    payload = json.dumps({"ts": frame.at_us / 1000, "values": {name: frame.values[name] for name in names}}).encode()
    return Refused(f"plantwright/v1/{frame.key}", payload, frame.received_us, reason, problem)
