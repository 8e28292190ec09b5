"""Administrators make people and keys; what is shown once is shown once."""

import re

import pytest
from fastapi.testclient import TestClient

from api import passwords
from api.app import create
from tests import people
from workorder_core.people.access import Role

V1 = "/api/v1"
HERE = {"Origin": "http://localhost"}


@pytest.fixture(autouse=True)
def _cheaply(monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", people.CHEAP)


@pytest.fixture
def admin(known):
    return known(Role.ADMINISTRATOR, name="office")


def test_a_person_is_made_signs_in_with_what_was_shown_and_is_what_was_said(admin, pool, seeded):
    body = {
        "name": " Deniz ",
        "full_name": "Deniz Yilmaz",
        "roles": ["technician"],
        "sites": ["NTH"],
        "technician": {"site": "NTH", "code": "yilmaz"},
    }
    made = admin.post(f"{V1}/users", json=body)
    assert made.status_code == 201, made.text
    password = made.json()["one_time_password"]
    user = admin.get(f"{V1}/users/deniz").json()
    assert (user["roles"], user["sites"], user["must_change_password"]) == (["technician"], ["NTH"], True)
    assert password not in admin.get(f"{V1}/users").text
    client = TestClient(create(pool, keys={}), "http://localhost", headers=HERE, follow_redirects=False)
    assert client.post("/login", data={"name": "deniz", "password": password}).headers["location"] == "/password"
    csrf = re.findall(r'name="csrf" value="(\w+)"', client.get("/password").text)[0]
    form = {"csrf": csrf, "current": password, "password": people.PASSWORD, "again": people.PASSWORD}
    assert client.post("/password", data=form).status_code == 200
    me = client.get(f"{V1}/me").json()
    assert me == {
        "actor": "person:deniz",
        "roles": ["technician"],
        "sites": ["NTH"],
        "technician": {"site": "NTH", "code": "yilmaz"},
        "language": None,
    }


def test_every_change_of_people_and_keys_is_signed(admin, pool):
    admin.post(f"{V1}/users", json={"name": "kim", "roles": ["viewer"]})
    admin.put(f"{V1}/users/kim", json={"roles": ["planner"]})
    admin.post(f"{V1}/users/kim/password")
    admin.post(f"{V1}/keys", json={"name": "scada", "roles": ["viewer"]})
    admin.post(f"{V1}/keys/scada/revoke")
    rows = admin.get(f"{V1}/access-changes?limit=5").json()
    assert [(row["what"], row["subject"], row["actor"]) for row in reversed(rows)] == [
        ("user added", "kim", "key:office"),
        ("user changed", "kim", "key:office"),
        ("password changed", "kim", "key:office"),
        ("key added", "scada", "key:office"),
        ("key revoked", "scada", "key:office"),
    ]
    assert rows[3]["detail"]["old"]["roles"] == ["viewer"]
    assert rows[3]["detail"]["new"]["roles"] == ["planner"]
    with pool.connection() as conn, pytest.raises(Exception, match="append-only"):
        conn.execute("DELETE FROM changes")


def test_a_key_is_shown_once_and_opens_what_it_was_given(admin, pool, seeded):
    made = admin.post(f"{V1}/keys", json={"name": "scada", "roles": ["viewer"], "sites": ["NTH"]}).json()
    assert made["key"] not in admin.get(f"{V1}/keys").text
    scada = TestClient(create(pool, keys={}), headers={"Authorization": f"Bearer {made['key']}"})
    assert scada.get(f"{V1}/me").json()["actor"] == "key:scada"
    assert scada.get(f"{V1}/sites").status_code == 200
    assert scada.get(f"{V1}/users").status_code == 403
    assert admin.get(f"{V1}/keys").json()[-1]["last_used_at"] is not None
    admin.post(f"{V1}/keys/scada/revoke")
    assert scada.get(f"{V1}/sites").status_code == 401
    assert admin.post(f"{V1}/keys", json={"name": "scada", "roles": ["viewer"]}).status_code == 409, "not used again"


WRONG = {
    "a name that is there": ({"name": "mette", "roles": ["viewer"]}, 409, "already"),
    "a role that is none": ({"name": "kim", "roles": ["boss"]}, 422, "roles.0"),
    "no role": ({"name": "kim", "roles": []}, 422, "roles"),
    "a site that is none": ({"name": "kim", "roles": ["viewer"], "sites": ["XXX"]}, 422, "there is no site XXX"),
    "no site": ({"name": "kim", "roles": ["viewer"], "sites": []}, 422, "sites"),
    "a technician who is none": (
        {"name": "kim", "roles": ["technician"], "technician": {"site": "NTH", "code": "x"}},
        404,
        "this site has no technician x; choose one of holm",
    ),
    "a name that is none": ({"name": "kim o", "roles": ["viewer"]}, 422, "name"),
}


@pytest.mark.parametrize(("body", "status", "says"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_told(admin, pool, body, status, says):
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.ADMINISTRATOR)
    answer = admin.post(f"{V1}/users", json=body)
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text


def test_the_last_administrator_stays_one(admin, pool):
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.ADMINISTRATOR)
        people.add_user(conn, "scoped", Role.ADMINISTRATOR, sites=["NTH"])
    for body in (
        {"roles": ["planner"]},
        {"roles": ["administrator"], "disabled": True},
        {"roles": ["administrator"], "sites": ["NTH"]},
    ):
        answer = admin.put(f"{V1}/users/mette", json=body)
        assert answer.status_code == 409
        assert "mette is the last administrator" in answer.json()["detail"]
    with pool.connection() as conn:
        people.add_user(conn, "kim", Role.ADMINISTRATOR)
    assert admin.put(f"{V1}/users/mette", json={"roles": ["planner"]}).status_code == 200


def test_the_name_of_a_key_of_the_settings_is_taken(client):
    assert client.post(f"{V1}/keys", json={"name": "planner", "roles": ["viewer"]}).status_code == 409


def test_the_page_does_the_same(client):
    form = {"name": "Kim", "full_name": "Kim <Holm>", "roles": ["planner", "technician"], "technician": "NTH/holm"}
    page = client.post("/access/users", data=form, headers=HERE)
    assert page.status_code == 200
    password = re.findall(r'class="secret">([^<]+)<', page.text)[0]
    assert len(password) == 24
    assert "Kim &lt;Holm&gt;" in page.text
    assert password not in client.get("/access").text
    page = client.post(
        "/access/users/kim", data={"roles": ["viewer"], "sites": ["NTH"], "disabled": "yes"}, headers=HERE
    )
    assert "· disabled" in page.text
    user = client.get(f"{V1}/users/kim").json()
    assert (user["roles"], user["sites"], user["technician"]) == (["viewer"], ["NTH"], None)
    assert re.search(r'class="secret">[^<]+<', client.post("/access/users/kim/password", headers=HERE).text)
    page = client.post("/access/keys", data={"name": "scada", "roles": ["viewer"]}, headers=HERE)
    key = re.findall(r'class="secret">([^<]+)<', page.text)[0]
    assert client.get(f"{V1}/sites", headers={"X-API-Key": key}).status_code == 200
    client.post("/access/keys/scada/revoke", headers=HERE)
    assert client.get(f"{V1}/sites", headers={"X-API-Key": key}).status_code == 401
    refused = client.post("/access/users", data={"name": "o o"}, headers=HERE)
    assert (refused.status_code, "choose one role at least" in refused.text.lower()) == (422, True)


def test_who_may_not_administer_does_not_see_the_way_there(known, seeded):
    assert 'href="/access"' not in known(Role.PLANNER).get("/").text
    assert 'href="/access"' in known(Role.ADMINISTRATOR).get("/").text
