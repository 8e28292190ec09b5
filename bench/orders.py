"""How lists, one order and the verbs do at 100,000 orders with history, against 1,000: medians, in one run, as JSON.

./run bench orders
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from db import schema
from db.orders import audit, work_orders
from db.orders.work_orders import Filters
from runtime.embedded import postgres
from workorder_core.orders.details import (
    NOTHING,
    Assign,
    Cancel,
    Complete,
    Details,
    Hold,
    Plan,
    Reason,
    Schedule,
    Start,
)
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import CloseOut
from workorder_core.people.access import Role, Who
from workorder_core.words import CloseFinding, FailureMode, OrderType, Status

SIZES = (1_000, 100_000)
ROUNDS = 40
PLANNER = Who("person:bench", frozenset({Role.PLANNER}))
FOUND = CloseOut(finding=CloseFinding.CONFIRMED, failure_mode=FailureMode.OHE, cause="wear", remedy="replace")
FILL = """
INSERT INTO work_orders (id, site_id, number, asset_id, asset_path, component, failure_mode, type, origin, priority,
                         priority_reason, title, status, status_since, opened_at, recorded_at, assignee_id,
                         response_due, completion_due, requested_by)
SELECT gen_random_uuid(), 1, 'NTH-' || (10000 + n), 1 + n %% 200, 'North / P', 'bearing', 'OHE',
       (ARRAY['reactive', 'preventive', 'inspection', 'proactive'])[1 + n %% 4], 'person', 1 + n %% 4, 'Medium.',
       'Look at it',
       CASE WHEN n %% 10 > 0 THEN (ARRAY['closed', 'closed', 'closed', 'cancelled'])[1 + n %% 4]
            ELSE (ARRAY['open', 'planned', 'dispatched', 'in_progress', 'completed'])[1 + n / 10 %% 5] END,
       now() - n * interval '1 min', now() - n * interval '1 min', now() - n * interval '1 min', 1 + n %% 20,
       now() + n * interval '1 min', now() + n * interval '2 min', 'person:x'
