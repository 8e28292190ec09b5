"""The owner of a finding is a person of the plant, who sees it and is notified; older owners stay readable."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.inspections.test_hard_rounds import signed_in, tokens
from workorder_core.people.access import Role

V1 = "/api/v1"
HTML = {"Accept": "text/html", "Origin": "http://localhost"}
DUE = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()


@pytest.fixture
def audit(client):
    body = {"site": "NTH", "title": "Permits", "kind": "records"}
    return client.post(f"{V1}/audits", json=body, headers={"Idempotency-Key": "a"}).json()["id"]


def find(client, audit: int, owner: str, number: int = 1):
    body = {"statement": f"Finding {number}", "grade": "minor", "owner": owner, "due": DUE}
    return client.post(f"{V1}/audits/{audit}/findings", json=body, headers={"Idempotency-Key": f"f{number}"})


def test_an_owner_is_a_technician_or_a_user_by_code_or_full_name(client, pool, audit):
    signed_in(pool, "berg", Role.PLANNER)
    for number, (said, expected) in enumerate(
        {
            "holm": ("Anna Holm", None, "holm"),
            "anna  HOLM": ("Anna Holm", None, "holm"),
            "berg": ("Berg", "berg", None),
        }.items()
    ):
        made = find(client, audit, said, number)
        assert made.status_code == 201, made.text
        assert tuple(made.json()[name] for name in ("owner", "owner_user", "owner_technician")) == expected
    refused = find(client, audit, "Shift lead", 9)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unknown-owner")
    assert "'Shift lead' is no user or technician of NTH" in refused.json()["detail"]
    assert "holm (Anna Holm)" in refused.json()["detail"]
    page = client.post(
        f"/audits/{audit}/findings",
        data={"statement": "No end", "grade": "minor", "owner": "Shift lead", "due": DUE},
        headers=HTML,
    )
    assert page.status_code == 422
    assert 'value="Shift lead"' in page.text
    assert "is no user or technician of NTH" in page.text


def test_who_owns_a_finding_sees_it_among_their_work_and_what_others_own_not(client, pool, audit):
    berg = signed_in(pool, "berg", Role.PLANNER)
    holm = signed_in(pool, "anna", Role.TECHNICIAN)
    with pool.connection() as conn:
        conn.execute(
            "UPDATE users SET technician_id = (SELECT id FROM technicians WHERE code = 'holm') WHERE name = 'anna'"
        )
    find(client, audit, "berg", 1)
    find(client, audit, "holm", 2)
    for page, seq in ((berg, 1), (holm, 2)):
        mine = page.get(f"{V1}/audit-findings?mine=true").json()
        assert [each["seq"] for each in mine] == [seq]
        shown = page.get("/my-work").text
        assert f"Finding {seq}" in shown
        assert f"Finding {3 - seq}" not in shown
    assert len(berg.get(f"{V1}/audit-findings").json()) == 2
    sent = tokens(holm.get(f"/audits/{audit}").text) | {"said": "done"}
    assert holm.post(f"/audits/{audit}/findings/2/answer", data=sent).status_code == 200
    assert "Finding 2" not in holm.get("/my-work").text
    assert client.get(f"{V1}/audit-findings?mine=true").json() == [], "a key owns nothing"


def test_an_old_finding_keeps_what_somebody_wrote(client, pool, audit):
    find(client, audit, "holm")
    with pool.connection() as conn:
        conn.execute(
            "UPDATE audit_findings SET owner = 'Shift lead, day', owner_technician_id = NULL, owner_user = NULL"
        )
    [old] = client.get(f"{V1}/audit-findings?owner=shift").json()
    assert (old["owner"], old["owner_user"], old["owner_technician"]) == ("Shift lead, day", None, None)
    assert "Shift lead, day" in client.get(f"/audits/{audit}", headers=HTML).text


def test_what_happens_to_a_finding_says_whose_it_is(client, pool, audit):
    find(client, audit, "holm")
    client.post(f"{V1}/audits/{audit}/findings/1/answer", json={"said": "done"})
    client.post(f"{V1}/audits/{audit}/findings/1/reject", json={"said": "no"})
    with pool.connection() as conn:
        told = conn.execute(
            "SELECT kind, data ->> 'owner_technician' FROM new_events "
            "WHERE kind IN ('audit.found', 'audit.finding_open')"
        ).fetchall()
    assert told == [("audit.found", "holm"), ("audit.finding_open", "holm")]
