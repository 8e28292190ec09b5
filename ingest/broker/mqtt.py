"""MQTT 3.1.1 packets: encodes those that a subscriber sends, and parses those that it receives. No I/O, no clock."""

import struct
import sys
from collections.abc import Sequence
from enum import IntEnum

from ingest.messages import Message

MOST_PAYLOAD = 1 << 20
"""The most bytes of a payload that are kept. The rest of a longer one is skipped as it arrives; its head is refused."""
MOST_HEAD = MOST_PAYLOAD + (1 << 16) + 8
"""The most bytes of a message's packet that are kept: the payload, the longest topic, and the header."""
MOST_ANSWER = 1 << 16
"""The most bytes of any other packet; a broker never needs to send a longer one."""
MOST_TOPICS = 16 << 20
"""The most bytes of decoded topics that are cached; then the cache is cleared."""
_OF_ENTRY = 100
"""The most bytes that a cached topic costs besides its two texts."""


class Kind(IntEnum):
    """Types of packets: the upper half of their first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


PINGREQ = bytes((Kind.PINGREQ << 4, 0))
DISCONNECT = bytes((Kind.DISCONNECT << 4, 0))
_ANSWERS = {Kind.CONNACK: 2, Kind.PUBACK: 2, Kind.PUBREC: 2, Kind.PUBREL: 2, Kind.PUBCOMP: 2, Kind.PINGRESP: 0}
"""The length of each kind of packet that a broker may send besides messages."""

REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not accept our client id",
    3: "it is not available now",
    4: "wrong user or password",
    5: "not authorized",
}


class BrokenPacket(ValueError):
    """Bytes that are not MQTT 3.1.1, or not a packet that a broker may send."""


def connect(
    client_id: str,
    *,
    clean: bool,
    keep_alive_s: int,
    user: str | None = None,
    password: str | None = None,
    will: tuple[str, bytes] | None = None,
) -> bytes:
    """Return a CONNECT. A will is published at QoS 1 and retained."""
    flags = 0x02 * clean | 0x2C * (will is not None) | 0x80 * (user is not None)
    body = _text(client_id)
    if will is not None:
        body += _text(will[0]) + _sized(will[1])
    if user is not None:
        body += _text(user)
        if password is not None:
            flags |= 0x40
            body += _text(password)
    return _packet(Kind.CONNECT << 4, b"\x00\x04MQTT\x04" + struct.pack(">BH", flags, keep_alive_s) + body)


def is_filter(text: str) -> bool:
    """Whether a text is a topic filter (MQTT 3.1.1, 4.7): a broker closes the connection of who sends another."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return False
    *before, last = text.split("/")
    levels = [*before, "" if last == "#" else last]
    return 0 < size <= 65_535 and "\0" not in text and all(each == "+" or not {"+", "#"} & set(each) for each in levels)


def subscribe(packet_id: int, topics: Sequence[str]) -> bytes:
    """Return a SUBSCRIBE at QoS 1."""
    filters = b"".join(_text(topic) + b"\x01" for topic in topics)
    return _packet(Kind.SUBSCRIBE << 4 | 2, struct.pack(">H", packet_id) + filters)


def publish(topic: str, payload: bytes, *, packet_id: int = 0, retain: bool = False) -> bytes:
    """Return a PUBLISH: with a packet id at QoS 1, without at QoS 0."""
    number = struct.pack(">H", packet_id) if packet_id else b""
    return _packet(Kind.PUBLISH << 4 | 2 * bool(packet_id) | retain, _text(topic) + number + payload)


def answers(kind: Kind, packet_ids: Sequence[int]) -> bytes:
    """Return a PUBACK, PUBREC or PUBCOMP for each of those packets, as one piece of bytes."""
    head = kind << 28 | 2 << 16
    return struct.pack(f">{len(packet_ids)}I", *[head | packet_id for packet_id in packet_ids])


