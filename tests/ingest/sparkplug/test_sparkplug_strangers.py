"""Whatever bytes arrive on Sparkplug's topics, and floods of made-up nodes: refused, bounded, and told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.border import Bounds
from ingest.formats import edge_nodes
from ingest.formats.format import Stale
from ingest.formats.sparkplug import ASKED_AT_ONCE, ASKED_PER_S, Sparkplug
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.formats.sparkplug_metrics import REBIRTH
from ingest.messages import Message, Reason
from tests.ingest.sparkplug.edge_plant import MS, NOW, STRING, UINT64, Plant, data, metric

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
