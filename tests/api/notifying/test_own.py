"""A person's own channels within the policies, test messages to oneself, the banner, and the ways of messages."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.routers.notifying.setup import Delivery
from db.events.sealing import Sealer
from runtime.delivery import delivering, webhook
from runtime.delivery.delivering import Means
from tests import people
from tests.api.conftest import KEY
from workorder_core.people.access import Role

V1 = "/api/v1"
HERE = ("127.0.0.1", 40_000)
HTML = {"Accept": "text/html", "Origin": "http://localhost"}


@pytest.fixture
def mara(pool, seeded):
    """Somebody who has signed in at a plant that allows a server of ntfy and a service of apprise."""
    with pool.connection() as conn:
        people.add_user(conn, "mara", Role.PLANNER)
    delivery = Delivery(
        Sealer("a key that is long enough"), "Plantwright <plant@plant.example>", frozenset({"https://ntfy.example.com"}),
        frozenset({"tgram"}),
    )  # fmt: skip
    app = create(pool, keys={"planner": KEY}, pages_as="mara", delivery=delivery)
    with TestClient(app, base_url="http://localhost", client=HERE) as client:
        client.get("/login", headers=HTML)
        yield client


def form_of(page, action):
    return dict(
        re.findall(r'<input type="hidden" name="(csrf|once)" value="([^"]*)"', page.partition(f'action="{action}"')[2])
    )


def settle(pool, now):
    with pool.connection() as conn:
        conn.autocommit = True
        while delivering.decide(conn, now=now):
            pass
        receiver = conn.execute("SELECT id FROM receivers WHERE channel = 'banner'").fetchone()[0]
        while delivering.deliver_next(conn, receiver, Means(webhooks=webhook.Sender()), lambda: now):
            pass


def test_channels_are_chosen_on_the_page_and_secrets_are_not_shown_again(mara, pool):
    page = mara.get("/notifications", headers=HTML).text
    sent = {
        "address": "mara@plant.example", "choices": ["emergency"], "banner": ["assigned", "alarm"],
        "ntfy": ["emergency"], "ntfy_address": "https://ntfy.example.com/mara-1", "ntfy_token": "tk_quite_secret",
        "apprise": ["alarm"], "apprise_address": "tgram://123:quite-secret/42", "quiet_begins": "22:00",
        "quiet_ends": "06:00", "zone": "Europe/Berlin", "digest": "daily", "digest_at": "08:00",
    }  # fmt: skip
    page = mara.post("/notifications", data=sent | form_of(page, "/notifications"), headers=HTML).text
    assert re.findall(r'name="banner" value="(\w+)" checked', page) == ["assigned", "alarm"]
    assert 'value="https://ntfy.example.com/mara-1"' in page
    assert "quite" not in page
    with pool.connection() as conn:
        kept = conn.execute("SELECT secret FROM receivers WHERE secret IS NOT NULL").fetchall()
    assert len(kept) == 2
    assert all(b"quite" not in bytes(secret) for (secret,) in kept)


WRONG = {
    "a server that is not allowed": (
        {"ntfy": ["alarm"], "ntfy_address": "https://ntfy.evil.example/x"}, "allows these ntfy servers",
    ),
    "a service that is not allowed": ({"apprise_address": "json://127.0.0.1/x"}, "allows these services"),
    "no topic": ({"ntfy_address": "https://ntfy.example.com"}, "https://ntfy.example.com/my-topic"),
    "a zone of nowhere": ({"zone": "Mars/Olympus"}, "time zone like"),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "said"), WRONG.values(), ids=WRONG)
def test_what_the_plant_does_not_allow_is_refused_with_a_sentence_and_nothing_is_stored(mara, pool, typed, said):
    page = mara.get("/notifications", headers=HTML).text
    sent = {"address": "mara@plant.example"} | typed | form_of(page, "/notifications")
    answer = mara.post("/notifications", data=sent, headers=HTML)
    assert (answer.status_code, said in answer.text) == (422, True)
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM receivers").fetchone()[0] == 0


def test_the_policy_bounds_what_can_be_chosen(mara):
    rule = {"to": ["role:planner"], "channels": ["banner"], "compulsory": True, "forbidden": ["email"]}
    page = mara.get("/notification-policy?site=NTH", headers=HTML).text
    sent = {"site": "NTH", "document": f'{{"events": {{"alarm": {as_json(rule)}}}}}', "version": "0", "why": "floods"}
    page = mara.post("/notification-policy", data=sent | form_of(page, "/notification-policy"), headers=HTML).text
    assert "role:planner" in page
    assert "floods" in page
    shown = mara.get("/notifications", headers=HTML).text
    assert "cannot be switched off" in shown
    assert not re.search(r'name="choices" value="alarm"', shown)
    page = mara.get("/notifications", headers=HTML).text
    for field, said in (("choices", "forbids this by"), ("off", "makes this compulsory")):
        sent = {"address": "mara@plant.example", field: ["alarm"]} | form_of(page, "/notifications")
        answer = mara.post("/notifications", data=sent, headers=HTML)
        assert (answer.status_code, said in answer.text) == (422, True)
    assert mara.get(f"{V1}/sites/NTH/notification-policy").json()["version"] == 1
    assert mara.get(f"{V1}/sites/NTH/notification-policy/versions").json()[0]["why"] == "floods"


def test_a_policy_is_written_as_rows_and_what_was_typed_stays_on_error(mara):
    page = mara.get("/notification-policy?site=NTH", headers=HTML).text
    rows: dict[str, Any] = {
        "site": "NTH",
        "version": "0",
        "zone": "Europe/Berlin",
        "digest_at": "07:00",
        "quiet_begins": "22:00",
    }
    rows |= {"same_within_minutes": "30", "seconds_apart": "60", "one_by_one": "5", "to_alarm": "role:planner, nobody"}
    rows |= {"to_stock_low": "person:nobody-there", "digest_stock_low": "daily", "to_delayed": "requester"}

    def send():
        sent = rows | form_of(page, "/notification-policy/news")
        return mara.post("/notification-policy/news", data=sent, headers=HTML)

    answer = send()
    assert (answer.status_code, "obody is nobody: write person:anna" in answer.text) == (422, True)
    assert 'value="role:planner, nobody"' in answer.text
    rows |= {"quiet_ends": "06:00", "to_alarm": "role:planner", "channels_alarm": ["banner", "ntfy"]}
    assert "person:nobody-there" in send().text
    rows |= {"to_stock_low": "role:storekeeper"}
    assert send().status_code == 200
    policy = mara.get(f"{V1}/sites/NTH/notification-policy").json()["policy"]
    assert {name: (rule["to"], rule["channels"], rule["digest"]) for name, rule in policy["events"].items()} == {
        "alarm": (["role:planner"], ["banner", "ntfy"], "at_once"),
        "stock_low": (["role:storekeeper"], ["email"], "daily"),
        "delayed": (["requester"], ["email"], "at_once"),
    }
    assert {name: each[:5] for name, each in policy["quiet_hours"].items()} == {"begins": "22:00", "ends": "06:00"}


def as_json(document):
    return json.dumps(document)


def test_a_policy_that_somebody_has_changed_meanwhile_is_not_overwritten(client):
    at = f"{V1}/sites/NTH/notification-policy"
    tag = client.get(at).headers["etag"]
    assert client.put(at, json={"one_by_one": 3}, headers={"If-Match": tag}).json()["version"] == 1
    assert client.put(at, json={"one_by_one": 4}, headers={"If-Match": tag}).status_code == 412
    assert client.put(at, json={"one_by_one": 3}).json()["version"] == 1, "no change, no version"
    answer = client.put(at, json={"events": {"alarm": {"to": ["crew:NOBODY"]}}})
    assert (answer.status_code, "crew:NOBODY" in answer.json()["detail"]) == (422, True)


def test_a_test_message_by_banner_is_at_the_top_of_every_page_until_it_is_seen(mara, pool):
    page = mara.get("/notifications", headers=HTML).text
    action = "/notifications/test/banner"
    mara.post(action, data=form_of(page, action), headers=HTML)
    settle(pool, datetime.now(UTC))
    (way,) = mara.get(f"{V1}/me/messages").json()
    assert (way["channel"], way["state"], way["seen_at"], way["fault"]) == ("banner", "delivered", None, None)
    page = mara.get("/alarms", headers=HTML).text
    assert "Test message" in page
    assert "Test message" in mara.get("/notifications/banner", headers=HTML).text
    sent = {"until": str(way["event_id"])} | form_of(page, "/notifications/seen")
    mara.post("/notifications/seen", data=sent, headers=HTML)
    assert mara.get(f"{V1}/me/messages").json()[0]["seen_at"] is not None
    assert 'class="news' not in mara.get("/alarms", headers=HTML).text
    answer = mara.post(f"{V1}/me/notifications/ntfy/test")
    assert (answer.status_code, "no address" in answer.text) in ((422, True), (403, False))


def test_the_banner_is_in_the_api_in_its_persons_language_until_it_is_seen_there(mara, pool):
    def read(client=mara, **headers):
        return client.get(f"{V1}/me/news", headers=headers).json()

    def post(path, client=mara):
        page = client.get("/notifications", headers=HTML).text
        token = form_of(page, "/notifications")["csrf"]
        assert client.post(f"{V1}{path}", headers=HTML | {"X-CSRF-Token": token}).status_code < 300

    for _ in range(2):
        post("/me/notifications/banner/test")
        settle(pool, datetime.now(UTC))
    answer = read(**{"Accept-Language": "de"})
    newest, older = answer["news"]
    assert (answer["person"], newest["time_zone"], newest["order_id"]) == ("person:mara", "UTC", None)
    assert (newest["title"], newest["link"]) == ("Testnachricht", "/notifications")
    assert read()["news"][0]["title"] == "Test message"
    with pool.connection() as conn:
        people.add_user(conn, "tove", Role.PLANNER)
    with TestClient(create(pool, keys={}, pages_as="tove"), base_url="http://localhost", client=HERE) as tove:
        tove.get("/login", headers=HTML)
        assert read(tove) == {"person": "person:tove", "news": []}
        post(f"/me/messages/{newest['event_id']}/seen", tove)
    assert len(read()["news"]) == 2, "what is another's stays"
    for until, left in ((older, [newest]), (older, [newest]), (newest, []), (newest, [])):
        post(f"/me/messages/{until['event_id']}/seen")
        assert [each["event_id"] for each in read()["news"]] == [each["event_id"] for each in left]
    assert 'class="news' not in mara.get("/notifications/banner", headers=HTML).text


def test_the_messages_about_an_order_are_at_the_order_as_list_file_and_page(client, seeded, pool):
    order = seeded.orders["by hand"]
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.PLANNER)
        conn.execute(
            "INSERT INTO receivers (channel, name, address, user_name, wants, state_since, created_by, created_at) "
            "VALUES ('email', 'mette', 'm@x.example', 'mette', '{}', now(), 'x', now())"
        )
        conn.execute("SELECT number_events()")
        conn.execute(
            "INSERT INTO deliveries (receiver_id, event_id, why, due_at, created_at, ended_at, state, note) SELECT "
            "r.id, (SELECT max(id) FROM events WHERE order_id = %s), 'assigned', now(), now(), now(), 'withheld', "
            "'switched off by the person' FROM receivers r",
            [order],
        )
    (way,) = client.get(f"{V1}/work-orders/{order}/messages").json()
    assert (way["receiver"], way["state"], way["note"]) == ("mette", "withheld", "switched off by the person")
    assert "m@x.example" not in client.get(f"{V1}/work-orders/{order}/messages").text
    assert "switched off" in client.get(f"{V1}/work-orders/{order}/messages?format=csv").text
    page = client.get(f"/orders/{order}", headers=HTML).text
    assert "switched off by the person" in page
