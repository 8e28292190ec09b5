"""The technician's app on a phone's screen in a real browser: the server is killed, the browser is closed."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from db.events import events
from db.files import files
from db.orders import audit, order_content, work_orders
from db.plant import plant
from tests import people
from tests.browser.app.phones import Phone, an_order
from tests.parts import pictures
from workorder_core.people.access import Role

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "parts" / "axe" / "axe.min.js"


def do_the_order(phone: Phone, order: UUID) -> None:
    """A whole order without a network: permit, steps, a measurement, photo, signature, parts, note, completed."""
    page = phone.page
    page.locator("li.order", has_text="Replace the seal").get_by_role("link").click()
    start = page.get_by_role("button", name="Start work")
    assert start.is_disabled(), "the permit is missing"
    page.get_by_text("The permit is missing: Hot work permit").wait_for()
    page.get_by_role("textbox", name="Hot work permit", exact=True).fill("HW-1")
    page.locator("#step-1-until").fill("2026-01-01T08:00")
    page.get_by_role("button", name="Save: Hot work permit").click()
    page.get_by_text("The permit has expired: Hot work permit").wait_for()
    assert start.is_disabled()
    page.get_by_role("button", name="Undo: Hot work permit").click()
    page.get_by_role("textbox", name="Hot work permit", exact=True).fill("HW-1172")
    page.get_by_role("button", name="Save: Hot work permit").click()
    page.get_by_role("button", name="Start travel").click()
    page.get_by_text("On the way since").wait_for()
    start.click()
    page.locator("#status", has_text="In progress").wait_for()
    page.get_by_label("Lock the pump out").check()
    page.get_by_role("textbox", name="Vibration after the work").fill("3,1")
    page.get_by_text("Outside the limits: at most 2.8 mm/s").wait_for()
    page.get_by_role("textbox", name="Vibration after the work").fill("2,2")
    phone.shot("steps")
    page.get_by_role("button", name="Save: Vibration after the work").click()
    page.get_by_text("2.2 mm/s").wait_for()
    page.get_by_role("link", name="Take photo").click()
    page.get_by_label("Photo").set_input_files(
        {"name": "seal.png", "mimeType": "image/png", "buffer": pictures.a_picture(size=(2400, 1800))}
    )
    page.locator(".preview img").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Sign", exact=True).click()
    page.get_by_label("Name of who signs").fill("Ms Lund")
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 60)
    page.mouse.down()
    for x in range(40, 260, 20):
        page.mouse.move(box["x"] + x, box["y"] + 60 + (x % 40))
    page.mouse.up()
    phone.shot("signature")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Parts used").click()
    page.get_by_label("Part", exact=True).fill("seal 40 mm")
    page.get_by_label("How many more were used").fill("1")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Add note").click()
    page.get_by_label("Note").fill("The old one was scored.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Change estimate").click()
    page.get_by_label("Estimated hours").fill("3,5")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Complete work").click()
    page.get_by_label("Cause").select_option("wear")
    page.get_by_label("Remedy").select_option("replace")
    page.get_by_label("Hours not recorded yet").fill("1,5")
    page.get_by_role("button", name="Complete work").click()
    page.locator("#status", has_text="Completed").wait_for()
    assert page.url.endswith(f"#/order/{order}")


@pytest.mark.slow
def test_a_whole_order_is_done_without_a_network_and_all_of_it_arrives_once(phone, server, plant_of_holm, database):
    order, page = plant_of_holm, phone.page
    phone.sign_in()
    phone.installed()
    phone.shot("day")
    server.kill()
    phone.offline = True
    phone.close()
    phone.open()
    page = phone.page
    page.goto("/tech/")
    page.locator("li.order", has_text="Replace the seal").wait_for()
    took = page.evaluate("performance.now()")
    print(f"\nthe day was there {took:.0f} ms after the app was opened, without a server")
    do_the_order(phone, order)
    phone.sent("not sent yet, kept on this device")
    assert phone.fits()
    page.goto("/tech/#/state")
    with page.expect_download() as file:
        page.get_by_role("button", name="Save what is not sent").click()
    saved = json.loads(Path(file.value.path()).read_text())
    kinds = [each["kind"] for each in saved["operations"]]
    assert {"move", "travel", "plan_step", "photo", "signature", "parts", "remark", "field"} <= set(kinds)
    assert [bool(each["base64"]) for each in saved["files"]] == [True, True]
    with psycopg.connect(database) as conn:
        work_orders.change(
            conn, order, lambda one: replace(one, estimated_hours=4.0), actor="person:dahl", at=datetime.now(UTC),
            name="change",
        )  # fmt: skip
    phone.close()
    server.start()
    phone.offline = False
    phone.open()
    page = phone.page
    page.goto("/tech/#/state")
    phone.sent("1 needs your decision")
    page.get_by_text("dahl changed this").wait_for()
    phone.shot("conflict")
    with psycopg.connect(database) as conn:
        done_once(conn, order, len(kinds))
        assert work_orders.get(conn, order).estimated_hours == 4.0, "nothing was overwritten"
    page.get_by_role("button", name=re.compile("Your value")).click()
    phone.sent("All sent")
    with psycopg.connect(database) as conn:
        assert work_orders.get(conn, order).estimated_hours == 3.5
        assert audit.verify(conn).sound


def done_once(conn: psycopg.Connection, order: UUID, count: int) -> None:
    found = work_orders.get(conn, order)
    assert (found.status.value, found.actual_hours) == ("completed", 1.5)
    assert [(each.part, each.needed, each.used) for each in order_content.parts(conn, order)] == [("seal 40 mm", 1, 1)]
    assert [each.text for each in order_content.comments(conn, order)] == ["The old one was scored."]
    steps = order_content.steps(conn, order)
    assert all(each.done_at for each in steps) and steps[2].value == 2.2 and steps[4].note == "Ms Lund"
    assert sorted(each.kind for each in files.of_order(conn, order)) == ["image/jpeg", "image/png"]
    verdicts = conn.execute("SELECT verdict, count(*) FROM sync_operations GROUP BY 1 ORDER BY 1").fetchall()
    assert verdicts == [("applied", count - 1), ("conflict", 1)]


@pytest.mark.slow
def test_five_hundred_orders_are_on_the_device_and_every_screen_can_be_used_by_everybody(phone, server, database):
    now = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        assets = [each.id for each in plant.assets(conn, now=now)]
        for number in range(500):
            an_order(conn, assets[number % len(assets)], f"Grease bearing {number}", now)
    phone.sign_in()
    phone.installed()
    phone.page.get_by_text("Show all 50").wait_for()
    server.kill()
    phone.offline = True
    phone.close()
    phone.open()
    page = phone.page
    page.goto("/tech/")
    page.locator("li.order").first.wait_for()
    print(f"\n500 orders: the day was there {page.evaluate('performance.now()'):.0f} ms after the app was opened")
    page.get_by_text("Show all 50").click()
    page.locator("li.order").nth(499).wait_for()
    page.go_back()
    page.locator("li.order").first.get_by_role("link").click()
    page.get_by_text("Start work").wait_for()
    order = page.url.rpartition("/")[2]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        screens = ["day", "scan", "report", "state", f"order/{order}", f"complete/{order}"]
        for path in screens + [f"form/{name}/{order}" for name in ("hold", "photo", "signature", "reading", "parts")]:
            page.goto(f"/tech/#/{path}")
            page.locator("main h1").wait_for()
            assert phone.fits(), path
            assert serious(page) == [], (scheme, path)
    page.goto("/tech/#/day")
    page.locator(f"main a[href='#/order/{order}']").wait_for()
    page.locator("#sent").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A", "every order is reached by the keyboard"
    page.keyboard.press("Enter")
    page.get_by_text("Start work").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H1", "a screen reader begins at the new screen's title"


def serious(page: "Page") -> list[str]:
    """Return what axe finds serious or critical."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.slow
