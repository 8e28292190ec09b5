"""The same messages, cut into batches otherwise or with restarts in between, leave the same behind, byte for byte."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import cuts
from bench.cuts_parts import run as runs
from bench.cuts_parts.minimal import MINIMAL
from bench.cuts_parts.plants import Case
from bench.cuts_parts.run import Left
from runtime.pipeline.sequence import Numbering
from tests.parts import databases


@pytest.fixture
def fresh(embedded_server, _template) -> Callable[[], AbstractContextManager[str]]:
    return lambda: databases.fresh(embedded_server, _template)


@pytest.fixture
def run(fresh) -> Callable[..., Left]:
    def run(case: Case, sizes: list[int] | int, **more: Any) -> Left:
        left = iter(sizes if isinstance(sizes, list) else [sizes] * len(case.items))
        with fresh() as url:
            return runs.run(url, case, lambda: next(left), **more)

    return run


@pytest.mark.parametrize("name", MINIMAL)
def test_how_messages_are_cut_changes_nothing(run, name):
    case, cut = MINIMAL[name]
    one, other = run(case, 1), run(case, cut)
    assert one.differs(other) == []
    assert any(source.startswith("model:") for _, source, *_ in other.tables["alarms"]), "the lane has a part in it"
    assert other.rebuilt_alike
    assert one.laned
    assert other.laned


def test_a_restart_between_identical_batches_changes_nothing(run):
    """The lane begins empty: who was on it before must not show."""
    case, cut = MINIMAL["the eleventh alarm of an area is the same"]
    restarts = iter([False, False, True])
    whole, again = run(case, cut), run(case, cut, restarts=lambda: next(restarts))
    assert whole.differs(again) == []
    assert (whole.laned, again.laned) == (1, 0)


def test_a_kill_before_a_commit_changes_nothing(run):
    case, cut = MINIMAL["what is made known has its place"]
    kills = iter([False, True, False])
    assert run(case, [1, 5, 5], kills=lambda: next(kills)).differs(run(case, cut)) == []


@pytest.mark.parametrize("name", MINIMAL)
def test_what_fails_after_all_its_work_and_is_undone_changes_nothing(run, name):
    """Down to single messages, each half of a batch is judged and acted on, fails, and is undone."""
    case, cut = MINIMAL[name]
    assert run(case, 1).differs(run(case, cut, failures=lambda: True)) == []


MESSAGES = st.lists(
    st.one_of(
        st.just(("lane",)),
        st.lists(st.sampled_from(["event", "frame", "nothing new"]), max_size=4).map(tuple),
    ),
    max_size=12,
)


@given(MESSAGES)
def test_numbers_ascend_with_the_messages_events_first(messages):
    of_events: list[int] = []
    of_frames: list[int] = []
    of_lane: list[int] = []
    kept: list[int] = []
    expected: list[tuple[str, int]] = []
    for number, inputs in enumerate(messages):
        expected += [(kind, number) for kind in sorted(inputs) if kind != "nothing new"]
        for kind in inputs:
            if kind == "event":
                of_events.append(number)
            elif kind == "lane":
                of_lane.append(number)
            else:
                if kind == "frame":
                    kept.append(len(of_frames))
                of_frames.append(number)
    places = Numbering(10, of_events, of_frames, np.array(of_lane, dtype=np.int64))
    frames = places.number(kept)
    found = [("event", number) for number in of_events]
    found += [("frame", of_frames[i]) for i in kept]
    found += [("lane", number) for number in of_lane]
    numbers = [*places.events.tolist(), *frames.tolist(), *places.ordinary.tolist()]
    assert sorted(numbers) == list(range(10, places.next))
    assert [each for _, each in sorted(zip(numbers, found, strict=True))] == expected


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_streams_come_to_the_same_however_they_are_cut_restarted_and_killed(fresh, seed):
    found = cuts.compare(fresh, seed)
    assert [each for each in found if each["differs"]] == []
    assert len(found) == 18
    # A batch of a whole stream comes before any asset is on the lane.
    assert all(each["by_lane"] for each in found if each["way"] not in ("batches of 1000", "with failures"))
    # Who has failed is off the lane for a while, in a stream that has little on it for good.
    assert any(each["by_lane"] for each in found if each["way"] == "with failures")
    assert all(each["orders"] for each in found)
