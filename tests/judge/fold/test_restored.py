"""A judge restored at any input, and a sequence cut anywhere, come to the same decisions and bytes."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.inputs import Event, Input, JudgedFrame
from judge.judge import Judge, Verdict
from tests.judge.sequences import (
    START,
    Sequence,
    a_machine_that_counts,
    flapping,
    fleet_story,
    judged,
    long_story,
)
from workorder_core.intake.decisions import Ignore


@cache
def at_once() -> tuple[tuple[Verdict, ...], bytes]:
    judge = Judge()
    return tuple(judge.consider(long_story())), judge.dump()


def test_the_long_story_has_something_of_everything():
    """So that the tests below cannot pass because nothing happens."""
    verdicts, _ = at_once()
    assert {type(each.decision).__name__ for each in verdicts} >= {"Open", "Ignore"}
    assert {each.decision.finding.source.split(":")[0] for each in verdicts} == {"rule", "model"}


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_how_the_sequence_is_cut_changes_nothing(size):
    judge = Judge()
    verdicts: list[Verdict] = []
    inputs = long_story()
    for i in range(0, len(inputs), size):
        verdicts += judge.decide(inputs[i : i + size])
    decided, state = at_once()
    assert verdicts == [each for each in decided if not isinstance(each.decision, Ignore)]
    assert judge.dump() == state


def test_a_judge_restored_after_every_input_goes_on_to_the_same_bytes():
    judge = Judge()
    verdicts: list[Verdict] = []
    for each in long_story():
        judge = Judge.restore(judge.dump(), judge.arrival)
        verdicts += judge.consider([each])
    assert (tuple(verdicts), judge.dump()) == at_once()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 420), min_size=1, max_size=4))
def test_a_judge_restored_anywhere_goes_on_to_the_same_bytes(places):
    judge, begins = Judge(), 0
    verdicts: list[Verdict] = []
    for place in [*sorted(places), len(long_story())]:
        verdicts += judge.consider(long_story()[begins:place])
        begins = max(begins, place)
        judge = Judge.restore(judge.dump(), judge.arrival)
    assert (tuple(verdicts), judge.dump()) == at_once()


def test_a_restored_judge_dumps_what_it_was_restored_from():
    _, state = at_once()
    assert Judge.restore(state, 1).dump() == state


def test_a_restored_judge_knows_of_its_orders_all_that_the_other_one_knew():
    judge = Judge()
    for each in long_story():
        list(judge.consider([each]))
        assert Judge.restore(judge.dump(), judge.arrival).book.all() == judge.book.all()


def test_the_order_of_the_signals_in_a_message_changes_nothing():
    def turned(each: Input) -> Input:
        if isinstance(each, Event):
            return each
        return JudgedFrame(each.arrival, each.asset, each.at_us, dict(reversed(each.values.items())))

    judge = Judge()
    assert (tuple(judge.consider([turned(each) for each in long_story()])), judge.dump()) == at_once()


def test_the_places_of_the_inputs_are_only_cited():
    """The numbers differ between a run that was redelivered things and one that was not: the state must not."""
    judge = Judge()
    list(judge.consider([shifted(each) for each in long_story()]))
    assert judge.dump() == at_once()[1]


def shifted(each: Input) -> Input:
    if isinstance(each, Event):
        return Event(each.arrival + 1000, each.asset, each.change)
    return JudgedFrame(each.arrival + 1000, each.asset, each.at_us, each.values)


def test_a_tick_changes_nothing():
    story = Sequence().frame(0, temp=60)
    before = judged(story)[1].dump()
    assert judged(story.event("tick", None, at=START.isoformat()))[1].dump() == before


def test_a_flapping_limit_survives_a_restart_after_every_input():
    inputs = flapping().inputs
    whole, cut = Judge(), Judge()
    for each in inputs:
        cut.decide([each])
        cut = Judge.restore(cut.dump(), cut.arrival)
    whole.decide(inputs)
    assert whole.dump() == cut.dump()


def test_what_compares_machines_survives_a_restart_after_every_input():
    inputs = fleet_story().inputs
    whole = Judge()
    expected = whole.decide(inputs)
    judge, found = Judge(), []
    for each in inputs:
        found += judge.decide([each])
        judge = Judge.restore(judge.dump(), judge.arrival)
    assert found == expected
    assert judge.dump() == whole.dump()


def test_counters_and_states_go_on_after_a_restart_at_any_input():
    inputs = a_machine_that_counts().inputs
    whole, cut = Judge(), Judge()
    for each in inputs:
        assert list(whole.consider([each])) == list(cut.consider([each]))
        cut = Judge.restore(cut.dump(), cut.arrival)
    assert cut.dump() == whole.dump()