def test_an_expired_sign_in_locks_and_a_revoked_device_sends_and_deletes(phone, server, plant_of_holm, database):
    page = phone.page
    phone.sign_in()
    phone.installed()
    page.goto(f"/tech/#/form/note/{plant_of_holm}")
    page.get_by_label("Note").fill("Written while the sign-in had expired.")
    phone.signed_out = True
    with psycopg.connect(database) as conn:
        conn.execute("DELETE FROM sessions")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your sign-in has expired").wait_for()
    page.get_by_text("1 not sent yet").wait_for()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Name").fill("holm")
    page.locator("input[name=password]").fill(people.PASSWORD)
    page.locator("form button.primary").first.click()
    phone.sent("All sent")
    with psycopg.connect(database) as conn:
        assert [each.text for each in order_content.comments(conn, plant_of_holm)] == [
            "Written while the sign-in had expired."
        ]
        conn.execute("UPDATE sync_devices SET revoked_at = now(), revoked_by = 'person:dahl'")
    page.goto(f"/tech/#/form/note/{plant_of_holm}")
    page.get_by_label("Note").fill("Written after the device was revoked.")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Hello Holm").wait_for()
    with psycopg.connect(database) as conn:
        (wiped,) = conn.execute("SELECT wiped_at FROM sync_devices").fetchone() or (None,)
        assert wiped is not None
        kept = conn.execute("SELECT body ->> 'text' FROM sync_operations WHERE verdict = 'kept'").fetchall()
        assert kept == [("Written after the device was revoked.",)]
    names = page.evaluate("indexedDB.databases().then((all) => all.map((each) => each.name))")
    assert names == ["plantwright-people"]


