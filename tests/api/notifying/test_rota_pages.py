"""The pages of rotas: who is on call now, one rota by month, and its form."""

from datetime import UTC, datetime, time, timedelta

import pytest

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
