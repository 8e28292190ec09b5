"""The states of ISA-18.2, as the table reads: what is done with an alarm, and where that leads."""

from datetime import UTC, datetime, timedelta

import pytest

from workorder_core.alarms import alarm_states
from workorder_core.alarms.alarm_states import (
    NEXT,
    AlarmReasonMissing,
    IllegalAlarmMove,
    InvalidEnd,
    MayNotBeShelved,
    Move,
    Point,
    State,
    Terms,
)
from workorder_core.words import Severity

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
N, U, A, R, L, S, D, O = State  # noqa: E741

STORIES = {
    "raised and seen and over": ("raise acknowledge clear", [U, A, N]),
    "over before anybody saw it": ("raise clear acknowledge", [U, R, N]),
    "comes again before anybody saw it": ("raise clear raise", [U, R, U]),
    "comes again after it was over": ("raise acknowledge clear raise", [U, A, N, U]),
    "a latching one waits for its reset": ("latching raise acknowledge clear reset", [N, U, A, L, N]),
    "a latching one that nobody saw": ("latching raise clear acknowledge reset", [N, U, L, L, N]),
    "a latched one comes again": ("latching raise clear raise", [N, U, L, U]),
    "shelved while it stands, and it still does": ("raise shelve unshelve", [U, S, U]),
    "shelved while it stands, over meanwhile": ("raise shelve clear unshelve", [U, S, S, N]),
    "shelved before it comes": ("shelve raise unshelve", [S, S, U]),
    "a shelf that is made longer": ("raise shelve shelve", [U, S, S]),
    "suppressed by design, and told after all": ("raise suppress release", [U, D, U]),
    "suppressed by design, and over": ("raise suppress clear", [U, D, N]),
    "out of service whatever comes": ("take_out raise clear return", [O, O, O, N]),
    "out of service from the shelf": ("raise shelve take_out return", [U, S, O, U]),
    "seen, out of service, back: to be seen again": ("raise acknowledge take_out return", [U, A, O, U]),
}
BY_ENGINE = {"raise": Move.RAISE, "clear": Move.CLEAR, "suppress": Move.SUPPRESS, "release": Move.RELEASE}


def done(point: Point, what: str) -> Point:
    terms = Terms()
    if what in BY_ENGINE:
        return alarm_states.follow_engine(point, BY_ENGINE[what], at=NOW)
    match what:
        case "latching":
            return Point(name="a", latching=True)
        case "shelve":
            return alarm_states.shelve(point, terms, until=NOW + HOUR, why="sensor is being moved", at=NOW)
        case "take_out":
            return alarm_states.take_out(point, terms, until=None, why="calibration", at=NOW)
        case "return":
            return alarm_states.return_to_service(point, at=NOW)
    step = {"acknowledge": alarm_states.acknowledge, "reset": alarm_states.reset, "unshelve": alarm_states.unshelve}
    return step[what](point, at=NOW)


@pytest.mark.parametrize(("story", "states"), STORIES.values(), ids=STORIES.keys())
def test_an_alarms_life(story, states):
    point, said = Point(name="a"), []
    for what in story.split():
        point = done(point, what)
        said.append(point.state)
    assert said == states


def test_every_state_is_in_the_table_and_can_be_left_and_reached():
    assert set(NEXT) == set(State)
    reached = {to for moves in NEXT.values() for to in moves.values() if to is not None}
    assert reached | {State.LATCHED} == set(State)
    assert all(NEXT.values())


def test_what_the_state_does_not_have_is_refused_with_what_it_has():
    raised = done(Point(name="rule:hot of NTH/P-1"), "raise")
    with pytest.raises(IllegalAlarmMove) as refused:
        alarm_states.reset(raised, at=NOW)
    assert str(refused.value) == (
        "the alarm rule:hot of NTH/P-1 is unacknowledged: 'reset' is not possible now "
        "(possible: acknowledge, shelve, take out of service)"
    )
    seen = done(raised, "acknowledge")
    with pytest.raises(IllegalAlarmMove):
        alarm_states.acknowledge(seen, at=NOW)
    latched = done(done(done(done(Point(name="a"), "latching"), "raise"), "clear"), "acknowledge")
    with pytest.raises(IllegalAlarmMove, match="possible: reset"):
        alarm_states.acknowledge(latched, at=NOW)


def test_a_shelf_has_a_reason_and_an_end_that_is_not_too_far():
    point = done(Point(name="a"), "raise")
    with pytest.raises(AlarmReasonMissing, match="say why"):
        alarm_states.shelve(point, Terms(), until=NOW + HOUR, why=" ", at=NOW)
    for until in (NOW, NOW + 13 * HOUR):
        with pytest.raises(InvalidEnd, match="within 12 h"):
            alarm_states.shelve(point, Terms(), until=until, why="x", at=NOW)
    longer = Terms(shelf_most=48 * HOUR)
    assert alarm_states.shelve(point, longer, until=NOW + 48 * HOUR, why="x", at=NOW).until == NOW + 48 * HOUR
    with pytest.raises(MayNotBeShelved, match="max_shelf"):
        alarm_states.shelve(point, Terms(shelf_most=timedelta(0)), until=NOW + HOUR, why="x", at=NOW)


def test_a_safety_alarm_is_never_shelved_and_out_of_service_for_a_shift_at_most():
    safety = Terms(severity=Severity.SAFETY)
    point = alarm_states.follow_engine(Point(name="a"), Move.RAISE, at=NOW, terms=safety)
    assert Move.SHELVE not in alarm_states.possible(point)
    with pytest.raises(MayNotBeShelved, match="a risk to people"):
        alarm_states.shelve(point, safety, until=NOW + HOUR, why="x", at=NOW)
    for until in (None, NOW + 9 * HOUR):
        with pytest.raises(InvalidEnd, match="within 8 h"):
            alarm_states.take_out(point, safety, until=until, why="x", at=NOW)
    assert alarm_states.take_out(point, safety, until=NOW + 8 * HOUR, why="x", at=NOW).state is State.OUT_OF_SERVICE
