"""People at the door, at their own work and at the administrator's page, in a real browser on a desk and a phone."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
import uvicorn
from psycopg_pool import ConnectionPool

from api.app import create
from db.people import assignments
from tests import a_plant, people
from tests.a_plant import Seeded
from tests.people import PASSWORD
from workorder_core.people.access import Role, system

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def seeded(database: str) -> Seeded:
    with psycopg.connect(database) as conn:
        made = a_plant.build(conn, now=datetime.now(UTC), days=0.2)
        conn.execute("UPDATE technicians SET shift_start = '00:00', shift_end = '00:00'")
        people.add_user(conn, "anna", Role.TECHNICIAN, sites=["NTH"], technician="holm")
        people.add_user(conn, "mette", Role.ADMINISTRATOR, must_change=True)
        at = datetime.now(UTC)
        assignments.assign_to(conn, made.orders["predictive"], "holm", who=system("tests"), at=at)
        return made


@pytest.fixture
def address(database: str, seeded: Seeded) -> Iterator[str]:
    with ConnectionPool(database, min_size=1, max_size=4, open=True) as pool:
        server = uvicorn.Server(uvicorn.Config(create(pool, keys={}), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        thread.join(90)


@pytest.fixture(params=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: "Browser", address: str) -> Iterator["Page"]:
    size = {"desk": (1280, 800), "phone": (390, 844)}[request.param]
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, base_url=address)
    page.set_default_timeout(90_000)
    faults = list[str]()
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    assert [each for each in faults if "401" not in each] == []


def sign_in(page: "Page", name: str, password: str = PASSWORD) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def fits(page: "Page") -> bool:
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide <= 0


def test_a_technician_signs_in_finds_the_work_and_starts_it(page, seeded):
    page.goto("/my-work")
    assert fits(page)
    sign_in(page, "anna", "not the password")
    page.get_by_text("do not belong together").wait_for()
    sign_in(page, "anna")
    page.get_by_role("heading", name="My work").wait_for()
    assert fits(page)
    first = page.locator(".mine > li").first
    start = first.get_by_role("button", name="Start")
    box = start.bounding_box()
    assert box["height"] >= 48, "a thumb can hit it"
    number = first.locator(".soft").first.inner_text()
    start.click()
    page.get_by_text("Complete…", exact=True).wait_for()
    page.goto("/my-work")
    page.get_by_role("heading", name="In progress").wait_for()
    assert number in page.locator(".mine > li").first.inner_text()
    page.locator(".mine > li").first.get_by_role("link", name="Complete…").click()
    page.wait_for_url("**/orders/*#todo")
    page.locator(".me summary").click()
    assert page.get_by_role("link", name="Users and keys").count() == 0
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login*")
    page.goto("/my-work")
    page.get_by_role("heading", name="Sign in").wait_for()


def test_an_administrator_changes_the_first_password_and_makes_a_key(page):
    page.goto("/")
    sign_in(page, "mette")
    page.get_by_role("heading", name="Change password for mette").wait_for()
    assert fits(page)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password (at least 12 characters)").fill("four pumps one sump")
    page.get_by_label("Repeat new password").fill("four pumps one sump")
    page.get_by_role("button", name="Change password").click()
    page.get_by_role("link", name="Go to work orders").click()
    page.locator(".me summary").click()
    page.get_by_role("link", name="Users and keys").click()
    page.get_by_text("Create API key…").click()
    form = page.locator("#new-key")
    form.get_by_label("System name (shown in histories)").fill("scada")
    form.get_by_label("viewer").check()
    form.get_by_role("button", name="Create API key").click()
    assert page.locator(".secret").inner_text().startswith("pw_")
    assert fits(page)
    page.goto("/access")
    assert page.locator(".secret").count() == 0
    page.get_by_role("button", name="Revoke scada").click()
    page.get_by_text("revoked", exact=True).wait_for()
