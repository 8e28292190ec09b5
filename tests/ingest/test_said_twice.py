"""What one object says twice under one name, and differently, is refused by name, and the rest is stored."""

import json
import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.border import Bounds
from ingest.formats import mapping, payload
from ingest.formats.formats import Formats
from ingest.formats.mapped import Mapped
from ingest.formats.thingsboard import ThingsBoard
from ingest.messages import Message, Reason

NOW_US = 1_772_431_200_000_000
TS = NOW_US // 1000
NATIVE = "plantwright/v1/NTH/P-101"
MAPPING = """
topic = "m/{asset}"
site = "S"
asset = "{asset}"
values = "d.v"
[time]
path = "ts"
[signals]
"d.flow" = "flow"
"""


def read(topic, text):
    formats = Formats([Mapped([mapping.parse(tomllib.loads(MAPPING), source="x")]), ThingsBoard("TB")])
    for _ in range(2):  # the second time by the short way, where its names are known
        formats.parse(Message(NATIVE, b'{"ts": %d, "values": {"temp": 1, "flow": 1, "a:b": 1}}' % TS, NOW_US), Bounds())
        frames, refused = formats.parse(Message(topic, text.encode(), NOW_US), Bounds())
    return [(frame.asset, frame.values) for frame in frames], [(each.reason, each.problem) for each in refused]


TWICE = {
    "a value": (NATIVE, '{"ts": %d, "values": {"temp": 95, "flow": 3, "temp": 4}}', {"flow": 3.0}, "temp", "95 and 4"),
    "a value beside an ISO time": (
        NATIVE, '{"ts": "2026-03-02T06:00:00Z", "values": {"temp": 95, "flow": 3, "temp": 40}}', {"flow": 3.0},
        "temp", "95 and 40",
    ),
    "a value in an array": (
        NATIVE, '[{"ts": %d, "values": {"temp": 95, "flow": 3, "temp": 40}}]', {"flow": 3.0}, "temp", "95 and 40",
    ),
    "a value whose name is spelled in two ways": (
        NATIVE, '{"ts": %d, "values": {"temp": 95, "flow": 3, "t\\u0065mp": 40}}', {"flow": 3.0}, "temp", "95 and 40",
    ),
    "behind a colon that is escaped": (
        NATIVE, '{"ts": %d, "values": {"temp": 95, "flow": 3, "temp": 40}, "note": "\\u003a"}', {"flow": 3.0},
        "temp", "95 and 40",
    ),
    "beside numbers that are none": (
        NATIVE, '{"ts": %d, "values": {"temp": 95, "flow": 3, "temp": 40, "x": NaN}}', {"flow": 3.0}, None, None,
    ),
    "three times": (NATIVE, '{"ts": %d, "values": {"temp": 1, "temp": 2, "temp": 2}}', None, "temp", "1 and 2 and 2"),
    "the time": (NATIVE, '{"ts": %d, "ts": 1, "values": {"temp": 95}}', None, "ts", "and 1"),
    "the values": (NATIVE, '{"ts": %d, "values": {"temp": 95}, "values": {"flow": 1}}', None, "values", "95"),
    "the quality": (NATIVE, '{"ts": %d, "quality": "good", "quality": "bad", "values": {"temp": 95}}', None,
                    "quality", "good and bad"),
    "a unit": (NATIVE, '{"ts": %d, "units": {"temp": "K", "temp": "degC"}, "values": {"temp": 95, "flow": 3}}',
               {"flow": 3.0}, "temp", "K and degC"),
    "a value of a mapping": ("m/P-101", '{"ts": %d, "d": {"flow": 3, "v": {"temp": 95, "temp": 40}}}', {"flow": 3.0},
                             "temp", "95 and 40"),
    "a signal of a mapping": ("m/P-101", '{"ts": %d, "d": {"flow": 3, "flow": 4, "v": {"temp": 95}}}', {"temp": 95.0},
                              "flow", "3 and 4"),
    "an object of a mapping": ("m/P-101", '{"ts": %d, "d": {"v": {"temp": 1}}, "d": {"flow": 1}}', None, "d", "temp"),
    "a device's value": ("P-101/v1/devices/me/telemetry", '{"temp": 95, "flow": 3, "temp": 40}', {"flow": 3.0},
                         "temp", "95 and 40"),
    "a gateway's value": ("v1/gateway/telemetry", '{"P-101": [{"temp": 95, "flow": 3, "temp": 40}]}', {"flow": 3.0},
                          "temp", "95 and 40"),
    "a gateway's device": ("v1/gateway/telemetry", '{"P-7": [{"t": 1}], "P-101": {"flow": 3}, "P-7": [{"t": 2}]}',
                           {"flow": 3.0}, "P-7", "t"),
}  # fmt: skip


