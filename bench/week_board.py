"""The week board of 300 orders in Chromium, and the seconds from what upsets a plan to its proposal. One JSON line.

Measured are the answer of the server, the first paint and the end of loading of a week and of a day, the frames while
an order is dragged over the board, and the time from reaching a cell to the sentence that says whether it fits there.
Then an absence and missing parts are noted in the published week, and an emergency in the week under way, and the clock
runs until the proposal that names it is there: with the pause for what else comes in, the queue, a worker with a
process for each run, and a second of search.

./run bench week_board [--orders 300] [--people 20]
"""

import argparse
import contextlib
import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import uvicorn
from playwright.sync_api import Page, sync_playwright
from psycopg_pool import ConnectionPool

from api.app import create
from db import schema
from db.orders import work_orders
from db.people import technicians
from db.plant import plant
from db.scheduling import publishing, schedules, weeks
from db.scheduling.schedules import Draft
from runtime.cli.plant_file import load_plant
from runtime.embedded import postgres
from runtime.processes import nightly
from runtime.runs.worker import Limits, Worker
from runtime.scheduling import planning
from runtime.scheduling.planning import Effort
from tests import a_plant, people
from tests.parts import chromium
from workorder_core.people.access import Role, Who
from workorder_core.scheduling.weeks import State, planned_of, week_of
from workorder_core.words import FailureMode, OrderType

