"""Alarms through the API: listed, paged, filtered and counted."""

from datetime import UTC, datetime, timedelta

import pytest

from db.documents import documents
from db.documents.documents import Kind
from workorder_core.people.access import Role

V1 = "/api/v1"
START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = {"since": START.isoformat(), "until": (START + timedelta(days=7)).isoformat()}


@pytest.fixture
def alarms(pool, seeded):
    with pool.connection() as conn:
        for number in range(30):
            at = START + timedelta(minutes=number)
            conn.execute(
                """INSERT INTO alarms (asset_id, source, severity, summary, arrival, raised_at, cleared_at)
                   VALUES (%s, %s, %s, 'it is hot', 1, %s, %s)""",
                (
                    seeded.assets["P-101" if number % 3 else "P-102"],
                    f"rule:{number % 2}",
                    1 + (number == 7),
                    at,
                    at if number else None,
                ),
            )


def test_alarms_are_listed_by_page_the_newest_first(client, alarms):
    first = client.get(f"{V1}/alarms", params={"limit": 20}).json()
    second = client.get(first["next"]).json()
    times = [each["raised_at"] for page in (first, second) for each in page["items"]]
    assert len(times) == 30
    assert times == sorted(times, reverse=True)
    assert second["next"] is None
    assert first["items"][0]["severity"] == "degrading"


def test_alarms_are_filtered(client, alarms, seeded):
    def asked(**by):
        return len(client.get(f"{V1}/alarms", params=by).json()["items"])

    assert asked(asset_id=seeded.assets["P-102"]) == 10
    assert asked(source="rule:1") == 15
    assert asked(standing=True) == 1
    assert asked(site="NTH") == 30
    assert asked(site="STH") == 0


def test_the_figures_of_a_week(client, alarms):
    found = client.get(f"{V1}/alarms/metrics", params=WEEK).json()
    assert (found["alarms"], found["peak_10_min"], found["periods"], found["stale"]) == (30, 10, 1008, 1)
    assert found["by_severity"] == {"degrading": 29, "malfunction": 1, "safety": 0}
    assert found["top_share"] == 1.0
    assert sum(each["count"] for each in found["top"]) == 30
    assert client.get(f"{V1}/alarms/metrics", params=WEEK | {"site": "STH"}).json()["alarms"] == 0