@pytest.mark.parametrize(("topic", "text", "stored", "name", "told"), TWICE.values(), ids=TWICE.keys())
def test_what_is_said_twice_and_differently_is_refused_by_name_and_the_rest_is_stored(topic, text, stored, name, told):
    frames, refused = read(topic, text.replace("%d", str(TS)))
    assert frames == ([] if stored is None else [("P-101", stored)])
    if name is None:
        assert {reason for reason, _ in refused} == {Reason.WRONG_SHAPE, Reason.NOT_A_NUMBER}
        return
    ((reason, problem),) = refused
    assert reason is Reason.WRONG_SHAPE
    assert name in problem.partition(" is there ")[0]
    assert told in problem


@pytest.mark.parametrize(
    ("topic", "text"),
    [(NATIVE, '{"ts": %d, "values": {"t": 9, "t": 9}}'), ("m/P-101", '{"ts": %d, "d": {"v": {"t": 9, "t": 9}}}')],
)
def test_what_is_only_repeated_is_one_value(topic, text):
    assert read(topic, text.replace("%d", str(TS))) == ([("P-101", {"t": 9.0})], [])


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "a:b", "c"]), st.integers(0, 2)), min_size=1, max_size=5),
    st.sampled_from(["", ', "units": null', ', "note": "a:b"', ', "n": {"a": 1, "a": 2}', ', "x": "\\u003a"']),
)
@example([("a", 0), ("a", 1)], ', "x": "\\u003a"')
def test_the_lane_reads_only_what_says_each_name_once_and_reads_that_as_it_is(values, more):
    inner = ", ".join(f'"{name}": {value}' for name, value in values)
    message = Message(NATIVE, f'{{"ts": {TS}, "values": {{{inner}}}{more}}}'.encode(), NOW_US)
    good = Message(NATIVE, b'{"ts": %d, "values": {"a": 1, "a:b": 2}}' % TS, NOW_US)
    for batch in ([message], [good, message], [message, good, Message(NATIVE, b"no", NOW_US)]):
        found = payload.plain(batch, [True] * len(batch))[batch.index(message)]
        frames, _ = payload.parse(message, Bounds())
        if len(dict(values)) < len(values):
            assert found is None
        elif found is not None:
            assert [frame.values for frame in frames] == [found.values]
    (plain,) = payload.plain([good], [True])
    assert plain is not None
    assert plain.values == json.loads(good.payload)["values"]


DIGITS_APART = {
    "a value": ('{"ts": %d, "values": {"s1": 1, "s2": 2}, "n": 5}', '{"ts": %d, "values": {"s1": 1, "s1": 2}, "n": 5}'),
    "the time": ('{"ts": %d, "values": {"s1": 1}, "t9s": 7}', '{"ts": %d, "values": {"s1": 1}, "ts": 7}'),
    "the values": (
        '{"ts": %d, "values": {"a": 1}, "val1ues": {"b": 2}}',
        '{"ts": %d, "values": {"a": 1}, "values": {"b": 2}}',
    ),
    "units": ('{"ts": %d, "un1its": {"a": "C"}, "units": null, "values": {"a": 1}, "n": 1}',
              '{"ts": %d, "units": {"a": "C"}, "units": null, "values": {"a": 1}, "n": 1}'),
}  # fmt: skip


@pytest.mark.parametrize(("once", "twice"), DIGITS_APART.values(), ids=DIGITS_APART.keys())
@pytest.mark.parametrize("known", [True, False])
def test_a_document_that_differs_in_digits_from_one_that_was_read_is_looked_at_for_itself(once, twice, known):
    first, second = (Message(NATIVE, text.replace("%d", str(TS)).encode(), NOW_US) for text in (once, twice))
    payload._forms.clear()
    if known:
        assert payload.plain([first], [True]) != [None]
        assert payload.plain([first, first], [True, True]) != [None, None]
        assert payload.parse(first, Bounds())[1] == []
    assert payload.plain([second], [True]) == [None]
    assert payload.plain([first, second, first], [True] * 3)[1] is None
    assert payload.ordinary(second, Bounds()) is None
    assert payload.parse(second, Bounds())[1], "it is refused by name"
