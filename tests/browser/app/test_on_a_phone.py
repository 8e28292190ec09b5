"""What a phone or a shared tablet goes through besides a day's work, in a real browser on a phone's screen.

Several people and their PINs; emergencies; a full store; an app that is too old; a server that was restored.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from db.escalating import escalations
from db.escalating.policies import POLICIES
from db.files import files
from db.orders import order_content
from db.plant import plant
from tests import people
from tests.api.notifying import an_escalation
from tests.browser.app.phones import Phone, an_order
from tests.parts import pictures
from workorder_core.escalating.documents import from_document
from workorder_core.intake.decisions import Urgency
from workorder_core.people.access import Role
from workorder_core.words import Priority

HEARD = """
window.tones = [];
const make = BaseAudioContext.prototype.createOscillator;
BaseAudioContext.prototype.createOscillator = function () { window.tones.push(this); return make.call(this); };
"""
OLDER_THAN_ALLOWED = "from workorder_core.sync import apps; apps.is_too_old.__defaults__ = ('1.0.1',)"


@pytest.mark.slow
def test_several_people_on_one_tablet_see_nothing_of_each_other(phone: Phone, plant_of_holm, database):
    page = phone.page
    with psycopg.connect(database) as conn:
        people.add_user(conn, "lund", Role.TECHNICIAN, technician="lund")
        made = an_order(conn, a_machine(conn), "Grease the bearing", datetime.now(UTC), to="lund")
    phone.sign_in("holm")
    page.goto("/tech/#/state")
    page.get_by_role("button", name="Change person").click()
    page.get_by_role("button", name="Somebody else").click()
    page.get_by_role("link", name="Sign in").click()
    phone.give_password("lund")
    page.get_by_text("Hello Lund").wait_for()
    page.locator("#pin").fill("258")
    page.locator("form").evaluate("(form) => (form.noValidate = true)")
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("A PIN has 4 to 12 digits.").wait_for()
    page.locator("#pin").fill("2580")
    page.get_by_role("button", name="Begin").click()
    page.locator("li.order", has_text="Grease the bearing").wait_for()
    assert page.get_by_text("Replace the seal").count() == 0
    page.goto(f"/tech/#/order/{plant_of_holm}")
    page.get_by_text("This order is not yours, or not fetched yet.").wait_for()
    page.goto("/tech/#/asset/1")
    page.get_by_role("heading", name="Your orders").wait_for()
    assert page.get_by_text("Replace the seal").count() == 0
    names = page.evaluate("indexedDB.databases().then((all) => all.map((each) => each.name))")
    assert len([each for each in names if each.startswith("plantwright-of-")]) == 2

    # Holm began alone, without a PIN: Lund cannot open that.
    lock(phone)
    phone.shot("who")
    page.get_by_role("button", name="Holm", exact=True).click()
    page.get_by_text("Holm has no PIN on this device yet.").wait_for()
    page.get_by_role("link", name="Sign in").click()
    phone.give_password("holm")
    page.get_by_role("button", name="Holm", exact=True).click()
    page.get_by_text("Several people use this device: choose a PIN.").wait_for()
    page.get_by_label("PIN", exact=True).fill("4711")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("New PIN").wait_for()

    lock(phone)
    page.get_by_role("button", name="Holm", exact=True).click()
    for _ in range(4):
        try_pin(phone, "2580")
        page.get_by_text("This is not the PIN.").wait_for()
        page.locator("p.problem").evaluate("(said) => (said.textContent = '')")
    try_pin(phone, "2580")
    page.get_by_text(re.compile("Too many wrong PINs. Wait (60|59) seconds.")).wait_for()
    page.reload()
    page.get_by_role("button", name="Holm", exact=True).click()
    try_pin(phone, "4711")
    page.get_by_text("Too many wrong PINs.").wait_for()
    assert page.locator("li.order").count() == 0, "not even the right one, nor after beginning anew"
    page.clock.set_system_time(datetime.now(UTC).timestamp() + 61)
    try_pin(phone, "4711")
    page.locator("main h1").get_by_text("Sent and not sent").or_(page.locator("li.order").first).first.wait_for()

    # What one records waits for them, whoever is signed in.
    lock(phone)
    open_as(phone, "Lund", "2580")
    phone.sent("sign in to send")
    page.goto(f"/tech/#/form/note/{made}")
    page.get_by_label("Note").fill("Greased, while Holm was signed in.")
    page.get_by_role("button", name="Save").click()
    phone.sent("1 not sent yet, kept on this device · sign in to send")
    lock(phone)
    open_as(phone, "Holm", "4711")
    phone.sent("All sent")
    with psycopg.connect(database) as conn:
        assert order_content.comments(conn, made) == []
    lock(phone)
    open_as(phone, "Lund", "2580")
    page.goto("/tech/#/state")
    page.locator("p.problem").get_by_role("link", name="Sign in").click()
    phone.give_password("lund")
    phone.sent("All sent")
    with psycopg.connect(database) as conn:
        (remark,) = order_content.comments(conn, made)
        assert (remark.actor, remark.text) == ("person:lund", "Greased, while Holm was signed in.")


def a_machine(conn: psycopg.Connection) -> int:
    return plant.assets(conn, now=datetime.now(UTC))[0].id


def lock(phone: Phone) -> None:
    phone.page.goto("/tech/#/state")
    phone.page.get_by_role("button", name="Lock").click()
    phone.page.get_by_text("Who are you?").wait_for()


def try_pin(phone: Phone, pin: str) -> None:
    phone.page.locator("#pin").fill(pin)
    phone.page.get_by_role("button", name="Open").click()


def open_as(phone: Phone, name: str, pin: str) -> None:
    phone.page.get_by_role("button", name=name, exact=True).click()
    try_pin(phone, pin)
    phone.page.locator("#sent").wait_for()


@pytest.mark.slow
def test_a_phone_goes_through_an_emergency_a_full_store_an_old_app_and_a_restored_server(
    phone: Phone, server, plant_of_holm, database
):
    phone.context.add_init_script(HEARD)
    page = phone.page
    phone.sign_in()
    phone.installed()
    page.goto("/tech/#/state")
    page.get_by_text("The browser may delete what is here when space is short.").wait_for()
    emergency(phone, database)

    # Asset and report without a network; what is not sent outlives a closed browser, and the file has it whole.
    page.goto("/tech/#/state")
    phone.sent("All sent")
    phone.offline = True
    server.kill()
    backup = copied(database)
    page.goto("/tech/#/scan")
    page.get_by_label("Code").fill("p-101")
    page.get_by_role("button", name="Open").click()
    page.get_by_role("heading", name="P-101").wait_for()
    page.get_by_role("link", name=re.compile("Replace the seal")).wait_for()
    phone.shot("asset")
    page.locator("main").get_by_role("link", name="Report something").click()
    page.get_by_role("button", name="Report something").click()
    page.get_by_text("Write what has to be done.").wait_for()
    page.get_by_label("What is wrong?").fill("Oil under the pump")
    page.get_by_label("Details").fill("A puddle, fresh.")
    page.get_by_role("button", name="Report something").click()
    phone.sent("1 not sent yet, kept on this device")
    take_a_photo(phone, plant_of_holm)
    page.get_by_role("heading", name="Replace the seal").wait_for()
    phone.close()
    phone.open()
    page = phone.page
    page.goto("/tech/#/state")
    phone.sent("2 not sent yet, kept on this device · no network")
    with page.expect_download() as file:
        page.get_by_role("button", name="Save what is not sent").click()
    saved = json.loads(Path(file.value.path()).read_text())
    request, photo = saved["operations"]
    assert (request["kind"], request["content"]["title"]) == ("request", "Oil under the pump")
    (kept,) = saved["files"]
    assert kept["operation"] == photo["op_id"] and b64decode(kept["base64"])[:3] == b"\xff\xd8\xff"

    store_is_full(phone, server.address, plant_of_holm)

    # A newer server: this app is too old, and all of it arrives.
    server.start(OLDER_THAN_ALLOWED)
    back(phone)
    page.goto("/tech/#/state")
    page.get_by_role("button", name="Send now").click()
    phone.sent("All sent · this app is too old; reload it when you have a network")
    phone.shot("too-old")
    arrived_once(database, plant_of_holm)

    # The server is restored from the backup of before: all of it is sent again.
    phone.offline = True
    server.kill()
    restored(database, backup)
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT 1 FROM work_orders WHERE title = 'Oil under the pump'").fetchone() is None
    server.start()
    back(phone)
    page.get_by_role("button", name="Send now").click()
    until(phone, lambda: photos(database) == 1)
    phone.sent("All sent")
    arrived_once(database, plant_of_holm)


def emergency(phone: Phone, database: str) -> None:
    """One comes while the app is open: seen and heard until it is acknowledged, which answers the escalation."""
    page, now = phone.page, datetime.now(UTC)
    with psycopg.connect(database) as conn:
        made = an_order(
            conn, a_machine(conn), "Stop the pump", now, urgency=Urgency(Priority.EMERGENCY, "it burns")
        )  # fmt: skip
        steps = [{"whom": ["person:holm"], "wait_minutes": 5}]
        nights = {"title": "Nights", "order_types": an_escalation.EVERY_TYPE, "steps": steps}
        POLICIES.add(conn, from_document(nights, code="NIGHT", site="NTH"), actor="person:dahl", at=now)
        asked, _ = an_escalation.begin(conn, made)
    page.get_by_role("dialog", name="Emergency").get_by_text("Stop the pump").wait_for()
    phone.shot("emergency")
    page.keyboard.press("Escape")
    until(phone, lambda: page.evaluate("tones.length >= 6 && tones.every((each) => each.state === 'running')"))
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    until(phone, lambda: page.evaluate("tones.every((each) => each.state === 'closed')"))
    page.get_by_role("heading", name="Stop the pump").wait_for()
    phone.sent("All sent")
    with psycopg.connect(database) as conn:
        assert escalations.get(conn, asked).answered_by == "person:holm"


def until(phone: Phone, true: Callable[[], bool]) -> None:
    """Wait for what no element says; the app's policy lets no test evaluate texts in the page by itself."""
    for _ in range(600):
        if true():
            return
        phone.page.wait_for_timeout(100)
    raise AssertionError("it did not become true within a minute")


