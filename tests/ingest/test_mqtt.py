"""MQTT 3.1.1 as bytes: what is cut is what was sent, wherever the pieces end, and no bytes are more than refused."""

import struct
import sys
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.border import Bounds
from ingest.broker import mqtt
from ingest.broker.mqtt import BrokenPacket, Cutter, Kind
from ingest.formats.formats import Formats
from ingest.messages import Message

Sent = tuple[str, bytes, int, bool, bool]
Answers = list[tuple[Kind, bytes]]


def packet(first: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (128 if rest else 0))
        if not rest:
            return bytes((first,)) + length + body


def a_message(
    topic: bytes = b"a/b",
    payload: bytes = b"1",
    *,
    number: int = 7,
    qos: int = 1,
    again: bool = False,
    kept: bool = False,
) -> bytes:
    ident = struct.pack(">H", number) if qos else b""
    return packet(0x30 | again << 3 | qos << 1 | kept, struct.pack(">H", len(topic)) + topic + ident + payload)


def cut(*pieces: bytes) -> tuple[list[Message], Answers]:
    cutter, messages = Cutter(), list[Message]()
    for piece in pieces:
        cutter.feed(piece, 5, messages)
    assert cutter.packets == len(messages) + len(cutter.answers)
    return messages, cutter.answers


MESSAGES = st.builds(
    a_message,
    st.text(max_size=20).map(str.encode) | st.binary(max_size=20),
    st.binary(max_size=300) | st.integers(16_000, 17_000).map(bytes),
    number=st.integers(1, 65_535),
    qos=st.integers(0, 2),
    again=st.booleans(),
    kept=st.booleans(),
)
ANSWERS = st.sampled_from(
    [
        packet(0x20, b"\0\0"), packet(0x20, b"\1\0"), packet(0xD0, b""), packet(0x90, b"\0\1\1\1\x80"),
        packet(0x40, b"\0\2"), packet(0x50, b"\0\2"), packet(0x62, b"\0\2"), packet(0x70, b"\0\2"),
    ]
)  # fmt: skip
STREAMS = st.lists(MESSAGES | ANSWERS, max_size=12).map(b"".join)


def in_pieces(stream: bytes, ends: list[int]) -> list[bytes]:
    marks = sorted({0, len(stream), *(end % (len(stream) + 1) for end in ends)})
    return [stream[begin:end] for begin, end in pairwise(marks)]


@given(STREAMS, st.lists(st.integers(0, 100_000), max_size=20))
@example(packet(0xD0, b"") + a_message(), [2, 3])
@example(a_message(payload=bytes(200)) + packet(0xD0, b"") * 2, [1, 2, 3, 211, 212])
def test_bytes_cut_anywhere_give_the_same_packets_as_the_whole(stream, ends):
    assert cut(*in_pieces(stream, ends)) == cut(stream)


def test_bytes_that_come_one_by_one_give_the_same_packets_too():
    stream = a_message(payload=bytes(200)) + packet(0xD0, b"") + a_message(qos=0) + packet(0x90, b"\0\1\1")
    assert cut(*(bytes((byte,)) for byte in stream)) == cut(stream)
    assert len(cut(stream)[0]) == 2


@given(st.lists(st.binary(max_size=60) | MESSAGES | ANSWERS, max_size=8))
def test_no_bytes_do_more_than_end_the_connection_however_they_are_cut(pieces):
    def outcome(*given: bytes) -> list[Message] | str:
        cutter, messages = Cutter(), list[Message]()
        try:
            for piece in given:
                cutter.feed(piece, 5, messages)
        except BrokenPacket as broken:
            return str(broken)
        return messages

    stream = b"".join(pieces)
    assert outcome(*pieces) == outcome(stream) == outcome(*(bytes((byte,)) for byte in stream))


@given(
    st.text(max_size=30),
    st.binary(max_size=20_000),
    st.integers(1, 65_535),
    st.booleans(),
)
def test_what_is_published_is_what_is_cut(topic, payload, number, retain):
    (message,), _ = cut(mqtt.publish(topic, payload, packet_id=number, retain=retain))
    assert message == Message(topic, payload, 5, number, again=False, retained=retain)


FLAGS = {
    "at QoS 0": (a_message(qos=0), Message("a/b", b"1", 5, 0)),
    "at QoS 1": (a_message(), Message("a/b", b"1", 5, 7)),
    "at QoS 2": (a_message(qos=2), Message("a/b", b"1", 5, 7)),
    "once more": (a_message(again=True), Message("a/b", b"1", 5, 7, again=True)),
    "kept by the broker": (a_message(kept=True), Message("a/b", b"1", 5, 7, retained=True)),
    "with nothing in it": (a_message(payload=b""), Message("a/b", b"", 5, 7)),
    "on a topic of no level": (a_message(b""), Message("", b"1", 5, 7)),
    "on a topic that is no UTF-8": (a_message(b"a/\xff"), Message(r"b'a/\xff'", b"1", 5, 7)),
    "on a topic with a NUL": (a_message(b"a\0b"), Message("a\0b", b"1", 5, 7)),
}


