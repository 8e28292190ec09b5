"""The engine's own alarms at the head of the board, and what a signal is, in a real browser."""

import psycopg
import pytest

from db.plant import plant
from db.telemetry import engine_metrics, judge
from db.telemetry.engine_metrics import EngineMetrics
from tests.browser.test_board import address, seeded, watched  # noqa: F401 - fixtures


def tell(database: str, **figures) -> None:
    with psycopg.connect(database) as conn:
        fence = judge.take_over(conn, "here, process 1")
        engine_metrics.write(conn, fence, EngineMetrics(**{"lag_limit_s": 60.0, **figures}))


@pytest.mark.usefixtures("seeded")
def test_what_keeps_readings_from_being_judged_stands_at_the_head_and_goes_by_itself(watched, database):  # noqa: F811
    page = watched.page
    tell(database, lag_s=300.0)
    page.goto("/assets")
    banner = page.locator("#engine-alarms")
    banner.get_by_text("Judging lags 5 minutes behind").wait_for()
    wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert wide, "it fits a phone's screen"
    banner.get_by_role("link", name="What to do").click()
    page.wait_for_url("**/engine#behind")
    page.locator("section#behind").get_by_text("it catches up by itself").wait_for()
    tell(database, lag_s=0.2)
    page.get_by_text("No engine alarms").wait_for()
    page.goto("/")
    assert page.locator("#engine-alarms").inner_text().strip() == ""


def test_a_signals_numbers_get_names_by_clicks(watched, seeded, database):  # noqa: F811
    page = watched.page
    page.goto(f"/assets/{seeded.assets['P-101']}")
    page.locator("#signals").get_by_role("link", name="Speed").click()
    page.get_by_label("Kind").select_option("states")
    page.get_by_role("textbox", name="States").fill("STOPPED = 0\nRUNNING = 1480")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/assets/*#signals")
    with psycopg.connect(database) as conn:
        meaning = plant.signal(conn, seeded.assets["P-101"], "speed").meaning
        assert meaning.states == {"STOPPED": 0.0, "RUNNING": 1480.0}
        actor = conn.execute("SELECT actor FROM judge_events WHERE kind = 'signal' ORDER BY id DESC").fetchone()
        assert actor == ("person:mette",)
