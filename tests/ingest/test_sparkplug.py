"""Sparkplug's laws for a host application, message by message: births, aliases, sequence numbers, deaths, doubts."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.border import Bounds
from ingest.formats import edge_nodes
from ingest.formats.format import Stale
from ingest.formats.paths import Text
from ingest.formats.sparkplug import ASKED_AT_ONCE, ASKED_PER_S, Names, Sparkplug
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.formats.sparkplug_metrics import REBIRTH
from ingest.messages import Message, Reason
from ingest.names import Names as ForeignNames

NOW = 1_772_000_000_000_000
MS = NOW // 1000
PATIENCE = 5_000_000
INT8, INT32, INT64, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATE_TIME = 1, 3, 4, 8, 9, 10, 11, 12, 13
KIND = {INT8: "int_value", INT32: "int_value", INT64: "long_value", UINT64: "long_value", FLOAT: "float_value",
        DOUBLE: "double_value", BOOLEAN: "boolean_value", STRING: "string_value", DATE_TIME: "long_value"}  # fmt: skip


def metric(name="", value=None, kind=DOUBLE, *, alias=None, at=None, typed=True, **more):
    made = Payload.Metric(timestamp=MS if at is None else at)
    if name:
        made.name = name
    if alias is not None:
        made.alias = alias
    if typed:
        made.datatype = kind
    if value is not None:
        setattr(made, KIND[kind], value)
    for key, each in more.items():
        setattr(made, key, each)
    return made


def data(value, alias, **more):
    return metric("", value, alias=alias, typed=False, **more)


class Plant:
    """A host application, and what it is told."""

    def __init__(self, **more):
        self.host = Sparkplug("plant", patience_us=PATIENCE, **more)
        self.now = NOW

    def hear(self, kind, *metrics, seq=None, node="N1", device=None, group="NTH", **more):
        payload = Payload(timestamp=MS, metrics=metrics)
        if seq is not None:
            payload.seq = seq
        topic = "/".join(filter(None, ("spBv1.0", group, kind, node, device)))
        return self.raw(topic, payload.SerializeToString(), **more)

    def raw(self, topic, payload, **more):
        frames, refused = self.host.parse(Message(topic, payload, self.now, **more), Bounds())
        self.refused = [each.reason for each in refused]
        self.problems = [each.problem for each in refused]
        return [(frame.key, frame.values) for frame in frames]

    def node(self, *metrics, seq=0, bd=1, node="N1", **more):
        return self.hear("NBIRTH", metric("bdSeq", bd, UINT64), *metrics, seq=seq, node=node, **more)

    def device(self, *metrics, seq=1, device="P-1", **more):
        return self.hear("DBIRTH", *metrics, seq=seq, device=device, **more)

    def asked(self):
        return [topic for topic, _ in self.host.requests(self.now)]

    def stale(self):
        return [(each.asset, each.signals) for each in self.host.stale()]


@pytest.fixture
def plant():
    made = Plant()
    made.node(metric("load", 1.0, alias=1))
    made.device(metric("temp", 20.0, alias=2), metric("count", 3, INT32, alias=3))
    assert made.refused == []
    return made


def test_group_node_device_and_metric_become_site_location_asset_and_signal():
    plant = Plant()
    assert plant.node(metric("load", 0.5)) == [("NTH/N1", {"load": 0.5})]
    assert plant.device(metric("Motor/temp", 20.0)) == [("NTH/P-1", {"Motor/temp": 20.0})]
    (frame,) = plant.host.parse(message(DDATA, metric("Motor/temp", 21.0), seq=2), Bounds())[0]
    assert frame.details is not None
    assert frame.details.location == "N1"


DDATA = "spBv1.0/NTH/DDATA/N1/P-1"


def message(topic, *metrics, seq):
    return Message(topic, Payload(timestamp=MS, metrics=metrics, seq=seq).SerializeToString(), NOW)


def test_names_go_by_the_settings():
    names = Names(Text.of("WRK"), Text.of("{node}.{device}"))
    plant = Plant(names=names)
    plant.node()
    assert plant.device(metric("t", 1.0)) == [("WRK/N1.P-1", {"t": 1.0})]


def test_two_machines_of_one_name_are_not_made_one():
    plant = Plant()
    plant.node()
    plant.device(metric("t", 1.0))
    plant.node(node="N2")
    assert plant.device(metric("t", 2.0), node="N2") == []
    assert plant.problems == [
        "asset NTH/P-1 is NTH/N1/P-1 already: set sparkplug_asset to {node}.{device}, or give them other names"
    ]
    plant.hear("DDATA", metric("t", 2.0), seq=2, node="N2", device="P-1")
    assert (plant.refused, plant.asked()) == ([Reason.WRONG_TOPIC], [])
    plant.hear("DDEATH", seq=2, device="P-1")
    assert plant.device(metric("t", 2.0), seq=3, node="N2") == [("NTH/P-1", {"t": 2.0})]


@pytest.mark.parametrize("forgotten", [False, True])
def test_names_that_differ_only_by_cleaning_are_two_machines_also_when_the_first_is_gone(monkeypatch, forgotten):
    plant = Plant()
    plant.node()
    assert plant.device(metric("t", 1.0), device="Pump 7") == [("NTH/Pump_7", {"t": 1.0})]
    plant.hear("NDEATH", metric("bdSeq", 1, UINT64))
    if forgotten:
        monkeypatch.setattr(edge_nodes, "MOST_NODES", 1)
    plant.node(node="N2")
    assert (("NTH", "N1") in plant.host.nodes) is not forgotten
    ((key, values),) = plant.device(metric("t", 2.0), device="Pump_7", node="N2")
    assert key.startswith("NTH/Pump_7-")
    assert values == {"t": 2.0}
    again = Plant(foreign=ForeignNames(plant.host.foreign.new()))
    again.node()
    assert again.device(metric("t", 3.0), device="Pump_7") == [(key, {"t": 3.0})]
    assert again.device(metric("t", 4.0), device="Pump 7", seq=2) == [("NTH/Pump_7", {"t": 4.0})]


def test_two_groups_that_differ_only_by_cleaning_are_two_sites():
    plant = Plant()
    found = [plant.node(metric("t", 1.0), group=group)[0][0] for group in ("Nord 1", "Nord_1")]
    assert len(set(found)) == 2


def test_a_metric_of_a_later_birth_is_not_another_metric_that_was_there_before():
    plant = Plant()
    assert plant.node(metric("T?", 1.0)) == [("NTH/N1", {"T": 1.0})]
    assert plant.node(metric("T!", 2.0), bd=2) == []
    assert plant.problems == ["'T!' and 'T?' both make the signal 'T'"]
    assert plant.node(metric("T!", 2.0), metric("T?", 3.0), bd=3) == [("NTH/N1", {"T": 3.0})]


def test_a_metric_comes_by_alias_after_the_birth(plant):
    assert plant.hear("DDATA", data(21.5, 2), seq=2, device="P-1") == [("NTH/P-1", {"temp": 21.5})]
    assert plant.hear("NDATA", data(0.7, 1), seq=3) == [("NTH/N1", {"load": 0.7})]
    assert plant.asked() == []


NUMBERS = {
    "a negative Int8 in 32 bits": (INT8, 2**32 - 5, -5.0),
    "a negative Int8 in 8 bits": (INT8, 251, -5.0),
    "a negative Int32": (INT32, 2**32 - 1, -1.0),
    "a negative Int64": (INT64, 2**64 - 7, -7.0),
    "a great UInt64": (UINT64, 2**63, 2.0**63),
    "a Float": (FLOAT, 0.5, 0.5),
    "true": (BOOLEAN, True, 1.0),
}


@pytest.mark.parametrize(("kind", "value", "expected"), NUMBERS.values(), ids=NUMBERS.keys())
def test_a_data_type_of_the_birth_says_what_the_bits_mean(kind, value, expected):
    plant = Plant()
    plant.node(metric("x", value, kind, alias=9))
    sent = Payload.Metric(alias=9, timestamp=MS, **{KIND[kind]: value})
    assert plant.hear("NDATA", sent, seq=1) == [("NTH/N1", {"x": expected})]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused_and_the_rest_is_kept(plant, value):
    assert plant.hear("DDATA", data(value, 2), metric("count", 4, INT32), seq=2, device="P-1") == [
        ("NTH/P-1", {"count": 4.0})
    ]
    assert plant.refused == [Reason.NOT_A_NUMBER]


def test_metrics_of_other_times_are_frames_of_their_own(plant):
    assert plant.hear("DDATA", data(2.0, 2, at=MS), data(1.0, 2, at=MS - 1000), seq=2, device="P-1") == [
        ("NTH/P-1", {"temp": 1.0}), ("NTH/P-1", {"temp": 2.0}),
    ]  # fmt: skip


def test_a_clock_that_is_off_costs_its_readings_and_nothing_else(plant):
    for at, reason in ((MS + 3_600_000, Reason.IN_FUTURE), (1000, Reason.TOO_OLD), (2**63, Reason.IN_FUTURE)):
        seq = 2 + [MS + 3_600_000, 1000, 2**63].index(at)
        assert plant.hear("DDATA", data(2.0, 2, at=at), seq=seq, device="P-1") == []
        assert plant.refused == [reason]
    assert plant.hear("DDATA", data(2.0, 2, at=MS - 3_600_000), seq=5, device="P-1") == [("NTH/P-1", {"temp": 2.0})]


def details(plant, *metrics, seq):
    frames, _ = plant.host.parse(message(DDATA, *metrics, seq=seq), Bounds())
    return [(frame.values, frame.details.historical, frame.details.quality) for frame in frames]


def test_history_and_quality_go_with_the_values(plant):
    bad = data(1.0, 2, at=MS + 1)
    bad.properties.keys.append("Quality")
    bad.properties.values.append(Payload.PropertyValue(type=INT32, int_value=0))
    assert details(plant, data(5.0, 2, is_historical=True, at=MS - 9), data(2.0, 2), bad, seq=2) == [
        ({"temp": 5.0}, True, 0), ({"temp": 2.0}, False, 0), ({"temp": 1.0}, False, 2),
    ]  # fmt: skip


def test_a_unit_is_told_by_the_birth():
    born = metric("t", 20.0, alias=1)
    born.properties.keys.append("engUnit")
    born.properties.values.append(Payload.PropertyValue(type=STRING, string_value="°F"))
    plant = Plant()
    plant.node()
    plant.device(born)
    (frame,) = plant.host.parse(message(DDATA, data(68.0, 1), seq=2), Bounds())[0]
    assert frame.details is not None
    assert frame.details.units == {"t": "degF"}


def test_a_null_says_that_nobody_knows(plant):
    assert plant.hear("DDATA", data(None, 2, is_null=True), seq=2, device="P-1") == []
    assert plant.refused == []
    assert plant.stale() == [("P-1", ("temp",))]


def test_a_text_may_be_a_state_and_an_empty_one_is_no_value():
    plant = Plant()
    plant.node(metric("mode", "AUTO", STRING, alias=1))
    (frame,), refused = plant.host.parse(
        message("spBv1.0/NTH/NDATA/N1", data(None, 1, string_value=" MANUAL "), seq=1), Bounds()
    )
    assert (frame.values, frame.texts, refused) == ({}, {"mode": "MANUAL"}, [])
    assert plant.hear("NDATA", data(None, 1, string_value=""), seq=2) == []
    assert plant.refused == []
    assert plant.stale() == [("N1", ("mode",))]


def test_what_can_be_no_value_is_told_once_by_the_birth_and_costs_nothing():
    plant = Plant()
    assert plant.node(metric("made", 5, DATE_TIME, alias=1), metric("t", 1.0)) == [("NTH/N1", {"t": 1.0})]
    assert plant.problems == ["only numbers and texts can be readings, not made (DateTime)"]
    assert plant.hear("NDATA", data(None, 1, long_value=6), seq=1) == []
    assert (plant.refused, plant.asked()) == ([], [])


def test_metrics_that_make_one_signal_are_told_and_the_first_is_taken():
    plant = Plant()
    assert plant.node(metric("T?", 1.0, alias=1), metric("T!", 2.0, alias=2)) == [("NTH/N1", {"T": 1.0})]
    assert plant.problems == ["'T!' and 'T?' both make the signal 'T'"]
    assert plant.hear("NDATA", data(5.0, 2), seq=1) == []
    assert plant.asked() == []


def test_what_the_protocol_keeps_for_itself_is_no_signal():
    plant = Plant()
    assert plant.node(metric(REBIRTH, False, BOOLEAN), metric("Node Control/Reboot", False, BOOLEAN)) == []
    assert plant.refused == []


def test_sequence_numbers_wrap(plant):
    for step in range(2, 600):
        assert plant.hear("DDATA", data(1.0, 2), seq=step % 256, device="P-1")
    assert plant.asked() == []


@pytest.mark.parametrize("first", [0, 1, 77, 255])
def test_a_birth_may_begin_anywhere(first):
    plant = Plant()
    plant.node(metric("t", 1.0, alias=1), seq=first)
    assert plant.hear("NDATA", data(2.0, 1), seq=(first + 1) % 256) == [("NTH/N1", {"t": 2.0})]
    assert plant.asked() == []


def test_a_gap_asks_for_a_rebirth_and_takes_nothing_by_alias_until_it_comes(plant):
    """The message that was lost may have been a birth that gave the alias to another metric."""
    assert plant.hear("DDATA", data(1.0, 2), metric("count", 4, INT32), seq=5, device="P-1") == [
        ("NTH/P-1", {"count": 4.0})
    ]
    assert plant.refused == [Reason.NOT_BORN]
    ((topic, payload),) = plant.host.requests(NOW)
    assert topic == "spBv1.0/NTH/NCMD/N1"
    command = Payload.FromString(payload)
    assert [(each.name, each.boolean_value, each.datatype) for each in command.metrics] == [(REBIRTH, True, BOOLEAN)]
    plant.hear("DDATA", data(1.0, 2), seq=6, device="P-1")
    assert plant.refused == [Reason.NOT_BORN]
    plant.node(metric("load", 1.0, alias=2))
    plant.device(metric("temp", 20.0, alias=1))
    assert plant.hear("DDATA", data(22.0, 1), seq=2, device="P-1") == [("NTH/P-1", {"temp": 22.0})]


def test_a_node_is_asked_at_most_once_a_time_out(plant):
    plant.hear("DDATA", data(1.0, 2), seq=5, device="P-1")
    plant.hear("DDATA", data(1.0, 2), seq=9, device="P-1")
    assert len(plant.asked()) == 1
    plant.now += PATIENCE - 1
    plant.hear("DDATA", data(1.0, 2), seq=10, device="P-1")
    assert plant.asked() == []
    plant.now += 1
    plant.hear("DDATA", data(1.0, 2), seq=11, device="P-1")
    assert len(plant.asked()) == 1


def test_what_the_broker_sends_again_is_no_gap(plant):
    for seq in (2, 3, 4):
        plant.hear("DDATA", data(float(seq), 2), seq=seq, device="P-1")
    for seq in (3, 4):
        assert plant.hear("DDATA", data(float(seq), 2), seq=seq, device="P-1", again=True)
    assert plant.hear("DDATA", data(5.0, 2), seq=5, device="P-1")
    assert plant.asked() == []


def test_who_was_never_born_is_asked(plant):
    plant.hear("NDATA", metric("t", 1.0), seq=3, node="N9")
    assert plant.refused == [Reason.NOT_BORN]
    plant.device(metric("t", 1.0), node="N8")
    assert plant.refused == [Reason.NOT_BORN]
    plant.hear("DDATA", metric("t", 1.0), seq=2, device="P-2")
    assert plant.refused == [Reason.NOT_BORN]
    assert plant.asked() == ["spBv1.0/NTH/NCMD/N9", "spBv1.0/NTH/NCMD/N8", "spBv1.0/NTH/NCMD/N1"]


def test_an_unknown_alias_or_name_asks(plant):
    plant.hear("DDATA", data(1.0, 99), seq=2, device="P-1")
    assert (plant.refused, plant.asked()) == ([Reason.NOT_BORN], ["spBv1.0/NTH/NCMD/N1"])
    plant.now += PATIENCE
    plant.hear("DDATA", metric("new", 1.0), seq=3, device="P-1")
    assert (plant.refused, plant.asked()) == ([Reason.NOT_BORN], ["spBv1.0/NTH/NCMD/N1"])


def test_a_death_makes_everything_of_the_node_stale(plant):
    plant.hear("NDEATH", metric("bdSeq", 1, UINT64))
    assert plant.stale() == [("N1", ("load",)), ("P-1", ("count", "temp"))]
    plant.hear("DDATA", data(1.0, 2), seq=2, device="P-1")
    assert plant.refused == [Reason.NOT_BORN]


def test_a_death_is_believed_once(plant):
    for _ in range(2):
        plant.hear("NDEATH", metric("bdSeq", 1, UINT64))
    assert len(plant.stale()) == 2


def test_the_will_of_an_earlier_connection_kills_nobody(plant):
    plant.node(metric("load", 1.0, alias=1), bd=2)
    plant.hear("NDEATH", metric("bdSeq", 1, UINT64))
    assert plant.stale() == []
    plant.hear("NDEATH", metric("bdSeq", 2, UINT64))
    assert plant.stale()


def test_a_devices_death_is_its_own(plant):
    plant.hear("DDEATH", seq=2, device="P-1")
    assert plant.stale() == [("P-1", ("count", "temp"))]
    assert plant.hear("NDATA", data(2.0, 1), seq=3) == [("NTH/N1", {"load": 2.0})]
    plant.hear("DDATA", data(2.0, 2), seq=4, device="P-1")
    assert plant.refused == [Reason.NOT_BORN]


def test_a_rebirth_without_death_makes_nothing_stale_but_what_is_gone(plant):
    plant.node(metric("load", 1.0, alias=1))
    plant.device(metric("temp", 20.0, alias=2), metric("pressure", 3.0, alias=4))
    assert plant.stale() == [("P-1", ("count",))]
    assert plant.hear("DDATA", data(4.0, 4), seq=2, device="P-1") == [("NTH/P-1", {"pressure": 4.0})]


def test_a_device_that_is_not_born_again_with_its_node_is_stale_after_a_while(plant):
    plant.node(metric("load", 1.0, alias=1))
    plant.hear("DDATA", data(2.0, 2), seq=1, device="P-1")
    assert plant.refused == [Reason.NOT_BORN]
    plant.host.overdue(plant.now + 4 * PATIENCE - 1)
    assert plant.stale() == []
    plant.host.overdue(plant.now + 4 * PATIENCE)
    assert plant.stale() == [("P-1", ("count", "temp"))]


def test_after_a_new_connection_every_living_node_is_asked_and_the_silent_ones_are_stale(plant):
    plant.node(metric("load", 1.0), node="N2")
    plant.host.connected(NOW)
    assert plant.asked() == ["spBv1.0/NTH/NCMD/N1", "spBv1.0/NTH/NCMD/N2"]
    plant.hear("NDATA", metric("load", 2.0), seq=1, node="N2")
    plant.host.overdue(NOW + 4 * PATIENCE)
    assert plant.stale() == [("N1", ("load",)), ("P-1", ("count", "temp"))]


def test_a_node_that_was_dead_is_not_asked(plant):
    plant.hear("NDEATH", metric("bdSeq", 1, UINT64))
    plant.host.connected(NOW)
    assert plant.asked() == []


def test_our_own_state_said_to_be_offline_is_said_again():
    plant = Plant()
    plant.raw("spBv1.0/STATE/plant", json.dumps({"online": True, "timestamp": 1}).encode())
    assert not plant.host.announce_again
    plant.raw("spBv1.0/STATE/plant", json.dumps({"online": False, "timestamp": 1}).encode())
    assert plant.host.announce_again


def test_two_thousand_metrics_by_alias():
    plant, noise = Plant(), random.Random(1)
    names = [f"Line {n % 7}/Motor {n}/temp" for n in range(2000)]
    plant.node()
    plant.device(*[metric(name, 1.0, alias=10_000 + n) for n, name in enumerate(names)])
    picked = noise.sample(range(2000), 1500)
    ((_, values),) = plant.hear("DDATA", *[data(float(n), 10_000 + n) for n in picked], seq=2, device="P-1")
    assert values == {names[n]: float(n) for n in picked}


WRONG_TOPICS = [
    "spBv1.0", "spBv1.0/G/NBIRTH", "spBv1.0/G/DBIRTH/N", "spBv1.0/G/NBIRTH/N/D", "spBv1.0/G/XDATA/N",
    "spBv1.0/G/DDATA/N/D/E", f"spBv1.0/{'g' * 300}/NBIRTH/N", "spBv1.0/g\0/NBIRTH/N", "spBv1.0/???/NBIRTH/N",
]  # fmt: skip


@pytest.mark.parametrize("topic", WRONG_TOPICS)
def test_a_topic_that_is_none_is_refused(topic):
    plant = Plant()
    plant.raw(topic, b"")
    assert plant.refused == [Reason.WRONG_TOPIC]


def test_what_is_retained_is_no_birth():
    plant = Plant()
    plant.node(metric("t", 1.0), retained=True)
    assert plant.refused == [Reason.NOT_BORN]


SOME = st.builds(
    Payload,
    timestamp=st.none() | st.integers(0, 2**64 - 1),
    seq=st.none() | st.integers(0, 300),
    metrics=st.lists(
        st.builds(
            Payload.Metric,
            name=st.none() | st.text(max_size=10) | st.sampled_from(["bdSeq", "temp", REBIRTH]),
            alias=st.none() | st.integers(0, 5),
            timestamp=st.none() | st.integers(0, 2**64 - 1) | st.just(MS),
            datatype=st.none() | st.integers(0, 40),
            is_null=st.none() | st.booleans(),
            is_historical=st.none() | st.booleans(),
            double_value=st.none() | st.floats(),
        ),
        max_size=5,
    ),
).map(lambda payload: payload.SerializeToString())
KINDS = st.sampled_from(["NBIRTH/N", "NDATA/N", "NDEATH/N", "DBIRTH/N/D", "DDATA/N/D", "DDEATH/N/D"])


@given(st.lists(st.tuples(KINDS, SOME | st.binary(max_size=60)), max_size=12))
def test_no_bytes_in_any_order_stop_the_host_and_every_value_is_taken_or_told(messages):
    plant = Plant()
    for topic, raw in messages:
        frames = plant.raw(f"spBv1.0/G/{topic}", raw)
        for _, values in frames:
            assert values
            assert all(value == value and abs(value) != float("inf") for value in values.values())
        if "DATA" in topic and not frames and not plant.refused:
            payload = Payload.FromString(raw)
            assert all(not each.name or _said_nothing(plant, each) for each in payload.metrics)
    assert all(isinstance(each, Stale) for each in plant.host.stale())


def _said_nothing(plant, each):
    """It is the protocol's, null, or was told by its birth to be no number."""
    if each.is_null or each.name == "bdSeq" or each.name == REBIRTH:
        return True
    members = plant.host.nodes["G", "N"].members.values()
    return any(each.name in member.birth.by_name for member in members)


