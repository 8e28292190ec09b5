"""Requests by API and by the pages of who is signed in: whose they are, what is done once, what planners decide."""

import pytest
from fastapi.testclient import TestClient

from api.app import create
from tests import people
from tests.parts import pictures
from workorder_core.people.access import Role

V1 = "/api/v1/requests"
HTML = {"Accept": "text/html", "Origin": "http://localhost"}


@pytest.fixture
def of_role(pool, seeded):
    """Return a client with a key of a role, at some sites."""

    def client(role: Role, name: str) -> TestClient:
        with pool.connection() as conn:
            key = people.add_key(conn, name, role)
        return TestClient(
            create(pool, keys={}), base_url="http://localhost", headers={"X-API-Key": key}, follow_redirects=False
        )

    return client


def ask(client, seeded, once="a", **more):
    body = {"asset_id": seeded.assets["P-105"], "what": "It drips", **more}
    return client.post(V1, json=body, headers={"Idempotency-Key": once})


def test_a_program_asks_once_and_gets_a_private_page_for_the_person_it_asks_for(of_role, seeded):
    bot = of_role(Role.REQUESTER, "chat-bot")
    first, again = (
        ask(bot, seeded, contact="erika@example.org", language="de"),
        ask(bot, seeded, contact="erika@example.org", language="de"),
    )
    assert (first.status_code, again.status_code) == (201, 201)
    made = first.json()
    assert made["number"] == again.json()["number"] == "NTH-R1"
    assert (made["made_by"], made["stage"], made["contact"]) == ("key:chat-bot", "new", "erika@example.org")
    assert again.json()["private_path"] is None, "it is shown once, and stored nowhere"
    assert "Es tropft" not in bot.get(made["private_path"]).text
    assert "It drips" in bot.get(made["private_path"]).text
    assert bot.post(V1, json={"what": "x"}, headers={"Idempotency-Key": "b"}).status_code == 422
    assert bot.post(V1, json={"what": "x", "asset_id": 1}).status_code == 400, "a key is needed"


def test_who_decides_sees_all_and_who_asks_just_their_own(of_role, seeded):
    one, other = of_role(Role.REQUESTER, "one"), of_role(Role.TECHNICIAN, "other")
    planner, viewer = of_role(Role.PLANNER, "pat"), of_role(Role.VIEWER, "view")
    own = [ask(one, seeded, once=str(n)).json()["number"] for n in range(3)]
    theirs = ask(other, seeded).json()
    assert [each["number"] for each in one.get(V1).json()] == own[::-1]
    assert len(planner.get(V1).json()) == 4
    assert planner.get(f"{V1}?mine=true").json() == viewer.get(V1).json() == []
    page = planner.get(f"{V1}?limit=3")
    assert [each["number"] for each in page.json()] == [theirs["number"], *own[:0:-1]]
    assert [each["number"] for each in planner.get(page.links["next"]["url"]).json()] == own[:1]
    at = f"{V1}/{theirs['id']}"
    assert planner.get(at).json()["what"] == "It drips"
    for path in ("answer", "messages", "withdraw", "rating"):
        body = {"rating": 5} if path == "rating" else {"words": "x"}
        answer = one.post(f"{at}/{path}", json=body, headers={"Idempotency-Key": path})
        assert answer.status_code == 404, path
    assert one.get(at).status_code == one.get(f"/my-requests/{theirs['id']}", headers=HTML).status_code == 404
    assert one.post(f"{at}/accept", json={"title": "x"}).status_code == 403


def test_a_planner_asks_back_accepts_merges_and_declines_and_both_sides_write(of_role, seeded):
    one, planner = of_role(Role.REQUESTER, "one"), of_role(Role.PLANNER, "pat")
    first, second, third = (ask(one, seeded, once=str(n)).json()["id"] for n in range(3))
    assert planner.post(f"{V1}/{first}/ask-back", json={"words": "Where?"}).json()["status"] == "asked_back"
    assert one.post(f"{V1}/{first}/answer", json={"words": "Below"}).json()["status"] == "new"
    assert one.post(f"{V1}/{first}/answer", json={"words": "Again"}).status_code == 409
    for _ in range(2):
        planner.post(f"{V1}/{first}/messages", json={"words": "Thanks"}, headers={"Idempotency-Key": "m"})
    said = one.get(f"{V1}/{first}").json()["messages"]
    assert [(each["by"], each["text"]) for each in said] == [
        ("key:pat", "Where?"), (None, "Below"), ("key:pat", "Thanks"),
    ]  # fmt: skip
    accepted = planner.post(f"{V1}/{first}/accept", json={"title": "Renew the seal", "priority": 2}).json()
    assert (accepted["status"], accepted["order_status"], accepted["stage"]) == ("accepted", "open", "accepted")
    merged = planner.post(f"{V1}/{second}/merge", json={"order": accepted["order_number"]}).json()
    assert (merged["status"], merged["order_id"]) == ("merged", accepted["order_id"])
    assert planner.post(f"{V1}/{second}/decline", json={"words": "no"}).status_code == 409
    assert planner.post(f"{V1}/{third}/decline", json={"words": " "}).status_code == 422
    assert planner.post(f"{V1}/{third}/merge", json={"order": "NTH-9999"}).status_code == 404
    assert planner.post(f"{V1}/{third}/decline", json={"words": "Not ours"}).json()["ended"]


def test_somebody_signed_in_reports_a_problem_and_follows_it(of_role, seeded, pool):
    one, planner = of_role(Role.REQUESTER, "one"), of_role(Role.PLANNER, "pat")
    first = one.get("/report", headers=HTML).text
    assert f'value="asset-{seeded.assets["P-105"]}"' in first
    assert "<b>112</b>" in first
    at = f"asset-{seeded.assets['P-105']}"
    form = one.get(f"/report?at={at}", headers=HTML).text
    assert str(seeded.orders["emergency"]) in form, "what is known there is shown before"
    assert one.get("/report?at=asset-999999", headers=HTML).status_code == 404
    sent = one.post("/report", data={"at": at, "what": "Smells burnt", "since": "today"}, headers=HTML)
    where = sent.headers["location"]
    assert "Smells burnt" in one.get(where, headers=HTML).text
    assert where in one.get("/my-requests", headers=HTML).text
    upload = one.post(f"{where}/files/new", files={"file": ("a.png", pictures.a_picture())}, headers=HTML)
    assert upload.status_code == 303
    assert one.post(f"{where}/files/new", files={"file": ("a.png", b"MZ")}, headers=HTML).status_code == 422
    key = where.rpartition("/")[2]
    (photo,) = planner.get(f"{V1}/{key}").json()["photos"]
    assert planner.get(f"{V1}/{key}/photos/{photo['id']}").headers["content-type"] == photo["kind"]
    assert one.get(f"{where}/photos/{photo['id']}").status_code == 200
    planner.post(f"{V1}/{key}/ask-back", json={"words": "Which cable?"})
    assert "Which cable?" in one.get(where, headers=HTML).text
    one.post(f"{where}/messages", data={"text": "The black one"}, headers=HTML)
    planner.post(f"{V1}/{key}/settle", json={"words": "Unplug it."})
    assert one.post(f"{where}/withdraw", data={}, headers=HTML).status_code == 409
    assert one.post(f"{where}/rating", data={"rating": "4"}, headers=HTML).status_code == 303
    assert planner.get(f"{V1}/{key}").json()["rating"] == 4
    joined = one.post("/report", data={"at": at, "joins": str(seeded.orders["emergency"])}, headers=HTML)
    assert planner.get(f"{V1}/{joined.headers['location'].rpartition('/')[2]}").json()["status"] == "merged"
