"""What the forms of `test_every_form` are about: orders, alarms, rounds, stock, runs, in the states that they need."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from db.documents import documents, shadow
from db.documents.documents import Kind
from db.events import deliveries, events, receivers
from db.events.sealing import Sealer
from db.orders import job_plans, work_orders
from db.plant import devices, plant
from db.requests import requests
from db.requests.personal import Person
from db.runs import runs, uploads
from db.scheduling import schedules, weeks
from db.scheduling.schedules import Draft
from db.telemetry import quarantine
from tests import a_plant, people
from tests.a_plant import Seeded
from tests.api.conftest import KEY
from tests.api.notifying import an_escalation
from tests.api.sync import offline
from tests.parts import databases
from tests.parts.databases import Filled
from workorder_core.orders.job_plans import JobPlan, PlanStep, StepKind
from workorder_core.people.access import Role
from workorder_core.scheduling.weeks import Planned
from workorder_core.words import FailureMode, OrderType

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
RULES = {
    "threshold": [
        {
            "id": "oil-warm", "asset_class": "pump", "component": "lubrication", "failure_mode": "OHE",
            "severity": "malfunction", "signal": "oil_temp", "raise_at": 65, "clear_below": 60,
            "budget": {"alarms_per_week": 30},
        }
    ]
}  # fmt: skip
STATES = {"hot": ("P-101", "unacknowledged"), "latched": ("P-104", "latched"), "shelved": ("P-103", "shelved"),
          "out": ("P-106", "out_of_service")}  # fmt: skip


Facts = tuple[Seeded, dict[str, str]]


@pytest.fixture(scope="session")
def plants_of_forms(embedded_server: str, _template: str) -> Iterator[Filled[Facts]]:
    """A plant in which every form has what it is about, made once for many tests."""
    plants = Filled(embedded_server, _template, lambda conn: _fill(conn, embedded_server))
    yield plants
    plants.close()


@pytest.fixture
def database(plants_of_forms: Filled[Facts]) -> Iterator[str]:
    with plants_of_forms.fresh() as url:
        yield url


@pytest.fixture
def seeded(database: str, plants_of_forms: Filled[Facts]) -> Seeded:
    return plants_of_forms.content()[0]


@pytest.fixture
def names(database: str, plants_of_forms: Filled[Facts]) -> dict[str, str]:
    """What the forms are about."""
    return plants_of_forms.content()[1]


def _fill(conn: psycopg.Connection, server_url: str) -> Facts:
    seeded = a_plant.build(conn, now=datetime.now(UTC), days=0.5)
    planner = people.add_key(conn, "a-planner", Role.PLANNER)
    conn.commit()
    with ConnectionPool(databases.named(server_url, conn.info.dbname), min_size=1, max_size=3, open=True) as pool:
        app = create(pool, keys={"planner": KEY})
        with (
            TestClient(app, base_url="http://localhost", headers={"X-API-Key": KEY}) as client,
            TestClient(app, base_url="http://localhost", headers={"X-API-Key": planner}) as other,
        ):
            return seeded, _facts(client, other, seeded, pool)


def _facts(client: TestClient, planner: TestClient, seeded: Seeded, pool: ConnectionPool) -> dict[str, str]:
    now = datetime.now(UTC)
    found = {"asset": str(seeded.assets["P-101"]), "order": str(seeded.orders["emergency"])}
    found |= {"working": str(seeded.orders["reactive"]), "planned": str(seeded.orders["by hand"])}
    with pool.connection() as conn:
        documents.put(conn, Kind.RULEBOOK, RULES, actor="person:Ola", why="the first")
        for name, (asset, state) in STATES.items():
            conn.execute(
                """INSERT INTO alarm_points (asset_id, source, state, active, latching, severity, since, until, actor,
                                             summary, raised_at)
                   VALUES (%s, 'rule:oil-warm', %s, %s, %s, 2, %s, %s, 'person:Ola', 'it is hot', %s)""",
                [seeded.assets[asset], state, name == "hot", name == "latched", now,
                 datetime(2040, 1, 1, tzinfo=UTC) if name in ("shelved", "out") else None, now],
            )  # fmt: skip
            found[name] = f"{seeded.assets[asset]} rule:oil-warm"
        conn.execute(
            "INSERT INTO triage_versions (site_id, number, texts, made_by, made_at) "
            "SELECT id, 1, 9, 'person:Ola', %s FROM sites WHERE code = 'NTH'",
            [now],
        )
        devices.bind(conn, "d1", ["NTH/P-102"], actor="person:Ola", at=now)
        people.add_user(conn, "mette", Role.PLANNER)
        people.add_key(conn, "erp", Role.VIEWER)
        receiver, _ = receivers.add_webhook(
            conn,
            "mes",
            "https://mes.example.com/in",
            wants=["*"],
            sites=None,
            sealer=Sealer(),
            actor="person:Ola",
            at=now,
        )
        events.number(conn)
        event = events.newest_first(conn, limit=1)[0].id
        deliveries.add(conn, receiver, event, "*", at=now)
        found |= {"receiver": str(receiver), "event": str(event)}
        found["run"] = str(
            shadow.begin(conn, "calmer", rulebook=None, actor="person:Ola", why="calmer",
                         models={"default": {"name": "adwin", "estimator": "river.drift.ADWIN"}})
        )  # fmt: skip
        conn.execute("UPDATE judge_events SET arrival = 0 WHERE kind = 'shadow'")
        found |= _runs(conn, now) | _weeks(conn, now)
        _often(conn, now)
        pump = plant.asset_by_key(conn, "NTH", "P-101", now=now)
        asked, _ = requests.create(conn, pump, Person(what="It drips"), danger=False, language="en", at=now)
        found["asked"] = str(asked.id)
        quarantine.keep(conn, a_plant.refusals(now))
        ((kept,),) = conn.execute("SELECT min(id) FROM quarantine").fetchall()
        done = [seeded.orders["done"]]
        ((number,),) = conn.execute("SELECT number FROM work_orders WHERE id = %s", done).fetchall()
        found |= {"kept": str(kept), "number": number}
        found["number_of_working"] = work_orders.get(conn, seeded.orders["reactive"]).number
        conn.execute("UPDATE assets SET safety_critical = true WHERE code = 'P-102'")
    client.put("/api/v1/sites/NTH/costs/currency", json={"currency": "NOK"}).raise_for_status()
    plan = {"title": "Measure", "steps": [{"kind": "measurement", "instruction": "The gap", "unit": "mm"}],
            "parts": [{"part": "shim", "quantity": 2, "unit": "pcs"}]}  # fmt: skip
    client.put("/api/v1/job-plans/GAP", json=plan).raise_for_status()
    for step, form in (("plan", {"plan": "GAP"}), ("assign", {"technician": "holm", "why": "near"}), ("start", {})):
        client.post(f"/orders/{found['planned']}/{step}", data=form, headers=HTML)
    less = {"asset_class": "centrifugal_pump", "criticality": "2", "safety_critical": "false", "why": "caged"}
    planner.post(f"/assets/{seeded.assets['P-102']}/judged-as", data=less, headers=HTML)
    found["proposal"] = str(client.get("/api/v1/safety-proposals?waiting=true").json()[0]["id"])
    found |= _stores(client)
    day = {"starts_at": "2031-01-01T08:00:00Z", "ends_at": "2031-01-01T09:00:00Z", "reason": "new seal"}
    layer = {"name": "first", "people": ["mette"], "starts": "2026-03-06"}
    rota = {"site": "NTH", "code": "PUMPS", "title": "Pumps", "layers": [layer]}
    found["rota"] = str(client.post("/api/v1/rotas", json=rota, headers={"Idempotency-Key": "rota"}).json()["id"])
    span = {"begins_at": "2040-01-01T08:00:00Z", "ends_at": "2040-01-02T08:00:00Z"}
    override = {"layer": "first", "person": "mette", **span}
    made = client.post(
        f"/api/v1/rotas/{found['rota']}/overrides", json=override, headers={"Idempotency-Key": "override"}
    )
    found["override"] = str(made.json()["id"])
    policy: dict[str, Any] = {
        "site": "NTH",
        "code": "NIGHT",
        "title": "Nights",
        "order_types": an_escalation.EVERY_TYPE,
    }
    policy |= {"steps": [{"whom": ["person:mette"], "wait_minutes": 5}]}
    answer = client.post("/api/v1/escalation-policies", json=policy, headers={"Idempotency-Key": "policy"})
    found["policy"] = str(answer.json()["id"])
    with pool.connection() as conn:
        begun, found["token"] = an_escalation.begin(conn, seeded.orders["predictive"])
        found["op"] = offline.a_kept_remark(conn, UUID(found["order"]), now)["op_id"]
        found["report"] = offline.a_kept_request(conn, int(found["asset"]), now)["op_id"]
        found["mobile"] = str(offline.Phone().send(conn, now).device.id)
    found["escalation"] = str(begun)
    for name in ("own", "settled_request", "quoted"):
        reported = {"asset_id": seeded.assets["P-101"], "what": "It drips"}
        answer = client.post("/api/v1/requests", json=reported, headers={"Idempotency-Key": name})
        found[name] = str(answer.json()["id"])
    client.post(f"/api/v1/requests/{found['settled_request']}/settle", json={"words": "Close the valve."})
    line = {"text": "Seal", "quantity": "2", "unit_price": "10.50"}
    client.post(
        f"/api/v1/requests/{found['quoted']}/quotes",
        json={"lines": [line], "valid_until": "2031-03-01"},
        headers={"Idempotency-Key": "quote"},
    ).raise_for_status()
    helps = {"title": "Pump stands", "steps": "Pull out the emergency stop."}
    answer = client.post("/api/v1/sites/NTH/self-help", json=helps, headers={"Idempotency-Key": "help"})
    found["help"] = str(answer.json()["id"])
    planned: dict = {"site": "NTH", "code": "LOOK", "title": "Look", "object": "asset", "objects": ["P-101"]}
    planned |= {"calendar": {"rule": "FREQ=MONTHLY", "starts": "2026-01-10T08:00"}}
    planned |= {"meter": {"signal": "oil_hours", "every": 500}}
    answer = client.post("/api/v1/maintenance-plans", json=planned, headers={"Idempotency-Key": "p"})
    found["plan"] = str(answer.json()["id"])
    found["place"] = str(client.get("/api/v1/locations").json()[0]["id"])
    path, manual = f"/api/v1/assets/{found['asset']}/files", {"file": ("manual.txt", b"Oil it")}
    found["file"] = str(client.post(path, files=manual, headers={"Idempotency-Key": "f"}).json()["id"])
    path = f"/api/v1/assets/{found['asset']}/downtimes"
    found["downtime"] = str(client.post(path, json=day, headers={"Idempotency-Key": "k"}).json()["id"])
    return found | _inspections(client, seeded.assets["P-102"])


def _weeks(conn, now: datetime) -> dict[str, str]:
    """A proposal for one week and an accepted plan of another, each with a visit."""
    site = plant.site_by_code(conn, "NTH")
    pump = plant.asset_by_key(conn, "NTH", "P-101", now=now)
    found = {}
    for name, day in (("draft_week", 10), ("accepted_week", 17)):
        order = work_orders.create_by_hand(
            conn, asset=pump, kind=OrderType.INSPECTION, title="Look", component="bearing",
            failure_mode=FailureMode.VIB, actor="person:Ola", at=now, estimated_hours=1.0,
        )  # fmt: skip
        begins = datetime(2031, 3, day + 1, 8, tzinfo=UTC)
        visit = Planned(order=order.id, people=("holm",), starts_at=begins, ends_at=begins + timedelta(hours=1))
        draft = Draft(
            site_id=site.id, from_date=date(2031, 3, day), visits=[visit], read_at=now, based_on=None, costs={},
            reasons={},
        )  # fmt: skip
        made = schedules.propose(conn, draft, actor="person:Ola", at=now)
        if name == "accepted_week":
            weeks.accept(conn, made.id, actor="person:Ola", at=now)
            found["week_order"] = str(order.id)
        else:
            found["draft_order"] = str(order.id)
        found[name] = str(made.id)
    return found


def _often(conn, now: datetime) -> None:
    """Do three orders of a job plan, so that its hours can be learned."""
    steps = (PlanStep(kind=StepKind.INSTRUCTION, instruction="Do it"),)
    plan = job_plans.save(
        conn, JobPlan(code="OFTEN", site="NTH", title="Often", steps=steps), actor="person:Ola", at=now
    )
    assert isinstance(plan, JobPlan)
    pump = plant.asset_by_key(conn, "NTH", "P-105", now=now)
    for _ in range(3):
        order = work_orders.create_by_hand(
            conn, asset=pump, kind=OrderType.PREVENTIVE, title="Often", component="bearing",
            failure_mode=FailureMode.VIB, actor="person:Ola", at=now, plan=plan,
        )  # fmt: skip
        conn.execute("UPDATE work_orders SET status = 'closed', actual_hours = 2 WHERE id = %s", [order.id])


def _inspections(client, asset: int) -> dict[str, str]:
    """A checklist, a route, rounds in the states that their forms need, an audit with a finding and one without."""
    once = iter(range(100))

    def made(path: str, **body: object) -> Any:
        answer = client.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": f"form-{next(once)}"})
        assert answer.status_code < 300, answer.text
        return answer.json()

    items = [{"key": "seal", "kind": "yes_no", "text": "Dry?", "fails": ["no"]},
             {"key": "temp", "kind": "measurement", "text": "Hot?", "high": 80}]  # fmt: skip
    checklist = made("/checklists", site="NTH", code="DAILY", title="Daily", items=items)["id"]
    stops = [{"asset_id": asset, "checklist_id": checklist}]
    route = made("/inspection-routes", site="NTH", code="HALL", title="Hall", stops=stops)["id"]
    found = {name: made("/rounds", site="NTH", route_id=route)["id"] for name in ("walked", "paused", "answered")}
    found["due"] = made("/rounds", site="NTH", route_id=route, due_at="2031-01-01T08:00:00Z")["id"]
    client.post(f"/api/v1/rounds/{found['paused']}/pause")
    client.post(f"/api/v1/rounds/{found['answered']}/stops/1/skip", json={"why": "scaffold"})
    for name in ("audit", "settled"):
        found[name] = made("/audits", site="NTH", title="Permits", kind="site")["id"]
    finding = {"statement": "No end", "grade": "minor", "owner": "holm", "due": "2031-01-01"}
    made(f"/audits/{found['audit']}/findings", **finding)
    return {name: str(key) for name, key in found.items()} | {"checklist": str(checklist), "route": str(route)}


def _stores(client) -> dict[str, str]:
    """A store with an item that is below its reorder point, and a tool."""

    def made(path: str, body: dict[str, object], method: str = "POST"):
        answer = client.request(method, f"/api/v1{path}", json=body, headers={"Idempotency-Key": f"{path} {body}"})
        answer.raise_for_status()
        return answer.json()

    store = made("/stores", {"site": "NTH", "code": "MAIN", "name": "Main", "bins": ["A1"]})["id"]
    item = made("/items", {"site": "NTH", "code": "SEAL", "name": "Seal"})["id"]
    made(f"/items/{item}/receive", {"quantity": 5})
    other = made("/items", {"site": "NTH", "code": "OIL", "name": "Oil"})["id"]
    request = made(f"/items/{item}/stores/{store}", {"reorder_point": 9}, "PUT")["request"]
    tool = made("/tools", {"site": "NTH", "code": "PULL", "name": "Puller"})["id"]
    day: dict[str, object] = {
        "borrower": "Holm",
        "starts_at": "2041-01-01T08:00:00Z",
        "ends_at": "2041-01-01T16:00:00Z",
    }
    booking = made(f"/tools/{tool}/bookings", day)["id"]
    return {
        "store": str(store),
        "item": str(item),
        "request": str(request),
        "other_item": str(other),
        "tool": str(tool),
        "booking": str(booking),
    }


def _runs(conn, now) -> dict[str, str]:
    """A file, a dry run of it that could be applied, and a run that waits."""
    upload = uploads.add(conn, "NTH", "a.csv", b"Tag;Name\nP-1;Pump\n", actor="person:Ola", at=now).id
    asked = {"table": "assets", "columns": {"code": "Tag"}}
    made = {}
    for name in ("dry", "waiting"):
        run = runs.add(conn, "import", name, asked, site="NTH", upload_id=upload, actor="person:Ola", at=now)
        made[name] = str(run.id)
        if name == "dry":
            begun = runs.claim(conn, "a test", timedelta(minutes=5))
            assert begun is not None
            counts = dict.fromkeys(("rows", "change", "same", "wrong", "wrong_rows"), 0)
            lists: dict[str, list[str]] = {each: [] for each in ("errors", "creates", "changes", "waiting", "doubts")}
            read = {"form": "CSV", "header_row": 1, "columns": {"code": "Tag"}}
            runs.succeed(conn, begun, {**counts, **lists, **read, "create": 1, "applied": False})
    return made | {"upload": str(upload)}
