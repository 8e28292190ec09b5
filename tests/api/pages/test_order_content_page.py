"""An order's page: its job plan is done there, step by step; remarks and files are added and shown."""

from uuid import uuid4

from tests.api.orders.test_six_types import PLAN, PNG, V1

HERE = {"Origin": "http://localhost", "Accept": "text/html"}


def test_a_plan_is_done_and_things_are_said_on_the_page(client, seeded):
    client.put("/api/v1/job-plans/SWAP", json=PLAN)
    body = {"asset_id": seeded.assets["P-108"], "type": "preventive", "title": "Yearly bearing", "plan": "SWAP"}
    order = client.post(V1, json=body, headers={"Idempotency-Key": str(uuid4())}).json()
    path = f"/orders/{order['id']}"
    page = client.get(path).text
    assert "SWAP, version 1" in page
    assert "Vibration after the start" in page
    assert "bearing 6312" in page

    def sends(where, **form):
        return client.post(f"{path}/{where}", headers=HERE, **form)

    refused = sends("plan-steps/3", data={"value": "a lot"})
    assert (refused.status_code, "rite a number, not" in refused.text) == (422, True)
    assert "out of its limits" in sends("plan-steps/3", data={"value": "3,4"}).text
    assert "The spare is in rack 7" in sends("remarks/new", data={"text": "The spare is in rack 7"}).text
    assert "new.png" in sends("files/new", files={"file": ("new.png", PNG)}).text
    assert "neither a picture" in sends("files/new", files={"file": ("x.png", b"\x7fELF\x00")}).text


def test_orders_are_linked_by_number_on_the_page(client, seeded):
    path = f"/orders/{seeded.orders['predictive']}"
    other = client.get(f"{V1}/{seeded.orders['emergency']}").json()

    def sends(where, **data):
        return client.post(f"{path}/{where}", headers=HERE, data=data)

    assert "Link another order" in client.get(path).text
    assert sends("links/new", kind="blocks", number="NTH-9999").status_code == 404
    assert "Choose how the two orders are related" in sends("links/new", kind="likes", number=other["number"]).text
    linked = sends("links/new", kind="blocks", number=f" {other['number'].lower()} ").text
    assert f'aria-label="Remove the link to {other["number"]}"' in linked
    there = client.get(f"/orders/{other['id']}").text
    assert "blocked by" in there
    assert "Remove the link" not in there, "it is taken back where it was made"
    ring = client.post(f"/orders/{other['id']}/links/new", headers=HERE, data={"kind": "blocks", "number": "NTH-1002"})
    assert (ring.status_code, "The orders are not linked" in ring.text) == (409, True)
    assert "Remove the link" not in sends("links/remove", kind="blocks", number=other["number"]).text
    assert sends("links/remove", kind="blocks", number=other["number"]).status_code == 409
