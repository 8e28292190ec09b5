"""What a planner and a technician see of an order: its date and what is doubtful about it, its hours, hold, history."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from api.app import create
from db.orders import order_work, work_orders
from tests import people
from tests.api.orders.test_six_types import PNG, V1
from workorder_core.people.access import Role, Who

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
SITE = ZoneInfo("Europe/Copenhagen")


@pytest.fixture(autouse=True)
def _shifts(pool, seeded):
    with pool.connection() as conn:
        conn.execute("UPDATE technicians SET shift_start = '08:00', shift_end = '16:00', weekdays = '{1,2,3,4,5,6,7}'")


def day(hour: int, days: int = 3) -> str:
    """A time on the site's clock, as a form sends it."""
    at = datetime.now(SITE).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M")


def sends(client, order, step, status=200, **data):
    page = client.post(f"/orders/{order}/{step}", data=data, headers=HTML)
    assert page.status_code == status, re.findall(r'role="alert">([^<]*)', page.text)
    return page.text


def facts(page: str) -> str:
    return re.split(r"</section>", page.split('id="facts"')[1])[0]


def test_an_order_scheduled_for_somebody_and_dispatched_to_them_has_a_page(client, seeded):
    order = seeded.orders["predictive"]
    sends(client, order, "schedule", starts_at=day(9), ends_at=day(11), technician="holm")
    page = sends(client, order, "assign")
    assert "Start work" in page
    assert "<b>Scheduled for Anna Holm</b>" in page
    assert client.get(f"/orders/{order}").status_code == 200


def test_history_is_told_whatever_fields_its_rows_have(client, seeded, pool):
    order = seeded.orders["by hand"]
    with pool.connection() as conn:
        for step in ("assign", "schedule", "change", "upgraded", "hold", "complete", "a step of another version"):
            work_orders.append_history(
                conn, order, at=datetime.now(UTC), actor="system:x", step=step,
                new={"close_out": {"odd": 1}, "priority": "x", "scheduled_start": 7, "hold_reason": "moon", "x": [1]},
            )  # fmt: skip
            work_orders.append_history(conn, order, at=datetime.now(UTC), actor="odd", step=step, old={"link": 5})
    assert client.get(f"/orders/{order}").status_code == 200


@pytest.mark.parametrize("by", ["page", "api"])
def test_naming_somebody_who_lacks_a_skill_needs_a_reason_wherever_they_are_named(client, seeded, by):
    """The gate is where a person is named: scheduling, dispatching, and who starts what nobody has."""
    order = seeded.orders["predictive"]

    def schedule(status, **more):
        if by == "page":
            return sends(client, order, "schedule", status, starts_at=day(9), technician="okafor", **more)
        body = {"start": f"{day(9)}:00Z", "technician": "okafor"} | more
        answer = client.post(f"{V1}/{order}/schedule", json=body)
        assert answer.status_code == status, answer.text
        return answer.text

    refused = {"page": "Needed here: lacks the skill mechanical.", "api": "Samuel Okafor is not a good choice for"}
    assert refused[by] in schedule(409)
    schedule(200, why="the only one who knows this pump")
    assert client.post(f"{V1}/{order}/assign", json={}).status_code == 200, "the reason that was written is enough"


def test_what_an_order_asks_for_later_needs_a_reason_of_its_own(client, seeded):
    order = seeded.orders["predictive"]
    sends(client, order, "schedule", starts_at=day(9), technician="okafor", why="knows this pump")
    client.patch(f"{V1}/{order}?new=certificate", json={"required_certificates": ["confined space"]})
    assert "Reason for the exception" in client.get(f"/orders/{order}").text
    assert client.post(f"{V1}/{order}/assign", json={}).status_code == 409
    sends(client, order, "assign", 200, why="goes with somebody who has it")