FROM generate_series(1, %s) n"""
HISTORY = """
WITH RECURSIVE chain AS (
    SELECT w.id, 1 AS seq, w.recorded_at AS at, history_hash('', w.id, 1, w.recorded_at, 'person:x', 'open', '{}', '{}', '') AS hash
    FROM work_orders w
    UNION ALL
    SELECT id, seq + 1, at, history_hash(hash, id, seq + 1, at, 'person:x', 'change', '{}', '{}', '') FROM chain WHERE seq < 7
), rows AS (
    INSERT INTO order_history (order_id, seq, at, actor, step, hash)
    SELECT id, seq, at, 'person:x', CASE seq WHEN 1 THEN 'open' ELSE 'change' END, hash FROM chain
)
INSERT INTO history_heads (order_id, seq, hash) SELECT id, seq, hash FROM chain WHERE seq = 7"""  # noqa: E501

READS: dict[str, Callable[[psycopg.Connection, UUID], object]] = {
    "list unfinished": lambda conn, _: work_orders.page(conn, Filters(unfinished=True)),
    "list all": lambda conn, _: work_orders.page(conn, Filters()),
    "list finished": lambda conn, _: work_orders.page(conn, Filters(unfinished=False)),
    "list by status": lambda conn, _: work_orders.page(conn, Filters(status=[Status.IN_PROGRESS])),
    "list by type and site": lambda conn, _: work_orders.page(
        conn, Filters(type=[OrderType.INSPECTION], site="NTH", unfinished=True)
    ),
    "list by technician": lambda conn, _: work_orders.page(conn, Filters(assignee="t-7", unfinished=True)),
    "list by asset": lambda conn, _: work_orders.page(conn, Filters(asset="P-7")),
    "count": lambda conn, _: work_orders.count(conn, Filters(unfinished=True)),
    "one order": lambda conn, order_id: (work_orders.get(conn, order_id), work_orders.history(conn, order_id)),
}
VERBS: dict[Step, Details] = {
    Step.PLAN: Plan(),
    Step.SCHEDULE: Schedule(datetime.now(UTC)),
    Step.ASSIGN: Assign("t-7"),
    Step.UNASSIGN: Reason("x"),
    Step.START: Start(),
    Step.HOLD: Hold("x"),
    Step.RESUME: NOTHING,
    Step.COMPLETE: Complete(FOUND, "person:other"),
    Step.VERIFY: NOTHING,
    Step.CLOSE: NOTHING,
    Step.REOPEN: Reason("x"),
    Step.CANCEL: Cancel("x"),
}


def main() -> None:
    """Fill two databases, measure both in turn, and print the medians in milliseconds and their ratio."""
    with tempfile.TemporaryDirectory(prefix="plantwright-bench-") as folder:
        Path(folder).chmod(0o711)
        server = postgres.start(Path(folder) / "postgres")
        try:
            found = {size: _measured(server.url, size) for size in SIZES}
        finally:
            server.stop()
    small, large = (found[size] for size in SIZES)
    table = {
        name: {"ms_at_1000": round(small[name], 3), "ms_at_100000": round(large[name], 3)}
        | {"ratio": round(large[name] / small[name], 2)}
        for name in small
    }
    print(json.dumps(table))


def _measured(url: str, size: int) -> dict[str, float]:
    with _filled(url, size) as conn:
        ids = [row[0] for row in conn.execute("SELECT id FROM work_orders WHERE status = 'open' LIMIT %s", [ROUNDS])]
        conn.rollback()
        taken = {name: [_ms(conn, read, ids[n % len(ids)]) for n in range(ROUNDS)] for name, read in READS.items()}
        verbs: dict[str, list[float]] = {step.value: [] for step in VERBS}
        for order_id in ids:
            for step, details in VERBS.items():
                verbs[step.value].append(_take(conn, order_id, step, details))
        begun = time.perf_counter()
        assert audit.verify(conn).rows >= size * 7
        print(f"{size} orders: the audit took {time.perf_counter() - begun:.1f} s", flush=True)
        return {name: statistics.median(times) for name, times in (taken | verbs).items()}


def _ms(conn: psycopg.Connection, read: Callable[[psycopg.Connection, UUID], object], order_id: UUID) -> float:
    begun = time.perf_counter()
    read(conn, order_id)
    conn.rollback()
    return (time.perf_counter() - begun) * 1e3


def _take(conn: psycopg.Connection, order_id: UUID, step: Step, details: Details) -> float:
    at = datetime.now(UTC) + timedelta(milliseconds=1)
    begun = time.perf_counter()
    work_orders.take_step(conn, order_id, step, details, who=PLANNER, at=at)
    conn.commit()
    if step is Step.UNASSIGN:
        work_orders.take_step(
            conn,
            order_id,
            Step.ASSIGN,
            Assign("t-7"),
            who=PLANNER,
            at=at,
        )
        conn.commit()
    return (time.perf_counter() - begun) * 1e3


@contextmanager
def _filled(url: str, size: int) -> Iterator[psycopg.Connection]:
    name = f"bench_orders_{size}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    base, _, _ = url.rpartition("/")
    schema.migrate(f"{base}/{name}")
    with psycopg.connect(f"{base}/{name}") as conn:
        fill(conn, size)
        yield conn


def fill(conn: psycopg.Connection, size: int) -> None:
    """Put a site, its people and ``size`` orders with seven entries of history each into an empty database; commits."""
    conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North')")
    conn.execute("INSERT INTO assets (site_id, code, name) SELECT 1, 'P-' || n, 'Pump' FROM generate_series(1, 200) n")
    conn.execute("INSERT INTO technicians (site_id, code, name) SELECT 1, 't-' || n, 'T' FROM generate_series(1, 20) n")
    conn.execute(FILL.encode(), [size])
    conn.execute(HISTORY.encode())
    conn.commit()
    conn.autocommit = True
    conn.execute("VACUUM ANALYZE")
    conn.autocommit = False


if __name__ == "__main__":
    main()
