"""What was found reads as past, in event time and the site's, with the value now beside; alarms name their order."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from api.board import words
from db.alarms import alarm_points
from tests import a_plant
from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.alarms import Change

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
PAST = {
    "flow is 58.7 m3/h, below its limit 120 m3/h": "flow was 58.7 m3/h, below its limit 120 m3/h",
    "does not behave as it usually does: speed": "did not behave as it usually does: speed",
    "the pump does not deliver, and has been hot": "the pump did not deliver, and had been hot",
    "the thrust bearing runs 13 °C hotter": "the thrust bearing ran 13 °C hotter",
    "does not behave. Likely vibration: what is worn shakes": "did not behave. Likely vibration: what is worn shakes",
}


@pytest.mark.parametrize(("now", "then"), PAST.items())
def test_a_sentence_of_the_engine_reads_as_past(now, then):
    assert words.past(now) == then


def test_moments_that_a_sentence_names_are_the_sites():
    at = datetime(2026, 12, 30, tzinfo=UTC)
    said = "is on its way to 80 degC: likely on 03 Jan 21:47 UTC (31 Dec 23:30 to 05 Jan 10:50)"
    read = "was on its way to 80 °C: likely on Sun 3 Jan, 22:47 CET (Fri 1 Jan, 00:30 to Tue 5 Jan, 11:50)"
    for text, people in (
        (said, read),
        ("used since 01 Jul 2025, 10:00 UTC", "used since Tue 1 Jul, 12:00 CEST"),
        ("on 30 Feb 10:00 UTC", "on 30 Feb 10:00 UTC"),
        ("flow is 9 m3/h, 9 m3/hour", "flow was 9 m³/h, 9 m3/hour"),
    ):
        assert words.reported(text, "Europe/Copenhagen", at) == people


@pytest.mark.parametrize(
    ("value", "written"), [(2.0, "2"), (2.5, "2.5"), (0.125, "0.125"), (1200.0, "1200"), (0.0, "0")]
)
def test_a_quantity_that_a_person_said_is_written_as_they_would(value, written):
    assert words.amount(value) == written


def test_alarms_of_a_model_are_called_by_what_it_says():
    assert words.condition("model:level-shift:lead-time") == "on its way to a limit"
    assert words.condition("model:level-shift") == "unusual behaviour"
    assert words.source("model:level-shift:lead-time") == "model level-shift, lead-time"


def test_an_order_shows_the_value_then_and_the_value_now(client, seeded, pool):
    order = seeded.orders["emergency"]
    page = client.get(f"/orders/{order}").text
    assert "The thrust bearing was at 97.8 °C" in page
    now = page.split('id="now"')[1].split("</section>")[0]
    found = re.findall(r"<b>([^<]*)</b>\s*on <time[^>]*>([^<]*)</time>; <b>([^<]*)</b> now", now)
    assert found[0][0] == "97.8 °C"
    assert re.fullmatch(r"\w{3} \d+ \w{3}, \d\d:\d\d CES?T", found[0][1]), "when it was, by the site's clock"
    assert found[0][2].endswith("°C")
    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET status = 'closed' WHERE id = %s", [order])
    page = client.get(f"/orders/{order}").text
    assert "Then and now" not in page
    assert "Start by" not in page


def test_the_board_says_when_it_was(client):
    assert re.search(
        r"<time[^>]*>\w{3} \d+ \w{3}, \d\d:\d\d CES?T</time>: the thrust bearing was at", client.get("/").text
    )


def test_an_alarm_is_named_by_asset_and_condition_and_leads_to_its_order_and_back(client, seeded, pool):
    at = datetime.now(UTC) - timedelta(minutes=3)
    change = Change(
        asset="NTH/P-105", source="rule:bearing_too_hot", move=Move.RAISE, at=at, why="", finding=a_plant.runaway(at)
    )
    with pool.connection() as conn:
        alarm_points.follow(conn, [change], lambda _: seeded.assets["P-105"], at=at)
    alarms = client.get("/alarms").text
    assert "<strong>P-105: bearing too hot</strong>" in alarms
    order = seeded.orders["emergency"]
    assert re.search(rf'<a href="/orders/{order}"><b>NTH-1001</b></a>', alarms)
    page = client.get(f"/orders/{order}").text
    there = re.findall(r'<a href="(/alarms/history[^"]*)">Bearing too hot</a>', page)
    assert there
    assert "bearing too hot" in client.get(there[0].replace("&amp;", "&")).text
