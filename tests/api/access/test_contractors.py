"""A contractor at every operation: nothing of another's comes out, nothing of it is changed, the own work goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.keys import COOKIE, form_token
from db.people import sessions
from tests import people
from tests.api.access import two_sites
from tests.api.access.role_tables import OPEN
from tests.api.access.test_access import TABLE, called
from tests.api.access.test_two_sites import FORM, reads, world, writes
from tests.api.access.two_sites import SEEN
from workorder_core.people import contractors
from workorder_core.people.access import Role

__all__ = ["world"]
FIRM, OWN = "Delta Service", "MYOWNJOB"


@pytest.fixture
def contractor(pool, client, world):
    """Makes a client for a contractor who may see every site and has every role but the administrator's: olga of OWN,
    who has an order there and a second one of another's at the same asset."""
    _, _, own = world
    token, at = "contractor-token", datetime.now(UTC)
    body = {"asset_id": own["asset_id"], "type": "inspection", "title": two_sites.MARK, "why": two_sites.MARK}
    other = client.post("/api/v1/work-orders", json=body, headers={"Idempotency-Key": "other"}).json()
    with pool.connection() as conn:
        conn.execute("UPDATE technicians SET firm = %s WHERE id = %s", [FIRM, own["technician_id"]])
        conn.execute("UPDATE work_orders SET title = %s WHERE id = %s", [OWN, own["order_id"]])
        conn.execute(
            "UPDATE work_orders SET status = 'dispatched', assignee_id = %s WHERE id = %s",
            [own["technician_id"], own["order_id"]],
        )
        people.add_user(conn, "olga", *set(Role) - {Role.ADMINISTRATOR}, technician=None)
        conn.execute(
            "UPDATE users SET technician_id = %s, sees_costs = true WHERE name = 'olga'", [own["technician_id"]]
        )
        sessions.begin(conn, token, "olga", at=at, lasting=timedelta(hours=1))
    with TestClient(create(pool, keys={}), base_url="http://localhost", follow_redirects=False) as made:
        made.cookies.set(COOKIE, token)
        made.headers["X-CSRF-Token"] = form_token(token)
        made.headers["Origin"] = "http://localhost"
        made.other = other
        yield made


def test_every_operation_open_to_contractors_exists():
    assert TABLE.keys() >= contractors.OPEN


def test_what_is_not_open_to_contractors_is_closed_to_them(contractor, world):
    _, _, own = world
    for name, roles in TABLE.items():
        if roles != OPEN and name not in contractors.OPEN:
            assert called(contractor, name, **own).status_code == 403, name


@pytest.mark.slow
def test_a_contractor_reads_nothing_of_anybody_elses_orders(contractor, world):
    _, theirs, own = world
    opened, closed = 0, set()
    beside = own | {"order_id": contractor.other["id"], "number": contractor.other["number"]}
    for ids in (theirs, beside):
        for name, path, query in reads(ids, own):
            if name in closed:
                continue  # whatever it is asked
            answer = contractor.get(path, params=query)
            assert answer.status_code != 500, f"{name} {path}"
            if TABLE[name] != OPEN and name not in contractors.OPEN:
                assert answer.status_code == 403, f"{name} {path}: {answer.status_code}"
                closed.add(name)
            found = SEEN.search(answer.content.replace(path.encode(), b""))
            if found and answer.status_code == 404 and path.rpartition("/")[2].encode() in answer.content:
                continue  # what was asked for
            assert not found, f"{found and found[0]!r} at {path} {query}: {answer.text[:2000]}"
            opened += answer.status_code == 200
    assert opened > 40
    assert len(closed) > 100


@pytest.mark.slow
def test_a_contractor_changes_nothing_of_anybody_elses_orders(contractor, world, pool):
    site, theirs, _ = world
    with pool.connection() as conn:
        before = two_sites.dump(conn, site)
    closed = set()
    for number, (name, method, path, body, machine) in enumerate(writes(theirs, theirs)):
        if name in closed or TABLE[name] == OPEN or name in ("POST /logout", "POST /password", "POST /try-as"):
            continue
        if machine:
            answer = contractor.request(method, path, json=body, headers={"Idempotency-Key": f"c {number}"})
        else:
            answer = contractor.request(method, path, data=body, headers=FORM)
        assert answer.status_code != 500, f"{name} {path} {body}"
        if name not in contractors.OPEN:
            assert answer.status_code == 403, f"{name} {path}: {answer.status_code}"
            closed.add(name)
    with pool.connection() as conn:
        assert two_sites.dump(conn, site) == before