def test_links_from_before_the_metrics_had_their_name_still_lead_there(client, alarms):
    moved = client.get("/alarms/figures", params={"span": "7d"}, follow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (308, "/alarms/metrics?span=7d")
    assert (
        client.get(f"{V1}/alarms/figures", params=WEEK).json() == client.get(f"{V1}/alarms/metrics", params=WEEK).json()
    )


def test_a_wrong_range_is_refused_with_the_mend(client):
    answer = client.get(f"{V1}/alarms/metrics", params={"since": WEEK["until"], "until": WEEK["since"]})
    assert answer.status_code == 422
    assert "until must be after since" in answer.text
    assert client.get(f"{V1}/alarms/metrics").status_code == 422


RULES = {
    "threshold": [
        {"id": name, "asset_class": "centrifugal_pump", "signal": "bearing_temp", "raise_at": 90, "clear_below": 80,
         "component": "bearing", "failure_mode": "OHE", "severity": severity} | more
        for name, severity, more in (
            ("warm", "degrading", {}), ("hot", "safety", {}), ("long", "degrading", {"max_shelf": "2 d"}),
        )
    ]
}  # fmt: skip


@pytest.fixture
def standing(pool, seeded):
    """Two alarms of P-101 stand and nobody has seen them."""
    with pool.connection() as conn:
        documents.put(conn, Kind.RULEBOOK, RULES, actor="person:Ingrid Dahl", why="the first")
        for source, severity in (("rule:warm", 1), ("rule:hot", 3)):
            conn.execute(
                """INSERT INTO alarm_points (asset_id, source, state, active, severity, since, summary)
                   VALUES (%s, %s, 'unacknowledged', true, %s, now(), 'it is hot')""",
                (seeded.assets["P-101"], source, severity),
            )
    return seeded.assets["P-101"]


def asked(client, move: str, asset_id: int, source: str, **more):
    return client.post(f"{V1}/alarms/{move}", json={"asset_id": asset_id, "source": source} | more)


def soon(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def test_what_asks_for_somebody_comes_first_and_says_what_can_be_done(client, standing):
    found = client.get(f"{V1}/alarms/states").json()
    assert [(each["source"], each["state"], each["possible"]) for each in found] == [
        ("rule:hot", "unacknowledged", ["acknowledge", "take_out_of_service"]),
        ("rule:warm", "unacknowledged", ["acknowledge", "shelve", "take_out_of_service"]),
    ]
    only = client.get(f"{V1}/alarms/states", params={"severity": "safety", "state": ["unacknowledged"]}).json()
    assert [each["source"] for each in only] == ["rule:hot"]
    first = client.get(f"{V1}/alarms/states", params={"limit": 1})
    assert client.get(first.links["next"]["url"]).json()[0]["source"] == "rule:warm"
    assert client.get(f"{V1}/alarms/states", params={"site": "STH"}).json() == []


def test_alarms_are_acknowledged_together_or_not_at_all(client, standing):
    keys = [{"asset_id": standing, "source": source} for source in ("rule:warm", "rule:hot")]
    refused = client.post(f"{V1}/alarms/acknowledge", json={"alarms": [*keys, {"asset_id": standing, "source": "x"}]})
    assert refused.status_code == 404
    done = client.post(f"{V1}/alarms/acknowledge", json={"alarms": keys, "why": "on my way"}).json()
    assert [(each["state"], each["actor"]) for each in done] == [("acknowledged", "key:planner")] * 2
    again = client.post(f"{V1}/alarms/acknowledge", json={"alarms": keys[:1]})
    assert again.status_code == 409
    assert again.json()["possible"] == ["shelve", "take_out_of_service"]
    told = client.get(f"{V1}/alarms/moves", params={"source": "rule:warm"}).json()
    assert [(each["move"], each["old_state"], each["new_state"], each["why"]) for each in told] == [
        ("acknowledge", "unacknowledged", "acknowledged", "on my way")
    ]


def test_an_alarm_is_shelved_for_a_stated_time_and_the_judge_is_told(client, standing, pool):
    until = soon(2)
    done = asked(client, "shelve", standing, "rule:warm", until=until, why="the probe is being moved").json()
    assert (done["state"], datetime.fromisoformat(done["until"])) == ("shelved", datetime.fromisoformat(until))
    assert asked(client, "unshelve", standing, "rule:warm").json()["state"] == "unacknowledged"
    with pool.connection() as conn:
        events = conn.execute(
            "SELECT payload ->> 'move', actor, why FROM judge_events WHERE kind = 'alarm' ORDER BY id"
        )
        assert events.fetchall() == [
            ("shelve", "key:planner", "the probe is being moved"),
            ("unshelve", "key:planner", ""),
        ]


REFUSED = {
    "a safety alarm": ("shelve", "rule:hot", {"until": 2, "why": "x"}, 409, "take it out of service"),
    "too long": ("shelve", "rule:warm", {"until": 13, "why": "x"}, 422, "within 12 h"),
    "over already": ("shelve", "rule:warm", {"until": -1, "why": "x"}, 422, "must end after now"),
    "without a reason": ("shelve", "rule:warm", {"until": 1, "why": " "}, 422, "needs a reason"),
    "a rule that there is not": ("shelve", "rule:wrm", {"until": 1, "why": "x"}, 404, "rule:wrm"),
    "what is not shelved": ("unshelve", "rule:warm", {}, 409, "is unacknowledged"),
    "what is not latched": ("reset", "rule:warm", {}, 409, "'reset' is not possible"),
    "safety out of service without an end": ("take-out-of-service", "rule:hot", {"why": "x"}, 422, "within 8 h"),
}


@pytest.mark.parametrize(("move", "source", "more", "status", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_a_move_is_refused_with_the_mend(client, standing, move, source, more, status, says):
    if "until" in more:
        more = more | {"until": soon(more["until"])}
    answer = asked(client, move, standing, source, **more)
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text


def test_a_rule_that_was_never_active_can_be_shelved_as_long_as_it_says(client, standing):
    assert asked(client, "shelve", standing, "rule:long", until=soon(47), why="x").json()["state"] == "shelved"


def test_out_of_service_and_back(client, standing):
    out = asked(client, "take-out-of-service", standing, "rule:hot", until=soon(8), why="calibration").json()
    assert (out["state"], out["possible"]) == ("out_of_service", ["take_out_of_service", "return_to_service"])
    assert asked(client, "return-to-service", standing, "rule:hot").json()["state"] == "unacknowledged"


def test_what_each_role_may_do_with_alarms(known, standing):
    key = {"asset_id": standing, "source": "rule:warm"}
    shelf = key | {"until": soon(1), "why": "x"}
    viewer, technician = known(Role.VIEWER), known(Role.TECHNICIAN)
    assert viewer.get(f"{V1}/alarms/states").status_code == 200
    assert viewer.post(f"{V1}/alarms/acknowledge", json={"alarms": [key]}).status_code == 403
    assert technician.post(f"{V1}/alarms/shelve", json=shelf).status_code == 403
    assert technician.post(f"{V1}/alarms/acknowledge", json={"alarms": [key]}).status_code == 200
    assert known(Role.PLANNER).post(f"{V1}/alarms/shelve", json=shelf).status_code == 200


def test_who_sees_another_site_sees_no_alarms_of_this_one(known, standing, pool):
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name, time_zone) VALUES ('STH', 'South', 'UTC')")
    other = known(Role.PLANNER, sites=["STH"])
    assert other.get(f"{V1}/alarms/states").json() == []
    refused = other.post(f"{V1}/alarms/acknowledge", json={"alarms": [{"asset_id": standing, "source": "rule:warm"}]})
    assert refused.status_code == 404


def test_a_rule_is_sent_to_the_shadow_and_back_by_an_engineer(client, known, standing):
    why = {"why": "the probe is loose"}
    assert known(Role.PLANNER).post(f"{V1}/rules/warm/shadow", json=why).status_code == 403
    done = client.post(f"{V1}/rules/warm/shadow", json=why).json()
    assert (done["in_shadow"]["by"], done["in_shadow"]["why"]) == ("key:planner", "the probe is loose")
    assert client.post(f"{V1}/rules/warm/shadow", json=why).status_code == 409
    assert [each["id"] for each in client.get(f"{V1}/rules", params={"in_shadow": True}).json()] == ["warm"]
    assert client.post(f"{V1}/rules/warm/return", json=why).json()["in_shadow"] is None
    refused = client.post(f"{V1}/rules/hot/shadow", json=why)
    assert (refused.status_code, "a safety rule" in refused.json()["detail"]) == (409, True)
    assert client.post(f"{V1}/rules/wrm/shadow", json=why).status_code == 404
    first = client.get(f"{V1}/rules", params={"limit": 2})
    assert client.get(first.links["next"]["url"]).json()[0]["id"] == "long"
    assert client.get(f"{V1}/rules/warm").json()["alarms"] == 0
