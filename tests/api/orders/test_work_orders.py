from datetime import UTC, datetime
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from workorder_core.orders.lifecycle import Step

V1 = "/api/v1/work-orders"
CLOSE_OUT = {"finding": "confirmed", "failure_mode": "OHE", "cause": "wear", "remedy": "replace", "note": "pitted"}
BODIES = {
    Step.ASSIGN: {"technician": "holm"},
    Step.UNASSIGN: {"reason": "is ill"},
    Step.HOLD: {"reason": "waits for a bearing"},
    Step.COMPLETE: CLOSE_OUT,
    Step.REWORK: {"reason": "still hot"},
    Step.CANCEL: {"reason": "pump is scrapped"},
}


def test_the_most_urgent_order_comes_first(client, seeded):
    found = client.get(V1, params={"unfinished": True}).json()
    assert found["total"] == 6
    assert found["items"][0]["id"] == str(seeded.orders["emergency"])
    assert found["items"][0]["why"].startswith("the thrust bearing is at 97.8")
    assert found["items"][-1]["status"] == "completed", "what is done waits last"


FILTERS = {
    "status": ({"status": ["in_progress"]}, {"reactive"}),
    "two statuses": ({"status": ["in_progress", "completed"]}, {"reactive", "done"}),
    "type": ({"type": ["inspection"]}, {"by hand"}),
    "origin": ({"origin": ["person"]}, {"by hand"}),
    "priority": ({"priority": [1]}, {"emergency"}),
    "asset": ({"asset": "P-103"}, {"predictive"}),
    "assignee": ({"assignee": "petersen"}, {"reactive"}),
    "nobody": ({"assignee": "-", "type": ["predictive"]}, {"predictive", "unspecific"}),
    "site that is none": ({"site": "STH"}, set()),
    "words of the title": ({"text": "RATTLES  guard"}, {"by hand"}),
    "an asset's code and a word": ({"text": "p-103 pump"}, {"predictive"}),
    "words that stand in no one order": ({"text": "rattles P-103"}, set()),
    "signs that a pattern would take for any": ({"text": "%_"}, set()),
    "opened before": ({"opened_to": "2020-01-01T00:00:00Z"}, set()),
}


@pytest.mark.parametrize(("asked", "names"), FILTERS.values(), ids=FILTERS)
def test_filters_by(client, seeded, asked, names):
    found = client.get(V1, params=asked).json()
    assert {item["id"] for item in found["items"]} == {str(seeded.orders[name]) for name in names}
    assert found["total"] == len(names)


def test_pages_hold_each_order_once(client):
    pages = [client.get(V1, params={"limit": 2}).json()]
    while pages[-1]["next"]:
        pages.append(client.get(pages[-1]["next"]).json())
    assert len(pages) == 3
    ids = [item["id"] for page in pages for item in page["items"]]
    assert len(ids) == len(set(ids)) == pages[0]["total"] == 6


def test_an_order_says_why_it_exists_and_what_happened(client, seeded):
    order = client.get(f"{V1}/{seeded.orders['predictive']}").json()
    evidence = order["evidence"][0]
    assert [sign["signal"] for sign in evidence["signs"]] == ["bearing_temp", "vibration", "oil_temp"]
    assert evidence["signs"][0]["usual_high"] > evidence["signs"][0]["usual_low"]
    assert len(evidence["readings"]["bearing_temp"]) > 10
    assert order["history"][0]["step"] == "open"
    assert order["possible"] == ["plan", "schedule", "assign", "start", "cancel"]


