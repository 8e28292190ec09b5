"""The pages of rotas: who is on call now, one rota by month, and its form."""

import re
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.board.forms.form_errors import InvalidForm
from api.board.notifying.rota_form import fields_of, hours_said, read, read_hours
from db.oncall import rotas
from db.people import users
from tests import people
from workorder_core.oncall.rotas import Hours
from workorder_core.people.access import Role
from workorder_core.planning.site_time import EVERY_DAY

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
ROTA = {"site": "NTH", "code": "PUMPS", "title": "Pumps at night", "zone": "Europe/Copenhagen"} | {
    "name_1": "first", "people_1": "mette, ola", "starts_1": "2026-03-06", "turn_1": "1", "unit_1": "weeks",
    "hands_over_1": "08:00", "hours_1": "", "on_holidays_1": "as_usual",
}  # fmt: skip


@pytest.fixture
def team(pool, client):
    with pool.connection() as conn:
        for name in ("mette", "ola"):
            people.add_user(conn, name, Role.TECHNICIAN)
        assert users.find(conn, "ola") is not None


def made(client, **changed):
    answer = client.post("/on-call/new", data=ROTA | changed, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer


def test_a_rota_is_made_on_a_page_and_says_who_is_on_call_now(client, team):
    assert "There are no rotas yet" in client.get("/on-call", headers=HTML).text
    page = made(client, hours_1="Mo-Fr 16:00-08:00; Sa,Su 00:00-24:00", covered="Mo-Fr 16:00-08:00").text
    assert "Pumps at night" in page
    assert 'value="Mo,Tu,We,Th,Fr 16:00-08:00; Sa,Su 00:00-24:00"' in page
    (stored,) = client.get("/api/v1/rotas").json()
    assert stored["rota"]["layers"][0]["people"] == ["mette", "ola"]
    assert "first" in client.get("/on-call", headers=HTML).text
    later = client.get(f"/on-call/{stored['id']}?month=2030-03", headers=HTML).text
    assert later.count('class="due') > 31
    assert client.get(f"/on-call/{stored['id']}?month=2030-99", headers=HTML).status_code == 200


def test_a_gap_is_on_the_page_until_somebody_is_put_on_call(client, team):
    starts = datetime.now(UTC).date() + timedelta(days=5)
    made(client, starts_1=starts.isoformat(), zone="UTC")
    assert "Gap: nobody is on call" in client.get("/on-call", headers=HTML).text
    (stored,) = client.get("/api/v1/rotas").json()
    assert client.get(f"/api/v1/rotas/{stored['id']}/gaps").json()[0]["ends"].startswith(f"{starts}T08:00")
    assert [each["person"] for each in client.get("/api/v1/on-call").json()] == [None]
    span = {"begins": "2020-01-01T08:00", "ends": f"{starts}T08:00"}
    filled = client.post(
        f"/on-call/{stored['id']}/overrides", data={"layer": "first", "person": "ola", **span}, headers=HTML
    )
    assert filled.status_code == 200
    assert "Gap: nobody" not in filled.text
    (now,) = client.get("/api/v1/on-call").json()
    assert (now["person"], now["next_person"]) == ("ola", "mette")


def test_a_second_layer_is_added_and_what_is_wrong_is_said_at_its_field(client, team):
    made(client)
    (stored,) = client.get("/api/v1/rotas").json()
    second = {"name_2": "second", "people_2": "nobody-here", "starts_2": "2026-03-06"}
    wrong = client.post(f"/on-call/{stored['id']}", data=ROTA | second | {"turn_2": "x"}, headers=HTML)
    assert wrong.status_code == 422
    assert 'name="turn_2"' in wrong.text
    wrong = client.post(f"/on-call/{stored['id']}", data=ROTA | second, headers=HTML)
    assert wrong.status_code == 422
    assert 'id="wrong-people_2">Nobody-here cannot be on call' in wrong.text
    client.post(f"/on-call/{stored['id']}", data=ROTA | second | {"people_2": "ola"}, headers=HTML)
    (changed,) = client.get("/api/v1/rotas").json()
    assert (changed["version"], len(changed["rota"]["layers"])) == (2, 2)


HOURS = {
    "": (),
    "08:00-16:00": (Hours(begins=time(8), ends=time(16)),),
    "Mo-Fr 16:00-08:00; Sa,Su 00:00-24:00": (
        Hours(weekdays=frozenset(range(1, 6)), begins=time(16), ends=time(8)),
        Hours(weekdays=frozenset({6, 7})),
    ),
    "Fr-Mo 22:00-06:00": (Hours(weekdays=frozenset({5, 6, 7, 1}), begins=time(22), ends=time(6)),),
    "monday 00:00-24:00": (Hours(weekdays=frozenset({1})),),
}


@pytest.mark.parametrize(("text", "hours"), HOURS.items(), ids=list(HOURS))
def test_hours_are_read_as_people_write_them_and_back(text, hours):
    assert read_hours(text) == hours
    assert read_hours(hours_said(hours)) == hours
    assert all(each.weekdays <= EVERY_DAY for each in hours)


@pytest.mark.parametrize("text", ["always", "8-16", "Xx 08:00-16:00", "25:00-26:00", "Mo 08:00"])
def test_hours_that_cannot_be_read_are_refused(text):
    with pytest.raises(InvalidForm):
        read_hours(text)


def test_a_rota_in_its_form_is_the_same_rota(client, team, pool):
    made(client, hours_1="Mo-Fr 16:00-08:00", country="DK")
    with pool.connection() as conn:
        (stored,) = rotas.listed(conn)
    again = read(fields_of(stored.rota), site="NTH", code="PUMPS")
    assert again == stored.rota


class Signed:
    """A browser of somebody, who posts forms and asks the API."""

    def __init__(self, pool, name):
        self.browser = TestClient(create(pool, keys={}), base_url="http://localhost", headers=HTML)
        self.browser.post("/login", data={"name": name, "password": people.PASSWORD})

    @property
    def token(self):
        return self.get("/on-call").split('name="csrf" value="')[1].split('"')[0]

    def get(self, path):
        return self.browser.get(path).text

    def post(self, path, **fields):
        return self.browser.post(path, data={"csrf": self.token, "once": uuid4().hex, **fields})

    def ask(self, path, body, key=""):
        headers = {"X-CSRF-Token": self.token, "Accept": "application/json", "Idempotency-Key": key or uuid4().hex}
        return self.browser.post(path, json=body, headers=headers)


def test_a_turn_is_swapped_on_the_pages_and_the_rota_says_who_when_and_why(client, team, pool):
    starts = datetime.now(UTC).date() + timedelta(days=2)
    made(client, starts_1=starts.isoformat(), zone="UTC")
    (stored,) = client.get("/api/v1/rotas").json()
    at = f"/on-call/{stored['id']}"
    mette, ola = Signed(pool, "mette"), Signed(pool, "ola")
    page = mette.get(at)
    turns = re.findall(r'<option value="(\S+\|first)"', page)
    theirs = re.findall(r'<option value="(\S+\|ola)"', page)
    asked = {"turn": turns[0], "takes": theirs[0], "reason": "a wedding"}
    wrong = mette.post(f"{at}/swaps", **asked | {"takes": "mette"})
    assert wrong.status_code == 422
    assert "a wedding" in wrong.text, "what was typed is still there"
    assert mette.post(f"{at}/swaps", **asked).status_code == 200
    assert "in return for" in ola.get("/on-call")
    assert f"{at}/swaps/1/agree" not in mette.get("/on-call")
    assert mette.post(f"{at}/swaps/1/agree").status_code == 422
    agreed = ola.post(f"{at}/swaps/1/agree")
    assert agreed.status_code == 200
    assert "a wedding" in agreed.text
    assert "swapped by Mette and Ola" in agreed.text
    assert ola.post(f"{at}/swaps/1/decline").status_code == 409
    begins = turns[0].split("|")[0].replace("+", "%2B")
    (now,) = client.get(f"/api/v1/on-call?at={begins}").json()
    assert now["person"] == "ola"


def test_a_turn_is_swapped_by_the_api_and_declined(client, team, pool):
    starts = datetime.now(UTC).date() + timedelta(days=2)
    made(client, starts_1=starts.isoformat(), zone="UTC")
    at, turn = "/api/v1/rotas/1/swaps", {"begins_at": f"{starts}T08:00:00Z"}
    body = turn | {"ends_at": f"{starts + timedelta(days=1)}T08:00:00Z", "layer": "first", "to": "ola", "why": "ill"}
    mette, ola = Signed(pool, "mette"), Signed(pool, "ola")
    assert mette.ask(at, body, "swap").json() == mette.ask(at, body, "swap").json()
    answers = [
        each.ask(f"{at}/1/answer", answer).status_code
        for each, answer in (
            (mette, {"answer": "decline"}),
            (ola, {"answer": "withdraw"}),
            (ola, {"answer": "decline", "why": "me too"}),
            (ola, {"answer": "agree"}),
        )
    ]
    assert answers == [422, 422, 200, 409]
    assert client.post(at, json=body, headers={"Idempotency-Key": "key"}).status_code == 422, "a key has no turns"
    (found,) = client.get(at).json()
    assert (found["state"], found["answered_by"], found["answer_why"]) == ("declined", "person:ola", "me too")


def test_a_rota_is_retired_on_its_page_with_the_reason_and_comes_back_with_a_new_version(client, team):
    made(client)
    page = client.post("/on-call/1/retire", data={"reason": "one team now"}, headers=HTML).text
    assert "one team now" in page
    assert "fold-retire" not in page
    assert client.get("/api/v1/on-call").json() == []
    assert "Pumps at night" in client.get("/on-call", headers=HTML).text, "it is found again among the retired ones"
    client.post("/on-call/1", data=ROTA, headers=HTML)
    assert len(client.get("/api/v1/on-call").json()) == 1


def test_a_chief_is_named_on_the_page_and_policies_say_it_in_peoples_words(client, team):
    policy = {
        "site": "NTH",
        "code": "N",
        "title": "Nights",
        "order_types": "emergency",
        "whom_1": "chief, role:planner",
    }
    refused = client.post("/escalations/policies/new", data=policy, headers=HTML)
    assert (refused.status_code, "NTH has no chief" in refused.text) == (422, True)
    named = client.post("/escalations/chief", data={"site": "NTH", "person": "ola", "why": "new"}, headers=HTML)
    assert "Ola" in named.text
    assert client.get("/api/v1/sites/NTH/chief").json()["person"] == "ola"
    assert client.put("/api/v1/sites/NTH/chief", json={"person": "nobody"}).status_code == 422
    assert client.put("/api/v1/sites/NTH/chief?why=old", json={"person": "mette"}).json()["full_name"] == "Mette"
    (newest, first) = client.get("/api/v1/changes?kind=site").json()[:2]
    assert (first["new"], first["why"]) == ({"chief": "ola"}, "new")
    assert (newest["old"], newest["new"]) == ({"chief": "ola"}, {"chief": "mette"})
    client.post("/escalations/policies/new", data=policy, headers=HTML)
    assert "the site&#39;s chief, planners" in client.get("/escalations", headers=HTML).text
    rows = {"to_emergency": "chief, rota:PUMPS", "site": "NTH", "version": "0"}
    made(client)
    client.post("/notification-policy/news", data=rows, headers=HTML)
    shown = client.get("/notification-policy?site=NTH", headers=HTML).text
    assert "the site&#39;s chief, on call: PUMPS" in shown
