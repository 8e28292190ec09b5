"""ThingsBoard's own examples of telemetry, and what its devices send beside them."""

import json

import pytest

from ingest.border import Bounds
from ingest.formats.thingsboard import DEVICE, GATEWAY, ThingsBoard
from ingest.messages import Message, Reason

NOW_MS = 1_772_000_000_000
TS = NOW_MS - 60_000
BOARD = ThingsBoard("NTH", "P-1")


def read(document, topic=DEVICE, board=BOARD, **more):
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    frames, refused = board.parse(Message(topic, payload, NOW_MS * 1000, **more), Bounds())
    return [(frame.key, frame.at_us // 1000, frame.values) for frame in frames], [each.reason for each in refused]


FORMS = {
    "the time of reception": ({"temperature": 42.2, "hum": 70}, [(NOW_MS, {"temperature": 42.2, "hum": 70.0})]),
    "an array without times": ([{"a": 1}, {"b": 2}], [(NOW_MS, {"a": 1.0}), (NOW_MS, {"b": 2.0})]),
    "with a time": ({"ts": TS, "values": {"key1": 1, "key2": "2.5"}}, [(TS, {"key1": 1.0, "key2": 2.5})]),
    "an array with times": (
        [{"ts": TS, "values": {"k": 1}}, {"ts": TS + 9, "values": {"k": 2}}], [(TS, {"k": 1.0}), (TS + 9, {"k": 2.0})],
    ),
    "a value that is called ts": ({"ts": 5}, [(NOW_MS, {"ts": 5.0})]),
    "true and false": ({"running": True, "fault": False}, [(NOW_MS, {"running": 1.0, "fault": 0.0})]),
    "a name with signs": ({"Druck (bar)": 2}, [(NOW_MS, {"Druck _bar": 2.0})]),
}  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), FORMS.values(), ids=FORMS.keys())
def test_a_device(document, expected):
    assert read(document) == ([("NTH/P-1", at, values) for at, values in expected], [])


def test_a_gateway_names_its_devices():
    sent = {
        "Device A": [{"ts": TS, "values": {"temperature": 42}}, {"ts": TS + 1000, "values": {"temperature": 43}}],
        "Device B": [{"temperature": 24}],
    }
    assert read(sent, GATEWAY) == (
        [
            ("NTH/Device_A", TS, {"temperature": 42.0}),
            ("NTH/Device_A", TS + 1000, {"temperature": 43.0}),
            ("NTH/Device_B", NOW_MS, {"temperature": 24.0}),
        ],
        [],
    )


def test_a_mount_point_names_the_device():
    assert read({"a": 1}, f"Press 7/{DEVICE}")[0] == [("NTH/Press_7", NOW_MS, {"a": 1.0})]


def test_a_topic_that_names_no_device_says_what_to_do():
    board = ThingsBoard("NTH")
    (refused,) = board.parse(Message(DEVICE, b'{"a":1}', NOW_MS * 1000), Bounds())[1]
    assert refused.reason is Reason.WRONG_TOPIC
    assert "set thingsboard_device" in refused.problem


WRONG = {
    "nothing beside a number": ({"state": None, "a": 1}, [{"a": 1.0}], Reason.NOT_A_NUMBER),
    "a text that looks like no number": ({"a": "nan"}, [], Reason.NOT_A_NUMBER),
    "an object": ({"a": {"b": 1}}, [], Reason.NOT_A_NUMBER),
    "no JSON": (b"\xff", [], Reason.NOT_JSON),
    "a number": (5, [], Reason.WRONG_SHAPE),
    "nothing": ({}, [], Reason.NO_VALUES),
    "an empty array": ([], [], Reason.NO_VALUES),
    "a time in seconds": ({"ts": TS // 1000, "values": {"a": 1}}, [], Reason.TOO_OLD),
    "a time ahead": ({"ts": TS + 3_600_000, "values": {"a": 1}}, [], Reason.IN_FUTURE),
    "a time as a text": ({"ts": "now", "values": {"a": 1}}, [], Reason.WRONG_TIME),
    "too much": (b" " * 300_000, [], Reason.TOO_LARGE),
}


@pytest.mark.parametrize(("document", "expected", "reason"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_taken_is_refused_and_the_rest_is_kept(document, expected, reason):
    frames, reasons = read(document)
    assert [values for _, _, values in frames] == expected
    assert reasons == [reason]


def test_what_the_broker_kept_is_not_taken_for_new():
    assert read({"a": 1}, retained=True) == ([], [Reason.NO_TIME])
    assert read({"ts": TS, "values": {"a": 1}}, retained=True)[1] == []


def test_a_gateways_wrong_device_does_not_cost_the_others():
    frames, reasons = read({"???": [{"a": 1}], "B": [{"a": 2}]}, GATEWAY)
    assert [key for key, _, _ in frames] == ["NTH/B"]
    assert reasons == [Reason.WRONG_TOPIC]


@pytest.mark.parametrize(
    ("ts", "said"),
    [
        (NOW_MS // 1000, "looks like seconds"),
        (NOW_MS * 10**6, "looks like nanoseconds"),
        (str(NOW_MS), "string of digits"),
    ],
)
def test_a_time_that_counts_something_else_is_said_to(ts, said):
    payload = json.dumps({"ts": ts, "values": {"a": 1}}).encode()
    (refused,) = BOARD.parse(Message(DEVICE, payload, NOW_MS * 1000), Bounds())[1]
    assert said in refused.problem
