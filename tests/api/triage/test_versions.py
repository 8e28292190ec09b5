"""Triage learned by itself: when enough has come, in force unless a person put back an earlier version; its page."""

from datetime import UTC, datetime, time, timedelta

import pytest

from db.plant import plant
from db.triage import queue, versions
from runtime.processes import nightly
from tests.api.runs.test_runs import execute
from tests.api.triage.test_triage import HTML, V1, by_field, done, ordered, suggest

ACTOR = "system:timetable"
MIDNIGHT = time(0, 0)


def fill(client, asset, count, **facts):
    for n in range(count):
        part = ("belt", "fan")[n % 2]
        ordered(client, asset, f"{part} {('slips', 'howls')[n % 2]} no {n}", component=part, **facts)


def night(pool, days=0):
    """Let the job of a night decide, so many days ahead."""
    with pool.connection() as conn:
        return nightly.learn_triage(conn, MIDNIGHT, ACTOR, datetime.now(UTC) + timedelta(days=days))


@pytest.fixture
def learned(client, seeded, pool, database):
    """An asset of a site that has learned its first version by itself."""
    asset = seeded.assets["P-101"]
    fill(client, asset, 70)
    assert night(pool, 1) == 0, "80 labels are needed, with the few of the plant of the tests"
    fill(client, asset, 20)
    assert night(pool) == 0, "what was recorded today is of the next night"
    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET recorded_at = recorded_at - interval '2 days'")
    assert (night(pool), night(pool)) == (1, 0), "once a night"
    execute(database)
    return asset


def test_enough_labels_are_learned_from_at_night_and_a_choice_of_a_person_stays(client, learned, pool, database):
    asset = learned
    at = f"{V1}/sites/NTH/triage-versions"
    [first] = client.get(at).json()
    assert first["in_force"] and first["made_by"] == ACTOR
    way = client.get(f"{at}/next").json()
    assert (way["newest"], way["in_force"], way["new"], way["needed"]) == (1, 1, 0, 50)
    assert night(pool, 1) == 0
    assert client.post(f"{at}/in-force", json={"number": None, "why": "a trial without"}).status_code == 201
    fill(client, asset, 50)
    assert client.get(f"{at}/next").json()["new"] == 50
    assert night(pool, 1) == 1
    execute(database)
    assert [each["in_force"] for each in client.get(at).json()] == [False, False]
    [chosen, put] = client.get(f"{at}/in-force").json()
    assert (chosen["number"], chosen["why"], put["number"], put["why"]) == (None, "a trial without", 1, "learned")
    page = client.get("/triage/NTH", headers=HTML).text
    assert "somebody has put back an earlier version" in page and "a trial without" in page
    sent = client.post("/triage/NTH/in-force", data={"number": "2", "why": "good again"}, headers=HTML)
    assert sent.status_code in (200, 303)
    assert client.get(f"{at}/next").json()["in_force"] == 2


def test_a_confirmation_is_the_next_label(client, seeded, pool):
    """What a person chose on the form is what the next version learns, and a close-out corrects it."""
    form = {"asset_id": str(seeded.assets["P-101"]), "kind": "reactive", "title": "odd hum", "failure_mode": "NOI"}
    said = {"said": "odd hum", "component": "gearbox"}
    assert client.post("/new-order", data=form | said, headers=HTML).status_code in (200, 303)
    with pool.connection() as conn:
        site = conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()[0]
        [label] = [each for each in versions.texts(conn, site) if each["text"] == "odd hum"]
        before = versions.state(conn, site, until=datetime.now(UTC)).new
    assert (label["component"], label["failure_mode"], label["asset"]) == ("gearbox", "NOI", "P-101")
    done(client, {"id": str(label["id"])}, failure_mode="VIB")
    with pool.connection() as conn:
        [label] = [each for each in versions.texts(conn, site) if each["text"] == "odd hum"]
        assert versions.state(conn, site, until=datetime.now(UTC)).new == before, "a text counts once"
    assert label["failure_mode"] == "VIB"


def test_a_site_is_asked_at_its_own_night(client, seeded, pool):
    fill(client, seeded.assets["P-101"], 90)
    with pool.connection() as conn:
        conn.execute("UPDATE sites SET time_zone = 'Pacific/Auckland' WHERE code = 'NTH'")
        site = next(each for each in plant.sites(conn) if each.code == "NTH")
        found = conn.execute(
            "SELECT (date_trunc('day', now() AT TIME ZONE %(zone)s) + '27 hours') AT TIME ZONE %(zone)s",
            {"zone": "Pacific/Auckland"},
        ).fetchone()
        assert not queue.is_due(conn, site, time(3), now=found[0] - timedelta(minutes=1))
        assert queue.is_due(conn, site, time(3), now=found[0])


def test_words_of_danger_are_changed_on_the_page(client, seeded):
    sent = client.post("/triage/NTH/danger-words", data={"words": "NH3\nnh3 alarm", "why": "agreed"}, headers=HTML)
    assert sent.status_code in (200, 303)
    assert by_field(suggest(client, "NH3 at the chiller"))["priority"] == "1"
    refused = client.post("/triage/NTH/danger-words", data={"words": "N", "why": " "}, headers=HTML)
    assert refused.status_code == 422 and "ach line has 2 to 100 letters" in refused.text
