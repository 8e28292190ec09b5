"""Audits by the API: findings with owners and due dates, the overdue first, settled by two people, then closed."""

from datetime import UTC, datetime, timedelta

from workorder_core.people.access import Role

V1 = "/api/v1"


def made(client, path: str, key: str, **body):
    answer = client.post(f"{V1}{path}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_findings_are_listed_with_the_overdue_first_and_settled_by_two_people(client, known):
    today = datetime.now(UTC).date()
    audit = made(client, "/audits", "a", site="NTH", title="Permits", kind="records")
    path = f"/audits/{audit['id']}/findings"
    for number, days in enumerate((20, -20, 5), 1):
        due = (today + timedelta(days=days)).isoformat()
        made(client, path, f"f{number}", statement=f"Finding {number}", grade="minor", owner="holm", due=due)
    found = client.get(f"{V1}/audit-findings").json()
    assert [(each["seq"], each["overdue"]) for each in found] == [(2, True), (3, False), (1, False)]
    worker = known(Role.TECHNICIAN, name="nadia", sites=["NTH"])
    assert worker.post(f"{V1}{path}/2/answer", json={"said": " "}).status_code == 422
    assert worker.post(f"{V1}{path}/2/answer", json={"said": "ends added"}).json()["state"] == "answered"
    assert [each["seq"] for each in client.get(f"{V1}/audit-findings").json()] == [2, 3, 1]
    assert client.get(f"{V1}/audit-findings").json()[0]["overdue"] is False
    assert worker.post(f"{V1}{path}/2/verify", json={}).status_code == 403
    assert client.post(f"{V1}{path}/2/reject", json={"said": "one is missing"}).json()["overdue"] is True
    worker.post(f"{V1}{path}/2/answer", json={"said": "all of them"})
    assert client.post(f"{V1}{path}/2/verify", json={}).json()["state"] == "verified"
    own = client.post(f"{V1}{path}/1/answer", json={"said": "done"})
    assert own.json()["answered_by"] == "key:planner"
    refused = client.post(f"{V1}{path}/1/verify", json={})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/verified-by-owner")
    closing = client.post(f"{V1}/audits/{audit['id']}/close", json={})
    assert (closing.status_code, closing.json()["type"]) == (409, "/problems/audit-not-settled")
    for seq in (1, 3):
        client.post(f"{V1}{path}/{seq}/withdraw", json={"said": "was none"})
    closed = client.post(f"{V1}/audits/{audit['id']}/close", json={"conclusion": "In order."}).json()
    assert (closed["conclusion"], closed["unsettled"], closed["closed_at"] is None) == ("In order.", 0, False)
    whole = client.get(f"{V1}/audits/{audit['id']}").json()
    assert [each["what"] for each in whole["history"]][:6] == [
        "begun", "found", "found", "found", "finding_answered", "finding_open",
    ]  # fmt: skip
    metrics = client.get("/metrics").text
    assert "plantwright_audit_findings_overdue 0.0" in metrics
    assert 'plantwright_rounds{status="missed"} 0.0' in metrics