def test_from_open_to_closed_every_step_is_recorded_with_its_actor(client, seeded):
    path = f"{V1}/{seeded.orders['predictive']}"
    for step in (
        "assign",
        "start",
        "hold",
        "resume",
        "complete",
        "rework",
        "assign",
        "start",
        "complete",
        "verify",
        "close",
    ):
        answer = client.post(f"{path}/{step}", json=BODIES.get(Step(step), {}))
        assert answer.status_code == 200, answer.text
    order = client.get(path).json()
    assert order["status"] == "closed"
    assert order["close_out"] == CLOSE_OUT | {"mechanism": None, "downtime_minutes": None, "readings": []}
    told = [(row["step"], row["actor"]) for row in order["history"][1:]]
    assert {actor for _, actor in told} == {"key:planner"}
    assert [step for step, _ in told][:4] == ["assign", "start", "hold", "resume"]
    assert order["history"][-1]["old"] == {"status": "verified"}
    assert order["history"][-1]["new"] == {"status": "closed"}


@pytest.mark.parametrize("step", [Step.HOLD, Step.RESUME, Step.COMPLETE, Step.VERIFY, Step.CLOSE, Step.REWORK])
def test_an_illegal_move_is_a_problem_that_says_what_is_possible(client, seeded, step):
    answer = client.post(f"{V1}/{seeded.orders['predictive']}/{step}", json=BODIES.get(step, {}))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "/problems/illegal-move"
    assert problem["possible"] == ["plan", "schedule", "assign", "start", "cancel"]
    assert "possible: plan, schedule, assign, start, cancel" in problem["detail"]
    assert client.get(f"{V1}/{seeded.orders['predictive']}").json()["version"] == 1, "nothing has changed"


def test_a_reason_that_is_missing_is_asked_for(client, seeded):
    answer = client.post(f"{V1}/{seeded.orders['predictive']}/cancel", json={"reason": " "})
    assert (answer.status_code, answer.json()["title"]) == (422, "Reason missing")


