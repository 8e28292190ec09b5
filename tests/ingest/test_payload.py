"""The border: bytes become frames, or are refused with a reason. Nothing that is no number at a time gets past it."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import border
from ingest.border import Bad
from ingest.formats.payload import MAX_BYTES, Bounds, parse
from ingest.messages import Frame, Message, Reason

TOPIC = "plantwright/v1/NTH/P-101"
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
GOOD = b'{"ts":"2026-03-02T06:00:00Z","values":{"temp":71.3}}'
SECOND = 1_000_000


def read(payload: bytes, topic: str = TOPIC) -> tuple[list[Frame], list[Reason]]:
    frames, refused = parse(Message(topic, payload, NOW_US), Bounds(oldest_us=86_400 * SECOND, skew_us=300 * SECOND))
    return frames, [each.reason for each in refused]


def at(ts: object) -> bytes:
    return json.dumps({"ts": ts, "values": {"temp": 71.3}}).encode()


def of(values: object) -> bytes:
    return json.dumps({"ts": "2026-03-02T06:00:00Z", "values": values}).encode()


def test_a_message_is_a_frame_of_its_asset():
    (frame,), refused = read(b'{"ts":"2026-03-02T06:00:00Z","values":{"temp":71.3,"flow":300}}')
    assert frame == Frame("NTH", "P-101", NOW_US, NOW_US, {"temp": 71.3, "flow": 300.0})
    assert frame.key == "NTH/P-101"
    assert refused == []


TIMES = {
    "with Z": ("2026-03-02T06:00:00Z", 0),
    "with an offset": ("2026-03-02T07:30:00+01:30", 0),
    "with microseconds": ("2026-03-02T06:00:00.000001Z", 1),
    "with a space": ("2026-03-02 06:00:00Z", 0),
    "epoch milliseconds": (NOW_US // 1000 + 1, 1000),
    "epoch milliseconds and a half": (NOW_US / 1000 + 0.5, 500),
    "midnight as the end of a day": ("2026-03-01T24:00:00Z", -6 * 3600 * SECOND),
    "midnight in the short form": ("20260301T2400+00:00", -6 * 3600 * SECOND),
    "ahead, within what is allowed": ("2026-03-02T06:05:00Z", 300 * SECOND),
    "old, within what is accepted": ("2026-03-01T06:00:00Z", -86_400 * SECOND),
}


@pytest.mark.parametrize(("ts", "after_us"), TIMES.values(), ids=TIMES.keys())
def test_a_time(ts, after_us):
    frames, refused = read(at(ts))
    assert [frame.at_us - NOW_US for frame in frames] == [after_us]
    assert refused == []


SAID = {
    "a leap second": (at("2026-03-02T05:59:60Z"), "a leap second cannot be stored"),
    "the midnight after the last day": (at("9999-12-31T24:00:00Z"), "is not an ISO 8601 time"),
    "an hour that no day has": (at("2026-03-01T25:00:00Z"), "is not an ISO 8601 time"),
    "nested without end": (b"[" * 100_000, "nested too deep"),
    "beyond the calendar": (at(10**15 - 1), "about the year 33658"),
}


@pytest.mark.parametrize(("payload", "fact"), SAID.values(), ids=SAID.keys())
def test_what_is_wrong_is_said_in_words_for_people(payload, fact):
    frames, (refused,) = parse(Message(TOPIC, payload, NOW_US), Bounds())
    assert frames == []
    assert fact in refused.problem


def test_an_array_is_a_frame_each_in_its_order():
    frames, refused = read(b'[{"ts":"2026-03-02T06:00:01Z","values":{"temp":1}},%s]' % GOOD)
    assert [frame.at_us - NOW_US for frame in frames] == [SECOND, 0]
    assert refused == []


REFUSED = {
    "not JSON": (b"temp=71.3", Reason.NOT_JSON),
    "nothing": (b"", Reason.NOT_JSON),
    "half a document": (GOOD[:-3], Reason.NOT_JSON),
    "two documents": (GOOD + GOOD, Reason.NOT_JSON),
    "NaN": (GOOD.replace(b"71.3", b"NaN"), Reason.NOT_A_NUMBER),
    "Infinity": (GOOD.replace(b"71.3", b"-Infinity"), Reason.NOT_A_NUMBER),
    "more than a double can be": (GOOD.replace(b"71.3", b"1e999"), Reason.NOT_A_NUMBER),
    "bytes that are no text": (GOOD.replace(b"temp", b"\xff\xfe"), Reason.NOT_JSON),
    "half a character": (GOOD.replace(b"temp", b"\\ud800"), Reason.NOT_JSON),
    "a megabyte of junk": (b"\x00\xff" * 524_288, Reason.TOO_LARGE),
    "a byte too many": (GOOD + b" " * (MAX_BYTES - len(GOOD) + 1), Reason.TOO_LARGE),
    "a text": (b'"hello"', Reason.WRONG_SHAPE),
    "null": (b"null", Reason.WRONG_SHAPE),
    "an empty object": (b"{}", Reason.NO_VALUES),
    "an empty array": (b"[]", Reason.NO_VALUES),
    "an array in an array": (b"[[%s]]" % GOOD, Reason.WRONG_SHAPE),
    "no time": (b'{"values":{"temp":71.3}}', Reason.NO_TIME),
    "time null": (at(None), Reason.NO_TIME),
    "a naive time": (at("2026-03-02T06:00:00"), Reason.NAIVE_TIME),
    "a day without a time": (at("2026-03-02"), Reason.NAIVE_TIME),
    "a time in words": (at("six o'clock"), Reason.WRONG_TIME),
    "an empty time": (at(""), Reason.WRONG_TIME),
    "a day that never was": (at("2026-02-30T06:00:00Z"), Reason.WRONG_TIME),
    "time true": (at(True), Reason.WRONG_TIME),
    "time a list": (at([2026, 3, 2]), Reason.WRONG_TIME),
    "time without end": (at(10**30), Reason.WRONG_TIME),
    "1970": (at("1970-01-01T00:00:00Z"), Reason.TOO_OLD),
    "epoch zero": (at(0), Reason.TOO_OLD),
    "the first time there is": (at("0001-01-01T00:00:00+12:00"), Reason.TOO_OLD),
    "a moment too old": (at("2026-03-01T05:59:59.999999Z"), Reason.TOO_OLD),
    "2100": (at("2100-01-01T00:00:00Z"), Reason.IN_FUTURE),
    "epoch nanoseconds": (at(NOW_US * 1000), Reason.WRONG_TIME),
    "the last time there is": (at("9999-12-31T23:59:59-12:00"), Reason.IN_FUTURE),
    "a moment too far ahead": (at("2026-03-02T06:05:00.000001Z"), Reason.IN_FUTURE),
    "no values": (b'{"ts":"2026-03-02T06:00:00Z"}', Reason.WRONG_SHAPE),
    "values in a list": (of([71.3]), Reason.WRONG_SHAPE),
    "values empty": (of({}), Reason.NO_VALUES),
    "an empty text": (of({"temp": " "}), Reason.NOT_A_NUMBER),
    "a text that is no finite number": (of({"temp": "NaN"}), Reason.NOT_A_NUMBER),
    "a value null": (of({"temp": None}), Reason.NOT_A_NUMBER),
    "a value in an object": (of({"temp": {"value": 71.3}}), Reason.NOT_A_NUMBER),
    "a number without end": (of({"temp": 10**400}), Reason.NOT_A_NUMBER),
    "a time without end": (b'{"ts": 1%s, "values": {"temp": 1}}' % (b"0" * 400), Reason.WRONG_TIME),
    "a time long before all times": (b'{"ts": -1%s, "values": {"temp": 1}}' % (b"0" * 400), Reason.WRONG_TIME),
    "a signal without a name": (of({"": 71.3}), Reason.WRONG_SIGNAL),
    "a signal with a line break": (of({"temp\n": 71.3}), Reason.WRONG_SIGNAL),
    "a signal with a name without end": (of({"t" * 129: 71.3}), Reason.WRONG_SIGNAL),
}


@pytest.mark.parametrize(("payload", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(payload, reason):
    assert read(payload) == ([], [reason])


TOPICS = [
    "plantwright/v1/NTH",
    "plantwright/v1/NTH/P-101/temp",
    "plantwright/v2/NTH/P-101",
    "plantwright/v1//P-101",
    "plantwright/v1/NTH/",
    "plantwright/v1/NTH/P 101",
    "plantwright/v1/NTH/-P",
    "plantwright/v1/NTH/P-101\n",
    f"plantwright/v1/NTH/{'P' * 65}",
    "other/plantwright/v1/NTH/P-101",
    "",
]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_good_message_on_a_wrong_topic_is_refused(topic):
    assert read(GOOD, topic) == ([], [Reason.WRONG_TOPIC])


def test_the_largest_message_is_read():
    assert read(GOOD + b" " * (MAX_BYTES - len(GOOD)))[1] == []


def test_good_values_beside_a_bad_one_are_kept():
    (frame,), refused = read(of({"temp": 71.3, "flow": None, "oil_temp": 55}))
    assert frame.values == {"temp": 71.3, "oil_temp": 55.0}
    assert refused == [Reason.NOT_A_NUMBER]


def test_switches_texts_and_numbers_are_one_frame():
    (frame,), refused = read(of({"on": True, "off": False, "temp": "71.3", "mode": " AUTO ", "flow": 5}))
    assert frame.values == {"on": 1.0, "off": 0.0, "temp": 71.3, "flow": 5.0}
    assert frame.texts == {"mode": "AUTO"}
    assert refused == []


def test_good_objects_beside_bad_ones_are_kept():
    frames, refused = read(b'[%s, 1, {"ts": 0, "values": {"temp": 1}}, %s, {}]' % (GOOD, GOOD))
    assert len(frames) == 2
    assert refused == [Reason.WRONG_SHAPE, Reason.TOO_OLD, Reason.NO_VALUES]


def test_a_refusal_holds_the_whole_message_and_a_sentence_with_the_fact():
    payload = of({"temp": 71.3, "flow": ["much"]})
    _, (refused,) = parse(Message(TOPIC, payload, NOW_US), Bounds())
    assert (refused.topic, refused.payload, refused.received_us) == (TOPIC, payload, NOW_US)
    assert refused.problem == """flow: "['much']" is not a number"""


def test_an_object_for_a_value_is_named_as_one():
    _, (refused,) = parse(Message(TOPIC, of({"temp": {"value": 71.3}}), NOW_US), Bounds())
    assert refused.problem == "temp: an object, not a number"


@pytest.mark.parametrize("us_each", [1e6, 1e3, 1000, 1.0, 1e-3])
@pytest.mark.parametrize("count", [10**400, -(10**400), 10**19 * 10**6, math.inf])
def test_a_count_of_any_size_is_refused_by_its_size(count, us_each):
    with pytest.raises(Bad, match="is out of range"):
        border.counted(count, us_each)


def test_a_message_is_refused_once_for_each_reason_however_many_values_are_wrong():
    """Each refusal keeps the message: a broken device must not multiply it by its values."""
    payload = of({f"s{i}": "inf" for i in range(1000)} | {"temp": 71.3, "": 1, " ": 1})
    (frame,), refused = parse(Message(TOPIC, payload, NOW_US), Bounds())
    assert frame.values == {"temp": 71.3}
    assert [each.reason for each in refused] == [Reason.NOT_A_NUMBER, Reason.WRONG_SIGNAL]
    assert refused[0].problem == "s0: 'inf' is not a number; 999 more like it"


def test_a_sentence_does_not_repeat_a_text_without_end():
    _, (value,) = parse(Message(TOPIC, of({"temp": ["x" * 100_000]}), NOW_US), Bounds())
    _, (name,) = parse(Message(TOPIC, of({"x" * 100_000: 1}), NOW_US), Bounds())
    _, (time,) = parse(Message(TOPIC, at("x" * 100_000), NOW_US), Bounds())
    assert max(len(each.problem) for each in (value, name, time)) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
TIMESTAMPS = JSON | st.datetimes().map(str) | st.integers(NOW_US // 1000 - 10**8, NOW_US // 1000 + 10**8)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={"ts": TIMESTAMPS, "values": JSON | st.dictionaries(st.text(max_size=5), st.floats() | JSON, max_size=4)},
)
PAYLOADS = st.binary(max_size=200) | (JSON | DOCUMENTS | st.lists(DOCUMENTS | JSON, max_size=4)).map(
    lambda document: json.dumps(document).encode()
)


@settings(max_examples=400, deadline=None)
@given(PAYLOADS, st.just(TOPIC) | st.text(max_size=40))
@example(b"[" * 100_000, TOPIC)
@example(b'{"ts":%s,"values":{"temp":1}}' % (b"9" * 5000), TOPIC)
@example(b'{"ts":1,"values":{"temp":%s}}' % (b"9" * 5000), TOPIC)
def test_no_bytes_on_any_topic_raise_and_every_message_leads_to_something(payload, topic):
    frames, refused = read(payload, topic)
    assert frames or refused
    for frame in frames:
        assert frame.values or frame.texts
        assert all(abs(value) < float("inf") for value in frame.values.values())


def test_nesting_of_no_depth_raises():
    for depth in range(850, 1050):
        nested = b"[" * depth + b"]" * depth
        assert read(nested)[1]
        assert read(b'{"ts":%d,"values":{"temp":%s}}' % (NOW_US // 1000, nested))[1]


NOW_S = NOW_US // SECOND
COUNTS = {
    "seconds": (NOW_S, "that looks like seconds; ts counts milliseconds"),
    "seconds with a fraction": (NOW_S + 0.5, "that looks like seconds; ts counts milliseconds"),
    "microseconds": (NOW_US, "that looks like microseconds; ts counts milliseconds"),
    "nanoseconds": (NOW_US * 1000, "that looks like nanoseconds; ts counts milliseconds"),
    "a text of seconds": (str(NOW_S), "is a string of digits; send a number: that looks like seconds"),
    "a text of milliseconds": (str(NOW_S * 1000), "is a string of digits; send a number of milliseconds"),
    "a clock that is off": (NOW_S * 1000 + 86_400_000, "is in the future: set the device's clock"),
    "a device that was just switched on": ("1970-01-21T18:48:49Z", "is too old: set the device's clock"),
}


@pytest.mark.parametrize(("ts", "said"), COUNTS.values(), ids=COUNTS.keys())
def test_a_time_that_counts_something_else_is_said_to(ts, said):
    ((problem, *_),) = [[each.problem] for each in parse(Message(TOPIC, at(ts), NOW_US), Bounds())[1]]
    assert said in problem


WRONG_TOPICS = {
    "a space": ("plantwright/v1/NTH/Pump 7", "the asset 'Pump 7' has ' ': A-Z, a-z, digits and _ . - are allowed"),
    "an umlaut": ("plantwright/v1/SÜD/P-7", "the site 'SÜD' has 'Ü'"),
    "65 signs": ("plantwright/v1/NTH/" + "P" * 65, "has 65 characters"),
    "a dash first": ("plantwright/v1/NTH/-7", "begins with '-'"),
    "a level more": ("plantwright/v1/NTH/hall/P-7", "it has 5 levels instead of 4"),
    "an empty asset": ("plantwright/v1/NTH/", "the asset is empty"),
}


@pytest.mark.parametrize(("topic", "said"), WRONG_TOPICS.values(), ids=WRONG_TOPICS.keys())
def test_which_sign_of_a_topic_is_wrong_is_said(topic, said):
    (refused,) = parse(Message(topic, GOOD, NOW_US), Bounds())[1]
    assert refused.reason == Reason.WRONG_TOPIC
    assert said in refused.problem


DOCUMENT = {"ts": "2026-03-02T06:00:00Z", "values": {"temp": 95, "humidity": 40}}


@pytest.mark.parametrize(("unit", "reasons"), [(None, []), (5, [Reason.WRONG_UNIT]), (["%"], [Reason.WRONG_UNIT])])
def test_a_unit_that_is_none_costs_no_value_but_its_own(unit, reasons):
    (frame,), refused = read(json.dumps({**DOCUMENT, "units": {"temp": "degC", "humidity": unit}}).encode())
    assert frame.values["temp"] == 95
    assert ("humidity" in frame.values) == (unit is None)
    assert frame.details is not None
    assert (frame.details.units, refused) == ({"temp": "degC"}, reasons)


@pytest.mark.parametrize("ts", ["1" * 40 + "x", "9" * 400, "\u0661" * 41, int("1" * 400), int("9" * 4000), -(10**400)])
def test_a_time_that_no_clock_has_costs_no_document_beside_it(ts):
    raw = json.dumps([DOCUMENT, {**DOCUMENT, "ts": "TS"}]).replace(
        '"TS"', str(ts) if isinstance(ts, int) else f'"{ts}"'
    )
    frames, refused = read(raw.encode())
    assert ([frame.values["temp"] for frame in frames], refused) == ([95], [Reason.WRONG_TIME])


def test_a_document_that_makes_the_program_fail_costs_none_beside_it(monkeypatch):
    from ingest import border

    real = border.microseconds

    def failing(ts):
        if ts == "now":
            raise RuntimeError("nobody has foreseen it")
        return real(ts)

    monkeypatch.setattr(border, "microseconds", failing)
    frames, refused = read(json.dumps([{**DOCUMENT, "ts": "now"}, DOCUMENT]).encode())
    assert ([frame.values["temp"] for frame in frames], refused) == ([95], [Reason.UNREADABLE])
