"""Forms: what they ask for, what they make of it, and that all that is wrong is said at its field."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.board.forms.form_errors import InvalidForm
from api.board.orders.step_form import part_used
from tests.api.orders.test_six_types import PLAN, V1
from workorder_core.people.access import Role

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
SITE = ZoneInfo("Europe/Copenhagen")


def day(hour: int) -> str:
    at = datetime.now(SITE).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=3)
    return at.strftime("%Y-%m-%dT%H:%M")


def wrong(page: str) -> list[str]:
    return re.findall(r'<span class="wrong"[^>]*>([^<]*)</span>', page)


def makes(client, seeded, **typed):
    form = {"asset_id": seeded.assets["P-107"], "kind": "preventive", "title": "Change the seal"} | typed
    return client.post("/new-order", data=form, headers=HTML, follow_redirects=False)


def made(client, answer):
    assert answer.status_code == 303, wrong(answer.text)
    return client.get(f"{V1}/{answer.headers['location'].rpartition('/')[2]}").json()


PARTS = {
    "2 bearing 6312": ("bearing 6312", 2, "pcs"),
    "0.5 l oil": ("oil", 0.5, "l"),
    "0,5 l Oil ISO VG 46": ("Oil ISO VG 46", 0.5, "l"),
    "0.5l oil": ("oil", 0.5, "l"),
    "3kg grease": ("grease", 3, "kg"),
    "2x seal": ("seal", 2, "pcs"),
    "1 set of seals": ("seals", 1, "sets"),
    "gasket": ("gasket", 1, "pcs"),
    "6312-2RS bearing": ("6312-2RS bearing", 1, "pcs"),
    "10 mm bolt": ("10 mm bolt", 1, "pcs"),
    "M8 bolt": ("M8 bolt", 1, "pcs"),
    "1 x 6312 bearing": ("6312 bearing", 1, "pcs"),
}


@pytest.mark.parametrize(("line", "meant"), PARTS.items())
def test_a_part_is_read_as_people_write_it(line, meant):
    used = part_used(line)
    assert (used.part, used.used, used.unit) == meant


@pytest.mark.parametrize("line", ["12", "2 l", "6312 bearing"])
def test_a_part_that_may_mean_something_else_is_asked_about(line):
    with pytest.raises(InvalidForm):
        part_used(line)


def test_half_a_litre_of_oil_is_half_a_litre_of_oil(client, seeded):
    order = seeded.orders["reactive"]
    form = {"finding": "confirmed", "cause": "wear", "remedy": "replace", "parts": "0.5 l oil\n2 bearing 6312"}
    client.post(f"/orders/{order}/complete", data=form, headers=HTML)
    parts = client.get(f"{V1}/{order}/content").json()["parts"]
    assert [(each["part"], each["used"], each["unit"]) for each in parts] == [
        ("oil", 0.5, "l"),
        ("bearing 6312", 2, "pcs"),
    ]


def test_a_part_used_in_another_unit_does_not_change_what_was_asked_for(client, seeded):
    plan = PLAN | {"parts": [{"part": "oil", "quantity": 2, "unit": "l"}], "steps": [{"instruction": "Drain it"}]}
    client.put("/api/v1/job-plans/OIL", json=plan)
    order = made(client, makes(client, seeded, plan="OIL"))["id"]
    client.post(f"{V1}/{order}/start", json={})
    client.put(f"{V1}/{order}/steps/1", json={})
    body = {"finding": "confirmed", "cause": "wear", "remedy": "replace"}
    used = [{"part": "oil", "used": 500, "unit": "ml"}, {"part": "oil", "used": 1}]
    assert client.post(f"{V1}/{order}/complete", json=body | {"parts_used": used}).status_code == 200
    parts = client.get(f"{V1}/{order}/content").json()["parts"]
    assert [(each["needed"], each["used"], each["unit"]) for each in parts] == [(2, 1, "l"), (0, 500, "ml")]


def test_all_that_is_wrong_is_said_at_once_and_at_its_field(client, seeded):
    order = seeded.orders["reactive"]
    form = {"hours": "two", "downtime": "-3", "readings": "smooth", "parts": "12", "why": "typed already"}
    page = client.post(f"/orders/{order}/complete", data=form, headers=HTML)
    assert page.status_code == 422
    assert "7 fields need another look" in page.text
    assert len(wrong(page.text)) == 7
    for name, value in form.items():
        assert re.search(rf'name="{name}"[^>]*(value="{value}"|>{value}<)', page.text), f"{name} is still there"


def test_a_refused_form_says_at_the_field_that_a_reason_is_needed(client, seeded):
    order = seeded.orders["predictive"]
    page = client.post(f"/orders/{order}/assign", data={"technician": "okafor"}, headers=HTML)
    assert page.status_code == 409
    assert any("lacks the skill mechanical" in each for each in wrong(page.text))


def test_a_new_order_says_all_that_is_wrong_with_it(client, seeded):
    page = makes(
        client, seeded, asset_id="", kind="odd", title=" ", hours="many", plan="NONE", starts_at="soon", ends_at=day(9)
    )
    assert page.status_code == 422
    assert len(wrong(page.text)) == 6
    assert 'value="many"' in page.text


def test_a_new_order_has_a_plan_a_skill_hours_a_date_and_a_person(client, seeded):
    client.put("/api/v1/job-plans/SWAP", json=PLAN | {"skills": []})
    form = {"plan": "SWAP", "skill": "mechanical", "hours": "2,5", "starts_at": day(9), "ends_at": day(11)}
    order = made(client, makes(client, seeded, technician="holm", **form))
    assert (order["status"], order["assignee"], order["plan"]) == ("scheduled", "holm", "SWAP")
    assert order["required_skill"] == "mechanical"
    assert datetime.fromisoformat(order["scheduled_start"]).astimezone(SITE).strftime("%Y-%m-%dT%H:%M") == day(9)
    assert order["scheduled_end"] is not None
    given = made(client, makes(client, seeded, technician="holm", skill="mechanical", hours="2,5"))
    assert (given["status"], given["assignee"], given["estimated_hours"]) == ("dispatched", "holm", 2.5)


def test_a_new_order_for_who_lacks_the_skill_needs_a_reason_of_its_own(client, seeded):
    typed = {"technician": "okafor", "skill": "mechanical", "why": "it leaks"}
    page = makes(client, seeded, **typed)
    assert page.status_code == 409
    assert any("lacks the skill mechanical" in each for each in wrong(page.text))
    before = len(client.get(V1).json()["items"])
    assert made(client, makes(client, seeded, **typed, why_them="he is the only one here"))["assignee"] == "okafor"
    assert len(client.get(V1).json()["items"]) == before + 1, "the refused one is not made"


def test_a_new_order_can_stay_a_draft(client, seeded):
    assert made(client, makes(client, seeded, draft="yes"))["status"] == "draft"
    page = makes(client, seeded, draft="yes", technician="holm")
    assert "A draft has none yet" in page.text


def test_a_request_says_when_it_is_wanted_and_names_nobody(known, seeded):
    kari = known(Role.REQUESTER)
    page = kari.get("/new-order", headers=HTML).text
    assert "Needed by" in page
    assert 'name="technician"' not in page
    order = made(kari, makes(kari, seeded, starts_at=day(9), technician="holm"))
    assert (order["status"], order["assignee"], order["scheduled_start"]) == ("awaiting_approval", None, None)
    assert order["requested_for"] is not None


def test_planning_on_the_page_has_a_job_plan_and_hours(client, seeded):
    client.put("/api/v1/job-plans/SWAP", json=PLAN)
    order = seeded.orders["by hand"]
    page = client.post(f"/orders/{order}/plan", data={"plan": "SWAP", "hours": "lots"}, headers=HTML)
    assert (page.status_code, len(wrong(page.text))) == (422, 1)
    client.post(f"/orders/{order}/plan", data={"plan": "SWAP", "hours": "3"}, headers=HTML)
    planned = client.get(f"{V1}/{order}").json()
    assert (planned["status"], planned["plan"], planned["estimated_hours"]) == ("planned", "SWAP", 3)
