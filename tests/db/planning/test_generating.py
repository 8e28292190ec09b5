"""Maintenance plans in the database: what falls due is made once, with what it needs, and says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.alarms import engine_alarms
from db.errors import AlreadyExists
from db.orders import order_content, work_orders
from db.planning import generating, meter_entries, outlook, plans
from db.plant import downtimes
from runtime.processes.jobs import generate_planned
from workorder_core.alarms.engine_alarms import Code
from workorder_core.planning import deciding
from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByCondition,
    ByMeter,
    MaintenancePlan,
    ObjectKind,
    Package,
    WhenOpen,
)
from workorder_core.words import Origin, Status

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ACTOR = "person:dahl"


def a_plan(code="GREASE", rule="FREQ=MONTHLY", **facts):
    starts = facts.pop("starts", datetime(2026, 1, 10, 8))
    return MaintenancePlan(
        **{
            "code": code,
            "site": "NTH",
            "title": "Grease the bearings",
            "object": ObjectKind.ASSET,
            "objects": ("P-101",),
            "calendar": None if rule is None else ByCalendar(rule=rule, starts=starts),
            "job_plan": "SERVICE",
        }
        | facts
    )


def add(conn, plan, at=NOW):
    return plans.add(conn, plan, actor=ACTOR, at=at).id


def made(conn, plan_id):
    """Return a plan's occurrences, the first at the head."""
    return outlook.of_plan(conn, plan_id, limit=1000)[::-1]


def finish(conn, occurrence, at, status=Status.COMPLETED):
    order = work_orders.get(conn, occurrence.order_id)
    work_orders.change(conn, order.id, lambda o: replace(o, status=status, status_since=at), actor=ACTOR, at=at)


def test_an_order_has_what_it_needs_and_says_why(conn):
    plan_id = add(conn, a_plan(lead_days=14, window_days=5, stops_asset=True))
    assert generate_planned(conn, NOW) == 1
    [occurrence] = made(conn, plan_id)
    order = work_orders.get(conn, occurrence.order_id)
    due = datetime(2026, 3, 10, 7, tzinfo=UTC)
    assert (order.origin, order.status, order.title) == (Origin.SCHEDULE, Status.PLANNED, "Grease the bearings")
    assert (order.plan, order.required_skill, order.estimated_hours) == ("SERVICE", "mechanic", 1.5)
    assert (order.requested_for, order.response_due) == (due, due + 5 * DAY)
    assert [step.instruction for step in order_content.steps(conn, order.id)] == ["Grease both bearings"]
    assert [(part.part, part.needed) for part in order_content.parts(conn, order.id)] == [("GREASE-1", 2)]
    assert "Every month on day 10" in work_orders.history(conn, order.id)[0].why
    [stop] = downtimes.listed(conn, asset_id=order.asset_id)
    assert (stop.starts_at, stop.ends_at) == (due, due + timedelta(hours=1.5))


def test_a_plan_that_cannot_be_followed_stops_no_other_and_is_an_alarm(conn, monkeypatch):
    failing, other = add(conn, a_plan("AAA")), add(conn, a_plan("BBB"))

    def set_by_somebody(plan, *facts, **named):
        if plan.code == "AAA":
            conn.execute("SELECT 1 / 0")
        return deciding.decide(plan, *facts, **named)

    monkeypatch.setattr(generating, "decide", set_by_somebody)
    assert generate_planned(conn, NOW) == 1
    assert (made(conn, failing), len(made(conn, other))) == ([], 1)
    told = {each.code: each.problem for each in engine_alarms.standing(conn, now=datetime.now(UTC))}
    assert "AAA: DivisionByZero: division by zero" in told[Code.JOB_FAILED]
    monkeypatch.undo()
    assert generate_planned(conn, NOW) == 0, "it is not tried again at once"
    assert generate_planned(conn, NOW + timedelta(minutes=11)) == 1


def test_the_second_time_nothing_is_made(conn):
    plan_id = add(conn, a_plan())
    assert [generate_planned(conn, NOW) for _ in range(3)] == [1, 0, 0]
    assert len(made(conn, plan_id)) == 1


