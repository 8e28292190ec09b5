"""The compiled reader says what `payload.plain` says of a document, bit for bit, or leaves it alone."""

import json
import random
import struct

import numpy as np
import pytest

from ingest.formats import payload
from ingest.messages import Message
from judge.lane import reader as readers
from judge.lane.lane_kernel import ASSET, FIRST
from judge.lane.reader import Reader

NAMES = {0: ("flow", "speed", "temp"), 1: ("a:b", "flow", "ΔP", "ts"), 2: ("flow", "speed", "temp")}
TABLE = np.zeros((3, ASSET), dtype=np.int64)
TABLE[:, FIRST] = 10, 20, 30


def a_reader() -> Reader:
    reader = Reader()
    for place, names in NAMES.items():
        reader.name(place, names)
    return reader


def said(reader: Reader, payloads: list[bytes], places: list[int]) -> list[tuple[int, list[tuple[int, bytes]]] | None]:
    """Return time and readings of each message, None for one that is not read; values as their bytes."""
    found = reader.read([Message("t", each, 0) for each in payloads], places, TABLE)
    ends = np.cumsum(found.counts.clip(min=0)).tolist()
    made: list[tuple[int, list[tuple[int, bytes]]] | None] = []
    for count, end, at_us in zip(found.counts.tolist(), ends, found.at_us.tolist(), strict=True):
        part = slice(end - count, end)
        readings = zip(found.rows[part].tolist(), [struct.pack("d", each) for each in found.values[part]], strict=True)
        made.append(None if count < 0 else (at_us, list(readings)))
    return made


def as_plain(raw: bytes, place: int) -> tuple[int, list[tuple[int, bytes]]] | None:
    """Return the same by the definition: `payload.plain`, and the asset's names."""
    (document,) = payload.plain([Message("t", raw, 0)], [True])
    names = NAMES[place]
    if document is None or not document.values.keys() <= set(names):
        return None
    first = int(TABLE[place, FIRST])
    return document.ts * 1000, [
        (first + names.index(name), struct.pack("d", value)) for name, value in document.values.items()
    ]


NUMBERS = [
    "0", "-0", "-0.0", "0.0", "7", "-7", "71.3", "71.30000305175781", "50.123456789012345", "1e-05", "1E+2", "2.5e-7",
    "9007199254740993", "0.1", "123456789012345678", "1234567890123456789", "0.30000000000000004", "1e23", "1e22",
    "5e-324", "1e308", "1e309", "1e-400", "1" * 39, "1" * 60, "0." + "3" * 38, "00", "01", "1.", ".5", "+1", "1e",
    "1e+", "NaN", "null", "true", '"7"', "[]", "{}", "-", "--1", "1.5.2", "0x1", "1_0", "4.35",
    "179769313486231570000e288",
]  # fmt: skip
TIMES = ["1764000000000", "0", "-1", "1764000000000.0", "1764e9", "100000000000000", "100000000000001", '"2026-01-01"']
MORE = [
    "", ',"n":5', ',"note":"a:b, {c}"', ',"n":1,"n":1', ',"ts":1', ',"values":{"flow":1}', ',"units":null', ',"a":true',
    ',"quality":"good"', ',"n":{"a":1,"a":2}', ',"x":"\\u003a"', ',"ü":1', ',"x":"ü"', ',"n":01', ',"n":1.5e3',
    ',"n":"', ",", ' , "m" : "x" ', ',"x":"\x7f"', ',"x":"\t"', "".join(f',"k{i}":{i}' for i in range(30)),
]  # fmt: skip


