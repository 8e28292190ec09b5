"""The board without a browser: what pages say, what forms do, who may."""

from datetime import UTC, datetime

import psycopg
import pytest

from api.board import words
from workorder_core.orders.lifecycle import Step

HTML = {"Accept": "text/html", "Origin": "http://localhost"}


@pytest.mark.parametrize("path", ["/", "/assets", "/quarantine", "/new-order"])
def test_an_empty_plant_says_what_to_do_next(empty, path):
    page = empty.get(path, headers=HTML)
    assert page.status_code == 200
    assert "<a href=" in page.text.split("<main", 1)[1]


def test_the_first_screen_of_a_new_plant_shows_the_topic_to_publish_to(empty):
    assert "plantwright/v1/SITE/ASSET" in empty.get("/", headers=HTML).text


def test_orders_come_by_urgency_with_their_reason(client):
    page = client.get("/").text
    assert page.index("NTH-1001") < page.index("NTH-1003") < page.index("NTH-1005")
    assert "the thrust bearing was at 97.8 °C" in page
    assert "6</b> unfinished" in page


def test_nothing_is_asked_of_another_server(client, seeded):
    for path in ("/", "/assets", f"/orders/{seeded.orders['predictive']}"):
        text = client.get(path).text
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text


def test_every_page_shows_the_sites_time(client, seeded):
    for path in ("/", "/assets", f"/assets/{seeded.assets['P-103']}", f"/orders/{seeded.orders['predictive']}"):
        assert "(Europe/Copenhagen)" in client.get(path).text


@pytest.mark.parametrize("name", ["emergency", "predictive", "reactive", "unspecific", "done", "by hand"])
def test_an_orders_page_offers_just_the_steps_that_are_possible(client, seeded, name):
    order = seeded.orders[name]
    possible = set(client.get(f"/api/v1/work-orders/{order}").json()["possible"])
    page = client.get(f"/orders/{order}").text
    offered = {step for step in STEPS if f'action="/orders/{order}/{step}"' in page}
    assert offered == possible


STEPS = tuple(Step)


def test_evidence_is_there_to_be_drawn(client, seeded):
    page = client.get(f"/orders/{seeded.orders['emergency']}").text
    assert '"limit": 95.0' in page
    assert '"usual": [55.55' in page
    assert "Thrust bearing temperature" in page


def test_an_order_is_told_by_what_was_found_and_not_by_its_end(client, pool):
    with pool.connection() as conn:
        order_id, asset_id, seq, before = conn.execute(
            "SELECT w.id, w.asset_id, e.seq, e.summary FROM work_orders w JOIN evidence e ON e.order_id = w.id"
            " WHERE w.status NOT IN ('closed', 'cancelled') ORDER BY w.number, e.seq DESC LIMIT 1"
        ).fetchone()
        source, at = conn.execute(
            "INSERT INTO evidence (order_id, seq, arrival, source, version, component, failure_mode, severity, since,"
            " at, signs, summary)"
            " SELECT order_id, seq + 1, arrival, source, version, component, failure_mode, severity, since,"
            " at + interval '1 hour', signs, 'it is cold again' FROM evidence WHERE order_id = %s AND seq = %s"
            " RETURNING source, at",
            (order_id, seq),
        ).fetchone()
        conn.execute(
            "INSERT INTO alarms (asset_id, source, severity, summary, arrival, raised_at, cleared_at)"
            " VALUES (%s, %s, 2, 'it was hot', 1, '2026-01-01', %s)",
            (asset_id, source, at),
        )
    listed = {each["id"]: each for each in client.get("/api/v1/work-orders").json()["items"]}[str(order_id)]
    assert (listed["why"], listed["evidence_count"]) == (before, seq + 1)
    told = client.get(f"/api/v1/work-orders/{order_id}").json()["evidence"]
    assert [each["ended"] for each in told[:2]] == [True, False]
    page = client.get(f"/orders/{order_id}").text
    assert page.index(words.sentence(words.past(before))) < page.index(": it is cold again</p>")


def test_a_form_takes_a_step_and_leads_back_to_the_order(client, seeded):
    path = f"/orders/{seeded.orders['predictive']}"
    answer = client.post(f"{path}/assign", data={"version": 1}, headers=HTML, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "Start work" in client.get(path).text


def test_a_step_that_is_refused_keeps_what_was_typed(client, seeded):
    path = f"/orders/{seeded.orders['reactive']}"
    page = client.post(f"{path}/complete", data={"version": 3, "why": "seal was worn"}, headers=HTML)
    assert page.status_code == 422
    assert "Say what was found" in page.text
    assert "seal was worn" in page.text


def test_a_form_that_is_out_of_date_is_refused(client, seeded):
    path = f"/orders/{seeded.orders['predictive']}"
    client.post(f"{path}/assign", data={"version": 1}, headers=HTML)
    page = client.post(f"{path}/cancel", data={"version": 1, "why": "x"}, headers=HTML)
    assert page.status_code == 412
    assert "has changed meanwhile" in page.text
    assert client.get(f"/api/v1{path.replace('orders', 'work-orders')}").json()["status"] == "dispatched"


def test_an_order_made_by_hand(client, seeded):
    page = client.get(f"/new-order?asset={seeded.assets['P-107']}").text
    assert f'value="{seeded.assets["P-107"]}" selected' in page
    form = {"asset_id": seeded.assets["P-107"], "kind": "inspection", "title": "Listen to it <b>", "why": "hums"}
    page = client.post("/new-order", data=form, headers=HTML)
    assert "Listen to it &lt;b&gt;" in page.text
    assert client.post("/new-order", data=form | {"title": ""}, headers=HTML).status_code == 422


def test_a_downtime_is_planned_in_the_sites_time(client, seeded, database):
    path = f"/assets/{seeded.assets['P-107']}/downtimes"
    form = {"starts_at": "2031-07-01T08:00", "ends_at": "2031-07-01T12:00", "reason": "new seals"}
    assert "new seals" in client.post(path, data=form, headers=HTML).text
    with psycopg.connect(database) as conn:
        row = conn.execute("SELECT starts_at FROM planned_downtimes").fetchone()
    assert row == (datetime(2031, 7, 1, 6, 0, tzinfo=UTC),)
    wrong = client.post(path, data=form | {"ends_at": "soon"}, headers=HTML)
    assert (wrong.status_code, "as the site&#39;s clock shows them" in wrong.text) == (422, True)


def test_what_is_not_there_is_a_page_for_people(client):
    page = client.get("/orders/3f0d4c4e-5a0d-5b7e-9d3c-0c9d5b1f7a11", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Back to work orders" in page.text


def test_pages_keep_to_themselves(client):
    headers = client.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


NUMBERS = {
    71.4: "71.4",
    2949.0: "2\u202f949",
    0.93: "0.93",
    -3.25: "\u22123.25",
    0.0: "0.00",
    108.04: "108",
    1e-9: "1e-09",
    None: "–",
}


@pytest.mark.parametrize(("value", "text"), NUMBERS.items())
def test_numbers_have_as_many_digits_as_people_read(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.000992, "under 0.01"), (0.01, "0.01"), (1.5, "1.50"), (144, "144")]
)
def test_a_rate_has_no_more_digits_than_anybody_acts_on(value, text):
    assert words.rate(value) == text
