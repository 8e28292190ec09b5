"""A row more of a list of orders, rules, alarms, runs or events, which `test_cursors` adds during a walk."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from fastapi.testclient import TestClient

from db.telemetry import quarantine
from ingest.messages import Reason, Refused

V1 = "/api/v1"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
RUN = UUID(int=7)


@dataclass(frozen=True)
class Plant:
    client: TestClient
    conn: psycopg.Connection
    asset: int
    order: UUID = RUN

    def sql(self, text: str, **facts: Any) -> None:
        self.conn.execute(text.encode(), {"asset": self.asset} | facts)

    def post(self, path: str, body: Any, method: str = "POST") -> Any:
        answer = self.client.request(method, f"{V1}/{path}", json=body, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code < 300, answer.text
        return answer.json()


def order(plant: Plant, n: int) -> None:
    body = {"asset_id": plant.asset, "type": "inspection", "title": f"Look {n}", "priority": n % 4 + 1}
    made = plant.post("work-orders", body)
    if n % 3 == 0:
        plant.post(f"work-orders/{made['id']}/cancel", {"reason": "not needed"})


def rules(plant: Plant, n: int) -> None:
    """Put in force a book of rules: what comes later is at its beginning."""
    told = plant.client.get(f"{V1}/documents/rulebook", params={"limit": 1}).json()
    before = told[0]["document"].get("threshold", []) if told else []
    new = [
        {"id": f"r{n}", "asset_class": "pump", "signal": "flow", "raise_at": 900, "clear_below": 800}
        | {"component": "impeller", "failure_mode": "LOO", "severity": "degrading"}
    ]
    plant.post("documents/rulebook", {"document": {"threshold": new + before}, "why": "more"})


def shadow_run(plant: Plant, n: int) -> int:
    made = plant.post("shadow-runs", {"name": f"t{n}", "models": {"default": {"patience": 60.0}}, "why": "a try"})
    plant.post(f"shadow-runs/{made['id']}/drop", {"why": "enough"})
    return int(made["id"])


def refusal(plant: Plant, n: int) -> None:
    at = int((NOW + timedelta(minutes=n % 9)).timestamp() * 1e6)
    refused = Refused(
        topic=f"plantwright/v1/NTH/X-{n}", payload=b"?", received_us=at, reason=Reason.NOT_JSON, problem="x"
    )
    quarantine.keep(plant.conn, [refused])


def shadow_order(plant: Plant, n: int) -> None:
    if plant.conn.execute("SELECT count(*) FROM shadow_runs").fetchone() == (0,):
        plant.conn.commit()
        shadow_run(plant, 0)
    plant.sql(
        "INSERT INTO shadow_orders (run_id, id, asset_id, component, failure_mode, type, opened_as, opened_at, why) "
        "SELECT max(id), %(id)s, %(asset)s, 'x', 'LOO', 'predictive', 'predictive', %(at)s, 'x' FROM shadow_runs",
        id=uuid4(),
        at=at(n),
    )


def at(n: int) -> datetime:
    return NOW + timedelta(minutes=n * 7 % 11)


def late_excursion(plant: Plant, n: int) -> None:
    """Put in force one more limit that data which came late lies beyond, each from another time on."""
    if n == 0:
        plant.sql(
            "INSERT INTO readings (signal_id, observed_at, received_at, arrival, value, late) "
            "SELECT s.id, now() - interval '1 hour' + i * interval '1 min', now(), 900000 + i, 900 + i, true "
            "FROM signals s, generate_series(1, 12) i WHERE s.asset_id = %(asset)s AND s.name = 'flow'"
        )
    of_class = plant.conn.execute("SELECT class FROM assets WHERE id = %s", [plant.asset]).fetchone()
    limits = [
        {"id": f"r{scattered(i)}", "asset_class": of_class[0] if of_class else "", "signal": "flow"}
        | {"raise_at": 900 + i * 5 % 7, "clear_below": 800, "component": "impeller", "failure_mode": "LOO"}
        | {"severity": "degrading"}
        for i in range(n + 1)
    ]
    plant.post("documents/rulebook", {"document": {"threshold": limits}, "why": "more"})


def run(plant: Plant, n: int, key: UUID | None = None) -> None:
    plant.sql(
        "INSERT INTO runs (id, kind, title, input, priority, requested_by, requested_at) "
        "VALUES (%(id)s, 'backtest', 'x', '{}', 5, 'x', %(at)s)",
        id=key or uuid4(),
        at=at(n),
    )


def line(plant: Plant, n: int) -> None:
    if n == 0:
        run(plant, 0, RUN)
    plant.sql("INSERT INTO run_log (run, at, line) VALUES (%(id)s, %(at)s, 'x')", id=RUN, at=at(n))


def happening(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO new_events (kind, site_id, subject, at) "
        "SELECT 'order.changed', site_id, 'x', %(at)s FROM assets WHERE id = %(asset)s",
        at=at(n),
    )


def receiver(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO receivers (channel, name, address, secret, secret_is_sealed, wants, state_since, created_by, "
        "created_at) VALUES ('webhook', %(c)s, 'https://x.example/', 'x', false, '{*}', now(), 'x', %(at)s)",
        c=scattered(n),
        at=at(n),
    )


def message(plant: Plant, n: int) -> None:
    if n == 0:
        receiver(plant, 0)
    happening(plant, n)
    plant.sql("SELECT number_events()")
    plant.sql(
        "INSERT INTO deliveries (receiver_id, event_id, why, due_at, created_at) "
        "SELECT 1, max(id), 'x', now(), now() FROM events"
    )


def attempt(plant: Plant, n: int) -> None:
    if n == 0:
        receiver(plant, 0)
    plant.sql(
        "INSERT INTO delivery_attempts (receiver_id, event_id, at, took_ms, detail) VALUES (1, 1, %(at)s, 1, 'x')",
        at=at(n),
    )


def scattered(n: int) -> str:
    """Return a name that sorts among the others wherever it comes."""
    return f"z{n * 7 % 31:02}-{n}"
