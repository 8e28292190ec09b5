"""Maintenance plans as a table: a plan is its row, a wrong row names its column, and nothing changes twice."""

import csv
import io
from datetime import datetime
from decimal import Decimal

import pytest

from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByCondition,
    ByMeter,
    MaintenancePlan,
    ObjectKind,
    OnFreeDay,
    Package,
    Season,
    WhenOpen,
    Work,
)
from workorder_core.tables import plan_table, tables
from workorder_core.tables.plan_table import There
from workorder_core.tables.tables import Change, Create
from workorder_core.words import OrderType

THERE = There(
    assets=frozenset({"P-101", "P-102"}),
    classes=frozenset({"pump"}),
    locations=frozenset({"HALL"}),
    job_plans=frozenset({"SERVICE"}),
    checklists=frozenset({"LOOK"}),
)
TABLE = plan_table.plans("NTH", THERE)
CALENDAR = ByCalendar(rule="FREQ=MONTHLY", starts=datetime.fromisoformat("2026-01-31T08:00"))
PLANS = {
    "plain": MaintenancePlan(
        code="A", site="NTH", title="Grease", object=ObjectKind.ASSET, objects=("P-101",), calendar=CALENDAR
    ),
    "everything": MaintenancePlan(
        code="B",
        site="NTH",
        title="Service; the large one",
        object=ObjectKind.CLASS,
        objects=("pump",),
        type=OrderType.PROACTIVE,
        calendar=ByCalendar(
            rule="FREQ=WEEKLY;BYDAY=MO", starts=datetime.fromisoformat("2026-01-05T07:00"), on_free_day=OnFreeDay.NEXT,
            season=Season((11, 1), (3, 1)),
        ),
        meter=ByMeter(signal="run_hours", every=500.5, unit="h", wraps_at=99999, early=10, late=20),
        condition=ByCondition(health_below=70),
        shift_factor=Decimal("0.5"),
        early_days=2,
        late_days=3,
        lead_days=0,
        window_days=9,
        when_open=WhenOpen.MERGE,
        after_outage=AfterOutage.CATCH_UP,
        packages=(Package(name="monthly", every=1, hours=0.5), Package(name="yearly", every=12, job_plan="SERVICE")),
        job_plan="SERVICE",
        skill="mechanical",
        hours=1.5,
        stops_asset=True,
        group="stop",
        group_days=4,
        active=False,
    ),
    "a round along a route": MaintenancePlan(
        code="C", site="NTH", title="Walk", object=ObjectKind.ROUTE, objects=("P-102", "P-101"), location="HALL",
        work=Work.INSPECTION_ROUND, checklist="LOOK", calendar=CALENDAR,
    ),
}  # fmt: skip


def as_cells(facts):
    said = {None: "", True: "yes", False: "no"}
    values = [facts[each.name] for each in TABLE.columns]
    return [said[each] if each is None or isinstance(each, bool) else str(each) for each in values]


def plan_of(rows, known=None):
    columns = {each.name: number for number, each in enumerate(TABLE.columns)}
    return tables.plan(TABLE, rows, columns, known or {})


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_written_as_a_row_is_the_plan_and_changes_nothing(name):
    plan = PLANS[name]
    cells = as_cells(plan_table.facts_of(plan))
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    (again,) = csv.reader(io.StringIO(written.getvalue()))
    made = plan_of([(2, again)])
    assert made.wrong == []
    assert plan_table.plan_of("NTH", made.create[0].row.values) == plan
    assert plan_of([(2, again)], {plan.code: plan_table.facts_of(plan)}).same == 1


def a_row(**said):
    facts = {"code": "D", "title": "Grease", "object": "asset", "objects": "P-101", "rule": "FREQ=MONTHLY"}
    facts |= {"starts": "2026-01-31 08:00"} | said
    return [str(facts.get(each.name, "")) for each in TABLE.columns]


WRONG = {
    "a rule that is none": ({"rule": "monthly"}, "Rule", "is not a part of a rule"),
    "a first date that is none": ({"starts": "soon"}, "From", "as the site's clock shows them"),
    "a day that no calendar has": ({"season": "02-30 to 04-01"}, "Season", "04-01 to 10-15"),
    "an asset that is not there": ({"objects": "P-999"}, "Which", "nothing with the code P-999"),
    "a class that is not there": ({"object": "class", "objects": "fan"}, "Which", "nothing with the code fan"),
    "a job plan that is not there": ({"job_plan": "NONE"}, "Job plan", "nothing with the code NONE"),
    "a meter without its interval": ({"meter": "run_hours"}, "After", "meter interval after which"),
    "packages that do not nest": ({"packages": "a; 1 | b; 2 | c; 3"}, "Packages", "multiple of the one before"),
    "packages that cannot be read": ({"packages": "a, b"}, "Packages", "name; every how many"),
    "a factor above one": ({"shift_factor": "1.5"}, "Shift factor", "from 0"),
    "several assets that are no route": ({"objects": "P-101, P-102"}, "Which", "only a route"),
    "an alarm and a health": ({"alarm": "rule:x", "health_below": "70"}, "Alarm", "either an alarm or a health"),
    "nothing to fall due by": ({"rule": ""}, "Rule", "needs a calendar"),
    "a kind that is none": ({"object": "machine"}, "For", "is not known"),
    "nothing that is to be done": ({"title": ""}, "Title", "is needed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_row_names_its_column_once_and_nothing_is_made_of_it(case):
    said, column, problem = WRONG[case]
    made = plan_of([(7, a_row(**said))])
    assert (made.create, len(made.wrong)) == ([], 1), made.wrong
    assert (made.wrong[0].row, made.wrong[0].column) == (7, column)
    assert problem in made.wrong[0].problem


def test_only_what_is_written_changes_and_the_same_in_other_words_does_not():
    plan = PLANS["everything"]
    known = {plan.code: plan_table.facts_of(plan)}
    empty = dict.fromkeys((each.name for each in TABLE.columns), "")
    other_words = {"code": "B", "season": "11-1 to 3-1", "packages": "monthly;1;0,5|yearly; 12 ;; SERVICE"}
    assert plan_of([(2, list((empty | other_words).values()))], known).same == 1
    made = plan_of([(2, list((empty | {"code": "B", "hours": "2"}).values()))], known)
    (change,) = made.change
    assert isinstance(change, Change)
    assert change.was == {"hours": Decimal("1.5")}
    after = plan_table.plan_of("NTH", change.row.values)
    assert (after.hours, after.calendar) == (2, plan.calendar)


def test_a_new_plan_has_the_usual_choices():
    made = plan_of([(2, a_row())])
    (new,) = made.create
    assert isinstance(new, Create)
    plan = plan_table.plan_of("NTH", new.row.values)
    assert (plan.lead_days, plan.when_open, plan.active) == (14, WhenOpen.SKIP, True)
