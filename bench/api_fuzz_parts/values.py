"""Values after a JSON schema or an example, and among them those that nobody should send."""

import random
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

NASTY: Sequence[Any] = (
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "é" * 300, "x" * 5_000, "\U0001f600" * 100, "\r\nX: y",
    "\n", "../../etc/passwd", "%00", "'; DROP TABLE assets; --", "{{7*7}}", "<script>", "NaN", "Infinity", "-0",
    "1e999", "0x10", "null", "true", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00", "2026-02-30T00:00:00Z",
    "2026-01-01", "24:00", "00000000-0000-0000-0000-000000000000", "٣", "1_000", "+1", "²",
    0, -1, 1, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, 1.5, -0.0, 1e308, 5e-324,
    float("nan"), float("inf"), True, False, None, [], {}, [[]], [None], {"": None}, {"\0": "\0"}, {"a": {"b": [1]}},
)  # fmt: skip
BROKEN = (
    b"",
    b"{",
    b"[" * 20_000,
    b"\xff\xfe",
    b'{"a":1}' * 2,
    b'"\\ud800"',
    b"NaN",
    b'{"a":1,"a":2}',
    b"\x00",
    b"1e99999",
)
WRITTEN_ON = datetime(2026, 3, 2, tzinfo=UTC)
"""The day of the examples' times; they are moved to tomorrow, so that what is planned is still to come."""
_TIMES = ("2026-03-02T08:00:00+01:00", "2026-11-20T08:00:00Z", "2027-03-02T06:00:00Z", "2027-03-03T18:00:00+09:00")
_OWN = ("name", "code")
"""Fields whose value nobody else may have."""
_KNOWN_AS = {"plan": "plan_code", "number": "version_number"}
"""Fields of examples whose value has to be there, by the ids that are known; those that end in ``_id`` are too."""


class Maker:
    """Makes values after a JSON schema or an example.

    Parameters
    ----------
    nasty
        The chance that a value, at any depth, is one that nobody should send; the caller sets it for each request.
    ids
        What is in the plant, by the names of path parameters. It may change meanwhile.
    """

    def __init__(self, chance: random.Random, parts: Mapping[str, Any], ids: Mapping[str, Sequence[str]]) -> None:
        self.chance, self.parts, self.ids = chance, parts, ids
        self.nasty = 0.12
        self._later = timedelta(days=(datetime.now(UTC) - WRITTEN_ON).days + 1)

    def value(self, said: Mapping[str, Any], depth: int = 0) -> Any:
        """Return a value of the kind that a schema says, or now and then of none."""
        if self.chance.random() < self.nasty or depth > 6:
            return self.chance.choice(NASTY)
        if "$ref" in said:
            return self.value(self.parts[said["$ref"].rpartition("/")[2]], depth)
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in said:
                return self.value(self.chance.choice(said[choice]), depth)
        if "enum" in said:
            return self.chance.choice(said["enum"])
        if "const" in said:
            return said["const"]
        makers: Mapping[str, Callable[[Mapping[str, Any], int], Any]] = {
            "object": self._object, "array": self._array, "string": self._text, "integer": self._integer,
            "number": lambda *_: self.chance.choice([0.5, -1.0, 1e6, 3.25]),
            "boolean": lambda *_: self.chance.random() < 0.5, "null": lambda *_: None,
        }  # fmt: skip
        make = makers.get(said.get("type", ""))
        return self.chance.choice(NASTY) if make is None else make(said, depth)

    def like(self, example: Any) -> Any:
        """Return an example with what it names replaced by what is there, and mostly a value or two spoilt."""
        made = self._there(deepcopy(example), "")
        for _ in range(self.chance.choice((0, 0, 1, 1, 2)) if self.nasty else 0):
            made = self._spoilt(made)
        return made

    def _there(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: self._there(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._there(each, name) for each in value]
        known = self._known(name)
        if known:
            one = self.chance.choice(known)
            return int(one) if isinstance(value, int) else one
        if name in _OWN and isinstance(value, str) and self.chance.random() < 0.8:
            return f"{value}-{self.chance.randrange(10**9)}"
        return self._moved(value) if isinstance(value, str) else value

    def _known(self, name: str) -> Sequence[str]:
        return self.ids.get(_KNOWN_AS.get(name, name if name.endswith("_id") else ""), ())

    def _moved(self, text: str) -> str:
        if "T" not in text:
            return text
        try:
            return (datetime.fromisoformat(text) + self._later).isoformat()
        except ValueError:
            return text

    def _spoilt(self, value: Any) -> Any:
        inner: MutableMapping[Any, Any] | list[Any] | None = value if isinstance(value, dict | list) and value else None
        if inner is None or self.chance.random() < 0.1:
            return self.chance.choice(NASTY)
        key = self.chance.choice(sorted(inner) if isinstance(inner, dict) else range(len(inner)))
        if self.chance.random() < 0.15:
            del inner[key]
        else:
            inner[key] = self._spoilt(inner[key]) if self.chance.random() < 0.7 else self.chance.choice(NASTY)
        return inner

    def _object(self, said: Mapping[str, Any], depth: int) -> dict[str, Any]:
        needed = said.get("required", ())
        made = {
            name: self._field(name, each, depth + 1)
            for name, each in said.get("properties", {}).items()
            if (name in needed and self.chance.random() < 0.97) or self.chance.random() < 0.5
        }
        if self.chance.random() < self.nasty / 2:
            made[str(self.chance.choice(NASTY))[:50]] = self.chance.choice(NASTY)
        return made

    def _field(self, name: str, said: Mapping[str, Any], depth: int) -> Any:
        known = self._known(name) if name.endswith("_id") else ()
        if not known or self.chance.random() < self.nasty:
            return self.value(said, depth)
        one = self.chance.choice(known)
        return int(one) if one.isdecimal() else one

    def _array(self, said: Mapping[str, Any], depth: int) -> list[Any]:
        return [self.value(said.get("items", {}), depth + 1) for _ in range(self.chance.choice((0, 1, 1, 2, 5)))]

    def _integer(self, said: Mapping[str, Any], _: int) -> int:
        low = said.get("minimum", -3)
        return self.chance.randint(int(low), int(said.get("maximum", max(low, 0) + 12)))

    def _text(self, said: Mapping[str, Any], _: int) -> str:
        kinds = {
            "date-time": self.chance.choice(_TIMES),
            "date": "2026-03-02",
            "uuid": self.chance.choice(self.ids["order_id"]),
            "binary": "x",
        }
        usual = ("x", "P-101", "NTH", "bearing", "holm", "rule:flow-low", "2026-11-01T00:00:00Z", "08:00", "mechanical")
        return kinds.get(said.get("format", "")) or self.chance.choice(usual)
