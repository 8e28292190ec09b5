"""A request by the code on a label, on a German phone; the planner's side on a desktop, in the same test."""

import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import uvicorn
from psycopg_pool import ConnectionPool

from api.app import create
from db.costs import costs
from db.orders import work_orders
from db.plant import plant as plants
from db.plant import scanning
from db.requests import requests
from runtime.cli.plant_file import load_plant
from tests import a_plant, people
from tests.parts import pictures
from workorder_core.people.access import Role
from workorder_core.words import FailureMode, OrderType, Status

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SHOTS = os.environ.get("PLANTWRIGHT_TEST_SHOTS")
pytestmark = pytest.mark.slow


@pytest.fixture
def plant(database: str) -> Iterator[tuple[str, str, str]]:
    """A plant with a known order at a pump: the address of its pages, the token of the pump's label, the database."""
    now = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        pump = plants.asset_by_key(conn, "NTH", "P-101", now=now)
        work_orders.create_by_hand(
            conn, asset=pump, kind=OrderType.REACTIVE, title="Bearing is loud", component="bearing",
            failure_mode=FailureMode.VIB, actor="person:berg", at=now,
        )  # fmt: skip
        costs.set_currency(conn, pump.site_id, "NTH", "EUR")
        token = scanning.address(conn, {"asset_id": pump.id}).token
        people.add_user(conn, "berg", Role.PLANNER)
    with ConnectionPool(database, min_size=1, max_size=4, open=True) as pool:
        server = uvicorn.Server(uvicorn.Config(create(pool, keys={}), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", token, database
        server.should_exit = True
        thread.join(60)


def opened(browser: "Browser", base: str, faults: list[str], **how: object) -> "Page":
    page = browser.new_page(base_url=base, **how)  # type: ignore[arg-type]
    page.set_default_timeout(60_000)
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page


def look(page: "Page", name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def step(database: str, number: str, status: Status) -> None:
    """Do what a technician does, whose pages have a walk of their own."""
    with psycopg.connect(database) as conn:
        order = requests.by_number(conn, number).order_id
        assert order is not None
        work_orders.change(
            conn, order, lambda before: replace(before, status=status), actor="person:omar", at=datetime.now(UTC)
        )


def test_a_request_by_its_code_from_the_danger_question_to_the_rating(
    browser: "Browser", plant: tuple[str, str, str], tmp_path: Path
) -> None:
    base, token, database = plant
    faults: list[str] = []
    phone = opened(
        browser, base, faults, locale="de-DE", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    desk = opened(browser, base, faults, locale="de-DE", viewport={"width": 1280, "height": 900})

    phone.goto(f"/q/{token}")
    phone.get_by_role("heading", name="Ist jemand in Gefahr?").wait_for()
    look(phone, "1-danger")
    phone.get_by_role("button", name="Nein, niemand ist in Gefahr").click()

    # What is known there is offered before anything is sent.
    phone.get_by_text("Hier schon bekannt. Ist es eines davon?").wait_for()
    look(phone, "2-form")
    phone.get_by_label("Nein, etwas anderes").check()
    phone.locator("textarea[name=what]").fill("Es tropft unten an der Pumpe")
    phone.locator("input[name=name]").fill("Erika Muster")
    phone.locator("main form button.primary").last.click()
    phone.get_by_role("heading", name="Meldung NTH-R1").wait_for()
    private = phone.url
    assert "/r/s/" in private
    photo = tmp_path / "pump.jpg"
    photo.write_bytes(pictures.photo_of_a_telephone())
    phone.locator("input[type=file]").set_input_files(photo)
    phone.get_by_role("button", name="Foto senden").click()
    phone.locator(".photos img").wait_for()
    look(phone, "3-status")

    # The planner reads it, sends a quote, and makes an order of it.
    desk.goto("/login?next=/requests")
    desk.locator("input[name=name]").fill("berg")
    desk.locator("input[name=password]").fill(people.PASSWORD)
    desk.locator("main form button").first.click()
    desk.get_by_role("link", name="NTH-R1").click()
    desk.get_by_text("Es tropft unten an der Pumpe").wait_for()
    look(desk, "4-planner")
    desk.locator("input[name=title]").fill("Gleitringdichtung erneuern")
    desk.get_by_role("button", name="Auftrag anlegen").click()
    desk.wait_for_url(re.compile("/orders/"))
    desk.goto("/requests")
    desk.get_by_role("link", name="NTH-R1").click()
    desk.get_by_role("link", name="Angebot erstellen …").click()
    desk.locator("input[name=text_1]").fill("Gleitringdichtung")
    desk.locator("input[name=quantity_1]").fill("2")
    desk.locator("input[name=price_1]").fill("84,50")
    look(desk, "5-quote")
    desk.get_by_role("button", name="Angebot senden").click()
    desk.get_by_text("noch nicht beantwortet").wait_for()

    # The requester accepts it with their name, and chooses one of the times.
    phone.goto(private)
    phone.get_by_text("169,00").first.wait_for()
    look(phone, "6-quoted")
    phone.locator("#quote input[name=name]").fill("Erika Muster")
    phone.get_by_role("button", name="Angebot annehmen").click()
    phone.locator("#quote").get_by_text("Angenommen").wait_for()
    phone.locator("a[href$='/times']").click()
    phone.locator("input[name=starts_at]").first.check()
    look(phone, "7-times")
    phone.locator("main form button.primary").click()
    phone.get_by_text("Geplant.").wait_for()
    look(phone, "8-planned")
    desk.reload()
    desk.locator("#quotes").get_by_text("Erika Muster").wait_for()
    look(desk, "9-answered")

    step(database, "NTH-R1", Status.COMPLETED)
    phone.reload()
    phone.get_by_text("Erledigt.").wait_for()
    phone.locator("input[name=rating][value='5']").check()
    phone.get_by_role("button", name="Bewertung senden").click()
    phone.get_by_text("Ihre Bewertung: 5 von 5").wait_for()
    look(phone, "10-rated")
    desk.reload()
    desk.get_by_text("5 von 5").wait_for()
    assert faults == []
