"""An emergency in the demo: people are asked one after the other on their phones, and one of them answers there."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from db.escalating import escalations
from db.orders import order_history
from runtime.demo import duty
from runtime.embedded import postgres, process
from workorder_core.escalating import course
from workorder_core.escalating.course import State

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
PATIENCE_S = 600
SHOTS = os.environ.get("PLANTWRIGHT_TEST_SHOTS")


@dataclass(frozen=True, slots=True)
class Demo:
    board: str
    phones: str
    database: str

    def messages(self, person: str, title: str) -> list[dict[str, Any]]:
        """Return what a phone has got that asks about an order, the oldest first."""
        with urllib.request.urlopen(f"{self.phones}/{person}/json", timeout=10) as answer:
            found = [json.loads(line) for line in answer.read().decode().splitlines()]
        return [each for each in found if title in json.dumps(each) and "/asked/" in str(each.get("click"))]

    def await_message(self, person: str, title: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := self.messages(person, title)):
            assert time.monotonic() < deadline, f"{person} has got nothing about {title}"
            time.sleep(0.1)
        return found[0]

    def await_a_quiet_minute(self) -> None:
        """Wait until nobody has been asked for a minute: a message that follows another one waits for that long."""
        deadline = time.monotonic() + PATIENCE_S
        asked = "SELECT count(*) FROM escalation_asks WHERE message_id IS NULL OR sent_at > now() - %s::interval"
        with psycopg.connect(self.database, autocommit=True) as conn:
            while (conn.execute(asked, [course.ONE_A_PERSON_EVERY]).fetchone() or (1,))[0]:
                assert time.monotonic() < deadline, "somebody is asked all the time"
                time.sleep(0.5)


@pytest.fixture(scope="module")
def demo(run_folder: Path) -> Iterator[Demo]:
    folder = run_folder / "emergency"
    folder.mkdir(mode=0o711)
    terminal = folder / "terminal.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    command = [sys.executable, "-m", "runtime.cli.main", "demo", "--data-dir", str(folder)]
    command += ["--port", str(process.free_port())]
    with terminal.open("w") as output:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while "Now in real time" not in (said := terminal.read_text()):
            assert running.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.5)
        found = {name: re.search(rf"^{name} +(http://\S+)", said, re.MULTILINE) for name in ("board", "phones")}
        assert all(found.values()), said
        url = postgres.running(folder / "postgres")
        assert url is not None
        yield Demo(database=url, **{name: each[1].rstrip("/") for name, each in found.items() if each})
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(120)


def test_the_demos_own_emergency_is_declined_by_one_and_acknowledged_by_the_next(demo: Demo) -> None:
    deadline = time.monotonic() + PATIENCE_S
    with psycopg.connect(demo.database, autocommit=True) as conn:
        while True:
            found = [each for each in escalations.listed(conn) if each.title == duty.LEAK]
            if found and found[0].state is State.ACKNOWLEDGED:
                break
            assert time.monotonic() < deadline, found
            time.sleep(1)
        order = found[0].order_id
        assert order is not None
        steps = [(each.actor, each.step) for each in order_history.of_order(conn, order)]
    assert ("person:petersen", "declined") in steps
    assert ("person:berg", "acknowledged") in steps


def test_an_emergency_reaches_a_phone_then_the_next_and_is_acknowledged_there(demo: Demo, browser: "Browser") -> None:
    title = "Flames at the motor"
    desk = browser.new_page(base_url=demo.board, viewport={"width": 1280, "height": 900})
    desk.set_default_timeout(60_000)
    desk.goto("/new-order")
    asset = desk.locator("select[name=asset_id] option", has_text="P-102").first.get_attribute("value")
    desk.locator("select[name=asset_id]").select_option(asset)
    demo.await_a_quiet_minute()
    desk.get_by_label("Work to be done").fill(title)
    desk.locator("select[name=kind]").select_option("emergency")
    desk.get_by_role("button", name="Create order").click()
    desk.locator("#history").wait_for()
    order = desk.url.rpartition("/")[2]

    first = demo.await_message("petersen", title)
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.set_default_timeout(60_000)
    phone.goto(f"{demo.phones}/petersen")
    phone.get_by_text(title).first.wait_for()
    second = demo.await_message("berg", title)

    # Opening the link does nothing, as often as it is opened; the button acknowledges.
    phone.goto(f"{demo.phones}/berg")
    if SHOTS:
        phone.screenshot(path=f"{SHOTS}/phone.png", full_page=True)
    phone.goto(second["click"])
    phone.reload()
    with psycopg.connect(demo.database, autocommit=True) as conn:
        (before,) = escalations.listed(conn, order_id=order)  # type: ignore[arg-type]
        assert before.state is State.RUNNING
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if SHOTS:
        phone.screenshot(path=f"{SHOTS}/asked.png", full_page=True)
    phone.get_by_role("button", name="Acknowledge").click()
    phone.get_by_text("acknowledged", exact=True).wait_for()
    if SHOTS:
        phone.screenshot(path=f"{SHOTS}/answered.png", full_page=True)

    with psycopg.connect(demo.database, autocommit=True) as conn:
        (after,) = escalations.listed(conn, order_id=order)  # type: ignore[arg-type]
        asks = escalations.asks(conn, [after.id])[after.id]
        history = order_history.of_order(conn, after.order_id)  # type: ignore[arg-type]
        recorded = conn.execute("SELECT recorded_at FROM work_orders WHERE id = %s", [order]).fetchone()
    assert (after.state, after.answered_by, after.how) == (State.ACKNOWLEDGED, "person:berg", "link")
    assert [each.person for each in asks] == ["petersen", "berg"]
    taken = [(each.actor, each.step, each.new.get("people", "")) for each in history if each.new.get("people")]
    assert taken == [
        ("system:escalation", "step taken", "petersen"),
        ("system:escalation", "step taken", "berg"),
    ]
    assert ("person:berg", "acknowledged") in [(each.actor, each.step) for each in history]
    assert not demo.messages("demo", title), "nobody else is asked"

    # The order shows each message and who has acknowledged.
    desk.reload()
    desk.locator("#messages").wait_for()
    assert "acknowledged" in desk.locator("main").inner_text().lower()
    if SHOTS:
        desk.screenshot(path=f"{SHOTS}/order.png", full_page=True)
    assert recorded is not None
    first_at, second_at = (datetime.fromtimestamp(each["time"], UTC) for each in (first, second))
    due_at = asks[0].asked_at.timestamp() + 60 * duty.WAIT_MINUTES
    print(f"\nfirst message after the order was recorded: {(first_at - recorded[0]).total_seconds():.2f} s")
    print(f"next person asked after the configured time: {second_at.timestamp() - due_at:.2f} s")