def test_a_step_on_a_version_that_was_not_read_is_refused(client, seeded):
    path = f"{V1}/{seeded.orders['predictive']}"
    read = client.get(path)
    assert read.headers["ETag"] == '"1"'
    assert client.post(f"{path}/assign", json={"technician": "holm"}, headers={"If-Match": '"1"'}).status_code == 200
    late = client.post(f"{path}/cancel", json={"reason": "x"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["version"]) == (412, 2)


def test_the_proposal_weighs_everybody_and_can_be_accepted(client, seeded):
    path = f"{V1}/{seeded.orders['emergency']}"
    proposal = client.get(f"{path}/proposal").json()
    assert len(proposal["candidates"]) == 6
    assert all(one["reasons_for"] or one["reasons_against"] for one in proposal["candidates"])
    order = client.post(f"{path}/assign", json={}).json()
    assert order["assignee"] == proposal["technician"]
    assert order["assignment_note"] == proposal["why"]


def test_somebody_without_the_skill_needs_a_reason(client, seeded):
    path = f"{V1}/{seeded.orders['predictive']}/assign"
    refused = client.post(path, json={"technician": "okafor"})
    assert (refused.status_code, refused.json()["title"]) == (409, "Not qualified")
    assert "lacks the skill mechanical" in refused.json()["detail"]
    taken = client.post(path, json={"technician": "okafor", "why": "beside Anna"})
    assert taken.json()["assignee"] == "okafor"


def test_an_order_is_given_to_nobody_without_every_skill_and_certificate_that_it_asks_for(client, seeded):
    path = f"{V1}/{seeded.orders['predictive']}"
    asked = {"other_skills": ["welding"], "required_certificates": ["confined space"]}
    assert client.patch(f"{path}?new=skill&new=certificate", json=asked).status_code == 200
    proposal = client.get(f"{path}/proposal").json()
    assert proposal["technician"] is None
    assert proposal["why"].endswith("has the skills mechanical and welding and the certificate confined space.")
    assert client.post(f"{path}/assign", json={}).status_code == 409
    refused = client.post(f"{path}/assign", json={"technician": "holm"}).json()
    assert "lacks the skill welding" in refused["detail"]
    assert "lacks the certificate confined space" in refused["detail"]
    page = client.get(f"/orders/{seeded.orders['predictive']}").text
    assert "Mechanical, welding" in page
    assert "Confined space" in page


def test_a_cost_is_told_in_a_currency(client, seeded):
    path = f"{V1}/{seeded.orders['predictive']}"
    refused = client.patch(path, json={"cost": 420})
    assert (refused.status_code, "no currency" in refused.json()["detail"]) == (422, True)
    assert client.patch(path, json={"cost": 420, "currency": "EUR"}).json()["currency"] == "EUR"
    assert client.patch(path, json={"cost": 380.5}).json()["cost"] == "380.50"


def test_a_technician_who_is_not_there_is_not_found(client, seeded):
    assert client.post(f"{V1}/{seeded.orders['predictive']}/assign", json={"technician": "x"}).status_code == 404


def test_an_order_made_by_hand_has_a_number_a_priority_and_targets(client, seeded):
    body = {"asset_id": seeded.assets["P-107"], "type": "inspection", "title": "Look at the coupling"}
    made = client.post(V1, json=body, headers={"Idempotency-Key": "coupling"})
    assert made.status_code == 201
    order = made.json()
    assert order["number"] == "NTH-1007"
    assert order["origin"] == "person"
    assert order["priority_name"] == "low"
    assert order["completion_due"] > order["response_due"] > order["recorded_at"]
    assert client.get(made.headers["Location"]).json()["number"] == "NTH-1007"
    assert client.get(f"{V1}/by-number/NTH-1007").json()["id"] == order["id"]


def test_the_judge_is_told_of_what_changes_its_decisions(client, seeded, pool):
    path = f"{V1}/{seeded.orders['predictive']}"
    with pool.connection() as conn:
        conn.execute("DELETE FROM judge_events")
    for step in ("assign", "start", "complete"):
        client.post(f"{path}/{step}", json=BODIES.get(Step(step), {}))
    with pool.connection() as conn:
        rows = conn.execute("SELECT kind, actor, payload FROM judge_events ORDER BY id").fetchall()
    assert [row[2]["status"] for row in rows] == ["in_progress", "completed"], "open is dispatched to the judge"
    assert rows[1] == (
        "order_moved",
        "key:planner",
        {
            "order_id": str(seeded.orders["predictive"]),
            "status": "completed",
            "close_finding": "confirmed",
            "close_failure_mode": "OHE",
        },
    )


def test_the_judge_is_not_told_of_orders_that_it_did_not_make(client, seeded, pool):
    with pool.connection() as conn:
        conn.execute("DELETE FROM judge_events")
    client.post(f"{V1}/{seeded.orders['by hand']}/cancel", json={"reason": "seen to already"})
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM judge_events").fetchone() == (0,)


def test_work_does_not_begin_with_a_certificate_that_has_expired_and_the_refusal_says_whose_it_is(client, seeded, pool):
    body = {
        "asset_id": seeded.assets["P-101"],
        "type": "reactive",
        "title": "Weld",
        "required_certificates": ["hot work"],
    }
    made = client.post(f"{V1}?new=certificate", json=body, headers={"Idempotency-Key": str(uuid4())}).json()
    with pool.connection() as conn:
        conn.execute(
            "UPDATE technicians SET certificates = '{hot work}', valid_until = %s WHERE code = 'holm'",
            [Jsonb({"hot work": datetime.now(UTC).date().isoformat()})],
        )
    assert client.post(f"{V1}/{made['id']}/assign", json={"technician": "holm"}).status_code == 200
    with pool.connection() as conn:
        conn.execute("UPDATE technicians SET valid_until = %s WHERE code = 'holm'", [Jsonb({"hot work": "2026-01-31"})])
    refused = client.post(f"{V1}/{made['id']}/start")
    assert refused.status_code == 409
    assert "the certificate hot work of Anna Holm expired after 2026-01-31" in refused.json()["detail"]
    again = client.post(f"{V1}/{made['id']}/assign", json={"technician": "holm"})
    assert again.status_code == 409 and "it expired after 2026-01-31" in again.json()["detail"]
    excused = {"technician": "holm", "why": "the renewal is on its way"}
    assert client.post(f"{V1}/{made['id']}/assign", json=excused).status_code == 200
    assert client.post(f"{V1}/{made['id']}/start").status_code == 200
