"""Receivers by the API and the pages: made once, their secret shown once, paused, replayed; and one's own mail."""

import re

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.routers.notifying.setup import Delivery
from db.events import deliveries, events
from db.events.sealing import Sealer
from tests import people
from tests.api.conftest import KEY
from workorder_core.people.access import Role

V1 = "/api/v1"
HTML = {"Accept": "text/html", "Origin": "http://localhost"}
ERP = {"name": "erp", "url": "https://erp.example.com/in", "kinds": ["order.*"]}


def made(client, **changed):
    answer = client.post(f"{V1}/receivers", json=ERP | changed)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def sent(client, pool):
    """A webhook that was sent the plant's two newest events."""
    number = made(client)["receiver"]["id"]
    with pool.connection() as conn:
        events.number(conn)
        found = [each.id for each in events.newest_first(conn, limit=2)]
        now = events.newest_first(conn, limit=1)[0].recorded_at
        for each in found:
            deliveries.add(conn, number, each, "*", at=now)
        conn.execute("UPDATE deliveries SET state = 'delivered', ended_at = now() WHERE event_id = %s", [found[1]])
    return number, found


def test_a_webhook_is_made_once_and_its_secret_shown_once(client):
    key = {"Idempotency-Key": "one"}
    first = client.post(f"{V1}/receivers", json=ERP, headers=key).json()
    again = client.post(f"{V1}/receivers", json=ERP, headers=key).json()
    assert first["secret"].startswith("whsec_")
    assert again["secret"] is None
    assert again["receiver"] == first["receiver"]
    assert first["secret"] not in client.get(f"{V1}/receivers").text
    assert first["receiver"]["secret_is_sealed"] is False
    assert client.post(f"{V1}/receivers", json=ERP).status_code == 409
    renewed = client.post(f"{V1}/receivers/{first['receiver']['id']}/secret").json()["secret"]
    assert renewed not in (None, first["secret"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://erp.example.com"),
        ("url", "https://user:password@erp.example.com"),
        ("url", "https://"),
        ("url", "https://erp.example.com:99999/"),
        ("url", "http://exa mple.com"),
        ("kinds", []),
        ("kinds", ["order"]),
        ("kinds", ["order.*.*"]),
        ("name", " "),
    ],
)
def test_what_cannot_be_a_webhook_is_refused(client, field, value):
    answer = client.post(f"{V1}/receivers", json=ERP | {field: value})
    assert answer.status_code == 422
    assert field in answer.text


def test_it_is_paused_enabled_tested_and_deleted(client, pool):
    number = made(client)["receiver"]["id"]
    at = f"{V1}/receivers/{number}"
    assert client.post(f"{at}/pause").json()["state"] == "paused"
    assert client.post(f"{at}/enable").json()["state"] == "active"
    assert client.post(f"{at}/test").status_code == 202
    with pool.connection() as conn:
        events.number(conn)
        (test,) = events.after(conn, 0, kinds=["receiver.test"])
    assert test.data["receiver"] == number
    assert client.delete(at).status_code == 204
    assert client.get(at).status_code == 404
    assert made(client)["receiver"]["id"] != number
    said = [each["what"] for each in client.get(f"{V1}/changes", params={"kind": "receiver"}).json()]
    assert said == ["added", "removed", "changed", "changed", "added"]


def test_messages_are_listed_by_page_replayed_with_their_id_and_skipped(client, sent):
    number, (waiting, delivered) = sent
    at = f"{V1}/receivers/{number}/messages"
    first = client.get(at, params={"limit": 1})
    assert [each["event_id"] for each in first.json()] == [waiting]
    (second,) = client.get(first.links["next"]["url"]).json()
    assert (second["event_id"], second["state"]) == (delivered, "delivered")
    assert client.post(f"{at}/{delivered}/replay").json()["pending"] == 2
    assert client.post(f"{at}/{waiting}/skip").json()["pending"] == 1
    again = client.get(at).json()[1]
    assert (again["state"], again["id"]) == ("pending", second["id"])
    assert client.post(f"{at}/999999/replay").status_code == 404
    assert client.get(f"{V1}/receivers/{number}/attempts").json() == []
    assert client.get(f"{V1}/outbox").json()["pending"] == 1


