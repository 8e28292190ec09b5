"""Planned work on its pages: a plan that makes rounds, and the next occurrence skipped."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.board.planning.written import fields_of, read
from db.inspections import rounds
from runtime.processes import jobs
from workorder_core.planning.plans import ByMeter, MaintenancePlan, ObjectKind

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
        r'<option value="(\d+-\d+)">(P-\d+): ', made.text.split('name="occurrence"')[1].split("</select>")[0]
    )
    assert len(options) > 1
    chosen, asset = options[1]
    page = client.post(f"{path}/skip", data={"occurrence": chosen, "reason": "overhauled last week"}, headers=HTML)
    assert page.status_code == 200, page.text
    rows = re.findall(r"<tr>.*?</tr>", page.text.split('id="occurrences"')[1], re.DOTALL)[1:]
    assert len(rows) == 1
    assert asset in rows[0]
    assert "Skipped by planner. <b>overhauled last week</b>" in rows[0]
    german = client.get(path, headers=HTML | {"Accept-Language": "de"}).text
    assert re.search(r"Ausgelassen von \w+\. <b>overhauled last week</b>", german)
    assert "Skipped by" not in german
    again = client.post(f"{path}/skip", data={"occurrence": "99999-1", "reason": "x"}, headers=HTML)
    assert again.status_code == 404


def test_the_forecast_and_the_calendar_show_what_falls_due_and_say_what_to_do_where_nothing_does(client, seeded, pool):
    for path in ("/planned-work/forecast", "/planned-work"):
        assert "/imports?table=plans" in client.get(path, headers=HTML).text
    at = f"{datetime.now(UTC) + timedelta(days=40):%Y-%m-15}"
    monthly = PLAN | {"rule": "FREQ=MONTHLY", "starts": f"{at}T08:00", "hours": "2", "skill": "mechanical"}
    assert client.post("/planned-work/new", data=monthly, headers=HTML).status_code == 200
    page = client.get("/planned-work/forecast?months=24&by=month&site=NTH", headers=HTML)
    assert page.status_code == 200
    listed = client.get("/api/v1/maintenance-plans/forecast?months=24&by=month").json()
    assert [each["hours"] for each in listed] == [2.0] * len(listed)
    assert page.text.count('<rect class="trade-0"') == len(listed) >= 22
    assert f"<td><b>{2 * len(listed)}</b></td>" in page.text
    for view in (f"month={at[:7]}", f"week={at}"):
        assert client.get(f"/planned-work?{view}", headers=HTML).text.count('class="due s-due-') == 1
    assert at[:7] in client.get("/planned-work?month=2020-01", headers=HTML).text, "where the next work is"


def test_a_day_with_more_than_a_month_shows_leads_to_the_week_that_has_all(client, seeded):
    of_class = PLAN | {"object": "class", "objects": "centrifugal_pump", "starts": "2040-05-10T08:00"}
    client.post("/planned-work/new", data=of_class | {"rule": "FREQ=YEARLY"}, headers=HTML)
    month = client.get("/planned-work?month=2040-05", headers=HTML).text
    assert month.count('class="due s-due-') == 5
    (more,) = re.findall(r'<a class="more" href="([^"]+)#d-2040-05-10">3 more</a>', month)
    assert client.get(more.replace("&amp;", "&"), headers=HTML).text.count('class="due s-due-') == 8


def test_a_season_and_where_a_meter_wraps_are_written_and_kept(client, seeded):
    written = PLAN | {"season": "04-01 to 10-15", "signal": "run_hours", "every": "500", "wraps_at": "100000"}
    made = client.post("/planned-work/new", data=written, headers=HTML)
    assert 'name="season" value="04-01 to 10-15"' in made.text
    assert 'name="wraps_at" value="100000"' in made.text
    plan = client.get(f"/api/v1/maintenance-plans/{made.url.path.rpartition('/')[2]}").json()["plan"]
    assert (plan["calendar"]["season"], plan["meter"]["wraps_at"]) == ([[4, 1], [10, 15]], 100000)
    wrong = client.post("/planned-work/new", data=written | {"code": "B", "season": "summer"}, headers=HTML)
    assert wrong.status_code == 422
    assert re.search(r'<input[^>]*name="season"[^>]*aria-invalid="true"', wrong.text)
    assert 'value="summer"' in wrong.text


def test_metrics_count_plans_their_orders_and_what_became_of_them(client, seeded, pool):
    def numbers():
        return dict(re.findall(r"^(plantwright_maintenance_\S+) (\S+)$", client.get("/metrics").text, re.MULTILINE))

    client.post("/planned-work/new", data=PLAN | {"lead_days": "0", "window_days": "0"}, headers=HTML)
    at = datetime.now(UTC)
    with pool.connection() as conn:
        jobs.generate_planned(conn, at + timedelta(hours=26))
        conn.execute("UPDATE maintenance_occurrences SET due_at = due_at - interval '10 days'")
        conn.execute("UPDATE work_orders SET response_due = %s WHERE origin = 'schedule'", (at - timedelta(days=3),))
        conn.execute("UPDATE maintenance_series SET call_at = %s", (at - timedelta(hours=1),))
    found = numbers()
    assert found['plantwright_maintenance_plans{state="in_force"}'] == "1.0"
    assert found['plantwright_maintenance_orders{which="unfinished"}'] == "1.0"
    assert found['plantwright_maintenance_orders{which="late"}'] == "1.0"
    assert found['plantwright_maintenance_occurrences_of_30_days{status="generated"}'] == "1.0"
    assert found["plantwright_maintenance_behind"] == "1.0"


def test_a_plan_goes_through_its_form_with_every_digit():
    plan = MaintenancePlan(
        code="P", site="NTH", title="Look", object=ObjectKind.ASSET, objects=("P-101",),
        meter=ByMeter(signal="strokes", every=1_234_567.5, early=12_345.25),
    )  # fmt: skip
    assert read(fields_of(plan), site="NTH", code="P").meter == plan.meter


@pytest.mark.parametrize("name", ["object", "type", "on_free_day", "when_open", "after_outage"])
def test_a_choice_that_the_list_does_not_have_is_refused_at_its_field(client, name):
    typed = {"site": "NTH", "code": "GREASE", "title": "Grease", "objects": "P-101", "starts": "2026-01-10T08:00"}
    answer = client.post("/planned-work/new", data=typed | {"rule": "FREQ=MONTHLY", name: "sideways"})
    assert answer.status_code == 422
    assert f'id="wrong-{name}"' in answer.text
    assert "Choose one of the list." in answer.text


def test_a_factor_that_is_no_number_is_refused_at_its_field(client):
    for typed, said in (("NaN", "Write a number, not &#39;NaN&#39;."), ("1.5", "Write a number from 0 to 1.")):
        sent = {"site": "NTH", "code": "GREASE", "title": "Grease", "objects": "P-101", "shift_factor": typed}
        answer = client.post("/planned-work/new", data=sent)
        assert answer.status_code == 422
        assert said in answer.text
