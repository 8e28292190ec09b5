"""A person at the board, in a real browser: from an open order to its close by clicks alone.

Any console error, failed request or request to another server fails the test.
"""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import uvicorn
from psycopg_pool import ConnectionPool

from api.app import create
from db.orders import work_orders
from runtime.processes import jobs
from tests import a_plant, people
from tests.a_plant import Seeded
from tests.api.orders.test_six_types import PLAN, PNG
from workorder_core.people.access import Role
from workorder_core.words import Status

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page


#: The browser loads these beside the page, and breaks them off once the page is left.
BESIDE = ("/static/events.js?worker", "/static/icon.svg")


class Watched:
    """A page whose faults are collected."""

    def __init__(self, page: "Page", host: str) -> None:
        self.page, self.faults = page, list[str]()
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "requestfailed",
            lambda request: (
                self.faults.append(f"failed: {request.url} {request.failure}")
                if not (request.failure == "net::ERR_ABORTED" and request.url.endswith(BESIDE))
                else None
            ),
        )
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
        thread.join(90)


@pytest.fixture(params=["desk", "phone"])
def watched(request: pytest.FixtureRequest, browser: "Browser", address: str) -> Iterator[Watched]:
    size = {"desk": (1280, 900), "phone": (390, 844)}[request.param]
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, base_url=address)
    page.set_default_timeout(90_000)
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
    page.get_by_text("Complete…", exact=True).click()
    page.get_by_label("the fault that this order describes").check()
    page.locator("select[name=cause]").select_option("wear")
    page.locator("select[name=remedy]").select_option("replace")
    page.get_by_label("Note").fill("Outer race was pitted; bearing replaced.")
    page.get_by_role("button", name="Complete work").click()
    page.get_by_role("button", name="Verify").click()
    page.get_by_role("button", name="Close order").click()
    page.get_by_text("The order is closed.").wait_for()
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
    assert page.locator(".person", has_text="unassigned").count() == 4
    with psycopg.connect(database) as conn:
        jobs.assign_open(conn)
    page.locator(".person", has_text="unassigned").nth(1).wait_for(state="detached")
    assert page.locator(".person", has_text="unassigned").count() == 1, "what a person made is left to people"


def test_a_refresh_does_not_take_a_half_filled_form_away(watched, seeded, database):
    page = watched.page
    page.goto(f"/orders/{seeded.orders['predictive']}")
    page.get_by_text("Cancel…").click()
    page.locator("form[data-step=cancel]").get_by_label("Reason").fill("because")
    with psycopg.connect(database) as conn:
        jobs.assign_open(conn)
    page.locator("#facts").get_by_text("unassigned", exact=True).wait_for(state="detached")
    assert page.locator("form[data-step=cancel]").get_by_label("Reason").input_value() == "because"


def test_every_page_draws_without_a_fault(watched, seeded):
    page = watched.page
    for path in (
        "/",
        "/assets",
        f"/assets/{seeded.assets['P-103']}",
        f"/assets/{seeded.assets['P-103']}/signals/speed",
        "/quarantine",
        "/engine",
        "/devices",
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


def test_a_job_plan_remarks_files_and_links_fit_the_screen_and_are_done_by_clicks(watched, address, seeded, database):
    with psycopg.connect(database) as conn:
        key = people.add_key(conn, "planner", Role.PLANNER)
    with httpx.Client(base_url=address, headers={"X-API-Key": key, "Idempotency-Key": "yearly"}, timeout=90) as api:
        assert api.put("/api/v1/job-plans/SWAP", json=PLAN).status_code == 200
        title = "Yearly bearing replacement on the high-pressure pump, with a change of its oil"
        body = {"asset_id": seeded.assets["P-108"], "type": "preventive", "title": title, "plan": "SWAP"}
        order = api.post("/api/v1/work-orders", json=body).json()
    page = watched.page
    page.goto(f"/orders/{order['id']}")
    page.get_by_text("Add comment…").click()
    page.get_by_label("Comment").fill("https://manuals.example/" + "a-very-long-address" * 8)
    page.get_by_role("button", name="Add comment").click()
    page.get_by_text("a-very-long-address").first.wait_for()
    page.get_by_text("Attach a file…").click()
    name = "photo-of-the-new-bearing-" * 4 + ".png"
    photo: FilePayload = {"name": name, "mimeType": "image/png", "buffer": PNG}
    page.get_by_label("Picture, PDF or text").set_input_files(photo)
    page.get_by_role("button", name="Attach", exact=True).click()
    page.locator("#remarks").get_by_role("link", name=name).wait_for()
    page.get_by_text("Link another order…").click()
    page.get_by_label("This order").select_option("blocks")
    page.get_by_label("Other order’s number").fill("NTH-1002")
    page.get_by_role("button", name="Link", exact=True).click()
    page.locator("#more").get_by_role("link", name="NTH-1002").wait_for()
    steps = page.locator("#plan li")
    steps.nth(0).get_by_label("Permit number").fill("P-17")
    steps.nth(0).get_by_role("button", name="Done").click()
    page.locator("#plan li.done").get_by_text("P-17").wait_for()
    steps.nth(3).get_by_label("Photo").select_option(name)
    steps.nth(3).get_by_role("button", name="Done").click()
    page.locator("#plan li.done").nth(1).wait_for()
    assert page.locator("#plan li.done").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs off the side"
    page.get_by_role("button", name="Remove the link to NTH-1002").click()
    page.get_by_role("button", name="Remove the link to NTH-1002").wait_for(state="detached")
