"""Admits frames: those of known assets and signals, under the signals' own names, as numbers in their units.

Unknown assets and signals are created if the settings say so, or refused with the reason.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from msgspec import structs
from psycopg import Connection

from db.telemetry import judge as judge_db
from db.telemetry.catalogue import Catalogue
from db.telemetry.judge import Waiting
from ingest import border, units
from ingest.border import Bad
from ingest.messages import Frame, Reason, Refused
from judge.known import KnownAsset
from workorder_core.plant.signals import number_of
from workorder_core.sentences import kept

SHOWN = 4
"""The most signal names in a sentence."""


class Admitted(NamedTuple):
    """Frames of known assets under their signals' own names; for each, the ids of its signals, perhaps with others of
    its asset, and ``which`` of the original frames it was.

    ``events`` record what was created, each with the index of the frame that caused it; they have no numbers yet.
    """

    frames: list[Frame]
    ids: list[dict[str, int]]
    refused: list[Refused]
    which: list[int]
    events: list[tuple[int, Waiting]]


def admit(
    conn: Connection, frames: Sequence[Frame], catalogue: Catalogue, keys: Sequence[str] | None = None
) -> Admitted:
    """Return the frames of known assets. ``keys`` are the frames' keys, if the caller has them at hand."""
    assets = catalogue.assets
    admitted: list[Frame] = []
    ids: list[dict[str, int]] = []
    refused: list[Refused] = []
    which: list[int] = []
    events: list[tuple[int, Waiting]] = []
    asked: set[int] = set()
    keys = keys if keys is not None else [frame.key for frame in frames]
    for i, (each, key) in enumerate(zip(frames, keys, strict=True)):
        sent = each
        plain = assets.get(key) if each.details is None else None
        if plain is not None and not plain.aliases and each.values.keys() <= plain.signals.keys():
            admitted.append(each)
            ids.append(plain.signals)
            which.append(i)
            continue
        said = catalogue.said
        asset = catalogue.find(conn, sent.site, sent.asset, [*sent.values, *sent.texts], sent.details)
        if catalogue.said != said:
            events += [(i, event) for event in judge_db.written(conn, events[-1][1].id if events else 0)]
        if asset is not None and sent.details is not None:
            if sent.texts:
                catalogue.know_states(conn, asset, sent.texts, asked)
            sent, wrong = _normalised(sent, asset)
            refused += wrong
            if not sent.values and not sent.texts:
                continue
        frame, twice = (sent, []) if asset is None else _by_own_names(sent, asset)
        if twice:
            problem = kept(
                "{signals}: another value is there under the signal's own name, which stays", signals=", ".join(twice)
            )
            refused.append(refused_part(sent, twice, Reason.OTHER_VALUE_STORED, problem))
        frame, known, wrong = _of_known_signals(frame, asset, catalogue)
        refused += wrong
        if known:
            admitted.append(frame)
            ids.append(known)
            which.append(i)
    return Admitted(admitted, ids, refused, which, events)


def _of_known_signals(
    frame: Frame, asset: KnownAsset | None, catalogue: Catalogue
) -> tuple[Frame, dict[str, int], list[Refused]]:
    """Return the frame without unknown signals, the ids of its signals, and what is refused."""
    known = {} if asset is None else {name: asset.signals[name] for name in frame.values if name in asset.signals}
    unknown = [name for name in (*frame.values, *frame.texts) if name not in known]
    if not unknown:
        return frame, known, []
    refused = [_not_known(frame, unknown, catalogue, asset)]
    if known:
        details = None if frame.details is None else replace(frame.details, texts={})
        frame = structs.replace(frame, values={name: frame.values[name] for name in known}, details=details)
    return frame, known, refused


def _not_known(frame: Frame, names: Sequence[str], catalogue: Catalogue, asset: KnownAsset | None) -> Refused:
    """Return the part of a frame that belongs to unknown assets or signals that are not created, with the reason."""
    if asset is None:
        reason, why = catalogue.refuses_asset() or (Reason.UNKNOWN_ASSET, kept("send it again"))
        problem = kept("asset {asset} is not known; {why}", asset=frame.key, why=why)
    else:
        reason, why = catalogue.refuses_signals()
        shown = ", ".join(names[:SHOWN])
        if len(names) > SHOWN:
            shown = kept("{names} and {count} more", names=shown, count=len(names) - SHOWN)
        problem = kept("{asset} has no signal {shown}; {why}", asset=frame.key, shown=shown, why=why)
    return refused_part(frame, names, reason, problem, as_sent=True)


