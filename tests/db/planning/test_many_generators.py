"""Eight generators at once, killed at random: every occurrence is made once, none is left out."""

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from db.planning import plans
from runtime.cli.plant_file import load_plant
from runtime.processes.jobs import generate_planned
from tests import a_plant
from workorder_core.planning.deciding import preview
from workorder_core.planning.due import Series
from workorder_core.planning.plans import AfterOutage, ByCalendar, MaintenancePlan, ObjectKind, WhenOpen
from workorder_core.planning.site_time import SiteTime

ROOT = Path(__file__).parents[3]
BEGUN, DAYS = datetime(2026, 3, 2, 9, tzinfo=UTC), 120
GENERATOR = """
import sys
from datetime import datetime, timedelta
import psycopg
from runtime.processes.jobs import generate_planned
begun = datetime.fromisoformat(sys.argv[2])
with psycopg.connect(sys.argv[1]) as conn:
    for day in range(int(sys.argv[3])):
        generate_planned(conn, begun + timedelta(days=day))
        conn.commit()
"""


def a_plan(index: int) -> MaintenancePlan:
    rule = ("FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=WEEKLY;BYDAY=MO,FR")[index % 4]
    return MaintenancePlan(
        code=f"P{index}",
        site="NTH",
        title="Look",
        object=ObjectKind.ASSET,
        objects=(f"P-10{index % 8 + 1}",),
        calendar=ByCalendar(rule=rule, starts=datetime(2026, 1, 31, 2, 30)),
        when_open=WhenOpen.STACK,
        after_outage=AfterOutage.CATCH_UP,
        lead_days=index % 5,
    )


@pytest.mark.slow
def test_eight_generators_that_are_killed_at_random_make_every_occurrence_once(database):
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        ids = {plans.add(conn, a_plan(index), actor="person:dahl", at=BEGUN).id: a_plan(index) for index in range(16)}
        conn.commit()
        rng, killed, until = random.Random(5), 0, time.monotonic() + 30
        running: list[subprocess.Popen] = []
        while time.monotonic() < until:
            running = [each for each in running if each.poll() is None]
            while len(running) < 8:
                command = [sys.executable, "-c", GENERATOR, database, BEGUN.isoformat(), str(DAYS)]
                running.append(subprocess.Popen(command, cwd=ROOT))
            time.sleep(rng.uniform(0.5, 3))
            rng.choice(running).send_signal(signal.SIGKILL)
            killed += 1
        for each in running:
            each.kill()
            each.wait()
        end = BEGUN + timedelta(days=DAYS)
        generate_planned(conn, end)
        site = SiteTime(zone="Europe/Copenhagen")
        for plan_id, plan in ids.items():
            ahead = preview(plan, Series(begun_at=BEGUN), site, until=end + timedelta(days=plan.lead_days))
            rows = "SELECT number, due_at, status FROM maintenance_occurrences WHERE plan_id = %s ORDER BY number"
            found = conn.execute(rows, (plan_id,)).fetchall()
            assert found == [(due.number, due.at, "generated") for due in ahead]
        orders = conn.execute("SELECT count(*) FROM work_orders WHERE origin = 'schedule'").fetchone()
        assert orders == conn.execute("SELECT count(*) FROM maintenance_occurrences").fetchone()
        assert killed >= 8
