"""The audit report: who did what as PDF and XLSX, the check of the hash chains, who may have it, in which language."""

import io
import json
import re
from datetime import datetime

import openpyxl
import psycopg
import pytest

from api.papers import audit_paper, typeset
from runtime.runs import audit_reports
from tests.api.runs.test_runs import HTML, execute, key
from workorder_core.people.access import Role

SUBJECT, ACTOR = "NTH/P-101", "key:planner"


def ask(client, *, language: str = "en", **asked: object):
    body = {"kind": "audit_report", "input": asked}
    return client.post("/api/v1/runs", json=body, headers=key() | {"Accept-Language": language})


def written(client, database, *, language: str = "en", **asked: object) -> dict:
    made = ask(client, language=language, **asked)
    assert made.status_code == 201, made.text
    execute(database)
    found: dict = client.get(made.headers["Location"]).json()
    return found


def file(client, run: dict, name: str) -> bytes:
    answer = client.get(f"/api/v1/runs/{run['id']}/files/audit-report.{name}")
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def rows(client, run: dict) -> list[dict]:
    assert run["state"] == "succeeded", run["problem"]
    sheet = openpyxl.load_workbook(io.BytesIO(file(client, run, "xlsx"))).active
    assert sheet is not None
    head, *rest = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]


@pytest.fixture
def facts(monkeypatch):
    """What the template is given, as it is given."""
    given, real = [], typeset.pdf

    def pdf(template, facts):
        given.append(json.loads(json.dumps(facts)))
        return real(template, facts)

    monkeypatch.setattr(typeset, "pdf", pdf)
    return given


@pytest.fixture
def changed(client, seeded) -> str:
    """An asset that somebody has made safety-critical."""
    answer = client.patch(
        f"/api/v1/assets/{seeded.assets['P-101']}", json={"safety_critical": True}, params={"why": "one of one"}
    )
    assert answer.status_code == 200, answer.text
    return SUBJECT


def test_it_says_who_did_what_when_and_why_with_the_check_of_the_chains(client, database, seeded, changed, facts):
    run = written(client, database, site="NTH", since="2026-01-01T00:00:00Z")
    assert file(client, run, "pdf").startswith(b"%PDF-")
    [said] = facts
    with psycopg.connect(database) as conn:
        [(name, orders, changes)] = conn.execute(
            "SELECT name, (SELECT count(*) FROM order_history), (SELECT count(*) FROM changes WHERE site = 'NTH') "
            "FROM sites"
        )
    assert (said["sound"], said["of"]) == (True, f"{name} (NTH)")
    assert (run["result"]["rows"], run["result"]["sound"]) == (orders + changes, True)
    assert said["footer"].startswith("Made ")
    assert dict(said["asked"])["Period"].startswith("Thu 1 Jan 2026")
    last = said["trail"]["rows"][-1]
    assert (last["of"], last["by"], last["why"]) == ("Asset NTH/P-101", "planner (API key)", "one of one")
    assert any("safety-critical: no → yes" in line for line in last["changed"])
    assert re.fullmatch(r"\w{3} \d+ \w{3} \d{4}, \d\d:\d\d CES?T", last["at"]), "on the site's clock"
    found = rows(client, run)
    assert len(found) == orders + changes
    assert (found[-1]["Of"], found[-1]["Recorded as"], found[-1]["Why"]) == ("Asset NTH/P-101", ACTOR, "one of one")
    assert isinstance(found[-1]["Time (site time)"], datetime)
    with psycopg.connect(database) as conn:
        kept = {row[0] for row in conn.execute("SELECT encode(hash, 'hex') FROM order_history UNION SELECT "
                                               "encode(hash, 'hex') FROM changes")}  # fmt: skip
    assert {each["Hash"] for each in found} <= kept, "each row can be found in its chain"
    said["trail"]["rows"] *= 10
    assert len(typeset.pictures("audit", said, dots_per_inch=20)) >= 2, "the table goes over pages"


def test_it_is_of_what_was_asked_for_alone(client, database, seeded, changed):
    [change] = rows(client, written(client, database, subject=changed, kinds=["asset"], actor="planner"))
    assert change["What"]
    at = client.get("/api/v1/changes?kind=asset").json()[0]["at"]
    assert rows(client, written(client, database, subject=changed, kinds=["asset"], until=at)) == []
    assert len(rows(client, written(client, database, subject=changed, kinds=["asset"], since=at))) == 1
    number = client.get(f"/api/v1/work-orders/{seeded.orders['done']}").json()["number"]
    of_order = rows(client, written(client, database, subject=number))
    with psycopg.connect(database) as conn:
        query = "SELECT seq FROM order_history WHERE order_id = %s ORDER BY seq"
        assert [each["Row"] for each in of_order] == [
            row[0] for row in conn.execute(query, [seeded.orders["done"]]).fetchall()
        ]
    assert {each["Of"] for each in of_order} == {number}
    assert rows(client, written(client, database, actor="nobody")) == []


