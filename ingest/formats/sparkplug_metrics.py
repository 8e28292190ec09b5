"""Reads the metrics of Sparkplug B payloads: data types, nulls, quality, units, and the definitions of a birth."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from ingest import border
from ingest.border import Bad
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.messages import STALE, Reason
from workorder_core.sentences import kept

_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
_NUMBERS = frozenset(range(1, 12))
_TEXTS = frozenset({12, 14})
_TYPES = {
    0: "Unknown", 1: "Int8", 2: "Int16", 3: "Int32", 4: "Int64", 5: "UInt8", 6: "UInt16", 7: "UInt32", 8: "UInt64",
    9: "Float", 10: "Double", 11: "Boolean", 12: "String", 13: "DateTime", 14: "Text", 15: "UUID", 16: "DataSet",
    17: "Bytes", 18: "File", 19: "Template",
}  # fmt: skip
_BOOLEAN = 11
REBIRTH = "Node Control/Rebirth"
_CONTROL = ("Node Control/", "Device Control/")
_UNIT_KEYS = ("engUnit", "EngUnit", "unit", "units", "Unit")
_MOST_WHOLE = 1 << 63
"""The bound of a database integer; the number of a birth counts to 255."""
_GOOD, _UNCERTAIN, _STALE = 192, 64, 500


@dataclass(frozen=True, slots=True)
class Known:
    """A metric's definition in a birth: its signal, data type and unit (empty without one)."""

    signal: str
    datatype: int
    unit: str

    @property
    def is_value(self) -> bool:
        """Return whether it can be a reading: a number, true or false, or a text that may be the name of a state."""
        return self.datatype in _NUMBERS or self.datatype in _TEXTS


LEFT_OUT = Known("", 0, "")


@dataclass(slots=True)
class Birth:
    """The metrics of a node or a device, by name and by alias. ``left_out`` says why some of them cannot be stored."""

    by_name: dict[str, Known] = field(default_factory=dict)
    by_alias: dict[int, Known] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    bd_seq: int | None = None
    units: dict[str, str] = field(default_factory=dict)

    @property
    def signals(self) -> tuple[str, ...]:
        return tuple(sorted({known.signal for known in self.by_name.values() if known.is_value}))


def decode(raw: bytes) -> Payload:
    """Parse a payload. Raises Bad."""
    border.check_size(raw)
    try:
        payload: Payload = Payload.FromString(raw)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Bad(Reason.WRONG_SHAPE, kept("it is not a Sparkplug B payload: {error}", error=error)) from None
    return payload


def readable(payload: Payload) -> list[Bad]:
    """Remove metrics whose texts are not UTF-8 from a payload, and return their problems."""
    bad = []
    for at in reversed(range(len(payload.metrics))):
        try:
            broken: object = next((each for each in _texts(payload.metrics[at]) if not isinstance(each, str)), None)
        except UnicodeDecodeError as error:
            broken = error.object
        if broken is not None:
            bad.append(
                Bad(
                    Reason.WRONG_SIGNAL, kept("a metric's name or text is not UTF-8: {broken}", broken=str(broken)[:40])
                )
            )
            del payload.metrics[at]
    return bad[::-1]


def _texts(metric: Payload.Metric) -> Iterator[object]:
    """Yield every text of a metric that is read. Invalid UTF-8 is yielded as bytes, or raises UnicodeDecodeError,
    depending on how protobuf was built.
    """
    yield metric.name
    if metric.HasField("string_value"):
        yield metric.string_value
    if metric.HasField("properties"):
        yield from metric.properties.keys
        for each in metric.properties.values:
            if each.HasField("string_value"):
                yield each.string_value


def birth(payload: Payload, signal: Callable[[str], str]) -> Birth:
    """Read the metric definitions of a birth certificate. ``signal`` turns a name into a signal; it raises Bad."""
    made = Birth()
    aliases: dict[int, str] = {}
    for metric in payload.metrics:
        name = metric.name
        if name == "bdSeq":
            made.bd_seq = _whole(metric)
            continue
        if not name or name.startswith(_CONTROL):
            continue
        known = LEFT_OUT
        try:
            known = Known(signal(name), metric.datatype, border.unit(name, _unit(metric)))
        except Bad as wrong:
            made.left_out.append(wrong.problem)
        made.by_name[name] = known
        if known.unit:
            made.units[known.signal] = known.unit
        if metric.HasField("alias"):
            owner = aliases.setdefault(metric.alias, name)
            if owner != name:
                made.left_out.append(
                    f"{name[:80]!r} and {owner[:80]!r} both have the alias {metric.alias}, so it is ignored"
                )
            made.by_alias[metric.alias] = known if owner == name else LEFT_OUT
    return made


