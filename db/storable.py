"""Makes values storable in PostgreSQL: text without NUL or lone surrogates, JSON of finite numbers.

Input from machines that is not storable is refused by `ingest`. This is for what the program itself produces, which
must not fail in the middle of a transaction.
"""

import math
from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb


def text(said: str) -> str:
    """Return a text in storable form: a NUL becomes two characters, a lone surrogate a question mark."""
    return said.replace("\0", "\\0").encode(errors="replace").decode()


def json(value: Any) -> Jsonb:
    """Return a value as storable JSON: NaN and infinities become null."""
    return Jsonb(value if _is_storable(value) else _made(value))


def _is_storable(value: Any) -> bool:
    match value:
        case str():
            return value.isascii() and "\0" not in value
        case float():
            return math.isfinite(value)
        case Mapping():
            return all(_is_storable(key) and _is_storable(each) for key, each in value.items())
        case list() | tuple():
            return all(map(_is_storable, value))
    return True


def _made(value: Any) -> Any:
    match value:
        case str():
            return text(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {_made(key): _made(each) for key, each in value.items()}
        case list() | tuple():
            return [_made(each) for each in value]
    return value
