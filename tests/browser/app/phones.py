"""A phone of a technician: a real browser with a folder of its own, and the order that it is used for.

Any error of a script, and any console error while the server is there, fails a test.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from db.orders import work_orders
from db.people import assignments
from db.plant import plant
from tests import people
from tests.parts import chromium
from workorder_core.orders.job_plans import JobPlan, Part, PlanStep, StepKind
from workorder_core.people.access import Role, Who
from workorder_core.words import FailureMode, OrderType

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SHOTS = os.environ.get("PLANTWRIGHT_TEST_SHOTS")
PLANNER = Who("person:dahl", frozenset({Role.PLANNER}))
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "locale": "en-GB"}
PLAN = JobPlan(
    code="SEAL", title="Replace the seal",
    steps=(
        PlanStep(kind=StepKind.PERMIT, instruction="Hot work permit"),
        PlanStep(kind=StepKind.INSTRUCTION, instruction="Lock the pump out"),
        PlanStep(kind=StepKind.MEASUREMENT, instruction="Vibration after the work", unit="mm/s", high=2.8),
        PlanStep(kind=StepKind.PHOTO, instruction="Show the new seal"),
        PlanStep(kind=StepKind.SIGNATURE, instruction="The shift leader signs"),
    ),
    parts=(Part(part="seal 40 mm", quantity=1),),
)  # fmt: skip


class Phone:
    """A browser with a folder of its own, which can be closed and opened again like a phone."""

    def __init__(self, browser: "Browser", folder: Path, base: str, **facts: Any) -> None:
        self._browser, self._folder, self._base, self._facts = browser, folder, base, facts
        self.faults: list[str] = []
        self.offline = self.signed_out = False
        self.open()

    def open(self) -> None:
        self.context: BrowserContext = self._browser.browser_type.launch_persistent_context(
            self._folder, executable_path=chromium.provide(), args=chromium.ARGUMENTS, base_url=self._base,
            **PHONE | self._facts,
        )  # fmt: skip
        self.context.set_default_timeout(60_000)
        self.page: Page = self.context.pages[0]
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self._heard(said.type, said.text))

    def _heard(self, kind: str, text: str) -> None:
        # What cannot be reached or read is an error of the browser's own console, whatever the app does about it.
        expected = (self.offline and "net::ERR_" in text) or (self.signed_out and "status of 401" in text)
        if kind == "error" and not expected:
            self.faults.append(text)

    def close(self) -> None:
        self.context.close()

    def sign_in(self, name: str = "holm") -> None:
        self.page.goto("/login?next=/tech/")
        self.give_password(name)
        self.page.locator("#called").fill("Phone of Holm")
        self.page.get_by_role("button", name="Begin").click()
        self.page.locator("li.order").first.wait_for()

    def give_password(self, name: str) -> None:
        self.page.get_by_label("Name").fill(name)
        self.page.locator("input[name=password]").fill(people.PASSWORD)
        self.page.locator("main button.primary, form button.primary").first.click()

    def installed(self) -> None:
        """Wait until the service worker has everything, and begin anew under it."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        self.page.reload()
        self.page.locator("li.order").first.wait_for()
        assert self.page.evaluate("Boolean(navigator.serviceWorker.controller)")

    def sent(self, text: str) -> None:
        self.page.locator("#sent", has_text=text).wait_for()

    def shot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png")

    def fits(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def an_order(conn: psycopg.Connection, asset: int, title: str, now: datetime, to: str = "holm", **facts: Any) -> UUID:
    made = work_orders.create_by_hand(
        conn, asset=plant.asset(conn, asset, now=now), kind=OrderType.PREVENTIVE, title=title, component="seal",
        failure_mode=FailureMode.ELP, actor="person:dahl", at=now - timedelta(hours=1), **facts,
    )  # fmt: skip
    assignments.assign_to(conn, made.id, to, who=PLANNER, at=now, why="knows the machine")
    return made.id