def _normalised(frame: Frame, asset: KnownAsset) -> tuple[Frame, list[Refused]]:
    """Return the frame in numbers and in the signals' units, and the part for which that is impossible."""
    refused: list[Refused] = []
    if frame.texts:
        frame, refused = _as_numbers(frame, asset)
    if frame.details is not None and frame.details.units:
        frame, wrong = _in_our_units(frame, asset)
        refused += wrong
    return frame, refused


def _as_numbers(frame: Frame, asset: KnownAsset) -> tuple[Frame, list[Refused]]:
    """Return the frame with its states as numbers, and the texts that are no state of their signal.

    The texts of signals that are not known stay what they are.
    """
    assert frame.details is not None
    values, left = dict(frame.values), {}
    unknown: dict[str, str] = {}
    for name, text in frame.texts.items():
        own = asset.aliases.get(name, name)
        if own not in asset.signals:
            left[name] = text
        elif (number := number_of(asset.states.get(own, {}), text)) is not None:
            values.setdefault(name, number)
        else:
            unknown[name] = _no_state(frame, name, text, asset.states.get(own, {}))
    refused = []
    if unknown:
        problem = border.summary([*unknown.values()])
        refused.append(refused_part(frame, [*unknown], Reason.UNKNOWN_STATE, problem, as_sent=True))
    return structs.replace(frame, values=values, details=replace(frame.details, texts=left)), refused


def _no_state(frame: Frame, name: str, text: str, states: Mapping[str, float]) -> str:
    if border.looks_like_a_number(text):
        action = kept('send it with a point; a mapping may say decimal = ","')
        return kept(
            "{name}: {text!r} looks like a number with a comma: {action}", name=name, text=text[:40], action=action
        )
    if states:
        return kept(
            "{name}: {text!r} is none of its states {states}; add it on the page of asset {asset}, or in the "
            "plant file",
            name=name,
            text=text[:40],
            states=", ".join([*states][:8])[:80],
            asset=frame.asset,
        )
    return kept(
        "{name}: {text!r} is no number, and the signal has no states; say which number it is on the page of asset "
        "{asset}, or in the plant file",
        name=name,
        text=text[:40],
        asset=frame.asset,
    )


def _in_our_units(frame: Frame, asset: KnownAsset) -> tuple[Frame, list[Refused]]:
    """Return the frame with its values in the signals' units, and the part that cannot be converted."""
    assert frame.details is not None
    values: dict[str, float] = {}
    refused = []
    for name, value in frame.values.items():
        given = frame.details.units.get(name, "")
        wanted = asset.units.get(asset.aliases.get(name, name), "")
        try:
            values[name] = _converted(name, value, given, wanted)
        except Bad as wrong:
            refused.append(refused_part(frame, [name], wrong.reason, wrong.problem, as_sent=True))
    return structs.replace(frame, values=values), refused


def _converted(name: str, value: float, given: str, wanted: str) -> float:
    if given in ("", wanted) or not wanted:
        return value
    how = units.factor(given, wanted)
    if how is None:
        action = kept("correct the unit that the device sends, or the signal's")
        raise Bad(
            Reason.WRONG_UNIT,
            kept(
                "{name} comes in {unit!r}, and is kept in {wanted!r}: {action}",
                name=name,
                unit=given[:40],
                wanted=wanted,
                action=action,
            ),
        )
    return border.scaled(name, value, *how)


def _by_own_names(frame: Frame, asset: KnownAsset) -> tuple[Frame, list[str]]:
    """Return the frame under the signals' own names, as a rebuilt judge will see it, and aliases that contradict their
    signal.
    """
    if asset.aliases.keys().isdisjoint(frame.values):
        return frame, []
    values = {name: value for name, value in frame.values.items() if name in asset.signals or name not in asset.aliases}
    twice = []
    for alias in sorted(frame.values.keys() - values.keys()):
        stays = values.setdefault(asset.aliases[alias], frame.values[alias])
        if stays != frame.values[alias]:
            twice.append(alias)
    return structs.replace(frame, values=values), twice


def refused_part(frame: Frame, names: Sequence[str], reason: Reason, problem: str, *, as_sent: bool = False) -> Refused:
    """Return part of a frame as a message that can be retried; ``as_sent``: in the units that the device states."""
    values = {**frame.texts, **frame.values}
    document: dict[str, object] = {"ts": frame.at_us / 1000, "values": {name: values[name] for name in names}}
    if frame.details is not None:
        units = {name: frame.details.units[name] for name in names if name in frame.details.units} if as_sent else {}
        if units:
            document["units"] = units
        if frame.details.quality:
            document["quality"] = frame.details.quality
    payload = json.dumps(document).encode()
    return Refused(f"plantwright/v1/{frame.key}", payload, frame.received_us, reason, problem)
