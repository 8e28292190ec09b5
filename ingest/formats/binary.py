"""Identifies binary payloads, where that is certain: by their first bytes, or by parsing the whole."""

import msgspec
from google.protobuf.message import DecodeError

from ingest.formats.sparkplug_b_pb2 import Payload

_MAGIC = {
    b"\x1f\x8b": "gzip", b"\x78\x01": "zlib", b"\x78\x9c": "zlib", b"\x78\xda": "zlib", b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x04\x22\x4d\x18": "LZ4", b"PK\x03\x04": "zip",
}  # fmt: skip
PACKED = tuple(_MAGIC)
_FILES = {
    b"\x89PNG\r\n\x1a\n": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"PAR1": "Parquet", b"Obj\x01": "Avro",
    b"\xac\xed\x00\x05": "a serialized Java object", b"\xd9\xd9\xf7": "CBOR",
}  # fmt: skip
_MOST = 16 * 1024
"""The most bytes of a payload that is parsed as a whole."""
_DEEPEST = 20
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_LIKELY_MS = (10**12, 4 * 10**12)
"""Times of the years 2001 to 2096."""


def compression(raw: bytes) -> str | None:
    """Return the compression of a payload; None for an unknown one or none."""
    return next((name for magic, name in _MAGIC.items() if raw.startswith(magic)), None)


def kind(raw: bytes) -> str | None:
    """Return the format of a payload that is neither text nor compressed; None if that is not certain."""
    if (named := next((name for magic, name in _FILES.items() if raw.startswith(magic)), None)) is not None:
        return named
    if not 4 <= len(raw) <= _MOST:
        return None
    if int.from_bytes(raw[:4], "little") == len(raw) and raw.endswith(b"\0"):
        return "BSON"
    for name, looks in (("MessagePack", _is_msgpack), ("CBOR", _is_cbor), ("Sparkplug B (protobuf)", _is_sparkplug)):
        if looks(raw):
            return name
    return None


def _is_msgpack(raw: bytes) -> bool:
    try:
        made = msgspec.msgpack.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return False
    documents = made if isinstance(made, list) else [made]
    return bool(documents) and all(_has_names(each) for each in documents)


def _has_names(made: object) -> bool:
    return isinstance(made, dict) and bool(made) and all(isinstance(name, str) for name in made)


def _is_sparkplug(raw: bytes) -> bool:
    first, last = _LIKELY_MS
    try:
        made = Payload.FromString(raw)
        return bool(made.metrics) and first <= made.timestamp < last and made.SerializeToString() == raw
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _is_cbor(raw: bytes) -> bool:
    """Return whether a payload is a map, or a non-empty array, in CBOR (RFC 8949) from its first byte to its last."""
    if raw[0] >> 5 not in (4, 5):
        return False
    try:
        return _after_item(raw, 0, 0) == len(raw)
    except (IndexError, ValueError):
        return False


def _after_item(raw: bytes, at: int, depth: int) -> int:
    """Return where an item ends. Raises IndexError or ValueError if there is none."""
    if depth > _DEEPEST:
        raise ValueError("too deep")
    major, minor = raw[at] >> 5, raw[at] & 31
    at += 1
    if minor == 31 and major in (4, 5):
        while raw[at] != 0xFF:
            at = _after_item(raw, at, depth + 1)
        return at + 1
    if minor > 27:
        raise ValueError("no length")
    width = _WIDTHS.get(minor, 0)
    number, at = int.from_bytes(raw[at : at + width]) if width else minor, at + width
    if major in (2, 3):
        if major == 3:
            raw[at : at + number].decode()
        at += number
    for i in range({4: number, 5: 2 * number, 6: 1}.get(major, 0)):
        if depth == 0 and major == 5 and i % 2 == 0 and raw[at] >> 5 != 3:
            raise ValueError("a name that is no text")
        at = _after_item(raw, at, depth + 1)
    return at
