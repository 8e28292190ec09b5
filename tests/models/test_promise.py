"""The promised rate of false episodes, held on the sample plant's pumps while nothing ails them.

`./run bench false_episodes` does the same over a hundred asset-months of plants that were not looked at.
"""

import csv
import io
import json
import lzma
import math
from functools import cache

import numpy as np
import pytest

from bench.false_episodes import MONTH_US, SIGNALS, Tally, pump, tally
from models.document import ModelDocument
from runtime.demo.sample_plants import SAMPLES

pytestmark = pytest.mark.skipif(not (SAMPLES / "truth.json").exists(), reason="the sample plant is not here")


@cache
def healthy(asset: str) -> np.ndarray:
    """The pump's signals by minute, up to its fault where it has one."""
    truths = [t for t in json.loads((SAMPLES / "truth.json").read_text()) if t["asset"] == asset]
    faults = [t["begins_minute"] for t in truths if t["kind"] in ("predictive", "reactive", "emergency")]
    rows = csv.DictReader(io.StringIO(lzma.decompress((SAMPLES / f"{asset}.csv.xz").read_bytes()).decode()))
    table = [[float(row[signal] or math.nan) for signal in SIGNALS] for row in rows]
    return np.array(table[: min(faults, default=None)], dtype=np.float32).T


def plant(document: ModelDocument) -> Tally:
    total = Tally()
    for number in range(101, 109):
        total.add(tally(document, pump(healthy(f"P-{number}"))))
    return total


def test_the_default_keeps_its_promise_on_the_sample_plant() -> None:
    found = plant(ModelDocument(regime=("speed",)))
    months = found.judged_us / MONTH_US
    assert months > 2.5
    assert found.episodes <= months * ModelDocument().false_episodes_per_month


def test_a_document_that_is_far_too_keen_is_held_near_the_promise() -> None:
    keen = ModelDocument(regime=("speed",), patience=12.0, limit_most=100.0)
    alone = plant(ModelDocument(regime=("speed",), patience=12.0, limit_most=100.0, false_episodes_per_month=0.0))
    found = plant(keen)
    months = found.judged_us / MONTH_US
    assert alone.episodes > 2.0 * months, "the promise would be kept by the patience alone"
    assert found.episodes <= months * keen.false_episodes_per_month + 2.0 * math.sqrt(months)