def test_the_schema_refuses_an_occurrence_twice_and_one_that_leaves_a_gap(conn):
    plan_id = add(conn, a_plan())
    generate_planned(conn, NOW)
    copy = "INSERT INTO maintenance_occurrences (series_id, number, plan_id, plan_version, due_at, cause, status, why, "
    copy += "decided_at) SELECT series_id, %s, plan_id, plan_version, due_at + %s, cause, 'missed', '', decided_at "
    copy += "FROM maintenance_occurrences WHERE plan_id = %s LIMIT 1"
    for number, later in ((1, DAY), (3, DAY), (2, timedelta(0))):
        with pytest.raises(psycopg.errors.UniqueViolation), conn.transaction():
            conn.execute(copy, (number, later, plan_id))


@pytest.mark.parametrize(
    ("when_open", "status", "said"),
    [
        (WhenOpen.SKIP, "skipped", "was skipped"),
        (WhenOpen.MERGE, "merged", "is done with this order"),
        (WhenOpen.STACK, "generated", "has an order too"),
    ],
)
def test_while_the_last_order_is_open_the_plan_decides_and_both_say_so(conn, when_open, status, said):
    plan_id = add(conn, a_plan(rule="FREQ=WEEKLY", when_open=when_open, lead_days=0))
    for week in range(1, 3):
        generate_planned(conn, NOW + week * 7 * DAY)
    first, second = made(conn, plan_id)
    assert (first.status, second.status) == ("generated", status)
    assert first.order_number in second.why
    comments = [each.text for each in order_content.comments(conn, first.order_id)]
    assert any(said in text for text in comments)
    assert (second.order_id == first.order_id) is (when_open is WhenOpen.MERGE)


def test_a_completed_order_completes_its_occurrence_and_a_floating_plan_goes_by_it(conn):
    plan_id = add(conn, a_plan(shift_factor=1, late_days=2))
    generate_planned(conn, NOW)
    finish(conn, made(conn, plan_id)[0], datetime(2026, 3, 20, 9, tzinfo=UTC))
    generate_planned(conn, datetime(2026, 4, 18, tzinfo=UTC))
    first, second = made(conn, plan_id)
    assert first.status == "completed"
    assert first.note == "Completed 10 days late, beyond the tolerance of 2 days: what comes next moves by +10 days."
    assert second.due_at == datetime(2026, 4, 20, 6, tzinfo=UTC)
    assert "moved by +10 days" in second.why


def test_a_cancelled_order_is_an_occurrence_that_was_skipped(conn):
    plan_id = add(conn, a_plan())
    generate_planned(conn, NOW)
    finish(conn, made(conn, plan_id)[0], NOW + DAY, Status.CANCELLED)
    [first] = made(conn, plan_id)
    assert (first.status, "was cancelled" in first.note) == ("skipped", True)


@pytest.mark.parametrize(("after_outage", "expected"), [("skip", ["missed"] * 3), ("catch_up", ["generated"] * 3)])
def test_after_an_outage_the_plan_decides_and_each_occurrence_says_so(conn, after_outage, expected):
    facts = {"when_open": WhenOpen.STACK, "after_outage": AfterOutage(after_outage), "lead_days": 0}
    plan_id = add(conn, a_plan(rule="FREQ=WEEKLY", **facts))
    generate_planned(conn, NOW + 28 * DAY)
    found = made(conn, plan_id)
    assert [each.status for each in found] == [*expected, "generated"]
    assert ("Nothing was made" if after_outage == "skip" else "days late") in found[0].why


def test_the_yearly_service_covers_the_monthly_one(conn):
    packages = (Package(name="monthly", every=1, hours=1), Package(name="yearly", every=3, hours=6))
    plan_id = add(conn, a_plan(packages=packages, when_open=WhenOpen.STACK, lead_days=0))
    for month in range(1, 5):
        generate_planned(conn, NOW + 31 * month * DAY)
    assert [each.package for each in made(conn, plan_id)[:3]] == ["monthly", "monthly", "yearly"]
    assert made(conn, plan_id)[2].packages == ["monthly", "yearly"]
    assert work_orders.get(conn, made(conn, plan_id)[2].order_id).estimated_hours == 6


