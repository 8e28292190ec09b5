"""Open pages that ask again are answered with what was rendered for another, while that is so and is theirs to see."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from psycopg_pool import ConnectionPool, PoolTimeout

from api.keys import form_token, unmasked
from db.orders import order_work, work_orders
from db.people import api_keys, sessions
from db.runs import runs
from tests import people
from tests.a_plant import Seeded
from tests.api.test_events import PLANNER, Served, within
from tests.parts.event_streams import reading
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Role, system

ASKS = {"Accept": "text/html", "X-Refresh": "live"}
BOARD = Path(__file__).parents[3] / "api" / "board"
SHARED = ["/", "/?site=NTH", "/alarms", "/assets", "/assets/{asset}", "/quarantine", "/engine", "/runs"]
"""Pages that show the same to whoever has the same roles and sites."""
TOKENS = re.compile(
    r'(name="(?:csrf|once)" value=")[^"]*|( data-(?:now|events)=")[^"]*|(<span data-(?:age|due)="[^"]*">)[^<]*'
)


@pytest.fixture
def served(pool: ConnectionPool, seeded: Seeded) -> Iterator[Served]:
    started = Served(pool)
    yield started
    started.stop()


@pytest.fixture
def open_(served: Served) -> Iterator[httpx.Client]:
    """A page of somebody, while the process follows the list of events."""
    with (
        reading(served.url, PLANNER, brief=True),
        httpx.Client(base_url=served.url, headers=ASKS, timeout=60) as client,
    ):
        yield client


@pytest.fixture
def keys(pool) -> list[dict[str, str]]:
    with pool.connection() as conn:
        return [{"X-API-Key": people.add_key(conn, f"k-{n}", Role.PLANNER)} for n in range(2)]


class NoDatabase:
    def connection(self, timeout: float) -> None:
        raise PoolTimeout("the database is away")


def answered_without_database(served: Served, open_: httpx.Client, path: str, who: dict[str, str]) -> bool:
    """Whether somebody who asks again is answered though no handler reaches the database."""
    pool = served.app.state.pool
    served.app.state.pool = NoDatabase()
    try:
        return open_.get(path, headers=who).status_code in (200, 304)
    finally:
        served.app.state.pool = pool


def test_one_rendering_serves_all_who_see_the_same_until_something_happens_that_it_shows(
    served,
    open_,
    keys,
    pool,
    seeded,
) -> None:
    one, other = keys
    first = open_.get("/", headers=one)
    assert "<header" not in first.text
    assert 'id="orders"' in first.text
    assert open_.get("/", headers=other).content == first.content
    for who in keys:
        within(partial(_is_answered_at_once_the_second_time, served, open_, who))
        assert open_.get("/", headers=who | {"If-None-Match": first.headers["etag"]}).status_code == 304

    order, now = seeded.orders["predictive"], datetime.now(UTC)
    before = served.app.state.hub.newest
    with pool.connection() as conn:
        order_work.comment(conn, order, "looked at it", who=system("tests"), at=now)
    within(lambda: served.app.state.hub.newest > before)
    assert answered_without_database(served, open_, "/", other), "no list of orders shows a comment"

    before = served.app.state.hub.newest
    with pool.connection() as conn:
        work_orders.change(conn, order, _retitled, actor="system:tests", at=now)
    within(lambda: served.app.state.hub.newest > before)
    assert not answered_without_database(served, open_, "/", other)
    assert "A title that was not there" in open_.get("/", headers=other).text
    assert "A title that was not there" in open_.get("/", headers=one).text


def _retitled(order: WorkOrder) -> WorkOrder:
    return replace(order, title="A title that was not there")


def test_what_was_rendered_for_somebody_is_given_to_nobody_who_sees_something_else(served, open_, pool, seeded) -> None:
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
        makers = {"all": (Role.PLANNER, None), "south": (Role.PLANNER, ["STH"]), "viewer": (Role.VIEWER, None)}
        shown = {
            name: {"X-API-Key": people.add_key(conn, name, role, sites=sites)} for name, (role, sites) in makers.items()
        }
    order = f"/orders/{seeded.orders['predictive']}"
    asset = f"/assets/{seeded.assets['P-103']}"
    for path in (asset, order):
        assert open_.get(path, headers=shown["all"]).status_code == 200
    assert 'method="post"' in open_.get(asset, headers=shown["all"]).text
    assert 'method="post"' not in open_.get(asset, headers=shown["viewer"]).text
    assert 'method="post"' in open_.get(order, headers=shown["all"]).text
    assert 'method="post"' not in open_.get(order, headers=shown["viewer"]).text
    for _ in range(2):
        assert open_.get(order, headers=shown["south"]).status_code == 404
        assert open_.get("/", headers={}).status_code == 303


def _is_answered_at_once_the_second_time(served: Served, open_: httpx.Client, who: dict[str, str]) -> bool:
    # That somebody has signed in is heard a moment later, and what was known before is asked for once more.
    assert open_.get("/", headers=who).status_code == 200
    return answered_without_database(served, open_, "/", who)


def test_who_may_no_longer_is_not_answered_with_what_they_saw(served, open_, keys, pool) -> None:
    now = datetime.now(UTC)
    with pool.connection() as conn:
        people.add_user(conn, "sofia", Role.PLANNER)
        assert sessions.begin(conn, "of sofia", "sofia", at=now, lasting=timedelta(days=1))
    cookie = {"Cookie": "plantwright=of sofia"}
    for who in (*keys, cookie):
        within(partial(_is_answered_at_once_the_second_time, served, open_, who))
    before = served.app.state.hub.changes
    with pool.connection() as conn:
        api_keys.revoke(conn, "k-0", actor="system:tests", at=now)
        sessions.end(conn, "of sofia")
    within(lambda: served.app.state.hub.changes > before)
    within(lambda: open_.get("/", headers=keys[0]).status_code == 303)
    within(lambda: open_.get("/", headers=cookie).status_code == 303)
    assert open_.get("/", headers=keys[1]).status_code == 200


def test_forms_of_a_shared_rendering_carry_the_tokens_of_who_has_them(served, open_, pool, seeded) -> None:
    now = datetime.now(UTC)
    with pool.connection() as conn:
        for name in ("deniz", "sofia"):
            people.add_user(conn, name, Role.PLANNER)
            assert sessions.begin(conn, f"of {name}", name, at=now, lasting=timedelta(days=1))
    seen = set[str]()
    for name in ("deniz", "sofia", "deniz", "sofia"):
        text = open_.get(f"/assets/{seeded.assets['P-103']}", headers={"Cookie": f"plantwright=of {name}"}).text
        assert {unmasked(each) for each in re.findall(r'name="csrf" value="([^"]+)"', text)} == {
            form_token(f"of {name}")
        }
        once = re.findall(r'name="once" value="([^"]+)"', text)
        assert seen.isdisjoint(once)
        seen.update(once)


def test_who_reads_another_language_is_given_their_own(served, open_, keys) -> None:
    one, other = keys
    assert 'lang="en"' in open_.get("/", headers=one).text
    for _ in range(2):
        assert 'lang="de"' in open_.get("/", headers=other | {"Accept-Language": "de"}).text
        assert 'lang="de"' in open_.get("/", headers=one | {"Accept-Language": "de"}).text
        assert 'lang="en"' in open_.get("/", headers=other | {"Accept-Language": "en"}).text


def test_shared_pages_show_everybody_of_the_same_roles_the_same(served, open_, pool, seeded) -> None:
    now = datetime.now(UTC)
    with pool.connection() as conn:
        technician = conn.execute("SELECT code FROM technicians ORDER BY id LIMIT 1").fetchone()[0]
        for name, code in (("deniz", technician), ("sofia", None)):
            people.add_user(conn, name, Role.TECHNICIAN, Role.PLANNER, technician=code)
            assert sessions.begin(conn, f"of {name}", name, at=now, lasting=timedelta(days=1))
    kept = served.app.state.refreshes
    for path in (each.format(asset=seeded.assets["P-103"]) for each in SHARED):
        texts = []
        for name in ("deniz", "sofia"):
            kept._kept.clear()
            texts.append(TOKENS.sub("", open_.get(path, headers={"Cookie": f"plantwright=of {name}"}).text))
        assert texts[0] == texts[1], path


def test_what_becomes_of_long_work_is_an_event_of_its_site(served, pool) -> None:
    now = datetime.now(UTC)
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
        south = {"X-API-Key": people.add_key(conn, "south", Role.VIEWER, sites=["STH"])}
    with reading(served.url, PLANNER, of="run") as all_, reading(served.url, south) as of_south:
        with pool.connection() as conn:
            north = runs.add(conn, "import", "Import of assets", {}, site="NTH", actor="person:ada", at=now)
            later = now + timedelta(milliseconds=1)
            other = runs.add(conn, "import", "Import of places", {}, site="STH", actor="person:ada", at=later)
        with pool.connection() as conn:
            begun = runs.claim(conn, "w", timedelta(minutes=1))
            assert begun is not None
            runs.report(conn, begun, 0.5, "reading")
        with pool.connection() as conn:
            runs.cancel(conn, other.id, actor="person:ada", at=now)
        found = all_.until(lambda _, each: each.get("kind") == "run.cancelled")
        assert [(each["kind"], each["site"]) for each in found] == [
            ("run.queued", "NTH"), ("run.queued", "STH"), ("run.started", "NTH"), ("run.cancelled", "STH"),
        ]  # fmt: skip
        assert f"run:{north.id}" in found[2]["altered"]
        assert {each["site"] for each in of_south.until(lambda _, each: each.get("kind") == "run.cancelled")} == {"STH"}


def test_every_page_that_is_shared_is_tried_above() -> None:
    sources = [each.read_text(encoding="utf-8") for each in BOARD.rglob("*.py")]
    shared = [found for each in sources for found in re.findall(r"shared=(?:True|not )", each)]
    assert len(shared) == len(SHARED) - 1, "one is tried with two queries"
