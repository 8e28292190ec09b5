"""Births, deaths, sequence numbers and rebirth requests of Sparkplug's nodes and devices."""

import json

import pytest

from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.formats.sparkplug_metrics import REBIRTH
from ingest.messages import Reason
from tests.ingest.sparkplug.edge_plant import BOOLEAN, INT32, NOW, PATIENCE, UINT64, Plant, data, metric


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


@pytest.mark.parametrize("unknown", [False, True])
def test_a_node_is_asked_again_after_a_clock_that_was_set_back(plant, unknown):
    def hear() -> None:
        for node in (f"N{number}" for number in range(300 if unknown else 1, 0, -1)):
            plant.hear("DDATA", data(1.0, 2), seq=5, device="P-1", node=node)

    hear()
    first = len(plant.asked())
    plant.now -= 3_600_000_000
    hear()
    assert len(plant.asked()) >= min(first, 1)
    plant.now += 10 * PATIENCE
    hear()
    assert len(plant.asked()) >= first


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


def test_a_state_of_ours_that_somebody_clears_is_said_again(plant):
    plant.raw(plant.host.state_topic, b"")
    assert (plant.refused, plant.host.announce_again) == ([], True)
