"""Appointments: a requester books a time that the schedule offers, and changes it; nothing else can be booked."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from api.portal import app as portal
from db.orders import work_orders
from db.plant import plant
from db.requests import appointments, requests
from db.requests.appointments import TimeTaken
from db.requests.personal import Person
from db.scheduling import publishing, schedules, weeks
from tests import people
from tests.db.scheduling.conftest import MONDAY
from workorder_core.people.access import Role, system
from workorder_core.requests.asking import MOST_TIMES
from workorder_core.requests.emergencies import PortalRules
from workorder_core.scheduling.weeks import State, week_of

HOME = {"Origin": "http://plant.example"}


@pytest.fixture
def asked(conn):
    """A request that was accepted, and the token of its private page."""
    pump = plant.asset_by_key(conn, "NTH", "P-101", now=MONDAY)
    made, token = requests.create(conn, pump, Person(what="drips"), danger=False, language="en", at=MONDAY)
    assert appointments.offered(conn, made, now=MONDAY) == (), "nobody has accepted it"
    requests.accept(conn, made.id, title="Seal", actor="person:pat", at=MONDAY)
    return made.id, token


def test_a_requester_books_an_offered_time_and_it_is_in_the_plan_and_at_the_order(conn, asked):
    key, _ = asked
    before = requests.get(conn, key)
    offers = appointments.offered(conn, before, now=MONDAY)
    assert len(offers) == 3
    assert [each.starts_at for each in offers] == sorted(each.starts_at for each in offers)
    appointments.choose(conn, key, offers[0].starts_at, now=MONDAY)
    after = requests.get(conn, key)
    assert (after.stage.code, after.scheduled_start, after.scheduled_end) == (
        "appointed", offers[0].starts_at, offers[0].ends_at,
    )  # fmt: skip
    assert after.technician, "it is known who comes"
    assert after.time_chosen_at == MONDAY
    day = week_of(offers[0].starts_at.date())
    plan = schedules.of_week(conn, after.site_id, day)[State.ACCEPTED]
    (visit,) = [each for each in schedules.visits_of(conn, plan) if each.order == after.order_id]
    assert (visit.starts_at, visit.pinned_by) == (offers[0].starts_at, "system:portal")
    assert weeks.broken(conn, plan, weeks.of_schedule(conn, plan, now=MONDAY)) == ()
    publishing.publish(conn, plan.id, who=system("tests"), at=MONDAY)
    other = appointments.offered(conn, after, now=MONDAY)[-1]
    appointments.choose(conn, key, other.starts_at, now=MONDAY)
    assert after.order_id is not None
    assert work_orders.get(conn, after.order_id).scheduled_start == other.starts_at, "changed"


def test_who_is_signed_in_chooses_a_time_on_their_own_page(week_database):
    with ConnectionPool(week_database, min_size=1, max_size=2, open=True) as pool, pool.connection() as conn:
        key = people.add_key(conn, "ria", Role.REQUESTER)
        pump = plant.asset_by_key(conn, "NTH", "P-101", now=MONDAY)
        facts: Any = {"danger": False, "language": "en", "made_by": "key:ria"}
        now = datetime.now(UTC)
        made, _ = requests.create(conn, pump, Person(what="drips"), at=now, **facts)
        requests.accept(conn, made.id, title="Seal", actor="person:pat", at=now)
        conn.commit()
        heads = {"X-API-Key": key, "Accept": "text/html", "Origin": "http://localhost"}
        with TestClient(
            create(pool, keys={}), base_url="http://localhost", headers=heads, follow_redirects=False
        ) as own:
            path = f"/my-requests/{made.id}/times"
            times = re.findall(r'<option value="(\d[^"]+)"', own.get(path).text)
            assert len(times) == 3
            once = re.search(r'name="once" value="([^"]+)"', own.get(path).text)
            assert once is not None
            assert own.post(path, data={"starts_at": "soon", "once": once[1]}).status_code == 422
            chosen = {"starts_at": unescape(times[0]), "once": once[1]}
            assert own.post(path, data=chosen).status_code == 303
        conn.rollback()
        assert requests.get(conn, made.id).stage.code == "appointed"


def test_nothing_but_what_is_offered_can_be_booked_and_not_without_end(conn, asked):
    key, _ = asked
    offer = appointments.offered(conn, requests.get(conn, key), now=MONDAY)[0]
    for wrong in (offer.starts_at + timedelta(minutes=1), MONDAY - timedelta(days=1), MONDAY + timedelta(days=300)):
        with pytest.raises(TimeTaken):
            appointments.choose(conn, key, wrong, now=MONDAY)
    for _ in range(MOST_TIMES):
        offer = appointments.offered(conn, requests.get(conn, key), now=MONDAY)[0]
        appointments.choose(conn, key, offer.starts_at, now=MONDAY)
    assert not appointments.may_choose(conn, requests.get(conn, key))
    site = requests.get(conn, key).site_id
    conn.execute("UPDATE requests SET times_chosen = 1")
    assert appointments.may_choose(conn, requests.get(conn, key))
    requests.put_rules(conn, site, PortalRules(choose_times=False))
    assert not appointments.may_choose(conn, requests.get(conn, key))


def test_the_page_offers_times_and_says_when_one_is_taken(conn, asked, week_database):
    _, token = asked
    conn.commit()
    with (
        ConnectionPool(week_database, min_size=1, max_size=2, open=True) as pool,
        TestClient(portal.alone(pool), base_url="http://plant.example", follow_redirects=False) as visitor,
    ):
        page = f"/r/s/{token}"
        assert f'href="{page}/times"' in visitor.get(page).text
        assert visitor.get(f"{page}/times").status_code == 200
        for wrong, code in (("2026-03-02T05:01:00+00:00", 409), ("2026-03-02T05:01:00", 422), ("soon", 422), ("", 422)):
            answer = visitor.post(f"{page}/times", data={"starts_at": wrong}, headers=HOME)
            assert answer.status_code == code, wrong
            assert 'role="alert"' in answer.text
        assert visitor.get(f"/r/s/{'x' * 43}/times").status_code == 404
