"""Calendars of technicians: the published visits of everybody who goes, and nothing that is theirs no longer."""

from dataclasses import replace
from datetime import timedelta

from db.orders import work_orders
from db.people import calendar_feeds, technicians
from db.plant import plant
from db.scheduling import publishing, schedules
from tests.db.scheduling.conftest import ACTOR, MONDAY, make_orders
from tests.db.scheduling.test_weeks import DAHL, DAY
from workorder_core.orders.details import Reason
from workorder_core.orders.lifecycle import Step
from workorder_core.scheduling.weeks import Planned, State

HOURS = timedelta(hours=1)


def dates_of(conn, code):
    site = plant.site_by_code(conn, "NTH")
    found = calendar_feeds.dated_orders(conn, technicians.get(conn, site.id, code).id, now=MONDAY)
    return sorted((each.id, each.part, each.scheduled_start, each.scheduled_end) for each in found)


def test_everybody_of_a_crew_has_the_visits_to_which_they_go(conn):
    """By the tables alone, so that no rule of planning decides who goes."""
    pair, long = make_orders(conn, 2)
    begins = MONDAY + 4 * HOURS
    first = Planned(order=pair, people=("holm", "petersen"), starts_at=begins, ends_at=begins + HOURS)
    day_one = Planned(order=long, people=("holm",), starts_at=begins + 2 * HOURS, ends_at=begins + 4 * HOURS)
    day_two = replace(day_one, part=2, people=("yilmaz",), starts_at=begins + 24 * HOURS, ends_at=begins + 26 * HOURS)
    plan = schedules.begin_empty(conn, plant.site_by_code(conn, "NTH").id, DAY, actor=ACTOR, at=MONDAY)
    schedules.put(conn, plan.id, [first, day_one, day_two])
    assert dates_of(conn, "petersen") == [], "it is not published"
    publishing._date_orders(conn, [first, day_one, day_two], who=DAHL, at=MONDAY)
    schedules.set_state(conn, plan.id, State.PUBLISHED, actor=ACTOR, at=MONDAY)
    together = (pair, 1, first.starts_at, first.ends_at)
    assert dates_of(conn, "petersen") == [together]
    assert dates_of(conn, "holm") == sorted([together, (long, 1, day_one.starts_at, day_one.ends_at)])
    assert dates_of(conn, "yilmaz") == [(long, 2, day_two.starts_at, day_two.ends_at)]
    gone = Reason("the pump has to run")
    work_orders.take_step(conn, pair, Step.UNASSIGN, gone, who=DAHL, at=MONDAY, why=gone.reason)
    assert dates_of(conn, "petersen") == [], "the order has no date any more"
