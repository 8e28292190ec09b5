"""Every list goes on after its last row: what comes meanwhile neither hides a row nor shows one twice."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient

from api import passwords
from db.telemetry import quarantine
from ingest.messages import Reason, Refused
from tests import people

V1 = "/api/v1"
ROWS, COMING = 25, 3
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


def store(plant: Plant, n: int) -> None:
    plant.sql("INSERT INTO stores (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))


def item(plant: Plant, n: int) -> None:
    """Keep an item in a store, with one of it in its bin; of some that is too few."""
    if n == 0:
        plant.sql("INSERT INTO stores (site_id, code, name) VALUES (1, 'MAIN', 'x')")
        plant.sql("INSERT INTO bins (site_id, store_id, code) SELECT site_id, id, 'A1' FROM stores")
    plant.sql("INSERT INTO items (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    plant.sql(
        "INSERT INTO stock_levels (item_id, store_id, site_id, reorder_point) SELECT i.id, t.id, 1, %(point)s "
        "FROM items i, stores t WHERE i.code = %(c)s", c=scattered(n), point=n % 3,
    )  # fmt: skip
    plant.sql(
        "INSERT INTO stock_movements (site_id, item_id, store_id, bin_id, kind, quantity, at, actor) "
        "SELECT 1, i.id, b.store_id, b.id, 'receive', 1, now(), 'x' FROM items i, bins b WHERE i.code = %(c)s",
        c=scattered(n),
    )


ONE_ORDER = "(SELECT id FROM work_orders WHERE status = 'in_progress' ORDER BY number LIMIT 1)"


def reservation(plant: Plant, n: int) -> None:
    item(plant, n)
    plant.sql(
        f"INSERT INTO order_parts (order_id, line, part, needed) SELECT {ONE_ORDER}, 100 + %(n)s, 'x', 2", n=n
    )  # fmt: skip
    plant.sql(
        "INSERT INTO reservations (order_id, line, site_id, item_id, store_id, asked_at) "
        f"SELECT {ONE_ORDER}, 100 + %(n)s, 1, i.id, l.store_id, %(at)s "
        "FROM items i JOIN stock_levels l ON l.item_id = i.id WHERE i.code = %(c)s",
        n=n, c=scattered(n), at=at(n),
    )  # fmt: skip


def lot(plant: Plant, n: int) -> None:
    """Put another lot of the first item into its bin."""
    if n == 0:
        item(plant, 0)
    plant.sql(
        "INSERT INTO stock_movements (site_id, item_id, store_id, bin_id, lot, kind, quantity, at, actor) "
        "SELECT 1, 1, store_id, id, %(c)s, 'receive', 1, now(), 'x' FROM bins", c=scattered(n),
    )  # fmt: skip


def purchase(plant: Plant, n: int) -> None:
    item(plant, n)
    plant.sql(
        "INSERT INTO purchase_requests (site_id, item_id, store_id, quantity, requested_at, requested_by, state_since) "
        "SELECT 1, i.id, l.store_id, 1, now(), 'x', now() FROM items i JOIN stock_levels l ON l.item_id = i.id "
        "WHERE i.code = %(c)s",
        c=scattered(n),
    )


def bill(plant: Plant, n: int) -> None:
    item(plant, n)
    plant.sql(
        "INSERT INTO bills_of_material (site_id, asset_class, item_id, quantity) SELECT 1, %(of)s, id, 1 FROM items "
        "WHERE code = %(c)s", c=scattered(n), of="ab"[n % 2],
    )  # fmt: skip


def tool(plant: Plant, n: int) -> None:
    """Add a tool; two of three are lent, some due at one time."""
    plant.sql("INSERT INTO tools (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    if n % 3:
        lend(plant, n)


def loan(plant: Plant, n: int) -> None:
    plant.sql("INSERT INTO tools (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    lend(plant, n)


def lend(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO tool_loans (site_id, tool_id, borrower, during, due_at, lent_by) SELECT 1, id, 'x', "
        "tstzrange('2026-01-01', NULL), %(at)s, 'x' FROM tools WHERE code = %(c)s", c=scattered(n), at=at(n),
    )  # fmt: skip


def booking(plant: Plant, n: int) -> None:
    """Book a tool; some begin at one time."""
    plant.sql("INSERT INTO tools (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n))
    plant.sql(
        "INSERT INTO tool_bookings (site_id, tool_id, borrower, during, booked_at, booked_by) SELECT 1, id, 'x', "
        "tstzrange(%(at)s, '2100-01-01'), now(), 'x' FROM tools WHERE code = %(c)s",
        c=scattered(n), at=at(n),
    )  # fmt: skip


def checklist(plant: Plant, n: int) -> None:
    plant.sql(
        "WITH c AS (INSERT INTO checklists (site_id, code) VALUES (1, %(c)s) RETURNING id) "
        "INSERT INTO checklist_versions (checklist_id, version, title, items, at, actor) "
        """SELECT id, 1, 'x', '[{"key": "a", "kind": "text", "text": "x"}]', %(at)s, 'x' FROM c""",
        c=scattered(n),
        at=at(n),
    )


def route_stop(plant: Plant, n: int) -> None:
    if n == 0:
        checklist(plant, 0)
        plant.sql("INSERT INTO inspection_routes (site_id, code, title) VALUES (1, 'R', 'x')")
    plant.sql("INSERT INTO inspection_route_stops VALUES (1, %(n)s, %(asset)s, 1)", n=n + 1)


def result(plant: Plant, n: int) -> None:
    """Answer one more stop of a round: some at the same time as others."""
    if n == 0:
        checklist(plant, 0)
        plant.sql(
            "INSERT INTO inspection_rounds (site_id, number, title, how, status, made_at, due_at, started_at) "
            "VALUES (1, 'NTH-R1', 'x', 'hand', 'under_way', now(), now(), now())"
        )
    plant.sql(
        "INSERT INTO inspection_stops (round_id, position, asset_id, checklist_id, checklist_version) "
        "VALUES (1, %(n)s, %(asset)s, 1, 1)",
        n=n + 1,
    )
    plant.sql(
        "INSERT INTO inspection_answers (round_id, position, item, typed, verdict, at, actor) "
        "SELECT 1, %(n)s, items -> 0 ->> 'key', 'x', 'noted', %(at)s, 'x' FROM checklist_versions",
        n=n + 1,
        at=at(n),
    )


def checklist_version(plant: Plant, n: int) -> None:
    if n == 0:
        checklist(plant, 0)
        return
    plant.sql(
        "INSERT INTO checklist_versions (checklist_id, version, title, items, at, actor) "
        """VALUES (1, %(version)s, 'x', '[{"key": "a", "kind": "text", "text": "x"}]', %(at)s, 'x')""",
        version=n + 1,
        at=at(n),
    )


def audit(plant: Plant, n: int) -> None:
    plant.sql(
        "INSERT INTO audits (site_id, number, title, kind, auditor, made_at) "
        "VALUES (1, %(c)s, 'x', 'site', 'x', %(at)s)",
        c=scattered(n),
        at=at(n),
    )


def finding(plant: Plant, n: int) -> None:
    if n == 0:
        audit(plant, 0)
    plant.sql(
        "INSERT INTO audit_findings (audit_id, seq, statement, grade, owner, due, state, state_at) "
        "VALUES (1, %(seq)s, 'x', 'minor', 'x', %(due)s, %(state)s, %(at)s)",
        seq=n + 1,
        due=(NOW + timedelta(days=500 * (n * 7 % 5))).date(),
        state=("open", "answered", "verified")[n % 3],
        at=at(n),
    )


PLANNED = {"site": "NTH", "title": "Look", "object": "asset", "objects": ["P-101"]} | {
    "calendar": {"rule": "FREQ=WEEKLY", "starts": "2026-01-10T08:00"}
}


def plan_version(plant: Plant, n: int) -> None:
    if n == 0:
        plant.post("maintenance-plans", PLANNED | {"code": "P"})
    else:
        plant.post(
            "maintenance-plans/1", {k: v for k, v in PLANNED.items() if k != "site"} | {"title": f"Look {n}"}, "PUT"
        )


def skipped(plant: Plant, n: int) -> None:
    """Leave the next occurrence of a plan out: what comes later is at the beginning."""
    if n == 0:
        plant.post("maintenance-plans", PLANNED | {"code": "P"})
    plant.post("maintenance-plans/1/series/1/skip", {"number": n + 1, "why": "x"})


def weekly(plant: Plant, n: int) -> None:
    plant.post("maintenance-plans", PLANNED | {"code": f"P{n}"})


STATES = ("unacknowledged", "latched", "acknowledged", "shelved", "out_of_service")
PLAN = {"title": "Look", "steps": [{"instruction": "look", "kind": "instruction"}]}


def scattered(n: int) -> str:
    """Return a name that sorts among the others wherever it comes."""
    return f"z{n * 7 % 31:02}-{n}"


Add = Callable[[Plant, int], object]
LISTS: dict[str, tuple[Add, Callable[[Any], object]]] = {
    "/work-orders": (order, lambda row: row["id"]),
    "/sites": (
        lambda plant, n: plant.sql(
            "INSERT INTO sites (code, name, time_zone) VALUES (%(c)s, 'x', 'UTC')", c=f"S{scattered(n)}"
        ),
        lambda row: row["id"],
    ),
    "/locations": (
        lambda plant, n: plant.sql(
            "INSERT INTO locations (site_id, code, name, level) VALUES (1, %(c)s, 'x', 'area')", c=scattered(n)
        ),
        lambda row: row["id"],
    ),
    "/assets": (
        lambda plant, n: plant.sql(
            "INSERT INTO assets (site_id, code, name, class, criticality) VALUES (1, %(c)s, 'x', 'pump', 2)",
            c=scattered(n),
        ),
        lambda row: row["id"],
    ),
    "/alarms": (
        lambda plant, n: plant.sql(
            "INSERT INTO alarms (asset_id, source, severity, summary, arrival, raised_at) "
            "VALUES (%(asset)s, 'rule:x', 1, 'x', %(n)s, %(at)s)",
            n=n,
            at=at(n),
        ),
        lambda row: row["id"],
    ),
    "/alarms/states": (
        lambda plant, n: plant.sql(
            "INSERT INTO alarm_points (asset_id, source, state, severity, since) "
            "VALUES (%(asset)s, %(source)s, %(state)s, %(severity)s, %(at)s)",
            source=f"rule:{scattered(n)}",
            state=STATES[n % 5],
            severity=n % 3 + 1,
            at=at(n) if n % 4 else None,
        ),
        lambda row: row["source"],
    ),
    "/alarms/moves": (
        lambda plant, n: plant.sql(
            "INSERT INTO alarm_moves (asset_id, source, at, actor, move, old_state, new_state) "
            "VALUES (%(asset)s, 'rule:x', now(), 'x', 'raise', 'normal', 'unacknowledged')"
        ),
        lambda row: row["id"],
    ),
    "/downtimes": (
        lambda plant, n: plant.sql(
            "INSERT INTO planned_downtimes (asset_id, starts_at, reason, actor) VALUES (%(asset)s, %(at)s, 'x', 'x')",
            at=at(n),
        ),
        lambda row: row["id"],
    ),
    "/technicians": (
        lambda plant, n: plant.sql(
            "INSERT INTO technicians (site_id, code, name) VALUES (1, %(c)s, 'x')", c=scattered(n)
        ),
        lambda row: row["id"],
    ),
    "/documents/{kind}": (
        lambda plant, n: plant.post("documents/rulebook", {"document": {}, "why": f"the {n}th"}),
        lambda row: row["number"],
    ),
    "/shadow-runs": (shadow_run, lambda row: row["id"]),
    "/shadow-runs/{run_id}/orders": (shadow_order, lambda row: row["id"]),
    "/rules": (rules, lambda row: row["id"]),
    "/devices": (
        lambda plant, n: plant.post(f"devices/{scattered(n)}/bind?new=device&new=asset", {"assets": [f"NTH/A-{n}"]}),
        lambda row: row["device"],
    ),
    "/quarantine": (refusal, lambda row: row["id"]),
    "/users": (
        lambda plant, n: plant.post("users", {"name": scattered(n), "full_name": "x", "roles": ["viewer"]}),
        lambda row: row["name"],
    ),
    "/keys": (
        lambda plant, n: plant.post("keys", {"name": scattered(n), "roles": ["viewer"]}),
        lambda row: row["name"],
    ),
    "/access-changes": (
        lambda plant, n: plant.post("keys", {"name": scattered(n), "roles": ["viewer"]}),
        lambda row: row["id"],
    ),
    "/job-plans": (lambda plant, n: plant.post(f"job-plans/{scattered(n)}", PLAN, "PUT"), lambda row: row["code"]),
    "/maintenance-plans": (
        lambda plant, n: plant.post("maintenance-plans", PLANNED | {"code": scattered(n)}),
        lambda row: row["code"],
    ),
    "/maintenance-plans/{plan_id}/occurrences": (
        skipped,
        lambda row: (row["series_id"], row["number"]),
    ),
    "/maintenance-plans/calendar": (weekly, lambda row: (row["series_id"], row["number"])),
    "/maintenance-plans/forecast": (weekly, lambda row: (row["begins"], row["trade"])),
    "/maintenance-plans/{plan_id}/versions": (plan_version, lambda row: row["version"]),
    "/changes": (
        lambda plant, n: plant.post(f"assets/{plant.asset}", {"criticality": n % 4 + 1}, "PATCH"),
        lambda row: row["id"],
    ),
    "/safety-proposals": (
        lambda plant, n: plant.sql(
            "INSERT INTO safety_proposals (plan, was, change, why, proposed_by, proposed_at) "
            "VALUES (%(c)s, '{\"permits_lost\": []}', '{}', 'x', 'person:x', now())",
            c=scattered(n),
        ),
        lambda row: row["id"],
    ),
    "/assets/{asset_id}/late-excursions": (late_excursion, lambda row: row["rule"]),
    "/signals": (
        lambda plant, n: plant.sql(
            "INSERT INTO signals (asset_id, name) VALUES (%(asset)s, %(c)s)", c=scattered(n)
        ),
        lambda row: (row["asset"], row["name"]),
    ),
    "/runs": (run, lambda row: row["id"]),
    "/runs/{run_key}/log": (line, lambda row: row["seq"]),
    "/events": (happening, lambda row: row["id"]),
    "/receivers": (receiver, lambda row: row["id"]),
    "/receivers/{receiver_id}/messages": (message, lambda row: row["event_id"]),
    "/receivers/{receiver_id}/attempts": (attempt, lambda row: row["id"]),
    "/items": (item, lambda row: row["id"]),
    "/items/{item_id}/lots": (lot, lambda row: row["lot"]),
    "/stores": (store, lambda row: row["id"]),
    "/stock": (item, lambda row: row["item_id"]),
    "/stock-bins": (item, lambda row: row["item_id"]),
    "/stock-movements": (item, lambda row: row["id"]),
    "/reservations": (reservation, lambda row: row["line"]),
    "/work-orders/{order_id}/reservations": (reservation, lambda row: row["line"]),
    "/purchase-requests": (purchase, lambda row: row["id"]),
    "/bills-of-material": (bill, lambda row: row["item"]),
    "/tools": (tool, lambda row: row["id"]),
    "/tool-loans": (loan, lambda row: row["id"]),
    "/tool-bookings": (booking, lambda row: row["id"]),
    "/checklists": (checklist, lambda row: row["id"]),
    "/checklist-items": (checklist, lambda row: row["point"]),
    "/route-stops": (route_stop, lambda row: row["position"]),
    "/inspection-results": (result, lambda row: row["position"]),
    "/checklists/{checklist_id}/versions": (checklist_version, lambda row: row["version"]),
    "/inspection-routes": (
        lambda plant, n: plant.sql(
            "INSERT INTO inspection_routes (site_id, code, title) VALUES (1, %(c)s, 'x')", c=scattered(n)
        ),
        lambda row: row["id"],
    ),
    "/rounds": (
        lambda plant, n: plant.sql(
            "INSERT INTO inspection_rounds (site_id, number, title, how, status, made_at, due_at) "
            "VALUES (1, %(c)s, 'x', 'hand', 'due', %(at)s, %(at)s)", c=scattered(n), at=at(n)
        ),
        lambda row: row["id"],
    ),
    "/audits": (audit, lambda row: row["id"]),
    "/audit-findings": (finding, lambda row: row["seq"]),
}  # fmt: skip


OF_PEOPLE = {"/calendar-feeds"}
"""A person's own, so that a key has none: test_feeds reads it."""


