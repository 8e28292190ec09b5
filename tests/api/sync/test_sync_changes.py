"""What a device is told of: everything at first, then what has changed, and what is no longer theirs."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from api.app import create
from api.keys import COOKIE, form_token
from db.events import events
from db.orders import order_work, work_orders
from db.people import assignments, sessions
from db.plant import plant
from db.sync import changes
from tests import people
from tests.api.sync.offline import DAHL, HOLM, Phone
from workorder_core.orders.details import Cancel
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Role, Who
from workorder_core.sync import cursors
from workorder_core.sync.cursors import Cursor
from workorder_core.words import FailureMode, OrderType

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def conn(pool, seeded):
    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET assignee_id = NULL, status = 'open' WHERE status NOT IN ('closed')")
        conn.execute("DELETE FROM order_people")
        yield conn
        conn.rollback()


class Store:
    """The orders on a device, as an app keeps them."""

    def __init__(self, conn, who=HOLM, limit=changes.ORDERS_A_PAGE):
        self.conn, self.who, self.limit = conn, who, limit
        self.cursor: Cursor | None = None
        self.orders: set[object] = set()

    def refresh(self, now=NOW):
        """Follow the pages, and return (whether it began anew, the orders that came)."""
        came: list[object] = []
        for _ in range(20):
            events.number(self.conn)
            page = changes.since(self.conn, self.cursor, who=self.who, now=now, limit=self.limit)
            came += page.orders
            self.cursor = cursors.parse(str(page.next))
            self.orders = (self.orders | set(page.orders)) - set(page.gone)
            if not page.more:
                if page.reset:
                    self.orders = set(came)
                return page.reset, came
        raise AssertionError("the pages do not end")


def make(conn, number=1, to="holm"):
    asset = plant.assets(conn, now=NOW)[0]
    made = []
    for _ in range(number):
        order = work_orders.create_by_hand(
            conn, asset=asset, kind=OrderType.INSPECTION, title="x", component="x", failure_mode=FailureMode.UNK,
            actor=DAHL.actor, at=NOW,
        )  # fmt: skip
        made.append(order.id)
        assignments.assign_to(conn, order.id, to, who=DAHL, at=NOW, why="x")
    return made


def test_everything_at_first_in_pages_then_what_changed_then_what_is_gone(conn):
    mine = make(conn, 5)
    make(conn, 2, to="petersen")
    store = Store(conn, limit=2)
    assert store.refresh() == (True, sorted(mine))
    assert store.refresh() == (False, [])
    for each in (mine[3], mine[0], mine[4], mine[3]):
        order_work.comment(conn, each, "hums", who=DAHL, at=NOW)
    assert store.refresh() == (False, [mine[0], mine[4], mine[3]])
    assignments.assign_to(conn, mine[1], "petersen", who=DAHL, at=NOW, why="x")
    work_orders.take_step(conn, mine[2], Step.CANCEL, Cancel("x"), who=DAHL, at=NOW, why="x")
    assert store.refresh() == (False, [mine[2]]) and store.orders == set(mine) - {mine[1]}
    assert Store(conn).refresh(NOW + timedelta(days=15))[1] == sorted(set(mine) - {mine[1], mine[2]})
    conn.execute("DELETE FROM events")
    assert store.refresh()[0] is True, "the events that it would go on from are gone"


def test_other_access_a_restored_server_and_a_changed_week_begin_anew(conn):
    mine = make(conn, 2)
    store = Store(conn)
    store.refresh()
    store.who = Who(HOLM.actor, HOLM.roles, frozenset({"NTH"}), technician="holm", technician_site="NTH")
    assert store.refresh() == (True, sorted(mine))
    store.cursor = Cursor(event=10**12, access=cursors.access_of(store.who))
    assert store.refresh()[0] is True
    site = work_orders.get(conn, mine[0]).site_id
    events.append(conn, "schedule.published", "NTH", at=NOW, site_id=site)
    assert store.refresh() == (True, sorted(mine))
    assert store.refresh() == (False, [])
    nobody = Store(conn, Who("key:x", HOLM.roles))
    assert nobody.refresh() == (True, [])


def test_an_alarm_of_the_asset_changes_the_briefing(conn):
    (mine,) = make(conn)
    store = Store(conn)
    store.refresh()
    asset = work_orders.get(conn, mine).asset_id
    events.append(conn, "alarm.raised", "NTH/x", at=NOW, asset_id=asset)
    assert store.refresh() == (False, [mine])


@pytest.fixture
def phone(pool, seeded):
    """A technician who is signed in on a phone."""
    with pool.connection() as conn:
        people.add_user(conn, "holm", Role.TECHNICIAN, technician="holm")
        sessions.begin(conn, "phone", "holm", at=datetime.now(UTC), lasting=timedelta(hours=1))
        make(conn, 1)
    with TestClient(create(pool, keys={}), base_url="http://localhost") as made:
        made.cookies.set(COOKIE, "phone")
        made.headers.update({"X-CSRF-Token": form_token("phone"), "Origin": "http://localhost"})
        yield made


def test_the_briefing_has_what_is_needed_at_the_machine_and_a_revoked_device_gets_nothing(phone, client):
    app, at, v1 = Phone(), datetime.now(UTC), "/api/v1/sync"
    unknown = phone.get(f"{v1}/changes", params={"device": str(uuid4())})
    assert unknown.status_code == 404
    assert phone.post(f"{v1}/operations", json=app.batch([], at).model_dump(mode="json")).json()["known_seq"] == 0
    asked = {"device": str(app.id)}
    first = phone.get(f"{v1}/changes", params=asked).json()
    assert first["reset"] and first["orders"] and not first["more"]
    whole = next(each for each in first["orders"] if each["order"]["title"] == "x")
    assert whole["asset"]["code"] and whole["site"] == "NTH" and whole["evidence"] == []
    assert any(each["evidence"] for each in first["orders"])
    again = phone.get(f"{v1}/changes", params=asked | {"since": first["next"]}).json()
    assert (again["reset"], again["orders"]) == (False, [])
    wrong = phone.get(f"{v1}/changes", params=asked | {"since": "yesterday"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/invalid-cursor")
    assert client.get(f"{v1}/changes", params=asked).status_code == 409, "another person's device"
    assert [each["id"] for each in client.get(f"{v1}/devices").json()] == [str(app.id)]
    client.post(f"{v1}/devices/{app.id}/revoke")
    nothing = phone.get(f"{v1}/changes", params=asked | {"since": first["next"]}).json()
    assert (nothing["revoked"], nothing["reset"], nothing["orders"]) == (True, True, [])


def plant_places(phone, app):
    return phone.get("/api/v1/sync/catalogue", params={"device": str(app.id)}).json()["locations"]


def test_the_briefing_has_chart_tools_certificates_place_and_readings(phone, pool):
    app, at = Phone(), datetime.now(UTC)
    phone.post("/api/v1/sync/operations", json=app.batch([], at).model_dump(mode="json"))
    with pool.connection() as conn:
        (mine,) = make(conn)
        conn.execute(
            "UPDATE work_orders SET required_tools = '{Puller}', required_certificates = '{LOTO,ATEX}' WHERE id = %s",
            (mine,),
        )
        conn.execute("UPDATE technicians SET certificates = '{LOTO}' WHERE code = 'holm'")
        conn.execute(
            "INSERT INTO evidence (order_id, seq, arrival, source, version, component, failure_mode, severity, since, "
            "at, limit_at, signs, summary, readings) "
            "VALUES (%s, 1, 1, 'rule:hot', '1', 'x', 'OHE', 1, %s, %s, 80, '[]', 'hot', %s)",
            (
                mine,
                at,
                at,
                Jsonb({"bearing_temp": [(at.timestamp() + n, 900 if n == 333 else 70) for n in range(600)]}),
            ),
        )
    whole = phone.get("/api/v1/sync/changes", params={"device": str(app.id)}).json()["orders"]
    one = next(each for each in whole if each["order"]["id"] == str(mine))
    assert [each["words"] for each in one["tools"]] == ["Puller"]
    assert {each["name"]: each["has"] for each in one["certificates"]} == {"LOTO": True, "ATEX": False}
    (reason,) = one["evidence"]
    chart = reason["readings"]["bearing_temp"]
    assert reason["limit"] == 80 and len(chart) <= 60 and 900 in [value for _, value in chart]
    assert one["place"]["path"] and one["place"]["code"] in [each["code"] for each in plant_places(phone, app)]
    assert one["readings"] and all(each["label"] for each in one["readings"])
    assert "start" in one["offered"] and "assign" not in one["offered"]


def test_the_catalogue_has_labels_parts_and_certificates_and_is_sent_once(phone, client, pool):
    app, at = Phone(), datetime.now(UTC)
    phone.post("/api/v1/sync/operations", json=app.batch([], at).model_dump(mode="json"))
    asked = {"device": str(app.id)}
    first = phone.get("/api/v1/sync/catalogue", params=asked)
    found = first.json()
    assert found["technician"] == "holm" and found["words"]["failure_modes"]["OHE"] == "overheating"
    some = found["assets"][0]
    assert phone.get(f"/q/{some['scan']}", follow_redirects=False).headers["location"].endswith(f"/assets/{some['id']}")
    same = phone.get("/api/v1/sync/catalogue", params=asked, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    client.post(f"/api/v1/sync/devices/{app.id}/revoke")
    assert phone.get("/api/v1/sync/catalogue", params=asked).json()["assets"] == []
