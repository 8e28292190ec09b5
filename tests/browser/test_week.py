"""The week in a real browser: sixty orders planned, somebody ill, planned anew, accepted, published, on a phone."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
import uvicorn
from psycopg_pool import ConnectionPool

from api.app import create
from db.orders import work_orders
from db.plant import plant as plants
from db.runs import runs
from db.scheduling import by_hand, schedules, weeks
from runtime.cli.plant_file import load_plant
from runtime.runs import child
from runtime.runs import schedules as planning_runs
from runtime.runs.work import Work
from tests import a_plant, people
from workorder_core.people.access import Role
from workorder_core.scheduling.checking import able
from workorder_core.scheduling.problem import Job, Problem
from workorder_core.scheduling.weeks import week_of
from workorder_core.words import FailureMode, OrderType

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
SHOTS = os.environ.get("PLANTWRIGHT_TEST_SHOTS")
KINDS = (("bearing", FailureMode.VIB), ("motor", FailureMode.FTS), ("sensor", FailureMode.AIR))
ABSENT = """INSERT INTO absences (technician_id, site_id, starts_at, ends_at, recorded_at, recorded_by)
            SELECT id, site_id, %s, %s, now(), 'person:berg' FROM technicians WHERE code = 'nowak'"""
NOW = datetime.now(UTC)
NEXT = week_of(NOW.date()) + timedelta(days=7)


@pytest.fixture
def week(database: str) -> Iterator[tuple[str, str]]:
    """A plant with sixty waiting orders: the address of its pages, and of its database."""
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        pump = plants.asset_by_key(conn, "NTH", "P-101", now=NOW)
        for number in range(60):
            component, mode = KINDS[number % 3]
            work_orders.create_by_hand(
                conn, asset=pump, kind=OrderType.INSPECTION, title=f"Look at the {component}, number {number}",
                component=component, failure_mode=mode, actor="person:berg", at=NOW,
                estimated_hours=1.0 + number % 4 * 0.5,
            )  # fmt: skip
        people.add_user(conn, "berg", Role.PLANNER)
        people.add_user(conn, "nowak", Role.TECHNICIAN, technician="nowak")
    with ConnectionPool(database, min_size=1, max_size=4, open=True) as pool:
        server = uvicorn.Server(uvicorn.Config(create(pool, keys={}), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", database
        server.should_exit = True
        thread.join(60)


def signed_in(browser: "Browser", base: str, name: str, faults: list[str], width: int, height: int) -> "Page":
    page = browser.new_page(base_url=base, viewport={"width": width, "height": height})
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(people.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("main h1").first.wait_for()
    return page


def work(database: str) -> None:
    """Execute the queued runs, as the worker's process does."""
    with psycopg.connect(database, autocommit=True) as side:
        while run := runs.claim(side, "test", timedelta(minutes=10)):
            with psycopg.connect(database) as conn:
                child._execute(Work(conn=conn, side=side, run=run, database=database), planning_runs.execute)
            assert runs.get(side, run.id).problem is None


