"""The pages of orders in every status of their life, in a real browser on a desk and a phone, for every role.

No page fails, nothing runs off the side, and the console stays silent.
"""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
import uvicorn
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from tests import a_plant, people
from tests.api.conftest import KEY
from tests.api.test_what_pages_offer import PEOPLE
from tests.walk import Walker
from workorder_core.words import Status

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
SHORT = [("planner", "desk"), ("technician", "phone")]
WHOLE = [(name, size) for name in PEOPLE for size in SIZES]


@pytest.fixture
def address(database: str) -> Iterator[tuple[str, Walker]]:
    with psycopg.connect(database) as conn:
        seeded = a_plant.build(conn, now=datetime.now(UTC), days=0.2)
        conn.execute("UPDATE technicians SET shift_start = '00:00', shift_end = '00:00', weekdays = '{1,2,3,4,5,6,7}'")
        for name, (roles, sites, technician) in PEOPLE.items():
            people.add_user(conn, name, *roles, sites=sites, technician=technician)
    with ConnectionPool(database, min_size=1, max_size=4, open=True) as pool:
        app = create(pool, keys={"walker": KEY})
        headers = {"X-API-Key": KEY, "Origin": "http://localhost"}
        walker = Walker(TestClient(app, base_url="http://localhost", headers=headers), seeded)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", walker
        server.should_exit = True
        thread.join(60)


def look(browser: "Browser", base: str, name: str, size: str, orders: list[str]) -> list[str]:
    """Sign in as somebody, open every order and every list, and return what was wrong."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, base_url=base)
    page.set_default_timeout(120_000)
    faults = list[str]()
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(people.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("main h1").first.wait_for()
    for path in ("/", "/my-work", "/my-requests", *(f"/orders/{order}" for order in orders)):
        page.goto(path)
        page.locator("main h1").first.wait_for()
        for fold in page.locator("main details.fold > summary").all():
            fold.click()
        wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            faults.append(f"{path} has to be scrolled sideways by {wide} px")
    page.close()
    return [f"{name}, {size}: {fault}" for fault in faults]


def test_orders_in_every_status_are_shown_without_a_fault(browser, address):
    base, walker = address
    orders = [walker.order(status) for status in Status]
    assert [fault for name, size in SHORT for fault in look(browser, base, name, size, orders)] == []


@pytest.mark.slow
def test_every_role_sees_every_order_after_every_step_on_a_desk_and_a_phone(browser, address):
    base, walker = address
    orders = [walked.order for walked in walker.walk()]
    assert [fault for name, size in WHOLE for fault in look(browser, base, name, size, orders)] == []
