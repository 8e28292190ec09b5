"""A meter's counts, entered by people: a mistyped one is refused, an exchanged or rolled over meter counts on."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from db.planning import outlook
from runtime.processes import jobs

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
PLAN = {
    "site": "NTH", "code": "HOURS", "title": "Change the oil", "objects": "P-101", "signal": "oil_hours",
    "every": "500", "meter_unit": "h", "wraps_at": "10000", "active": "yes",
}  # fmt: skip


@pytest.fixture
def plan(client, seeded):
    made = client.post("/planned-work/new", data=PLAN, headers=HTML)
    assert made.status_code == 200, made.text
    return made.url.path


@pytest.fixture
def enter(client, seeded):
    [asset] = [each for each in client.get("/api/v1/assets?site=NTH").json() if each["code"] == "P-101"]

    def enter(days_ago: float, count: float, **facts: bool):
        body = {"signal": "oil_hours", "at": (NOW - timedelta(days=days_ago)).isoformat(), "count": count, **facts}
        return client.post(f"/api/v1/assets/{asset['id']}/meter-entries", json=body)

    return enter


def _used(pool, plan) -> str:
    """Return how much the plan says was used, from the reason of its next date."""
    with pool.connection() as conn:
        jobs.generate_planned(conn)
        expected = outlook.preview_series(conn, int(plan.rsplit("/", 1)[1]), count=1)
    return " ".join(each.why for each in expected)


def test_a_mistyped_count_makes_no_service_due(client, pool, plan, enter):
    assert enter(3, 4120.5).status_code == 201
    assert enter(2, 4140).json()["new"]
    refused = enter(1, 414)
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("count-refused")
    assert "414 is lower than the last count, 4140 at " in refused.json()["detail"]
    assert "exchanged or has rolled over" in refused.json()["detail"]
    assert enter(2, 4140).json()["new"] is False, "the same count again"
    assert enter(2.5, 4150).status_code == 422, "late, higher than the one after it"
    assert enter(2.5, 4110).status_code == 422, "late, lower than the one before it"
    assert enter(2.5, 4130).status_code == 201


@pytest.mark.parametrize("facts", [{"exchanged": True}, {"rolled_over": True}])
def test_a_lower_count_is_entered_with_its_reason(client, enter, facts):
    assert enter(3, 9990).status_code == 201
    assert enter(2, 4).status_code == 422
    assert enter(2, 4, **facts).status_code == 201
    assert enter(1, 24).status_code == 201, "it counts on from there"
    assert enter(2.5, 9995).status_code == 201, "late, of the time before"


def test_the_page_of_the_plan_takes_counts_and_says_what_is_wrong_at_its_field(client, pool, plan, seeded):
    shown = client.get(plan, headers=HTML).text
    assert "no count is known yet" in shown
    [asset] = re.findall(r'name="asset" value="(\d+)"', shown)

    def send(count: str, meter: str = "", at: str = ""):
        data = {"asset": asset, "count": count, "read_at": at, "meter": meter}
        return client.post(f"{plan}/count", data=data, headers=HTML)

    yesterday = f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M}"
    assert send("9,980", at=yesterday).status_code == 422, "9980 or 9.98"
    assert "<b>9980.5 h</b>" in send("9980,5", at=yesterday).text
    refused = send("998")
    assert refused.status_code == 422
    assert re.search(r'<input[^>]*name="count"[^>]*aria-invalid="true"', refused.text)
    assert "998 is lower than the last count, 9980.5 at " in refused.text
    assert 'value="998"' in refused.text, "what was typed is still there"
    assert re.search(r'<select[^>]*name="meter"[^>]*aria-invalid="true"', send("9990", "rolled_over").text)
    rolled = send("12", "rolled_over")
    assert rolled.status_code == 200, rolled.text
    assert "<b>12 h</b>" in rolled.text
    with pool.connection() as conn:
        found = conn.execute("SELECT count, exchanged, rolled_over FROM meter_entries ORDER BY at").fetchall()
    assert found == [(9980.5, False, False), (12.0, False, True)]
    assert client.post(f"{plan}/count", data={"asset": "999999", "count": "5"}, headers=HTML).status_code == 422


def test_what_was_used_goes_on_over_a_rollover_and_an_exchange(pool, plan, enter, client):
    with pool.connection() as conn:
        conn.execute("UPDATE maintenance_series SET begun_at = now() - interval '20 days'")
    for days, count, facts in (
        (12, 9900, {}), (9, 9960, {}), (6, 20, {"rolled_over": True}), (3, 7000, {"exchanged": True}), (1, 7040, {}),
    ):  # fmt: skip
        assert enter(days, count, **facts).status_code == 201
    assert "160 h used" in _used(pool, plan)
