"""Each of the six types of order, made, done and closed through the API, as the people of a plant would."""

import re
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from fastapi.testclient import TestClient

from api import passwords
from api.app import create
from db.orders import audit, work_orders
from tests import people
from tests.parts import pictures
from workorder_core.orders import record
from workorder_core.people.access import Role

V1 = "/api/v1/work-orders"
PNG = pictures.a_picture()
FOUND = {"finding": "confirmed", "failure_mode": "OHE", "mechanism": "wear", "cause": "wear", "remedy": "replace"}
PLAN = {
    "title": "Replace the bearing",
    "asset_class": "centrifugal_pump",
    "skills": ["mechanical"],
    "tools": ["puller"],
    "estimated_hours": 4,
    "steps": [
        {"kind": "permit", "instruction": "Isolation"},
        {"instruction": "Pull the old bearing"},
        {"kind": "measurement", "instruction": "Vibration after the start", "unit": "mm/s", "high": 2.8},
        {"kind": "photo", "instruction": "The new bearing"},
        {"kind": "signature", "instruction": "Handed back"},
        {"instruction": "Sweep the floor", "mandatory": False},
    ],
    "parts": [{"part": "bearing 6312", "quantity": 1}],
}


class Person:
    """Somebody at their screen: takes steps and expects them to be taken."""

    def __init__(self, client):
        self.client = client

    def makes(self, path=V1, expect=201, **body):
        answer = self.client.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})
        assert answer.status_code == expect, answer.text
        return answer.json()

    def takes(self, order, step, expect=200, **body):
        answer = self.client.post(f"{V1}/{order['id']}/{step}", json=body)
        assert answer.status_code == expect, f"{step}: {answer.text}"
        return answer.json()

    def does(self, order, seq, expect=200, **body):
        answer = self.client.put(f"{V1}/{order['id']}/steps/{seq}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def reads(self, order, what=""):
        answer = self.client.get(f"{V1}/{order['id']}{what}")
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture
def planner(known):
    return Person(known(Role.PLANNER, name="planner"))


@pytest.fixture
def requester(known):
    return Person(known(Role.REQUESTER, name="operator"))


@pytest.fixture
def holm(pool, monkeypatch):
    return signed_in(pool, monkeypatch, "holm")


@pytest.fixture
def petersen(pool, monkeypatch):
    return signed_in(pool, monkeypatch, "petersen")


def signed_in(pool, monkeypatch, code):
    """A technician at their tablet, signed in at the pages' door."""
    monkeypatch.setattr(passwords, "_HASHER", people.CHEAP)
    with pool.connection() as conn:
        people.add_user(conn, code, Role.TECHNICIAN, technician=code)
    client = TestClient(create(pool, keys={}), base_url="http://localhost", headers={"Origin": "http://localhost"})
    client.post("/login", data={"name": code, "password": people.PASSWORD, "next": "/"})
    client.headers["X-CSRF-Token"] = re.findall(r'name="csrf" value="(\w+)"', client.get("/").text)[0]
    return Person(client)


def closed(pool, order):
    """The order is closed, its history is sound, and told again it gives the order as it is."""
    with pool.connection() as conn:
        stored = work_orders.get(conn, order["id"])
        assert stored.status == "closed"
        assert audit.verify(conn).sound
        rows = [(row.old, row.new) for row in work_orders.history(conn, stored.id)]
        assert record.replay(rows) == record.facts(stored)
    return stored


def test_reactive_the_short_way_of_a_small_plant(planner, pool, seeded):
    order = planner.makes(asset_id=seeded.assets["P-107"], type="reactive", title="Pump leaks", failure_mode="ELP")
    for step, body in (("start", {}), ("complete", FOUND), ("verify", {}), ("close", {})):
        planner.takes(order, step, **body)
    assert [row["step"] for row in planner.reads(order)["history"]] == ["open", "start", "complete", "verify", "close"]
    closed(pool, order)


def test_predictive_from_the_engine_by_technicians(planner, holm, petersen, pool, seeded):
    order = {"id": str(seeded.orders["predictive"])}
    planner.takes(order, "assign", technician="holm")
    petersen.takes(order, "start", expect=403)
    holm.takes(order, "start")
    holm.takes(order, "hold", reason="the bearing comes tomorrow", waits_for="parts")
    holm.takes(order, "resume")
    holm.takes(order, "complete", **FOUND, hours=3.5, cost="420.00", currency="EUR", downtime_minutes=90)
    holm.takes(order, "verify", expect=403)
    petersen.takes(order, "verify")
    planner.takes(order, "close")
    stored = closed(pool, order)
    assert (stored.actual_hours, str(stored.cost), stored.currency) == (3.5, "420.00", "EUR")


def test_emergency_on_a_safety_critical_asset_is_verified_by_a_second_person(planner, holm, pool, seeded):
    with pool.connection() as conn:
        conn.execute("UPDATE assets SET safety_critical = true WHERE code = 'P-105'")
    order = {"id": str(seeded.orders["emergency"])}
    planner.takes(order, "start")
    planner.takes(order, "complete", **FOUND)
    refused = planner.takes(order, "verify", expect=409)
    assert "safety-critical" in refused["detail"]
    holm.takes(order, "verify")
    planner.takes(order, "close")
    closed(pool, order)


def test_preventive_by_a_job_plan(planner, holm, pool, seeded):
    written = planner.client.put("/api/v1/job-plans/BEARING-SWAP", json=PLAN)
    assert (written.status_code, written.json()["version"]) == (200, 1)
    order = planner.makes(asset_id=seeded.assets["P-108"], type="preventive", title="Yearly bearing")
    start = datetime.now(UTC) + timedelta(days=1)
    planner.takes(order, "plan", plan="BEARING-SWAP")
    planner.takes(order, "schedule", start=start.isoformat(), technician="holm")
    planner.takes(order, "assign")
    refused = holm.takes(order, "start", expect=409)
    assert "Isolation" in refused["detail"]
    holm.does(order, 1, expect=422)
    holm.does(order, 1, note="permit 1172")
    holm.takes(order, "start")
    assert "Pull the old bearing" in holm.takes(order, "complete", expect=409, **FOUND)["detail"]
    holm.does(order, 2)
    assert holm.does(order, 3, value=3.1)["within_limits"] is False
    assert holm.does(order, 3, value=1.9)["within_limits"] is True
    photo = planner.client.post(
        f"{V1}/{order['id']}/attachments", files={"file": ("new.png", PNG)}, headers={"Idempotency-Key": "photo"}
    ).json()
    holm.does(order, 4, attachment_id=photo["id"])
    holm.does(order, 5, note="Anna Holm")
    holm.takes(order, "complete", **FOUND, parts_used=[{"part": "bearing 6312", "used": 1}])
    planner.takes(order, "verify")
    planner.takes(order, "close")
    content = planner.reads(order, "/content")
    assert content["parts"] == [{"line": 1, "part": "bearing 6312", "unit": "pcs", "needed": 1, "used": 1}]
    assert [step["done_at"] is not None for step in content["steps"]] == [True] * 5 + [False]
    assert holm.client.get(f"{V1}/{order['id']}/attachments/{photo['id']}").content == PNG
    stored = closed(pool, order)
    assert (stored.plan, stored.plan_version, stored.required_tools) == ("BEARING-SWAP", 1, ("puller",))


def test_inspection_that_somebody_asks_for_and_that_finds_something(requester, planner, holm, pool, seeded):
    order = requester.makes(asset_id=seeded.assets["P-101"], type="inspection", title="It rattles")
    assert order["status"] == "awaiting_approval"
    assert order["response_due"] is None
    requester.takes(order, "approve", expect=403)
    planner.takes(order, "reject", reason="which part?")
    requester.takes(order, "submit")
    assert planner.takes(order, "approve")["response_due"] is not None
    holm.takes(order, "start")
    holm.makes(f"{V1}/{order['id']}/comments", text="The guard is loose.")
    found = {"title": "Fasten the guard", "type": "reactive"}
    holm.takes(
        order, "complete", finding="other_cause", cause="installation", remedy="check", follow_ups=[found],
        readings=[{"name": "vibration", "value": 1.8, "unit": "mm/s"}],
    )  # fmt: skip
    planner.takes(order, "verify")
    planner.takes(order, "close")
    (link,) = planner.reads(order, "/content")["links"]
    assert (link["label"], link["title"], link["status"]) == ("has the follow-up", "Fasten the guard", "open")
    closed(pool, order)


def test_proactive_at_a_place_blocked_by_other_work(planner, pool, seeded):
    with pool.connection() as conn:
        place = conn.execute("SELECT id FROM locations ORDER BY id LIMIT 1").fetchone()[0]
    order = planner.makes(location_id=place, type="proactive", title="Drain the hall")
    first = planner.makes(location_id=place, type="proactive", title="Clear the gully")
    planner.makes(f"{V1}/{first['id']}/links", kind="blocks", other_id=order["id"])
    circle = planner.makes(f"{V1}/{order['id']}/links", expect=409, kind="blocks", other_id=first["id"])
    assert "already" in circle["detail"]
    assert first["number"] in planner.takes(order, "start", expect=409)["detail"]
    planner.takes(first, "cancel", reason="it is clear")
    for step, body in (("start", {}), ("complete", FOUND), ("verify", {}), ("close", {})):
        planner.takes(order, step, **body)
    planner.takes(order, "reopen", reason="it is wet again")
    planner.takes(order, "start")
    planner.takes(order, "cannot-complete", reason="the drain is under the new slab")
    with psycopg.connect(pool.conninfo) as conn:
        assert work_orders.get(conn, order["id"]).status == "cannot_complete"


def test_the_same_request_twice_is_one_order(planner, seeded):
    body = {"asset_id": seeded.assets["P-107"], "type": "inspection", "title": "Look"}
    path, key = V1, {"Idempotency-Key": "once"}
    first, second = (planner.client.post(path, json=body, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["ETag"] == '"1"'
    other = planner.client.post(path, json=body | {"title": "Look again"}, headers=key)
    assert (other.status_code, other.json()["title"]) == (422, "Key reused")
    without = planner.client.post(path, json=body)
    assert (without.status_code, without.json()["title"]) == (400, "No idempotency key")


def test_a_request_in_flight_is_not_done_beside_itself(planner, pool, seeded):
    body = {"asset_id": seeded.assets["P-107"], "type": "inspection", "title": "Look"}
    with pool.connection() as conn:
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('plantwright once key:planner at-work', 0))")
        answer = planner.client.post(V1, json=body, headers={"Idempotency-Key": "at-work"})
    assert (answer.status_code, answer.json()["title"]) == (409, "Key in flight")


WRONG_FILES = {
    "a program": (b"\x7fELF\x02\x01", "neither a picture"),
    "nothing": (b"", "it is empty"),
    "too much": (b"x" * 10_000_001, "larger than 10 MB"),
}


@pytest.mark.parametrize(("content", "problem"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_file_that_cannot_be_attached_says_why(planner, seeded, content, problem):
    answer = planner.client.post(
        f"{V1}/{seeded.orders['done']}/attachments",
        files={"file": ("a.png", content)},
        headers={"Idempotency-Key": "f"},
    )
    assert answer.status_code == 422
    assert problem in answer.json()["detail"]


NAMES = {
    "a text that a browser would run": ("note.html", b"<script>x</script>", "note.html.txt"),
    "a text that a computer would run": ("note.BAT", b"del *", "note.BAT.txt"),
    "a picture that is called a page": ("pump.svg", pictures.a_picture("GIF"), "pump.svg.gif"),
    "a name that reads backwards": ("pump\u202egpj.exe", b"x", "pumpgpj.exe.txt"),
    "an honest one": ("Pump 1.CSV", b"a;b", "Pump%201.CSV"),
}


@pytest.mark.parametrize(("name", "content", "saved"), NAMES.values(), ids=NAMES)
def test_a_file_is_saved_under_a_name_that_ends_as_its_kind_does(planner, seeded, name, content, saved):
    files = f"{V1}/{seeded.orders['predictive']}/attachments"
    made = planner.client.post(files, files={"file": (name, content)}, headers={"Idempotency-Key": "n"})
    assert made.status_code == 201, made.text
    answer = planner.client.get(f"{files}/{made.json()['id']}")
    assert answer.headers["content-disposition"].endswith(f"; filename*=UTF-8''{saved}")


def test_targets_count_in_the_sites_working_hours(planner, pool, seeded):
    week = {"shifts": [{"weekdays": [1, 2, 3, 4, 5], "start": "07:00", "end": "15:00"}], "country": "DK"}
    assert planner.client.put("/api/v1/sites/NTH/calendar", json=week).status_code == 200
    mine = [{"priority": 4, "response_minutes": 480, "completion_minutes": 4800}]
    assert planner.client.put("/api/v1/sites/NTH/targets", json=mine).status_code == 200
    order = planner.makes(asset_id=seeded.assets["P-107"], type="inspection", title="Look")
    due = datetime.fromisoformat(order["response_due"]).astimezone(ZoneInfo("Europe/Copenhagen"))
    assert due.isoweekday() <= 5
    assert 7 <= due.hour + due.minute / 60 <= 15, "eight hours are a whole shift, begun on one day or two"
    nowhere = planner.client.put("/api/v1/sites/NTH/calendar", json=week | {"country": "XX"})
    assert "are not known" in nowhere.json()["detail"]
    assert planner.client.get("/api/v1/sites/STH/calendar").status_code == 404


def test_a_calendar_too_short_for_a_target_is_refused_where_it_is_set_and_survived_where_used(planner, pool, seeded):
    four = {"shifts": [{"weekdays": [3], "start": "08:00", "end": "12:00"}]}
    refused = planner.client.put("/api/v1/sites/NTH/calendar", json=four)
    assert refused.status_code == 422
    assert "the completion target of low work of 720 working hours does not run out" in refused.json()["detail"]
    whole = {"shifts": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"}]}
    assert planner.client.put("/api/v1/sites/NTH/calendar", json=whole).status_code == 200
    long = [{"priority": 4, "response_minutes": 480, "completion_minutes": 5_000_000}]
    refused = planner.client.put("/api/v1/sites/NTH/targets", json=long)
    assert refused.status_code == 422
    assert "the completion target of low work" in refused.json()["detail"]
    with pool.connection() as conn:  # as a holiday more, or an older version, would leave it
        conn.execute("""UPDATE site_calendars SET shifts = '[{"weekdays": [3], "start": "08:00", "end": "12:00"}]'""")
    order = planner.makes(asset_id=seeded.assets["P-107"], type="inspection", title="Look")
    low = planner.client.patch(
        f"{V1}/{order['id']}", json={"priority": 4, "why": "it can wait"}, headers={"If-Match": "*"}
    )
    assert low.status_code == 200, low.text
    assert low.json()["completion_due"] is None
    assert low.json()["no_target"] == "no_working_time"
    page = planner.client.get(f"/orders/{order['id']}", headers={"Accept": "text/html"})
    assert "the site’s calendar has too few working hours" in page.text


EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
STRANGE_WEEKS: dict[str, tuple[list[tuple[str, str]], int]] = {
    "half a minute each day": ([("08:00:00", "08:00:30")], 422),
    "seconds": ([("05:59:30", "14:00:15.5")], 200),
    "up to the end of the day": ([("00:00", "24:00")], 200),
    "over midnight": ([("22:00", "06:00")], 200),
    "one within another, and one that overlaps": ([("06:00", "18:00"), ("08:00", "09:00"), ("17:00", "06:30")], 200),
    "a minute": ([("08:00", "08:01")], 422),
    "another zone's time": ([("08:00+02:00", "16:00")], 422),
    "an hour that does not exist": ([("08:00", "25:00")], 422),
}


@pytest.mark.parametrize(("shifts", "status"), STRANGE_WEEKS.values(), ids=STRANGE_WEEKS)
def test_a_calendar_is_refused_or_kept_as_it_was_said(planner, seeded, pool, shifts, status):
    with pool.connection() as conn:
        conn.execute("DELETE FROM site_targets")
    week = {"shifts": [{"weekdays": EVERY_DAY, "start": start, "end": end} for start, end in shifts]}
    answer = planner.client.put("/api/v1/sites/NTH/calendar", json=week)
    assert answer.status_code == status, answer.text
    if status == 200:
        kept = planner.client.get("/api/v1/sites/NTH/calendar").json()["shifts"]
        clocks = [tuple(time.fromisoformat(each[of].replace("24:", "00:")) for of in ("start", "end")) for each in kept]
        said = [tuple(time.fromisoformat(each.replace("24:", "00:")) for each in pair) for pair in shifts]
        assert clocks == said
        order = planner.makes(asset_id=seeded.assets["P-107"], type="inspection", title="Look")
        assert order["completion_due"] is not None
