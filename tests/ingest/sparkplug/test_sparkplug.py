"""Sparkplug's names, values and units, as a host application reads them."""

import random

import pytest

from ingest.border import Bounds
from ingest.formats import edge_nodes
from ingest.formats.paths import Text
from ingest.formats.sparkplug import Names
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.formats.sparkplug_metrics import REBIRTH
from ingest.messages import Reason
from ingest.names import Names as ForeignNames
from tests.ingest.sparkplug.edge_plant import (
    BOOLEAN,
    DATE_TIME,
    DDATA,
    FLOAT,
    INT8,
    INT32,
    INT64,
    KIND,
    MS,
    STRING,
    UINT64,
    Plant,
    data,
    details,
    message,
    metric,
)


def test_group_node_device_and_metric_become_site_location_asset_and_signal():
    plant = Plant()
    assert plant.node(metric("load", 0.5)) == [("NTH/N1", {"load": 0.5})]
    assert plant.device(metric("Motor/temp", 20.0)) == [("NTH/P-1", {"Motor/temp": 20.0})]
    (frame,) = plant.host.parse(message(DDATA, metric("Motor/temp", 21.0), seq=2), Bounds())[0]
    assert frame.details is not None
    assert frame.details.location == "N1"


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


def test_two_thousand_metrics_by_alias():
    plant, noise = Plant(), random.Random(1)
    names = [f"Line {n % 7}/Motor {n}/temp" for n in range(2000)]
    plant.node()
    plant.device(*[metric(name, 1.0, alias=10_000 + n) for n, name in enumerate(names)])
    picked = noise.sample(range(2000), 1500)
    ((_, values),) = plant.hear("DDATA", *[data(float(n), 10_000 + n) for n in picked], seq=2, device="P-1")
    assert values == {names[n]: float(n) for n in picked}
