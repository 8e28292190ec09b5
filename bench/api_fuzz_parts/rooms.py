"""Something of every room in the plant that made-up requests are sent to, made as an administrator would."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from openpyxl import Workbook
from psycopg import Connection

from db.costs import costs
from db.documents import shadow
from db.events import deliveries, events
from db.people import calendar_feeds
from db.planning import generating
from db.plant import plant
from db.requests import quotes, requests, self_help
from db.requests.personal import Person
from db.requests.requests import Request
from db.runs import runs, uploads
from tests import people
from tests.api.access import two_sites
from tests.api.notifying import an_escalation
from tests.api.sync import offline
from workorder_core.people.access import Role, system
from workorder_core.requests.quotes import Line, LineKind
from workorder_core.tables.plant_tables import TABLES

_ACTOR = "person:mette"
_SHEET = "Tag;Name;Criticality;Level;Unit;Store;Quantity\nP-900;Wash pump;low;area;pcs;MAIN;3,5\nP 9;=1;odd;x;;;-1\n"
_RESULT = {
    **dict.fromkeys(("rows", "create", "change", "same", "wrong", "wrong_rows"), 0),
    **{name: [] for name in ("errors", "creates", "changes", "waiting", "doubts")},
    "form": "CSV",
    "header_row": 1,
    "columns": {},
    "applied": True,
}


def fill(app: FastAPI, key: str, conn: Connection) -> str:
    """Fill the rooms that the plant leaves empty, committing. Returns the address of a calendar that is followed."""
    asset = _one(conn, "SELECT min(id) FROM assets WHERE code = 'P-101'")
    query = b"SELECT id FROM work_orders ORDER BY origin = 'person' DESC, recorded_at LIMIT 2"
    order, other = (row[0] for row in conn.execute(query))
    conn.commit()
    with TestClient(app, base_url="http://localhost", headers={"X-API-Key": key}) as client:
        for what, status in two_sites.fill(client, asset, str(order), str(other)):
            assert status < 300, f"{what}: {status}"
        week = {"site": "NTH", "from_date": "2030-01-07"}
        begun = client.post("/api/v1/schedules", json=week, headers={"Idempotency-Key": "week"})
        assert begun.status_code == 201, begun.text
        hook = {"name": "erp", "url": "https://erp.example.com/in", "kinds": ["order.*"]}
        made = client.post("/api/v1/receivers", json=hook, headers={"Idempotency-Key": "hook"})
        receiver = made.json()["receiver"]["id"]
    at = datetime.now(UTC)
    an_escalation.begin(conn, order, at)
    offline.a_kept_remark(conn, order, at)
    machine = plant.asset(conn, asset, now=at)
    _asks(conn, requests.create(conn, machine, Person(what="It hums."), danger=False, language="en", at=at)[0], at)
    generating.generate(conn, now=at)
    events.number(conn)
    for each in events.newest_first(conn, limit=3):
        deliveries.add(conn, receiver, each.id, "*", at=at)
    upload = _upload_files(conn, at)
    for table in TABLES:
        asked = {"table": table, "why": "because"}
        runs.add(conn, "import", "Import", asked, site="NTH", upload_id=upload, actor=_ACTOR, at=at)
    calmer = {"default": {"name": "adwin", "estimator": "river.drift.ADWIN"}}
    shadow.begin(conn, "calmer", rulebook=None, models=calmer, actor=_ACTOR, why="calmer")
    run = runs.claim(conn, "a worker", timedelta(hours=1))
    assert run is not None
    runs.succeed(conn, run, _RESULT, [runs.MadeFile(name="errors.csv", media_type="text/csv", size=1, content=b"x")])
    site = _one(conn, "SELECT id FROM sites WHERE code = 'NTH'")
    _, address = calendar_feeds.add(conn, "mette", {"site_id": site}, at=at)
    conn.commit()
    return address


def _asks(conn: Connection, asked: Request, at: datetime) -> None:
    """Offer a quote for a request, write instructions, and have somebody ask for a swap of a turn on call."""
    costs.set_currency(conn, asked.site_id, "NTH", costs.currency_of(conn, asked.site_id) or "EUR")
    line = Line(kind=LineKind.LABOUR, text="Fitter", quantity=Decimal(2), unit="h", unit_price=Decimal(92))
    valid = at.date() + timedelta(days=9)
    quotes.offer(conn, asked.id, [line], valid_until=valid, words="", who=system("bench"), at=at)
    self_help.add(conn, asked.site_id, title="stands", steps="turn it", actor=_ACTOR, at=at)
    people.add_user(conn, "ola", Role.TECHNICIAN)
    conn.execute(
        "INSERT INTO on_call_swaps (rota_id, layer, asker, begins_at, ends_at, other, why, asked_at) "
        "SELECT min(id), 'first', 'ola', '2031-01-01', '2031-01-02', 'mette', '', %s FROM on_call_rotas",
        [at],
    )


def _upload_files(conn: Connection, at: datetime) -> UUID:
    """Store a text and a workbook of rows, one of which is right; return the text's id."""
    book, made = Workbook(), io.BytesIO()
    for row in _SHEET.splitlines():
        book.active.append(row.split(";"))
    book.save(made)
    uploads.add(conn, "NTH", "rows.xlsx", made.getvalue(), actor=_ACTOR, at=at)
    return uploads.add(conn, "NTH", "rows.csv", _SHEET.encode("cp1252"), actor=_ACTOR, at=at).id


def _one(conn: Connection, query: str) -> int:
    return int((conn.execute(query.encode()).fetchone() or (0,))[0])