def shot(page: "Page", name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def fits(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_week_is_planned_changed_and_published(browser: "Browser", week: tuple[str, str]) -> None:
    base, database = week
    faults: list[str] = []
    page = signed_in(browser, base, "berg", faults, 1280, 900)
    page.goto(f"/week?week={NEXT}")
    shot(page, "week-1-empty")
    page.get_by_role("button", name="Plan this week").click()
    page.get_by_text("is being planned").wait_for()
    work(database)
    page.goto(f"/week?week={NEXT}")
    page.get_by_role("button", name="Accept all").wait_for()
    shot(page, "week-2-proposal")
    assert fits(page)
    assert page.locator(".grid .block").count() >= 50
    page.get_by_role("button", name="Accept all").click()
    page.get_by_role("button", name="Publish to the people").click()
    page.get_by_role("button", name="Change…").wait_for()
    with psycopg.connect(database) as conn:
        site = plants.site_by_code(conn, "NTH")
        current = schedules.of_week(conn, site.id, NEXT)
        before = schedules.visits_of(conn, schedules.working(current))
        assert any("nowak" in each.people for each in before)
    ill(database)
    page.goto(f"/week?week={NEXT}")
    page.get_by_text("does not work").first.wait_for()
    shot(page, "week-3-ill")
    page.get_by_role("button", name="Plan anew").click()
    page.get_by_text("is being planned").wait_for()
    work(database)
    page.goto(f"/week?week={NEXT}")
    page.get_by_role("button", name="Accept all").wait_for()
    shot(page, "week-4-anew")
    page.get_by_role("button", name="Accept all").click()
    drag_one(page)
    page.get_by_role("button", name="Publish to the people").click()
    page.get_by_role("button", name="Change…").wait_for()
    shot(page, "week-5-published")
    page.goto(f"/week?day={NEXT}")
    page.locator(".one-day .block").first.wait_for()
    shot(page, "week-6-day")
    on_the_phone(browser, base, faults)
    assert faults == []


def test_two_planners_on_one_board_see_each_other_and_lose_nothing(browser: "Browser", week: tuple[str, str]) -> None:
    base, database = week
    faults: list[str] = []
    one, other = planned_by_hand(database)
    with psycopg.connect(database) as conn:
        people.add_user(conn, "dahl", Role.PLANNER)
    berg = signed_in(browser, base, "berg", faults, 1280, 900)
    dahl = signed_in(browser, base, "dahl", faults, 1280, 900)
    for page in (berg, dahl):
        page.goto(f"/week?week={NEXT}&show=accepted")
        page.locator(".grid .block").nth(1).wait_for()
    # Dahl looks at one order while Berg moves another: Dahl's board follows by itself.
    dahl_moves = signed_in(browser, base, "dahl", faults, 1280, 900)
    dahl_moves.goto(form_of(dahl, other))
    moved_to(berg, form_of(berg, one), NEXT + timedelta(days=3))
    dahl.locator(f'.cell[data-day="{NEXT + timedelta(days=3)}"] .block.pinned').wait_for()
    shot(dahl, "week-two-1-seen")
    # What Dahl was about to send was for an older version: it is refused with a sentence, and sent again it is stored.
    dahl_moves.locator("select[name=day]").select_option(f"{NEXT + timedelta(days=4)}")
    dahl_moves.locator("input[name=time]").fill("")
    dahl_moves.get_by_role("button", name="Move").click()
    dahl_moves.get_by_text("somebody has changed this schedule meanwhile").first.wait_for()
    shot(dahl_moves, "week-two-2-refused")
    assert dahl_moves.locator("select[name=day]").input_value() == f"{NEXT + timedelta(days=4)}"
    dahl_moves.get_by_role("button", name="Move").click()
    berg.locator(f'.cell[data-day="{NEXT + timedelta(days=4)}"] .block.pinned').wait_for()
    shot(berg, "week-two-3-both")
    with psycopg.connect(database) as conn:
        (schedule,) = schedules.page(conn, from_date=NEXT)
        visits = {each.order: each for each in schedules.visits_of(conn, schedule)}
    assert (visits[one].pinned_by, visits[other].pinned_by) == ("person:berg", "person:dahl")
    assert [(visits[each].starts_at.date() - NEXT).days for each in (one, other)] == [3, 4]
    assert faults == []
    for page in (berg, dahl, dahl_moves):
        page.close()


def planned_by_hand(database: str) -> list[UUID]:
    """Put the first two orders into next week's plan, on its Monday, and return them."""
    with psycopg.connect(database) as conn:
        site = plants.site_by_code(conn, "NTH")
        plan = schedules.begin_empty(conn, site.id, NEXT, actor="person:berg", at=NOW)
        facts = weeks.of_schedule(conn, plan, now=NOW)
        jobs = [job for job in facts.problem.jobs if able_one(facts.problem, job)][:2]
        for job in jobs:
            person = able_one(facts.problem, job)
            order = UUID(job.order)
            at = by_hand.when(conn, plan, weeks.of_schedule(conn, plan, now=NOW), order, 1, [person], NEXT)
            plan = weeks.move(conn, plan.id, order, people=[person], starts_at=at, actor="person:berg", at=NOW)
            plan = weeks.pin(conn, plan.id, order, pinned=False, actor="person:berg", at=NOW)
        return [UUID(job.order) for job in jobs]


def able_one(problem: Problem, job: Job) -> str:
    """Return somebody who may do a job and works; empty where nobody does."""
    return next((each.code for each in problem.people if each.workdays and able(job, each) is None), "")


def form_of(page: "Page", order: UUID) -> str:
    """Return the address of the form by which an order is moved."""
    return str(page.locator(f'a[href*="/orders/{order}?part=1"]').first.get_attribute("href"))


def moved_to(page: "Page", address: str, day: date) -> None:
    """Move an order to another day by its form."""
    page.goto(address)
    page.locator("select[name=day]").select_option(f"{day}")
    page.locator("input[name=time]").fill("")
    page.get_by_role("button", name="Move").click()
    page.locator(".block.pinned").first.wait_for()


def ill(database: str) -> None:
    """Note that one technician is away on the first two days."""
    begin = datetime(NEXT.year, NEXT.month, NEXT.day, tzinfo=UTC)
    with psycopg.connect(database) as conn:
        conn.execute(ABSENT, [begin - timedelta(hours=2), begin + timedelta(days=2)])


def drag_one(page: "Page") -> None:
    """Drag the first block that may be moved to another day of its person: it is pinned there, or refused in words."""
    page.locator(".board[data-editable]").wait_for()
    block = page.locator(".grid .block[draggable]").first
    person = block.get_attribute("data-from")
    block.drag_to(page.locator(f'.cell[data-person="{person}"][data-day="{NEXT + timedelta(days=4)}"]'))
    page.locator(".block.pinned, .problem").first.wait_for()
    shot(page, "week-4b-dragged")
    if not page.locator(".board").count():
        page.goto(f"/week?week={NEXT}")


def on_the_phone(browser: "Browser", base: str, faults: list[str]) -> None:
    """The technician sees the new day on the phone, without what was moved away."""
    phone = signed_in(browser, base, "nowak", faults, 390, 844)
    phone.goto(f"/week?day={NEXT + timedelta(days=2)}")
    phone.locator(".one-day .block").first.wait_for()
    shot(phone, "week-7-phone")
    assert fits(phone)
    phone.goto("/my-work")
    phone.locator("main h1").first.wait_for()
    shot(phone, "week-8-my-work")
    assert fits(phone)
    assert phone.locator("#my-day li").count() >= 1