def test_who_starts_what_nobody_has_needs_the_skill_or_a_reason(pool, known, seeded):
    order = seeded.orders["predictive"]
    with pool.connection() as conn:
        people.add_user(conn, "sam", Role.TECHNICIAN, sites=["NTH"], technician="okafor")
    me = TestClient(create(pool, keys={}), base_url="http://localhost", headers=HTML)
    me.post("/login", data={"name": "sam", "password": people.PASSWORD})
    page = me.get(f"/orders/{order}").text
    csrf = re.findall(r'name="csrf" value="(\w+)"', page)[0]
    assert "Reason for the exception" in page
    assert "Needed here: lacks the skill" in sends(me, order, "start", 409, csrf=csrf)
    assert "s-in_progress" in sends(me, order, "start", csrf=csrf, why="nobody else is here")


def test_a_date_is_shown_wherever_the_order_is(client, seeded, pool):
    order = seeded.orders["predictive"]
    sends(client, order, "schedule", starts_at=day(9), ends_at=day(11), technician="holm")
    shown = f"{datetime.fromisoformat(day(9)):%H:%M}"
    page = client.get(f"/orders/{order}").text
    assert "Scheduled</dt>" in facts(page)
    assert shown in facts(page)
    history = page.split('id="history"')[1]
    assert re.search(r"Start</span> <time", history), "in words and the site's time"
    assert "scheduled_start" not in history
    assert "T09:00" not in re.sub(r'"[^"]*"', "", history)
    board = client.get("/").text
    assert re.search(r"scheduled <time[^>]*>[^<]*09:00", board)


def test_a_date_after_its_target_is_said_where_orders_are_listed(client, seeded):
    order = seeded.orders["predictive"]
    assert "after its target" not in client.get("/").text
    sends(client, order, "schedule", starts_at=day(9, 40), technician="holm")
    board = client.get("/").text
    assert re.search(r"after its target: start <span data-due=[^>]*>in ", board)


def test_who_waits_is_said_for_how_long_and_what_is_over_how_long_ago(client, seeded):
    made = {"asset_id": str(seeded.assets["P-101"]), "kind": "inspection", "title": "Look", "draft": "yes"}
    client.post("/new-order", data=made, headers=HTML)
    cancelled = seeded.orders["by hand"]
    sends(client, cancelled, "cancel", why="not needed")
    board = client.get("/?show=all").text
    assert re.search(r"draft for <span data-age", board)
    assert re.search(r"cancelled <span data-age=[^>]*>[^<]*</span> ago", board)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (day(9, -2), "", "The date is in the past"),
        (day(9, 40), "", "It begins after its target"),
        (day(9, 40), day(10, 41), "It ends after its target"),
        (day(2), "", "Anna Holm is off shift when it begins"),
        (day(14), day(18), "The shift of Anna Holm ends before it does"),
        (day(10), day(12), "Anna Holm has NTH-1006 at the same time"),
    ],
)
def test_a_doubtful_date_is_warned_of(client, seeded, start, end, said):
    sends(client, seeded.orders["by hand"], "schedule", starts_at=day(11), ends_at=day(13), technician="holm")
    order = seeded.orders["predictive"]
    page = sends(client, order, "schedule", starts_at=start, ends_at=end, technician="holm")
    assert said in facts(page)
    assert any(said[4:] in each for each in client.get(f"{V1}/{order}").json()["warnings"])


def test_a_good_date_is_warned_of_by_nothing(client, seeded, pool):
    order = seeded.orders["predictive"]
    with pool.connection() as conn:
        conn.execute(
            "UPDATE work_orders SET response_due = now() + interval '9 d', completion_due = now() + interval '9 d'"
        )
    page = sends(client, order, "schedule", starts_at=day(9), ends_at=day(11), technician="holm")
    assert 'class="doubt"' not in facts(page)


def test_a_stopped_clock_is_shown_and_no_target_runs_beside_it(client, seeded):
    order = seeded.orders["reactive"]
    page = sends(client, order, "hold", waits="parts", why="seal is ordered")
    assert "clock stopped" in facts(page)
    assert "Waiting for parts" in facts(page)
    assert "Complete by" not in facts(page)
    assert "clock stopped" in client.get("/").text
    page = sends(client, order, "resume")
    assert "Complete by" in facts(page)