def test_a_contractor_sees_and_does_their_own_work(contractor, world, pool):
    _, _, own = world
    at = f"/api/v1/work-orders/{own['order_id']}"
    assert [each["id"] for each in contractor.get("/api/v1/work-orders").json()["items"]] == [own["order_id"]]
    for path in ("/my-work", f"/orders/{own['order_id']}", f"/assets/{own['asset_id']}", at, f"{at}/content"):
        answer = contractor.get(path)
        assert answer.status_code == 200, path
        assert OWN in answer.text or path.endswith("content"), path
        assert contractor.other["number"] not in answer.text
    assert contractor.get("/api/v1/assets/{asset_id}".format_map(own)).status_code == 200
    subjects = {each["order_id"] for each in contractor.get("/api/v1/events?limit=200").json()}
    assert subjects == {own["order_id"]}
    blocked = contractor.post(f"{at}/start", json={})
    assert blocked.status_code == 409
    assert "an order of somebody else" in blocked.text
    with pool.connection() as conn:
        conn.execute("DELETE FROM order_links")
    assert contractor.post(f"{at}/start", json={}).status_code == 200
    assert contractor.post(f"{at}/verify", json={}).status_code == 403
    assert contractor.post(f"/orders/{own['order_id']}/verify", data={}, headers=FORM).status_code == 403
    assert contractor.get("/").status_code == 403
    assert "not open to contractors" in contractor.get("/week").text
    assert contractor.get("/home").headers["location"] == "/my-work"


def test_what_was_theirs_stays_visible_and_what_a_visit_gives_them_becomes_so(contractor, world, pool):
    _, _, own = world
    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET status = 'open', assignee_id = NULL WHERE id = %s", [own["order_id"]])
    assert contractor.get(f"/api/v1/work-orders/{own['order_id']}").status_code == 200
    assert contractor.get(f"/api/v1/work-orders/{contractor.other['id']}").status_code == 404
    with pool.connection() as conn:
        own_site = conn.execute("SELECT id FROM sites WHERE code = 'OWN'").fetchone()[0]
        (schedule,) = conn.execute(
            "INSERT INTO schedules (site_id, from_date, dates, state, state_since, made_by, made_at, read_at, "
            "published_by, published_at) "
            "VALUES (%s, '2031-03-03', 7, 'published', now(), 'x', now(), now(), 'x', now()) RETURNING id",
            [own_site],
        ).fetchone()
        (visit,) = conn.execute(
            "INSERT INTO schedule_visits (schedule_id, order_id, starts_at, ends_at) "
            "VALUES (%s, %s, '2031-03-04 08:00Z', '2031-03-04 09:00Z') RETURNING id",
            [schedule, contractor.other["id"]],
        ).fetchone()
        conn.execute(
            "INSERT INTO visit_people (visit_id, position, technician_id) VALUES (%s, 0, %s)",
            [visit, own["technician_id"]],
        )
    assert contractor.get(f"/api/v1/work-orders/{contractor.other['id']}").status_code == 200


def test_whoever_leaves_the_firm_sees_the_plant_again_and_an_administrator_always(contractor, world, pool):
    _, _, own = world
    assert contractor.get("/api/v1/sites").status_code == 403
    assert contractor.get("/costs").status_code == 403
    with pool.connection() as conn:
        conn.execute("UPDATE users SET roles = '{administrator}' WHERE name = 'olga'")
    assert contractor.get("/api/v1/sites").status_code == 200
    with pool.connection() as conn:
        conn.execute("UPDATE users SET roles = '{viewer}' WHERE name = 'olga'")
        conn.execute("UPDATE technicians SET firm = NULL WHERE id = %s", [own["technician_id"]])
    assert contractor.get("/api/v1/sites").status_code == 200


def test_the_code_of_somebody_elses_thing_leads_a_contractor_nowhere(contractor, client, world):
    _, theirs, own = world

    def scanned(path):
        return contractor.get(client.get(f"/api/v1{path}/scan-address").json()["path"])

    assert scanned(f"/work-orders/{own['order_id']}").headers["location"] == f"/orders/{own['order_id']}"
    for path in (f"/work-orders/{contractor.other['id']}", f"/assets/{theirs['asset_id']}"):
        found = scanned(path)
        there = found.content.replace(found.request.url.path.encode(), b"")
        assert found.status_code == 404 and not SEEN.search(there), path