@pytest.fixture
def plant(client, seeded, database, monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", people.CHEAP)
    with psycopg.connect(database, autocommit=True) as conn:
        found = conn.execute(f"SELECT {ONE_ORDER}").fetchone()
        assert found is not None
        yield Plant(client, conn, seeded.assets["P-102"], found[0])


def test_every_list_of_the_api_is_walked_here(client):
    paged = {
        path.removeprefix(V1)
        for path, methods in client.app.openapi()["paths"].items()
        if "cursor" in {each["name"] for each in methods.get("get", {}).get("parameters", ())}
    }
    assert paged - OF_PEOPLE == set(LISTS)
    assert len(paged) > 20


def address(path: str, asset: int = 1, order_id: UUID = RUN) -> str:
    return V1 + path.format(
        kind="rulebook", run_id=1, asset_id=asset, run_key=RUN, receiver_id=1, plan_id=1, checklist_id=1, item_id=1,
        order_id=order_id,
    )  # fmt: skip


def rows_of(answer: Any) -> list[Any]:
    body = answer.json()
    return body if isinstance(body, list) else body["items"]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_walked_while_rows_come_and_nothing_is_missed_or_seen_twice(plant, path):
    add, key = LISTS[path]
    for n in range(ROWS):
        add(plant, n)
    there = [
        key(row) for row in rows_of(plant.client.get(address(path, plant.asset, plant.order), params={"limit": 200}))
    ]
    assert ROWS <= len(set(there)) == len(there)
    seen, url, coming = [], f"{address(path, plant.asset, plant.order)}?limit=10", ROWS
    while url:
        answer = plant.client.get(url)
        assert answer.status_code == 200, answer.text
        seen += [key(row) for row in rows_of(answer)]
        url = answer.links.get("next", {}).get("url", "")
        if not isinstance(answer.json(), list):
            assert answer.json()["next"] == (url or None)
        for n in range(coming, coming + COMING) if coming < ROWS + 4 * COMING else ():
            add(plant, n)
        coming += COMING
    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen)
    assert [each for each in seen if each in set(there)] == there