def test_plans_of_a_group_make_one_order_with_the_work_of_both(conn):
    add(conn, a_plan("GREASE", group="stop", group_days=5))
    other = add(
        conn, a_plan("BELT", title="Check the belt", starts=datetime(2026, 1, 12, 8), group="stop", group_days=5)
    )
    generate_planned(conn, NOW)
    [occurrence] = made(conn, other)
    assert {each.code for each in outlook.of_order(conn, occurrence.order_id)} == {"GREASE", "BELT"}
    assert work_orders.get(conn, occurrence.order_id).estimated_hours == 3.0


def test_an_order_without_a_job_plan_gets_that_of_the_plan_which_joins_it(conn):
    add(conn, a_plan("LOOK", job_plan=None, group="stop", group_days=5))
    other = add(conn, a_plan("SERVICE", starts=datetime(2026, 1, 12, 8), group="stop", group_days=5))
    generate_planned(conn, NOW)
    order = work_orders.get(conn, made(conn, other)[0].order_id)
    assert {each.code for each in outlook.of_order(conn, order.id)} == {"LOOK", "SERVICE"}
    # By its job plan an order's parts are reserved and its mandatory steps asked for.
    assert order.plan == "SERVICE"


def test_a_plan_for_a_class_has_dates_for_each_asset_and_ends_with_one_that_is_archived(conn):
    plan_id = add(conn, a_plan(object=ObjectKind.CLASS, objects=("centrifugal_pump",)))
    generate_planned(conn, NOW)
    pumps = len(made(conn, plan_id))
    assert pumps > 3
    conn.execute("UPDATE assets SET archived_at = %s WHERE code = 'P-101'", (NOW,))
    generate_planned(conn, NOW + DAY)
    ended = [each for each in outlook.series_of_plan(conn, plan_id) if each.ended_at is not None]
    assert [(each.of, each.ended_why) for each in ended] == [("P-101", "the asset is out of use")]


def test_a_route_is_one_order_that_goes_from_asset_to_asset(conn):
    location = conn.execute("SELECT code FROM locations ORDER BY id LIMIT 1").fetchone()[0]
    plan_id = add(conn, a_plan(object=ObjectKind.ROUTE, objects=("P-103", "P-101"), location=location))
    generate_planned(conn, NOW)
    steps = order_content.steps(conn, made(conn, plan_id)[0].order_id)
    assert [step.instruction for step in steps] == ["P-103: Grease both bearings", "P-101: Grease both bearings"]


def test_a_plan_for_a_location_is_for_the_asset_that_is_installed_there_then(conn):
    conn.execute("UPDATE installations SET installed_at = %s", (NOW - 90 * DAY,))
    row = "SELECT l.code, i.asset_id, l.id FROM installations i JOIN locations l ON l.id = i.location_id "
    row += "WHERE removed_at IS NULL "
    row += "AND (SELECT count(*) FROM installations j WHERE j.location_id = l.id AND j.removed_at IS NULL) = 1 LIMIT 1"
    found = conn.execute(row).fetchone()
    if found is None:
        place, place_id = conn.execute("SELECT code, id FROM locations ORDER BY id LIMIT 1").fetchone()
        asset = conn.execute("SELECT id FROM assets WHERE code = 'P-101'").fetchone()[0]
        gone = (
            "UPDATE installations SET removed_at = %s WHERE (location_id = %s OR asset_id = %s) AND removed_at IS NULL"
        )
        conn.execute(gone, (NOW - DAY, place_id, asset))
        insert = "INSERT INTO installations (asset_id, location_id, installed_at) VALUES (%s, %s, %s)"
        conn.execute(insert, (asset, place_id, NOW))
        found = (place, asset, place_id)
    plan_id = add(conn, a_plan(object=ObjectKind.LOCATION, objects=(found[0],), when_open=WhenOpen.STACK))
    generate_planned(conn, NOW)
    assert work_orders.get(conn, made(conn, plan_id)[0].order_id).asset_id == found[1]
    # Swapped: what is done next is done on the other one.
    other = conn.execute("SELECT id FROM assets WHERE id <> %s ORDER BY id LIMIT 1", (found[1],)).fetchone()[0]
    gone = "UPDATE installations SET removed_at = %s WHERE (location_id = %s OR asset_id = %s) AND removed_at IS NULL"
    conn.execute(gone, (NOW + DAY, found[2], other))
    insert = "INSERT INTO installations (asset_id, location_id, installed_at) VALUES (%s, %s, %s)"
    conn.execute(insert, (other, found[2], NOW + DAY))
    generate_planned(conn, NOW + 31 * DAY)
    assert work_orders.get(conn, made(conn, plan_id)[1].order_id).asset_id == other


