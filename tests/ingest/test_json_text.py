"""What a broken sensor, a C string or a log writer makes of JSON costs no good value beside it, in any format."""

import json
import tomllib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import border
from ingest.border import Bad, Bounds
from ingest.formats import json_text, mapping
from ingest.formats.formats import Formats
from ingest.formats.mapped import Mapped
from ingest.formats.thingsboard import ThingsBoard
from ingest.messages import Message, Reason

NOW_US = 1_772_431_200_000_000
TS = NOW_US // 1000
BAG = 'topic = "{site}/{asset}/all"\nvalues = "values"\n[time]\npath = "ts"\n'
ONE = 'topic = "{site}/{asset}/one"\n[time]\npath = "ts"\n[signals]\n'
ONE += '"values.temp" = "temp"\n"values.humidity" = "humidity"\n'
TOPICS = ["plantwright/v1/NTH/P-1", "P-1/v1/devices/me/telemetry", "NTH/P-1/all", "NTH/P-1/one"]
FORMATS = Formats(
    [Mapped([mapping.parse(tomllib.loads(each), source="x") for each in (BAG, ONE)]), ThingsBoard("NTH")],
)
NO_NUMBERS = [
    "NaN", "nan", "-nan", "NAN", "nan(0x8)", "-nan(ind)", "Infinity", "-Infinity", "+inf", "-inf", "INF", "1e400",
    "-1e400", "9" * 400, "-" + "9" * 5000, "1.#QNAN", "-1.#IND", "1.#INF", "1.#INF00",
]  # fmt: skip


