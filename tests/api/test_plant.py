from datetime import UTC, datetime, timedelta

import psycopg

from db.telemetry import quarantine
from tests import a_plant

V1 = "/api/v1"


def test_sites_and_places(client):
    assert [site["code"] for site in client.get(f"{V1}/sites").json()] == ["NTH"]
    assert len(client.get(f"{V1}/locations", params={"site": "NTH"}).json()) == 4
    assert client.get(f"{V1}/locations", params={"site": "STH"}).status_code == 404


def test_an_asset_shows_its_newest_readings_and_its_worst_order(client, seeded):
    asset = client.get(f"{V1}/assets/{seeded.assets['P-105']}").json()
    assert asset["key"] == "NTH/P-105"
    assert asset["worst_type"] == "emergency"
    by_name = {signal["name"]: signal for signal in asset["signals"]}
    assert by_name["bearing_temp"]["newest"]["value"] > 90
    assert by_name["bearing_temp"]["unit"] == "degC"
    assert len(client.get(f"{V1}/assets").json()) == 8


def test_readings_come_by_bucket_with_their_extremes(client, seeded):
    path = f"{V1}/assets/{seeded.assets['P-101']}/readings"
    found = client.get(path, params={"signal": "flow", "bucket_s": 3600}).json()
    (series,) = found["series"]
    assert series["signal"] == "flow"
    assert len(series["at"]) in (12, 13)
    assert all(
        low <= mean <= high for low, mean, high in zip(series["low"], series["mean"], series["high"], strict=True)
    )
    assert series["at"] == sorted(series["at"])


def test_too_many_buckets_are_refused_with_the_mend(client, seeded):
    answer = client.get(f"{V1}/assets/{seeded.assets['P-101']}/readings", params={"bucket_s": 0.001})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("ask for a shorter span or a longer bucket_s")


def test_planned_downtime_is_told_to_the_judge_and_can_be_taken_back(client, seeded, pool):
    start = datetime.now(UTC) - timedelta(hours=1)
    body = {
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=8)).isoformat(),
        "reason": "yearly check",
    }
    asset = seeded.assets["P-108"]
    made = client.post(f"{V1}/assets/{asset}/downtimes", json=body).json()
    assert client.get(f"{V1}/assets/{asset}").json()["in_planned_downtime"] is True
    assert client.post(f"{V1}/downtimes/{made['id']}/cancel").json()["cancelled_at"] is not None
    client.post(f"{V1}/downtimes/{made['id']}/cancel")
    assert client.get(f"{V1}/assets/{asset}").json()["in_planned_downtime"] is False
    with pool.connection() as conn:
        told = conn.execute("SELECT payload FROM judge_events WHERE kind = 'downtime' ORDER BY id").fetchall()
    assert [row[0]["cancelled"] for row in told] == [False, True]
    assert datetime.fromisoformat(told[0][0]["starts_at"]) == start


def test_a_downtime_that_ends_before_it_begins_is_refused(client, seeded):
    body = {"starts_at": "2026-03-04T14:00:00Z", "ends_at": "2026-03-04T06:00:00Z", "reason": "x"}
    answer = client.post(f"{V1}/assets/{seeded.assets['P-108']}/downtimes", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_technicians_are_made_known_changed_and_listed(client):
    body = {
        "site": "NTH",
        "code": "ny",
        "name": "Nils Ny",
        "skills": ["mechanical"],
        "shift_start": "22:00",
        "shift_end": "06:00",
    }
    made = client.post(f"{V1}/technicians", json=body)
    assert made.status_code == 201
    assert client.post(f"{V1}/technicians", json=body).status_code == 409
    path = f"{V1}/technicians/{made.json()['id']}"
    changed = client.put(path, json={"name": "Nils Ny", "active": False}).json()
    assert (changed["active"], changed["code"]) == (False, "ny")
    assert client.get(path).json() == changed
    assert "ny" in {one["code"] for one in client.get(f"{V1}/technicians", params={"site": "NTH"}).json()}


def test_quarantine_is_listed_page_by_page(client, database):
    with psycopg.connect(database) as conn:
        quarantine.keep(conn, a_plant.refusals(datetime.now(UTC)))
    first = client.get(f"{V1}/quarantine", params={"limit": 2}).json()
    second = client.get(first["next"]).json()
    assert len(first["items"]) + len(second["items"]) == 3
    assert second["next"] is None
    assert sum(first["counts"].values()) == 3


def test_an_asset_shows_where_it_has_stood_and_what_stood_there_before(client, seeded, pool):
    new, old = seeded.assets["P-101"], seeded.assets["P-102"]
    with pool.connection() as conn:
        [(old_place,), (place,)] = [
            conn.execute(
                "SELECT location_id FROM installations WHERE asset_id = %s AND removed_at IS NULL", [each]
            ).fetchone()
            for each in (new, old)
        ]
        conn.execute(
            """INSERT INTO locations (site_id, code, name, level)
               VALUES ((SELECT site_id FROM assets WHERE id = %s), 'STORE', 'Old store', 'area')""",
            [old],
        )
        conn.execute("UPDATE assets SET serial = 'A-77' WHERE id = %s", [old])
        store = conn.execute("SELECT id FROM locations WHERE code = 'STORE'").fetchone()[0]
        conn.execute("DELETE FROM installations WHERE asset_id = ANY(%s)", [[new, old]])
        for asset, where, since, until in (
            (old, place, "2025-01-01T00:00Z", "2026-01-01T00:00Z"),
            (old, store, "2026-01-01T00:00Z", None),
            (new, old_place, "2024-01-01T00:00Z", "2026-01-02T00:00Z"),
            (new, place, "2026-01-02T00:00Z", None),
        ):
            conn.execute("INSERT INTO installations VALUES (%s, %s, %s, %s)", [asset, where, since, until])
    asset = client.get(f"{V1}/assets/{new}").json()
    assert [each["location_id"] for each in asset["installations"]] == [place, old_place]
    assert asset["installations"][0]["removed_at"] is None
    assert [(each["asset"], each["serial"]) for each in asset["installed_before"]] == [("P-102", "A-77")]
    page = client.get(f"/assets/{new}").text
    installed = page[page.index("<h2>Installation") : page.index("<h2>Monitoring")]
    assert asset["installations"][0]["place"] in installed
    assert f'<a href="/assets/{old}">P-102</a>, serial A-77' in installed
    gone = client.get(f"{V1}/assets/{old}").json()
    assert gone["installations"][0]["place"] == "Old store"
    assert gone["installed_before"] == []
