"""A row more of a list of rotas, which `test_cursors` adds during a walk."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.lists.rows import Plant

V1 = "/api/v1"


def rota(plant: Plant, **facts: Any) -> None:
    """Create a rota of somebody who changes with somebody else every day, and fill the gap before it begins."""
    for name in ("anna", "ben"):
        plant.client.post(f"{V1}/users", json={"name": name, "roles": ["technician"]})
    layer = {"name": "first", "people": ["anna", "ben"], "starts": "2026-03-02", "turn": 1, "unit": "days"}
    plant.post("rotas", {"site": "NTH", "code": "R", "title": "Nights", "layers": [layer]} | facts)


def overridden(plant: Plant, n: int) -> None:
    """Override a turn: what comes later is at the beginning, and splits the duty in which it is."""
    if n == 0:
        rota(plant)
    begins = datetime.now(UTC) + timedelta(days=28, hours=-n)
    span = {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(minutes=9)).isoformat()}
    plant.post("rotas/1/overrides", {"layer": "first", "person": "anna" if n % 2 else "ben", **span})


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