def test_a_metric_whose_name_is_no_utf_8_is_refused_alone():
    plant = Plant()
    good = Payload(timestamp=MS, seq=0, metrics=[metric("temp", 60.0)])
    plant.raw("spBv1.0/NTH/NBIRTH/N1", good.SerializeToString() + bytes.fromhex("12030a01ff"))
    assert plant.refused == [Reason.WRONG_SIGNAL]
    assert plant.host.nodes["NTH", "N1"].members[""].birth.signals == ("temp",)
    plant.raw("spBv1.0/NTH/NBIRTH/N2", bytes.fromhex("12030a01ff"))
    plant.raw("spBv1.0/NTH/NDEATH/N1", bytes.fromhex("12030a01ff"))


@pytest.mark.parametrize("field", ["string_value", "key", "property"])
def test_a_text_of_a_metric_that_is_no_utf_8_refuses_its_metric_alone(field):
    bad = metric("bad", "XXXX" if field == "string_value" else "ok", STRING)
    bad.properties.keys.append("XXXX" if field == "key" else "engUnit")
    bad.properties.values.add().string_value = "XXXX" if field == "property" else "bar"
    whole = Payload(timestamp=MS, seq=0, metrics=[bad, metric("temp", 60.0)]).SerializeToString()
    frames, refused = Sparkplug("plant").parse(
        Message("spBv1.0/NTH/NBIRTH/N1", whole.replace(b"XXXX", b"XX\xffX"), NOW), Bounds()
    )
    assert [frame.values for frame in frames] == [{"temp": 60.0}]
    assert [each.reason for each in refused] == [Reason.WRONG_SIGNAL]


