"""The pages of orders in every status of their life, in a real browser on a desk and a phone, for every role.

No page fails, nothing runs off the side, no button is refused to whom it is offered, and the console stays silent.
"""

import threading
import time
from collections.abc import Iterable, Iterator
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
from tests.api.pages.test_what_pages_offer import PEOPLE
from tests.walk import Walker
from workorder_core.words import Status

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
LISTS = ("/", "/my-work", "/my-requests")
SHORT = ("technician", "planner")


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


class Looker:
    """Somebody who is signed in, opens pages, and notes what was wrong and which buttons they were offered."""

    def __init__(self, browser: "Browser", base: str, name: str) -> None:
        self.name, self.faults, self.offered = name, list[str](), set[str]()
        self._folds = set[tuple[str, ...]]()
        self._base, self.page = base, browser.new_page(base_url=base)
        self.page.set_default_timeout(120_000)
        self.page.on("console", lambda said: self._note(said.text) if said.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("response", lambda got: self._note(f"{got.status} {got.url}") if got.status >= 400 else None)
        self.page.goto("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(people.PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.locator("main h1").first.wait_for()

    def look(self, path: str) -> None:
        """Open a page, unfold all of it, and see in every size that nothing runs off the side."""
        self.page.goto(path)
        self.page.locator("main h1").first.wait_for()
        folds = self.page.locator("main details.fold > summary")
        titles = tuple(folds.all_inner_texts())
        if titles in self._folds:
            folds.evaluate_all("found => found.forEach(each => { each.parentElement.open = true; })")
        else:
            for fold in folds.all():
                fold.click()
            self._folds.add(titles)
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            wide: int = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if wide > 0:
                self._note(f"{path} has to be scrolled sideways by {wide} px on a {size}")
        self.offered |= self._actions()

    def press(self) -> None:
        """Send every form that was offered, empty: it may be incomplete, and is never refused to them.

        Another's button may have changed an order meanwhile, so what is refused counts if it is offered still.
        """
        token = self.page.locator("form[method=post] input[name=csrf]").first.input_value()
        headers = {"Accept": "text/html", "Origin": self._base}
        for action in sorted(self.offered):
            answer = self.page.request.post(action, form={"csrf": token}, headers=headers, max_redirects=0)
            if answer.status >= 500 or (answer.status in (403, 404) and self._still_offers(action)):
                self._note(f"{answer.status} for the button {action}")

    def _still_offers(self, action: str) -> bool:
        self.page.goto(
            action[: action.index("/orders/") + len("/orders/") + 36] if "/orders/" in action else "/my-work"
        )
        return action in self._actions()

    def _actions(self) -> set[str]:
        forms = self.page.locator("main form[method=post]")
        return set(forms.evaluate_all("found => found.map(each => each.action)"))

    def _note(self, fault: str) -> None:
        self.faults.append(f"{self.name}: {fault}")


def faults(browser: "Browser", base: str, names: Iterable[str], orders: list[str]) -> list[str]:
    """Return what was wrong when each of some people opened every list and every order, then pressed the buttons."""
    lookers = list[Looker]()
    for name in names:
        looker = Looker(browser, base, name)
        for path in (*LISTS, *(f"/orders/{order}" for order in orders)):
            looker.look(path)
        assert looker.offered or name == "viewer"
        lookers.append(looker)
    for looker in lookers:
        looker.press()
        looker.page.close()
    return [fault for looker in lookers for fault in looker.faults]


@pytest.mark.slow
def test_orders_in_every_status_are_shown_without_a_fault(browser, address):
    base, walker = address
    orders = [walker.order(status) for status in Status]
    assert faults(browser, base, SHORT, orders) == []


@pytest.mark.slow
def test_every_role_sees_every_order_after_every_step_on_a_desk_and_a_phone(browser, address):
    base, walker = address
    orders = [walked.order for walked in walker.walk()]
    assert faults(browser, base, PEOPLE, orders) == []
