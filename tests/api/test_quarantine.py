"""Kinds of refused messages are listed for everybody; what was sent is read and dropped by engineers only."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from db.telemetry import quarantine
from ingest.messages import Reason, Refused
from workorder_core.people.access import Role

V1 = "/api/v1/quarantine"
TOPIC = "plantwright/v1/NTH/P-101"
PASSWORD = b"user=ola password=hunter2"


@pytest.fixture
def refused(pool, client):
    """A kind with seven payloads that came now, and one that came a year ago."""
    now_us = int(datetime.now(UTC).timestamp() * 1e6)
    year_us = 365 * 86_400_000_000
    messages = [Refused(TOPIC, PASSWORD + b"%d" % i, now_us, Reason.NOT_JSON, "it is no JSON") for i in range(7)]
    messages.append(Refused(f"{TOPIC}x", PASSWORD, now_us - year_us, Reason.NO_TIME, "it has no time"))
    with pool.connection() as conn:
        quarantine.keep(conn, messages)


def kinds(client) -> list[tuple[str, int, int, int]]:
    return [
        (each["reason"], each["times"], each["payloads"], each["others"]) for each in client.get(V1).json()["items"]
    ]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REQUESTER, Role.TECHNICIAN, Role.PLANNER])
def test_others_see_the_kinds_and_not_what_was_sent(known, refused, role):
    them = known(role)
    assert kinds(them) == [("not_json", 7, 5, 2), ("no_time", 1, 1, 0)]
    assert {each["payload"] for each in them.get(V1).json()["items"]} == {None}
    page = them.get("/quarantine").text
    assert "hunter2" not in page and "it is no JSON" in page.replace("It is", "it is")
    assert "/drop" not in page
    kept = them.get(V1).json()["items"][0]["id"]
    for path in (f"{V1}/{kept}", f"{V1}/{kept}/payloads"):
        assert them.get(path).status_code == 403


def test_a_reliability_engineer_reads_it_where_every_site_is_theirs(known, refused):
    them = known(Role.RELIABILITY_ENGINEER)
    first = them.get(V1).json()["items"][0]
    assert base64.b64decode(first["payload"]) == PASSWORD + b"0"
    sent = [base64.b64decode(each["payload"]) for each in them.get(f"{V1}/{first['id']}/payloads").json()]
    assert sent == [PASSWORD + b"%d" % i for i in range(5)]
    page = them.get("/quarantine").text
    assert page.count("hunter2") == 6
    assert "2 of them counted only" in page


def test_a_kind_is_dropped_by_api_and_by_page(client, refused):
    newest, oldest = (each["id"] for each in client.get(V1).json()["items"])
    assert client.post(f"{V1}/{newest}/drop").json() == {"dropped": 5}
    assert kinds(client) == [("no_time", 1, 1, 0)]
    answer = client.post(f"/quarantine/{oldest}/drop", headers={"Origin": "http://localhost"}, follow_redirects=False)
    assert answer.status_code == 303
    assert kinds(client) == []


DROPS = {
    "a reason": ({"reason": "not_json"}, 5, ["no_time"]),
    "a topic": ({"topic": f"{TOPIC}x"}, 1, ["not_json"]),
    "an age": ({"older_than_days": 30}, 1, ["not_json"]),
    "a reason of an age": ({"reason": "not_json", "older_than_days": 30}, 0, ["not_json", "no_time"]),
    "whatever is kept": ({"all": True}, 6, []),
}


@pytest.mark.parametrize(("body", "dropped", "left"), DROPS.values(), ids=DROPS)
def test_many_kinds_are_dropped_by_what_they_have_in_common(client, refused, body, dropped, left):
    assert client.post(f"{V1}/drop", json=body).json() == {"dropped": dropped}
    assert [reason for reason, *_ in kinds(client)] == left


def test_nothing_said_drops_nothing(client, refused):
    assert client.post(f"{V1}/drop", json={}).status_code == 422
    assert len(kinds(client)) == 2


def test_the_timetable_drops_what_has_not_come_for_long(client, refused, pool):
    from runtime.processes import jobs

    with pool.connection() as conn:
        assert jobs.drop_old_refusals(conn, keep=timedelta(days=90)) == 1
    assert kinds(client) == [("not_json", 7, 5, 2)]