def photos(database: str) -> int:
    with psycopg.connect(database) as conn:
        (count,) = conn.execute("SELECT count(*) FROM sync_operations WHERE kind = 'photo'").fetchone() or (0,)
    return int(count)


def take_a_photo(phone: Phone, order: UUID) -> None:
    page = phone.page
    page.goto(f"/tech/#/form/photo/{order}")
    picture = pictures.a_picture(size=(800, 600))
    page.get_by_label("Photo").set_input_files({"name": "oil.png", "mimeType": "image/png", "buffer": picture})
    page.locator(".preview img").wait_for()
    page.get_by_role("button", name="Save").click()


def store_is_full(phone: Phone, address: str, order: UUID) -> None:
    """Warned of at 86 %, refused at 96 %, and by the browser's own limit; then it agrees to keep the store for good."""
    page = phone.page
    browser = phone.context.new_cdp_session(page)
    page.evaluate("navigator.storage.estimate = async () => ({ usage: 86, quota: 100 })")
    page.get_by_role("button", name="Send now").click()
    phone.sent("2 not sent yet, kept on this device · no network · storage 86 % full")
    page.evaluate("navigator.storage.estimate = async () => ({ usage: 96, quota: 100 })")
    take_a_photo(phone, order)
    page.locator("form .problem", has_text="Not saved: the storage of this device is full.").wait_for()
    page.reload()
    browser.send("Storage.overrideQuotaForOrigin", {"origin": address, "quotaSize": 1000})
    take_a_photo(phone, order)
    page.locator(".toast", has_text="Not saved: the storage of this device is full.").wait_for()
    phone.shot("full")
    browser.send("Storage.overrideQuotaForOrigin", {"origin": address})
    browser.send("Browser.grantPermissions", {"origin": address, "permissions": ["durableStorage"]})
    page.goto("/tech/#/state")
    page.reload()
    page.locator("#sent", has_text="2 not sent yet").wait_for()
    page.goto("/tech/#/day")
    page.goto("/tech/#/state")
    page.get_by_text("The browser keeps what is here until you delete it.").wait_for()


