"""A frame as a row is the mapping that it stands for, to whoever reads it and to the detector."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import asset_monitor
from models.document import ModelDocument
from models.frame import Row

PLACES = {"flow": 0, "oil": 1, "speed": 2, "temp": 3}
numbers = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=len(PLACES), max_size=len(PLACES))


@given(numbers)
def test_a_row_is_a_mapping_of_what_is_there(values):
    row = Row(PLACES, np.array([np.nan if value is None else value for value in values]))
    there = {signal: value for signal, value in zip(PLACES, values, strict=True) if value is not None}
    assert dict(row) == there
    assert len(row) == len(there)
    assert row.keys() == there.keys()
    assert [row.get(signal) for signal in PLACES] == values
    assert ("flow" in row) == ("flow" in there)


DOCUMENTS = {
    "default": ModelDocument(warmup_frames=64, memory_frames=640, horizon_frames=8),
    "with a regime": ModelDocument(warmup_frames=64, memory_frames=640, horizon_frames=8, regime=("speed",)),
    "another estimator": ModelDocument(warmup_frames=64, estimator="river.anomaly.HalfSpaceTrees"),
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_detector_makes_the_same_of_a_row_as_of_a_dictionary(document):
    """Also where signals are met later than others, and where some are missing."""
    noise = np.random.default_rng(5)
    by_rows, by_values = asset_monitor.begin(document), asset_monitor.begin(document)
    for k in range(400):
        frame = 50.0 + noise.standard_normal(len(PLACES)) + 9.0 * (k > 300)
        frame[noise.random(len(PLACES)) < 0.1] = np.nan
        if k < 20:
            frame[1] = np.nan
        values = {signal: value for signal, value in zip(PLACES, frame.tolist(), strict=True) if value == value}
        assert by_rows.judge(k * 1_000_000, Row(PLACES, frame)) == by_values.judge(k * 1_000_000, values)
    assert by_rows.state() == by_values.state()