BERG = Who("person:berg", frozenset({Role.PLANNER}))
KINDS = (("bearing", FailureMode.VIB), ("motor", FailureMode.FTS), ("sensor", FailureMode.AIR))
EVERY_S = 0.5
"""How often the jobs look for disruptions, as usual."""
LONGEST_S = 120.0
FRAMES = """() => {
  window.frames_ms = []; window.counting = true;
  let last = performance.now();
  const next = (now) => {
    window.frames_ms.push(now - last);
    last = now;
    if (window.counting) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""
EVENTS: Mapping[str, LiteralString] = {
    "absence": """INSERT INTO absences (technician_id, site_id, starts_at, ends_at, recorded_at, recorded_by)
        SELECT t.id, t.site_id, v.starts_at, v.starts_at + interval '2 days', now(), 'person:bench'
        FROM schedules c JOIN schedule_visits v ON v.schedule_id = c.id JOIN visit_people p ON p.visit_id = v.id
        JOIN technicians t ON t.id = p.technician_id
        WHERE c.state = 'published' ORDER BY v.starts_at LIMIT 1""",
    "parts": """UPDATE work_orders SET hold_reason = 'parts', status = 'on_hold' WHERE id = (
        SELECT w.id FROM schedules c JOIN schedule_visits v ON v.schedule_id = c.id
        JOIN work_orders w ON w.id = v.order_id
        WHERE c.state = 'published' AND w.status = 'scheduled' ORDER BY v.starts_at DESC LIMIT 1)""",
    "emergency": """INSERT INTO schedule_disruptions (site_id, kind, order_id, starts_at)
        SELECT site_id, 'emergency', id, clock_timestamp() FROM work_orders WHERE title = 'Look at the leak'""",
}
"""What happens, by what it is, as the operations and their triggers write it."""


def fill(conn: psycopg.Connection, orders: int, staff: int, now: datetime) -> None:
    """Make people and orders, publish next week, and begin a plan of this one."""
    load_plant(conn, a_plant.SAMPLE)
    site = plant.site_by_code(conn, "NTH")
    there = technicians.listed(conn, site.id)
    for number in range(staff - len(there)):
        like = there[number % len(there)]
        technicians.create(conn, replace(like, code=f"{like.code}-{number}", name=f"{like.name} {number}"))
    conn.execute("UPDATE technicians SET weekdays = '{1,2,3,4,5,6,7}'")
    assets = itertools.cycle(plant.assets(conn, now=now, site="NTH"))
    for number in range(orders):
        component, mode = KINDS[number % 3]
        work_orders.create_by_hand(
            conn, asset=next(assets), kind=OrderType.INSPECTION, title=f"Look at the {component}, number {number}",
            component=component, failure_mode=mode, actor=BERG.actor, at=now, estimated_hours=1.0 + number % 4 * 0.5,
        )  # fmt: skip
    people.add_user(conn, "berg", Role.PLANNER)
    monday = week_of(now.date()) + timedelta(days=7)
    week = weeks.read(conn, "NTH", monday, now=now)
    found = planning.plan(week.problem, seed=1, effort=Effort(seconds=3))
    draft = Draft(
        site_id=site.id,
        from_date=monday,
        visits=[planned_of(week.problem, each) for each in found.plan.visits],
        read_at=now,
        based_on=None,
        costs=weeks.costs_of(week.problem, found.plan),
        reasons=dict.fromkeys(found.unscheduled, "It has not been explained."),
    )
    plan = weeks.accept(conn, schedules.propose(conn, draft, actor=BERG.actor, at=now).id, actor=BERG.actor, at=now)
    publishing.publish(conn, plan.id, who=BERG, at=now)
    schedules.begin_empty(conn, site.id, monday, actor=BERG.actor, at=now)
    schedules.begin_empty(conn, site.id, now.date(), actor=BERG.actor, at=now)
    work_orders.create_by_hand(
        conn, asset=next(assets), kind=OrderType.INSPECTION, title="Look at the leak", component="bearing",
        failure_mode=FailureMode.VIB, actor=BERG.actor, at=now, estimated_hours=1.0,
    )  # fmt: skip
    conn.commit()


@contextlib.contextmanager
def served(url: str) -> Iterator[str]:
    """Serve the pages, and yield their address."""
    with ConnectionPool(url, min_size=1, max_size=4, open=True) as pool:
        server = uvicorn.Server(uvicorn.Config(create(pool, keys={}), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(60)


def opened(page: Page, path: str) -> dict[str, float]:
    """Return what opening a page costs, in milliseconds and kilobytes; medians of five."""
    seen: dict[str, list[float]] = {"server": [], "first_paint": [], "loaded": [], "kB": []}
    for _ in range(5):
        page.goto(path)
        page.locator(".grid .block").first.wait_for()
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        found = page.evaluate(
            """() => { const n = performance.getEntriesByType('navigation')[0];
            return {server: n.responseEnd - n.requestStart, loaded: n.loadEventEnd, kB: n.decodedBodySize / 1000,
                    first_paint: performance.getEntriesByName('first-contentful-paint')[0].startTime}; }"""
        )
        for name, value in found.items():
            seen[name].append(value)
    return {name: round(statistics.median(values), 1) for name, values in seen.items()}


def dragged(page: Page) -> dict[str, float]:
    """Return the frames while an order is dragged over the board, in milliseconds, and when the sentence came."""
    block = page.locator(".grid .block[draggable]").first
    block.scroll_into_view_if_needed()
    box = block.bounding_box()
    assert box is not None
    page.evaluate(FRAMES)
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.down()
    for step in range(120):
        page.mouse.move(box["x"] + 20 + 4 * (step % 100), box["y"] + 8 + 2 * (step % 60))
    cells = page.locator(".cell[data-person]:not(.gone)")
    over = cells.nth(cells.count() - 1).bounding_box() or box
    began = time.perf_counter()
    page.mouse.move(over["x"] + 10, min(over["y"] + 10, 880))
    page.mouse.move(over["x"] + 12, min(over["y"] + 12, 882))
    page.locator("#said p").wait_for(state="attached")
    said = time.perf_counter() - began
    frames = page.evaluate("() => { window.counting = false; return window.frames_ms; }")
    page.keyboard.press("Escape")
    page.mouse.up()
    ordered = sorted(frames)
    return {
        "frames": len(frames),
        "median": round(statistics.median(frames), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "longest": round(ordered[-1], 1),
        "sentence_ms": round(1000 * said),
    }


def in_the_browser(address: str, monday: date) -> dict[str, Any]:
    """Return what a planner's browser sees of a week."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.provide(), args=chromium.ARGUMENTS)
        page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto("/login")
        page.get_by_label("Name").fill("berg")
        page.get_by_label("Password").fill(people.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.locator("main h1").first.wait_for()
        week = opened(page, f"/week?week={monday}&show=accepted")
        drag = dragged(page)
        day = opened(page, f"/week?day={monday}&show=accepted")
        browser.close()
    return {"week_ms": week, "day_ms": day, "drag_ms": drag}


def until_proposed(url: str) -> dict[str, float]:
    """Return the seconds from each event to the proposal that names it."""
    stop = threading.Event()
    worker = Worker(url, Limits(), dict(os.environ))
    threads = [threading.Thread(target=worker.work, args=(stop,)), threading.Thread(target=_jobs, args=(url, stop))]
    for each in threads:
        each.start()
    found = {}
    try:
        with psycopg.connect(url, autocommit=True) as conn:
            for kind, statement in EVENTS.items():
                seen = _newest(conn)
                began = time.perf_counter()
                assert conn.execute(statement).rowcount == 1, kind
                while _newest(conn) == seen and time.perf_counter() - began < LONGEST_S:
                    time.sleep(0.02)
                found[kind] = round(time.perf_counter() - began, 2)
    finally:
        stop.set()
        for each in threads:
            each.join(60)
    return found


def _jobs(url: str, stop: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        while not stop.wait(EVERY_S):
            nightly.plan_anew(conn)


def _newest(conn: psycopg.Connection) -> int | None:
    """Return the newest schedule that a disruption has led to, whether it was needed or not."""
    row = conn.execute("SELECT max(id) FROM schedules WHERE causes <> '{}' AND state <> 'accepted'").fetchone()
    return None if row is None else row[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--people", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plantwright-bench-") as folder:
        Path(folder).chmod(0o755)
        server = postgres.start(Path(folder) / "postgres")
        try:
            schema.migrate(server.url)
            with psycopg.connect(server.url) as conn:
                fill(conn, asked.orders, asked.people, datetime.now(UTC))
                site = plant.site_by_code(conn, "NTH")
                monday = week_of(datetime.now(UTC).date()) + timedelta(days=7)
                current = schedules.of_week(conn, site.id, monday)
                visits = len(schedules.visits_of(conn, current.get(State.PUBLISHED)))
            with served(server.url) as address:
                found = in_the_browser(address, monday)
            found |= {"orders": asked.orders, "people": asked.people, "visits": visits}
            found["seconds_until_proposed"] = until_proposed(server.url)
        finally:
            server.stop()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
