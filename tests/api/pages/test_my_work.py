"""A technician's own page: the steps of a job plan are done where they stand."""

import re

from fastapi.testclient import TestClient

from api.app import create
from tests import people
from tests.api.conftest import KEY
from tests.api.orders.test_six_types import PLAN
from workorder_core.people.access import Role


def test_the_steps_of_a_plan_are_done_on_ones_own_page(pool, seeded):
    with pool.connection() as conn:
        people.add_user(conn, "anna", Role.TECHNICIAN, sites=["NTH"], technician="holm")
    app = create(pool, keys={"planner": KEY})
    api = TestClient(app, base_url="http://localhost", headers={"X-API-Key": KEY, "Idempotency-Key": "swap"})
    assert api.put("/api/v1/job-plans/SWAP", json=PLAN).status_code == 200
    body = {"asset_id": seeded.assets["P-108"], "type": "preventive", "title": "Swap it", "plan": "SWAP"}
    order = api.post("/api/v1/work-orders", json=body).json()["id"]
    assert (
        api.post(f"/api/v1/work-orders/{order}/assign", json={"technician": "holm", "why": "hers"}).status_code == 200
    )

    anna = TestClient(app, base_url="http://localhost", headers={"Origin": "http://localhost"}, follow_redirects=False)
    assert anna.post("/login", data={"name": "anna", "password": people.PASSWORD}).status_code == 303
    mine = anna.get("/my-work").text
    csrf = {"csrf": re.findall(r'name="csrf" value="(\w+)"', mine)[0]}
    assert "0 of 6 steps done" in mine
    assert "attach photo" in mine, "a photo is attached on the order's page"
    step = re.findall(rf'action="(/orders/{order}/plan-steps/1)"', mine)[0]
    done = anna.post(step, data=csrf | {"note": "permit 1172", "then": "my-work"})
    assert (done.status_code, done.headers["location"]) == (303, f"/my-work?plan={order}#plan-{order}")
    again = anna.get(done.headers["location"]).text
    assert "1 of 6 steps done" in again
    assert re.search(rf'id="plan-{order}" open', again), "its steps are still shown"
    refused = anna.post(f"/orders/{order}/plan-steps/3", data=csrf | {"value": "much", "then": "my-work"})
    assert (refused.status_code, "rite a number, not" in refused.text) == (422, True)
    elsewhere = anna.post(f"/orders/{order}/plan-steps/2", data=csrf | {"then": "//elsewhere"})
    assert elsewhere.headers["location"] == f"/orders/{order}#plan"
