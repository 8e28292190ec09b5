"""Machines of many signals: what is kept of them grows with their number, not with its square, and has an end."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from bench.detectors.bank import LevelShiftBank
from models import asset_monitor, default_detector, kernel
from models.asset_monitor import AssetMonitor
from models.default_detector import DefaultDetector
from models.document import ModelDocument, ModelDocumentError
from models.frame import Row
from models.parameters import Parameters
from tests.models.level_shift import LevelShift

SHORT: dict[str, Any] = {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8}
SECOND_US = 1_000_000


def frames(signals: int, count: int, seed: int = 3) -> np.ndarray:
    """Frames of signals that have something in common, so that they explain each other; one is off at the end."""
    noise = np.random.default_rng(seed)
    made = 50.0 + noise.standard_normal((count, 1)) + 0.3 * noise.standard_normal((count, signals))
    made[count * 4 // 5 :, 0] += 4.0
    return made


def names(signals: int) -> list[str]:
    return [f"s{number:05}" for number in range(signals)]


def size(of: DefaultDetector | AssetMonitor) -> int:
    return len(msgspec.msgpack.encode(of.state()))


def learned(document: ModelDocument, signals: int, count: int = 140) -> AssetMonitor:
    made, places = asset_monitor.begin(document), {name: i for i, name in enumerate(names(signals))}
    for k, frame in enumerate(frames(signals, count)):
        made.judge(k * SECOND_US, Row(places, frame))
    return made


def test_the_state_does_not_grow_with_the_square_of_the_signals():
    document = ModelDocument(most_signals=2_000, **SHORT)
    some, twice, four_times = (size(learned(document, signals)) for signals in (100, 200, 400))
    assert twice < 2.2 * some
    assert four_times < 2.2 * twice


def test_of_eight_thousand_signals_the_model_judges_the_first_five_hundred():
    document = ModelDocument(**SHORT)
    wide, narrow = learned(document, 8_000, 100), learned(document, 500, 100)
    assert size(wide) == size(narrow)
    assert wide.usual("s00499") is not None
    assert wide.usual("s00500") is None


def test_a_row_and_a_dictionary_are_cut_alike():
    document = ModelDocument(most_signals=3, regime=("s00004",), **SHORT)
    by_rows: Any = asset_monitor.begin(document)
    by_values, places = asset_monitor.begin(document), names(6)
    noise = np.random.default_rng(7)
    for k, frame in enumerate(frames(6, 200)):
        frame[noise.random(6) < 0.3] = math.nan
        values = {name: value for name, value in zip(places, frame.tolist(), strict=True) if value == value}
        row = Row({name: i for i, name in enumerate(places)}, frame)
        assert by_rows.judge(k * SECOND_US, row) == by_values.judge(k * SECOND_US, values)
    assert by_rows.state() == by_values.state()
    assert len(by_rows.detector._slots) == 3, "and the regime's, which tells how the machine is run"


def test_other_estimators_have_the_same_most_of_signals():
    document = ModelDocument(warmup_frames=64, estimator="river.anomaly.HalfSpaceTrees", most_signals=5)
    assert size(learned(document, 9, 70)) == size(learned(document, 5, 70))


def test_after_a_repair_the_signals_that_come_are_the_ones_that_are_judged():
    document = ModelDocument(most_signals=2, **SHORT)
    made = asset_monitor.begin(document)
    made.judge(0, {"old": 1.0, "older": 1.0})
    made.rebaseline()
    for k in range(1, 80):
        made.judge(k * SECOND_US, {"new": float(k % 7), "newer": float(k % 5), "old": 1.0})
    assert made.usual("new") is not None and made.usual("old") is None


def test_names_without_end_lay_the_tables_out_a_few_times_only():
    """Each message with a name of its own, as of a gateway that puts the time into it."""
    made: Any = asset_monitor.begin(ModelDocument(**SHORT))
    shapes = set()
    for k in range(3_000):
        made.judge(k * SECOND_US, {f"2026-11-26T10:00:{k:05d}": 1.0})
        shapes.add(made.detector._shape.signals)
    assert len(shapes) < 30
    assert len(made.detector._slots) == 500


def one_by_one(count: int = 150) -> list[dict[str, float]]:
    """Signals that come to be known one after the other."""
    table, there = frames(40, count), names(40)
    return [dict(zip(there[: 1 + k // 3], frame.tolist(), strict=False)) for k, frame in enumerate(table)]


def test_room_for_signals_to_come_changes_no_score(monkeypatch):
    document = ModelDocument(**SHORT)
    with_room, without = DefaultDetector(document), DefaultDetector(document)
    for k, values in enumerate(one_by_one()):
        at_us = k * SECOND_US + (3600 * SECOND_US if k > 90 else 0)
        roomy = with_room.judge(at_us, values)
        with monkeypatch.context() as patched:
            patched.setattr(default_detector, "ROOM_FROM", 10**9)
            assert (without.judge(at_us, values), without.score()) == (roomy, with_room.score())
    assert with_room._shape.signals > without._shape.signals == 40
    assert [with_room.usual(name) for name in names(40)] == [without.usual(name) for name in names(40)]


@pytest.mark.parametrize("cut", [20, 60, 75, 110])
def test_a_restored_watch_goes_on_bit_for_bit_while_signals_come_to_be_known(cut):
    document = ModelDocument(**SHORT)
    whole = DefaultDetector(document)
    for k, values in enumerate(one_by_one()):
        if k == cut:
            other = DefaultDetector.restore(document, msgspec.msgpack.decode(msgspec.msgpack.encode(whole.state())))
        whole.judge(k * SECOND_US, values)
        if k >= cut:
            other.judge(k * SECOND_US, values)
    assert msgspec.msgpack.encode(other.state()) == msgspec.msgpack.encode(whole.state())


def test_the_bank_scores_as_the_one_at_a_time_form_beyond_one_group():
    signals = kernel.GROUP + 6
    one = LevelShift(Parameters(warmup=64, memory=640, horizon=8))
    bank = LevelShiftBank(Parameters(warmup=64, memory=640, horizon=8), tuple(names(signals)), 1)
    judged = 0
    for frame in frames(signals, 180):
        looks = {
            look.signal: look.surprise for look in one.score_learn_one(dict(zip(names(signals), frame, strict=True)))
        }
        (many,) = bank.score_learn_many(frame[None, :])
        for name, surprise in zip(bank.signals, many, strict=True):
            if name in looks:
                judged += 1
                assert surprise == pytest.approx(looks[name], abs=1e-8, rel=1e-8)
    assert judged > 3_000


@pytest.mark.parametrize("most", [0, -1, 5_001, 2.5, True])
def test_a_most_of_signals_that_cannot_be_is_refused(most):
    with pytest.raises(ModelDocumentError, match="most_signals"):
        ModelDocument.from_table({"most_signals": most})


def test_the_ordinary_most_is_no_new_version_of_a_document():
    """Or every model of every plant would learn anew for nothing."""
    assert ModelDocument().version == ModelDocument(most_signals=500).version != ModelDocument(most_signals=501).version
