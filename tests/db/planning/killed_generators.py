"""Eight generators at once, killed at random: a proof that a test runs for a while, and a bench for longer."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from db.planning import plans
from runtime.cli.plant_file import load_plant
from runtime.processes.jobs import generate_planned
from tests import a_plant
from workorder_core.planning.deciding import Becomes, preview
from workorder_core.planning.due import Series
from workorder_core.planning.plans import MaintenancePlan
from workorder_core.planning.site_time import SiteTime

ROOT = Path(__file__).parents[3]
GENERATOR = """
import sys
from datetime import datetime, timedelta
import psycopg
from runtime.processes.jobs import generate_planned
begun = datetime.fromisoformat(sys.argv[2])
with psycopg.connect(sys.argv[1]) as conn:
    for day in range(int(sys.argv[3])):
        generate_planned(conn, begun + timedelta(days=day))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What eight generators made: how many were killed, occurrences that are missing or not previewed, and orders."""

    killed: int
    occurrences: int
    missed: int
    not_previewed: int
    orders: int

    @property
    def exact(self) -> bool:
        """Whether every occurrence that is previewed was made once, with one order."""
        return not self.missed and not self.not_previewed and self.orders == self.occurrences


def run(url: str, of: Sequence[MaintenancePlan], *, begun: datetime, days: int, seconds: float) -> Outcome:
    """Make the work of plans over some days in processes that are killed for a time, then finish and compare it."""
    with psycopg.connect(url) as conn:
        load_plant(conn, a_plant.SAMPLE)
        made = {plans.add(conn, plan, actor="person:dahl", at=begun).id: plan for plan in of}
        conn.commit()
        killed = _kill(url, begun, days, seconds)
        end = begun + timedelta(days=days)
        generate_planned(conn, end)
        site = SiteTime(zone="Europe/Copenhagen")
        missed = not_previewed = count = 0
        for plan_id, plan in made.items():
            until = end + timedelta(days=plan.lead_days)
            ahead = {
                (due.number, due.at, Becomes.GENERATED.value)
                for due in preview(plan, Series(begun_at=begun), site, until=until, most=10_000)
            }
            rows = "SELECT number, due_at, status FROM maintenance_occurrences WHERE plan_id = %s"
            found = conn.execute(rows, (plan_id,)).fetchall()
            missed += len(ahead - set(found))
            not_previewed += len(set(found) - ahead)
            count += len(found)
        row = conn.execute("SELECT count(*) FROM work_orders WHERE origin = 'schedule'").fetchone()
        assert row is not None
    return Outcome(killed=killed, occurrences=count, missed=missed, not_previewed=not_previewed, orders=row[0])


def _kill(url: str, begun: datetime, days: int, seconds: float) -> int:
    rng, killed, until = random.Random(5), 0, time.monotonic() + seconds
    running: list[subprocess.Popen[bytes]] = []
    while time.monotonic() < until:
        running = [each for each in running if each.poll() is None]
        while len(running) < 8:
            command = [sys.executable, "-c", GENERATOR, url, begun.isoformat(), str(days)]
            running.append(subprocess.Popen(command, cwd=ROOT))
        time.sleep(rng.uniform(0.5, 3))
        rng.choice(running).send_signal(signal.SIGKILL)
        killed += 1
    for each in running:
        each.kill()
        each.wait()
    return killed
