"""Who is let in, how errors leave, and what machines watch."""

import re
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from tests.api.conftest import KEY

V1 = "/api/v1"
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("header", [BEARER, {"X-API-Key": KEY}], ids=["bearer", "X-API-Key"])
def test_history_records_the_name_of_the_key(stranger, seeded, header):
    path = f"{V1}/work-orders/{seeded.orders['predictive']}"
    assert stranger.post(f"{path}/assign", json={}, headers=header).status_code == 200
    assert stranger.get(path, headers=header).json()["history"][-1]["actor"] == "key:planner"


def test_a_wrong_key_is_told_so(stranger):
    answer = stranger.get(f"{V1}/sites", headers={"X-API-Key": "no"})
    assert (answer.status_code, "not known" in answer.json()["detail"]) == (401, True)


ELSEWHERE = {
    "another origin": {"Origin": "http://evil.example"},
    "no origin that can be named": {"Origin": "null"},
    "an origin that is no address": {"Origin": "http://["},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another port of this machine": {"Origin": "http://localhost:9999"},
}


@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_page_of_another_site_cannot_take_a_step(client, seeded, headers):
    order = seeded.orders["predictive"]
    for path in (f"{V1}/work-orders/{order}/assign", f"/orders/{order}/assign"):
        assert client.post(path, json={}, headers=headers).status_code == 403
    assert client.get(f"{V1}/work-orders/{order}").json()["status"] == "open"


PROBLEMS = {
    "no such path": ("GET", f"{V1}/nothing", None, 404),
    "no such order": ("GET", f"{V1}/work-orders/{uuid4()}", None, 404),
    "an id that is none": ("GET", f"{V1}/work-orders/7", None, 422),
    "no such method": ("DELETE", f"{V1}/sites", None, 405),
    "a body that lacks something": ("POST", f"{V1}/work-orders", {"type": "inspection"}, 422),
    "a key that is not known": ("POST", f"{V1}/work-orders/{uuid4()}/hold", {"reasn": "x"}, 422),
    "a naive time": ("GET", f"{V1}/work-orders?opened_from=2026-01-01T00:00:00", None, 422),
    "a text with a NUL": ("GET", f"{V1}/work-orders?site=%00", None, 422),
    "an id beyond all ids": ("GET", f"{V1}/assets/99999999999999999999", None, 422),
    "a page that is none": ("GET", f"{V1}/work-orders?limit=0", None, 422),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), PROBLEMS.values(), ids=PROBLEMS)
def test_every_error_leaves_as_a_problem(empty, method, path, body, status):
    answer = empty.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail", "instance"} <= problem.keys()


def test_an_answer_leaves_after_the_commit(database, seeded, pool):
    """A commit that fails must not be told of as a success."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
            "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON work_orders DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION fail()"
        )
    with TestClient(
        create(pool, keys={"planner": KEY}), headers=BEARER, base_url="http://localhost", raise_server_exceptions=False
    ) as client:
        answer = client.post(f"{V1}/work-orders/{seeded.orders['predictive']}/assign", json={})
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        board = client.post(f"/orders/{seeded.orders['predictive']}/assign", headers={"Accept": "text/html"})
        assert board.status_code == 500


def test_health_and_metrics(client):
    assert client.get("/health/live").json() == {"status": "alive"}
    ready = client.get("/health/ready").json()
    assert (ready["status"], ready["schema_waiting"]) == ("ready", [])
    assert ready["newest_readings_age_s"] < 600
    text = client.get("/metrics").text
    assert 'plantwright_work_orders{priority="emergency",status="open",type="emergency"} 1.0' in text
    assert 'plantwright_http_requests_total{method="GET",route="/health/ready",status="200"} 1.0' in text
    assert re.search(r"^plantwright_next_arrival 7\d\.0$", text, re.MULTILINE)


@pytest.mark.parametrize("status", ["closed", "cancelled", "cannot_complete"])
def test_no_order_is_escalated_for_ever(client, pool, seeded, status):
    """What has ended waits for nobody, whichever way it ended."""

    def escalated() -> float:
        (line,) = [
            each for each in client.get("/metrics").text.splitlines()
            if each.startswith("plantwright_work_orders_escalated ")
        ]  # fmt: skip
        return float(line.split()[1])

    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET escalation = 0")
        (order,) = conn.execute("SELECT id FROM work_orders ORDER BY number LIMIT 1").fetchone()
        conn.execute("UPDATE work_orders SET escalation = 1, status = 'in_progress' WHERE id = %s", [order])
    assert escalated() == 1
    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET status = %s WHERE id = %s", [status, order])
    assert escalated() == 0


def test_health_asks_for_no_key_and_metrics_do(stranger):
    assert stranger.get("/health/ready").status_code == 200
    assert stranger.get("/metrics").status_code == 401
    assert stranger.get("/metrics", headers=BEARER).status_code == 200


def test_not_ready_until_the_schema_is_there(empty_database):
    with (
        ConnectionPool(empty_database, min_size=1, open=True) as pool,
        TestClient(create(pool, keys={}), base_url="http://localhost") as client,
    ):
        answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "plantwright migrate" in answer.json()["database"]


def test_not_ready_while_the_database_is_away():
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    with (
        ConnectionPool(url, min_size=0, max_size=1, open=True, reconnect_timeout=0.1) as pool,
        TestClient(create(pool, keys={}), base_url="http://localhost") as client,
    ):
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503


def test_methods_that_somebody_makes_up_are_counted_as_one(client):
    for number in range(5):
        assert client.request(f"MADEUP{number}", "/health/live", headers={"X-API-Key": "made up"}).status_code == 405
    text = client.get("/metrics").text
    assert "MADEUP" not in text
    assert 'method="other"' in text
