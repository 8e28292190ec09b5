"""What is of another site is not there, on any route, in any list, by any spelling of an id."""

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create
from db import scope
from db.plant import plant
from db.requests import requests
from db.requests.personal import Person
from tests.api.access.role_tables import A, P, V
from tests.api.access.test_access import EVERY_SITE, called
from tests.api.conftest import KEY

# Another site's things are not there.


@pytest.fixture
def elsewhere(pool, seeded):
    """A second site with one asset, and what hangs on it."""
    with pool.connection() as conn:
        one = lambda text, *given: conn.execute(text, given).fetchone()[0]  # noqa: E731
        site = one("INSERT INTO sites (code, name) VALUES ('STH', 'South') RETURNING id")
        place = "INSERT INTO locations (site_id, code, name, level) VALUES (%s, 'S1', 'Hall S', 'area') RETURNING id"
        location = one(place, site)
        file = one(
            "INSERT INTO attachments (id, location_id, name, kind, size, sha256, at, actor) VALUES "
            "(gen_random_uuid(), %s, 'x', 'text/plain', 1, 'x', now(), 'person:a') RETURNING id",
            location,
        )
        asset = one("INSERT INTO assets (site_id, code, name) VALUES (%s, 'S-201', 'Fan') RETURNING id", site)
        person = one("INSERT INTO technicians (site_id, code, name) VALUES (%s, 'sven', 'Sven') RETURNING id", site)
        downtime = one(
            "INSERT INTO planned_downtimes (asset_id, starts_at, ends_at, reason, actor, recorded_at) "
            "VALUES (%s, now(), now() + interval '1 h', 'x', 'person:a', now()) RETURNING id",
            asset,
        )
        conn.execute(
            "INSERT INTO alarms (asset_id, source, severity, summary, arrival, raised_at) "
            "VALUES (%s, 'rule:hot', 1, 'hot', 1, now())",
            [asset],
        )
        conn.execute(
            "INSERT INTO quarantine (topic, payload, payload_bytes, payload_sha256, reason, problem, received_at, "
            "last_received_at) SELECT topic, 'x', 1, sha256('x'), 'not_json', 'x', now(), now() "
            "FROM unnest(%s::text[]) topic",
            [["plantwright/v1/STH/S-201", "spBv1.0/g/NDATA/n"]],
        )
        proposal = one(
            "INSERT INTO safety_proposals (asset_id, was, change, why, proposed_by, proposed_at) "
            "VALUES (%s, '{}', '{}', 'x', 'person:a', now()) RETURNING id",
            asset,
        )
        upload, run = str(uuid4()), str(uuid4())
        conn.execute(
            "INSERT INTO uploads (id, site_id, name, size, content, at, actor) "
            "VALUES (%s, %s, 'a', 1, 'x', now(), 'person:a')",
            [upload, site],
        )
        conn.execute(
            "INSERT INTO runs (id, kind, title, site_id, input, priority, requested_by, requested_at) "
            "VALUES (%s, 'import', 'x', %s, '{}', 5, 'person:a', now())",
            [run, site],
        )
        mobile, operation = str(uuid4()), str(uuid4())
        conn.execute(
            "INSERT INTO sync_devices (id, person, app, first_seen_at, seen_at) "
            "VALUES (%s, 'person:s1', '1', now(), now())",
            [mobile],
        )
        conn.execute(
            "INSERT INTO sync_operations (op_id, device_id, person, seq, site_id, kind, body, fingerprint, "
            "received_at, verdict, answer) "
            "VALUES (%s, %s, 'person:s1', 1, %s, 'remark', '{}', 'x', now(), 'kept', '{}')",
            [operation, mobile, site],
        )
        fan = plant.asset(conn, asset, now=datetime.now(UTC))
        asked, _ = requests.create(conn, fan, Person(what="hums"), danger=False, language="en", at=datetime.now(UTC))
    with TestClient(create(pool, keys={"planner": KEY}), headers={"X-API-Key": KEY}) as client:
        body = {"asset_id": asset, "type": "inspection", "title": "Listen to it", "why": "hums"}
        order = client.post("/api/v1/work-orders", json=body, headers={"Idempotency-Key": "there"}).json()
    return {
        "order_id": order["id"],
        "number": order["number"],
        "asset_id": asset,
        "technician_id": person,
        "downtime_id": downtime,
        "proposal_id": proposal,
        "location_id": location,
        "file_id": file,
        "run_key": run,
        "upload_id": upload,
        "ask_id": asked.id,
        "mobile_id": mobile,
        "op_id": operation,
    }


def test_what_is_of_another_site_is_not_there_on_any_route(known, seeded, elsewhere, every):
    client = known(A, sites=["NTH"])
    tried = 0
    for name, route in every.items():
        names = set(re.findall(r"{(\w+)(?::\w+)?}", route.path)) & scope.KINDS.keys()
        if names:
            theirs = called(client, name, **elsewhere, step="start", verdict="reject")
            assert theirs.status_code == 404, f"{name}: {theirs.status_code} {theirs.text}"
            tried += 1
    assert tried > 20
    # The same as what is nowhere, so that nothing tells them apart.
    path = "/api/v1/work-orders/{}"
    there, nowhere = client.get(path.format(elsewhere["order_id"])), client.get(path.format(uuid4()))
    assert re.sub(UUID_LIKE, "", there.text) == re.sub(UUID_LIKE, "", nowhere.text)


