"""Rounds in a hard world: late, twice, by another hand, over what was changed or archived meanwhile."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.papers import round_paper
from db.inspections import rounds, stops
from db.inspections.rounds import Walk
from tests import people
from tests.api.inspections.conftest import V1, answered, begin, key
from tests.parts import pictures
from workorder_core.inspections.answers import Given
from workorder_core.inspections.rounds import RoundStep
from workorder_core.people.access import Role

FINE: dict[str, Any] = {"seal": "yes", "temp": "60"}
WRONG: dict[str, Any] = {"seal": "no", "leak": "drops", "temp": "60"}


def sql(pool, text: str, *facts: object):
    with pool.connection() as conn:
        found = conn.execute(text, facts)
        return found.fetchall() if found.description else None


def test_a_stop_that_was_sent_late_counts_from_when_it_was_answered(client, pool, route):
    of = begin(client, route)
    sql(pool, "UPDATE inspection_rounds SET started_at = now() - interval '3 hours'")
    seen = datetime.now(UTC) - timedelta(minutes=50)
    stop = answered(client, of, 1, more={"answered_at": seen.isoformat()}, **FINE)
    assert datetime.fromisoformat(stop["at"]) == seen
    assert sql(pool, "SELECT observed_at FROM entered_readings") == [(seen,)]
    done = client.get(f"{V1}/rounds/{of}").json()["history"][-1]
    assert (done["what"], datetime.fromisoformat(done["told"]["answered_at"])) == ("stop_done", seen)
    assert datetime.fromisoformat(done["at"]) > seen + timedelta(minutes=49)
    early = answered(client, of, 2, more={"answered_at": "2020-01-01T00:00:00Z"}, **FINE)
    began = client.get(f"{V1}/rounds/{of}").json()["started_at"]
    assert early["at"] == began


def test_two_devices_that_send_the_same_failed_point_open_one_order(client, known, pool, route):
    of = begin(client, route)
    other = known(Role.TECHNICIAN, name="omar", sites=["NTH"])
    version = client.get(f"{V1}/rounds/{of}").json()["walk"][0]["version"]
    answered(client, of, 1, more={"version": version}, **WRONG)
    assert answered(other, of, 1, status=412, more={"version": version}, **WRONG)["type"] == "/problems/stop-changed"
    answered(other, of, 1, **WRONG)
    assert sql(pool, "SELECT count(*) FROM failed_points") == [(1,)]
    assert sql(pool, "SELECT count(*) FROM work_orders WHERE title LIKE 'Shaft seal%%'") == [(1,)]
    assert sql(pool, "SELECT count(*) FROM entered_readings") == [(1,)]


def test_a_round_is_signed_by_who_has_it(client, known, route):
    of = begin(client, route)
    for stop in (1, 2):
        answered(client, of, stop, **FINE)
    other = known(Role.TECHNICIAN, name="omar", sites=["NTH"])
    refused = other.post(f"{V1}/rounds/{of}/finish", json={"name": "Planner"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/signed-by-another")
    assert other.post(f"{V1}/rounds/{of}/resume").status_code == 200
    assert other.post(f"{V1}/rounds/{of}/finish", json={"name": "Omar"}).json()["signed_name"] == "Omar"


def test_a_technician_of_another_site_finds_no_round(client, known, pool, route):
    of = begin(client, route)
    sql(pool, "INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    stranger = known(Role.TECHNICIAN, name="stranger", sites=["STH"])
    body = {"answers": {"seal": {"answer": "yes"}}, "finish": False}
    assert stranger.put(f"{V1}/rounds/{of}/stops/1", json=body).status_code == 404
    assert stranger.post(f"{V1}/rounds/{of}/resume").status_code == 404
    assert stranger.get(f"{V1}/inspection-results?round_id={of}").json() == []
    begun = stranger.post(f"{V1}/rounds", json={"site": "STH", "route_id": route}, headers=key("x"))
    assert begun.status_code == 404


def test_an_asset_that_is_archived_while_its_round_is_walked_can_be_answered_or_missed(client, pool, route, seeded):
    of = begin(client, route)
    sql(
        pool,
        "UPDATE assets SET archived_at = now() WHERE id = ANY(%s)",
        [seeded.assets["P-102"], seeded.assets["P-101"]],
    )
    done = answered(client, of, 1, **WRONG)
    assert next(each["order_id"] for each in done["answers"] if each["item"] == "seal")
    assert client.post(f"{V1}/rounds/{of}/stops/2/skip", json={"why": "taken away"}).status_code == 200
    assert client.post(f"{V1}/rounds/{of}/finish", json={"name": "P"}).json()["status"] == "done"
    refused = client.post(f"{V1}/rounds", json={"site": "NTH", "route_id": route}, headers=key("again"))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-route")


def test_a_value_in_a_unit_that_its_signal_cannot_have_stays_an_answer_and_that_is_said(
    client, pool, seeded, checklist
):
    item = {
        "key": "temp",
        "kind": "measurement",
        "text": "Bearing",
        "unit": "bar",
        "high": 80,
        "signal": "bearing_temp",
    }
    client.put(f"{V1}/checklists/{checklist}", json={"title": "Look", "items": [item]})
    stops_ = [{"asset_id": seeded.assets["P-102"], "checklist_id": checklist}]
    body = {"site": "NTH", "code": "ONE", "title": "One", "stops": stops_}
    route = client.post(f"{V1}/inspection-routes", json=body, headers=key("one")).json()["id"]
    sql(
        pool,
        "UPDATE signal_versions v SET unit = 'degC' FROM signals s WHERE s.id = v.signal_id "
        "AND s.name = 'bearing_temp'",
    )
    of = begin(client, route)
    answered(client, of, 1, temp="61")
    assert sql(pool, "SELECT count(*) FROM entered_readings") == [(0,)]
    said = next(each for each in client.get(f"{V1}/rounds/{of}").json()["history"] if each["what"] == "no_reading")
    assert said["why"] == (
        "the unit bar of the checklist cannot be converted to degC, the unit of the signal bearing_temp"
    )


def signed_in(pool, name: str, *roles: Role) -> TestClient:
    with pool.connection() as conn:
        people.add_user(conn, name, *roles)
    made = TestClient(create(pool, keys={}), base_url="http://localhost", headers={"Origin": "http://localhost"})
    made.post("/login", data={"name": name, "password": people.PASSWORD}, follow_redirects=False)
    return made


def tokens(page: str) -> dict[str, str]:
    return {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[-1] for name in ("csrf", "once")}


def test_a_photo_that_is_no_picture_is_refused_at_its_own_field(client, pool, route):
    of = begin(client, route)
    page = signed_in(pool, "nadia", Role.TECHNICIAN)
    shown = page.get(f"/rounds/{of}/stops/1").text
    files = {
        "photo_seal": ("a.jpg", pictures.a_picture("JPEG"), "image/jpeg"),
        "photo_temp": ("b.jpg", b"%PDF-1.7 no", "image/jpeg"),
    }
    data = tokens(shown) | {"a_seal": "yes", "a_temp": "61,5", "do": "photo"}
    refused = page.post(f"/rounds/{of}/stops/1", data=data, files=files)
    assert refused.status_code == 422
    assert 'id="wrong-photo_temp"' in refused.text
    assert 'id="wrong-photo_seal"' not in refused.text
    assert 'value="61,5"' in refused.text
    assert sql(pool, "SELECT count(*) FROM inspection_photos") == [(0,)]


def test_what_a_page_sends_late_counts_by_the_span_that_the_device_has_measured(client, pool, route):
    of = begin(client, route)
    sql(pool, "UPDATE inspection_rounds SET started_at = now() - interval '3 hours'")
    page = signed_in(pool, "nadia", Role.TECHNICIAN)
    data = tokens(page.get(f"/rounds/{of}/stops/1").text) | {
        "a_seal": "yes",
        "a_temp": "61,5",
        "do": "done",
        "ago_s": "1800",
    }
    for _ in range(2):
        # What is sent twice, because no answer came, is one saving.
        assert page.post(f"/rounds/{of}/stops/1", data=data, follow_redirects=False).status_code == 303
    ((observed, age),) = sql(pool, "SELECT observed_at, now() - observed_at FROM entered_readings")
    assert timedelta(minutes=29) < age < timedelta(minutes=40), observed
    assert sql(pool, "SELECT count(*) FROM inspection_history WHERE what = 'stop_done'") == [(1,)]


@pytest.mark.slow
def test_a_round_of_500_stops_is_walked_and_signed(client, pool, checklist, seeded):
    at = datetime.now(UTC)
    pairs = tuple((seeded.assets[code], checklist) for code in ("P-101", "P-102") * 250)
    with pool.connection() as conn:
        (site,) = conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()
        of = rounds.begin(conn, site, Walk(stops=pairs), actor="key:planner", at=at).id
        for position in range(1, 499):
            stops.skip(conn, of, position, "night", actor="key:planner", at=at)
        stops.save(
            conn,
            of,
            499,
            {name: Given(typed=said) for name, said in FINE.items()},
            finish=True,
            actor="key:planner",
            at=at,
        )
    page = signed_in(pool, "nadia", Role.TECHNICIAN)
    assert "/stops/500" in page.get(f"/rounds/{of}").text
    assert "Stop 500 of 500" in page.get(f"/rounds/{of}/stops/500").text
    answered(client, of, 500, **FINE)
    assert client.post(f"{V1}/rounds/{of}/finish", json={"name": "P"}).json()["skipped"] == 498
    assert client.get(f"{V1}/rounds/{of}/report").content.startswith(b"%PDF-")
    too_many = [{"asset_id": each[0], "checklist_id": each[1]} for each in (*pairs, pairs[0])]
    refused = client.post(f"{V1}/rounds", json={"site": "NTH", "stops": too_many}, headers=key("501"))
    assert refused.status_code == 422


def test_a_round_over_the_change_of_the_clock_is_told_in_its_order(client, pool, route):
    """The night of 25 October 2026: 02:30 comes twice, and the report says which one is meant."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with pool.connection() as conn:
        conn.execute("UPDATE sites SET time_zone = 'Europe/Oslo'")
        (site,) = conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()
        of = rounds.begin(conn, site, Walk(route_id=route), actor="key:planner", at=first)
        given = {name: Given(typed=said) for name, said in FINE.items()}
        for position, minutes in ((1, 10), (2, 70)):
            at = first + timedelta(minutes=minutes)
            stops.save(conn, of.id, position, given, finish=True, actor="key:planner", at=at)
        over: dict[str, Any] = {"signed_name": "P", "actor": "key:planner", "at": first + timedelta(hours=2)}
        done = rounds.take_step(conn, of.id, RoundStep.FINISH, **over)
        facts = round_paper.facts(conn, done, "key:planner", over["at"])
    assert [each["at"] for each in facts["stops"]] == ["02:40 CEST", "02:40 CET"]
