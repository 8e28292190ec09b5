"""Alarms through the API: listed, paged, filtered and counted."""

from datetime import UTC, datetime, timedelta

import pytest

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
    second = client.get(f"{V1}/alarms", params={"limit": 20, "before": first["next_before"]}).json()
    times = [each["raised_at"] for page in (first, second) for each in page["items"]]
    assert len(times) == 30
    assert times == sorted(times, reverse=True)
    assert second["next_before"] is None
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
    found = client.get(f"{V1}/alarms/figures", params=WEEK).json()
    assert (found["alarms"], found["peak_10_min"], found["periods"], found["stale"]) == (30, 10, 1008, 1)
    assert found["by_severity"] == {"degrading": 29, "malfunction": 1, "safety": 0}
    assert found["top_share"] == 1.0
    assert sum(each["count"] for each in found["top"]) == 30
    assert client.get(f"{V1}/alarms/figures", params=WEEK | {"site": "STH"}).json()["alarms"] == 0


def test_a_wrong_range_is_refused_with_the_mend(client):
    answer = client.get(f"{V1}/alarms/figures", params={"since": WEEK["until"], "until": WEEK["since"]})
    assert answer.status_code == 422
    assert "until must be after since" in answer.text
    assert client.get(f"{V1}/alarms/figures").status_code == 422
