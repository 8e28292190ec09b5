"""Stock by the API: the page's examples run, a scanned issue sent twice issues once, prices are not for everybody."""

import json
import re
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from db.inventory import levels
from runtime.processes import jobs
from workorder_core.inventory import ledger
from workorder_core.inventory.ledger import Kind
from workorder_core.people.access import Role

V1 = "/api/v1"
PAGE = (Path(__file__).parents[3] / "docs" / "parts.md").read_text(encoding="utf-8")


def sent(client, path, body, expect=201, key=None, method="POST"):
    answer = client.request(method, f"{V1}{path}", json=body, headers={"Idempotency-Key": key or uuid4().hex})
    assert answer.status_code == expect, answer.text
    return answer.json()


def filled(body, ids):
    return re.sub(r'"\{(\w+)\}"', lambda found: json.dumps(ids[found[1]]), body)


@pytest.fixture
def shop(client, seeded):
    """A store with ten seals at 8.00, and an order."""
    client.put(f"{V1}/sites/NTH/costs/currency", json={"currency": "EUR"}).raise_for_status()
    store = sent(client, "/stores", {"site": "NTH", "code": "MAIN", "name": "Main", "bins": ["A1"]})
    item = sent(client, "/items", {"site": "NTH", "code": "SEAL", "name": "Seal", "price": "8", "units": {"box": 12}})
    sent(client, f"/items/{item['id']}/receive", {"quantity": 10})
    return {"item": item["id"], "store": store["id"], "order": str(seeded.orders["reactive"])}