def test_it_is_in_the_language_of_who_asked(client, database, seeded, changed, facts):
    run = written(client, database, language="de", site="NTH")
    assert {"Wer", "Was", "Warum", "Prüfsumme"} <= set(rows(client, run)[0])
    [said] = facts
    assert said["verdict"] == "Jede Zeile ist so, wie sie geschrieben wurde."
    assert said["trail"]["rows"][-1]["of"] == "Anlage NTH/P-101"
    assert said["footer"].startswith("Erstellt ")


def test_what_was_altered_is_named_to_who_sees_its_site_and_counted_to_others(client, known, pool, database, seeded):
    here = known(Role.PLANNER, sites=["NTH"])
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
        conn.execute("SET session_replication_role = replica")
        conn.execute(
            "UPDATE order_history SET why = 'another' WHERE order_id = %s AND seq = 1", [seeded.orders["done"]]
        )
    there = known(Role.PLANNER, sites=["STH"])
    number = client.get(f"/api/v1/work-orders/{seeded.orders['done']}").json()["number"]
    own = written(here, database, site="NTH", anchor="ab" * 32)["result"]
    assert (own["sound"], own["anchor_there"], own["broken_elsewhere"]) == (False, False, 0)
    assert own["broken"] == [{"what": number, "row": 1, "problem": "the row was changed or put in"}]
    others = written(there, database, site="STH")["result"]
    assert (others["sound"], others["broken"], others["broken_elsewhere"]) == (False, [], 1)


def test_nobody_but_who_asked_and_administrators_of_every_site_see_a_report(known, database, seeded, changed):
    mine, other = known(Role.PLANNER), known(Role.PLANNER)
    all_sites, here = known(Role.ADMINISTRATOR), known(Role.ADMINISTRATOR, sites=["NTH"])
    run = written(mine, database, site="NTH")
    paths = [f"/api/v1/runs/{run['id']}{end}" for end in ("", "/log", "/files/audit-report.pdf")]
    paths += [f"/runs/{run['id']}", f"/runs/{run['id']}/files/audit-report.xlsx"]
    for client, status in ((mine, 200), (all_sites, 200), (other, 404), (here, 404)):
        assert {client.get(path).status_code for path in paths} == {status}
        assert [each["id"] for each in client.get("/api/v1/runs").json()] == [run["id"]] * (status == 200)
        assert (run["id"] in client.get("/runs").text) is (status == 200)
    assert other.post(f"/api/v1/runs/{run['id']}/cancel").status_code == 404


def test_it_has_nothing_that_who_asks_may_not_read(known, pool, database, seeded, changed):
    assert ask(known(Role.TECHNICIAN)).status_code == 403
    here = known(Role.PLANNER, sites=["NTH"])
    assert ask(here).json()["type"] == "/problems/needs-every-site"
    assert ask(here, site="STH").status_code == 404
    assert ask(known(Role.PLANNER), kinds=["user"]).json()["type"] == "/problems/forbidden"
    assert ask(known(Role.PLANNER), kinds=["odd"]).status_code == 422
    administrator = known(Role.ADMINISTRATOR)
    new = {"name": "mette", "full_name": "Mette", "roles": ["viewer"]}
    assert administrator.post("/api/v1/users", json=new, headers=key()).status_code == 201
    assert "User mette" in {each["Of"] for each in rows(administrator, written(administrator, database))}
    planner = known(Role.PLANNER)
    assert not any(each["Of"].startswith(("User", "Key")) for each in rows(planner, written(planner, database)))


def test_who_may_not_read_it_any_more_has_it_no_more(known, pool, database, seeded):
    administrator = known(Role.ADMINISTRATOR, name="boss")
    run = written(administrator, database)
    with pool.connection() as conn:
        conn.execute("UPDATE api_keys SET roles = '{planner}' WHERE name = 'boss'")
    assert administrator.get(f"/api/v1/runs/{run['id']}/files/audit-report.pdf").status_code == 404


def test_a_long_one_prints_its_beginning_and_one_that_no_spreadsheet_holds_says_what_to_do(
    client, database, seeded, facts, monkeypatch
):
    monkeypatch.setattr(audit_reports, "MOST_PRINTED", 5)
    run = written(client, database)
    assert len(rows(client, run)) == run["result"]["rows"] > 5
    assert len(facts[0]["trail"]["rows"]) == run["result"]["printed"] == 5
    assert facts[0]["trail"]["more"].startswith(f"The first 5 of {run['result']['rows']}")
    monkeypatch.setattr(audit_reports, "MOST_ROWS", 5)
    refused = written(client, database)
    assert refused["state"] == "failed"
    assert "choose a shorter time" in refused["problem"]
    assert audit_paper.MOST_PRINTED >= 1_000


def test_the_page_asks_for_one_and_leads_to_its_files(client, database, seeded, changed):
    assert 'href="/audit-report"' in client.get("/changes", headers=HTML).text
    form = {"site": "NTH", "since": "2026-01-01T00:00", "kind": "asset"}
    asked = client.post("/audit-report", data=form, headers=HTML, follow_redirects=False)
    assert asked.status_code == 303, asked.text
    execute(database)
    page = client.get(asked.headers["location"], headers=HTML).text
    assert "Every row is as it was written" in page
    for name in ("pdf", "xlsx"):
        assert client.get(f"{asked.headers['location']}/files/audit-report.{name}").status_code == 200
        assert f"files/audit-report.{name}" in page
