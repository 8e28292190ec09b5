"""Prints what happens to orders as it happens, in the machines' time."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from rich.console import Console

from db.orders import feed

STEPS_TOLD = {
    "open": "opened",
    "upgraded": "upgraded",
    "refined": "refined",
    "merged": "merged",
    "assign": "assigned",
    "cancel": "cancelled",
    "rework": "sent back",
}
_COLOURS = {1: "bold red", 2: "red", 3: "yellow", 4: "cyan"}


class Teller:
    """Prints what happens to orders as it happens."""

    def __init__(self, conn: psycopg.Connection, console: Console, zone: ZoneInfo) -> None:
        self._conn, self._console, self._zone = conn, console, zone
        self._from = datetime.now(UTC)
        self._printed: set[tuple[object, int]] = set()
        self._newest: dict[object, str] = {}
        self._looked = 0.0

    def tell(self) -> None:
        """Print what is new; checks twice a second at most."""
        if time.monotonic() - self._looked < 0.5:
            return
        self._looked = time.monotonic()
        for each in feed.since(self._conn, self._from - timedelta(seconds=10)):
            if (each.order_id, each.seq) in self._printed:
                continue
            self._printed.add((each.order_id, each.seq))
            self._from = max(self._from, each.at)
            self._newest[each.order_id] = each.status
            if each.step in STEPS_TOLD:
                self._print(each)

    def unassigned(self) -> bool:
        """Return whether an order is open that automatic assignment has not looked at."""
        return any(status == "open" for status in self._newest.values())

    def _print(self, each: feed.Happening) -> None:
        # An order is printed as it was opened, though it may have become worse since.
        opened = each.new if each.step == "open" else {}
        kind, priority = opened.get("type", each.type), int(opened.get("priority", each.priority))
        colour = _COLOURS[priority]
        # People and jobs act now, beside a past that is published faster than real time.
        at = each.at if each.actor.startswith("person:") else each.event_at
        when = " " * 12 if at is None else f"{at.astimezone(self._zone):%d %b %H:%M}"
        who = f" to {each.assignee}" if each.step == "assign" and each.assignee else ""
        what = f"{STEPS_TOLD[each.step]}{who}"
        self._console.print(
            f"{when}  [bold]{each.number}[/bold] {each.asset} {what}: [{colour}]{kind}, "
            f"P{priority}[/{colour}] {each.title}. {each.why}",
            highlight=False,
        )
