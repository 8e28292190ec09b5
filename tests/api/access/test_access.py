"""Every endpoint × every role: who is let in, who is not, and what of another site is not there."""

import re

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.asking import Needs
from db import scope
from tests import people
from tests.api.access.role_tables import ALL, INSPECTIONS, JUDGING, OPEN, ORDERS, RUNS, SCHEDULES, A, K, P, R, T, V
from tests.api.conftest import KEY
from tests.parts.most_slow import most_slow
from workorder_core.people.access import Role

TABLE: dict[str, set[Role]] = {
    **ORDERS,
    **JUDGING,
    **INSPECTIONS,
    **RUNS,
    **SCHEDULES,
    "GET /health/live": OPEN,
    "GET /health/ready": OPEN,
    "GET /login": OPEN,
    "POST /login": OPEN,
    "GET /tech": OPEN,
    "GET /tech/": OPEN,
    "GET /tech/worker.js": OPEN,
    "GET /tech/manifest.webmanifest": OPEN,
    "GET /tech/texts/{language}.json": OPEN,
    "GET /tech/session": OPEN,
    "GET /metrics": ALL,
    "GET /try-as": ALL,
    "POST /try-as": ALL,
    "POST /logout": ALL,
    "GET /password": ALL,
    "POST /password": ALL,
    "GET /": ALL,
    "GET /assets": ALL,
    "GET /assets/{asset_id}": ALL,
    "POST /assets/{asset_id}/downtimes": {P, R, A},
    "POST /downtimes/{downtime_id}/cancel": {P, R, A},
    "GET /q/{token}": ALL,
    "GET /labels": ALL,
    "POST /assets/{asset_id}/label": {P, R, A},
    "POST /locations/{location_id}/label": {P, R, A},
    "GET /api/v1/labels": ALL,
    "GET /api/v1/scanned": ALL,
    "GET /api/v1/assets/{asset_id}/scan-address": ALL,
    "POST /api/v1/assets/{asset_id}/scan-address": {P, R, A},
    "GET /api/v1/locations/{location_id}/scan-address": ALL,
    "POST /api/v1/locations/{location_id}/scan-address": {P, R, A},
    "GET /calendar/{token}.ics": OPEN,
    "GET /language": ALL,
    "POST /language": ALL,
    "PATCH /api/v1/me": ALL,
    "GET /my-calendars": ALL,
    "POST /my-calendars": ALL,
    "POST /my-calendars/{feed_id}/revoke": ALL,
    "GET /api/v1/calendar-feeds": ALL,
    "POST /api/v1/calendar-feeds": ALL,
    "POST /api/v1/calendar-feeds/{feed_id}/revoke": ALL,
    "GET /devices": ALL,
    "POST /devices": {R, A},
    "POST /devices/{device}/unbind": {R, A},
    "GET /api/v1/devices": ALL,
    "POST /api/v1/devices/{device}/bind": {R, A},
    "POST /api/v1/devices/{device}/unbind": {R, A},
    "GET /engine": ALL,
    "GET /docs": ALL,
    "GET /api/v1/engine": ALL,
    "POST /assets/{asset_id}/judged-as": {P, R, A},
    "GET /assets/{asset_id}/signals/{signal:path}": ALL,
    "POST /assets/{asset_id}/signals/{signal:path}": {P, R, A},
    "GET /on-call": ALL,
    "GET /on-call/new": {P, A},
    "POST /on-call/new": {P, A},
    "GET /on-call/{rota_id}": ALL,
    "POST /on-call/{rota_id}": {P, A},
    "GET /escalations": ALL,
    "POST /escalations/chief": {P, A},
    "GET /escalations/policies/new": {P, A},
    "POST /escalations/policies/new": {P, A},
    "GET /escalations/policies/{policy_id}": ALL,
    "POST /escalations/policies/{policy_id}": {P, A},
    "POST /escalations/policies/{policy_id}/retire": {P, A},
    "GET /technician-devices": {P, R, A},
    "POST /technician-devices/{mobile_id}/revoke": {P, R, A},
    "POST /technician-devices/reports/{op_id}": {P, R, A},
    "POST /orders/{order_id}/reports/{op_id}": {P, R, A},
    "GET /escalations/{escalation_id}": ALL,
    "POST /escalations/{escalation_id}/acknowledge": {T, P, R, A},
    "POST /escalations/{escalation_id}/decline": ALL,
    "POST /escalations/{escalation_id}/hand-on": {T, P, R, A},
    "GET /asked/{token}": OPEN,
    "POST /asked/{token}/{given}": OPEN,
    "POST /on-call/{rota_id}/overrides": {P, A},
    "POST /on-call/{rota_id}/retire": {P, A},
    "POST /on-call/{rota_id}/swaps": ALL,
    "POST /on-call/{rota_id}/swaps/{swap_id}/{given}": ALL,
    "POST /on-call/{rota_id}/overrides/{override_id}/cancel": {P, A},
    "GET /planned-work": ALL,
    "GET /planned-work/forecast": ALL,
    "GET /planned-work/plans": ALL,
    "GET /planned-work/new": {P, R, A},
    "POST /planned-work/new": {P, R, A},
    "GET /planned-work/preview": {P, R, A},
    "GET /planned-work/plans/{plan_id}": ALL,
    "POST /planned-work/plans/{plan_id}": {P, R, A},
    "POST /planned-work/plans/{plan_id}/skip": {P, R, A},
    "POST /planned-work/plans/{plan_id}/count": {T, P, R, A},
    "GET /access": {A},
    "POST /access/users": {A},
    "POST /access/users/{user_name}": {A},
    "POST /access/users/{user_name}/password": {A},
    "POST /access/keys": {A},
    "POST /access/keys/{key_name}/revoke": {A},
    "GET /api/v1/openapi.json": ALL,
    "GET /api/v1/me": ALL,
    "GET /api/v1/users": {A},
    "POST /api/v1/users": {A},
    "GET /api/v1/users/{user_name}": {A},
    "PUT /api/v1/users/{user_name}": {A},
    "POST /api/v1/users/{user_name}/password": {A},
    "GET /api/v1/keys": {A},
    "POST /api/v1/keys": {A},
    "POST /api/v1/keys/{key_name}/revoke": {A},
    "GET /api/v1/access-changes": {A},
    "GET /api/v1/changes": ALL,
    "GET /api/v1/events": ALL,
    "GET /api/v1/safety-proposals": ALL,
    "GET /api/v1/safety-proposals/{proposal_id}": ALL,
    "POST /api/v1/safety-proposals/{proposal_id}/confirm": {P, R, A},
    "POST /api/v1/safety-proposals/{proposal_id}/reject": {P, R, A},
    "GET /changes": ALL,
    "GET /audit-report": {P, R, A},
    "POST /audit-report": {P, R, A},
    "GET /locations/{location_id}": ALL,
    "POST /assets/{asset_id}/files/new": {T, P, R, A},
    "POST /locations/{location_id}/files/new": {T, P, R, A},
    "POST /files/{file_id}/delete": {P, R, A},
    "GET /api/v1/assets/{asset_id}/files": ALL,
    "POST /api/v1/assets/{asset_id}/files": {T, P, R, A},
    "GET /api/v1/locations/{location_id}/files": ALL,
    "POST /api/v1/locations/{location_id}/files": {T, P, R, A},
    "GET /api/v1/files/{file_id}": ALL,
    "GET /api/v1/files/{file_id}/thumbnail": ALL,
    "DELETE /api/v1/files/{file_id}": {P, R, A},
    "GET /outbox": {A},
    "POST /outbox": {A},
    "GET /outbox/{receiver_id}": {A},
    "POST /outbox/{receiver_id}/{verb}": {A},
    "POST /outbox/{receiver_id}/messages/{event_id}/{verb}": {A},
    "GET /notifications": ALL,
    "POST /notifications": ALL,
    "GET /api/v1/receivers": {A},
    "POST /api/v1/receivers": {A},
    "GET /api/v1/receivers/{receiver_id}": {A},
    "DELETE /api/v1/receivers/{receiver_id}": {A},
    "POST /api/v1/receivers/{receiver_id}/pause": {A},
    "POST /api/v1/receivers/{receiver_id}/enable": {A},
    "POST /api/v1/receivers/{receiver_id}/test": {A},
    "POST /api/v1/receivers/{receiver_id}/secret": {A},
    "GET /api/v1/receivers/{receiver_id}/messages": {A},
    "GET /api/v1/receivers/{receiver_id}/attempts": {A},
    "POST /api/v1/receivers/{receiver_id}/messages/{event_id}/replay": {A},
    "POST /api/v1/receivers/{receiver_id}/messages/{event_id}/skip": {A},
    "GET /api/v1/outbox": {A},
    "GET /api/v1/me/notifications": ALL,
    "PUT /api/v1/me/notifications": ALL,
    "POST /api/v1/me/notifications/{channel}/test": ALL,
    "GET /api/v1/me/messages": ALL,
    "POST /api/v1/me/messages/{event_id}/seen": ALL,
    "GET /api/v1/me/news": ALL,
    "GET /api/v1/sites/{site_code}/notification-policy": ALL,
    "PUT /api/v1/sites/{site_code}/notification-policy": {P, A},
    "GET /api/v1/sites/{site_code}/notification-policy/versions": ALL,
    "GET /api/v1/work-orders/{order_id}/messages": ALL,
    "GET /notification-policy": ALL,
    "POST /notification-policy": {P, A},
    "POST /notification-policy/news": {P, A},
    "GET /notifications/banner": ALL,
    "POST /notifications/seen": ALL,
    "POST /notifications/test/{channel}": ALL,
    "GET /costs": {P, R, A},
    "GET /costs/{site_code}": {P, R, A},
    "POST /costs/{site_code}/currency": {P, R, A},
    "POST /costs/{site_code}/labour-rate": {P, R, A},
    "POST /costs/{site_code}/model": {P, R, A},
    "GET /api/v1/sites/{site_code}/costs": {P, R, A},
    "GET /api/v1/sites/{site_code}/costs/labour-rates": {P, R, A},
    "GET /api/v1/sites/{site_code}/costs/cost-model": {P, R, A},
    "PUT /api/v1/sites/{site_code}/costs/currency": {P, R, A},
    "PUT /api/v1/sites/{site_code}/costs/labour-rate": {P, R, A},
    "PUT /api/v1/sites/{site_code}/costs/model": {P, R, A},
    "POST /safety-proposals/{proposal_id}/{verdict}": {P, R, A},
    "GET /stock": ALL,
    "GET /stock/items/{item_id}": ALL,
    "GET /stock/bins/{bin_id}": ALL,
    "POST /stock/items/new": {K, P, A},
    "POST /stock/items/{item_id}/facts": {K, P, A},
    "POST /stock/items/{item_id}/rule": {K, P, A},
    "POST /stock/stores/new": {K, P, A},
    "POST /stock/items/{item_id}/do/{verb}": {T, K, P, R, A},
    "POST /stock/items/{item_id}/keep/{verb}": {K, P, A},
    "POST /orders/{order_id}/stock/{verb}": {T, K, P, R, A},
    "GET /purchases": ALL,
    "POST /purchases/{request_id}/{verb}": {K, P, A},
    "GET /tools": ALL,
    "POST /tools/new": {K, P, A},
    "GET /stock/counting": ALL,
    "POST /stock/counting/{store_id}": {T, K, P, R, A},
    "GET /stock/bills": ALL,
    "POST /stock/bills/{verb}": {K, P, A},
    "POST /stock/items/{item_id}/ask": {T, K, P, R, A},
    "GET /tools/{tool_id}": ALL,
    "POST /tools/{tool_id}/facts": {K, P, A},
    "POST /tools/{tool_id}/book": {T, K, P, R, A},
    "POST /tool-bookings/{booking_id}/cancel": {T, K, P, R, A},
    "POST /tools/{tool_id}/{verb}": {T, K, P, R, A},
    "GET /api/v1/items": ALL,
    "POST /api/v1/items": {K, P, A},
    "GET /api/v1/items/{item_id}": ALL,
    "PUT /api/v1/items/{item_id}": {K, P, A},
    "GET /api/v1/items/{item_id}/lots": ALL,
    "GET /api/v1/items/{item_id}/where-used": ALL,
    "PUT /api/v1/items/{item_id}/stores/{store_id}": {K, P, A},
    "GET /api/v1/items/{item_id}/scan-address": ALL,
    "GET /api/v1/bins/{bin_id}/scan-address": ALL,
    "POST /api/v1/items/{item_id}/receive": {K, P, A},
    "POST /api/v1/items/{item_id}/issue": {T, K, P, R, A},
    "POST /api/v1/items/{item_id}/return": {T, K, P, R, A},
    "POST /api/v1/items/{item_id}/count": {T, K, P, R, A},
    "POST /api/v1/items/{item_id}/adjust": {K, P, A},
    "POST /api/v1/items/{item_id}/transfer": {K, P, A},
    "GET /api/v1/stores": ALL,
    "POST /api/v1/stores": {K, P, A},
    "POST /api/v1/stores/{store_id}/bins": {K, P, A},
    "GET /api/v1/stock": ALL,
    "GET /api/v1/stock-movements": ALL,
    "GET /api/v1/bills-of-material": ALL,
    "PUT /api/v1/bills-of-material": {K, P, A},
    "GET /api/v1/reservations": ALL,
    "GET /api/v1/work-orders/{order_id}/reservations": ALL,
    "POST /api/v1/work-orders/{order_id}/reservations": {T, K, P, R, A},
    "DELETE /api/v1/work-orders/{order_id}/reservations/{line}": {T, K, P, R, A},
    "GET /api/v1/purchase-requests": ALL,
    "POST /api/v1/purchase-requests": {T, K, P, R, A},
    "GET /api/v1/purchase-requests/{request_id}": ALL,
    "POST /api/v1/purchase-requests/{request_id}/order": {K, P, A},
    "POST /api/v1/purchase-requests/{request_id}/receive": {K, P, A},
    "POST /api/v1/purchase-requests/{request_id}/cancel": {K, P, A},
    "GET /api/v1/tools": ALL,
    "POST /api/v1/tools": {K, P, A},
    "GET /api/v1/tools/{tool_id}": ALL,
    "PUT /api/v1/tools/{tool_id}": {K, P, A},
    "POST /api/v1/tools/{tool_id}/lend": {T, K, P, R, A},
    "POST /api/v1/tools/{tool_id}/return": {T, K, P, R, A},
    "GET /api/v1/stock-bins": ALL,
    "POST /api/v1/stores/{store_id}/counts": {T, K, P, R, A},
    "GET /api/v1/tool-bookings": ALL,
    "POST /api/v1/tools/{tool_id}/bookings": {T, K, P, R, A},
    "POST /api/v1/tool-bookings/{booking_id}/cancel": {T, K, P, R, A},
    "GET /api/v1/tool-loans": ALL,
    "GET /api/v1/on-call": ALL,
    "POST /api/v1/sync/operations": {T, P, R, A},
    "GET /api/v1/sync/changes": {T, P, R, A},
    "GET /api/v1/sync/catalogue": {T, P, R, A},
    "PUT /api/v1/sync/files": {T, P, R, A},
    "GET /api/v1/sync/files": {T, P, R, A},
    "GET /api/v1/sync/operations": {P, R, A},
    "POST /api/v1/sync/operations/{op_id}/take-over": {P, R, A},
    "POST /api/v1/sync/operations/{op_id}/set-aside": {P, R, A},
    "GET /api/v1/sync/devices": {P, R, A},
    "POST /api/v1/sync/devices/{mobile_id}/revoke": {P, R, A},
    "GET /api/v1/escalations": ALL,
    "GET /api/v1/escalations/{escalation_id}": ALL,
    "POST /api/v1/escalations/{escalation_id}/acknowledge": {T, P, R, A},
    "POST /api/v1/escalations/{escalation_id}/decline": ALL,
    "POST /api/v1/escalations/{escalation_id}/hand-on": {T, P, R, A},
    "GET /api/v1/sites/{site_code}/chief": ALL,
    "PUT /api/v1/sites/{site_code}/chief": {P, A},
    "GET /api/v1/escalation-policies": ALL,
    "POST /api/v1/escalation-policies": {P, A},
    "GET /api/v1/escalation-policies/{policy_id}": ALL,
    "PUT /api/v1/escalation-policies/{policy_id}": {P, A},
    "DELETE /api/v1/escalation-policies/{policy_id}": {P, A},
    "GET /api/v1/escalation-policies/{policy_id}/versions": ALL,
    "GET /api/v1/rotas": ALL,
    "POST /api/v1/rotas": {P, A},
    "GET /api/v1/rotas/{rota_id}": ALL,
    "PUT /api/v1/rotas/{rota_id}": {P, A},
    "DELETE /api/v1/rotas/{rota_id}": {P, A},
    "GET /api/v1/rotas/{rota_id}/versions": ALL,
    "GET /api/v1/rotas/{rota_id}/duties": ALL,
    "GET /api/v1/rotas/{rota_id}/gaps": ALL,
    "GET /api/v1/rotas/{rota_id}/overrides": ALL,
    "POST /api/v1/rotas/{rota_id}/overrides": {P, A},
    "GET /api/v1/rotas/{rota_id}/swaps": ALL,
    "POST /api/v1/rotas/{rota_id}/swaps": ALL,
    "POST /api/v1/rotas/{rota_id}/swaps/{swap_id}/answer": ALL,
    "POST /api/v1/rotas/{rota_id}/overrides/{override_id}/cancel": {P, A},
    "GET /api/v1/maintenance-plans": ALL,
    "POST /api/v1/maintenance-plans": {P, R, A},
    "POST /api/v1/maintenance-plans/preview": {P, R, A},
    "GET /api/v1/maintenance-plans/calendar": ALL,
    "GET /api/v1/maintenance-plans/forecast": ALL,
    "GET /api/v1/maintenance-plans/generating": ALL,
    "GET /api/v1/maintenance-plans/{plan_id}": ALL,
    "PUT /api/v1/maintenance-plans/{plan_id}": {P, R, A},
    "DELETE /api/v1/maintenance-plans/{plan_id}": {P, R, A},
    "GET /api/v1/maintenance-plans/{plan_id}/versions": ALL,
    "GET /api/v1/maintenance-plans/{plan_id}/occurrences": ALL,
    "GET /api/v1/maintenance-plans/{plan_id}/expected": ALL,
    "POST /api/v1/maintenance-plans/{plan_id}/series/{series_id}/skip": {P, R, A},
    "POST /api/v1/assets/{asset_id}/meter-entries": {T, P, R, A},
    "GET /api/v1/sites/{site_code}/calendar": ALL,
    "PUT /api/v1/sites/{site_code}/calendar": {P, R, A},
    "GET /api/v1/sites/{site_code}/targets": ALL,
    "PUT /api/v1/sites/{site_code}/targets": {P, R, A},
    "GET /api/v1/sites": ALL,
    "GET /api/v1/locations": ALL,
    "GET /api/v1/assets": ALL,
    "GET /api/v1/signals": ALL,
    "GET /api/v1/assets/{asset_id}": ALL,
    "PATCH /api/v1/assets/{asset_id}": {P, R, A},
    "PATCH /api/v1/assets/{asset_id}/signals/{signal:path}": {P, R, A},
    "GET /api/v1/assets/{asset_id}/health": ALL,
    "GET /api/v1/assets/{asset_id}/late-excursions": ALL,
    "GET /api/v1/assets/{asset_id}/readings": ALL,
    "GET /api/v1/downtimes": ALL,
    "POST /api/v1/assets/{asset_id}/downtimes": {P, R, A},
    "POST /api/v1/downtimes/{downtime_id}/cancel": {P, R, A},
    "GET /api/v1/technicians": ALL,
    "POST /api/v1/technicians": {P, A},
    "GET /api/v1/technicians/{technician_id}": ALL,
    "PUT /api/v1/technicians/{technician_id}": {P, A},
    "GET /api/v1/technicians/{technician_id}/absences": ALL,
    "POST /api/v1/technicians/{technician_id}/absences": {T, P, A},
    "DELETE /api/v1/technicians/{technician_id}/absences/{absence_id}": {P, A},
    "GET /api/v1/technicians/{technician_id}/rate": {P, R, A},
    "PUT /api/v1/technicians/{technician_id}/rate": {P, A},
    "GET /api/v1/sites/{site_code}/workforce": ALL,
    "PUT /api/v1/sites/{site_code}/workforce": {P, A},
}

