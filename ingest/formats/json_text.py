"""JSON as devices write it: strictly where it is JSON, else by its numbers that are none, its lines and its encoding.

The strict decoder reads what nearly all messages are. What C's printf, Python and C strings make of a broken sensor
(NaN, 1e400, a NUL at the end) is looked at only where that one refuses, so that good values beside a bad one are kept.
"""

import json
import re
from typing import Any

import msgspec

from ingest.border import Bad
from ingest.messages import Reason

_strict = msgspec.json.Decoder()
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOKENS = re.compile(
    r'"(?:[^"\\]|\\.)*+"?|(?<![\w.])(?P<none>[-+]?(?:nan|inf(?:inity)?|1\.#[a-z]+\d*)(?:\(\w*\))?)(?!\w)',
    re.IGNORECASE | re.DOTALL,
)
_WHOLE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_PACKED = {
    b"\x1f\x8b": "gzip", b"\x78\x01": "zlib", b"\x78\x9c": "zlib", b"\x78\xda": "zlib", b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x04\x22\x4d\x18": "LZ4", b"PK\x03\x04": "zip",
}  # fmt: skip
_UTF8, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_LONGEST_WHOLE = 19
"""Digits of a whole number; a longer one is a float, and may be infinite."""


def document(raw: bytes) -> Any:
    """Return one JSON document; numbers that are none are NaN or infinite in it. Raises Bad."""
    try:
        return _strict.decode(raw)
    except _ERRORS:
        return _leniently(text_of(raw))


def documents(raw: bytes, bad: list[Bad]) -> list[Any]:
    """Return the documents of a payload: one, or one a line. A line that is none is added to ``bad``. Raises Bad."""
    try:
        return [_strict.decode(raw)]
    except _ERRORS:
        text = text_of(raw)
    try:
        return [_leniently(text)]
    except Bad:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_document(lines[0]):
            raise
    found = []
    for line in lines:
        try:
            found.append(_leniently(line))
        except Bad as wrong:
            bad.append(wrong)
    return found


def text_of(raw: bytes) -> str:
    """Return a payload's text without its byte order mark, up to the NUL that ends a text of C. Raises Bad."""
    for magic, name in _PACKED.items():
        if raw.startswith(magic):
            raise Bad(Reason.NOT_JSON, f"the payload is compressed ({name}); send it as it is")
    try:
        if raw.startswith(_UTF16):
            return raw.decode("utf-16").partition("\0")[0]
        return raw.removeprefix(_UTF8).partition(b"\0")[0].decode()
    except UnicodeDecodeError as error:
        wrong = raw.removeprefix(_UTF8)[error.start]
        raise Bad(Reason.NOT_JSON, f"byte 0x{wrong:02x} at {error.start} is no UTF-8; send texts in UTF-8") from None


def _is_document(line: str) -> bool:
    try:
        return isinstance(_leniently(line), dict | list)
    except Bad:
        return False


def _leniently(text: str) -> Any:
    try:
        return _decode(_TOKENS.sub(_as_python_writes_it, text))
    except RecursionError:
        raise Bad(Reason.NOT_JSON, "the payload is nested too deep; send plain objects") from None
    except ValueError as error:
        raise Bad(Reason.NOT_JSON, f"the payload is no JSON: {error}") from None


def _as_python_writes_it(found: re.Match[str]) -> str:
    token = found["none"]
    if token is None:
        if "\\u" in found[0] and _HALF.search(_WHOLE.sub("", found[0])):
            raise Bad(Reason.NOT_JSON, "the payload has half a character in a text (a lone surrogate)")
        return found[0]
    if "inf" not in token.lower():
        return "NaN"
    return "-Infinity" if token.startswith("-") else "Infinity"


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_WHOLE else float(digits)


_decode = json.JSONDecoder(parse_int=_whole).decode
