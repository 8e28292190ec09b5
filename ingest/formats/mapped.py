"""Reads messages and rows as a mapping document says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ingest import border, local_time
from ingest.border import Bad, Bounds, FrameValues
from ingest.formats import json_text
from ingest.formats.format import Format
from ingest.formats.mapping import Mapping as Document
from ingest.formats.mapping import unit_of
from ingest.formats.paths import MISSING
from ingest.local_time import RowOrder
from ingest.messages import Details, Frame, Message, Reason, Refused
from ingest.names import Names
from workorder_core.sentences import kept

_LONGEST_TOPIC = 1_000
"""The longest topic that a mapping reads, in characters; MQTT allows 65,535."""


class Mapped(Format):
    """The formats that mapping documents describe. The first of two documents with the same topic reads it."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = [each for each in documents if each.topic is not None]

    def filters(self) -> list[str]:
        """Return the topic filters to subscribe to."""
        return [each.filter for each in self._documents if each.filter is not None]

    def accepts(self, topic: str) -> bool:
        """Return whether a document has this topic."""
        return any(_levels(each, topic) is not None for each in self._documents)

    def parse(self, message: Message, bounds: Bounds, names: Names | None = None) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message and what of it is refused."""
        every = (parse(each, message, bounds, names) for each in self._documents)
        return next((read for read in every if read is not None), ([], []))


def _levels(mapping: Document, topic: str) -> dict[str, str] | None:
    """Return a topic's levels by the mapping's names for them; None where the topic is not the mapping's."""
    if mapping.topic is None or len(topic) > _LONGEST_TOPIC:
        return None
    found = mapping.topic.fullmatch(topic)
    return None if found is None else found.groupdict()


def parse(
    mapping: Document, message: Message, bounds: Bounds, names: Names | None = None
) -> tuple[list[Frame], list[Refused]] | None:
    """Return the frames of a message and what of it is refused; None where the topic is not the mapping's."""
    levels = _levels(mapping, message.topic)
    if levels is None:
        return None
    frames: list[Frame] = []
    bad = border.Problems()
    try:
        border.check_size(message.payload)
        if mapping.time is None and message.retained:
            raise Bad(Reason.NO_TIME, kept("it is a retained message without a time of its own"))
        for root in _roots(mapping, message.payload, bad):
            frames += _frames(mapping, levels, root, message.received_us, bounds, bad, names or Names())
        if not frames and not bad:
            raise Bad(Reason.NO_VALUES, kept("it is empty"))
    except Bad as wrong:
        bad.append(wrong)
    return [frame for frame in frames if frame.values or frame.texts], border.refusals(message, bad) if bad else []


def _frames(
    mapping: Document,
    levels: Mapping[str, str],
    root: Any,
    received_us: int,
    bounds: Bounds,
    bad: list[Bad],
    names: Names,
) -> Iterator[Frame]:
    try:
        for name, element in _elements(mapping, root):
            levels = {**levels, "#key": name}
            try:
                yield _frame(mapping, levels, root, element, received_us, bounds, bad, names)
            except Bad as wrong:
                bad.append(wrong)
            except Exception as error:  # noqa: BLE001 - the elements beside it can be read
                bad.append(border.failed(error))
    except Bad as wrong:
        bad.append(wrong)


def row(
    mapping: Document,
    cells: Mapping[str, Any],
    stem: str,
    now_us: int,
    bounds: Bounds,
    order: RowOrder | None = None,
    names: Names | None = None,
) -> tuple[Frame, list[Bad]]:
    """Return what a row of a file becomes, and what of it is refused. Raises Bad for the whole row.

    ``order`` has the rows before it; without one a row's time is read as a live message's.
    """
    bad = border.Problems()
    if beyond := cells.get(None):  # type: ignore[call-overload] # where csv puts what the header does not name
        problem = kept(
            "the row has {count} cells more than the header, {text!r} the first",
            count=len(beyond),
            text=str(beyond[0])[:40],
        )
        raise Bad(
            Reason.WRONG_SHAPE,
            kept("{problem}: correct the delimiter, or a decimal comma without quotes", problem=problem),
        )
    try:
        return _frame(mapping, {"stem": stem}, cells, cells, now_us, bounds, bad, names or Names(), order), bad
    except Bad:
        raise
    except Exception as error:
        raise border.failed(error) from error


