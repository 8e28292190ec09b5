"""What an edge node says twice, or in numbers that its type has not, becomes no value that was not measured."""

import pytest

from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.messages import Reason
from tests.ingest.sparkplug.edge_plant import INT8, INT32, INT64, MS, Plant, data, metric

INT16 = 2


@pytest.fixture
def plant():
    plant = Plant()
    plant.node()
    return plant


def test_a_metric_that_comes_twice_at_one_time_is_not_the_last_one_alone(plant):
    plant.device(metric("temp", 20.0, alias=1), metric("flow", 5.0, alias=2))
    frames = plant.hear("DDATA", data(95.0, 1), data(6.0, 2), data(40.0, 1), seq=2, device="P-1")
    assert frames == [("NTH/P-1", {"temp": 95.0, "flow": 6.0}), ("NTH/P-1", {"temp": 40.0})]
    later = plant.hear("DDATA", data(41.0, 1, at=MS + 1), metric("temp", 42.0, at=MS + 2), seq=3, device="P-1")
    assert [values for _, values in later] == [{"temp": 41.0}, {"temp": 42.0}]


@pytest.mark.parametrize(
    ("kind", "sent", "meant"),
    [
        (INT8, 127, 127), (INT8, 200, -56), (INT8, 0xFFFFFF80, -128), (INT16, 0x8000, -32768),
        (INT32, 0xFFFFFFFF, -1), (INT64, 2**64 - 1, -1),
        (INT8, 300, None), (INT8, 0xFFFFFF7F, None), (INT16, 70_000, None), (INT16, 0x80000000, None),
    ],
)  # fmt: skip
def test_a_whole_number_that_its_type_does_not_have_is_refused_and_never_another_number(plant, kind, sent, meant):
    plant.device(metric("temp", 20.0, alias=1), _typed(metric("step", 0, INT32, alias=2), kind))
    told = Payload.Metric(timestamp=MS, alias=2)
    setattr(told, "long_value" if kind == INT64 else "int_value", sent)
    frames = plant.hear("DDATA", data(95.0, 1), told, seq=2, device="P-1")
    assert frames == [("NTH/P-1", {"temp": 95.0} if meant is None else {"temp": 95.0, "step": meant})]
    assert plant.refused == ([Reason.NOT_A_NUMBER] if meant is None else [])


def _typed(made, kind):
    made.datatype = kind
    return made


def test_an_alias_that_two_metrics_have_means_neither(plant):
    born = plant.device(metric("temp", 20.0, alias=9), metric("flow", 5.0, alias=9), metric("speed", 1.0, alias=3))
    assert [values for _, values in born] == [{"temp": 20.0, "flow": 5.0, "speed": 1.0}]
    assert plant.refused == [Reason.WRONG_SIGNAL]
    assert "'flow' and 'temp' both have the alias 9" in plant.problems[0]
    assert plant.hear("DDATA", data(95.0, 9), data(2.0, 3), seq=2, device="P-1") == [("NTH/P-1", {"speed": 2.0})]
    assert plant.hear("DDATA", metric("temp", 96.0), seq=3, device="P-1") == [("NTH/P-1", {"temp": 96.0})]