def read(payload, topic=TOPICS[0]):
    frames, refused = FORMATS.parse(Message(topic, payload, NOW_US), Bounds())
    return [(frame.key, frame.at_us // 1000, frame.values) for frame in frames], [each.reason for each in refused]


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("number", NO_NUMBERS, ids=lambda number: number[:12])
def test_what_is_no_number_is_refused_and_the_values_beside_it_are_stored(number, topic):
    payload = b'{"ts": %d, "values": {"temp": 95.0, "humidity": %s}}' % (TS, number.encode())
    assert read(payload, topic) == ([("NTH/P-1", TS, {"temp": 95.0})], [Reason.NOT_A_NUMBER])


BROKEN = {
    "None of Python": (b"None", Reason.NOT_A_NUMBER),
    "undefined": (b"undefined", Reason.NOT_A_NUMBER),
    "nothing at all": (b"", Reason.NOT_A_NUMBER),
    "dashes": (b"---", Reason.NOT_A_NUMBER),
    "N/A": (b"N/A", Reason.NOT_A_NUMBER),
    "a text with a tab": (b'"a\tb"', None),
    "a text that is padded": (b'"OK\0\0\0"', None),
    "a text of half a character": (b'"\\ud83d"', Reason.NOT_JSON),
    "a text in latin-1": (b'"St\xf6rung"', Reason.NOT_JSON),
    "a text that was cut in a character": (b'"St\xc3"', Reason.NOT_JSON),
}


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(("sent", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_what_a_broken_sensor_sends_instead_costs_no_good_value_beside_it(sent, reason, topic):
    payload = b'{"ts": %d, "values": {"temp": 95.0, "humidity": %s}}' % (TS, sent)
    if "/one" in topic and reason is Reason.NOT_A_NUMBER:
        reason = None  # a mapping passes over a null
    assert read(payload, topic) == ([("NTH/P-1", TS, {"temp": 95.0})], [] if reason is None else [reason])


@pytest.mark.parametrize(("sent", "meant"), [("+5", 5), (".5", 0.5), ("5.", 5), ("-007", -7), ("+.5e1", 5)])
def test_a_number_that_json_would_write_otherwise_is_that_number(sent, meant):
    payload = b'{"ts": %d, "values": {"temp": 95, "humidity": %s}}' % (TS, sent.encode())
    assert read(payload) == ([("NTH/P-1", TS, {"temp": 95.0, "humidity": meant})], [])


DRESSED = {
    "a NUL at the end": lambda raw: raw + b"\0",
    "a buffer of C": lambda raw: raw + b"\0\0\xff old bytes",
    "a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "both": lambda raw: b"\xef\xbb\xbf" + raw + b"\r\n\0",
    "UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "two of RFC 7464": lambda raw: b"\x1e" + raw + b"\n\x1e" + raw.replace(b"95", b"96") + b"\n",
    "an end of CP/M": lambda raw: raw + b"\r\n\x1a",
    "two lines": lambda raw: raw + b"\n" + raw.replace(b"95", b"96"),
    "two lines of Windows": lambda raw: raw + b"\r\n" + raw.replace(b"95", b"96") + b"\r\n\0",
}


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("dress", DRESSED.values(), ids=DRESSED.keys())
def test_what_stands_around_the_json_costs_nothing(dress, topic):
    frames, refused = read(dress(b'{"ts": %d, "values": {"temp": 95.0}}' % TS), topic)
    assert frames[0] == ("NTH/P-1", TS, {"temp": 95.0})
    assert [values["temp"] for _, _, values in frames[1:]] in ([], [96.0])
    assert refused == []


def test_a_bare_value_may_be_a_text_of_c():
    formats = Formats([Mapped([mapping.ready_made("homie")])])
    (frame,), refused = formats.parse(Message("homie/5/b/s/t", b"21.5\0", NOW_US), Bounds())
    assert (frame.values, refused) == ({"s/t": 21.5}, [])


def test_a_line_that_is_no_json_costs_no_other_line():
    good = b'{"ts": %d, "values": {"temp": 1}}\n' % TS
    frames, refused = read(good + b'{"ts": \n' + good.replace(b"1}", b"2}"))
    assert [values for _, _, values in frames] == [{"temp": 1.0}, {"temp": 2.0}]
    assert refused == [Reason.NOT_JSON]


def test_a_line_in_a_text_is_no_line_of_the_payload():
    sent = f'{{"ts": {TS}, "values": {{"temp": NaN, "mode": "a\u2028b", "flow": 5}}}}'
    frames, refused = read(sent.encode() + b"\n" + sent.encode())
    assert ([values for _, _, values in frames], refused) == ([{"flow": 5.0}] * 2, [Reason.NOT_A_NUMBER])


def problem(payload):
    _, (refused,) = FORMATS.parse(Message(TOPICS[0], payload, NOW_US), Bounds())
    assert refused.reason is Reason.NOT_JSON
    return refused.problem


def test_what_is_compressed_or_in_another_encoding_is_told_as_that():
    import bz2
    import gzip
    import lzma
    import zlib

    for pack, name in (
        (gzip.compress, "gzip"),
        (zlib.compress, "zlib"),
        (bz2.compress, "bzip2"),
        (lzma.compress, "xz"),
    ):
        assert problem(pack(b'{"ts": 0}')) == f"the payload is compressed ({name}); send it uncompressed"
    assert problem('{"unit": "°C"'.encode("latin-1")) == "byte 0xb0 at 10 is not UTF-8; send texts in UTF-8"


@pytest.mark.parametrize(
    "payload",
    [
        b"{NaN: 1}",
        b'{"a": xNaN}',
        b'{"a": NaNny}',
        b'{"a": "NaN',
        b"NaN 1",
        b"1\n2",
        b"",
    ],
)
def test_what_is_no_json_stays_none(payload):
    with pytest.raises(Bad) as wrong:
        json_text.documents(payload, [])
    assert wrong.value.reason is Reason.NOT_JSON


def test_texts_that_name_no_numbers_are_texts():
    said = {"a": "NaN", "b": '-inf, \\ 1.#IND " nan', "\u00e9nan": "\U0001f600", "c": [1.5, -3, 10**18]}
    assert json_text.document(json.dumps(said).encode() + b"\0") == said


def test_a_long_payload_of_quotes_is_read_in_one_pass():
    with pytest.raises(Bad):
        json_text.documents(b'{"' + b'\\"' * 100_000, [])


TEXTS = st.text() | st.text(alphabet='"\\nainfud8 ')
NUMBERS = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


@given(JSON)
def test_the_lenient_reading_of_json_is_the_strict_one(said):
    assert json_text.document(json.dumps(said).encode() + b"\0") == said


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ud8NaInfe.1-+#\n\0').map(str.encode))
def test_no_bytes_raise_anything_but_a_refusal(raw):
    bad: list[Bad] = []
    try:
        found = json_text.documents(raw, bad)
    except Bad:
        found = [None]
    assert found


def test_what_is_wrong_with_a_message_keeps_nothing_of_where_it_was_found():
    problems = border.Problems()
    json_text.documents(b"{}\n" + b"x\n" * 10, problems)
    assert [(each.__traceback__, each.__context__) for each in problems] == [(None, None)] * 10


def test_a_small_message_of_many_faults_takes_no_memory_to_speak_of():
    payload = b"{}\n" + b"x\n" * 20_000
    tracemalloc.start()
    try:
        read(payload)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000