def _roots(mapping: Document, raw: bytes, bad: list[Bad]) -> list[Any]:
    if not mapping.bare:
        return json_text.documents(raw, bad)
    try:
        return [json_text.strict(raw)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return [json_text.text_of(raw)]
    except Bad as wrong:
        raise Bad(
            Reason.NOT_A_NUMBER, kept("the payload is neither JSON nor text: {problem}", problem=wrong.problem)
        ) from None


def _elements(mapping: Document, root: Any) -> Iterator[tuple[str, Any]]:
    """Yield the elements with their names, or their indexes."""
    if mapping.each is None:
        yield "", root
        return
    listed = border.once(mapping.each.find(root, root))
    if isinstance(listed, dict):
        yield from listed.items()
    elif isinstance(listed, list):
        yield from ((str(number), each) for number, each in enumerate(listed))
    else:
        raise Bad(Reason.WRONG_SHAPE, kept("there is no array at {path!r}", path=mapping.each.text))


def _frame(
    mapping: Document,
    levels: Mapping[str, str],
    root: Any,
    element: Any,
    received_us: int,
    bounds: Bounds,
    bad: list[Bad],
    names: Names,
    order: RowOrder | None = None,
) -> Frame:
    key = names.asset(mapping.site.name(levels, root, element), mapping.asset.name(levels, root, element))
    us_each: float | None = None
    meant: tuple[int, ...] = (received_us,)
    if mapping.time is not None:
        said = border.once(mapping.time.path.find(root, element))
        meant, us_each = mapping.time.read(said), mapping.time.us_each(said)
    if len(meant) == 1:
        border.within(meant[0], received_us, bounds, us_each=us_each)
    values, units = _values(mapping, levels, root, element, bad, names, key)
    if order is not None:
        at_us = order.choose(meant, "/".join(key), [*values.values, *values.texts])
    else:
        at_us = local_time.nearest(meant, received_us)
    border.within(at_us, received_us, bounds)
    quality = 0
    if mapping.quality is not None:
        quality = mapping.quality.read(border.once(mapping.quality.path.find(root, element)))
    location = (
        None if mapping.location is None else names.location(key[0], mapping.location.name(levels, root, element))
    )
    details = Details(location=location, quality=quality, units=units) if units or quality or location else None
    return Frame(*key, at_us, received_us, values.values, values.details(details))


def _values(
    mapping: Document,
    levels: Mapping[str, str],
    root: Any,
    element: Any,
    bad: list[Bad],
    names: Names,
    key: tuple[str, str],
) -> tuple[FrameValues, dict[str, str]]:
    values = FrameValues()
    units: dict[str, str] = {}
    given: dict[str, str] = {}
    there = 0
    for signal in mapping.signals:
        found = signal.path.find(root, element)
        if found is MISSING or found is None or found == "":
            continue
        there += 1
        try:
            name = names.signal(key, signal.signal.name(levels, root, element))
            value, unit = _value(mapping, name, found), border.unit(name, unit_of(signal, levels, root, element))
            if name in given:
                both = f"{given[name]!r} and {signal.path.text!r}"
                raise Bad(
                    Reason.WRONG_SIGNAL,
                    kept("{both} both give the signal {name!r}; the first one is stored", both=both, name=name),
                )
            given[name] = signal.path.text
            values.put(name, value if isinstance(value, str) else border.scaled(name, value, signal.scale))
            if unit:
                units[name] = unit
        except Bad as wrong:
            bad.append(wrong)
    bag = MISSING if mapping.bag is None else border.once(mapping.bag.find(root, element))
    if isinstance(bag, dict):
        there += len(bag)
        _unpack(mapping, bag, values, bad, names, key)
    if not there:
        looked = [each.path.text for each in mapping.signals] + ([] if mapping.bag is None else [mapping.bag.text])
        raise Bad(Reason.NO_VALUES, kept("there is no value at {paths}", paths=", ".join(map(repr, looked[:5]))))
    return values, units


def _value(mapping: Document, name: str, found: object) -> float | str:
    if mapping.decimal == "," and isinstance(found, str):
        found = border.with_point(name, found)
    return border.value(name, found)


def _unpack(
    mapping: Document, bag: Mapping[str, Any], values: FrameValues, bad: list[Bad], names: Names, key: tuple[str, str]
) -> None:
    for sent, value in bag.items():
        try:
            name = names.signal(key, sent)
            if name in values.values or name in values.texts:
                raise Bad(
                    Reason.WRONG_SIGNAL,
                    kept("{sent!r} gives the signal {name!r}, as [signals] does", sent=sent[:80], name=name),
                )
            values.put(name, _value(mapping, sent, value))
        except Bad as wrong:
            bad.append(wrong)