def test_what_was_done_is_shown_with_hours_and_readings_and_no_target(client, seeded):
    order = seeded.orders["reactive"]
    found = {"finding": "confirmed", "cause": "wear", "remedy": "replace", "hours": "2,5", "downtime": "90"}
    page = sends(client, order, "complete", **found, readings="vibration 1,8 mm/s", why="new impeller")
    for said in ("2.5 h", "1 h 30 min", "Readings after repair", "1.80 mm/s"):
        assert said in facts(page)
    assert "Start by" not in page
    assert "Complete by" not in facts(page)


def test_a_photo_is_a_picture_and_is_sent_once(client, seeded):
    order = seeded.orders["reactive"]
    client.post(f"/orders/{order}/files/new", files={"file": ("new.png", PNG)}, headers=HTML)
    client.post(f"/orders/{order}/files/new", files={"file": ("note.txt", b"rattles")}, headers=HTML)
    page = client.get(f"/orders/{order}").text
    source = re.findall(r'<img src="(/api/v1/[^"]+)" alt="new.png"', page)
    assert len(source) == 1
    assert "note.txt</a>" in page
    assert client.get(source[0]).headers["content-type"] == "image/jpeg", "a small one"
    whole = source[0].removesuffix("/thumbnail")
    assert f'<a href="{whole}">' in page
    answer = client.get(whole)
    assert answer.content == PNG
    again = client.get(whole, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_technician_that_the_site_lacks_is_an_error_at_the_field_with_who_was_meant(client, seeded):
    order = seeded.orders["predictive"]
    page = client.post(f"/orders/{order}/assign", data={"technician": "hlom"}, headers=HTML)
    assert page.status_code == 404
    assert "This site has no technician hlom; did you mean holm (Anna Holm)?" in page.text
    assert re.search(r'<select name="technician"[^>]*aria-invalid="true"', page.text), "at the field"
    answer = client.post(f"{V1}/{order}/assign", json={"technician": "Anna Hlom"})
    assert "did you mean holm (Anna Holm)?" in answer.json()["detail"]
    answer = client.post(f"{V1}/{order}/assign", json={"technician": "zzz"})
    assert "choose one of" in answer.json()["detail"]


def test_histories_have_full_names_and_never_one_that_two_may_be_meant_by(client, seeded, pool):
    with pool.connection() as conn:
        people.add_user(conn, "berg", Role.PLANNER)
        conn.execute("UPDATE users SET full_name = 'Sofia Berg' WHERE name = 'berg'")
        order = work_orders.get(conn, seeded.orders["predictive"])
        for actor in ("berg", "holm", "gone"):
            order_work.comment(
                conn,
                order.id,
                f"by {actor}",
                who=Who(f"person:{actor}", frozenset({Role.PLANNER})),
                at=datetime.now(UTC),
            )
    page = client.get(f"/orders/{seeded.orders['predictive']}").text
    assert "commented</b> by Sofia Berg" in page.replace("Commented", "commented")
    assert "commented</b> by Anna Holm" in page.replace("Commented", "commented"), "a technician who is no user"
    assert "commented</b> by gone" in page.replace("Commented", "commented")
    assert '<p class="soft">Sofia Berg, ' in page
    with pool.connection() as conn:
        people.add_user(conn, "holm", Role.VIEWER)
    page = client.get(f"/orders/{seeded.orders['predictive']}").text
    assert "commented</b> by Holm" in page.replace("Commented", "commented"), (
        "the user of that name, who is somebody else"
    )


def test_the_log_of_changes_has_full_names_on_every_page_that_shows_it(client, seeded, pool):
    with pool.connection() as conn:
        people.add_user(conn, "berg", Role.PLANNER)
        conn.execute("UPDATE users SET full_name = 'Sofia Berg' WHERE name = 'berg'")
        conn.execute(
            "SELECT set_config('plantwright.actor', 'person:berg', true), set_config('plantwright.why', 'asked', true)"
        )
        conn.execute("UPDATE assets SET name = name || ' 2'")
    asset = seeded.assets["P-101"]
    for path in (f"/assets/{asset}", "/changes"):
        assert "Sofia Berg" in client.get(path, headers=HTML).text, path
