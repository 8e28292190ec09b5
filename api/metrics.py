"""Metrics for Prometheus: requests as they are answered, orders and the engine's position at each scrape."""

import time
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from psycopg import Connection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.engine_numbers import EngineNumbers
from db.events import deliveries
from db.inspections import audits, results, rounds
from db.inventory import counting, levels
from db.orders import work_orders
from db.planning import outlook
from db.runs import runs
from db.telemetry import judge, quarantine, telemetry
from workorder_core.orders import lifecycle


class Metrics:
    """The metrics of one application. Labels are few: routes by their template, never by an id."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "plantwright_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "plantwright_http_request_seconds", "Time to the end of the response.", ["route"], registry=self._registry
        )
        self._orders = Gauge(
            "plantwright_work_orders", "Work orders.", ["type", "status", "priority"], registry=self._registry
        )
        self._escalated = Gauge(
            "plantwright_work_orders_escalated",
            "Unfinished work orders with a missed target.",
            registry=self._registry,
        )
        self._refused = Gauge(
            "plantwright_quarantine_kept", "Kinds of message in quarantine.", ["reason"], registry=self._registry
        )
        self._runs = Gauge(
            "plantwright_runs", "Runs, of those that are kept.", ["kind", "state"], registry=self._registry
        )
        self._count_planned_work()
        self._next_arrival = Gauge(
            "plantwright_next_arrival", "The next free sequence number of inputs.", registry=self._registry
        )
        self._age = Gauge(
            "plantwright_newest_readings_age_seconds",
            "Time since the newest readings arrived; NaN without readings.",
            registry=self._registry,
        )
        self.streams = Gauge("plantwright_event_streams", "Streams of events that are open.", registry=self._registry)
        self._pending = Gauge(
            "plantwright_outbox_pending", "Messages that wait for active receivers.", registry=self._registry
        )
        self._oldest = Gauge(
            "plantwright_outbox_oldest_seconds",
            "How long the oldest message for an active receiver has waited, or an event for its receivers.",
            registry=self._registry,
        )
        self._attempts = Gauge(
            "plantwright_outbox_attempts_of_a_day",
            "Attempts to deliver within a day, by how they ended.",
            ["outcome"],
            registry=self._registry,
        )
        self._count_stock()
        self._engine = EngineNumbers()
        self._registry.register(self._engine)
        about = Gauge("plantwright_build_info", "The version that runs.", ["version"], registry=self._registry)
        about.labels(version).set(1)

    def _count_stock(self) -> None:
        self._stock = Gauge(
            "plantwright_stock", "Items, orders and tools of the stores that ask for somebody.", ["what"],
            registry=self._registry,
        )  # fmt: skip
        self._movements = Gauge(
            "plantwright_stock_movements", "Rows of the ledger of stock.", ["kind"], registry=self._registry
        )
        self._worth = Gauge(
            "plantwright_stock_value", "What is on hand costs, as far as prices are known.", ["site", "currency"],
            registry=self._registry,
        )  # fmt: skip

    def _count_planned_work(self) -> None:
        self._count_inspections()
        self._count_plans()

    def _count_inspections(self) -> None:
        self._rounds = Gauge("plantwright_rounds", "Inspection rounds.", ["status"], registry=self._registry)
        self._walked = Gauge(
            "plantwright_rounds_so_far", "Inspection rounds that were begun, finished, missed so far.", ["what"],
            registry=self._registry,
        )  # fmt: skip
        self._points = Gauge(
            "plantwright_failed_points",
            "Failed points of rounds: of which the order is not finished, and all that were ever answered so.",
            ["which"],
            registry=self._registry,
        )
        self._findings = Gauge(
            "plantwright_audit_findings_overdue",
            "Findings of audits that should have been answered by now.",
            registry=self._registry,
        )

    def _count_plans(self) -> None:
        self._plans = Gauge("plantwright_maintenance_plans", "Maintenance plans.", ["state"], registry=self._registry)
        self._planned = Gauge(
            "plantwright_maintenance_orders",
            "Orders of maintenance plans that are not done: all, and those that were not begun in their window.",
            ["which"],
            registry=self._registry,
        )
        self._occurrences = Gauge(
            "plantwright_maintenance_occurrences_of_30_days",
            "Occurrences of maintenance plans that were due in the last 30 days, by what became of them.",
            ["status"],
            registry=self._registry,
        )
        self._behind = Gauge(
            "plantwright_maintenance_behind",
            "Assets and locations whose plans should have been looked at and were not.",
            registry=self._registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, conn: Connection, *, now: datetime) -> bytes:
        """Return all metrics in the text format, with the present ones of the database."""
        self._orders.clear()
        escalated = 0
        for tally in work_orders.tally(conn):
            self._orders.labels(tally.type, tally.status, tally.priority.name.lower()).set(tally.orders)
            escalated += tally.escalated if tally.status not in lifecycle.FINAL else 0
        self._escalated.set(escalated)
        self._refused.clear()
        for reason, kept in quarantine.count_by_reason(conn).items():
            self._refused.labels(reason).set(kept)
        self._runs.clear()
        for (kind, state), count in runs.counts(conn).items():
            self._runs.labels(kind, state).set(count)
        self._next_arrival.set(judge.holder_now(conn)[2])
        newest = telemetry.newest_received(conn)
        self._age.set(float("nan") if newest is None else (now - newest).total_seconds())
        self._look_at_outbox(conn)
        self._look_at_stock(conn, now)
        self._look_at_inspections(conn, now)
        self._look_at_plans(conn, now)
        self._engine.look(conn)
        return generate_latest(self._registry)

    def _look_at_stock(self, conn: Connection, now: datetime) -> None:
        found = levels.counts(conn, now=now)
        for what, count in (
            ("below_reorder_point", found.low), ("shortages", found.short), ("open_purchase_requests", found.requests),
            ("reservations", found.reservations), ("expired_lots", found.expired), ("tool_bookings", found.booked),
            ("lent_tools", found.lent), ("overdue_tools", found.overdue), ("orders_waiting_for_parts", found.waiting),
        ):  # fmt: skip
            self._stock.labels(what).set(count)
        for kind, movements in levels.moved(conn).items():
            self._movements.labels(kind).set(movements)
        for each in counting.worth(conn, within=None):
            self._worth.labels(each.site, each.currency).set(float(each.worth))

    def _look_at_inspections(self, conn: Connection, now: datetime) -> None:
        for status, count in rounds.tally(conn).items():
            self._rounds.labels(status.value).set(count)
        so_far = results.totals(conn)
        for what in ("begun", "finished", "missed"):
            self._walked.labels(what).set(getattr(so_far, what))
        open_, ever = rounds.failed_tally(conn)
        self._points.labels("open").set(open_)
        self._points.labels("ever").set(ever)
        self._findings.set(audits.overdue(conn, now=now))

    def _look_at_plans(self, conn: Connection, now: datetime) -> None:
        counts = outlook.counts(conn, now=now)
        self._plans.labels("in_force").set(counts.in_force)
        self._plans.labels("paused").set(counts.paused)
        self._planned.labels("unfinished").set(counts.due)
        self._planned.labels("late").set(counts.late)
        for status, count in outlook.became(conn, now=now).items():
            self._occurrences.labels(status.value).set(count)
        self._behind.set(outlook.behind(conn, now=now).objects)

    def _look_at_outbox(self, conn: Connection) -> None:
        waits = deliveries.backlog(conn)
        self._pending.set(waits.pending)
        self._oldest.set(max(waits.oldest_s, waits.undecided_s))
        self._attempts.clear()
        for fault, count in deliveries.outcomes(conn, back=timedelta(days=1)).items():
            self._attempts.labels(fault or "delivered").set(count)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods counted by name: a counter for each made-up one would stay in memory for the life of the process."""


class Counted:
    """Counts every request of an application."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self.metrics.count(method, route, status, time.perf_counter() - began)
