"""Planned work on its pages: a plan that makes rounds, and the next occurrence skipped."""

import re
from typing import Any

import pytest

from db.inspections import rounds
from runtime.processes import jobs

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
PLAN: dict[str, Any] = {
    "site": "NTH", "code": "LOOK", "title": "Look at the pump", "objects": "P-101", "rule": "FREQ=DAILY",
    "starts": "2026-01-10T08:00", "lead_days": "3", "active": "yes",
}  # fmt: skip


@pytest.fixture
def checklist(client):
    items = [{"key": "seal", "kind": "yes_no", "text": "Shaft seal dry?"}]
    body = {"site": "NTH", "code": "PUMP", "title": "Daily look", "items": items}
    assert client.post("/api/v1/checklists", json=body, headers={"Idempotency-Key": "c"}).status_code == 201


def test_a_plan_with_a_checklist_makes_rounds_and_one_that_the_site_lacks_is_said_at_its_field(
    client, seeded, pool, checklist
):
    page = client.post("/planned-work/new", data=PLAN | {"checklist": "PMUP"}, headers=HTML)
    assert page.status_code == 422
    assert re.search(r'<input[^>]*name="checklist"[^>]*aria-invalid="true"', page.text)
    both = client.post("/planned-work/new", data=PLAN | {"checklist": "PUMP", "inspection_route": "X"}, headers=HTML)
    assert "one of them" in both.text
    page = client.post("/planned-work/new", data=PLAN | {"checklist": "PUMP"}, headers=HTML)
    assert page.status_code == 200, page.text
    assert re.search(r'name="checklist" value="PUMP"', page.text)
    with pool.connection() as conn:
        jobs.generate_planned(conn)
        made = rounds.page(conn)
    assert made
    assert {each.title for each in made} == {"Look at the pump"}


def test_the_next_occurrence_of_one_asset_is_skipped_with_the_reason_and_no_other(client, seeded, pool):
    of_class = PLAN | {"object": "class", "objects": "centrifugal_pump", "rule": "FREQ=MONTHLY", "lead_days": "0"}
    made = client.post("/planned-work/new", data=of_class, headers=HTML)
    path = made.url.path
    options = re.findall(
        r'<option value="(\d+)">(P-\d+)</option>', made.text.split('name="series"')[1].split("</select>")[0]
    )
    assert len(options) > 1
    series, asset = options[1]
    page = client.post(f"{path}/skip", data={"series": series, "reason": "overhauled last week"}, headers=HTML)
    assert page.status_code == 200, page.text
    rows = re.findall(r"<tr>.*?</tr>", page.text.split('id="occurrences"')[1], re.DOTALL)[1:]
    assert len(rows) == 1
    assert asset in rows[0]
    assert "overhauled last week" in rows[0]
    again = client.post(f"{path}/skip", data={"series": "99999", "reason": "x"}, headers=HTML)
    assert again.status_code == 404
