"""Rounds by the API: versions, conditions, failed points with their orders, handing over, signing, missing stops."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.files import files
from db.inspections import rounds
from db.inspections.rounds import Walk
from db.orders import order_content
from tests.api.inspections.conftest import ITEMS, V1, answered, begin, key
from tests.parts import pictures
from workorder_core.inspections.rounds import How, RoundStatus
from workorder_core.people.access import Role


def test_a_round_keeps_the_version_that_it_began_with_and_the_difference_is_shown(client, checklist, route):
    first = begin(client, route)
    changed = [{**ITEMS[0], "text": "Shaft seal dry and clean?"}, *ITEMS[2:], {"kind": "photo", "text": "The pump"}]
    after = client.put(f"{V1}/checklists/{checklist}", json={"title": "Daily look at a pump", "items": changed}).json()
    assert (after["version"], after["items"][-1]["key"]) == (2, "the_pump")
    told = client.get(f"{V1}/checklists/{checklist}/difference?before=1").json()
    assert [each["key"] for each in told["added"]] == ["the_pump"]
    assert [each["key"] for each in told["removed"]] == ["leak"]
    assert told["changed"] == {"seal": {"text": ["Shaft seal dry?", "Shaft seal dry and clean?"]}}
    second = begin(client, route, "second")
    for of, version, asked in ((first, 1, 4), (second, 2, 4)):
        stop = client.get(f"{V1}/rounds/{of}").json()["walk"][0]
        assert (stop["checklist_version"], len(stop["items"])) == (version, asked)
    again = client.put(f"{V1}/checklists/{checklist}", json={"title": "Daily look at a pump", "items": changed}).json()
    assert again["version"] == 2
    assert [each["version"] for each in client.get(f"{V1}/checklists/{checklist}/versions").json()] == [2, 1]


def test_answers_that_are_missing_or_wrong_are_named_and_a_question_is_asked_on_its_condition(client, route):
    of = begin(client, route)
    refused = answered(client, of, 1, status=422, seal="no", temp="warm")
    assert refused["problems"] == {"leak": "this is needed: answer it", "temp": "write a number, not 'warm'"}
    kept = answered(client, of, 1, finish=False, seal="yes", temp="warm")
    assert {each["item"]: (each["typed"], each["verdict"]) for each in kept["answers"]} == {
        "seal": ("yes", "passed"), "temp": ("warm", None),
    }  # fmt: skip
    done = answered(client, of, 1, temp="61,5")
    assert done["status"] == "done"
    assert {each["item"]: each["number"] for each in done["answers"]} == {"seal": None, "temp": 61.5}


def test_a_failed_point_opens_one_order_and_the_next_round_shows_that_it_is_open(client, pool, route, seeded):
    of = begin(client, route)
    photo = client.post(
        f"{V1}/rounds/{of}/stops/1/photos/seal", files={"file": ("seal.jpg", pictures.a_picture("JPEG"), "image/jpeg")},
        headers=key("photo"),
    )  # fmt: skip
    assert photo.status_code == 201, photo.text
    done = answered(client, of, 1, seal="no", leak="a stream", temp="85")
    orders = {each["item"]: each["order_id"] for each in done["answers"] if each["order_id"]}
    assert set(orders) == {"seal", "leak", "temp"}
    seal = client.get(f"{V1}/work-orders/{orders['seal']}").json()
    assert (seal["type"], seal["asset_id"], seal["title"]) == (
        "reactive", seeded.assets["P-102"], "Shaft seal dry: answered no",
    )  # fmt: skip
    assert client.get(f"{V1}/work-orders/{orders['leak']}").json()["type"] == "emergency"
    assert "85 degC is above 80 degC" in client.get(f"{V1}/work-orders/{orders['temp']}").json()["title"]
    with pool.connection() as conn:
        assert [each.name for each in files.of_order(conn, UUID(orders["seal"]))] == ["seal.jpg"]
    answered(client, of, 1, seal="no", leak="a stream", temp="85")
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM failed_points").fetchone() == (3,)

    later = begin(client, route, "later")
    points = client.get(f"{V1}/rounds/{later}").json()["open_points"]
    assert {each["item"]: each["order_id"] for each in points} == orders
    again = answered(client, later, 1, seal="no", leak="drops", temp="60")
    assert {each["item"]: each["order_id"] for each in again["answers"] if each["order_id"]} == {"seal": orders["seal"]}
    with pool.connection() as conn:
        remarks = order_content.comments(conn, UUID(orders["seal"]))
    assert [each.text for each in remarks] == ["Failed again in round NTH-R2: Shaft seal dry? answered no."]

    cancelled = client.post(f"{V1}/work-orders/{orders['seal']}/cancel", json={"reason": "was rain"})
    assert cancelled.status_code == 200, cancelled.text
    third = begin(client, route, "third")
    assert "seal" not in {each["item"] for each in client.get(f"{V1}/rounds/{third}").json()["open_points"]}
    new = answered(client, third, 1, seal="no", leak="drops", temp="60")
    fresh = next(each["order_id"] for each in new["answers"] if each["item"] == "seal")
    assert fresh not in (None, orders["seal"])


def test_two_rounds_that_find_the_same_at_once_open_one_order(client, known, pool, route):
    both = [begin(client, route, name) for name in ("one", "two")]
    ready = threading.Barrier(2)

    def walk(of: int) -> None:
        ready.wait(60)
        answered(client, of, 2, seal="no", leak="drops", temp="60")

    threads = [threading.Thread(target=walk, args=(of,)) for of in both]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*), count(DISTINCT order_id) FROM failed_points").fetchone() == (1, 1)
        told = conn.execute(
            "SELECT count(*) FROM inspection_answers WHERE item = 'seal' AND failed_point_id IS NOT NULL"
        ).fetchone()
    assert told == (2,)


def test_a_measurement_waits_for_the_engine_once(client, pool, route, seeded):
    of = begin(client, route)
    answered(client, of, 1, finish=False, seal="yes", temp="61.5")
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM entered_readings").fetchone() == (0,)
    answered(client, of, 1)
    answered(client, of, 1, note="all well")
    with pool.connection() as conn:
        rows = conn.execute("SELECT asset_id, signal, unit, value FROM entered_readings").fetchall()
    assert rows == [(seeded.assets["P-102"], "bearing_temp", "degC", 61.5)]


def test_a_round_is_paused_continued_by_somebody_else_and_signed_with_a_report_that_shows_if_it_is_altered(
    client, known, pool, route
):
    of = begin(client, route)
    answered(client, of, 1, finish=False, seal="yes")
    assert client.post(f"{V1}/rounds/{of}/pause").json()["status"] == "paused"
    other = known(Role.TECHNICIAN, name="nadia", sites=["NTH"])
    taken = other.post(f"{V1}/rounds/{of}/resume").json()
    assert (taken["status"], taken["walker"]) == ("under_way", "key:nadia")
    answered(other, of, 1, temp="60")
    refused = other.post(f"{V1}/rounds/{of}/finish", json={"name": "Nadia"})
    assert refused.status_code == 409
    assert refused.json()["missing"] == ["stop 2, P-101: do it, or say why it was missed"]
    assert other.post(f"{V1}/rounds/{of}/stops/2/skip", json={"why": " "}).status_code == 422
    assert other.post(f"{V1}/rounds/{of}/stops/2/skip", json={"why": "scaffold"}).json()["status"] == "skipped"
    done = other.post(f"{V1}/rounds/{of}/finish", json={"name": "Nadia Sund"}).json()
    assert (done["status"], done["signed_name"], done["done"], done["skipped"]) == ("done", "Nadia Sund", 1, 1)
    pdf = client.get(f"{V1}/rounds/{of}/report")
    assert pdf.content.startswith(b"%PDF-")
    assert client.get(f"{V1}/rounds/{of}/report/check").json()["unaltered"] is True
    assert other.put(f"{V1}/rounds/{of}/stops/1", json={"answers": {}, "finish": True}).status_code == 409
    whole = client.get(f"{V1}/rounds/{of}").json()
    assert [(each["what"], each["actor"]) for each in whole["history"]] == [
        ("due", "key:planner"), ("started", "key:planner"), ("stop_saved", "key:planner"), ("paused", "key:planner"),
        ("resumed", "key:nadia"), ("stop_done", "key:nadia"), ("stop_skipped", "key:nadia"), ("finished", "key:nadia"),
    ]  # fmt: skip
    with pool.connection() as conn:
        # Whoever may write to the database puts another document there, with its hash.
        conn.execute("UPDATE inspection_reports SET content = content || '!', sha256 = sha256(content || '!')")
    check = client.get(f"{V1}/rounds/{of}/report/check").json()
    assert (check["unaltered"], check["sha256"] == check["stored"]) == (False, True)


def test_who_saves_a_stop_that_somebody_else_has_saved_is_told(client, route):
    of = begin(client, route)
    version = client.get(f"{V1}/rounds/{of}").json()["walk"][0]["version"]
    answered(client, of, 1, finish=False, seal="yes")
    body = {"answers": {"seal": {"answer": "no"}}, "version": version}
    refused = client.put(f"{V1}/rounds/{of}/stops/1", json=body)
    assert (refused.status_code, refused.json()["type"]) == (412, "/problems/stop-changed")


def test_a_plan_makes_a_round_once_for_an_order_and_one_that_nobody_begins_is_missed(pool, client, route, seeded):
    at, order = datetime.now(UTC), seeded.orders["by hand"]
    asked = {"due_at": at, "latest": at + timedelta(hours=2), "order_id": order, "actor": "system:plans", "at": at}
    with pool.connection() as conn:
        site = conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()[0]
        made = [rounds.make_due(conn, site, Walk(route_id=route), **asked) for _ in range(2)]
        assert (made[0].id, made[0].how, made[0].status) == (made[1].id, How.PLAN, RoundStatus.DUE)
        assert rounds.miss_late(conn, now=at + timedelta(hours=1), actor="system:timetable") == []
        assert rounds.miss_late(conn, now=at + timedelta(hours=3), actor="system:timetable") == [made[0].id]
    missed = client.get(f"{V1}/rounds?status=missed").json()["items"]
    assert [(each["number"], each["order_id"]) for each in missed] == [(made[0].number, str(order))]
    assert client.post(f"{V1}/rounds/{made[0].id}/start").status_code == 409


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([{"kind": "choice", "text": "Which?", "choices": ["a"]}], "item 1: a choice needs at least two"),
        ([{"kind": "text", "text": "Say", "unit": "bar"}], "item 1: only a measurement has a unit"),
        ([ITEMS[0], {**ITEMS[1], "only_if": {"key": "temp", "answer": "failed"}}], "item 2: it depends on 'temp'"),
        ([{**ITEMS[2], "low": 90}], "item 1: the lower limit (90) must be below the upper one (80)"),
    ],
)
def test_a_checklist_that_contradicts_itself_is_refused_by_the_number_of_its_item(client, items, problem):
    body = {"site": "NTH", "code": "X", "title": "X", "items": items}
    answer = client.post(f"{V1}/checklists", json=body, headers=key("wrong"))
    assert answer.status_code == 422
    assert problem in answer.json()["detail"]
