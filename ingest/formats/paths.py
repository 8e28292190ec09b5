"""Paths into JSON, and text templates that are filled from them."""

import math
import re
from collections.abc import Mapping as Table
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ingest.border import Bad, Twice, once
from ingest.messages import Reason
from ingest.names import Joined, Name
from workorder_core.sentences import kept

_FIELD = re.compile(r"\{([^{}]+)\}")
_BRACE = re.compile(r"[{}]")
_INDEX = re.compile(r"[0-9]{1,9}")
MISSING = object()
_MOST = 10**100
"""Bound of an integer that is used as a name."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path into JSON: ``a.b[0].c``; ``$.a`` from the root of the payload, ``""`` the element itself.

    A key that contains dots or brackets is looked up as a whole before it is split.
    """

    text: str
    keys: tuple[str | int, ...]
    from_root: bool

    @classmethod
    def of(cls, text: str) -> "JsonPath":
        """Parse a path."""
        from_root = text == "$" or text.startswith("$.")
        rest = text[2:] if from_root else text
        keys: list[str | int] = []
        for part in rest.split(".") if rest else []:
            name, *indexes = part.replace("]", "").split("[")
            keys += [name] if name else []
            keys += [int(index) if _INDEX.fullmatch(index) else index for index in indexes]
        return cls(rest, tuple(keys), from_root)

    def find(self, root: Any, element: Any) -> Any:
        """Return the value, or MISSING; `Twice` if a name on the path occurs twice."""
        at = root if self.from_root else element
        if self.text and isinstance(at, dict) and self.text in at:
            return at[self.text]
        for key in self.keys:
            if isinstance(key, str):
                if not isinstance(at, dict) or key not in at:
                    return at if isinstance(at, Twice) else MISSING
                at = at[key]
            else:
                if not isinstance(at, list) or key >= len(at):
                    return at if isinstance(at, Twice) else MISSING
                at = at[key]
        return at


@dataclass(frozen=True, slots=True)
class Level:
    """A named level of the topic."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A template with fields: ``{level}`` of the topic, ``{.path}`` in the element, ``{$.path}`` in the payload."""

    parts: tuple[str | Level | JsonPath, ...]
    levels: frozenset[str]

    @property
    def plain(self) -> str | None:
        """The text where it has no field, and is the same for every message; None otherwise."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    @property
    def stray_brace(self) -> bool:
        """Return whether a brace is left that belongs to no field."""
        return any(isinstance(part, str) and _BRACE.search(part) for part in self.parts)

    @classmethod
    def of(cls, text: str) -> "Text":
        """Parse a template."""
        parts: list[str | Level | JsonPath] = []
        levels = set()
        for i, part in enumerate(_FIELD.split(text)):
            if i % 2 == 0:
                parts += [part] if part else []
            elif part.startswith((".", "$")):
                parts.append(JsonPath.of(part.removeprefix(".")))
            else:
                levels.add(part)
                parts.append(Level(part))
        return cls(tuple(parts), frozenset(levels))

    def fill(self, levels: Table[str, str], root: Any, element: Any) -> str:
        """Fill the template. Raises Bad if a field is not in the payload."""
        return "".join(self._filled(levels, root, element))

    def name(self, levels: Table[str, str], root: Any, element: Any) -> Name:
        """Return the text as a name of `ingest.names`: one that other fields would make too says where its fields end.

        So ``{node}.{device}`` of ``a.b`` and ``c`` is not that of ``a`` and ``b.c``. Raises Bad as ``fill`` does.
        """
        made = self._filled(levels, root, element)
        text = "".join(made)
        if sum(not isinstance(part, str) for part in self.parts) < 2:
            return text
        between = [part for part in self.parts[1:-1] if isinstance(part, str)]
        values = [each for part, each in zip(self.parts, made, strict=True) if not isinstance(part, str)]
        if len(between) >= len(values) - 1 and not any(
            sign in each for sign in set("".join(between)) for each in values
        ):
            return text
        return Joined(text, tuple(accumulate(map(len, made[:-1]))))

    def _filled(self, levels: Table[str, str], root: Any, element: Any) -> list[str]:
        made = []
        for part in self.parts:
            if not isinstance(part, JsonPath):
                made.append(levels[part.name] if isinstance(part, Level) else part)
                continue
            found = once(part.find(root, element))
            if not _can_be_a_name(found):
                raise Bad(
                    Reason.WRONG_SHAPE,
                    kept("{part} is missing; the mapping needs it for a name or a unit", part=part.text),
                )
            made.append(str(found))
        return made


def _can_be_a_name(found: object) -> bool:
    if isinstance(found, bool | int):
        return not isinstance(found, bool) and abs(found) < _MOST
    return isinstance(found, str) or (isinstance(found, float) and math.isfinite(found))