def test_a_meter_makes_an_order_when_its_interval_is_expected_and_says_by_what(conn):
    plan_id = add(conn, a_plan(rule=None, meter=ByMeter(signal="run_hours", every=500, unit="h"), lead_days=7))
    asset = conn.execute("SELECT id FROM assets WHERE code = 'P-101'").fetchone()[0]
    for day, count in ((0, 1000), (10, 1200), (17, 1340)):
        at = NOW + day * DAY
        meter_entries.enter(conn, asset, "run_hours", at=at, count=count, actor=ACTOR, now=at, time_zone="UTC")
        generate_planned(conn, at + timedelta(hours=1))
    assert not made(conn, plan_id)
    generate_planned(conn, NOW + 19 * DAY)
    [occurrence] = made(conn, plan_id)
    assert occurrence.due_at == datetime(2026, 3, 26, 23, tzinfo=UTC)  # 27 March on the site's clock
    assert "Every 500 h of run_hours: 340 h used" in occurrence.why


def test_a_condition_makes_one_order_and_the_next_only_after_it_was_gone(conn):
    plan_id = add(conn, a_plan(rule=None, condition=ByCondition(health_below=70)))
    asset = conn.execute("SELECT id FROM assets WHERE code = 'P-101'").fetchone()[0]

    def healthy(index: float, at: datetime) -> None:
        conn.execute("DELETE FROM asset_health WHERE asset_id = %s", (asset,))
        insert = "INSERT INTO asset_health (asset_id, at, index, signal, value, limit_at, limit_known) "
        conn.execute(insert + "VALUES (%s, %s, %s, 'vibration', 1, 2, true)", (asset, at, index))
        generate_planned(conn, at + timedelta(hours=1))

    healthy(64, NOW + DAY)
    finish(conn, made(conn, plan_id)[0], NOW + 2 * DAY)
    healthy(63, NOW + 3 * DAY)
    assert len(made(conn, plan_id)) == 1
    healthy(95, NOW + 4 * DAY)
    healthy(60, NOW + 5 * DAY)
    assert [each.why for each in made(conn, plan_id)] == [
        "The health is 64 %, below 70 %.",
        "The health is 60 %, below 70 %.",
    ]


def test_a_changed_plan_leaves_what_it_made_and_counts_anew(conn):
    plan_id = add(conn, a_plan())
    generate_planned(conn, NOW)
    weekly = a_plan(rule="FREQ=WEEKLY;BYDAY=FR", when_open=WhenOpen.STACK, lead_days=0)
    saved = plans.save(
        conn, plan_id, weekly, actor="person:berg", at=NOW + DAY, why="pumps run more", expected_version=1
    )
    assert saved.plan.version == 2
    generate_planned(conn, NOW + 20 * DAY)
    found = made(conn, plan_id)
    assert [each.plan_version for each in found] == [1, 2, 2][: len(found)]
    assert found[0].status == "generated"
    assert all(each.due_at > found[0].due_at for each in found[1:])
    assert [(each.made_by, each.why) for each in plans.versions(conn, plan_id)] == [
        ("person:berg", "pumps run more"),
        (ACTOR, ""),
    ]
    with pytest.raises(plans.PlanChanged):
        plans.save(conn, plan_id, a_plan(), actor=ACTOR, at=NOW, expected_version=1)