EVERY_SITE = {
    name
    for name in TABLE
    if re.search(
        r"/(documents|rules|models|shadow|shadow-runs|users|keys|access|access-changes|(?<!alarms/)metrics|(?<!sync/)devices|receivers|outbox"
        r"|backtests)(/|$)"
        r"|/retry$|/quarantine/drop$|{kept_id}",
        name,
    )
}
"""Concerns the whole plant, so that who is scoped to some sites may not."""

NO_SITES = {
    "language",
    "help_id",
    "quote_version",
    "kind",
    "token",
    "given",
    "feed_id",
    "device",
    "signal",
    "seq",
    "line",
    "position",
    "item",
    "photo_id",
    "attachment_id",
    "plan_code",
    "site_code",
    "run_id",
    "verb",
    "step",
    "version_number",
    "user_name",
    "key_name",
    "kept_id",
    "receiver_id",
    "channel",
    "event_id",
    "rule",
    "verdict",
    "table",
    "file_name",
}
"""Names in paths that are of no site."""


def test_the_table_has_a_row_for_every_route_and_no_other(every):
    assert every.keys() == TABLE.keys()


def test_every_route_declares_its_roles_beside_itself(every):
    for name, route in every.items():
        needed = [each.call for each in route.dependant.dependencies if isinstance(each.call, Needs)]
        if TABLE[name] == OPEN:
            assert needed == []
        else:
            assert len(needed) == 1, name
            assert needed[0].roles | {A} == TABLE[name], name
            assert needed[0].every_site == (name in EVERY_SITE), name


