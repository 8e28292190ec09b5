"""What a technician's device sends and gets: the 200 operations of three hours, and 500 orders with their briefings.

The database is real and keeps every write; requests go through the whole application, compressed as for a phone. Each
order has a job plan and parts; one in ten has a chart of 600 readings. The last line is JSON.

./run bench sync [--orders 500] [--operations 200]
"""

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from fastapi.testclient import TestClient
from httpx import Response
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from api.app import create
from api.keys import COOKIE, form_token
from db import schema
from db.orders import job_plans, work_orders
from db.people import assignments, sessions
from db.plant import plant
from runtime.cli.plant_file import load_plant
from runtime.embedded import postgres
from tests import a_plant, people
from tests.api.sync.offline import DAHL, Phone
from workorder_core.orders.job_plans import JobPlan, Part, PlanStep, StepKind
from workorder_core.people.access import Role
from workorder_core.words import FailureMode, OrderType

TITLES = ("Replace the drive-end bearing", "Check the coupling and align it", "Seal drips", "Oil change", "Fan is loud")
PLAN = JobPlan(
    code="BEARING",
    title="Replace the drive-end bearing",
    steps=(
        PlanStep(kind=StepKind.PERMIT, instruction="Isolation and lock-out"),
        *(PlanStep(kind=StepKind.INSTRUCTION, instruction=f"{each} and clean the seat") for each in TITLES),
        PlanStep(kind=StepKind.MEASUREMENT, instruction="Vibration after the start", unit="mm/s", high=2.8),
        PlanStep(kind=StepKind.SIGNATURE, instruction="Handed back to operations"),
    ),
    parts=(Part(part="bearing 6312", quantity=1), Part(part="grease", quantity=0.2, unit="kg")),
    certificates=("LOTO",),
    tools=("Puller", "Torque wrench"),
    estimated_hours=4,
)
EVIDENCE = """INSERT INTO evidence (order_id, seq, arrival, source, version, component, failure_mode, severity, since,
    at, score, limit_at, signs, summary, readings)
SELECT %(order)s, 1, 1, 'rule:hot', '1', 'bearing', 'OHE', 1, %(at)s, %(at)s, NULL, 80, '[]',
    'bearing_temp is above 80 degC', %(readings)s"""


@contextmanager
def device(url: str) -> Iterator[tuple[TestClient, ConnectionPool]]:
    """A technician who is signed in on a phone, at a new plant."""
    with ConnectionPool(url, min_size=1, max_size=4) as pool:
        with pool.connection() as conn:
            load_plant(conn, a_plant.SAMPLE)
            people.add_user(conn, "holm", Role.TECHNICIAN, technician="holm")
            sessions.begin(conn, "phone", "holm", at=datetime.now(UTC), lasting=timedelta(hours=8))
            job_plans.save(conn, PLAN, actor="person:bench", at=datetime.now(UTC))
        with TestClient(create(pool, keys={}), base_url="http://localhost") as made:
            made.cookies.set(COOKIE, "phone")
            made.headers.update(
                {"X-CSRF-Token": form_token("phone"), "Origin": "http://localhost", "Accept-Encoding": "gzip"}
            )
            yield made, pool


def fill(conn: psycopg.Connection, count: int, now: datetime) -> list[UUID]:
    """Make orders that the technician has."""
    assets = plant.assets(conn, now=now)
    made = []
    for number in range(count):
        order = work_orders.create_by_hand(
            conn,
            asset=assets[number % len(assets)],
            kind=OrderType.PREVENTIVE,
            title=TITLES[number % len(TITLES)],
            component="bearing",
            failure_mode=FailureMode.UNK,
            actor=DAHL.actor,
            at=now,
            plan=PLAN,
        )
        assignments.assign_to(conn, order.id, "holm", who=DAHL, at=now, why="bench")
        if number % 10 == 0:
            start = now.timestamp()
            chart = {"bearing_temp": [(start + n * 10, 70 + n * 0.02 + (n % 7) * 0.31) for n in range(600)]}
            conn.execute(EVIDENCE, {"order": order.id, "at": now, "readings": Jsonb(chart)})
        made.append(order.id)
    conn.commit()
    return made