SPELLINGS = {
    "a plus": "+{}", "a point": "{}.0", "a blank": "%20{}", "a blank after it": "{}%20", "a line break": "%0A{}",
    "noughts": "000{}", "an underscore": "0_{}",
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_no_spelling_of_an_id_opens_what_is_of_another_site(known, elsewhere, every, spelling):
    client = known(A, sites=["NTH"])
    spelled = {name: spelling.format(key) for name, key in elsewhere.items() if isinstance(key, int)}
    asked = []
    for name, route in every.items():
        if set(re.findall(r"{(\w+)(?::\w+)?}", route.path)) & spelled.keys():
            answer = called(client, name, **spelled, step="start", verdict="reject")
            assert answer.status_code == 404, f"{name}: {answer.status_code} {answer.text}"
            asked.append(name)
    assert len(asked) > 10


UUID_LIKE = r"[0-9a-f]{8}-[0-9a-f-]{27}"


def test_no_id_of_another_site_can_be_given_in_a_body(known, elsewhere):
    client = known(A, sites=["NTH"])
    order = {"asset_id": elsewhere["asset_id"], "type": "inspection", "title": "Listen", "why": "hums"}
    assert client.post("/api/v1/work-orders", json=order, headers={"Idempotency-Key": "k"}).status_code == 404
    person = {"site": "STH", "code": "mine", "name": "Mine"}
    assert client.post("/api/v1/technicians", json=person).status_code == 404
    form = {"asset_id": str(elsewhere["asset_id"]), "kind": "inspection", "title": "Listen"}
    page = client.post("/new-order", data=form, headers={"Origin": "http://localhost"})
    assert (page.status_code, "no asset with this number" in page.text) == (422, True)


LISTS = {
    "/api/v1/work-orders?limit=500": ("items", 6, 1),
    "/api/v1/sites": (None, 1, 1),
    "/api/v1/assets": (None, 8, 1),
    "/api/v1/technicians": (None, None, 1),
    "/api/v1/locations": (None, None, 1),
    "/api/v1/downtimes": (None, 0, 1),
    "/api/v1/alarms": ("items", 0, 1),
    "/api/v1/quarantine": ("items", None, 1),
}


@pytest.mark.parametrize(("path", "expected"), LISTS.items(), ids=LISTS)
def test_lists_and_their_counts_hold_just_the_sites_that_are_seen(known, elsewhere, path, expected):
    key, north, south = expected
    of = {sites: known(A, sites=sites and [sites]).get(path).json() for sites in ("NTH", "STH", None)}
    rows = {sites: answer if key is None else answer[key] for sites, answer in of.items()}
    assert len(rows["STH"]) == south
    if north is not None:
        assert len(rows["NTH"]) == north
    beyond = 1 if "quarantine" in path else 0  # what names no site is shown to who sees all
    assert len(rows[None]) == len(rows["NTH"]) + len(rows["STH"]) + beyond
    if "work-orders" in path:
        assert [answer["total"] for answer in of.values()] == [6, 1, 7]
    if "quarantine" in path:
        assert sum(of["STH"]["counts"].values()) == 1


def test_pages_hold_just_the_sites_that_are_seen(known, elsewhere):
    here, there, all_ = known(A, sites=["NTH"]), known(A, sites=["STH"]), known(A)
    for path in ("/?show=all", "/assets", "/new-order"):
        assert ("S-201" in here.get(path).text, "P-101" in here.get(path).text) == (False, True), path
        assert ("S-201" in there.get(path).text, "P-103" in there.get(path).text) == (True, False), path
        assert "S-201" in all_.get(path).text
        assert "P-103" in all_.get(path).text
    assert "6</b> unfinished" in here.get("/").text
    assert "1</b> unfinished" in there.get("/").text
    assert "7</b> unfinished" in all_.get("/").text
    assert "STH" not in here.get("/quarantine").text
    assert "spBv1.0" not in there.get("/quarantine").text
    assert "spBv1.0" in all_.get("/quarantine").text


def test_figures_count_the_alarms_of_the_sites_that_are_seen(known, elsewhere):
    path = "/api/v1/alarms/metrics?since=2026-01-01T00:00:00Z&until=2026-12-31T00:00:00Z"
    seen = {sites: known(V, sites=[sites]).get(path).json() for sites in ("NTH", "STH")}
    assert (seen["NTH"]["alarms"], seen["STH"]["alarms"]) == (0, 1)


def test_what_concerns_every_site_is_not_for_who_sees_some(known, seeded):
    client = known(A, sites=["NTH"])
    for name in EVERY_SITE:
        answer = called(client, name, kind="rulebook", mobile_id=uuid4())
        assert answer.status_code == 403, name
        assert "concerns every site" in answer.json()["detail"]


def test_an_id_that_is_none_is_told_so_to_who_sees_one_site_too(known, seeded):
    client = known(P, sites=["NTH"])
    for path in ("/api/v1/work-orders/7", "/api/v1/assets/x", "/api/v1/assets/99999999999999999999999"):
        assert client.get(path).status_code == 422
    assert UUID(client.get(f"/api/v1/work-orders/{seeded.orders['done']}").json()["id"])
