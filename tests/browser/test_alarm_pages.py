"""Alarms at the board, in a real browser: seen, shelved, taken out of service, counted."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.documents import documents, shadow
from db.documents.documents import Kind
from tests import a_plant, people
from tests.a_plant import Seeded
from tests.browser.test_board import address, watched  # noqa: F401 - fixtures
from workorder_core.people.access import Role

RULE = {
    "asset_class": "centrifugal_pump", "signal": "bearing_temp", "raise_at": 90, "clear_below": 80,
    "component": "bearing", "failure_mode": "OHE",
}  # fmt: skip
RULES = {
    "threshold": [
        RULE | {"id": name, "severity": severity, "budget": {"alarms_per_week": 30}}
        for name, severity in (("bearing-hot", "safety"), ("oil-warm", "malfunction"), ("runs-rough", "degrading"))
    ]
}
STANDS = [
    ("P-105", "rule:bearing-hot", 3, "unacknowledged", "bearing temp is 97.8 °C, above its limit of 95 °C"),
    ("P-102", "rule:oil-warm", 2, "unacknowledged", "oil temp is 71 °C, above its limit of 65 °C"),
    ("P-103", "rule:runs-rough", 1, "returned_unacknowledged", "vibration is 4.9 mm/s, above its limit of 4.5 mm/s"),
    ("P-104", "rule:oil-warm", 2, "latched", "oil temp is 66 °C, above its limit of 65 °C"),
    ("P-106", "model:level-shift", 1, "acknowledged", "does not behave as it usually does: vibration 2.9 mm/s"),
]


@pytest.fixture
def seeded(database: str) -> Seeded:
    with psycopg.connect(database) as conn:
        now = datetime.now(UTC)
        made = a_plant.build(conn, now=now, days=1)
        people.add_user(conn, "mette", Role.ADMINISTRATOR)
        documents.put(conn, Kind.RULEBOOK, RULES, actor="person:Ingrid Dahl", why="the first")
        for asset, source, severity, state, summary in STANDS:
            conn.execute(
                """INSERT INTO alarm_points (asset_id, source, state, active, latching, severity, since, actor, summary,
                                             raised_at)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, 'system:engine', %s, %s)""",
                (made.assets[asset], source, state, state in ("unacknowledged", "acknowledged"), state == "latched",
                 severity, now - timedelta(minutes=9), summary, now - timedelta(minutes=10)),
            )  # fmt: skip
        came = [now - timedelta(days=6.5) + timedelta(hours=3.1 * number) for number in range(50)]
        came += [now - timedelta(days=2) + timedelta(seconds=21 * number) for number in range(60)]
        for number, at in enumerate(came):
            asset, source, severity, _, summary = STANDS[(number * number) % len(STANDS)]
            over = at + timedelta(minutes=4) if number else None
            conn.execute(
                """INSERT INTO alarms (asset_id, source, severity, summary, arrival, raised_at, cleared_at, suppressed)
                   VALUES (%s, %s, %s, %s, 1, %s, %s, %s)""",
                (made.assets[asset], source, severity, summary, at, over, "flood" if number % 9 == 8 else None),
            )
        return made


def test_alarms_are_seen_shelved_and_taken_out_of_service_by_clicks(watched, seeded, database):  # noqa: F811
    page = watched.page
    page.goto("/alarms")
    hot = page.locator(".one-alarm", has_text="Rule bearing-hot")
    assert hot.get_by_text("Shelve…").count() == 0, "a safety alarm is never shelved"
    hot.get_by_role("button", name="Acknowledge").click()
    page.locator(".one-alarm", has_text="Rule bearing-hot").locator(".a-acknowledged").wait_for()
    warm = page.locator(".one-alarm", has_text="P-102")
    warm.get_by_text("Shelve…").click()
    form = warm.locator("form[action='/alarms/shelve']")
    form.get_by_label("Duration").select_option("8")
    form.get_by_label("Reason").fill("The probe is being moved.")
    form.get_by_role("button", name="Shelve").click()
    page.locator(".one-alarm", has_text="P-102").locator(".a-shelved").wait_for()
    assert page.locator(".one-alarm", has_text="P-102").get_by_text("The probe is being moved.").count() == 1
    page.locator(".one-alarm", has_text="P-104").get_by_role("button", name="Reset").click()
    page.locator(".one-alarm", has_text="P-104").wait_for(state="detached")
    page.get_by_label("State").select_option("shelved")
    page.wait_for_url("**/alarms?*state=shelved*")
    assert page.locator(".one-alarm").count() == 1
    page.get_by_role("button", name="Unshelve").click()
    page.get_by_text("No alarms match these filters").wait_for()
    page.get_by_role("link", name="History").click()
    assert page.locator(".history li").count() == 4
    with psycopg.connect(database) as conn:
        told = conn.execute("SELECT payload ->> 'move' FROM judge_events WHERE kind = 'alarm' ORDER BY id").fetchall()
    assert told == [("shelve",), ("unshelve",)]


def test_the_figures_are_drawn_and_a_range_can_be_chosen(watched, seeded):  # noqa: F811
    page = watched.page
    page.goto("/alarms/metrics")
    page.wait_for_selector(".charts canvas")
    assert page.locator(".charts figure").count() == 2
    assert page.get_by_role("row", name="Floods").locator(".badge").inner_text() == "too high"
    numbers = page.locator(".figures td.n").all_inner_texts()
    assert len(numbers) >= 7
    assert [each for each in numbers if re.search(r"\.\d{3}|e-", each)] == [], "nobody reads 0.000992"
    page.get_by_role("link", name="24h").click()
    page.wait_for_url("**span=24h*")
    page.locator("[name=since]").fill("2020-01-01T00:00")
    page.locator("[name=until]").fill("2020-01-02T00:00")
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("No alarms in this period").wait_for()
    page.get_by_role("link", name="Show the same span").click()
    page.wait_for_selector(".charts canvas")


def test_no_page_of_alarms_has_to_be_scrolled_sideways(watched, seeded):  # noqa: F811
    page = watched.page
    for path in (
        "/alarms",
        "/alarms?state=shelved&page=2",
        "/alarms/history",
        "/alarms/metrics?span=30d",
        "/alarms/rules",
        "/shadow",
    ):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} has to be scrolled sideways"


def test_a_rule_over_its_budget_is_sent_to_the_shadow_and_back(watched, seeded, database):  # noqa: F811
    page = watched.page
    page.goto("/alarms/rules")
    rule = page.locator(".one-alarm", has_text="oil-warm")
    assert rule.get_by_text("over budget").count() == 1
    assert page.locator(".one-alarm", has_text="bearing-hot").get_by_text("Move to shadow").count() == 0
    for summary, button, badge in (
        ("Move to shadow…", "Move to shadow", "in shadow"),
        ("Open orders again…", "Open orders again", "within budget"),
    ):
        rule.get_by_text(summary).click()
        rule.get_by_label("Reason").fill("The probe is loose.")
        rule.get_by_role("button", name=button).click()
        rule.locator(".badge", has_text=badge).wait_for()
    with psycopg.connect(database) as conn:
        told = conn.execute("SELECT payload FROM judge_events WHERE kind = 'rule_shadow' ORDER BY id").fetchall()
    assert [row[0]["shadow"] for row in told] == [True, False]


def test_a_trial_is_read_beside_the_plant_and_ended(watched, seeded, database):  # noqa: F811
    with psycopg.connect(database) as conn:
        run = shadow.begin(
            conn, "adwin beside the default", rulebook=None, actor="person:Ingrid Dahl", why="it is said to be calmer",
            models={"default": {"name": "adwin", "estimator": "river.drift.ADWIN"}},
        )  # fmt: skip
        conn.execute("UPDATE judge_events SET arrival = 0 WHERE kind = 'shadow'")
        conn.execute(
            "INSERT INTO shadow_orders (run_id, id, asset_id, component, failure_mode, type, opened_as, opened_at, why)"
            " VALUES (%s, gen_random_uuid(), %s, 'thrust_bearing', 'UNK', 'predictive', 'predictive', now(), %s)",
            (run, seeded.assets["P-102"], "model:adwin: does not behave as it usually does: oil temp 53.1 degC"),
        )
    page = watched.page
    page.goto("/alarms")
    page.get_by_role("link", name="Shadow", exact=True).click()
    assert page.get_by_role("heading", name="Adwin beside the default").count() == 1
    trial = page.locator(".one-alarm", has_text="model:adwin")
    assert trial.get_by_text("P-102").count() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.locator(".one-alarm a").first.click()
    page.locator("#evidence").wait_for()
    page.go_back()
    page.get_by_text("Discard…").click()
    page.locator("form[action$=dropped]").get_by_label("Reason").fill("Too many.")
    page.get_by_role("button", name="Discard").click()
    page.get_by_text("Too many.").wait_for()
    assert page.get_by_text("Promote…").count() == 0
