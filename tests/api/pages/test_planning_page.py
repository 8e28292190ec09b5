"""Planned work on its pages: a plan that makes rounds."""

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