def test_every_id_in_a_path_is_known_to_be_of_a_site_or_of_none(every):
    names = {name for route in every.values() for name in re.findall(r"{(\w+)(?::\w+)?}", route.path)}
    assert names <= scope.KINDS.keys() | NO_SITES


def called(client: TestClient, name: str, **ids: object):
    """Call a route with ids that there are, and otherwise with nothing that it could do."""
    method, path = name.split(" ", 1)
    path = re.sub(r"{(\w+)(?::\w+)?}", lambda match: str(ids.get(match[1], "1")), path)
    if method == "GET":
        return client.get(path)
    if path.startswith("/api/"):
        return client.request(method, path, json={"no such": "field"})
    return client.request(method, path, data={}, headers={"Origin": "http://localhost"})


@pytest.mark.parametrize("role", most_slow(Role, Role.REQUESTER, Role.TECHNICIAN, Role.PLANNER))
def test_every_endpoint_lets_just_its_roles_in(known, seeded, role):
    client = known(role)
    ids = {"order_id": seeded.orders["done"], "asset_id": seeded.assets["P-101"], "kind": "rulebook", "step": "start"}
    for name, roles in TABLE.items():
        answer = called(client, name, **ids)
        if name == "POST /login":
            assert answer.status_code == 401, "a name and a password are asked for"
        elif roles == OPEN or role in roles:
            assert answer.status_code not in (401, 403, 500), f"{role} {name}: {answer.text}"
        else:
            assert answer.status_code == 403, f"{role} {name}: {answer.status_code}"
            assert "needs one of the roles" in answer.text


