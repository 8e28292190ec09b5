"""A row more of a list of rotas, which `test_cursors` adds during a walk."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.api.lists.rows import Plant
from tests.api.notifying import an_escalation

V1 = "/api/v1"


def rota(plant: Plant, **facts: Any) -> None:
    """Create a rota of somebody who changes with somebody else every day, and fill the gap before it begins."""
    for name in ("anna", "ben"):
        plant.client.post(f"{V1}/users", json={"name": name, "roles": ["technician"]})
    layer = {"name": "first", "people": ["anna", "ben"], "starts": "2026-03-02", "turn": 1, "unit": "days"}
    plant.post("rotas", {"site": "NTH", "code": "R", "title": "Nights", "layers": [layer]} | facts)


def overridden(plant: Plant, n: int) -> None:
    """Override a turn, never at its change: what comes later is at the beginning and splits the duty in which it is."""
    if n == 0:
        rota(plant)
    begins = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) + timedelta(days=28, hours=-n)
    span = {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(minutes=9)).isoformat()}
    plant.post("rotas/1/overrides", {"layer": "first", "person": "anna" if n % 2 else "ben", **span})


def swap(plant: Plant, n: int) -> None:
    """Have somebody ask for a swap, as only people do."""
    if n == 0:
        rota(plant)
    plant.sql(
        "INSERT INTO on_call_swaps (rota_id, layer, asker, begins_at, ends_at, other, asked_at) "
        "VALUES (1, 'first', 'anna', now(), now() + interval '1 day', 'ben', now())"
    )
    plant.conn.commit()


def rota_version(plant: Plant, n: int) -> None:
    if n == 0:
        rota(plant)
    else:
        layer = {"name": "first", "people": ["anna"], "starts": "2026-03-02"}
        plant.post("rotas/1", {"title": f"Nights {n}", "layers": [layer]}, "PUT")


def uncovered(plant: Plant, n: int) -> None:
    """Cover an hour of each day, and the next day one more: nobody is on call before 2030."""
    hour = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "begins": "04:00", "ends": "05:00"}
    hours = [hour | {"begins": f"{each % 24:02}:00", "ends": f"{each % 24:02}:30"} for each in range(min(n, 19) + 1)]
    layer = {"name": "first", "people": ["anna"], "starts": "2190-01-01"}
    if n == 0:
        rota(plant, layers=[layer], covered=hours)
    else:
        plant.post("rotas/1", {"title": f"Nights {n}", "layers": [layer], "covered": hours}, "PUT")


def escalation_policy(plant: Plant, **facts: Any) -> None:
    """Create an escalation policy that asks somebody."""
    plant.client.post(f"{V1}/users", json={"name": "anna", "roles": ["technician"]})
    steps = [{"whom": ["person:anna"], "wait_minutes": 5}]
    every = {"order_types": an_escalation.EVERY_TYPE, "steps": steps}
    plant.post("escalation-policies", {"site": "NTH", "code": "P", "title": "Nights", **every} | facts)


def escalation_policy_version(plant: Plant, n: int) -> None:
    if n == 0:
        escalation_policy(plant)
    else:
        steps = [{"whom": ["person:anna"], "wait_minutes": 5}]
        facts = {"title": f"Nights {n}", "order_types": ["emergency"], "steps": steps}
        plant.post("escalation-policies/1", facts, "PUT")


def escalation(plant: Plant, n: int) -> None:
    """Escalate a new order."""
    if n == 0:
        escalation_policy(plant)
    made = plant.post("work-orders", {"asset_id": plant.asset, "type": "inspection", "title": f"Look {n}"})
    now = datetime.now(UTC) + timedelta(minutes=2 * n)
    an_escalation.begin(plant.conn, UUID(made["id"]), now)
    plant.conn.commit()
