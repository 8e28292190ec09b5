"""Any JSON and any bare value by a document; the ready-made ones; what is wrong with one is said when it is loaded."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.border import Bounds
from ingest.formats import mapped, mapping
from ingest.messages import Message, Reason
from ingest.replay import InvalidMapping

NOW_MS = 1_772_000_000_000
NOW_US = NOW_MS * 1000
TS = NOW_MS - 60_000
ISO = "2026-02-25T06:12:20+00:00"


def read(document, topic, payload, **more):
    made = mapping.parse(tomllib.loads(document), source="press.toml") if isinstance(document, str) else document
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return mapped.parse(made, Message(topic, raw, NOW_US, **more), Bounds())


def taken(document, topic, payload, **more):
    found = read(document, topic, payload, **more)
    assert found is not None
    frames, refused = found
    assert refused == []
    return [(frame.key, frame.at_us // 1000, frame.values) for frame in frames]


def reasons(document, topic, payload, **more):
    found = read(document, topic, payload, **more)
    assert found is not None
    return [each.reason for each in found[1]]


FLAT = """
topic = "factory/{line}/{machine}/out"
site = "WRK"
asset = "{line}-{machine}"
[time]
path = "t"
format = "ms"
[signals]
"temp" = { signal = "bearing_temp", unit = "degC" }
"vib.rms" = "vibration"
"raw[1]" = { signal = "counts", scale = 0.5 }
"""


def test_paths_find_values_and_the_rest_is_left():
    sent = {"t": TS, "temp": 71.5, "vib": {"rms": "2.5", "peak": 9}, "raw": [1, 8], "firmware": "1.2"}
    assert taken(FLAT, "factory/L1/press/out", sent) == [
        ("WRK/L1-press", TS, {"bearing_temp": 71.5, "vibration": 2.5, "counts": 4.0})
    ]


def test_what_a_message_does_not_carry_is_not_missed():
    assert taken(FLAT, "factory/L1/press/out", {"t": TS, "temp": 1}) == [("WRK/L1-press", TS, {"bearing_temp": 1.0})]


def test_a_unit_goes_with_its_signal():
    found = read(FLAT, "factory/L1/press/out", {"t": TS, "temp": 1})
    assert found is not None
    assert found[0][0].details.units == {"bearing_temp": "degC"}


def test_another_topic_is_not_the_mappings():
    assert read(FLAT, "factory/L1/press/in", b"") is None
    assert read(FLAT, "factory/L1/press/out/more", b"") is None


def test_the_subscription_brings_all_its_topics():
    filters = {
        'topic = "a/{x}/b"': "a/+/b",
        'topic = "a/pre-{x}/b"': "a/+/b",
        'topic = "a/{x*}/_{c}/{n*}"': "a/#",
        'topic = "a/{x}/{n*}"': "a/+/#",
    }
    for topic, expected in filters.items():
        document = f'{topic}\nsite = "S"\nasset = "A"\nvalues = ""'
        assert mapping.parse(tomllib.loads(document), source="x").filter == expected


EACH = """
topic = "gw/{gateway}"
site = "{.place}"
asset = "{.device.id}"
each = "samples"
value = "v"
signal = "{.name}"
unit = "{.u}"
[time]
path = "$.head.at"
format = "iso"
zone = "Europe/Oslo"
[quality]
path = "q"
good = [192, "GOOD"]
uncertain = [64]
"""


def sample(**more):
    return {"place": "NTH", "device": {"id": "P 1"}, "name": "flow", "v": 5, "u": "°C"} | more


def test_an_array_is_walked_with_times_from_the_root_and_names_from_each_element():
    sent = {"head": {"at": "2026-02-25T07:12:20"}, "samples": [sample(), sample(name="speed", v=7)]}
    assert taken(EACH, "gw/1", sent) == [("NTH/P_1", TS, {"flow": 5.0}), ("NTH/P_1", TS, {"speed": 7.0})]


QUALITIES = {"192": 0, '"GOOD"': 0, "64": 1, "0": 2, '"BAD"': 2, "true": 2, "null": 0}


@pytest.mark.parametrize(("said", "quality"), QUALITIES.items())
def test_a_quality_is_good_uncertain_or_bad(said, quality):
    found = read(EACH, "gw/1", {"head": {"at": ISO}, "samples": [sample(q=json.loads(said))]})
    assert found is not None
    assert found[0][0].details.quality == quality
    assert found[0][0].details.units == {"flow": "degC"}


def test_one_wrong_element_does_not_cost_the_others():
    sent = {"head": {"at": ISO}, "samples": [sample(v="inf"), sample(), sample(place=None), 5, sample(name="ok")]}
    found = read(EACH, "gw/1", sent)
    assert found is not None
    assert [list(frame.values) for frame in found[0]] == [["flow"], ["ok"]]
    assert [each.reason for each in found[1]] == [Reason.NOT_A_NUMBER, Reason.WRONG_SHAPE]


BAG = 'topic = "{site}/{asset}/all"\nvalues = "data"\n[time]\npath = "when"\nformat = "s"\n'


def test_a_bag_of_numbers_is_taken_whole():
    assert taken(BAG, "S/A/all", {"when": TS / 1000, "data": {"a": 1, "b": True}}) == [
        ("S/A", TS, {"a": 1.0, "b": 1.0})
    ]


TIMES = {
    "s": (TS / 1000, TS), "ms": (TS, TS), "us": (TS * 1000, TS), "ns": (TS * 1_000_000, TS), "iso": (ISO, TS),
    "auto": (TS, TS), "%d.%m.%Y %H:%M:%S %z": ("25.02.2026 07:12:20 +0100", TS),
}  # fmt: skip


@pytest.mark.parametrize(("written", "value", "expected"), [(key, *pair) for key, pair in TIMES.items()])
def test_a_time_is_read_as_it_is_written(written, value, expected):
    document = f'topic = "t"\nsite = "S"\nasset = "A"\nvalues = "v"\n[time]\npath = "t"\nformat = "{written}"'
    assert taken(document, "t", {"t": value, "v": {"a": 1}}) == [("S/A", expected, {"a": 1.0})]


WRONG_TIMES = {
    "none": ({}, Reason.NO_TIME), "no zone": ({"t": "2026-02-25T06:12:20"}, Reason.NAIVE_TIME),
    "words": ({"t": "noon"}, Reason.WRONG_TIME), "an object": ({"t": {}}, Reason.WRONG_TIME),
    "ahead": ({"t": "2027-01-01T00:00:00Z"}, Reason.IN_FUTURE),
    "long ago": ({"t": "1970-01-01T00:00:00Z"}, Reason.TOO_OLD),
}  # fmt: skip


@pytest.mark.parametrize(("more", "reason"), WRONG_TIMES.values(), ids=WRONG_TIMES.keys())
def test_a_wrong_time_is_refused_with_its_reason(more, reason):
    document = 'topic = "t"\nsite = "S"\nasset = "A"\nvalues = "v"\n[time]\npath = "t"\nformat = "iso"'
    assert reasons(document, "t", {"v": {"a": 1}} | more) == [reason]


def test_umh():
    umh = mapping.ready_made("umh")
    topic = "umh/v1/acme/bergen/hall-2/line-1/_historian/motor/temperature"
    assert taken(umh, topic, {"timestamp_ms": TS, "value": 71.5}) == [
        ("bergen/hall-2.line-1", TS, {"motor/temperature": 71.5})
    ]
    assert reasons(umh, topic, {"value": 71.5}) == [Reason.NO_TIME]


HOMIE = {b"21.5": 21.5, b"true": 1.0, b"false": 0.0, b"-3": -3.0, b" 7 ": 7.0}


@pytest.mark.parametrize(("payload", "value"), HOMIE.items())
def test_homie_sends_the_bare_value(payload, value):
    homie = mapping.ready_made("homie")
    assert taken(homie, "homie/5/boiler/sensor/temp", payload) == [("homie/boiler", NOW_MS, {"sensor/temp": value})]


@pytest.mark.parametrize("payload", [b"heating", b"21,5"])
def test_a_bare_text_may_be_a_state(payload):
    (frame,), refused = read(mapping.ready_made("homie"), "homie/5/boiler/sensor/mode", payload)
    assert (frame.values, frame.texts, refused) == ({}, {"sensor/mode": payload.decode()}, [])


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"nan", b'{"a":1}', b"1_0"])
def test_a_bare_value_that_is_no_number_is_refused(payload):
    (reason,) = reasons(mapping.ready_made("homie"), "homie/5/boiler/sensor/mode", payload)
    assert reason in (Reason.NOT_A_NUMBER, Reason.NO_VALUES)


def test_homies_own_topics_are_not_values():
    homie = mapping.ready_made("homie")
    assert read(homie, "homie/5/boiler/$state", b"ready") is None
    assert read(homie, "homie/5/boiler/sensor/temp/set", b"5") is None


def test_what_the_broker_kept_without_a_time_is_not_taken_for_new():
    assert reasons(mapping.ready_made("homie"), "homie/5/b/s/t", b"21", retained=True) == [Reason.NO_TIME]


def test_skabs_columns():
    skab = mapping.ready_made("skab")
    cells = {"datetime": "2020-03-09 10:14:33", "Current": "1.3", "Volume Flow RateRMS": "32", "anomaly": "0"}
    frame, bad = mapped.row(skab, cells, "1", NOW_US, Bounds())
    assert (frame.key, frame.values, bad) == ("SKAB/testbed-1", {"current": 1.3, "flow": 32.0}, [])
    assert frame.details is not None
    assert frame.details.units == {"current": "A", "flow": "L/min"}


WRONG = {
    'topic = "a"\nvalues = ""\nasset = "A"': "site is missing",
    'topic = "{site}/{asset}"': "signals",
    'topic = "{site}/+"\nasset = "A"\nvalues = ""': "topic '+' is not a level",
    'topic = "{a}/{a}"\nsite = "S"\nasset = "A"\nvalues = ""': "topic has {a} twice",
    'topic = "a"\nsite = "{place}"\nasset = "A"\nvalues = ""': "site names {place}, which is not a level of the topic",
    'topic = "a"\nsite = "S"\nasset = "A"\nvalues = ""\ncolour = "red"': "colour is not known here; the keys are",
    'topic = "a"\nsite = "S"\nasset = "A"\nsignal = "x"': 'value is missing; write value = ""',
    'topic = "a"\nsite = "S"\nasset = "A"\nvalues = ""\n[time]\npath = "t"\nformat = "x"': "format 'x' is not known",
    'topic = "a"\nsite = "S"\nasset = "A"\nvalues = ""\n[time]\npath = "t"\nzone = "Oslo"': "not an IANA time zone",
    'topic = "a"\nsite = "S"\nasset = "A"\nvalues = ""\n[quality]\npath = "q"': "good must be a list",
    'topic = "a"\nsite = "S"\nasset = "A"\n[signals]\nx = 5': "signals.x write",
    'topic = "a"\nsite = "S"\nasset = "A"\n[signals]\nx = { signal = "x", scale = 0 }': "scale must be a number",
    'topic = "a"\nsite = "S"\nasset = "A"\nvalues = ""\ndelimiter = "tab"': "is not a single character",
    'topic = 5\nsite = "S"\nasset = "A"\nvalues = ""': "topic is missing; it must be text",
    'topic = "a"\nsite = "S"\nasset = "A"\nvalues = ""\ntime = "t"': "time must be a table",
}


@pytest.mark.parametrize(("document", "problem"), WRONG.items(), ids=WRONG.values())
def test_a_wrong_document_says_its_key_and_mend(document, problem):
    with pytest.raises(InvalidMapping) as told:
        mapping.parse(tomllib.loads(document), source="press.toml")
    assert str(told.value).startswith("press.toml")
    assert problem in str(told.value)


def test_a_mapping_that_is_not_there_says_what_is(tmp_path):
    with pytest.raises(InvalidMapping, match="name a file, or one of homie, skab, umh"):
        mapping.read(tmp_path / "none.toml")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(["samples", "v", "name"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_payload_breaks_a_mapping_and_none_vanishes(payload):
    for document, topic in ((FLAT, "factory/a/b/out"), (EACH, "gw/1"), (BAG, "S/A/all")):
        found = read(document, topic, payload)
        assert found is not None
        frames, refused = found
        assert frames or refused
        assert all(frame.values for frame in frames)
