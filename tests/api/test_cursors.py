"""Every list goes on after its last row: what comes meanwhile neither hides a row nor shows one twice."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api import passwords
from tests import people
from tests.api.lists.rows import (
    RUN,
    V1,
    Plant,
    at,
    attempt,
    happening,
    late_excursion,
    line,
    message,
    order,
    receiver,
    refusal,
    rules,
    run,
    scattered,
    shadow_order,
    shadow_run,
)
from tests.api.lists.rows_of_devices import device, report
from tests.api.lists.rows_of_messages import help_text, message_of_order, policy_version, request
from tests.api.lists.rows_of_people import actual, asked_skill, skill_certificate
from tests.api.lists.rows_of_rotas import (
    escalation,
    escalation_policy,
    escalation_policy_version,
    overridden,
    rota,
    rota_version,
    swap,
    uncovered,
)
from tests.api.lists.rows_of_work import (
    ONE_ORDER,
    PLANNED,
    audit,
    bill,
    booking,
    broken,
    checklist,
    checklist_version,
    finding,
    item,
    loan,
    lot,
    plan_version,
    purchase,
    reservation,
    result,
    route_stop,
    schedule,
    skipped,
    store,
    tool,
    triage_move,
    triage_version,
    unscheduled,
    visit,
    weekly,
)

ROWS, COMING = 25, 3
STATES = ("unacknowledged", "latched", "acknowledged", "shelved", "out_of_service")
PLAN = {"title": "Look", "steps": [{"instruction": "look", "kind": "instruction"}]}

Add = Callable[[Plant, int], object]
LISTS: dict[str, tuple[Add, Callable[[Any], object]]] = {
    "/work-orders": (order, lambda row: row["id"]),
    "/requests": (request, lambda row: row["id"]),
    "/sites/{site_code}/self-help": (help_text, lambda row: row["id"]),
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
    "/technicians/{technician_id}/absences": (
        lambda plant, n: plant.sql(
            "INSERT INTO absences (technician_id, site_id, starts_at, recorded_at, recorded_by) "
            "VALUES (1, 1, now() + %(n)s * interval '1 hour', now(), 'x')",
            n=n,
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
    "/sync/operations": (report, lambda row: row["op_id"]),
    "/sync/devices": (device, lambda row: row["id"]),
    "/escalations": (escalation, lambda row: row["id"]),
    "/escalation-policies": (lambda plant, n: escalation_policy(plant, code=scattered(n)), lambda row: row["code"]),
    "/escalation-policies/{policy_id}/versions": (escalation_policy_version, lambda row: row["version"]),
    "/rotas": (lambda plant, n: rota(plant, code=scattered(n)), lambda row: row["code"]),
    "/on-call": (lambda plant, n: rota(plant, code=scattered(n)), lambda row: row["rota"]),
    "/rotas/{rota_id}/versions": (rota_version, lambda row: row["version"]),
    "/rotas/{rota_id}/overrides": (overridden, lambda row: row["id"]),
    "/rotas/{rota_id}/swaps": (swap, lambda row: row["id"]),
    "/rotas/{rota_id}/duties": (overridden, lambda row: (row["begins"], row["layer"])),
    "/rotas/{rota_id}/gaps": (uncovered, lambda row: row["ends"]),
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
    "/sites/{site_code}/triage-versions/in-force": (triage_move, lambda row: row["seq"]),
    "/sites/{site_code}/triage-versions": (triage_version, lambda row: row["number"]),
    "/schedules": (schedule, lambda row: row["id"]),
    "/schedules/{schedule_id}/visits": (visit, lambda row: row["order_id"]),
    "/schedules/{schedule_id}/unscheduled": (unscheduled, lambda row: row["order_id"]),
    "/schedules/{schedule_id}/broken": (broken, lambda row: (row["rule"], row["job"], row["person"])),
    "/schedules/{schedule_id}/actuals": (actual, lambda row: row["number"]),
    "/sites/{site_code}/estimates": (actual, lambda row: (row["kind"], row["key"])),
    "/sites/{site_code}/asked-skills": (asked_skill, lambda row: (row["of"], row["code"])),
    "/sites/{site_code}/skill-certificates": (skill_certificate, lambda row: row["skill"]),
    "/schedules/{schedule_id}/changes": (visit, lambda row: row["order_id"]),
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
    "/work-orders/{order_id}/messages": (message_of_order, lambda row: row["event_id"]),
    "/sites/{site_code}/notification-policy/versions": (policy_version, lambda row: row["version"]),
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


OF_PEOPLE = {"/calendar-feeds", "/me/messages"}
"""A person's own, so that a key has none: test_feeds and test_own read them."""


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
        technician_id=1,
        kind="rulebook", run_id=1, asset_id=asset, run_key=RUN, receiver_id=1, plan_id=1, checklist_id=1, item_id=1,
        rota_id=1, policy_id=1, site_code="NTH",
        order_id=order_id,
        schedule_id=1,
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
