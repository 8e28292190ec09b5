"""What a binary payload is, is said where that is certain, and nowhere else."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.border import Bounds
from ingest.formats import binary, payload
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.messages import Message

NOW_US = 1_772_431_200_000_000
DOCUMENT = {"ts": NOW_US // 1000, "values": {"temp": 41.5, "flow": 200}}
BIRTH = Payload(
    timestamp=NOW_US // 1000, seq=0, metrics=[Payload.Metric(name="temp", datatype=10, double_value=41.5)]
).SerializeToString()
KNOWN = {
    "MessagePack": msgspec.msgpack.encode(DOCUMENT),
    "several of MessagePack": msgspec.msgpack.encode([DOCUMENT, DOCUMENT]),
    "CBOR": bytes.fromhex("a16474656d70f95130"),
    "CBOR of no stated length": bytes.fromhex("bf6474656d70fb4044c00000000000ff"),
    "BSON": b"\x13\x00\x00\x00\x01temp\x00\x00\x00\x00\x00\x00\xc0D@\x00",
    "Sparkplug B (protobuf)": BIRTH,
    "gzip": b"\x1f\x8b\x08\x00",
    "a JPEG picture": b"\xff\xd8\xff\xe0\x00\x10JFIF",
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_binary_payload_is_named(name):
    frames, refused = payload.parse(Message("plantwright/v1/NTH/P-1", KNOWN[name], NOW_US), Bounds())
    assert frames == []
    (one,) = refused
    said = name.removeprefix("several of ").removesuffix(" of no stated length")
    assert f"the payload is {said}" in one.problem or f"compressed ({said})" in one.problem


NOT_CERTAIN = {
    "a MessagePack number": b"\xcd\x01\x00\x00",
    "half of MessagePack": msgspec.msgpack.encode(DOCUMENT)[:-1],
    "MessagePack and more": msgspec.msgpack.encode(DOCUMENT) + b"\x01",
    "a map by numbers": msgspec.msgpack.encode({1: 2, 3: 4}),
    "some protobuf": Payload(timestamp=7).SerializeToString(),
    "bytes": bytes(range(128, 256)),
    "latin-1": json.dumps({"a": "ü"}, ensure_ascii=False).encode("latin-1"),
}


@pytest.mark.parametrize("raw", NOT_CERTAIN.values(), ids=NOT_CERTAIN)
def test_nothing_is_said_where_it_is_not_certain(raw):
    assert binary.kind(raw) is None


@given(st.text(min_size=1))
def test_a_text_is_nothing_binary(text):
    raw = text.encode()
    assert binary.kind(raw) in (None, "BSON", "Parquet", "Avro")


@given(st.binary(max_size=400))
def test_any_bytes_can_be_looked_at(raw):
    binary.kind(raw)
    binary.kind(b"\xbf" + raw)
    binary.kind(b"\x9f" * 50 + raw)