@pytest.mark.parametrize("header", [{}, {"X-API-Key": "pw_0123456789"}, {"Authorization": "Bearer no"}])
def test_nothing_but_health_and_the_door_opens_without(pool, seeded, header):
    app = create(pool, keys={"planner": KEY})
    client = TestClient(app, base_url="http://localhost", headers=header, follow_redirects=False)
    for name, roles in TABLE.items():
        if name == "POST /login":
            continue
        answer = called(client, name, kind="rulebook", order_id=seeded.orders["done"], step="start")
        assert (answer.status_code == 401) == (roles != OPEN), f"{name}: {answer.status_code}"
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert "X-API-Key" in answer.json()["detail"]
    assert client.get("/static/board.css").status_code == 200


def test_a_revoked_key_opens_nothing_at_once(pool, known, seeded):
    client = known(P, name="scada")
    assert client.get("/api/v1/sites").status_code == 200
    with pool.connection() as conn:
        conn.execute("UPDATE api_keys SET revoked_at = now() WHERE name = 'scada'")
    assert client.get("/api/v1/sites").status_code == 401


def test_of_a_key_only_its_hash_and_its_beginning_are_stored(pool):
    with pool.connection() as conn:
        key = people.add_key(conn, "scada", V)
        (row,) = conn.execute("SELECT to_jsonb(k)::text FROM api_keys k").fetchone()
    assert key not in row
    assert key[10:] not in row
    assert len(key) > 50