def encoded(said: Any) -> str:
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    return urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_the_list_did_not_give_is_refused(plant, path):
    add, _ = LISTS[path]
    for n in range(2):
        add(plant, n)
    first = plant.client.get(address(path, plant.asset, plant.order), params={"limit": 1})
    true = first.links["next"]["url"].partition("cursor=")[2].partition("&")[0]
    sign, values = json.loads(urlsafe_b64decode(true + "=="))
    far = [2**63, -(2**63) - 1, 10**400, "\0", "\ud800", "9999-12-31T23:59:59-14:00", None, True, [], {}, 1.5, ""]
    hostile = [encoded([sign, [each] * len(values)]) for each in far]
    hostile += [encoded([sign, values[:-1]]), encoded([sign, [*values, 1]]), encoded(["0" * 12, values])]
    hostile += [
        "",
        "!",
        "a",
        "é",
        "\0",
        true[:-3],
        "x" * 5_000,
        encoded(b"\xff"),
        encoded(b"[" * 900),
        encoded(b"1e9999"),
    ]
    for each in hostile:
        answer = plant.client.get(address(path, plant.asset, plant.order), params={"limit": 1, "cursor": each})
        assert answer.status_code == 422 or (answer.status_code == 200 and each in hostile[:12]), (each, answer.text)
        assert answer.status_code == 200 or "cursor" in answer.json()["detail"]
    assert plant.client.get(first.links["next"]["url"]).status_code == 200


def test_a_cursor_of_another_list_or_other_filters_is_refused_with_what_to_do(plant):
    for n in range(2):
        LISTS["/alarms/moves"][0](plant, n)
    moves = f"{V1}/alarms/moves"
    url = plant.client.get(moves, params={"limit": 1}).links["next"]["url"]
    cursor = url.partition("cursor=")[2]
    for path, more in (("/changes", {}), ("/safety-proposals", {}), ("/alarms/moves", {"source": "rule:x"})):
        answer = plant.client.get(V1 + path, params={"cursor": cursor} | more)
        assert answer.status_code == 422
        assert "leave it out for the first page" in answer.json()["detail"]
    assert plant.client.get(moves, params={"cursor": cursor, "limit": 7}).status_code == 200


@pytest.mark.parametrize("old", ["offset", "before", "page"])
def test_what_lists_were_paged_by_before_is_refused_with_the_name_of_what_pages_them_now(client, old):
    for path in LISTS:
        if (path, old) == ("/downtimes", "before"):
            continue  # a filter by time there
        answer = client.get(address(path), params={old: "1"})
        assert answer.status_code == 422
        assert f"there is no parameter '{old}' any more: a list goes on by 'cursor'" in answer.json()["detail"]
