"""A week: proposed, changed by hand, accepted, published; of two runs at once one is stored."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from psycopg.errors import ExclusionViolation

from db.orders import work_orders
from db.scheduling import order_facts, publishing, schedules, unscheduled, weeks, weights
from db.scheduling.schedules import Draft, ScheduleChanged, ScheduleFinal
from db.scheduling.weeks import NotAllowedHere
from runtime.scheduling import planning
from runtime.scheduling.planning import Effort
from tests.db.scheduling.conftest import ACTOR, MONDAY, make_orders
from workorder_core.people.access import Role, Who
from workorder_core.scheduling.checking import Rule, check
from workorder_core.scheduling.documents import InvalidWeights
from workorder_core.scheduling.explaining import explain
from workorder_core.scheduling.weeks import State, planned_of
from workorder_core.words import Status

DAY = date(2026, 3, 2)
HOUR = timedelta(hours=1)
DAHL = Who(ACTOR, frozenset({Role.PLANNER}))


def a_draft(conn, now=MONDAY):
    """Plan the week as a run does, without storing it."""
    week = weeks.read(conn, "NTH", DAY, now=now)
    found = planning.plan(week.problem, seed=1, effort=Effort(iterations=500))
    plan = found.plan
    reasons = {each: explain(week.problem, plan, week.jobs[each]).sentence for each in found.unscheduled}
    assert check(week.problem, plan) == ()
    return Draft(
        site_id=week.site_id,
        from_date=DAY,
        visits=weeks.with_marks(conn, week, [planned_of(week.problem, each) for each in plan.visits]),
        read_at=now,
        based_on=schedules.working(week.current),
        pins=week.pins,
        taken_out=week.taken_out,
        costs=weeks.costs_of(week.problem, plan),
        reasons=reasons,
    )


def propose(conn, now=MONDAY):
    return schedules.propose(conn, a_draft(conn, now), actor="system:timetable", at=now)


def accepted(conn, now=MONDAY):
    return weeks.accept(conn, propose(conn, now).id, actor=ACTOR, at=now)


def visits_by_order(conn, schedule):
    return {each.order: each for each in schedules.visits_of(conn, schedule)}


def test_a_proposal_becomes_the_plan_and_people_are_told(conn):
    plan = accepted(conn)
    assert (plan.state, plan.accepted_by) == (State.ACCEPTED, ACTOR)
    told = publishing.publish(conn, plan.id, who=DAHL, at=MONDAY)
    assert told.state is State.PUBLISHED
    for order_id, visit in visits_by_order(conn, told).items():
        order = work_orders.get(conn, order_id)
        assert (order.status, order.assignee) == (Status.SCHEDULED, visit.people[0])
        assert (order.scheduled_start, order.scheduled_end) == (visit.starts_at, visit.ends_at)
        assert visit.told_at == MONDAY
    assert len(visits_by_order(conn, told)) == 6


def test_a_technician_sees_their_published_day_in_order(conn):
    publishing.publish(conn, accepted(conn).id, who=DAHL, at=MONDAY)
    mine = order_facts.my_visits(conn, "holm", "NTH", since=MONDAY, until=MONDAY + timedelta(days=7))
    assert mine
    assert [each.starts_at for each in mine] == sorted(each.starts_at for each in mine)
    assert order_facts.my_visits(conn, "holm", "OTHER", since=MONDAY, until=MONDAY + timedelta(days=7)) == []


def test_what_a_planner_moves_is_pinned_and_survives_the_next_run(conn):
    first = accepted(conn)
    order, visit = next(iter(visits_by_order(conn, first).items()))
    at = MONDAY.replace(hour=9) + timedelta(days=2)
    moved = weeks.move(conn, first.id, order, people=["holm"], starts_at=at, actor=ACTOR, at=MONDAY)
    assert moved.version == first.version + 1
    again = propose(conn, MONDAY + HOUR)
    found = visits_by_order(conn, again)[order]
    assert (found.people, found.starts_at, found.pinned_by) == (("holm",), at, ACTOR)
    assert visit.pinned_by is None


def test_a_move_that_breaks_a_rule_is_refused_with_its_sentence(conn):
    plan = accepted(conn)
    order = next(iter(visits_by_order(conn, plan)))
    night = MONDAY.replace(hour=20)
    with pytest.raises(NotAllowedHere) as refused:
        weeks.move(conn, plan.id, order, people=["holm"], starts_at=night, actor=ACTOR, at=MONDAY)
    assert Rule.WORKDAY in {each.rule for each in refused.value.broken}
    assert "Anna Holm does not work" in str(refused.value)
    with pytest.raises(NotAllowedHere, match="past"):
        weeks.move(conn, plan.id, order, people=["holm"], starts_at=MONDAY - HOUR, actor=ACTOR, at=MONDAY)


def test_of_two_planners_the_second_is_asked_to_look_again(conn):
    plan = accepted(conn)
    one, other = list(visits_by_order(conn, plan))[:2]
    facts = {"actor": ACTOR, "at": MONDAY, "expected_version": plan.version}
    weeks.move(conn, plan.id, one, people=[], starts_at=None, **facts)
    with pytest.raises(ScheduleChanged):
        weeks.move(conn, plan.id, other, people=[], starts_at=None, **facts)
    assert other in visits_by_order(conn, plan)


def test_an_order_taken_out_says_so_and_is_freed_when_that_is_published(conn):
    told = publishing.publish(conn, accepted(conn).id, who=DAHL, at=MONDAY)
    with pytest.raises(ScheduleFinal):
        weeks.move(
            conn, told.id, next(iter(visits_by_order(conn, told))), people=[], starts_at=None, actor=ACTOR, at=MONDAY
        )
    copy = schedules.begin_empty(conn, told.site_id, DAY, actor=ACTOR, at=MONDAY)
    order = next(iter(visits_by_order(conn, copy)))
    copy = weeks.move(conn, copy.id, order, people=[], starts_at=None, actor=ACTOR, at=MONDAY)
    assert "planner" in copy.reasons[str(order)]
    again = publishing.publish(conn, copy.id, who=DAHL, at=MONDAY + HOUR)
    assert work_orders.get(conn, order).status is Status.OPEN
    assert schedules.get(conn, told.id).state is State.SUPERSEDED
    assert {each.told_at for each in visits_by_order(conn, again).values()} == {MONDAY}


def test_single_changes_can_be_accepted(conn):
    first = accepted(conn)
    new = make_orders(conn, 2)
    draft = propose(conn, MONDAY + HOUR)
    found, other = weeks.compared(conn, draft)
    assert other == first
    assert set(found.assigned) == {str(each) for each in new}
    plan = weeks.accept(conn, draft.id, only=[new[0]], actor=ACTOR, at=MONDAY + HOUR)
    assert new[0] in visits_by_order(conn, plan)
    assert new[1] not in visits_by_order(conn, plan)
    assert schedules.get(conn, first.id).state is State.SUPERSEDED


def test_nobody_is_told_to_be_in_two_places(conn):
    told = publishing.publish(conn, accepted(conn).id, who=DAHL, at=MONDAY)
    one, other = list(visits_by_order(conn, told).values())[:2]
    with pytest.raises(ExclusionViolation):
        schedules.put(conn, told.id, [*_at_once(one, other)])


def _at_once(one, other):
    return one, replace(other, people=one.people, starts_at=one.starts_at, ends_at=one.ends_at)


def test_of_two_runs_at_once_one_is_stored_and_the_other_superseded(week_database):
    together, states = threading.Barrier(2), []

    def plan(later):
        with psycopg.connect(week_database) as conn:
            draft = a_draft(conn, MONDAY + later)
            together.wait(60)
            with conn.transaction():
                states.append(schedules.propose(conn, draft, actor="system:timetable", at=MONDAY + HOUR).id)

    both = [threading.Thread(target=plan, args=(each,)) for each in (timedelta(), timedelta(minutes=1))]
    for each in both:
        each.start()
    for each in both:
        each.join(120)
    with psycopg.connect(week_database) as conn:
        found = sorted((schedules.get(conn, each) for each in states), key=lambda each: each.read_at)
    assert [each.state for each in found] == [State.SUPERSEDED, State.DRAFT]


def test_a_run_that_read_before_somebody_pinned_is_superseded(conn):
    plan = accepted(conn)
    draft = a_draft(conn, MONDAY + HOUR)
    weeks.pin(conn, plan.id, next(iter(visits_by_order(conn, plan))), pinned=True, actor=ACTOR, at=MONDAY)
    assert schedules.propose(conn, draft, actor=ACTOR, at=MONDAY).state is State.SUPERSEDED


def test_what_a_planner_takes_out_stays_out_until_it_is_released(conn):
    plan = accepted(conn)
    order, at = next(iter(visits_by_order(conn, plan))), MONDAY.replace(hour=9) + timedelta(days=2)
    draft, late = propose(conn, MONDAY + HOUR), a_draft(conn, MONDAY + 2 * HOUR)
    plan = weeks.move(conn, plan.id, order, people=[], starts_at=None, actor=ACTOR, at=MONDAY + 2 * HOUR)
    assert schedules.propose(conn, late, actor=ACTOR, at=MONDAY).state is State.SUPERSEDED
    plan = weeks.accept(conn, draft.id, actor=ACTOR, at=MONDAY + 2 * HOUR)
    assert order not in visits_by_order(conn, plan)
    again = propose(conn, MONDAY + 3 * HOUR)
    assert order not in visits_by_order(conn, again) and "planner" in again.reasons[str(order)]
    out = unscheduled.unscheduled(conn, again, weeks.of_schedule(conn, again, now=MONDAY))
    assert [each.taken_out_by for each in out if each.order.id == order] == [ACTOR]
    weeks.pin(conn, again.id, order, pinned=False, actor=ACTOR, at=MONDAY)
    assert order in visits_by_order(conn, propose(conn, MONDAY + 4 * HOUR))
    plan = weeks.move(conn, plan.id, order, people=[], starts_at=None, actor=ACTOR, at=MONDAY)
    weeks.move(conn, plan.id, order, people=["holm"], starts_at=at, actor=ACTOR, at=MONDAY)
    assert not weeks.read(conn, "NTH", DAY, now=MONDAY).taken_out


def test_what_was_pinned_after_a_proposal_was_read_is_kept_when_that_is_accepted(conn):
    plan = accepted(conn)
    order = next(iter(visits_by_order(conn, plan)))
    draft, at = propose(conn, MONDAY + HOUR), MONDAY.replace(hour=9) + timedelta(days=2)
    weeks.move(conn, plan.id, order, people=["holm"], starts_at=at, actor=ACTOR, at=MONDAY + 2 * HOUR)
    kept = visits_by_order(conn, weeks.accept(conn, draft.id, actor=ACTOR, at=MONDAY + 2 * HOUR))[order]
    assert (kept.people, kept.starts_at, kept.pinned_by) == (("holm",), at, ACTOR)


def test_a_released_visit_is_free_again(conn):
    plan = accepted(conn)
    order = next(iter(visits_by_order(conn, plan)))
    weeks.pin(conn, plan.id, order, pinned=True, actor=ACTOR, at=MONDAY)
    assert weeks.read(conn, "NTH", DAY, now=MONDAY).pins
    weeks.pin(conn, plan.id, order, pinned=False, actor=ACTOR, at=MONDAY)
    assert not weeks.read(conn, "NTH", DAY, now=MONDAY).pins


def test_an_order_is_in_one_week_only(conn):
    accepted(conn)
    following = weeks.read(conn, "NTH", DAY + timedelta(days=7), now=MONDAY)
    assert following.problem.jobs == ()


def test_weights_have_versions(conn):
    site_id = weeks.read(conn, "NTH", DAY, now=MONDAY).site_id
    assert weights.of_site(conn, site_id).version == 0
    first = weights.write(conn, site_id, {"travel_km": 0.8}, actor=ACTOR, at=MONDAY)
    assert (first.version, first.weights.travel_km, first.weights.moved_today) == (1, 0.8, 30.0)
    with pytest.raises(weights.WeightsChanged):
        weights.write(conn, site_id, {}, actor=ACTOR, at=MONDAY, expected_version=0)
    with pytest.raises(InvalidWeights, match="travel_km"):
        weights.write(conn, site_id, {"travel_km": -1}, actor=ACTOR, at=MONDAY)
