"""Escalations by page, by API and by a message's link: opening alone does nothing."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create
from db.events import events, receivers
from db.notifying import fanning_out
from tests import people
from tests.api.notifying import an_escalation
from workorder_core.people.access import Role

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
V1 = "/api/v1"


@pytest.fixture
def asked(client, pool, seeded):
    """Mette is asked about an order; her escalation's id, and her link."""
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.TECHNICIAN)
        people.add_user(conn, "ola", Role.PLANNER)
    steps = [{"whom": ["person:mette"], "wait_minutes": 5}, {"whom": ["role:planner"], "wait_minutes": 5}]
    body = {"site": "NTH", "code": "NIGHT", "title": "Nights", "order_types": an_escalation.EVERY_TYPE, "steps": steps}
    made = client.post(f"{V1}/escalation-policies", json=body, headers={"Idempotency-Key": "p"})
    assert made.status_code == 201, made.text
    with pool.connection() as conn:
        return an_escalation.begin(conn, seeded.orders["predictive"])


@pytest.fixture
def phone(pool):
    """A browser that has signed in nowhere."""
    return TestClient(create(pool, keys={}), base_url="http://localhost", headers=HTML)


def read(client, number):
    return client.get(f"{V1}/escalations/{number}").json()


def test_opening_a_link_does_nothing_and_its_button_acknowledges(client, phone, asked, seeded):
    number, token = asked
    before = read(client, number)
    for _ in range(3):
        opened = phone.get(f"/asked/{token}")
        assert opened.status_code == 200 and "Please acknowledge" in opened.text
        assert opened.headers["Referrer-Policy"] == "same-origin", "with no-referrer its button has no origin"
    phone.head(f"/asked/{token}")
    assert read(client, number) == before
    pressed = phone.post(f"/asked/{token}/acknowledge", data={}, follow_redirects=False)
    assert pressed.status_code == 303
    after = read(client, number)
    assert (after["state"], after["answered_by"], after["how"]) == ("acknowledged", "person:mette", "link")
    assert [(each["person"], each["answer"], each["how"]) for each in after["asked"]] == [
        ("mette", "acknowledge", "link")
    ]
    history = client.get(f"{V1}/work-orders/{seeded.orders['predictive']}").json()["history"]
    assert [each["step"] for each in history][-2:] == ["step taken", "acknowledged"]
    assert "Acknowledge" not in phone.get(f"/asked/{token}").text.replace("Acknowledged", "")


def test_a_link_shows_nothing_else_and_opens_nothing_else(client, phone, asked):
    _, token = asked
    assert phone.get("/asked/nobodys").status_code == 404
    assert phone.post("/asked/nobodys/acknowledge").status_code == 404
    assert phone.post(f"/asked/{token}/acknowledge", data={"which": "999"}).status_code in (404, 422)
    assert phone.get(f"{V1}/escalations").status_code == 401


def test_declining_and_handing_on_by_the_link_say_what_is_missing(client, phone, asked):
    number, token = asked
    refused = phone.post(f"/asked/{token}/decline", data={})
    assert refused.status_code == 422 and "so that who is asked next knows" in refused.text
    refused = phone.post(f"/asked/{token}/hand_on", data={"to": "nobody"})
    assert refused.status_code == 422 and "cannot be on call" in refused.text
    assert phone.post(f"/asked/{token}/no", data={}).status_code == 422
    phone.post(f"/asked/{token}/hand_on", data={"to": "ola", "reason": "her pump"})
    found = read(client, number)
    assert [(each["person"], each["answer"], each["asked_by"]) for each in found["asked"]] == [
        ("mette", "hand_on", None), ("ola", None, "person:mette"),
    ]  # fmt: skip
    assert found["state"] == "running"


def test_the_api_acknowledges_refuses_what_is_over_and_only_who_was_asked_declines(client, pool, asked):
    number, _ = asked
    at = f"{V1}/escalations/{number}"
    assert client.post(f"{at}/decline", json={"why": "ill"}).json()["type"].endswith("cannot-decline")
    assert client.post(f"{at}/hand-on", json={"to": "nobody"}).status_code == 422
    assert client.post(f"{at}/acknowledge", json={"why": "on my way"}).json()["state"] == "acknowledged"
    assert client.post(f"{at}/acknowledge", json={}).json()["state"] == "acknowledged"
    with pool.connection() as conn:
        conn.execute("UPDATE escalations SET state = 'over'")
    assert client.post(f"{at}/acknowledge", json={}).status_code == 409


def test_who_was_asked_declines_on_the_page(pool, asked):
    number, _ = asked
    me = TestClient(create(pool, keys={}), base_url="http://localhost", headers=HTML)
    me.post("/login", data={"name": "mette", "password": people.PASSWORD})
    page = me.get(f"/escalations/{number}").text
    assert f"/escalations/{number}/decline" in page
    token = page.split('name="csrf" value="')[1].split('"')[0]
    sent = {"csrf": token, "once": "1", "reason": " "}
    assert me.post(f"/escalations/{number}/decline", data=sent).status_code == 422
    answer = me.post(f"/escalations/{number}/decline", data=sent | {"reason": "ill", "once": "2"})
    assert answer.status_code == 200 and "Declined" in answer.text


