"""What upsets a plan makes a proposal by itself, that says what happened; several at once make one."""

from datetime import datetime, timedelta

import pytest

from db.orders import work_orders
from db.runs import runs
from db.scheduling import disruptions, publishing, queue, schedules, weeks
from runtime.processes import nightly
from runtime.runs import schedules as planning_runs
from runtime.runs import what_ifs
from runtime.runs.work import Work
from tests.db.scheduling.conftest import ACTOR, MONDAY, make_orders
from tests.db.scheduling.test_weeks import DAHL, DAY, HOUR, accepted, propose, visits_by_order
from workorder_core.scheduling.disruptions import AT_THE_LATEST, SETTLES, all_causes, is_settled
from workorder_core.scheduling.weeks import State

SECOND = timedelta(seconds=1)
SETTLED = {
    "nothing": ([], False),
    "just now": ([0.1], False),
    "half a second ago": ([0.5], True),
    "others still come in": ([3, 2, 0.1], False),
    "they have come in for too long": ([5, 3, 0.1], True),
}


@pytest.mark.parametrize(("ago", "planned"), SETTLED.values(), ids=SETTLED)
def test_disruptions_wait_for_one_another_but_not_for_ever(ago, planned):
    assert SETTLES < AT_THE_LATEST
    assert is_settled([MONDAY - each * SECOND for each in ago], MONDAY) is planned


def test_a_proposal_that_follows_another_has_the_causes_of_both():
    assert all_causes(["a", "b"], ["b", "c"]) == ["a", "b", "c"]


def away(conn, code, starts, ends):
    conn.execute(
        """INSERT INTO absences (technician_id, site_id, starts_at, ends_at, recorded_at, recorded_by)
           SELECT id, site_id, %s, %s, now(), 'person:dahl' FROM technicians WHERE code = %s""",
        (starts, ends, code),
    )
    conn.execute("UPDATE schedule_disruptions SET noticed_at = %s WHERE settled_at IS NULL", (MONDAY,))


def queued(conn, at=MONDAY + SECOND):
    """Settle what has happened, and return the runs that were queued."""
    nightly.plan_anew(conn, now=at)
    return [each for each in runs.page(conn) if each.requested_by == disruptions.ACTOR]


def test_an_absence_asks_for_a_proposal_of_the_weeks_that_it_upsets(conn):
    told = publishing.publish(conn, accepted(conn).id, who=DAHL, at=MONDAY)
    code = next(iter(visits_by_order(conn, told).values())).people[0]
    away(conn, code, MONDAY - timedelta(days=30), MONDAY - timedelta(days=20))
    assert queued(conn) == []
    away(conn, code, MONDAY, MONDAY + timedelta(days=20))
    assert queued(conn, MONDAY + SETTLES / 2) == [], "something else may come"
    made = queued(conn)
    assert [each.input["from_date"] for each in made] == [f"{DAY}"], "the other weeks have no plan"
    assert len(made[0].input["causes"]) == 1 and made[0].input["causes"][0].endswith(" is away")
    assert len(queued(conn)) == 1, "once"


def test_emergencies_overruns_and_missing_parts_are_disruptions(conn):
    told = publishing.publish(conn, accepted(conn).id, who=DAHL, at=MONDAY)
    first, other, new = *list(visits_by_order(conn, told))[:2], make_orders(conn, 1)[0]
    conn.execute("UPDATE work_orders SET type = 'emergency' WHERE id = %s", (new,))
    conn.execute("UPDATE work_orders SET status = 'in_progress' WHERE id = %s", (first,))
    conn.execute("UPDATE work_orders SET status = 'on_hold', hold_reason = 'parts' WHERE id = %s", (other,))
    assert nightly.note_overruns(conn, now=MONDAY) == 0
    over = visits_by_order(conn, told)[first].ends_at + HOUR
    assert nightly.note_overruns(conn, now=over) == 1
    assert nightly.note_overruns(conn, now=over) == 0, "once for a visit"
    conn.execute("UPDATE schedule_disruptions SET noticed_at = %s, starts_at = least(starts_at, %s)", (MONDAY, over))
    (made,) = queued(conn, over)
    numbers = [work_orders.get(conn, each).number for each in (new, other, first)]
    assert made.input["causes"] == [
        f"{numbers[0]} is an emergency",
        f"parts for {numbers[1]} are missing",
        f"{numbers[2]} takes longer than planned",
    ]
    assert disruptions.forget(conn, now=over + timedelta(days=60)) == 3


class At(datetime):
    """The wall clock of a run: the beginning of the week."""

    @classmethod
    def now(cls, tz=None):
        return MONDAY


class Quiet(Work):
    """A run that reports to nobody: the test's transaction has it."""

    def progress(self, share, doing):
        pass

    def log(self, line):
        pass


def execute(conn, run):
    """Execute a run on the test's connection, and return the schedule that it stored."""
    done = planning_runs.execute(Quiet(conn=conn, side=conn, run=run, database=""))
    return schedules.get(conn, done.result["schedule"])


def test_a_proposal_says_what_it_was_made_because_of_and_nothing_is_proposed_in_vain(conn, monkeypatch):
    at = MONDAY + SECOND
    monkeypatch.setattr(planning_runs, "datetime", type("At", (), {"now": staticmethod(lambda _: at)}))
    told = publishing.publish(conn, accepted(conn).id, who=DAHL, at=MONDAY)
    code = next(iter(visits_by_order(conn, told).values())).people[0]
    away(conn, code, MONDAY, MONDAY + timedelta(days=20))
    made = execute(conn, queued(conn, at)[0])
    assert (made.state, made.made_by) == (State.DRAFT, disruptions.ACTOR)
    assert [each.endswith(" is away") for each in made.causes] == [True]
    assert all(code not in each.people for each in visits_by_order(conn, made).values())
    kept = schedules.problem_of(conn, made.id)
    assert kept is not None and len(kept["jobs"]) == 6 and kept["weights"], "what it was made from"
    assert made.seconds is not None and made.costs["total"] >= 0 and made.weights_version == 0
    assert weeks.accept(conn, made.id, actor=ACTOR, at=at).accepted_by == ACTOR
    in_vain = queue.schedule(conn, "NTH", DAY, seconds=1.0, causes=["x"], actor=disruptions.ACTOR, at=at)
    assert execute(conn, in_vain).state is State.SUPERSEDED
    assert propose(conn, at + HOUR).causes == []


@pytest.mark.parametrize(
    "change",
    [{"like": "holm"}, {"shift": {"people": ["holm"], "day": "2026-03-07", "starts": "06:00", "ends": "14:00"}}],
    ids=["one more", "Saturday"],
)
def test_a_what_if_compares_money_and_orders_and_stores_nothing(conn, monkeypatch, change):
    monkeypatch.setattr(what_ifs, "datetime", At)
    conn.execute("UPDATE technicians SET weekdays = '{1,2,3,4,5}' WHERE code = 'holm'")
    make_orders(conn, 30, hours=6.0)
    asked = {"site": "NTH", "from_date": "2026-03-02", "seconds": 1.0} | change
    run = runs.add(conn, "what_if", "x", asked, site="NTH", actor=ACTOR, at=MONDAY)
    found = what_ifs.execute(Quiet(conn=conn, side=conn, run=run, database="")).result
    assert found["value"] == round(found["cost_before"] - found["cost_after"], 2) > 0
    assert (
        found["unscheduled_after"] < found["unscheduled_before"] and found["gained"] and found["terms"]["unscheduled"]
    )
    assert schedules.page(conn) == []
