"""Where something is in JSON, and texts that are made of what is there."""

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass
from typing import Any

from ingest.border import Bad
from ingest.messages import Reason

_FIELD = re.compile(r"\{([^{}]+)\}")
MISSING = object()


@dataclass(frozen=True, slots=True)
class JsonPath:
    """Where something is in JSON: ``a.b[0].c``; ``$.a`` from the root of the payload, ``""`` the element itself.

    A key that holds dots or brackets is found whole before it is taken apart.
    """

    text: str
    keys: tuple[str | int, ...]
    from_root: bool

    @classmethod
    def of(cls, text: str) -> "JsonPath":
        """Read a path."""
        from_root = text == "$" or text.startswith("$.")
        rest = text[2:] if from_root else text
        keys: list[str | int] = []
        for part in rest.split(".") if rest else []:
            name, *indexes = part.replace("]", "").split("[")
            keys += [name] if name else []
            keys += [int(index) if index.isdigit() else index for index in indexes]
        return cls(rest, tuple(keys), from_root)

    def find(self, root: Any, element: Any) -> Any:
        """Return what is there, or MISSING."""
        at = root if self.from_root else element
        if isinstance(at, dict) and self.text in at:
            return at[self.text]
        for key in self.keys:
            if isinstance(key, str):
                if not isinstance(at, dict) or key not in at:
                    return MISSING
                at = at[key]
            else:
                if not isinstance(at, list) or key >= len(at):
                    return MISSING
                at = at[key]
        return at


@dataclass(frozen=True, slots=True)
class Text:
    """A text with fields: ``{level}`` of the topic, ``{.path}`` in the element, ``{$.path}`` in the payload."""

    parts: tuple[str | JsonPath, ...]
    levels: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Text":
        """Read a text."""
        parts: list[str | JsonPath] = []
        levels = set()
        for i, part in enumerate(_FIELD.split(text)):
            if i % 2 == 0:
                parts += [part] if part else []
            elif part.startswith((".", "$")):
                parts.append(JsonPath.of(part.removeprefix(".")))
            else:
                levels.add(part)
                parts.append("{" + part + "}")
        return cls(tuple(parts), frozenset(levels))

    def fill(self, levels: Table[str, str], root: Any, element: Any) -> str:
        """Return the text. Raises Bad where a field is not in the payload."""
        made = []
        for part in self.parts:
            if isinstance(part, str):
                made.append(levels[part[1:-1]] if part[:1] == "{" else part)
                continue
            found = part.find(root, element)
            if not isinstance(found, str | int | float) or isinstance(found, bool) or found != found:
                raise Bad(Reason.WRONG_SHAPE, f"{part.text} is missing; the mapping needs it for a name or a unit")
            made.append(str(found))
        return "".join(made)
