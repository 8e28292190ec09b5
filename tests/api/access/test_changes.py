"""Who changed what decisions depend on is kept, and what lessens safety takes two people."""

import psycopg
import pytest
from fastapi.testclient import TestClient

from db.orders import audit
from tests.api.orders.test_six_types import PLAN
from workorder_core.people.access import Role

V1 = "/api/v1"
FOUND = {"finding": "confirmed", "failure_mode": "OHE", "cause": "wear", "remedy": "replace"}
FORM = {"Origin": "http://localhost"}


@pytest.fixture
def planner(known):
    return known(Role.PLANNER, name="ada", sites=["NTH"])


@pytest.fixture
def other(known):
    return known(Role.PLANNER, name="bo", sites=["NTH"])


@pytest.fixture
def critical(pool, seeded):
    """A safety-critical asset: its path in the API, and its id."""
    with pool.connection() as conn:
        conn.execute("UPDATE assets SET safety_critical = true, criticality = 4 WHERE code = 'P-105'")
    return f"{V1}/assets/{seeded.assets['P-105']}", seeded.assets["P-105"]


def log(client, **asked):
    rows = client.get(f"{V1}/changes", params=asked).json()
    return [
        (row["kind"], row["subject"], row["what"], row["old"], row["new"], row["actor"], row["why"]) for row in rows
    ]


