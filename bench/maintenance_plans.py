"""How long 10,000 maintenance plans take: the forecast over five years, and making the work of a day. One JSON line.

The database is real and keeps every write. The plans are mixed: by calendar with free days, seasons and packages, by
meter, floating and fixed. Each day of the generation is made by one process, as the engine's jobs do it.

./run bench maintenance_plans [--plans 10000] [--days 5]

With ``--kills`` eight generators are killed at random for a minute instead, and what they made is compared with what
is previewed: nothing missed, nothing twice.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from db import schema
from db.orders import job_plans
from db.planning import outlook, plans
from runtime.cli.plant_file import load_plant
from runtime.embedded import postgres
from runtime.processes.jobs import generate_planned
from tests import a_plant
from tests.db.planning import killed_generators
from tests.db.planning.killed_generators import Outcome
from workorder_core.orders.job_plans import JobPlan, Part, PlanStep, StepKind
from workorder_core.planning.documents import to_document
from workorder_core.planning.forecast import months_ahead
from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByMeter,
    MaintenancePlan,
    ObjectKind,
    OnFreeDay,
    Package,
    Season,
    WhenOpen,
)

ROOT = Path(__file__).parents[1]
DAY = timedelta(days=1)
BEGUN = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
MONTHS, ROUNDS = 60, 5
ASSETS, METERS = 2_000, 0.1
"""Of the plans, so many go by a meter too."""
RULES = (
    "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=3", "FREQ=YEARLY", "FREQ=MONTHLY;BYDAY=1TU", "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY;INTERVAL=6", "FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY;BYMONTHDAY=31",
)  # fmt: skip
SERVICE = JobPlan(
    code="SERVICE",
    title="Service",
    steps=tuple(PlanStep(kind=StepKind.INSTRUCTION, instruction=f"Step {n}") for n in range(5)),
    parts=(Part(part="GREASE-1", quantity=2),),
    skills=("mechanical",),
    estimated_hours=1.5,
)
FILL = """INSERT INTO assets (site_id, code, name, class, criticality)
SELECT id, 'M-' || n, 'Machine ' || n, 'machine', 1 + n %% 4 FROM sites, generate_series(1, %s) n WHERE code = 'NTH'"""
PLANS = """INSERT INTO maintenance_plans (site_id, code, version, title, document, object, object_code, created_at)
SELECT id, %s, 1, %s, %s, 'asset', %s, %s FROM sites WHERE code = 'NTH'"""
VERSIONS = """INSERT INTO maintenance_plan_versions (plan_id, version, document, made_by, made_at)
SELECT id, 1, document, 'person:bench', %s FROM maintenance_plans"""
COUNTS = """INSERT INTO meter_entries (asset_id, signal, at, count, entered_by, entered_at)
SELECT a.id, 'run_hours', %s - n * interval '3 days', 30000 - n * 60, 'person:bench', %s
FROM assets a, generate_series(0, 30) n WHERE a.code LIKE 'M-%%'"""


def a_plan(index: int, rng: random.Random) -> MaintenancePlan:
    """Return one of the mixed plans."""
    starts = datetime.fromisoformat("2025-01-01T08:00") + timedelta(days=rng.randrange(365))
    season = rng.choice((None, None, None, Season((4, 1), (10, 15))))
    packages = (Package(name="small", every=1, hours=0.5), Package(name="large", every=6, hours=4))
    calendar = ByCalendar(rule=rng.choice(RULES), starts=starts, on_free_day=rng.choice(list(OnFreeDay)), season=season)
    meter = ByMeter(signal="run_hours", every=rng.choice((500, 2000)), unit="h")
    return MaintenancePlan(
        code=f"PLAN-{index}",
        site="NTH",
        title=f"Service {index}",
        object=ObjectKind.ASSET,
        objects=(f"M-{index % ASSETS + 1}",),
        calendar=calendar,
        meter=meter if rng.random() < METERS else None,
        packages=packages if rng.random() < 0.3 else (),
        job_plan="SERVICE" if rng.random() < 0.5 else None,
        skill=rng.choice((None, "electrical", "instrumentation")),
        hours=rng.choice((None, 1.0, 2.5)),
        lead_days=rng.choice((7, 14, 30)),
        when_open=WhenOpen.STACK,
    )


def fill(conn: psycopg.Connection, count: int) -> None:
    """Make the assets with their meters, and the plans."""
    load_plant(conn, a_plant.SAMPLE)
    conn.execute(FILL, (ASSETS,))
    conn.execute(COUNTS, (BEGUN, BEGUN))
    job_plans.save(conn, SERVICE, actor="person:bench", at=BEGUN)
    conn.commit()
    rng = random.Random(1)
    rows = [
        (each.code, each.title, Jsonb(to_document(each)), each.objects[0], BEGUN)
        for each in (a_plan(index, rng) for index in range(count))
    ]
    with conn.cursor() as cursor:
        cursor.executemany(PLANS, rows)
    conn.execute(VERSIONS, (BEGUN,))
    plans.begin_series(conn, at=BEGUN)
    conn.commit()


def timed(work: Callable[[], object]) -> tuple[float, object]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def measure(url: str, count: int, days: int) -> dict[str, Any]:
    """Return the times of the forecast, of the calendar's month, and of making a day's work, in seconds."""
    with psycopg.connect(url) as conn:
        fill(conn, count)
        first, decided = timed(lambda: generate_planned(conn, BEGUN))
        conn.execute("ANALYZE")
        conn.commit()
        print(f"the first look made {decided} in {first:.1f} s", file=sys.stderr)
        forecasts = []
        for _ in range(ROUNDS):
            took, loads = timed(lambda: outlook.forecast(conn, until=months_ahead(BEGUN, MONTHS)))
            forecasts.append(took)
        month, listed = timed(lambda: outlook.due_between(conn, BEGUN, BEGUN + 31 * DAY, limit=20_001))
        conn.rollback()
        made, took_days = [], []
        for day in range(1, days + 1):
            took, of_day = timed(lambda day=day: generate_planned(conn, BEGUN + day * DAY))  # type: ignore[misc]
            took_days.append(took)
            made.append(of_day)
    assert isinstance(loads, list)
    assert isinstance(listed, list)
    return {
        "plans": count,
        "forecast_s": round(statistics.median(forecasts), 2),
        "forecast_pieces": sum(each.count for each in loads),
        "a_day_s": round(statistics.median(took_days), 2),
        "made_a_day": statistics.median(made),  # type: ignore[type-var]
        "month_s": round(month, 2),
        "month_pieces": len(listed),
    }


def kills(url: str, seconds: float, days: int = 3_000) -> Outcome:
    """Let eight generators be killed at random; return what was missed, and what was made twice."""
    of = [
        replace(
            a_plan(index, random.Random(index)), objects=(f"P-10{index % 8 + 1}",), job_plan=None, meter=None,
            lead_days=index % 5, after_outage=AfterOutage.CATCH_UP,
        )
        for index in range(16)
    ]  # fmt: skip
    return killed_generators.run(url, of, begun=BEGUN, days=days, seconds=seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=5, help="so many days are made, one after the other")
    parser.add_argument("--kills", action="store_true", help="kill eight generators at random for a minute instead")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plantwright-bench-") as folder:
        Path(folder).chmod(0o755)
        server = postgres.start(Path(folder) / "postgres")
        try:
            schema.migrate(server.url)
            if asked.kills:
                outcome = kills(server.url, 60)
                found, bad = asdict(outcome), not outcome.exact
            else:
                found, bad = measure(server.url, asked.plans, asked.days), False
        finally:
            server.stop()
    print(json.dumps(found))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
