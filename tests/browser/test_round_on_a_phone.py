"""A round walked on a phone: a failed point with its photo, the order, another person, the signed report."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import uvicorn
from psycopg_pool import ConnectionPool

from api.app import create
from api.papers import round_paper, typeset
from db.inspections import checklists, rounds
from db.plant import scanning
from tests import a_plant, people
from tests.parts import pictures
from workorder_core.inspections.checklists import Checklist, Condition, Item, ItemKind
from workorder_core.people.access import Role
from workorder_core.words import Severity

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SHOTS = os.environ.get("PLANTWRIGHT_TEST_SHOTS")
ASKS = Checklist(
    title="Daily look at a pump",
    items=(
        Item(
            key="seal", kind=ItemKind.YES_NO, text="Shaft seal dry?", fails=("no",), severity=Severity.MALFUNCTION,
            photo_if_failed=True,
        ),
        Item(
            key="leak", kind=ItemKind.CHOICE, text="How much leaks?", choices=("drops", "a stream"),
            fails=("a stream",), severity=Severity.SAFETY, only_if=Condition(key="seal", answer="failed"),
        ),
        Item(
            key="temp", kind=ItemKind.MEASUREMENT, text="Bearing temperature", unit="degC", high=80,
            signal="bearing_temp", severity=Severity.MALFUNCTION,
        ),
        Item(key="remark", kind=ItemKind.TEXT, text="Anything else?", needed=False),
    ),
)  # fmt: skip


@pytest.fixture
def plant(database: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A plant with a route of three pumps: the address of its pages, and its ids."""
    now = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        seeded = a_plant.build(conn, now=now, days=0.1)
        row: Any = conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()
        site = row[0]
        kept = checklists.add(conn, site, "PUMP-DAILY", ASKS, actor="person:berg", at=now)
        stops = [(seeded.assets[code], kept.id) for code in ("P-102", "P-101", "P-103")]
        route = checklists.add_route(conn, site, "HALL", "Supply hall", stops, actor="person:berg", at=now)
        code = scanning.address(conn, {"asset_id": seeded.assets["P-101"]})
        for name in ("nadia", "omar"):
            people.add_user(conn, name, Role.TECHNICIAN)
        people.add_user(conn, "berg", Role.PLANNER)
    with ConnectionPool(database, min_size=1, max_size=4, open=True) as pool:
        server = uvicorn.Server(uvicorn.Config(create(pool, keys={}), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        ids = {"route": route.id, "checklist": kept.id, "token": code.token, "database": database, **seeded.assets}
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", ids
        server.should_exit = True
        thread.join(60)


def signed_in(browser: "Browser", base: str, name: str, faults: list[str]) -> "Page":
    page = browser.new_page(base_url=base, viewport={"width": 390, "height": 844})
    page.set_default_timeout(60_000)
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(people.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("main h1").first.wait_for()
    return page


def shot(page: "Page", name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def fits(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def at_stop(page: "Page", code: str) -> None:
    page.locator("main h1", has_text=code).wait_for()
    assert fits(page)


def test_a_round_is_walked_on_a_phone(browser: "Browser", plant: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    base, ids = plant
    faults: list[str] = []
    page = signed_in(browser, base, "nadia", faults)
    page.goto("/rounds")
    shot(page, "1-list")
    assert fits(page)
    page.get_by_role("button", name="Start round: Supply hall").click()
    at_stop(page, "P-102")
    assert page.get_by_text("Stop 1 of 3").is_visible()
    leak = page.locator("[data-item=leak]")
    leak.wait_for(state="hidden")

    # A limit is checked while it is typed, and a question comes up by its condition.
    page.get_by_label("Bearing temperature").fill("85,5")
    page.get_by_text("Outside the limit. A work order is opened.").wait_for()
    page.get_by_label("Bearing temperature").fill("61,5")
    page.get_by_label("no", exact=True).check()
    leak.wait_for()
    page.get_by_label("drops").check()

    # Without its photo the stop is not done, and what was given is still there; so it is after a reload.
    page.get_by_role("button", name="Done, next stop").click()
    page.locator("#wrong-a_seal").wait_for()
    shot(page, "2-refused")
    assert "photo" in page.locator("#wrong-a_seal").inner_text()
    assert page.get_by_label("Bearing temperature").input_value() == "61,5"
    assert page.get_by_label("drops").is_checked()
    page.reload()
    at_stop(page, "P-102")
    assert page.get_by_label("Bearing temperature").input_value() == "61,5"

    # The photo is sent as soon as it is taken, with all that was typed.
    photo = tmp_path / "seal.jpg"
    photo.write_bytes(pictures.photo_of_a_telephone())
    page.locator("[data-item=seal] summary").click()
    page.locator("input[name=photo_seal]").set_input_files(photo)
    page.locator("[data-item=seal] img.thumb").wait_for()
    assert page.get_by_label("Bearing temperature").input_value() == "61,5"
    shot(page, "3-photo")
    page.get_by_role("button", name="Done, next stop").click()
    at_stop(page, "P-101")
    shot(page, "4-next")

    # Somebody else continues a paused round, by the code at the asset, with the keyboard alone.
    page.get_by_role("button", name="Pause round").click()
    page.locator("main h1", has_text="Supply hall").wait_for()
    other = signed_in(browser, base, "omar", faults)
    other.goto("/rounds")
    other.get_by_role("link", name="Supply hall").first.click()
    other.get_by_role("button", name="Continue round").click()
    at_stop(other, "P-101")
    other.goto(f"/q/{ids['token']}")
    at_stop(other, "P-101")
    assert "scanned=true" in other.url
    other.get_by_label("yes", exact=True).focus()
    other.keyboard.press("Space")
    other.get_by_label("Bearing temperature").focus()
    other.keyboard.type("59")
    _lose_the_network(other)
    other.get_by_label("Bearing temperature").press("Enter")
    at_stop(other, "P-103")
    other.get_by_text("Miss this stop…").click()
    other.get_by_label("Reason").fill("Scaffold in front of it")
    other.get_by_role("button", name="Record as missed").click()
    other.locator("#sign").wait_for()
    shot(other, "5-sign")
    assert fits(other)
    other.locator("canvas.signature").scroll_into_view_if_needed()
    pad = other.locator("canvas.signature").bounding_box()
    assert pad is not None
    other.mouse.move(pad["x"] + 20, pad["y"] + 40)
    other.mouse.down()
    for step in range(1, 9):
        other.mouse.move(pad["x"] + 20 + 25 * step, pad["y"] + 40 + 30 * (step % 2))
    other.mouse.up()
    other.get_by_label("Your name").fill("Omar Haddad")
    other.get_by_role("button", name="Sign and finish").click()
    other.get_by_text("unaltered").wait_for()
    shot(other, "6-done")
    assert fits(other)
    pdf = other.request.get(
        base + str(other.get_by_role("link", name="Open report (PDF)").get_attribute("href"))
    ).body()
    assert pdf.startswith(b"%PDF-")
    if SHOTS:
        with psycopg.connect(ids["database"]) as conn:
            facts = round_paper.facts(conn, rounds.get(conn, 1), "person:omar", datetime.now(UTC))
        for number, picture in enumerate(typeset.pictures("round", facts)):
            Path(SHOTS, f"report-{number}.png").write_bytes(picture)

    # The order says where it comes from, with value and photo, and the round leads to it.
    other.locator("#failed a[href^='/orders/']").click()
    other.locator("#found-by-round").wait_for()
    shot(other, "7-order")
    assert "Shaft seal dry?" in other.locator("#found-by-round").inner_text()
    assert other.locator("#found-by-round img.thumb").is_visible()
    assert other.locator("#remarks img, #more img").count() >= 1
    assert fits(other)

    # The next round shows that it is open.
    other.goto("/rounds")
    other.get_by_role("button", name="Start round: Supply hall").click()
    at_stop(other, "P-102")
    other.get_by_text("Still open:").wait_for()
    shot(other, "8-again")
    with psycopg.connect(ids["database"]) as conn:
        rows = conn.execute("SELECT scanned FROM inspection_stops WHERE round_id = 1 ORDER BY position").fetchall()
        signed = conn.execute("SELECT signed_drawn <> '' FROM inspection_rounds WHERE id = 1").fetchone()
        late = conn.execute(
            "SELECT s.at = r.started_at FROM inspection_stops s JOIN inspection_rounds r ON r.id = s.round_id "
            "WHERE r.id = 1 AND s.position = 2"
        ).fetchone()
    assert (rows, signed) == ([(False,), (True,), (False,)], (True,))
    assert late == (True,), "it counts from when it was typed, and not from before its round"
    if SHOTS:
        _look_around(browser, base, ids, faults)
    assert [each for each in faults if "422" not in each] == []


def _lose_the_network(page: "Page") -> None:
    """Cut the connection before a stop is sent: that is said, what was typed survives a reload, and time goes by."""
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    page.locator("#connection", has_text="no connection").wait_for()
    shot(page, "4-offline")
    page.context.set_offline(False)
    page.reload()
    at_stop(page, "P-101")
    assert page.get_by_label("Bearing temperature").input_value() == "59"
    assert page.get_by_label("yes", exact=True).is_checked()
    page.clock.install()
    page.clock.fast_forward("30:00")


def _look_around(browser: "Browser", base: str, ids: dict[str, Any], faults: list[str]) -> None:
    """Take pictures of the planner's pages, on a desk and a phone."""
    page = signed_in(browser, base, "berg", faults)
    paths = ["/rounds", "/rounds/1", "/checklists", f"/checklists/{ids['checklist']}", "/checklists/new", "/audits"]
    paths += ["/inspection-results", "/audit-findings", "/inspection-results?verdict=failed", "/checklists/new", "/"]
    paths += ["/inspection-routes", f"/inspection-routes/{ids['route']}", f"/assets/{ids['P-102']}"]
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for number, path in enumerate(paths):
            page.goto(path)
            page.locator("main h1").first.wait_for()
            page.screenshot(path=f"{SHOTS}/p{width}-{number}.png", full_page=True)
            print(width, path, fits(page))