def news_of(conn: psycopg.Connection, name: str, order: UUID) -> None:
    """Deliver that an order is assigned into somebody's banner."""
    now = datetime.now(UTC)
    site = plant.site_by_code(conn, "NTH").id
    events.append(
        conn, "order.assigned", "WO-1", at=now, site_id=site, order_id=order, data={"title": "Replace the seal"}
    )
    conn.commit()
    events.number(conn)
    (receiver,) = conn.execute(
        """INSERT INTO receivers (channel, name, address, user_name, wants, state_since, created_by, created_at)
           VALUES ('banner', %(name)s, '', %(name)s, '{}', now(), 'system:tests', now()) RETURNING id""",
        {"name": name},
    ).fetchone()  # type: ignore[misc]
    made = conn.execute(
        """INSERT INTO deliveries (receiver_id, event_id, why, due_at, created_at)
           SELECT %s, max(id), 'assigned', now(), now() FROM events WHERE order_id = %s""",
        [receiver, order],
    )
    assert made.rowcount == 1
    conn.execute("UPDATE deliveries SET state = 'delivered', ended_at = now() WHERE receiver_id = %s", [receiver])


@pytest.mark.slow
def test_news_of_the_banner_comes_by_itself_is_kept_and_once_dismissed_is_gone_on_pages_too(
    phone, server, plant_of_holm, database
):
    page, news = phone.page, phone.page.locator("#news")
    with psycopg.connect(database) as conn:
        people.add_user(conn, "dahl", Role.PLANNER)
        news_of(conn, "dahl", plant_of_holm)
    phone.sign_in()
    phone.installed()
    page.evaluate("window.reloaded = false")
    assert news.inner_text() == ""
    with psycopg.connect(database) as conn:
        news_of(conn, "holm", plant_of_holm)
    link = news.get_by_role("link", name="Replace the seal")
    link.wait_for()
    assert page.evaluate("window.reloaded") is False
    phone.shot("news")
    assert phone.fits() and serious(page) == []
    server.kill()
    phone.offline = True
    page.reload()
    link.click()
    page.locator("#status").wait_for()
    news.get_by_role("link", name="1 message for you").click()
    news.get_by_role("button", name="Seen").click()
    page.locator("main:focus").wait_for()
    assert news.inner_text() == ""
    phone.close()
    server.start()
    phone.offline = False
    phone.open()
    page = phone.page
    page.goto("/tech/")
    phone.sent("All sent")
    with psycopg.connect(database) as conn:
        for _ in range(600):
            left = conn.execute(
                "SELECT r.user_name FROM deliveries d JOIN receivers r ON r.id = d.receiver_id WHERE d.seen_at IS NULL"
            ).fetchall()
            if len(left) == 1:
                break
            page.wait_for_timeout(100)
        assert left == [("dahl",)]
    page.goto("/my-work")
    page.locator("h1").first.wait_for()
    assert page.locator("#banner .news").count() == 0
