"""Whatever comes on whatever topic: it is read, refused with a reason, or part of a protocol, and nothing raises."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.border import Bounds
from ingest.formats import mapping
from ingest.formats.format import Format
from ingest.formats.formats import Formats
from ingest.formats.mapped import Mapped
from ingest.formats.sparkplug import Sparkplug
from ingest.formats.thingsboard import ThingsBoard
from ingest.messages import Frame, Message, Reason
from ingest.names import Names

NOW_US = 1_772_431_200_000_000
TOPICS = [
    "plantwright/v1/NTH/P-1", "v1/gateway/telemetry", "v1/devices/me/telemetry", "P-2/v1/devices/me/telemetry",
    "umh/v1/acme/bergen/hall/_historian/temp", "homie/5/boiler/sensor/temp", "spBv1.0/STATE/plant", "somebody/else", "",
]  # fmt: skip


def everything() -> Formats:
    return Formats(
        [
            Sparkplug("plant"),
            Mapped([mapping.ready_made(name) for name in ("umh", "homie", "skab")]),
            ThingsBoard("NTH", "P-1"),
        ]
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["ts", "values", "value", "timestamp_ms", "online"]) | st.text(max_size=5), inner, max_size=4
    ),
    max_leaves=15,
)  # fmt: skip
TELEMETRY = st.dictionaries(st.text(max_size=6), st.floats(allow_nan=False) | st.integers(), max_size=4).flatmap(
    lambda values: st.sampled_from([
        values, {"ts": NOW_US // 1000, "values": values}, {"P": [values]}, {"timestamp_ms": NOW_US // 1000, "value": 5},
    ])
)  # fmt: skip
PAYLOADS = st.binary(max_size=80) | (JSON | TELEMETRY).map(lambda found: json.dumps(found).encode())


@settings(max_examples=400)
@given(st.sampled_from(TOPICS) | st.text(max_size=30), PAYLOADS, st.booleans(), st.booleans(), st.integers(0, 3))
def test_no_payload_raises_and_none_vanishes(topic, payload, again, retained, token):
    formats = everything()
    frames, refused = formats.parse(Message(topic, payload, NOW_US, token, again, retained), Bounds())
    assert frames or refused or topic == "spBv1.0/STATE/plant" or not payload
    for frame in frames:
        assert frame.values or frame.texts
        assert all(abs(value) < float("inf") for value in frame.values.values())


@settings(max_examples=100)
@given(st.sampled_from(TOPICS) | st.text(max_size=30), PAYLOADS, st.booleans())
def test_each_format_by_itself_reads_what_it_takes(topic, payload, retained):
    for each in everything():
        if each.accepts(topic) and payload:
            frames, refused = each.parse(Message(topic, payload, NOW_US, retained=retained), Bounds(), Names())
            assert frames or refused or topic == "spBv1.0/STATE/plant"


class Lines(Format):
    """The least that a new format implements."""

    def filters(self):
        return ["lines/+"]

    def accepts(self, topic):
        return topic.startswith("lines/")

    def parse(self, message, bounds, names):
        values = {each.split("=")[0]: float(each.split("=")[1]) for each in message.payload.decode().split()}
        return [
            Frame("NTH", message.topic.removeprefix("lines/"), message.received_us, message.received_us, values)
        ], []


def test_a_format_is_one_class():
    formats = Formats([Lines(), ThingsBoard("NTH", "P-1")])
    assert formats.filters()[0] == "lines/+"
    (frame,), none = formats.parse(Message("lines/P-9", b"flow=71.5 speed=1480", NOW_US, 7), Bounds())
    assert (frame.key, frame.values, none) == ("NTH/P-9", {"flow": 71.5, "speed": 1480.0}, [])
    assert formats.newly_seen().keys() == {7}  # It says no time, so the same message is not stored twice.
    assert formats.parse(Message("lines/P-9", b"flow=71.5 speed=1480", NOW_US + 1, 7, True), Bounds()) == ([], [])
    (refused,) = formats.parse(Message("lines/P-9", b"flow", NOW_US), Bounds())[1]
    assert refused.topic == "lines/P-9"
    formats.connected(NOW_US)
    formats.overdue(NOW_US)
    assert (formats.stale(), formats.requests(NOW_US)) == ([], [])


def test_who_speaks_what_nobody_set_is_told_so():
    _, (refused,) = Formats().parse(Message("homie/5/b/s/t", b"5", NOW_US), Bounds())
    assert refused.reason is Reason.WRONG_TOPIC
    assert "mapping listen" in refused.problem


def test_skabs_ready_made_mapping_is_that_of_its_files():
    """One for the messages of `replay`, one for `import`: the same columns, signals and units."""
    from ingest.replay import read_mapping

    replayed = read_mapping(Path(__file__).parents[2] / "data" / "samples" / "skab.mapping.toml")
    imported = mapping.ready_made("skab")
    assert [(each.column, each.signal, each.unit) for each in replayed.columns] == [
        (each.path.text, "".join(map(str, each.signal.parts)), "".join(map(str, each.unit.parts)))
        for each in imported.signals
    ]


@pytest.mark.parametrize("topic", ["plantwright/v1/NTH/P-1", "v1/devices/me/telemetry", "factory/P-1", "anything"])
def test_a_retained_message_that_is_cleared_is_passed_over(topic):
    formats = Formats([ThingsBoard("NTH", "P-1")])
    assert formats.parse(Message(topic, b"", 1_772_000_000_000_000, 7), Bounds()) == ([], [])
