"""What the sample plant has around it: an ERP that is sent its events, calendars that people follow, a pump's data
sheet, and long work that was asked for.

By the functions that the API calls. The ERP is a real HTTP receiver in the demo's process, on loopback.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from psycopg import Connection

from api import long_work
from api.shapes.runs import AuditReportIn, BacktestIn, ImportIn, ScheduleIn, TriageIn, WhatIfIn
from db.events import receivers
from db.events.receivers import Receiver
from db.events.sealing import Sealer
from db.files import files
from db.files.files import Of, Owner
from db.people import calendar_feeds, technicians
from db.plant import plant
from db.runs import runs, uploads
from workorder_core.people.access import Role, Who
from workorder_core.tables.plant_tables import ASSETS

ERP, HOST = "ERP", "127.0.0.1"
WANTS = ("order.opened", "order.upgraded", "order.completed", "order.closed", "purchase.*", "round.finished")
PLANNER = Who("person:berg", frozenset({Role.PLANNER}))
ENGINEER = Who("person:iversen", frozenset({Role.RELIABILITY_ENGINEER}))
FOLLOWERS = ("demo", "berg")
"""Whose calendars have the planned downtime of the site."""
TRIED = timedelta(days=3)
NEW_PUMPS = """Tag;Description;Type;Criticality;Fed by
P-101;Supply pump 1;centrifugal_pump;critical;
P-109;Booster pump;centrifugal_pump;medium;P-101
P-110;Booster pump, reserve;centrifugal_pump;extreme;P-101
"""
"""A table of which one row has a mistake, so that nothing of it would be stored."""
DATA_SHEET = """P-101, supply pump 1
Centrifugal pump, single stage, end suction
Rated flow      210 m3/h at 42 m
Speed           2,950 rpm
Motor           45 kW
Shaft seal      mechanical seal 45 mm
Bearings        2 x 6312
Oil             ISO VG 68, 2.5 l
"""


class _Answers(BaseHTTPRequestHandler):
    """Accepts every message but the first, which finds the ERP as it starts."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        server = self.server
        assert isinstance(server, _Erp)
        self.send_response(204 if server.started.is_set() else 503)
        server.started.set()
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing: the demo's terminal is for the plant."""


class _Erp(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Answers)
        self.started = threading.Event()


@contextmanager
def erp(conn: Connection, sealer: Sealer, *, now: datetime) -> Iterator[None]:
    """Answer what the plant sends its ERP, until the block ends; the first time it is made a receiver.

    Its port stays. Where something else has it, nobody answers, and the outbox shows that.
    """
    known = _erp_of(conn)
    try:
        server = _Erp(0 if known is None else urlsplit(known.address).port or 0)
    except OSError:
        yield
        return
    if known is None:
        with conn.transaction():
            address = f"http://{HOST}:{server.server_port}/plantwright"
            receivers.add_webhook(
                conn, ERP, address, wants=WANTS, sites=None, sealer=sealer, actor="person:demo", at=now
            )  # fmt: skip
    served = threading.Thread(target=server.serve_forever, daemon=True)
    served.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _erp_of(conn: Connection) -> Receiver | None:
    return next((each for each in receivers.listed(conn) if each.name == ERP), None)


def settle(conn: Connection, *, site: str, now: datetime) -> None:
    """Give people calendars and a pump its data sheet, unless they have them. The caller commits."""
    place = plant.site_by_code(conn, site)
    for owner in FOLLOWERS:
        if not calendar_feeds.of_owner(conn, owner):
            calendar_feeds.add(conn, owner, {"site_id": place.id}, at=now)
    for each in technicians.listed(conn, place.id):
        if each.code == "petersen" and not calendar_feeds.of_owner(conn, each.code):
            calendar_feeds.add(conn, each.code, {"technician_id": each.id}, at=now)
    pump = Owner(Of.ASSET, plant.asset_by_key(conn, site, "P-101", now=now).id)
    if not files.of(conn, pump):
        files.add(conn, pump, "P-101 data sheet.txt", DATA_SHEET.encode(), actor=PLANNER.actor, at=now)


def ask(conn: Connection, *, site: str, anchor: datetime, now: datetime) -> int:
    """Ask for long work of each kind, unless some was asked for already; return how much. The caller commits.

    The demo's worker does it: a backtest of a pump's last days, a dry run of a table with a mistake, an audit report, a
    proposal for this week, what one more technician would be worth in the next, and triage learned from the orders.
    """
    if runs.page(conn, limit=1):
        return 0
    tried = BacktestIn(since=anchor - TRIED, assets=[f"{site}/P-101"], warm_up_days=4)
    long_work.ask_for_backtest(conn, ENGINEER, tried, at=now)
    sent = uploads.add(conn, site, "new pumps.csv", NEW_PUMPS.encode(), actor=PLANNER.actor, at=now)
    long_work.ask_for_import(conn, PLANNER, sent.id, ImportIn(table=ASSETS.name), at=now)
    long_work.ask_for_audit_report(conn, PLANNER, AuditReportIn(site=site), at=now)
    monday = now.date() - timedelta(days=now.weekday())
    long_work.ask_for_schedule(conn, PLANNER, ScheduleIn(site=site, from_date=monday, seconds=2), at=now)
    like = technicians.listed(conn, plant.site_by_code(conn, site).id)[0].code
    more = WhatIfIn(site=site, from_date=monday + timedelta(weeks=1), like=like, seconds=3)
    long_work.ask_for_what_if(conn, PLANNER, more, at=now)
    long_work.ask_for_triage(conn, PLANNER, TriageIn(site=site), at=now)
    return 6