def _packet(first: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes((first,)) + length + body


def _text(text: str) -> bytes:
    return _sized(text.encode())


def _sized(value: bytes) -> bytes:
    if len(value) > 0xFFFF:
        raise ValueError(f"{len(value)} bytes are too long for a text of MQTT: 65535 is the most")
    return struct.pack(">H", len(value)) + value


class Cutter:
    """Splits the bytes from a broker into packets, wherever the received pieces end.

    Parameters
    ----------
    answers
        Packets other than messages, as (kind, body), for the caller to handle and clear.
    exactly_once
        Packet ids of messages at QoS 2, which need another acknowledgement.
    packets
        How many packets are complete. An incomplete one does not count, however long it trickles in.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[Kind, bytes]] = []
        self.exactly_once: set[int] = set()
        self.packets = 0
        self._rest = bytearray()
        self._wanted = 0
        self._pass_over = 0
        self._topics: dict[bytes, str] = {}
        self.topic_bytes = 0

    def feed(self, piece: bytes, received_us: int, messages: list[Message]) -> None:
        """Parse received bytes and append the messages that are complete. Raises BrokenPacket.

        Only a part of one packet is kept between two calls, bounded by MOST_HEAD.
        """
        if self._pass_over:
            passed = min(self._pass_over, len(piece))
            self._pass_over -= passed
            piece = piece[passed:]
        if self._rest:
            self._rest += piece
            if len(self._rest) < self._wanted:
                return
            piece = bytes(self._rest)
            self._rest.clear()
        used = self._cut(piece, received_us, messages)
        if used < len(piece):
            self._rest += piece[used:]

    def _cut(self, data: bytes, received_us: int, messages: list[Message]) -> int:
        """Parse the complete packets and return their length in bytes. A message at QoS 1 has a fast path."""
        topics, append = self._topics, messages.append
        at, end, before = 0, len(data), len(messages)
        while at < end:
            first = data[at]
            if first & 0xF6 == 0x32 and end - at > 3:
                length, begin = data[at + 1], at + 2
                if length > 127:
                    length += (data[begin] << 7) - 128
                    begin += 1
                stop = begin + length
                # A length of three bytes comes out as too long here.
                if 4 <= length < 0x4000 and stop <= end:
                    number = begin + 2 + (data[begin] << 8 | data[begin + 1])
                    if number + 2 > stop:
                        raise BrokenPacket("a message that is shorter than its topic")
                    token = data[number] << 8 | data[number + 1]
                    if not token:
                        raise BrokenPacket("a message whose packet id is 0")
                    name = data[begin + 2 : number]
                    topic = topics.get(name) or self._remember(name)
                    append(Message(topic, data[number + 2 : stop], received_us, token, first & 8 != 0, first & 1 != 0))
                    at = stop
                    continue
            stop = self._cut_one(data, at, received_us, messages)
            if stop == at:
                break
            at = stop
        self.packets += len(messages) - before
        return at

    def _cut_one(self, data: bytes, at: int, received_us: int, messages: list[Message]) -> int:
        """Parse the packet at a position and return where it ends; the position itself where it is not complete."""
        message = _is_message(data[at])
        extent = _extent(data, at)
        if extent is None:
            self._wanted = len(data) - at + 1
            return at
        begin, stop = extent
        if not message:
            _check_length(data[at] >> 4, stop - begin)
        kept = min(stop, at + MOST_HEAD)
        if kept > len(data):
            self._wanted = kept - at
            return at
        if message:
            messages.append(self._message(data[at], data[begin:kept], received_us, stop - kept))
        else:
            self.answers.append((Kind(data[at] >> 4), data[begin:stop]))
            self.packets += 1
        self._pass_over = max(stop - len(data), 0)
        return min(stop, len(data))

    def _message(self, first: int, body: bytes, received_us: int, cut: int) -> Message:
        """Return a message, of whose payload ``cut`` bytes are missing."""
        qos = first >> 1 & 3
        named = 2 + int.from_bytes(body[:2])
        begin = named + 2 if qos else named
        if begin > len(body) or len(body) < 2:
            raise BrokenPacket("a message that is shorter than its topic")
        token = int.from_bytes(body[named:begin])
        if qos and not token:
            raise BrokenPacket("a message whose packet id is 0")
        if qos == 2:
            self.exactly_once.add(token)
        name = body[2:named]
        topic = self._topics.get(name) or self._remember(name)
        size = len(body) - begin + cut if cut else 0
        return Message(topic, body[begin:], received_us, token, first & 8 != 0, first & 1 != 0, size)

    def _remember(self, name: bytes) -> str:
        try:
            topic = name.decode()
        except UnicodeDecodeError:
            topic = repr(name)
        self.topic_bytes += sys.getsizeof(name) + sys.getsizeof(topic) + _OF_ENTRY
        if self.topic_bytes > MOST_TOPICS:
            self._topics.clear()
            self.topic_bytes = sys.getsizeof(name) + sys.getsizeof(topic) + _OF_ENTRY
        self._topics[name] = topic
        return topic


def _is_message(first: int) -> bool:
    """Return whether a first byte is that of a message, not of an answer. Raises BrokenPacket for any other."""
    kind, flags = first >> 4, first & 0x0F
    if kind == Kind.PUBLISH and flags & 0x06 != 0x06:
        return True
    if (kind == Kind.SUBACK or kind in _ANSWERS) and flags == 2 * (kind == Kind.PUBREL):
        return False
    raise BrokenPacket(f"a packet that begins with {first:#04x} is not for a client")


def _check_length(kind: int, length: int) -> None:
    least, most = (3, MOST_ANSWER) if kind == Kind.SUBACK else (_ANSWERS[Kind(kind)],) * 2
    if not least <= length <= most:
        raise BrokenPacket(f"a {Kind(kind).name} of {length} bytes")


def _extent(data: bytes, at: int) -> tuple[int, int] | None:
    """Return where the body of the packet at a position begins and ends; None if its length is incomplete."""
    length = 0
    for index, digit in enumerate(data[at + 1 : at + 5]):
        length |= (digit & 0x7F) << 7 * index
        if digit < 0x80:
            begin = at + 2 + index
            return begin, begin + length
    if len(data) >= at + 5:
        raise BrokenPacket("a packet whose length has no end")
    return None
