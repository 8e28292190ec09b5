"""Pages that hear of what others do, in a real browser: at once, by one stream for all tabs, and over a restart."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
import uvicorn
from psycopg_pool import ConnectionPool

from api.app import create
from db.orders import order_work
from runtime.processes import web
from runtime.settings import Settings
from tests import a_plant, people
from tests.a_plant import Seeded
from workorder_core.people.access import Role, system

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MINUTE = 60.0


class Board:
    """The board on one port, which can be stopped and started again."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool, self.port = pool, 0
        self.start()

    def start(self) -> None:
        self.app = create(self._pool, keys={}, pages_as="mette")
        self._server = uvicorn.Server(web.configured(self.app, Settings(port=self.port)))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        within(lambda: self._server.started)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self.app.state.hub.close()
        self._thread.join(MINUTE)

    @property
    def readers(self) -> int:
        return int(self.app.state.hub.readers)


def within(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + MINUTE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def seeded(database: str) -> Seeded:
    with psycopg.connect(database) as conn:
        people.add_user(conn, "mette", Role.ADMINISTRATOR)
        return a_plant.build(conn, now=datetime.now(UTC), days=0.5)


@pytest.fixture
def board(database: str, seeded: Seeded) -> Iterator[Board]:
    with ConnectionPool(database, min_size=1, max_size=4, open=True) as pool:
        board = Board(pool)
        yield board
        board.stop()


def say(database: str, order: UUID, text: str) -> None:
    with psycopg.connect(database) as conn:
        order_work.comment(conn, order, text, who=system("tests"), at=datetime.now(UTC))


@pytest.mark.parametrize(
    "shared",
    [
        pytest.param(True, id="shared worker"),
        pytest.param(False, id="without one, as on some phones", marks=pytest.mark.slow),
    ],
)
def test_what_somebody_does_is_on_every_tab_by_one_stream_and_over_a_restart(
    browser: "Browser", board: Board, database: str, seeded: Seeded, shared: bool
) -> None:
    order = seeded.orders["predictive"]
    context = browser.new_context(base_url=f"http://127.0.0.1:{board.port}")
    context.set_default_timeout(MINUTE * 1000)
    if not shared:
        context.add_init_script("delete window.SharedWorker")
    tabs = [context.new_page() for _ in range(8 if shared else 1)]
    asked: list[str] = []
    for tab in tabs:
        tab.goto(f"/orders/{order}")
        tab.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    within(lambda: board.readers == 1)
    say(database, order, "the seal weeps")
    for tab in tabs:
        tab.bring_to_front()
        tab.get_by_text("The seal weeps").first.wait_for()
    assert board.readers == 1, "a browser has six connections to a server"

    board.stop()
    tabs[0].bring_to_front()
    tabs[0].locator("#connection").wait_for(state="visible")
    say(database, order, "and now it sprays")
    board.start()
    tabs[0].get_by_text("And now it sprays").first.wait_for()
    tabs[0].locator("#connection").wait_for(state="hidden")
    within(lambda: board.readers == 1)
    assert asked == [], "no page was loaded anew"
    context.close()
    within(lambda: board.readers == 0)
