"""Quotes: made by planners, answered once by the customer, holding work that has begun until they are."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from psycopg import errors

from api.portal import app as portal
from db.costs import costs
from db.plant import plant
from db.requests import personal, quotes, requests
from db.requests.personal import Person
from tests.api.requests.test_requests_api import ask, of_role  # noqa: F401 - a fixture
from workorder_core.people.access import Role
from workorder_core.requests.quotes import LineKind, Price, QuoteRefused

NOW = datetime.now(UTC)
HOME = {"Origin": "http://plant.example"}
FITTER = Price(code="MECH", kind=LineKind.LABOUR, name="Fitter", unit="h", unit_price=Decimal("92.05"))
LINES = [
    {"price": "MECH", "quantity": "2.5"},
    {"kind": "part", "text": "Seal", "quantity": "3", "unit": "pcs", "unit_price": "10.005"},
]
LATER = (NOW + timedelta(days=20)).date()


@pytest.fixture
def priced(pool, seeded):
    """A site with a currency and a price list, and a request of a stranger with its private page."""
    with pool.connection() as conn:
        pump = plant.asset(conn, seeded.assets["P-105"], now=NOW)
        costs.set_currency(conn, pump.site_id, "NTH", "EUR")
        quotes.put_price_list(conn, pump.site_id, "NTH", [FITTER], actor="user:pat", at=NOW)
        person = Person(name="Erika", contact="erika@example.org", what="It drips")
        made, token = requests.create(conn, pump, person, danger=False, language="de", at=NOW)
    with TestClient(portal.alone(pool), base_url="http://plant.example", follow_redirects=False) as visitor:
        yield made, f"/r/s/{token}", visitor


def offered(planner, asked, once="q", lines=LINES, **more):
    body = {"lines": lines, "valid_until": LATER.isoformat(), **more}
    path = f"/api/v1/requests/{asked.id}/quotes"
    return planner.post(path, json=body, headers={"Idempotency-Key": once})


def running(pool, asked):
    """Make an order of a request, on which somebody works."""
    with pool.connection() as conn:
        order = requests.accept(conn, asked.id, title="Seal leaks", actor="user:pat", at=NOW)
        conn.execute("UPDATE work_orders SET status = 'in_progress' WHERE id = %s", [order.id])
    return order.id


def state_of(pool, order):
    with pool.connection() as conn:
        return conn.execute("SELECT status, hold_reason FROM work_orders WHERE id = %s", [order]).fetchone()


def test_a_quote_is_made_of_the_price_list_and_accepted_once_with_who_and_when(pool, of_role, priced):  # noqa: F811
    asked, page, visitor = priced
    planner = of_role(Role.PLANNER, "pat")
    made = offered(planner, asked, words="Two hours and a half")
    assert made.status_code == 201, made.text
    assert [each["amount"] for each in made.json()["lines"]] == ["230.1300", "30.0200"]
    assert made.json()["total"] == "260.1500", "each line is rounded before they are added"
    assert offered(planner, asked, words="Two hours and a half").json() == made.json(), "the same quote is made once"
    text = visitor.get(page, headers={"Accept-Language": "de"}).text
    assert "260,15" in text
    assert visitor.post(f"{page}/quotes/1", data={"answer": "accept"}, headers=HOME).status_code == 422, "who?"
    assert visitor.post(f"{page}/quotes/2", data={"answer": "decline"}, headers=HOME).status_code == 404
    sent = {"answer": "accept", "name": "Erika M", "words": "Please soon"}
    assert visitor.post(f"{page}/quotes/1", data=sent, headers=HOME).status_code == 303
    assert visitor.post(f"{page}/quotes/1", data=sent | {"answer": "decline"}, headers=HOME).status_code == 409, "once"
    (quote,) = planner.get(f"/api/v1/requests/{asked.id}").json()["quotes"]
    assert (quote["state"], quote["answered_name"], quote["answered_by"]) == ("accepted", "Erika M", "system:portal")
    assert quote["answered_at"] is not None
    html = planner.get(f"/requests/{asked.id}", headers={"Accept": "text/html"}).text
    assert "Erika M" in html
    with pool.connection() as conn:
        kinds = [row[0] for row in conn.execute("SELECT kind FROM new_events").fetchall()]
        assert {"request.quoted", "request.quote_accepted"} <= set(kinds)
        personal.erase(conn, asked.id, number=asked.number, site="NTH", actor="user:pat", at=NOW)
        (kept,) = quotes.of_request(conn, asked.id)
        assert (kept.state, kept.answered_name, kept.answered_words) == ("accepted", "", "")


def test_extra_work_waits_for_the_answer_and_nothing_starts_before(pool, of_role, priced):  # noqa: F811
    asked, page, visitor = priced
    planner = of_role(Role.PLANNER, "pat")
    order = running(pool, asked)
    assert offered(planner, asked).json()["extra"]
    assert state_of(pool, order) == ("on_hold", "customer")
    refused = planner.post(f"/api/v1/work-orders/{order}/resume", json={})
    assert refused.status_code == 409, refused.text
    assert "has not answered the quote of NTH-R1" in refused.text
    again = offered(planner, asked, once="r", lines=LINES[:1])
    assert again.json()["version"] == 2
    assert state_of(pool, order) == ("on_hold", "customer")
    assert visitor.post(f"{page}/quotes/1", data={"answer": "decline"}, headers=HOME).status_code == 409, "replaced"
    assert "extra work" in visitor.get(page).text
    assert visitor.post(f"{page}/quotes/2", data={"answer": "decline"}, headers=HOME).status_code == 303
    assert state_of(pool, order) == ("in_progress", None)
    history = planner.get(f"/api/v1/work-orders/{order}").json()["history"]
    assert any("quote 2 of NTH-R1 was declined" in str(row) for row in history), history
    states = [each["state"] for each in planner.get(f"/api/v1/requests/{asked.id}").json()["quotes"]]
    assert states == ["declined", "replaced"]


def test_an_order_that_waits_is_not_started_and_one_that_is_withdrawn_frees_it(pool, of_role, priced):  # noqa: F811
    asked, _, _ = priced
    planner = of_role(Role.PLANNER, "pat")
    offered(planner, asked)
    accepted = planner.post(f"/api/v1/requests/{asked.id}/accept", json={"title": "Renew the seal"})
    order = accepted.json()["order_id"]
    refused = planner.post(f"/api/v1/work-orders/{order}/start", json={})
    assert (refused.status_code, "quote of NTH-R1" in refused.text) == (409, True), refused.text
    assert planner.post(f"/api/v1/requests/{asked.id}/quotes/1/withdraw").json()["state"] == "withdrawn"
    assert planner.post(f"/api/v1/requests/{asked.id}/quotes/1/withdraw").status_code == 409
    assert planner.post(f"/api/v1/work-orders/{order}/start", json={}).status_code == 200


def test_what_cannot_be_quoted_is_refused_and_what_was_offered_stays(pool, of_role, priced, seeded):  # noqa: F811
    asked, _, _ = priced
    planner = of_role(Role.PLANNER, "pat")
    assert offered(planner, asked, lines=[{"price": "GOLD", "quantity": "1"}]).status_code == 409
    assert offered(planner, asked, once="p", valid_until="2020-01-01").status_code == 409
    assert offered(planner, asked, once="s", lines=[{"text": "x", "quantity": "1"}]).status_code == 422
    assert offered(planner, asked, once="t").status_code == 201
    with pool.connection() as conn:
        with pytest.raises(QuoteRefused, match="valid until"):
            quotes.answer(conn, asked.id, 1, accept=True, name="E", at=NOW + timedelta(days=30))
        for change in ("UPDATE quotes SET total = 1", "DELETE FROM quotes", "UPDATE quote_lines SET amount = 1"):
            with pytest.raises(errors.CheckViolation), conn.transaction():
                conn.execute(change)
        quotes.answer(conn, asked.id, 1, accept=False, at=NOW + timedelta(days=30))
    technician = of_role(Role.TECHNICIAN, "tom")
    own = ask(technician, seeded).json()
    assert technician.post(f"/api/v1/requests/{own['id']}/quotes", json={}).status_code in (403, 422)
    body = {"lines": LINES, "valid_until": LATER.isoformat()}
    planner.post(f"/api/v1/requests/{own['id']}/quotes", json=body, headers={"Idempotency-Key": "own"})
    assert (
        of_role(Role.REQUESTER, "other")
        .post(f"/api/v1/requests/{own['id']}/quotes/1/answer", json={"accept": True})
        .status_code
        == 404
    )
    answered = technician.post(f"/api/v1/requests/{own['id']}/quotes/1/answer", json={"accept": True}).json()
    assert (answered["state"], answered["answered_by"]) == ("accepted", own["made_by"])


def test_a_planner_types_a_quote_and_a_price_list(of_role, priced):  # noqa: F811
    asked, _, _ = priced
    planner = of_role(Role.PLANNER, "pat")
    html = {"Accept": "text/html", "Origin": "http://localhost"}
    listed = "MECH; labour; Fitter; h; 92,05\nTRIP; other; Way; ; 40"
    done = planner.post("/costs/NTH/price-list", data={"prices": listed}, headers=html | {"Accept-Language": "de"})
    assert done.status_code == 303, done.text
    prices = planner.get("/api/v1/sites/NTH/costs/price-list").json()
    assert [(each["code"], each["unit_price"]) for each in prices] == [("MECH", "92.0500"), ("TRIP", "40.0000")]
    wrong = planner.post("/costs/NTH/price-list", data={"prices": "MECH; labour; Fitter"}, headers=html)
    assert (wrong.status_code, "Line 1: write code" in wrong.text) == (422, True)
    typed = {"text_1": "mech", "quantity_1": "2", "text_2": "Way", "price_2": "40", "valid_until": LATER.isoformat()}
    refused = planner.post(f"/requests/{asked.id}/quotes", data=typed | {"price_2": "gold"}, headers=html)
    assert (refused.status_code, re.search(r'name="text_2"[^>]*value="Way"', refused.text) is not None) == (422, True)
    assert planner.post(f"/requests/{asked.id}/quotes", data=typed, headers=html).status_code == 303
    (quote,) = planner.get(f"/api/v1/requests/{asked.id}").json()["quotes"]
    assert (quote["total"], [each["price_code"] for each in quote["lines"]]) == ("224.1000", ["MECH", None])
    assert date.fromisoformat(quote["valid_until"]) == LATER
