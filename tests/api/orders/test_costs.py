"""What orders cost, who sees it, and the cost model: by the API and by pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from db.costs import costs
from db.orders import order_history
from db.people import users
from workorder_core.people.access import Role

V1 = "/api/v1"
ORDERS = f"{V1}/work-orders"
MONEY = f"{V1}/sites/NTH/costs"
FOUND = {"finding": "confirmed", "failure_mode": "OHE", "mechanism": "wear", "cause": "wear", "remedy": "replace"}
FORM = {"Origin": "http://localhost"}


def put(client, path, expect=200, **body):
    answer = client.put(path, json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


@pytest.fixture
def priced(client, seeded):
    """A completed order of 3.5 hours and two seals, at a site with a currency and rates."""
    today = datetime.now(UTC).date()
    put(client, f"{MONEY}/currency", currency="EUR")
    put(client, f"{MONEY}/labour-rate", from_date="2020-01-01", per_hour="60.00")
    put(client, f"{MONEY}/labour-rate", skill="mechanical", from_date="2020-01-01", per_hour="80.00")
    put(client, f"{MONEY}/labour-rate", skill="mechanical", from_date="2021-01-01", per_hour="84.55")
    later = (today + timedelta(days=2)).isoformat()
    put(client, f"{MONEY}/labour-rate", skill="mechanical", from_date=later, per_hour="999")
    body = {"asset_id": seeded.assets["P-101"], "type": "reactive", "title": "Seal", "required_skill": "mechanical"}
    order = client.post(ORDERS, json=body, headers={"Idempotency-Key": str(uuid4())}).json()
    path = f"{ORDERS}/{order['id']}"
    for step, said in (("assign", {"technician": "holm", "why": "he is here"}), ("start", {})):
        answer = client.post(f"{path}/{step}", json=said)
        assert answer.status_code == 200, answer.text
    done = FOUND | {"hours": 3.5, "cost": "420.00", "currency": "EUR", "parts_used": [{"part": "seal", "used": 3}]}
    assert client.post(f"{path}/complete", json=done).status_code == 200
    return path


def test_the_cost_of_an_order_is_to_the_cent_and_every_price_is_in_its_history(client, priced, pool):
    before = client.get(f"{priced}/cost").json()
    assert before["missing"] == ["seal has no price"]
    assert put(client, f"{priced}/part-prices", unit_costs={"1": "10.005"}) == {
        "currency": "EUR", "hours": 3.5, "estimated": False, "rate": "84.5500",
        "labour": "295.93", "parts": "30.02", "external": "420.00", "total": "745.95", "missing": [],
    }  # fmt: skip
    with pool.connection() as conn:
        order_id = priced.rpartition("/")[2]
        told = [row.new for row in order_history.of_order(conn, order_id) if row.step == "prices"]
        assert told == [{"price 1": {"part": "seal", "unit_cost": "10.005", "currency": "EUR"}}]
        kinds = [row[0] for row in conn.execute("SELECT pg_typeof(unit_cost)::text FROM order_parts")]
        assert set(kinds) == {"numeric"}
    put(client, f"{priced}/part-prices", 404, unit_costs={"7": "1"})
    put(client, f"{priced}/part-prices", 422, unit_costs={"1": "NaN"})


def test_a_rate_counts_from_its_day_on_so_that_earlier_work_keeps_its_cost(client, priced, pool):
    assert client.get(f"{priced}/cost").json()["rate"] == "84.5500"
    with pool.connection() as conn:
        later = costs.of_order(conn, UUID(priced.rpartition("/")[2]), now=datetime.now(UTC) + timedelta(days=30))
        assert later is not None
        assert later.rate == Decimal("84.55"), "it was done before the newer rate"
    for from_date in ("2020-01-01", "2021-01-01"):
        put(client, f"{MONEY}/labour-rate", skill="mechanical", from_date=from_date, per_hour=None)
    assert client.get(f"{priced}/cost").json()["rate"] == "60.0000", "the rate without a trade"


def test_a_currency_does_not_change_under_amounts_in_it(client, priced):
    refused = client.put(f"{MONEY}/currency", json={"currency": "USD"})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "currency-in-use")
    assert client.put(f"{MONEY}/currency", json={"currency": "XXX"}).status_code == 422


def test_without_a_currency_there_are_no_amounts(client, seeded):
    refused = client.put(f"{MONEY}/model", json={"failure": "100"})
    assert (refused.status_code, "currency" in refused.json()["detail"]) == (409, True)
    assert client.get(f"{ORDERS}/{seeded.orders['done']}/cost").json() is None


def test_technicians_see_no_rates_prices_or_costs_unless_an_administrator_allows_it(client, priced, known, pool):
    put(client, f"{priced}/part-prices", unit_costs={"1": "12345.67"})
    put(client, f"{MONEY}/model", failure="7654321")
    page = priced.replace(ORDERS, "/orders")
    technician = known(Role.TECHNICIAN)
    seen = [priced, f"{priced}/content", page, "/changes", f"{V1}/changes", "/", "/assets"]
    secrets = ("84.55", "12345.67", "37,037.01", "7654321", "295.93")
    for path in seen:
        text = technician.get(path).text
        assert [each for each in secrets if each in text] == [], path
    for path in (f"{priced}/cost", MONEY, "/costs"):
        assert technician.get(path).status_code == 403
    assert "37,037.01" in client.get(page).text, "so that this can fail"
    with pool.connection() as conn:
        assert "12345.67" not in str(
            conn.execute("SELECT data FROM new_events UNION ALL SELECT data FROM events").fetchall()
        )
    body = {"name": "bo", "roles": ["technician"], "sees_costs": True}
    made = client.post(f"{V1}/users", json=body, headers={"Idempotency-Key": "u"})
    assert made.json()["user"]["sees_costs"] is True
    with pool.connection() as conn:
        assert users.get(conn, "bo").who().sees_costs
    assert client.put(f"{V1}/users/bo", json={"roles": ["technician"]}).json()["sees_costs"] is False


def test_rates_and_the_model_are_changed_by_pages_and_each_change_is_in_the_log(client, seeded):
    def sends(path, expect=303, **form):
        answer = client.post(path, data=form, headers=FORM, follow_redirects=False)
        assert answer.status_code == expect, answer.text
        return answer.text

    sends("/costs/NTH/currency", currency="dkk")
    assert "Write a number, not &#39;much&#39;" in sends(
        "/costs/NTH/labour-rate", 422, from_date="2026-01-01", per_hour="much"
    )
    sends("/costs/NTH/labour-rate", skill="mechanical", from_date="2026-01-01", per_hour="620,50")
    sends("/costs/NTH/model", of="site", failure="90 000", wasted_visit="1500")
    sends("/costs/NTH/model", of="asset:P-101", failure="250000.005", notice_hours="24")
    sends("/costs/NTH/model", of="asset:P-101", failure="300000", notice_hours="24")
    page = client.get("/costs").text
    for said in ("620.50 DKK", "90,000.00 DKK", "300,000.00 DKK", "24 h", "Labour rate NTH/mechanical"):
        assert said in page
    found = client.get(f"{V1}/changes", params={"kind": "cost model", "subject": "NTH/P-101"}).json()
    newest = found[0]
    assert (newest["what"], newest["old"], newest["new"]) == ("changed", {"failure": 250000.005}, {"failure": 300000.0})
    model = client.get(MONEY).json()["cost_model"]
    assert [each["asset"] for each in model] == [None, "P-101"]
    sends("/costs/NTH/model", of="asset:P-101")
    assert [each["asset"] for each in client.get(MONEY).json()["cost_model"]] == [None]
    assert "no asset" in sends("/costs/NTH/model", 404, of="asset:NO-1", failure="1")


def test_parts_are_priced_on_the_orders_page(client, priced):
    page = priced.replace(ORDERS, "/orders")
    form = {"line": "1", "unit_cost": "10.005"}
    assert client.post(f"{page}/part-prices", data=form, headers=FORM, follow_redirects=False).status_code == 303
    shown = client.get(page).text
    assert "745.95 EUR" in shown
    assert "Price of seal" in shown


def test_what_was_paid_is_the_same_when_it_is_read_again_and_in_the_history(client, priced, pool):
    body = {"asset_id": 1, "type": "reactive", "title": "Seal"}
    body["asset_id"] = client.get(priced).json()["asset_id"]
    order = client.post(ORDERS, json=body, headers={"Idempotency-Key": str(uuid4())}).json()
    path = f"{ORDERS}/{order['id']}"
    for step, said in (("assign", {"technician": "holm", "why": "he is here"}), ("start", {})):
        client.post(f"{path}/{step}", json=said).raise_for_status()
    answer = client.post(f"{path}/complete", json=FOUND | {"cost": "212.4", "currency": "EUR"}).json()
    assert answer["cost"] == client.get(path).json()["cost"] == "212.40"
    answer = client.patch(path, json={"cost": "99.5", "currency": "JPY"}).json()
    assert answer["cost"] == client.get(path).json()["cost"] == "100.00"
    with pool.connection() as conn:
        told = [row.new["cost"] for row in order_history.of_order(conn, UUID(order["id"])) if "cost" in row.new]
    assert told == ["212.40", "100.00"]


def test_lists_have_what_orders_cost_for_who_may_see_it(client, priced, known):
    number = client.get(priced).json()["number"]
    asked = {"text": number, "costs": "true"}
    (item,) = client.get(ORDERS, params=asked).json()["items"]
    assert (item["total_cost"], item["total_currency"]) == ("715.93", "EUR")
    assert client.get(ORDERS, params={"text": number}).json()["items"][0]["total_cost"] is None
    for who, seen in ((known(Role.PLANNER), True), (known(Role.TECHNICIAN), False)):
        written = who.get(ORDERS, params=asked | {"format": "csv"}).text
        assert ("715.93" in written) is seen, "a key sees costs by its roles, as people do"


def test_an_assets_page_adds_up_what_its_orders_cost_for_who_may_see_it(client, priced, known):
    asset = client.get(priced).json()["asset_id"]
    shown = client.get(f"/assets/{asset}", headers={"Accept": "text/html"}).text
    assert "Cost of the last 12 months" in shown
    assert "715.93" in shown
    assert "1 completed order." in shown
    assert "1 of them lacks a price." in shown
    other = known(Role.TECHNICIAN).get(f"/assets/{asset}", headers={"Accept": "text/html"}).text
    assert "Cost of the last 12 months" not in other


def test_prices_of_a_class_that_nothing_is_of_are_asked_about_by_the_form_too(client, priced):
    form = {"of": "class:centrifugal_pupm", "failure": "9"}
    refused = client.post("/costs/NTH/model", data=form, headers=FORM | {"Accept": "text/html"})
    assert refused.status_code == 422
    assert "there is no class" in refused.text.lower().replace("&#39;", "'")
    assert client.get(MONEY).json()["cost_model"] == []


def test_who_sees_costs_reads_what_a_week_s_delay_costs_and_by_what_that_is_expected(client, seeded):
    put(client, f"{MONEY}/currency", currency="EUR")
    put(client, f"{MONEY}/model", failure="20000")
    body = {"asset_id": seeded.assets["P-101"], "type": "predictive", "title": "Bearing wears"}
    order = client.post(ORDERS, json=body, headers={"Idempotency-Key": str(uuid4())}).json()
    found = client.get(f"{ORDERS}/{order['id']}/delay-cost", params={"days": 7}).json()
    assert (found["basis"], found["days"], found["failure_cost"]) == ("priority", 7, 20000)
    assert found["failures"] == pytest.approx(20000 * found["fails_before_delayed"], rel=1e-3) and found["failures"] > 0
    assert found["total"] == pytest.approx(found["failures"] + found["lateness"])
    shown = client.get(f"/orders/{order['id']}").text
    assert "What waiting costs" in shown and "20,000 EUR" in shown and "Expected by the priority" in shown
    assert client.get(f"{ORDERS}/{order['id']}/delay-cost", params={"days": 0}).status_code == 422


def test_an_order_s_page_says_how_long_work_like_it_took(client, seeded, pool):
    made = []
    for _ in range(3):
        body = {"asset_id": seeded.assets["P-101"], "type": "proactive", "title": "Align", "estimated_hours": 2}
        made.append(client.post(ORDERS, json=body, headers={"Idempotency-Key": str(uuid4())}).json()["id"])
    with pool.connection() as conn:
        for each in made[:2]:
            conn.execute("UPDATE work_orders SET status = 'closed', actual_hours = 3.1 WHERE id = %s", [each])
    page = client.get(f"/orders/{made[2]}", headers={"Accept": "text/html"}).text
    assert "actual median 3.1 h of 2 done orders" in page