def documents(seed: int, how_many: int) -> list[bytes]:
    """Return documents of every sort, and many that are none: bytes left out, changed and doubled."""
    noise = random.Random(seed)
    made = []

    def mostly(usual: list[str], others: list[str]) -> str:
        return noise.choice(usual if noise.random() < 0.8 else others)

    for _ in range(how_many):
        names = [mostly([*NAMES[0]], [*NAMES[1], "other", "fl\\u006fw"]) for _ in range(noise.randrange(1, 4))]
        values = ",".join(f'"{name}":{mostly(NUMBERS[3:12], NUMBERS)}' for name in names)
        parts = [f'"ts":{mostly(TIMES[:2], TIMES)}', f'"values":{{{values}}}{mostly(MORE[:3], MORE)}']
        noise.shuffle(parts)
        text = "{" + ",".join(parts) + "}"
        if noise.random() < 0.3:
            text = text.replace(":", " : ").replace(",", ", \n") + noise.choice(["", " ", "\n", "\0", "x"])
        raw = bytearray(text.encode())
        if noise.random() < 0.4:
            at = noise.randrange(len(raw))
            raw[at : at + noise.randrange(3)] = bytes(
                noise.choices(b'{}[]":,\\.-+eE019 \t\nax\xc3\xff\0', k=noise.randrange(3))
            )
        made.append(bytes(raw))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_a_document_is_read_as_the_native_payload_reads_it_or_not_at_all(seed, monkeypatch):
    reader, noise = a_reader(), random.Random(seed)
    payloads = documents(seed, 3_000)
    places = noise.choices(list(NAMES), k=len(payloads))
    expected = [as_plain(raw, place) for raw, place in zip(payloads, places, strict=True)]
    assert said(reader, payloads, places) == expected, "with the others one by one"
    monkeypatch.setattr(payload, "plain", lambda messages, _: [None] * len(messages))
    compiled = said(reader, payloads, places)
    wrong = [
        (raw, is_read, should)
        for raw, is_read, should in zip(payloads, compiled, expected, strict=True)
        if is_read is not None and is_read != should
    ]
    assert wrong == []
    assert sum(each is not None for each in compiled) > 0.1 * len(payloads)


@pytest.mark.parametrize("number", [each for each in NUMBERS if each[-1].isdigit()])
def test_a_number_is_the_one_that_the_native_payload_reads(number):
    raw = f'{{"ts":1764000000000,"values":{{"flow":{number}}}}}'.encode()
    assert said(a_reader(), [raw], [0]) == [as_plain(raw, 0)]


@pytest.mark.parametrize("seed", range(3))
def test_every_double_is_read_bit_for_bit(seed):
    noise = random.Random(seed)
    numbers = [noise.gauss(0, 1) * 10 ** noise.randrange(-30, 30) for _ in range(2_000)]
    numbers += [round(each, noise.randrange(8)) for each in numbers]
    payloads = [json.dumps({"ts": 1, "values": {"temp": each}}).encode() for each in numbers]
    found = said(a_reader(), payloads, [0] * len(payloads))
    assert found == [(1000, [(12, struct.pack("d", each))]) for each in numbers]


USUAL = {
    "shortest": '{"ts":1764000000000,"values":{"flow":71.3,"temp":-4}}',
    "Python's": '{"ts": 1764000000000, "values": {"temp": 1e-05, "flow": 0.30000000000000004}}',
    "indented": '{\n  "values": {\n    "flow": 71.3\n  },\n  "ts": 1764000000000\n}\n',
    "with other keys": '{"id":7,"at":"2026-11-27T12:00:00Z","ts":1764000000000,"values":{"speed":0},"value":0.0}',
}


@pytest.mark.parametrize("text", USUAL.values(), ids=USUAL)
def test_usual_documents_do_not_need_the_other_reader(text, monkeypatch):
    def not_needed(*_):
        raise AssertionError("read one by one")

    expected = as_plain(text.encode(), 0)
    monkeypatch.setattr(payload, "plain", not_needed)
    assert said(a_reader(), [text.encode()] * 2, [0, 0]) == [expected, expected]
    assert expected is not None


def test_names_of_many_sets_are_told_apart_however_many_there_are():
    reader = Reader()
    table = np.zeros((3_000, ASSET), dtype=np.int64)
    table[:, FIRST] = np.arange(3_000) * 3
    for place in range(3_000):
        reader.name(place, tuple(sorted((f"s{place}", "flow", f"x{place % 7}"))))
    payloads = [b'{"ts":1,"values":{"s%d":1,"flow":2}}' % (place // 2 * 2) for place in range(3_000)]
    found = reader.read([Message("t", each, 0) for each in payloads], range(3_000), table)
    assert found.counts.tolist() == [2, -1] * 1_500
    assert found.rows[:4].tolist() == [1, 0, 2 * 3 + 1, 2 * 3]


def test_long_payloads_and_more_of_them_than_are_copied_at_once_are_read_all_the_same(monkeypatch):
    monkeypatch.setattr(readers, "MOST_AT_ONCE", 50_000)
    long = b'{"ts":1,"values":{"flow":5},"note":"%s"}' % (b"x" * 30_000)
    short = b'{"ts":1,"values":{"flow":5}}'
    beyond = b'{"ts":1,"values":{"flow":5},"note":"%s"}' % (b"x" * payload.MAX_BYTES)
    read = (1000, [(10, struct.pack("d", 5.0))])
    assert said(a_reader(), [long, short, long, beyond], [0] * 4) == [read, read, read, None]