RULES = {"component_of_signal": {"pump": {"flow": "impeller"}}}
LIMIT = {
    "id": "hot", "asset_class": "centrifugal_pump", "signal": "bearing_temp", "raise_at": 9, "clear_below": 8,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip


def test_a_new_rulebook_new_models_and_a_rule_in_shadow_are_in_the_log_of_changes(known):
    engineer = known(Role.RELIABILITY_ENGINEER, name="eve")

    def put(path, **body):
        assert engineer.post(f"{V1}/{path}", json=body).status_code in (200, 201)

    put("documents/rulebook", document=RULES, why="the first one")
    put("documents/rulebook", document={"threshold": [LIMIT]}, why="the maker's limit")
    put("rules/hot/shadow", why="it alarms at every start")
    put("documents/models", document={"default": {"patience": 60.0}}, why="calmer")
    put("documents/rulebook/rollback", why="it was better")
    eve = "key:eve"
    assert log(engineer)[:6] == [
        ("rule", "hot", "changed", {"in_shadow": True}, {"in_shadow": False}, eve, "the rulebook has changed it"),
        ("document", "rulebook", "changed", {"version": 2}, {"version": 3}, eve, "back to version 1: it was better"),
        ("document", "models", "added", {}, {"version": 1}, eve, "calmer"),
        ("rule", "hot", "changed", {"in_shadow": False}, {"in_shadow": True}, eve, "it alarms at every start"),
        ("document", "rulebook", "changed", {"version": 1}, {"version": 2}, eve, "the maker's limit"),
        ("document", "rulebook", "added", {}, {"version": 1}, eve, "the first one"),
    ]
    assert [row[1] for row in log(engineer, kind="document")] == ["rulebook", "models", "rulebook", "rulebook"]
    page = known(Role.VIEWER).get("/changes").text
    assert "Document rulebook" in page
    assert "the maker&#39;s limit" in page


def test_a_document_of_the_whole_plant_is_not_in_a_sites_own_log(known):
    engineer = known(Role.RELIABILITY_ENGINEER)
    engineer.post(f"{V1}/documents/rulebook", json={"document": RULES, "why": "the first one"})
    theirs = known(Role.VIEWER, sites=["NTH"])
    assert log(theirs, kind="document") == []
    assert "the first one" not in theirs.get("/changes").text


def downtime():
    return {"starts_at": "2030-01-01T08:00:00Z", "ends_at": "2030-01-01T09:00:00Z", "reason": "new seal"}


CHANGES = {
    "criticality": lambda c, a: c.patch(f"{V1}/assets/{a}", json={"criticality": 4}),
    "class": lambda c, a: c.patch(f"{V1}/assets/{a}?new=class", json={"asset_class": "booster"}),
    "parent": lambda c, a: c.patch(f"{V1}/assets/{a}", json={"parent": "P-101"}),
    "safety-critical": lambda c, a: c.patch(f"{V1}/assets/{a}", json={"safety_critical": True}),
    "a signal's unit": lambda c, a: c.patch(f"{V1}/assets/{a}/signals/flow", json={"unit": "l/s"}),
    "a signal's label": lambda c, a: c.patch(f"{V1}/assets/{a}/signals/flow", json={"label": "Flow out"}),
    "a downtime": lambda c, a: c.post(f"{V1}/assets/{a}/downtimes", json=downtime()),
    "a calendar": lambda c, a: c.put(
        f"{V1}/sites/NTH/calendar", json={"shifts": [{"weekdays": [1], "start": "07:00", "end": "15:00"}]}
    ),
    "targets": lambda c, a: c.put(
        f"{V1}/sites/NTH/targets", json=[{"priority": 4, "response_minutes": 5, "completion_minutes": 50}]
    ),
    "a job plan": lambda c, a: c.put(f"{V1}/job-plans/NEW?site=NTH", json=PLAN),
    "a technician": lambda c, a: c.post(f"{V1}/technicians", json={"site": "NTH", "code": "new", "name": "New"}),
    "by the asset's page": lambda c, a: c.post(
        f"/assets/{a}/judged-as", data={"asset_class": "booster", "criticality": "2", "new": "booster"}, headers=FORM
    ),
    "by the signal's page": lambda c, a: c.post(
        f"/assets/{a}/signals/flow", data={"unit": "l/s", "numbers": "measurement"}, headers=FORM
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_kept_with_who_old_and_new_and_shown_to_its_site_only(planner, known, seeded, pool, change):
    assert change(planner, seeded.assets["P-102"]).status_code < 400
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South') ON CONFLICT DO NOTHING")
    row = log(planner)[0]
    assert row[5] == "key:ada"
    assert row[3] or row[2] == "added", "what was there before is told"
    assert row[4]
    assert row[3] != row[4]
    assert row in log(known(Role.VIEWER))
    assert log(known(Role.ADMINISTRATOR, sites=["STH"])) == []
    with pool.connection() as conn:
        assert audit.verify(conn).sound


def test_the_reason_and_what_was_there_are_kept(planner, seeded):
    asset = f"{V1}/assets/{seeded.assets['P-102']}"
    planner.patch(asset, json={"criticality": 4}, params={"why": "it feeds the town"})
    assert log(planner) == [
        ("asset", "NTH/P-102", "changed", {"criticality": 2}, {"criticality": 4}, "key:ada", "it feeds the town")
    ]
    page = planner.get(f"/assets/{seeded.assets['P-102']}").text
    assert "it feeds the town" in page
    assert "criticality: 2 → 4" in page


def test_technicians_targets_and_plans_tell_how_they_differ_from_before(planner, seeded):
    code = {"site": "NTH", "code": "new", "name": "New", "skills": ["mechanical"], "certificates": ["LOTO"]}
    made = planner.post(f"{V1}/technicians?new=certificate", json=code).json()
    facts = {name: value for name, value in code.items() if name not in ("site", "code")} | {"certificates": []}
    planner.put(f"{V1}/technicians/{made['id']}", json=facts, params={"why": "expired"})
    assert log(planner, kind="technician")[0] == (
        "technician", "NTH/new", "changed", {"certificates": ["LOTO"]}, {"certificates": []}, "key:ada", "expired"
    )  # fmt: skip
    for minutes in (5, 7):
        body = [{"priority": 4, "response_minutes": minutes, "completion_minutes": 50}]
        planner.put(f"{V1}/sites/NTH/targets", json=body)
    assert log(planner, kind="target")[0][:5] == (
        "target", "NTH priority 4", "changed", {"response_minutes": 5}, {"response_minutes": 7}
    )  # fmt: skip
    for title in ("One", "Two"):
        planner.put(f"{V1}/job-plans/X?site=NTH", json=PLAN | {"title": title})
    row = log(planner, kind="job plan")[0]
    assert (row[1], row[3], row[4]) == ("NTH/X", {"title": "One", "version": 1}, {"title": "Two", "version": 2})


def test_the_log_is_paged(planner, seeded):
    for criticality in (1, 3, 2, 4):
        planner.patch(f"{V1}/assets/{seeded.assets['P-102']}", json={"criticality": criticality})
    first = planner.get(f"{V1}/changes?limit=2")
    rows, older = first.json(), planner.get(first.links["next"]["url"]).json()
    assert [row["new"]["criticality"] for row in rows + older] == [4, 2, 3, 1]
    assert "→ 4" in planner.get("/changes").text


def test_users_and_keys_are_for_administrators_of_every_site(known, seeded):
    admin = known(Role.ADMINISTRATOR, name="boss")
    admin.post(f"{V1}/keys", json={"name": "scada", "roles": ["viewer"]})
    assert ("key", "scada", "key added") in [row[:3] for row in log(admin)]
    for client in (known(Role.PLANNER), known(Role.ADMINISTRATOR, sites=["NTH"])):
        assert not {row[0] for row in log(client)} & {"user", "key", "device"}


TAMPERED = {
    "a value is changed": "UPDATE changes SET new = '{\"criticality\": 1}'",
    "who is changed": "UPDATE changes SET actor = 'person:x'",
    "the site is changed": "UPDATE changes SET site = 'STH'",
    "the thing is changed": "UPDATE changes SET subject = 'NTH/P-109'",
    "it is removed": "DELETE FROM changes",
    "it and its head are removed": "DELETE FROM changes; DELETE FROM change_heads",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_a_change_that_somebody_alters_or_removes_is_found(planner, seeded, pool, statement):
    planner.patch(f"{V1}/assets/{seeded.assets['P-102']}", json={"criticality": 4})
    with pool.connection() as conn:
        assert audit.anchor(conn, at=conn.execute("SELECT now()").fetchone()[0]) > 0
        assert audit.verify(conn).sound
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"), conn.transaction():
            conn.execute(statement)
        conn.execute("ALTER TABLE changes DISABLE TRIGGER ALL")
        conn.execute(statement)
        assert not audit.verify(conn).sound
        conn.rollback()


# Two people.


LESSENED = {
    "that it is safety-critical": ({"safety_critical": False}, {"safety_critical": True}),
    "its class": ({"asset_class": "booster"}, {"asset_class": "centrifugal_pump"}),
    "its criticality": ({"criticality": 2}, {"criticality": 4}),
}


@pytest.mark.parametrize(("lessened", "was"), LESSENED.values(), ids=LESSENED)
def test_less_safety_is_proposed_by_one_and_confirmed_by_another(planner, other, critical, lessened, was):
    path, asset = critical
    without = planner.patch(path, json=lessened, params={"new": "class"})
    assert (without.status_code, without.json()["title"]) == (422, "Why missing")
    asked = planner.patch(path, json=lessened, params={"why": "it stands in a locked cage now", "new": "class"})
    assert (asked.status_code, asked.json()["was"], asked.json()["change"]) == (202, was, lessened)
    assert {name: planner.get(path).json()[name] for name in was} == was, "nothing has changed yet"
    proposal = asked.headers["Location"]
    own = planner.post(f"{proposal}/confirm")
    assert (own.status_code, own.json()["title"]) == (403, "Same person")
    again = other.patch(path, json=lessened, params={"why": "me too", "new": "class"})
    assert (again.status_code, again.json()["title"]) == (409, "Already proposed")
    assert other.post(f"{proposal}/confirm").json()["verdict"] == "confirmed"
    assert {name: planner.get(path).json()[name] for name in lessened} == lessened
    assert other.post(f"{proposal}/confirm").status_code == 409
    told = [(row[0], row[2], row[5]) for row in log(planner, asset_id=asset)]
    assert told[:3] == [
        ("asset", "changed", "key:bo"),
        ("safety", "confirmed", "key:bo"),
        ("safety", "proposed", "key:ada"),
    ]


def test_more_safety_and_what_is_not_safety_take_one_person(planner, critical, seeded):
    path, _ = critical
    assert planner.patch(path, json={"parent": "P-101"}).status_code == 200
    plain = f"{V1}/assets/{seeded.assets['P-102']}"
    assert planner.patch(f"{plain}?new=class", json={"criticality": 1, "asset_class": "booster"}).status_code == 200
    assert planner.patch(plain, json={"safety_critical": True}).status_code == 200


def test_what_needs_no_second_person_is_changed_at_once(planner, critical):
    path, _ = critical
    body = {"safety_critical": False, "parent": "P-101"}
    assert planner.patch(path, json=body, params={"why": "x"}).status_code == 202
    now = planner.get(path).json()
    assert (now["parent"], now["safety_critical"]) == ("P-101", True)


def test_a_proposal_is_rejected_or_overtaken(planner, other, critical, pool):
    path, asset = critical
    asked = planner.patch(path, json={"criticality": 1}, params={"why": "spare"}).headers["Location"]
    with pool.connection() as conn:
        conn.execute("UPDATE assets SET criticality = 3 WHERE id = %s", [asset])
    assert other.post(f"{asked}/confirm").json()["title"] == "Superseded"
    assert planner.post(f"{asked}/reject").json()["verdict"] == "rejected", "who proposed it takes it back"
    assert planner.get(path).json()["criticality"] == 3


def test_by_the_pages(planner, other, critical):
    path, asset = critical
    form = {"asset_class": "centrifugal_pump", "criticality": "4", "safety_critical": "false", "parent": ""}
    refused = planner.post(f"/assets/{asset}/judged-as", data=form, headers=FORM)
    assert (refused.status_code, "say why" in refused.text.lower()) == (422, True)
    asked = planner.post(f"/assets/{asset}/judged-as", data=form | {"why": "caged"}, headers=FORM)
    assert asked.status_code == 303
    proposal = planner.get(f"{V1}/safety-proposals?waiting=true").json()[0]["id"]
    confirm = f"/safety-proposals/{proposal}/confirm"
    assert confirm not in planner.get(f"/assets/{asset}").text
    assert confirm in other.get(f"/assets/{asset}").text
    assert confirm in other.get("/changes").text
    assert planner.post(confirm, headers=FORM).status_code == 403
    assert other.post(confirm, headers=FORM).status_code == 303
    assert other.get(path).json()["safety_critical"] is False


def test_the_database_refuses_one_person_too(planner, critical, pool):
    path, _ = critical
    planner.patch(path, json={"criticality": 1}, params={"why": "spare"})
    with pool.connection() as conn, pytest.raises(psycopg.errors.CheckViolation, match="take_two"):
        conn.execute("UPDATE safety_proposals SET verdict = 'confirmed', decided_by = proposed_by, decided_at = now()")


@pytest.mark.parametrize("proposed_by", ["the maker", "the key"])
def test_a_key_is_no_second_person_beside_who_made_it(known, critical, pool, proposed_by):
    path, _ = critical
    maker = known(Role.ADMINISTRATOR, name="chief")
    made = maker.post(f"{V1}/keys", json={"name": "adas", "roles": ["administrator"], "sites": None}).json()["key"]
    key = TestClient(maker.app, base_url="http://localhost", headers={"X-API-Key": made})
    again = key.post(f"{V1}/keys", json={"name": "adas-2", "roles": ["planner"], "sites": None}).json()["key"]
    further = TestClient(maker.app, base_url="http://localhost", headers={"X-API-Key": again})
    one, others = (maker, (key, further)) if proposed_by == "the maker" else (further, (maker, key))
    asked = one.patch(path, json={"criticality": 1}, params={"why": "spare"}).headers["Location"]
    for other in others:
        assert other.post(f"{asked}/confirm").status_code == 403
    with pool.connection() as conn, pytest.raises(psycopg.errors.CheckViolation, match="one person's"):
        conn.execute("UPDATE safety_proposals SET verdict = 'confirmed', decided_by = 'key:adas', decided_at = now()")
    assert known(Role.PLANNER).post(f"{asked}/confirm").status_code == 200


def test_nobody_verifies_their_own_work_by_changing_the_asset_meanwhile(planner, other, critical, known, seeded):
    path, _ = critical
    order = f"{V1}/work-orders/{seeded.orders['emergency']}"
    assert planner.post(f"{order}/start").status_code == 200
    assert planner.post(f"{order}/complete", json=FOUND).status_code == 200
    asked = planner.patch(path, json={"safety_critical": False}, params={"why": "caged"}).headers["Location"]
    assert planner.post(f"{order}/verify").status_code == 409
    other.post(f"{asked}/confirm")
    refused = planner.post(f"{order}/verify")
    assert (refused.status_code, "was since the order" in refused.json()["detail"]) == (409, True)
    assert other.post(f"{order}/verify").status_code == 200