def test_a_version_cannot_be_changed_afterwards(conn):
    plan_id = add(conn, a_plan())
    with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
        conn.execute("UPDATE maintenance_plan_versions SET why = 'x' WHERE plan_id = %s", (plan_id,))


def test_a_retired_plan_makes_nothing(conn):
    plan_id = add(conn, a_plan())
    plans.retire(conn, plan_id, actor=ACTOR, at=NOW, why="pump is scrapped")
    assert generate_planned(conn, NOW + 90 * DAY) == 0
    with pytest.raises(AlreadyExists), conn.transaction():
        add(conn, a_plan())


def test_a_plan_for_something_that_is_not_there_is_refused(conn):
    with pytest.raises(plans.UnknownObject, match="P-999"):
        add(conn, a_plan(objects=("P-999",)))


def test_somebody_skips_the_next_occurrence_with_a_reason(conn):
    plan_id = add(conn, a_plan(lead_days=0))
    [series] = outlook.series_of_plan(conn, plan_id)
    for _ in range(2):  # two planners, or one who presses twice
        generating.skip(conn, series.id, 1, plan_id=plan_id, actor=ACTOR, at=NOW, why="overhauled last week")
    [skipped] = made(conn, plan_id)
    assert (skipped.status, skipped.note) == ("skipped", "overhauled last week")
    assert skipped.why.endswith(" Skipped by dahl.")
    generate_planned(conn, NOW + 60 * DAY)
    assert made(conn, plan_id)[1].number == 2
    for number in (2, 9):  # one that has an order, and one that is far ahead
        with pytest.raises(generating.NotTheNext, match="the next one is 3"):
            generating.skip(conn, series.id, number, plan_id=plan_id, actor=ACTOR, at=NOW, why="x")


def test_what_the_calendar_expects_is_what_is_generated(conn):
    plan_id = add(conn, a_plan(rule="FREQ=WEEKLY;BYDAY=TU,SA", when_open=WhenOpen.STACK, lead_days=3))
    expected = outlook.due_between(conn, NOW, NOW + 60 * DAY)
    assert {each.status for each in expected} == {"planned"}
    for day in range(60):
        generate_planned(conn, NOW + day * DAY)
    found = [each for each in made(conn, plan_id) if each.due_at < NOW + 60 * DAY]
    assert [(each.due_at, each.number) for each in found] == [(each.due_at, each.number) for each in expected]


def test_generating_that_is_behind_is_known(conn):
    add(conn, a_plan())
    assert outlook.health(conn, now=NOW).behind == 0
    assert outlook.health(conn, now=NOW + DAY).behind == 1
    generate_planned(conn, NOW + DAY)
    health = outlook.health(conn, now=NOW + DAY)
    assert (health.behind, health.last_made, health.plans) == (0, NOW + DAY, 1)


def test_planned_work_that_is_not_made_is_an_alarm_of_the_engine_until_it_is(conn):
    def alarms(now):
        return [each for each in engine_alarms.standing(conn, now=now) if each.code is Code.PLANS_BEHIND]

    add(conn, a_plan())
    late = NOW + outlook.BEHIND_FROM + timedelta(hours=3)
    assert alarms(NOW) == []
    [alarm] = alarms(late)
    assert "a maintenance plan has waited for 3 hours" in alarm.problem
    add(conn, a_plan("BELT"), at=NOW + timedelta(hours=1))
    assert "for 2 assets or locations have waited up to 3 hours" in alarms(late)[0].problem
    generate_planned(conn, late)
    assert alarms(late) == []


def test_the_forecast_has_the_hours_of_each_trade(conn):
    add(conn, a_plan())
    weeks = outlook.forecast(conn, until=NOW + 365 * DAY)
    assert {week.trade for week in weeks} == {"mechanic"}
    assert sum(week.hours for week in weeks) == 12 * 1.5