def test_the_pages_show_what_waits_and_what_an_attempt_met(client, sent, pool):
    number, (waiting, _) = sent
    with pool.connection() as conn:
        conn.execute(
            "INSERT INTO delivery_attempts (receiver_id, event_id, at, took_ms, fault, status, detail) "
            "VALUES (%s, %s, now(), 12, 'passing', 503, 'answered 503: <b>busy</b>')",
            [number, waiting],
        )
    page = client.get(f"/outbox/{number}", headers=HTML).text
    assert "answered 503: &lt;b&gt;busy&lt;/b&gt;" in page
    assert "1 message waiting" in page
    page = client.get("/outbox", headers=HTML).text
    assert "0 of 1 delivered" in page
    assert "1 of 1 delivered" in page
    assert "E-mail is not set up" in page
    assert "unencrypted" in page
    newest = client.get("/outbox", headers=HTML, params={"before": waiting}).text
    assert f"before={waiting}" not in newest


def test_metrics_have_what_waits(client, sent):
    assert "plantwright_outbox_pending 1.0" in client.get("/metrics").text


def test_a_disabled_receiver_is_an_alarm_of_the_engine(client, pool):
    number = made(client)["receiver"]["id"]
    with pool.connection() as conn:
        conn.execute(
            "UPDATE receivers SET state = 'disabled', state_why = '10 attempts failed' WHERE id = %s", [number]
        )
    alarms = {each["code"]: each["problem"] for each in client.get(f"{V1}/engine").json()["alarms"]}
    assert "erp" in alarms["receiver_disabled"]


# One's own page.


@pytest.fixture
def mara(pool, seeded):
    """Somebody who has signed in at a plant where mail is set up."""
    with pool.connection() as conn:
        people.add_user(conn, "mara", Role.TECHNICIAN)
    delivery = Delivery(Sealer("a key that is long enough"), "Plantwright <plant@plant.example>")
    app = create(pool, keys={"planner": KEY}, pages_as="mara", delivery=delivery)
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 40_000)) as client:
        client.get("/login", headers=HTML)
        yield client


def form_of(page):
    return dict(
        re.findall(
            r'<input type="hidden" name="(csrf|once)" value="([^"]*)"', page.partition('action="/notifications"')[2]
        )
    )


def test_a_person_chooses_what_to_be_told_on_their_own_page(mara):
    page = mara.get("/notifications", headers=HTML).text
    assert "not set up" not in page
    sent = {"address": "mara@plant.example", "choices": ["assigned", "escalated"]} | form_of(page)
    page = mara.post("/notifications", data=sent, headers=HTML).text
    assert 'value="mara@plant.example"' in page
    assert re.findall(r'name="choices" value="(\w+)" checked', page) == ["assigned", "escalated"]


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_there(mara):
    page = mara.get("/notifications", headers=HTML).text
    answer = mara.post("/notifications", data={"address": "mara at home"} | form_of(page), headers=HTML)
    assert answer.status_code == 422
    assert "Write an e-mail address" in answer.text
    assert 'value="mara at home"' in answer.text


@pytest.mark.parametrize(
    "address", ["mara", "mara@plant", "a b@plant.example", "mara@plant.example\nBcc: x@y.z", "mära@x.yz"]
)
def test_what_is_no_address_is_refused(mara, address):
    page = mara.get("/notifications", headers=HTML).text
    assert mara.post("/notifications", data={"address": address} | form_of(page), headers=HTML).status_code == 422


def test_a_plant_without_a_mail_server_says_so_and_who_can_change_it(client, known, pool):
    key = known(Role.VIEWER)
    assert "An API key has no e-mail" in key.get("/notifications", headers=HTML).text
    assert key.put(f"{V1}/me/notifications", json={"address": "a@b.cd", "choices": []}).status_code == 404
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.VIEWER)
    with TestClient(
        create(pool, keys={}, pages_as="mette"), base_url="http://localhost", client=("127.0.0.1", 40_000)
    ) as mette:
        mette.get("/login", headers=HTML)
        page = mette.get("/notifications", headers=HTML).text
    assert "E-mail is not set up on this plant" in page
    assert "smtp_host" in page