def test_the_examples_of_the_page_run(client, seeded):
    client.put(f"{V1}/sites/NTH/costs/currency", json={"currency": "EUR"}).raise_for_status()
    ids = {"order_id": str(seeded.orders["reactive"])}
    calls = re.findall(r"`((?:POST|PUT) /api/v1/[^`]+)`|```json\n(.*?)\n```", PAGE, re.DOTALL)
    waiting, ran, level = list[str](), list[str](), {}
    for call, body in calls:
        if call:
            waiting.append(call)
            continue
        method, path = (waiting.pop(0) if waiting else ran[-1]).split(" ", 1)
        ran.append(f"{method} {path}")
        text = filled(body, ids)
        there = path.removeprefix("/api/v1").format(**ids)
        answer = client.request(method, V1 + there, json=json.loads(text), headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code in (200, 201), (path, answer.text)
        made = answer.json()
        named = {"/stores": "store_id", "/items": "item_id", "/tools": "tool_id"}.get(there)
        ids |= {named: made["id"]} if named else {}
        ids |= {"bin_id": made["bins"][0]["id"]} if there == "/stores" else {}
        if "on_hand" in made:
            level = made
            ids |= {"request_id": made["request"]} if made["request"] else {}
        assert not (path.endswith("/issue") and json.loads(body).get("emergency")) or (
            (level["on_hand"], level["shortage"]) == (0, 20)
        )
        assert not path.endswith("/count") or (level["on_hand"], level["shortage"]) == (3, 0)
    assert not waiting
    assert len(ran) == len(re.findall("```json", PAGE)) == 15
    used = client.get(f"{V1}/items/{ids['item_id']}/where-used").json()
    assert "P-101" in [each["code"] for each in used["assets"]]
    assert {each.value for each in Kind} <= set(re.findall(r"`(\w+)`", PAGE))


def test_a_scanned_issue_that_is_sent_twice_issues_once(client, shop):
    body = {"quantity": 1, "order_id": shop["order"]}
    first, again = (sent(client, f"/items/{shop['item']}/issue", body, key="scan-1") for _ in range(2))
    assert first == again
    assert first["on_hand"] == 9
    rows = client.get(f"{V1}/stock-movements", params={"order_id": shop["order"]}).json()
    assert [(each["kind"], each["quantity"]) for each in rows] == [("issue", -1)]
    refused = client.post(f"{V1}/items/{shop['item']}/issue", json=body)
    assert refused.json()["type"] == "/problems/no-idempotency-key"
    cost = client.get(f"{V1}/work-orders/{shop['order']}/cost").json()
    assert Decimal(cost["parts"]) == 8


def test_more_than_is_free_is_refused_with_what_to_do_and_the_order_waits_with_a_day(client, shop, seeded):
    other = str(seeded.orders["by hand"])
    line = sent(client, f"/work-orders/{other}/reservations", {"item_id": shop["item"], "quantity": 1, "unit": "box"})
    assert (line["reserved"], line["lacks"], line["expected_on"]) == (10, 2, None)
    refused = sent(client, f"/items/{shop['item']}/issue", {"quantity": 1, "order_id": shop["order"]}, 409)
    assert refused["type"] == "/problems/not-enough-stock"
    assert "emergency issue" in refused["detail"]
    request = client.get(f"{V1}/purchase-requests").json()[0]
    assert (request["quantity"], request["state"]) == (2, "requested")
    sent(client, f"/purchase-requests/{request['id']}/order", {"expected_on": "2030-05-06"}, 200)
    assert client.get(f"{V1}/reservations?lacking=true").json()[0]["expected_on"] == "2030-05-06"
    sent(client, f"/purchase-requests/{request['id']}/receive", {"quantity": 2})
    assert client.get(f"{V1}/reservations?lacking=true").json() == []
    left = client.request("DELETE", f"{V1}/work-orders/{other}/reservations/{line['line']}").json()
    assert left == []
    assert sent(client, f"/items/{shop['item']}/issue", {"quantity": 1, "order_id": shop["order"]})["free"] == 11


def test_prices_are_for_who_sees_costs_and_for_storekeepers(client, known, shop):
    client.post(f"{V1}/items/{shop['item']}/issue", json={"quantity": 1, "why": "x"}, headers={"Idempotency-Key": "i"})
    for role, sees in ((Role.TECHNICIAN, False), (Role.VIEWER, False), (Role.STOREKEEPER, True), (Role.PLANNER, True)):
        them = known(role)
        item = them.get(f"{V1}/items/{shop['item']}").json()
        assert (item["price"] is not None) == sees, role
        rows = them.get(f"{V1}/stock-movements").json()
        assert any(each["unit_cost"] for each in rows) == sees, role
        assert "8.0" in them.get(f"{V1}/items?format=csv").text or not sees
        assert ("item price" in them.get(f"{V1}/changes").text) == (sees and role is not Role.STOREKEEPER)
    assert known(Role.STOREKEEPER).get(f"{V1}/sites/NTH/costs").status_code == 403


def test_a_code_on_a_bin_or_an_item_leads_to_its_page_and_labels_are_printed(client, shop):
    bin_id = client.get(f"{V1}/stores").json()[0]["bins"][0]["id"]
    for path in (f"items/{shop['item']}", f"bins/{bin_id}"):
        found = client.get(f"{V1}/{path}/scan-address").json()
        page = f"/stock/{path}"
        assert found["leads_to"] == page
        assert client.get(found["path"], follow_redirects=False).headers["Location"] == page
    labels = client.get(f"{V1}/labels", params={"item_id": shop["item"], "bin_id": bin_id})
    assert labels.content.startswith(b"%PDF")


def test_the_timetable_gives_what_is_free_to_who_waits(client, shop, seeded, pool):
    first, second = (str(seeded.orders[name]) for name in ("by hand", "reactive"))
    sent(client, f"/work-orders/{first}/reservations", {"item_id": shop["item"], "quantity": 10})
    sent(client, f"/work-orders/{second}/reservations", {"item_id": shop["item"], "quantity": 3})
    sent(client, f"/work-orders/{first}/cancel", {"reason": "not needed"}, 200)
    with pool.connection() as conn:
        assert jobs.keep_stock(conn) == 1
        assert jobs.keep_stock(conn) == 0
        level = levels.get(conn, shop["item"], shop["store"])
        stock = ledger.replay(levels.ledger(conn, shop["item"], shop["store"]))
    assert (level.on_hand, level.reserved) == (stock.on_hand, stock.reserved) == (10, 3)
    text = client.get("/metrics").text
    assert 'plantwright_stock{what="open_purchase_requests"} 1.0' in text
    assert 'plantwright_stock_movements{kind="receive"} 1.0' in text


ODD = ("1e30", "-1", "0", "0.0001", "NaN", "Infinity", "1e-9", "1e9999999", "", "two")


def test_no_odd_quantity_price_or_place_moves_anything_and_each_is_said_with_its_field(client, shop, seeded):
    item, order = f"/items/{shop['item']}", shop["order"]
    before = client.get(f"{V1}/stock-movements").json()
    request = sent(client, f"{item}/stores/{shop['store']}", {"reorder_point": 12}, 200, method="PUT")["request"]
    for odd in ODD:
        for path, body in (
            (f"{item}/receive", {"quantity": odd}), (f"{item}/issue", {"quantity": odd, "order_id": order}),
            (f"{item}/return", {"quantity": odd, "order_id": order}), (f"{item}/transfer", {"quantity": odd}),
            (f"/work-orders/{order}/reservations", {"quantity": odd, "item_id": shop["item"]}),
            (f"/purchase-requests/{request}/receive", {"quantity": odd}),
            (f"{item}/receive", {"quantity": 1, "unit_cost": odd if odd != "0" and odd != "0.0001" else "-1"}),
        ):  # fmt: skip
            if odd in ("1e-9", "1e9999999", "", "two") and path.endswith("transfer"):
                continue
            refused = client.post(f"{V1}{path}", json=body, headers={"Idempotency-Key": uuid4().hex})
            assert refused.status_code == 422, (path, body, refused.text)
    for odd in ("1e30", "-1", "NaN", "0.0001", "two"):
        sent(client, f"{item}/count", {"found": odd}, 422)
        sent(
            client,
            "/bills-of-material",
            {"asset_class": "centrifugal_pump", "item_id": shop["item"], "quantity": odd},
            422,
            method="PUT",
        )
        sent(client, "/items", {"site": "NTH", "code": "ODD", "name": "Odd", "price": "-1", "units": {"box": odd}}, 422)
    assert client.get(f"{V1}/stock-movements").json() == before
    sent(client, f"/purchase-requests/{request}/receive", {"quantity": 2})
    again = sent(client, f"/purchase-requests/{request}/receive", {"quantity": 2}, 409)
    assert again["type"] == "/problems/illegal-purchase-step"


def test_stock_is_taken_by_a_list_and_refused_where_something_moved_meanwhile(client, shop):
    row = client.get(f"{V1}/stock-bins").json()[0]
    assert (row["store"], row["bin"], row["item"], row["quantity"]) == ("MAIN", "A1", "SEAL", 10)
    count = {"item_id": shop["item"], "bin_id": row["bin_id"], "found": "9", "book": "10"}
    sent(client, f"/items/{shop['item']}/issue", {"quantity": 1, "order_id": shop["order"]})
    refused = sent(client, f"/stores/{shop['store']}/counts", {"counts": [count]}, 409)
    assert refused["type"] == "/problems/book-changed"
    made = sent(client, f"/stores/{shop['store']}/counts", {"counts": [count | {"book": "9", "found": "8"}]})
    assert [(each["book"], each["found"]) for each in made["differences"]] == [(9, 8)]
    assert "A1,SEAL" in client.get(f"{V1}/stock-bins?format=csv").text


def test_a_tool_is_booked_once_for_a_time_and_the_loan_collects_it(client, seeded):
    tool = sent(client, "/tools", {"site": "NTH", "code": "PULL", "name": "Puller"})["id"]
    day = {"borrower": "Anna Holm", "starts_at": "2031-05-01T06:00:00Z", "ends_at": "2031-05-01T14:00:00Z"}
    made = sent(client, f"/tools/{tool}/bookings", day, key="b-1")
    assert sent(client, f"/tools/{tool}/bookings", day, key="b-1") == made
    refused = sent(client, f"/tools/{tool}/bookings", day | {"borrower": "Jonas"}, 409)
    assert (refused["type"], "Anna Holm's" in refused["detail"]) == ("/problems/tool-is-booked", True)
    assert sent(client, f"/tools/{tool}/bookings", day | {"ends_at": day["starts_at"]}, 422)["type"].endswith("booking")
    sent(client, f"/tools/{tool}/lend", {"borrower": "Jonas", "due_at": "2031-05-01T07:00:00Z"}, 409)
    sent(client, f"/tools/{tool}/lend", {"borrower": "anna holm", "due_at": "2031-05-01T14:00:00Z"})
    assert [(each["id"], each["state"]) for each in client.get(f"{V1}/tool-bookings").json()] == [(made["id"], "out")]
    ended = sent(client, f"/tool-bookings/{made['id']}/cancel", None, 409)
    assert ended["type"] == "/problems/booking-ended"
    assert "Puller" in client.get(f"/tools/{tool}", headers={"Accept": "text/html"}).text