@pytest.mark.parametrize(("stream", "wanted"), FLAGS.values(), ids=FLAGS.keys())
def test_a_message(stream, wanted):
    assert cut(stream) == ([wanted], [])


BROKEN = {
    "a client's packet": packet(0x10, b"x"),
    "a type that does not exist": packet(0xF0, b""),
    "flags that an answer has not": packet(0x41, b"\0\1"),
    "a message at QoS 3": packet(0x36, b"\0\1a\0\1x"),
    "a message shorter than its topic": packet(0x32, b"\0\x09a\0\1"),
    "a message that ends in its topic's length": packet(0x30, b"\0"),
    "a message without a packet id": packet(0x32, b"\0\1a"),
    "the packet id 0": packet(0x32, b"\0\1a\0\0x"),
    "a length without an end": b"\x32\xff\xff\xff\xff",
    "a long PINGRESP": packet(0xD0, b"x"),
    "a short CONNACK": packet(0x20, b"\0"),
    "a SUBACK of a megabyte": b"\x90\xff\xff\x7f",
}


@pytest.mark.parametrize("stream", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_mqtt(stream):
    with pytest.raises(BrokenPacket):
        cut(stream)
    with pytest.raises(BrokenPacket):
        cut(*(bytes((byte,)) for byte in a_message() + stream))


@pytest.mark.parametrize("piece", [1 << 12, 1 << 16, 1 << 18, 1 << 24])
def test_of_a_message_that_is_too_long_only_the_head_is_kept_and_the_next_one_is_whole(piece):
    stream = a_message(payload=bytes(3 << 20)) + a_message(payload=b"next", number=8)
    cutter, messages, most = Cutter(), list[Message](), 0
    for begin in range(0, len(stream), piece):
        cutter.feed(stream[begin : begin + piece], 5, messages)
        most = max(most, len(cutter._rest))
    long, following = messages
    assert mqtt.MOST_PAYLOAD <= len(long.payload) <= mqtt.MOST_HEAD
    assert (following.payload, following.token) == (b"next", 8)
    assert most <= mqtt.MOST_HEAD + piece


def test_the_topics_remembered_are_bounded():
    cutter, messages = Cutter(), list[Message]()
    for number in range(1_000):
        cutter.feed(a_message(b"%060000d" % number), 5, messages)
        messages[:-1] = []
        remembered = sum(sys.getsizeof(name) + sys.getsizeof(topic) for name, topic in cutter._topics.items())
        assert remembered <= cutter.topic_bytes <= mqtt.MOST_TOPICS
    assert messages[-1].topic == f"{999:060000d}"
    assert len(cutter._topics) > 10


def test_a_topic_that_comes_again_costs_nothing_more():
    cutter, messages = Cutter(), list[Message]()
    for payload in (b"1", bytes(20_000), b"2", bytes(20_000)):
        cutter.feed(a_message(payload=payload), 5, messages)
    once = Cutter()
    once.feed(a_message(), 5, messages)
    assert cutter.topic_bytes == once.topic_bytes


def test_acknowledgements_are_one_piece_of_bytes():
    assert mqtt.answers(Kind.PUBACK, [1, 0x1234]) == b"\x40\2\0\1\x40\2\x12\x34"
    assert mqtt.answers(Kind.PUBREC, []) == b""


def test_a_connect_says_who_we_are_and_what_is_said_when_we_are_gone():
    plain = mqtt.connect("me", clean=True, keep_alive_s=30)
    assert plain == b"\x10\x0e\0\4MQTT\4\x02\0\x1e\0\2me"
    full = mqtt.connect("me", clean=False, keep_alive_s=30, user="ann", password="", will=("w", b"x"))
    assert full == b"\x10\x1b\0\4MQTT\4\xec\0\x1e\0\2me\0\1w\0\1x\0\3ann\0\0"


def test_a_text_that_is_too_long_for_mqtt_is_refused():
    with pytest.raises(ValueError, match="65535 is the most"):
        mqtt.subscribe(1, ["x" * 70_000])


def test_of_a_message_that_is_too_long_its_size_is_kept_and_said():
    (long, short) = cut(a_message(payload=bytes(1_900_000)) + a_message(payload=b"x", number=8))[0]
    assert (long.size, short.size) == (1_900_000, 0)
    ((refused,),) = [Formats().parse(long, Bounds())[1]]
    assert refused.problem.startswith("1900000 bytes; a message may have")