def signed_in(pool, name):
    """Return a browser of somebody, and a function that posts a form of theirs."""
    me = TestClient(create(pool, keys={}), base_url="http://localhost", headers=HTML)
    me.post("/login", data={"name": name, "password": people.PASSWORD})

    def post(path, shown, **fields):
        token = me.get(shown).text.split('name="csrf" value="')[1].split('"')[0]
        return me.post(path, data={"csrf": token, "once": uuid4().hex, "back": shown, **fields})

    return me, post


def test_on_the_orders_page_one_declines_another_acknowledges_and_a_third_takes_over(client, pool, asked, seeded):
    number, _ = asked
    at = f"/orders/{seeded.orders['predictive']}"
    _, mette = signed_in(pool, "mette")
    refused = mette(f"/escalations/{number}/decline", at, reason=" ")
    assert refused.status_code == 422 and "Who takes care of it" in refused.text
    shown = mette(f"/escalations/{number}/decline", at, reason="ill")
    assert shown.url.path == at
    ola, answers = signed_in(pool, "ola")
    assert f"/escalations/{number}/decline" not in ola.get(at).text, "only who is asked can decline"
    shown = answers(f"/escalations/{number}/acknowledge", at)
    assert shown.url.path == at and "acknowledged by Ola at" in shown.text
    assert "Take it over" not in shown.text
    assert "Take it over" in signed_in(pool, "mette")[0].get(at).text
    assert mette(f"/escalations/{number}/hand-on", at, to="nobody").status_code == 422
    assert mette(f"/escalations/{number}/hand-on", "/escalations", to="ola").url.path == f"/escalations/{number}"
    assert read(client, number)["asked"][-1]["asked_by"] == "person:mette"


def test_on_the_alarms_page_it_is_shown_who_is_asked_and_who_takes_care(pool, asked):
    with pool.connection() as conn:
        conn.execute(
            "INSERT INTO alarm_points (asset_id, source, state, active, severity) "
            "SELECT id, 'rule:hot', 'unacknowledged', true, 3 FROM assets LIMIT 1"
        )
        conn.execute(
            "UPDATE escalations e SET cause = 'alarm', order_id = NULL, asset_id = p.asset_id, "
            "cause_key = format('alarm:%s/%s', p.asset_id, p.source) "
            "FROM (SELECT asset_id, source FROM alarm_points WHERE state = 'unacknowledged' LIMIT 1) p"
        )
    _, ola = signed_in(pool, "ola")
    number, _ = asked
    before = signed_in(pool, "mette")[0].get("/alarms").text
    assert "Asked: " in before and f"/escalations/{number}/decline" in before
    after = ola(f"/escalations/{number}/acknowledge", "/alarms")
    assert after.url.path == "/alarms" and "acknowledged by Ola at" in after.text


def test_a_message_says_who_has_acknowledged_what_it_asks(client, pool, asked, seeded):
    number, _ = asked
    with pool.connection() as conn:
        receivers.choose(conn, "mette", "m@plant.example", [], actor="person:mette", at=datetime.now(UTC))
        conn.execute("SELECT number_events()")
        found = events.after(conn, 0, kinds=["escalation.asked"], limit=10)
        fanning_out.fan_out(conn, found, now=datetime.now(UTC))
    at = f"{V1}/work-orders/{seeded.orders['predictive']}/messages"
    (before,) = client.get(at).json()
    assert (before["kind"], before["acknowledged_by"]) == ("escalation.asked", None)
    client.post(f"{V1}/escalations/{number}/acknowledge", json={})
    (after,) = client.get(at).json()
    assert after["acknowledged_by"] and after["acknowledged_at"]


def test_a_link_ends_when_its_person_does_not_see_the_site_any_more(phone, pool, asked):
    _, token = asked
    with pool.connection() as conn:
        conn.execute("UPDATE users SET sites = '{ELSEWHERE}' WHERE name = 'mette'")
    assert phone.get(f"/asked/{token}").status_code == 404
    assert phone.post(f"/asked/{token}/acknowledge", data={}).status_code == 404


def test_a_policy_is_read_changed_with_its_etag_and_retired(client, asked):
    at = f"{V1}/escalation-policies/1"
    found = client.get(at)
    changed = found.json()["policy"] | {"title": "Days"}
    assert client.put(at, json=changed, headers={"If-Match": '"9"'}).status_code == 412
    assert client.put(at, json=changed, headers={"If-Match": found.headers["ETag"]}).json()["version"] == 2
    wrong = changed | {"steps": [{"whom": ["rota:NONE"]}]}
    assert client.put(at, json=wrong).json()["type"].endswith("unknown-in-policy")
    assert client.put(at, json=changed | {"order_types": []}).status_code == 422
    assert client.delete(at).status_code == 204
    assert client.get(f"{V1}/escalation-policies").json() == []
    assert [each["policy"] is None for each in client.get(f"{at}/versions").json()] == [True, False, False]
