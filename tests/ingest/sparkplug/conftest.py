"""A host application that has heard the births of a node and a device."""

import pytest

from tests.ingest.sparkplug.edge_plant import INT32, Plant, metric


@pytest.fixture
def plant():
    made = Plant()
    made.node(metric("load", 1.0, alias=1))
    made.device(metric("temp", 20.0, alias=2), metric("count", 3, INT32, alias=3))
    assert made.refused == []
    return made
