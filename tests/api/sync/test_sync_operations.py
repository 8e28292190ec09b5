"""The offline protocol at the front door: every kind of operation, what is kept, what is refused, what is decided."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.shapes.sync.contents import CONTENTS
from db.orders import audit, order_content, work_orders
from db.people import assignments
from db.sync import acts, devices
from tests.api.sync.offline import DAHL, HOLM, Phone
from tests.parts import pictures
from workorder_core.orders.details import Cancel
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Role, Who
from workorder_core.sync.words import OpKind

NOW = datetime.now(UTC).replace(microsecond=0)
FOUND = {"finding": "confirmed", "failure_mode": "OHE", "cause": "wear", "remedy": "replace", "note": "pitted"}


@pytest.fixture
def conn(pool, seeded):
    with pool.connection() as conn:
        yield conn
        conn.rollback()


@pytest.fixture
def order(conn, seeded):
    """An order that is given to holm."""
    key = seeded.orders["by hand"]
    assignments.assign_to(conn, key, "holm", who=DAHL, at=NOW, why="knows it")
    return key


def verdicts(received):
    return [(str(each.verdict), each.answer.get("because")) for each in received.answers]


def test_a_day_without_a_network_arrives_once_by_every_kind(client, pool, seeded):
    """Through HTTP, with a file uploaded apart, on a phone whose clock is a day ahead."""
    key, v1 = seeded.orders["by hand"], "/api/v1"
    file = {"file": ("seal.png", pictures.a_picture())}
    at = f"{v1}/work-orders/{key}"
    photo = client.post(f"{at}/attachments", files=file, headers={"Idempotency-Key": "p"}).json()["id"]
    plan = {"title": "Swap", "steps": [{"instruction": "Swap it"}, {"kind": "photo", "instruction": "Show it"}]}
    assert client.put(f"{v1}/job-plans/SWAP", json=plan).status_code == 200
    assert client.post(f"{at}/plan", json={"plan": "SWAP"}).status_code == 200
    phone, now = Phone(ahead=timedelta(days=1)), datetime.now(UTC)
    phone.record("travel", key, now)
    phone.record("move", key, now, step="start")
    phone.record("plan_step", key, now, step=1, note="smooth")
    phone.record("photo", key, now, attachment=photo, step=2)
    phone.record("signature", key, now, attachment=photo, signed_by="Ms Lund")
    phone.record("remark", key, now, text="The guard was loose.")
    phone.record("field", key, now, name="title", base="Look at the coupling guard, it rattles", value="Fix the guard")
    phone.record("parts", key, now, part="guard", used=1)
    phone.record("parts", key, now, part="guard", used=2)
    phone.record("need", key, now, part="guard", needed=1)
    phone.record("need", key, now, part="bolt", needed=4)
    phone.record("hours", key, now, hours=1.5)
    phone.record("reading", key, now, signal="bearing_temp", value=57.5)
    phone.record("move", key, now, step="hold", reason="waits for paint", waits_for="parts")
    phone.record("move", key, now, step="resume")
    phone.record("move", key, now, step="complete", close_out=FOUND)
    phone.record("follow_up", key, now, title="Paint the guard")
    phone.record("request", None, now, title="Sweep the hall", asset_id=seeded.assets["P-101"])
    assert {op["kind"] for op in phone.log} == set(OpKind) - {"acknowledge"} and set(CONTENTS) == set(OpKind)
    batch = phone.batch(phone.log, datetime.now(UTC)).model_dump(mode="json")
    first, second = (client.post(f"{v1}/sync/operations", json=batch).json() for _ in range(2))
    assert [each["verdict"] for each in first["answers"]] == ["applied"] * 18, first
    assert [(each["verdict"], each["first"]) for each in second["answers"]] == [("already", "applied")] * 18
    assert second["answers"][16]["made"] == first["answers"][16]["made"] is not None
    assert not first["app_too_old"] and first["known_seq"] == 18 and first["skew_s"] == pytest.approx(86_400, abs=60)
    read = client.get(at).json()
    assert (read["status"], read["title"], read["actual_hours"]) == ("completed", "Fix the guard", 1.5)
    assert read["close_out"]["note"] == "pitted"
    content = client.get(f"{at}/content").json()
    assert [(each["part"], each["needed"], each["used"]) for each in content["parts"]] == [
        ("guard", 1, 3),
        ("bolt", 4, None),
    ]
    assert all(each["done_at"] for each in content["steps"])
    reported = [row["new"]["reported"] for row in read["history"] if "reported" in row["new"]]
    assert len(reported) == 17 and {each["device"] for each in reported} == {
        str(phone.id)
    }  # the request is no row of it
    assert reported[0]["at"].startswith(f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}") and reported[0]["skew_s"] > 86_000
    with pool.connection() as conn:
        (measured,) = conn.execute("SELECT observed_at FROM entered_readings").fetchone()
        assert measured <= datetime.now(UTC)
        assert audit.verify(conn).sound
    assert client.get(f"/orders/{key}").status_code == 200


def test_a_conflict_has_both_values_and_is_settled_by_the_device_or_by_the_planner(conn, order, client):
    phone = Phone()
    before = work_orders.get(conn, order).title
    one = phone.record("field", order, NOW, name="title", base="as it was read", value="Mine")
    other = phone.record("field", order, NOW, name="estimated_hours", base=2, value=5)
    phone.send(conn, NOW)
    told = phone.answers[one["op_id"]]
    assert (told["verdict"], told["current"], told["value"], told["base"]) == (
        "conflict",
        before,
        "Mine",
        "as it was read",
    )
    assert told["changed_by"] == "person:Mette Lund" and told["changed_at"]
    assert work_orders.get(conn, order).title == before
    phone.record("field", order, NOW, name="title", base=before, value="Mine", resolves=one["op_id"])
    assert verdicts(phone.send(conn, NOW)) == [("applied", None)]
    conn.commit()
    waiting = client.get("/api/v1/sync/operations").json()
    assert [each["op_id"] for each in waiting] == [other["op_id"]]
    done = client.post(f"/api/v1/sync/operations/{other['op_id']}/take-over", json={}).json()
    assert (done["decision"], done["decided_by"]) == ("taken_over", "key:planner")
    assert work_orders.get(conn, order).estimated_hours == 5
    again = client.post(f"/api/v1/sync/operations/{other['op_id']}/set-aside", json={"why": "x"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/operation-decided")


def test_work_that_happened_is_kept_on_the_order_for_the_planner(conn, order):
    phone = Phone()
    phone.record("hours", order, NOW, hours=2)
    phone.record("move", order, NOW, step="start")
    phone.record("photo", order, NOW, attachment=str(uuid4()))
    phone.record("remark", order, NOW, text="remarks are always welcome")
    work_orders.take_step(conn, order, Step.CANCEL, Cancel("no"), who=DAHL, at=NOW, why="no")
    said = verdicts(phone.send(conn, NOW))
    assert said == [("kept", "illegal-move"), ("kept", "illegal-move"), ("kept", "missing"), ("applied", None)]
    steps = [row.step for row in work_orders.history(conn, order)]
    assert steps[-4:] == ["kept", "kept", "kept", "comment"]
    assert audit.verify(conn).sound


def test_given_to_somebody_else_or_of_a_site_no_longer_seen(conn, order):
    phone = Phone()
    assignments.assign_to(conn, order, "petersen", who=DAHL, at=NOW, why="holiday")
    phone.record("move", order, NOW, step="start")
    assert verdicts(phone.send(conn, NOW)) == [("kept", "not-allowed")]
    moved = Phone(Who("person:holm", HOLM.roles, frozenset({"STH"}), technician="holm", technician_site="NTH"))
    moved.record("remark", order, NOW, text="x")
    assert verdicts(moved.send(conn, NOW)) == [("kept", "no-longer-yours")]


def test_an_order_that_somebody_never_had_is_not_there_for_them(conn, order):
    stranger = Phone(Who("person:eve", HOLM.roles, frozenset({"STH"}), technician="eve", technician_site="STH"))
    stranger.record("remark", order, NOW, text="x")
    stranger.record("remark", uuid4(), NOW, text="x")
    received = stranger.send(conn, NOW)
    assert verdicts(received) == [("refused", "not-found")] * 2
    here, nowhere = (
        each.answer["detail"].replace(str(op["order"]), "")
        for each, op in zip(received.answers, stranger.log, strict=True)
    )
    assert here == nowhere
    assert conn.execute(
        "SELECT count(*) FROM sync_operations WHERE order_id IS NULL AND verdict = 'refused'"
    ).fetchone() == (2,)


def test_an_operation_that_fails_unforeseen_holds_up_nothing(conn, order, monkeypatch):
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setitem(acts._OF_ORDER, acts.AddHours, breaks)
    phone = Phone()
    phone.record("remark", order, NOW, text="before")
    phone.record("hours", order, NOW, hours=1)
    phone.record("remark", order, NOW, text="after")
    received = phone.send(conn, NOW)
    assert verdicts(received) == [("applied", None), ("kept", "failed"), ("applied", None)]
    assert "ZeroDivisionError" in received.answers[1].answer["detail"]
    assert [each.text for each in order_content.comments(conn, order)] == ["before", "after"]


MALFORMED: dict[str, dict[str, Any]] = {
    "no such kind": {"kind": "dance"},
    "no content": {"content": None},
    "unknown content": {"content": {"text": "x", "loud": True}},
    "no order": {"order": None},
    "no time": {"occurred_at": "yesterday"},
    "something more": {"mood": "good"},
    "a text that cannot be stored": {"content": {"text": "a\0b"}},
    "too long": {"content": {"text": "x" * 40_000}},
}


def test_what_cannot_be_read_is_refused_by_itself_and_stored(conn, order):
    phone = Phone()
    for _ in MALFORMED:
        phone.record("remark", order, NOW, text="x")
    for op, wrong in zip(phone.log, MALFORMED.values(), strict=True):
        op.update(wrong)
    phone.record("remark", order, NOW, text="fine")
    received = phone.send(conn, NOW)
    assert verdicts(received) == [("refused", "malformed")] * len(MALFORMED) + [("applied", None)]
    assert received.device.known_seq == len(phone.log)
    nameless = phone.transmit(conn, NOW, [{"seq": 99}, {"op_id": str(uuid4())}, {}])
    assert verdicts(nameless) == [("refused", "malformed")] * 3


def test_ids_and_numbers_used_twice(conn, order):
    phone = Phone()
    first = phone.record("remark", order, NOW, text="one")
    phone.send(conn, NOW)
    other = first | {"content": {"text": "two"}}
    assert verdicts(phone.transmit(conn, NOW, [other])) == [("refused", "op-id-reused")]
    counted_anew = first | {"op_id": str(uuid4()), "content": {"text": "three"}}
    assert verdicts(phone.transmit(conn, NOW, [counted_anew, counted_anew])) == [("applied", None), ("already", None)]
    assert [each.text for each in order_content.comments(conn, order)] == ["one", "three"]
    thief = Phone(Who("person:eve", HOLM.roles))
    thief.id = phone.id
    with pytest.raises(devices.DeviceOfAnother):
        thief.send(conn, NOW)


def test_a_gap_waits_unless_the_device_no_longer_has_what_is_missing(conn, order):
    """After the server was restored from a backup: the device sees its known number go back, and sends again."""
    phone = Phone()
    for number in range(6):
        phone.record("remark", order, NOW, text=str(number))
    with conn.transaction(force_rollback=True):
        assert phone.send(conn, NOW).device.known_seq == 6
    received = phone.transmit(conn, NOW, phone.log[3:])
    assert {str(each.verdict) for each in received.answers} == {"early"} and received.device.known_seq == 0
    received = phone.transmit(conn, NOW, phone.log[3:], oldest_seq=4)
    assert {str(each.verdict) for each in received.answers} == {"applied"}
    assert (received.device.known_seq, received.device.lost) == (6, 3)
    assert verdicts(phone.transmit(conn, NOW, phone.log[:1])) == [("applied", None)]


def test_a_revoked_device_hands_over_what_was_unsent_and_is_told(client, conn, order):
    phone = Phone()
    op = phone.record("hours", order, NOW, hours=3)
    phone.send(conn, NOW, [])
    conn.commit()
    revoked = client.post(f"/api/v1/sync/devices/{phone.id}/revoke")
    assert revoked.json()["revoked_by"] == "key:planner" and revoked.json()["wiped_at"] is None
    received = phone.send(conn, NOW, wiped=True)
    assert verdicts(received) == [("kept", "device-revoked")] and received.device.wiped_at
    conn.commit()
    assert client.post(f"/api/v1/sync/operations/{op['op_id']}/take-over", json={}).json()["decision"] == "taken_over"
    row = work_orders.history(conn, order)[-1]
    assert (row.actor, row.new["reported"]["taken_over_by"]) == ("person:holm", "key:planner")
    assert work_orders.get(conn, order).actual_hours == 3


def test_what_is_sent_stays_as_it_was(conn, order):
    phone = Phone()
    phone.record("remark", order, NOW, text="x")
    phone.send(conn, NOW)
    for change in ("UPDATE sync_operations SET verdict = 'kept'", "DELETE FROM sync_operations"):
        with pytest.raises(Exception, match="cannot be changed"), conn.transaction():
            conn.execute(change.encode())


def test_a_contractor_asks_for_no_work(conn, order):
    phone = Phone(
        Who("person:holm", frozenset({Role.TECHNICIAN}), technician="holm", technician_site="NTH", contractor=_id(conn))
    )
    phone.record("remark", order, NOW, text="x")
    phone.record("request", None, NOW, title="x", asset_id=1)
    assert verdicts(phone.send(conn, NOW)) == [("applied", None), ("refused", "malformed")]


def _id(conn):
    return conn.execute("SELECT id FROM technicians WHERE code = 'holm'").fetchone()[0]


def test_the_batch_of_the_page_is_carried_out(client, seeded):
    page = (Path(__file__).parents[3] / "docs" / "technician.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    batch = json.loads(text.replace("ORDER", str(seeded.orders["by hand"])))
    first, second = (client.post("/api/v1/sync/operations", json=batch).json() for _ in range(2))
    assert [each["verdict"] for each in first["answers"]] == ["applied", "applied"]
    assert [(each["verdict"], each["first"]) for each in second["answers"]] == [("already", "applied")] * 2
    assert (first["known_seq"], first["revoked"]) == (2, False)