def death_number(payload: Payload) -> int | None:
    """Return the bdSeq of a death certificate."""
    return next((_whole(metric) for metric in payload.metrics if metric.name == "bdSeq"), None)


def no_values(found: Birth) -> list[str]:
    """Return the metrics that cannot be readings, with their types: known, and not stored."""
    return [
        f"{name} ({_TYPES.get(known.datatype, 'an array')})"
        for name, known in found.by_name.items()
        if known.signal and not known.is_value
    ]


def is_control(metric: Payload.Metric) -> bool:
    """Return whether a metric belongs to the protocol, not to the machine."""
    return metric.name == "bdSeq" or metric.name.startswith(_CONTROL)


def value(metric: Payload.Metric, datatype: int) -> float | str | None:
    """Return a metric's number, or the text that may be the name of a state; None for an empty text. Raises Bad."""
    kind = metric.WhichOneof("value")
    raw = None if kind is None else getattr(metric, kind)
    if isinstance(raw, str) and datatype in _TEXTS:
        return border.value(metric.name or str(metric.alias), raw) if raw.strip() else None
    if isinstance(raw, int) and not isinstance(raw, bool) and datatype in _SIGNED:
        whole = _signed(raw, _SIGNED[datatype])
        if whole is not None:
            return float(whole)
        datatype_of = f"{_TYPES[datatype]}: it does not fit"
        raise Bad(
            Reason.NOT_A_NUMBER,
            kept(
                "{name}: {raw} is not a valid {datatype}",
                name=metric.name or metric.alias,
                raw=raw,
                datatype=datatype_of,
            ),
        )
    if isinstance(raw, bool | int | float) and (datatype != _BOOLEAN or raw in (0, 1)) and math.isfinite(raw):
        return float(raw)
    raise Bad(
        Reason.NOT_A_NUMBER,
        kept(
            "{name}: {raw!r} is no valid {datatype}",
            name=metric.name or metric.alias,
            raw=str(raw)[:40],
            datatype=_TYPES.get(datatype, datatype),
        ),
    )


def _signed(raw: int, bits: int) -> int | None:
    """Return an integer with its sign; None if it does not fit. Negative ones fill their own bits, 32 or 64."""
    half = 1 << (bits - 1)
    if raw < half:
        return raw
    return next((raw - (1 << width) for width in (bits, 32, 64) if (1 << width) - half <= raw < 1 << width), None)


def quality(metric: Payload.Metric) -> int:
    """Return the reading's quality, from the metric's property of that name: 192 good, 0 bad, 500 stale."""
    code = next((_property(each) for key, each in _properties(metric) if key == "Quality"), None)
    if not isinstance(code, int) or _GOOD <= code < 256:
        return 0
    if code == _STALE:
        return STALE
    return 1 if _UNCERTAIN <= code < _GOOD else 2


def rebirth_request(now_us: int) -> bytes:
    """Return the command that asks an edge node to publish its births again."""
    metric = Payload.Metric(name=REBIRTH, timestamp=now_us // 1000, datatype=_BOOLEAN, boolean_value=True)
    request: bytes = Payload(timestamp=now_us // 1000, metrics=[metric]).SerializeToString()
    return request


def _whole(metric: Payload.Metric) -> int | None:
    kind = metric.WhichOneof("value")
    raw = None if kind is None else getattr(metric, kind)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and raw < _MOST_WHOLE else None


def _unit(metric: Payload.Metric) -> str:
    found = {key: _property(each) for key, each in _properties(metric) if key in _UNIT_KEYS}
    text = next((found[key] for key in _UNIT_KEYS if isinstance(found.get(key), str)), "")
    return str(text)


def _properties(metric: Payload.Metric) -> Iterator[tuple[str, Payload.PropertyValue]]:
    if metric.HasField("properties"):
        yield from zip(metric.properties.keys, metric.properties.values, strict=False)


def _property(found: Payload.PropertyValue) -> object:
    kind = found.WhichOneof("value")
    return None if kind is None or found.is_null else getattr(found, kind)
