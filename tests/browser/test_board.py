"""A person at the board, in a real browser: from an open order to its close by clicks alone.

Any console error, failed request or request to another server fails the test.
"""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
import uvicorn
from psycopg_pool import ConnectionPool

from api.app import create
from db import work_orders
from runtime import jobs
from tests import a_plant, people
from tests.a_plant import Seeded
from workorder_core.access import Role
from workorder_core.words import Status

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class Watched:
    """A page whose faults are collected."""

    def __init__(self, page: "Page", host: str) -> None:
        self.page, self.faults = page, list[str]()
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("requestfailed", lambda request: self.faults.append(f"failed: {request.url} {request.failure}"))
        page.on(
            "response",
            lambda answer: self.faults.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None,
        )
        page.on(
            "request",
            lambda request: (
                self.faults.append(f"elsewhere: {request.url}") if urlsplit(request.url).netloc != host else None
            ),
        )


@pytest.fixture
def seeded(database: str) -> Seeded:
    with psycopg.connect(database) as conn:
        made = a_plant.build(conn, now=datetime.now(UTC), days=1)
        people.add_user(conn, "mette", Role.ADMINISTRATOR)
        conn.execute("UPDATE technicians SET shift_start = '00:00', shift_end = '00:00'")
        return made


@pytest.fixture
def address(database: str, seeded: Seeded) -> Iterator[str]:
    """The board, served on a free port."""
    with ConnectionPool(database, min_size=1, max_size=4, open=True) as pool:
        server = uvicorn.Server(uvicorn.Config(create(pool, keys={}, pages_as="mette"), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture(params=["desk", "phone"])
def watched(request: pytest.FixtureRequest, browser: "Browser", address: str) -> Iterator[Watched]:
    size = {"desk": (1280, 900), "phone": (390, 844)}[request.param]
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, base_url=address)
    page.set_default_timeout(15_000)
    watched = Watched(page, urlsplit(address).netloc)
    yield watched
    page.close()
    assert watched.faults == []


def test_an_order_is_taken_from_open_to_closed_by_clicks(watched, seeded, database):
    page = watched.page
    page.goto("/")
    page.get_by_role("link", name="NTH-1002").click()
    page.wait_for_selector(".charts canvas")
    assert page.locator(".charts figure").count() == 3
    page.get_by_text("2 earlier findings").click()
    page.wait_for_selector(".older .charts canvas")
    assert page.locator(".charts figure").count() == 9, "drawn when they are unfolded"
    page.get_by_role("button", name="Assign").first.click()
    page.get_by_role("button", name="Start work").click()
    page.get_by_text("Complete…").click()
    page.get_by_label("the fault that the order is about").check()
    page.locator("select[name=cause]").select_option("wear")
    page.locator("select[name=remedy]").select_option("replace")
    page.get_by_label("Note").fill("Outer race was pitted; bearing replaced.")
    page.get_by_role("button", name="Complete the work").click()
    page.get_by_role("button", name="Verify").click()
    page.get_by_role("button", name="Close the order").click()
    page.get_by_text("nothing is left to do").wait_for()
    with psycopg.connect(database) as conn:
        order = work_orders.get(conn, seeded.orders["predictive"])
        taken = [row.step for row in work_orders.history(conn, order.id)]
    assert order.status is Status.CLOSED
    assert order.close_out is not None
    assert order.close_out.note == "Outer race was pitted; bearing replaced."
    assert taken == ["open", "assign", "start", "complete", "verify", "close"]


def test_the_board_refreshes_by_itself(watched, seeded, database):
    page = watched.page
    page.goto("/")
    assert page.locator(".person", has_text="nobody yet").count() == 4
    with psycopg.connect(database) as conn:
        jobs.assign_open(conn)
    page.locator(".person", has_text="nobody yet").first.wait_for(state="detached")
    assert page.locator(".person", has_text="nobody yet").count() == 0


def test_a_refresh_does_not_take_a_half_filled_form_away(watched, seeded, database):
    page = watched.page
    page.goto(f"/orders/{seeded.orders['predictive']}")
    page.get_by_text("Cancel…").click()
    page.get_by_label("Why will the work not be done?").fill("because")
    with psycopg.connect(database) as conn:
        jobs.assign_open(conn)
    page.locator("#facts").get_by_text("nobody", exact=True).wait_for(state="detached")
    assert page.get_by_label("Why will the work not be done?").input_value() == "because"


def test_every_page_draws_without_a_fault(watched, seeded):
    page = watched.page
    for path in (
        "/",
        "/assets",
        f"/assets/{seeded.assets['P-103']}",
        "/quarantine",
        "/new-order",
        "/?show=all&type=predictive",
    ):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} has to be scrolled sideways"
    for order in seeded.orders.values():
        page.goto(f"/orders/{order}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_filters_narrow_the_list_at_once(watched, seeded):
    page = watched.page
    page.goto("/")
    page.get_by_label("Type").select_option("inspection")
    page.wait_for_url("**/?*type=inspection*")
    assert page.locator(".order").count() == 1
    page.get_by_text("Show all").click()
    page.wait_for_selector(".order >> nth=5")
