"""Parses JSON as devices write it: strictly if it is valid, otherwise leniently.

The strict decoder reads nearly all messages. What C's printf, Python and C strings make of a broken sensor
(NaN, 1e400, None, nothing at all, a text of another encoding or cut in two, NULs) is only tried if the strict one
fails, so that good values next to a bad one are kept.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from ingest.border import Bad, Twice
from ingest.formats import binary
from ingest.messages import Reason
from workorder_core.sentences import kept

_strict = msgspec.json.Decoder()
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOKENS = re.compile(
    r'"(?:[^"\\]|\\.)*+"?'
    r"|(?<![\w.])(?P<none>[-+]?(?:nan|inf(?:inity)?|1\.#[a-z]+\d*)(?:\(\w*\))?)(?!\w)"
    r"|(?<![\w.])(?P<word>None|nil|undefined|#?n/a|-{1,9}|\*{1,9}|\?{1,9})(?=\s*+[,}\]])"
    r"|(?<![\w.+-])(?P<number>[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:e[-+]?\d++)?)(?![\w.])"
    r"|(?P<gap>:)\s*+(?=[,}])",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_LINES = re.compile(r"[\r\n\x1a\x1e]+")
"""Separators of documents: RFC 7464 and old tools have their own."""
_UTF8, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_LONGEST_WHOLE = 19
"""The most digits of an integer; a longer one is a float, and may be infinite."""


def document(raw: bytes) -> Any:
    """Parse one JSON document; invalid numbers become NaN or infinite. Raises Bad."""
    try:
        return strict(raw)
    except _ERRORS:
        return _read(raw, _leniently)


def strict(raw: bytes) -> Any:
    """Parse one JSON document; different values under one name become `Twice`. Raises what msgspec raises."""
    made = _strict.decode(raw)
    return made if names_are_once(raw, made) else _decode(raw.decode())


def names_are_once(raw: bytes, made: Any) -> bool:
    """Return whether no object of a document has a name twice: each colon in it follows a name, or is in a text."""
    if b"\\u" in raw:
        return False
    left, colons = [made], 0
    while left:
        each = left.pop()
        if isinstance(each, dict):
            colons += len(each)
            left += each
            left += each.values()
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str):
            colons += each.count(":")
    return raw.count(b":") == colons


def documents(raw: bytes, bad: list[Bad]) -> list[Any]:
    """Parse the documents of a payload: one, or several in a row. Invalid ones among them are added to ``bad``.

    A text that is not UTF-8, or cut within a character, gets a lone surrogate. Raises Bad.
    """
    try:
        return [strict(raw)]
    except _ERRORS:
        found: list[Any] = _read(raw, lambda text: _one_or_several(text, bad))
        return found


def _read(raw: bytes, read: Callable[[str], Any]) -> Any:
    """Read a payload that is not strictly JSON. Raises Bad, which names what it is where that is certain."""
    try:
        return _as_text(raw, read)
    except Bad:
        if (kind := binary.kind(raw)) is None:
            raise
    raise Bad(
        Reason.NOT_JSON,
        kept("the payload is {kind}; send JSON, or give the device's gateway a step that makes it", kind=kind),
    )


def _as_text(raw: bytes, read: Callable[[str], Any]) -> Any:
    """Read a payload up to the NUL that ends a C string, otherwise to its end: its texts may be padded. Raises Bad."""
    trouble: Bad | None = None
    try:
        text = text_of(raw)
    except Bad as wrong:
        if raw.startswith((*binary.PACKED, *_UTF16)):
            raise
        trouble, text = wrong, raw.removeprefix(_UTF8).partition(b"\0")[0].decode(errors="surrogateescape")
    try:
        return read(text)
    except Bad as wrong:
        trouble = trouble or wrong
    padded = raw.removeprefix(_UTF8).rstrip(b"\0")
    if b"\0" not in padded or raw.startswith(_UTF16):
        raise trouble
    try:
        return read(padded.decode(errors="surrogateescape"))
    except Bad:
        raise trouble from None


def text_of(raw: bytes) -> str:
    """Return a payload's text without its byte order mark, up to the NUL that ends a C string. Raises Bad."""
    if packed := binary.compression(raw):
        raise Bad(Reason.NOT_JSON, kept("the payload is compressed ({packed}); send it uncompressed", packed=packed))
    try:
        if raw.startswith(_UTF16):
            return raw.decode("utf-16").partition("\0")[0]
        return raw.removeprefix(_UTF8).partition(b"\0")[0].decode()
    except UnicodeDecodeError as error:
        wrong = raw.removeprefix(_UTF8)[error.start]
        raise Bad(
            Reason.NOT_JSON,
            kept("byte {byte} at {count} is not UTF-8; send texts in UTF-8", byte=f"0x{wrong:02x}", count=error.start),
        ) from None


def _one_or_several(text: str, bad: list[Bad]) -> list[Any]:
    try:
        return [_leniently(text)]
    except Bad:
        lines = [line for line in _LINES.split(text) if line.strip()]
        if not lines or lines == [text] or not _is_document(lines[0]):
            raise
    found = []
    for line in lines:
        try:
            found.append(_leniently(line))
        except Bad as wrong:
            bad.append(wrong)
    return found


def _is_document(line: str) -> bool:
    try:
        return isinstance(_leniently(line), dict | list)
    except Bad:
        return False


def _leniently(text: str) -> Any:
    try:
        return _decode(_TOKENS.sub(_as_json, text))
    except RecursionError:
        raise Bad(Reason.NOT_JSON, kept("the payload is nested too deeply; send plain objects")) from None
    except ValueError as error:
        raise Bad(Reason.NOT_JSON, kept("the payload is not JSON: {error}", error=error)) from None


def _as_json(found: re.Match[str]) -> str:
    """Rewrite a token for Python's decoder: a placeholder for a missing value becomes null."""
    if (token := found["none"]) is not None:
        if "inf" not in token.lower():
            return "NaN"
        return "-Infinity" if token.startswith("-") else "Infinity"
    if (number := found["number"]) is not None:
        return number if _NUMBER.fullmatch(number) else _plain(number)
    if found["gap"] is not None:
        return ":null"
    return "null" if found["word"] is not None else found[0]


def _plain(number: str) -> str:
    """Return a number like ``+5``, ``.5``, ``5.`` or ``007`` as JSON writes it."""
    made = float(number)
    return repr(made) if math.isfinite(made) else "-Infinity" if made < 0 else "Infinity"


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_WHOLE else float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; different values under one name become `Twice`, equal ones are merged."""
    made = dict(pairs)
    if len(made) < len(pairs):
        said: dict[str, list[Any]] = {}
        for name, value in pairs:
            said.setdefault(name, []).append(value)
        for name, values in said.items():
            if any(value != values[0] for value in values[1:]):
                made[name] = Twice(name, values)
    return made


_decode = json.JSONDecoder(parse_int=_whole, strict=False, object_pairs_hook=_object).decode