def three_hours(phone: Phone, orders: list[UUID], count: int, now: datetime) -> list[dict[str, Any]]:
    """Record what a technician does at one order after the other."""
    began = now - timedelta(hours=3)
    for number in range(count):
        order, at = orders[number // 10], began + timedelta(seconds=number * 10_800 // count)
        match number % 10:
            case 0:
                phone.record("plan_step", order, at, step=1, note=f"HW-{number}")
            case 1:
                phone.record("move", order, at, step="start")
            case 2 | 3 | 4:
                phone.record("plan_step", order, at, step=number % 10)
            case 5:
                phone.record("reading", order, at, signal="bearing_temp", value=61.5, unit="degC")
            case 6:
                phone.record("parts", order, at, part="bearing 6312", used=1)
            case 7:
                phone.record("hours", order, at, hours=0.25)
            case 8:
                phone.record("remark", order, at, text="The old bearing had play; the seat is fine.")
            case _:
                phone.record("field", order, at, name="estimated_hours", base=4, value=5)
    return phone.log


def timed(ask: Any) -> tuple[float, Response]:
    began = time.perf_counter()
    answer: Response = ask()
    took = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return took, answer


def measure(url: str, orders: int, operations: int) -> dict[str, Any]:
    """Return times in seconds and sizes in bytes."""
    now, phone = datetime.now(UTC), Phone()
    with device(url) as (client, pool):
        timed(lambda: client.post("/api/v1/sync/operations", json=phone.batch([], now).model_dump(mode="json")))
        with pool.connection() as conn:
            made = fill(conn, orders, now)
            conn.execute("ANALYZE")
        asked, took_all, raw, packed, came, alone = {"device": str(phone.id)}, 0.0, 0, 0, 0, 0
        slowest = 0.0
        while True:
            took, answer = timed(lambda: client.get("/api/v1/sync/changes", params=asked))
            page = answer.json()
            took_all, slowest, came = took_all + took, max(slowest, took), came + len(page["orders"])
            raw, packed = raw + len(answer.content), packed + len(gzip.compress(answer.content, 5))
            alone += sum(len(gzip.compress(json.dumps(each).encode(), 5)) for each in page["orders"])
            asked["since"] = page["next"]
            if not page["more"]:
                break
        assert came == orders, (came, orders)
        catalogue_s, catalogue = timed(lambda: client.get("/api/v1/sync/catalogue", params={"device": str(phone.id)}))
        log = three_hours(phone, made, operations, now)
        body = phone.batch(log, datetime.now(UTC)).model_dump(mode="json")
        sent_s, answer = timed(lambda: client.post("/api/v1/sync/operations", json=body))
        verdicts = [each["verdict"] for each in answer.json()["answers"]]
        again_s, _ = timed(lambda: client.post("/api/v1/sync/operations", json=body))
        after_s, after = timed(lambda: client.get("/api/v1/sync/changes", params=asked))
    return {
        "orders": came,
        "orders_s": round(took_all, 2),
        "slowest_page_s": round(slowest, 2),
        "bytes_an_order": raw // came,
        "compressed_bytes_an_order": packed // came,
        "compressed_alone_bytes": alone // came,
        "compressed_bytes": packed,
        "catalogue_s": round(catalogue_s, 3),
        "catalogue_compressed_bytes": len(gzip.compress(catalogue.content, 5)),
        "operations": len(log),
        "operations_s": round(sent_s, 2),
        "applied": verdicts.count("applied"),
        "sent_again_s": round(again_s, 2),
        "changed_after": len(after.json()["orders"]),
        "changed_after_s": round(after_s, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--operations", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plantwright-bench-") as folder:
        Path(folder).chmod(0o755)
        server = postgres.start(Path(folder) / "postgres")
        try:
            schema.migrate(server.url)
            found = measure(server.url, asked.orders, asked.operations)
        finally:
            server.stop()
    print(json.dumps(found))
    return 0 if found["operations_s"] <= 5 and found["applied"] == found["operations"] else 1


if __name__ == "__main__":
    sys.exit(main())