@pytest.mark.parametrize("at", [1, 2**63 - 1, 2**63, 2**64 - 1, 253_402_300_799_999])
def test_a_time_at_the_edge_refuses_its_metric_alone(at):
    plant = Plant()
    plant.hear("NBIRTH", metric("temp", 60.0), metric("flow", 1.0, at=at), seq=0)
    assert plant.refused in ([Reason.IN_FUTURE], [Reason.TOO_OLD])
    assert plant.host.nodes["NTH", "N1"].alive


@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_the_number_of_a_birth_that_no_database_has_room_for_is_none(number):
    plant = Plant()
    plant.hear("NBIRTH", metric("bdSeq", number, UINT64), metric("temp", 60.0), seq=0)
    assert plant.host.nodes["NTH", "N1"].bd_seq is None


@pytest.mark.parametrize("unit", ["a\0", "x" * 41])
def test_a_unit_that_cannot_be_kept_leaves_its_metric_out(unit):
    bad = metric("bad", 1.0)
    bad.properties.keys.append("engUnit")
    bad.properties.values.add().string_value = unit
    plant = Plant()
    plant.hear("NBIRTH", bad, metric("temp", 60.0), seq=0)
    assert plant.refused == [Reason.WRONG_SIGNAL]
    assert plant.host.nodes["NTH", "N1"].members[""].birth.signals == ("temp",)