def back(phone: Phone) -> None:
    """The network is there again; what the console said before is heard first."""
    phone.page.wait_for_timeout(200)
    phone.offline = False


def copied(database: str) -> str:
    """Back a database up as a whole; return the copy's name."""
    name = urlsplit(database).path.removeprefix("/")
    as_template(database, template=name, made=f"{name}_kept")
    return f"{name}_kept"


def restored(database: str, backup: str) -> None:
    """Put the copy in the database's place, whatever has happened since."""
    name = urlsplit(database).path.removeprefix("/")
    as_template(database, template=backup, made=name, drops=True)


def as_template(database: str, *, template: str, made: str, drops: bool = False) -> None:
    elsewhere = urlsplit(database)._replace(path="/postgres").geturl()
    with psycopg.connect(elsewhere, autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template])
        if drops:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(made)))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(made), sql.Identifier(template))
        conn.execute(copy)
        if drops:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(template)))


def arrived_once(database: str, order: UUID) -> None:
    with psycopg.connect(database) as conn:
        requests = conn.execute("SELECT count(*) FROM work_orders WHERE title = 'Oil under the pump'").fetchone()
        assert requests == (1,)
        assert [each.kind for each in files.of_order(conn, order)] == ["image/jpeg"]
        verdicts = conn.execute(
            "SELECT kind, verdict FROM sync_operations WHERE kind IN ('request', 'photo') ORDER BY seq"
        ).fetchall()
        assert verdicts == [("request", "applied"), ("photo", "applied")]
