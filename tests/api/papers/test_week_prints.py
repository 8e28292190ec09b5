"""A week on paper and on the map: who goes where in which order, whole whatever people have written."""

from datetime import UTC, datetime, timedelta

import pytest

from api.papers import typeset
from db.plant import plant
from db.scheduling import schedules
from workorder_core.scheduling.weeks import Planned

V1 = "/api/v1"
MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAR = {"NTH-SUP": (56.15, 10.20), "NTH-SUP-HP": (56.162, 10.21), "NTH-TRF-PH": (56.128, 10.19)}


@pytest.fixture
def week(pool, seeded):
    """A plan in which two people do an order together, and one of them another afterwards."""
    first, second = seeded.orders["predictive"], seeded.orders["emergency"]
    together = Planned(order=first, people=("holm", "petersen"), starts_at=MONDAY, ends_at=MONDAY + HOUR)
    after = Planned(order=second, people=("holm",), starts_at=MONDAY + 2 * HOUR, ends_at=MONDAY + 3 * HOUR)
    with pool.connection() as conn:
        for code, at in FAR.items():
            conn.execute("UPDATE locations SET latitude = %s, longitude = %s WHERE code = %s", (*at, code))
        conn.execute("UPDATE technicians SET depot_id = (SELECT id FROM locations WHERE code = 'NTH-SUP')")
        site = plant.site_by_code(conn, "NTH").id
        made = schedules.begin_empty(conn, site, MONDAY.date(), actor="person:berg", at=MONDAY)
        schedules.put(conn, made.id, [together, after])
    return made


def test_a_week_and_peoples_days_are_printed(client, week, monkeypatch):
    given, real = [], typeset.pdf

    def pdf(name, facts):
        given.append(facts)
        return real(name, facts)

    monkeypatch.setattr(typeset, "pdf", pdf)
    asks = ["", "?day=2026-03-02", "?day=2026-03-02&technician=holm", "?technician=petersen", "?day=2026-03-03"]
    for asked in asks:
        answer = client.get(f"{V1}/schedules/{week.id}/print{asked}")
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-"), answer.text
    whole, everybody, holm, petersen, nothing = given
    rows = {row["name"]: row["days"][0] for row in whole["rows"]}
    assert [each["when"] for each in rows["Anna Holm"]] == ["07:00 to 08:00", "09:00 to 10:00"]
    assert len(rows["Jonas Petersen"]) == 1 and len(whole["days"]) == 7
    assert [each["name"] for each in everybody["days"]] == ["Anna Holm", "Jonas Petersen"], "a page each"
    [day] = holm["days"]
    assert [each["with"] for each in day["visits"]] == ["with Jonas Petersen", ""]
    assert all(each["qr"].startswith("<svg") for each in day["visits"])
    assert [each["name"] for each in petersen["days"]] == ["Jonas Petersen"]
    assert (nothing["days"], nothing["nothing"]) == ([], "Nothing is planned.")
    assert client.get(f"{V1}/schedules/{week.id}/print?technician=nobody").status_code == 404
    assert client.get(f"{V1}/schedules/999/print").status_code == 404


def test_a_day_has_a_map_of_its_routes_and_says_what_is_not_on_it(client, pool, week):
    shown = client.get("/week?day=2026-03-02", headers={"Accept": "text/html"}).text
    assert shown.count("<polyline") == 2, "two people are under way"
    assert 'class="place-name"' in shown and "2 stops" in shown and "km</span>" in shown
    assert f"/api/v1/schedules/{week.id}/print?day=2026-03-02&amp;technician=holm" in shown
    assert "<polyline" not in client.get("/week?week=2026-03-02", headers={"Accept": "text/html"}).text
    with pool.connection() as conn:
        conn.execute("UPDATE locations SET latitude = NULL, longitude = NULL")
    without = client.get("/week?day=2026-03-02", headers={"Accept": "text/html"}).text
    assert "There is no map" in without and "<polyline" not in without