@pytest.mark.parametrize(("at", "said"), [(MS // 1000, "seconds"), (MS * 1000, "microseconds"), (NOW * 1000, "nanose")])
def test_a_time_that_counts_something_else_is_said_to(plant, at, said):
    assert plant.hear("DDATA", data(21.0, 2, at=at), seq=2, device="P-1") == []
    assert f"that looks like {said}" in plant.problems[0]


def test_a_state_of_ours_that_somebody_clears_is_said_again(plant):
    plant.raw(plant.host.state_topic, b"")
    assert (plant.refused, plant.host.announce_again) == ([], True)


def test_made_up_nodes_are_forgotten_the_longest_unheard_first_and_living_ones_stay(plant, monkeypatch):
    monkeypatch.setattr(edge_nodes, "MOST_NODES", 1_000)
    for number in range(50_000):
        plant.host.parse(Message(f"spBv1.0/NTH/NDATA/{number:0200d}", b"", NOW), Bounds())
        plant.asked()
    assert len(plant.host.nodes) == 1_000
    assert plant.host.nodes.bytes == sum(node.bytes for node in plant.host.nodes.values()) < 4 << 20
    assert ("NTH", f"{49_999:0200d}") in plant.host.nodes
    assert plant.hear("DDATA", data(21.0, 2), seq=2, device="P-1") == [("NTH/P-1", {"temp": 21.0})]


def test_births_of_made_up_nodes_are_bounded_in_bytes_and_living_ones_stay(plant, monkeypatch):
    monkeypatch.setattr(edge_nodes, "MOST_BYTES", 1 << 20)
    name = "x" * 1_000
    for number in range(1_000):
        plant.node(metric(name, 1.0), node=f"made-up-{number}")
        assert plant.host.nodes.bytes <= 1 << 20
    assert plant.refused == [Reason.TOO_MANY_ASSETS]
    assert plant.hear("DDATA", data(21.0, 2), seq=2, device="P-1") == [("NTH/P-1", {"temp": 21.0})]


def test_a_node_that_was_forgotten_is_asked_for_its_birth_and_comes_back(plant, monkeypatch):
    monkeypatch.setattr(edge_nodes, "MOST_NODES", 2)
    plant.hear("NDEATH", metric("bdSeq", 1, UINT64))
    plant.hear("NDATA", node="N8")
    plant.hear("NDATA", node="N9")
    assert plant.host.nodes.forgotten == {("NTH", "N1")}
    plant.asked()
    plant.hear("NDATA", data(1.0, 1), seq=1)
    assert plant.asked() == ["spBv1.0/NTH/NCMD/N1"]
    plant.node(metric("load", 1.0, alias=1), bd=2)
    assert plant.hear("NDATA", data(2.0, 1), seq=1) == [("NTH/N1", {"load": 2.0})]


def test_a_flood_of_made_up_node_names_asks_for_a_bounded_number_of_births(plant):
    asked = []
    for number in range(10_000):
        plant.hear("NDATA", node=f"made-up-{number}")
        asked += plant.asked()
        plant.now += 1_000  # a thousand names a second
    seconds = 10
    assert ASKED_AT_ONCE <= len(asked) <= ASKED_AT_ONCE + ASKED_PER_S * seconds
    assert plant.refused == [Reason.NOT_BORN]
    assert "when it is heard again" in plant.problems[0]


def test_beside_a_flood_of_made_up_names_living_nodes_are_asked_as_before_and_a_new_one_once_it_is_over(plant):
    for number in range(1_000):
        plant.hear("NDATA", node=f"made-up-{number}")
    plant.asked()
    plant.now += 1_000
    plant.hear("NDATA", seq=200)
    assert plant.asked() == ["spBv1.0/NTH/NCMD/N1"], "a gap in the numbers of a living node"
    plant.hear("NDATA", node="N2")
    assert plant.asked() == []
    plant.now += 1_000_000
    plant.hear("NDATA", node="N2")
    assert plant.asked() == ["spBv1.0/NTH/NCMD/N2"]
