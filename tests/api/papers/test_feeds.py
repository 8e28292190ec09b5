"""Calendars that people follow: iCalendar, opened by their own address alone while their owner may see them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar

from api.app import create
from api.keys import COOKIE
from api.papers import calendar
from db.people import calendar_feeds
from db.people.calendar_feeds import DatedDowntime, DatedOrder, Feed
from tests import people
from tests.people import PASSWORD
from workorder_core.people.access import Role
from workorder_core.words import OrderType, Origin, Priority, Status

V1 = "/api/v1"
ORIGIN = {"Origin": "http://localhost"}
START = datetime(2030, 7, 1, 8, tzinfo=UTC)


@pytest.fixture
def app(pool, seeded):
    return create(pool, keys={"planner": "planner-key-0123456789"})


@pytest.fixture
def signed(app, pool):
    """Makes a browser in which somebody has signed in."""

    def browser(name: str, *roles: Role, **more) -> TestClient:
        with pool.connection() as conn:
            people.add_user(conn, name, *roles, **more)
        made = TestClient(app, base_url="http://localhost", follow_redirects=False)
        answer = made.post("/login", data={"name": name, "password": PASSWORD}, headers=ORIGIN)
        assert answer.status_code == 303, answer.text
        return made

    return browser


@pytest.fixture
def anybody(app):
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def follow(browser, of: str) -> str:
    page = browser.get("/my-calendars").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    answer = browser.post("/my-calendars", data={"of": of, "csrf": csrf[1]}, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    found = re.search(r'id="new-address">http://localhost(/calendar/[A-Za-z0-9_-]{43}\.ics)<', answer.text)
    assert found, "the address is shown"
    return found[1]


def holm(pool) -> int:
    with pool.connection() as conn:
        found: int = conn.execute("SELECT id FROM technicians WHERE code = 'holm'").fetchone()[0]
    return found


def scheduled(client, order, **more) -> str:
    body = {"start": START.isoformat(), "end": (START + timedelta(hours=2)).isoformat(), "technician": "holm", **more}
    answer = client.post(f"{V1}/work-orders/{order}/schedule", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["number"])


def parsed(content: bytes) -> Any:
    return Calendar.from_ical(content)


def events(answer) -> list[Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found: list[Any] = parsed(answer.content).walk("VEVENT")
    return found


def test_a_technician_follows_their_dated_orders(client, signed, anybody, pool, seeded):
    number = scheduled(client, seeded.orders["predictive"], why="she knows it")
    address = follow(signed("anna", Role.TECHNICIAN, technician="holm"), f"technician {holm(pool)}")
    first = anybody.get(address)
    [event] = [each for each in events(first) if number in each["summary"]]
    assert event["uid"] == f"{seeded.orders['predictive']}@plantwright"
    assert event["dtstart"].dt == START
    assert event["dtstart"].params["TZID"] == "Europe/Copenhagen"
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(hours=2)
    assert event["status"] == "CONFIRMED"
    assert event["url"].endswith(f"/orders/{seeded.orders['predictive']}")
    assert event["dtstamp"].dt.utcoffset() == timedelta(0)

    same = anybody.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    cancelled = client.post(f"{V1}/work-orders/{seeded.orders['predictive']}/cancel", json={"reason": "not needed"})
    assert cancelled.status_code == 200, cancelled.text
    changed = anybody.get(address, headers={"If-None-Match": first.headers["etag"]})
    [after] = [each for each in events(changed) if number in each["summary"]]
    assert after["status"] == "CANCELLED"
    assert after["uid"] == event["uid"]
    assert after["sequence"] > event["sequence"]
    assert after["dtstamp"].dt >= event["dtstamp"].dt


def test_planned_downtime_of_a_site_and_of_an_asset_is_followed(client, signed, anybody, seeded):
    mette = signed("mette", Role.PLANNER)
    ids = []
    for asset, ends in (("P-101", START + timedelta(hours=3)), ("P-102", None)):
        body = {
            "starts_at": START.isoformat(),
            "ends_at": ends and ends.isoformat(),
            "reason": f"new seal, {asset}; now",
        }
        ids.append(client.post(f"{V1}/assets/{seeded.assets[asset]}/downtimes", json=body).json()["id"])
    of_site, of_asset = follow(mette, "site NTH"), follow(mette, f"asset {seeded.assets['P-101']}")
    both, one = events(anybody.get(of_site)), events(anybody.get(of_asset))
    assert {str(each["summary"]) for each in both} == {
        "P-101 new seal, P-101; now", "P-102 new seal, P-102; now (open-ended)"
    }  # fmt: skip
    assert [str(each["summary"]) for each in one] == ["P-101 new seal, P-101; now"]
    client.post(f"{V1}/downtimes/{ids[0]}/cancel")
    [after] = events(anybody.get(of_asset))
    assert (after["uid"], after["status"], after["sequence"]) == (one[0]["uid"], "CANCELLED", 1)


def test_the_address_opens_that_calendar_and_nothing_else(client, signed, anybody, pool, seeded):
    scheduled(client, seeded.orders["predictive"], why="she knows it")
    anna = signed("anna", Role.TECHNICIAN, technician="holm")
    address = follow(anna, f"technician {holm(pool)}")
    token = address.removeprefix("/calendar/").removesuffix(".ics")
    for path in ("/", f"{V1}/work-orders", "/my-calendars", f"/q/{token}"):
        assert anybody.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 401
        assert anybody.get(path, headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401
    with pool.connection() as conn:
        stored = str(conn.execute("SELECT to_jsonb(f) FROM calendar_feeds f").fetchall())
    assert token not in stored
    assert token not in anna.get("/my-calendars").text, "it is shown once"


def test_a_revoked_calendar_and_one_of_who_may_not_see_it_any_more_are_not_there(client, signed, anybody, pool, seeded):
    bo = signed("bo", Role.PLANNER)
    kept, gone = follow(bo, "site NTH"), follow(bo, "site NTH")
    listed = bo.get("/my-calendars").text
    feed_ids = re.findall(r"/my-calendars/(\d+)/revoke", listed)
    csrf = re.search(r'name="csrf" value="([^"]+)"', listed)
    assert csrf
    other = signed("eve", Role.ADMINISTRATOR)
    stolen = re.search(r'name="csrf" value="([^"]+)"', other.get("/my-calendars").text)
    assert stolen
    form = f"/my-calendars/{feed_ids[1]}/revoke"
    assert other.post(form, data={"csrf": stolen[1]}, headers=ORIGIN).status_code == 404, "it is somebody else's"
    assert bo.post(form, data={"csrf": csrf[1]}, headers=ORIGIN).status_code == 303
    assert anybody.get(gone).status_code == 404
    assert anybody.get(kept).status_code == 200
    facts = {"roles": ["planner"], "sites": ["STH"]}
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    assert client.put(f"{V1}/users/bo", json=facts).status_code == 200
    assert anybody.get(kept).status_code == 404, "another site's"
    assert client.put(f"{V1}/users/bo", json={"roles": ["planner"]}).status_code == 200
    assert anybody.get(kept).status_code == 200
    assert client.put(f"{V1}/users/bo", json={"roles": ["planner"], "disabled": True}).status_code == 200
    assert anybody.get(kept).status_code == 404, "its owner may not sign in"


def test_nobody_follows_what_they_may_not_see(signed, known, pool, seeded):
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    south = signed("sven", Role.PLANNER, sites=["STH"])
    page = south.get("/my-calendars").text
    assert "P-101" not in page
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    token = {"X-CSRF-Token": csrf[1], **ORIGIN}
    for of in ({"site": "NTH"}, {"asset_id": seeded.assets["P-101"]}, {"technician_id": holm(pool)}):
        assert south.post(f"{V1}/calendar-feeds", json=of, headers=token).status_code == 404, of
    assert south.post(f"{V1}/calendar-feeds", json={"site": "STH"}, headers=token).status_code == 201
    assert south.post(f"{V1}/calendar-feeds", json={}, headers=token).status_code == 422
    by_key = known(Role.PLANNER).post(f"{V1}/calendar-feeds", json={"site": "NTH"})
    assert (by_key.status_code, by_key.json()["type"]) == (409, "/problems/not-a-person")


def test_a_failure_is_logged_without_the_address(app, monkeypatch, caplog, capsys):
    def fails(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(calendar_feeds, "find", fails)
    token = "s3cretTokenOfACalendar"
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    assert client.get(f"/calendar/{token}.ics").status_code == 500
    said = capsys.readouterr()
    written = said.out + said.err + caplog.text
    assert "/calendar/s3cr…" in written
    assert token not in written


# What is written, by the rules of RFC 5545.

FEED = Feed(
    id=1, prefix="abcdef", owner="anna", technician_id=4, site_id=None, asset_id=None, created_at=START,
    last_read_at=None, site="NTH", site_name="North", time_zone="Europe/Copenhagen", technician="Anna, Holm; \\ 水泵",
    asset=None, asset_name=None,
)  # fmt: skip
ORDER = DatedOrder(
    id=UUID(int=7), number="NTH-1001", title="Bearing: hot, very; \\ now\r\nBEGIN:VEVENT 水泵 Ä 🔧 " + "x" * 300,
    type=OrderType.PREDICTIVE, origin=Origin.PERSON, priority=Priority.EMERGENCY, status=Status.SCHEDULED, version=3,
    asset_path="Hall / P-1",
    scheduled_start=datetime(2030, 10, 27, 0, 30, tzinfo=UTC), scheduled_end=None, estimated_hours=2.0,
    asset="P-1", asset_name="Pump", changed_at=START,
)  # fmt: skip


def test_a_calendar_is_in_its_owners_language(client, seeded, signed, anybody, pool):
    scheduled(client, seeded.orders["predictive"])
    address = follow(signed("anna", Role.TECHNICIAN, technician="holm"), f"technician {holm(pool)}")

    def described(language: str) -> str:
        with pool.connection() as conn:
            conn.execute("UPDATE users SET language = %s WHERE name = 'anna'", (language,))
        [event] = events(anybody.get(address))
        return str(event["DESCRIPTION"])

    assert described("de").startswith("Priorität Mittel, vorausschauend, terminiert")
    assert described("en").startswith("Medium priority, predictive, scheduled")


def test_what_is_written_is_icalendar():
    made = calendar.of_orders(FEED, [ORDER], "https://plant.example")
    assert made == calendar.of_orders(FEED, [ORDER], "https://plant.example"), "the same facts, the same bytes"
    lines = made.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert b"\n" not in made.replace(b"\r\n", b"")
    for line in lines:
        line.decode()  # no letter is cut in two
    read = parsed(made)
    assert not read.errors
    assert {str(read[name]) for name in ("VERSION", "METHOD", "CALSCALE")} == {"2.0", "PUBLISH", "GREGORIAN"}
    assert read["PRODID"]
    [event] = read.walk("VEVENT")
    assert not event.errors
    assert event["SUMMARY"] == f"NTH-1001 {ORDER.title} (P-1)".replace("\r\n", "\n")
    assert {"UID", "DTSTAMP", "DTSTART"} <= set(event)
    assert event["PRIORITY"] == 1
    zones = read.walk("VTIMEZONE")
    assert {str(each["TZID"]) for each in zones} == {"Europe/Copenhagen"}


def test_an_order_over_the_end_of_summer_time_keeps_its_length():
    [event] = parsed(calendar.of_orders(FEED, [ORDER], "https://x")).walk("VEVENT")
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    assert start.astimezone(UTC) == ORDER.scheduled_start
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=2)


def test_two_plants_downtimes_are_told_apart_and_ones_own_are_the_same_each_time():
    one = DatedDowntime(
        id=1, starts_at=START, ends_at=None, reason="x", actor="person:a", recorded_at=START, cancelled_at=None,
        asset_id=1, asset="P-1", asset_name="Pump", site="NTH",
    )  # fmt: skip
    elsewhere = DatedDowntime(**{**{name: getattr(one, name) for name in one.__slots__}, "site": "STH"})
    uids = [
        str(parsed(calendar.of_downtimes(FEED, [each], "x")).walk("VEVENT")[0]["UID"]) for each in (one, one, elsewhere)
    ]
    assert uids[0] == uids[1] != uids[2]


def test_who_is_on_call_by_a_rota_is_followed(client, signed, anybody):
    anna = signed("anna", Role.TECHNICIAN, technician="holm")
    layer = {"name": "first", "people": ["anna"], "starts": "2026-03-06"}
    rota = {"site": "NTH", "code": "PUMPS", "title": "Pumps", "layers": [layer]}
    made = client.post(f"{V1}/rotas", json=rota, headers={"Idempotency-Key": "rota"}).json()
    address = follow(anna, f"rota {made['id']}")
    first, again = anybody.get(address), anybody.get(address)
    [event] = events(first)
    assert event["summary"].endswith("(first)")
    assert event["url"].endswith(f"/on-call/{made['id']}")
    assert "On call: Pumps" in first.text
    assert first.content == again.content, "the same facts are the same bytes"
