"""Long work by the API and the pages: asked for, executed, read, cancelled; what an import does from file to plant."""

import csv
import io
import re
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from db.runs import runs
from runtime.runs import child
from runtime.runs.executors import EXECUTORS
from runtime.runs.work import Work
from workorder_core.people.access import Role
from workorder_core.runs.runs import State

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
FILE = "Tag;Name;Criticality\nP-101;Feed pump;high\nP-900;Wash pump;low\n"
WRONG = "Tag;Name;Criticality\nP-101;Feed pump;odd\nP 900;=cmd();low\n"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def execute(url: str) -> None:
    """Execute what waits, as a worker's processes would."""
    with psycopg.connect(url, autocommit=True) as side:
        while (run := runs.claim(side, "a test", timedelta(minutes=5))) is not None:
            with psycopg.connect(url) as own:
                child._execute(Work(conn=own, side=side, run=run, database=url), EXECUTORS[run.kind])


def upload(client, text: str = FILE, table: str = "assets", name: str = "assets.csv"):
    form = {"site": "NTH", "table": table}
    return client.post("/api/v1/uploads", data=form, files={"file": (name, text.encode("cp1252"))}, headers=key())


def ask(client, upload_id: str, **asked: object):
    body = {"kind": "import", "upload_id": upload_id, "input": {"table": "assets", **asked}}
    return client.post("/api/v1/runs", json=body, headers=key())


def imported(client, database, text: str, *, apply: bool = True) -> dict:
    made = ask(client, upload(client, text).json()["id"], apply=apply)
    assert made.status_code == 201, made.text
    execute(database)
    found: dict = client.get(made.headers["Location"]).json()
    return found


def names(client) -> dict[str, str]:
    return {each["code"]: each["name"] for each in client.get("/api/v1/assets").json()}


def test_a_file_shows_how_it_would_be_read(client):
    sent = upload(client, "Export\n" + FILE)
    assert sent.status_code == 201
    assert sent.json() | {"id": None} == {
        "id": None, "site": "NTH", "name": "assets.csv", "size": len(FILE) + 7, "form": "CSV in utf-8, ; between cells",
        "header_row": 2, "headers": ["Tag", "Name", "Criticality"], "decimal": ".",
        "columns": {"code": "Tag", "name": "Name", "criticality": "Criticality"},
        "rows": [["P-101", "Feed pump", "high"], ["P-900", "Wash pump", "low"]],
    }  # fmt: skip
    again = client.get(f"/api/v1/uploads/{sent.json()['id']}/as/locations").json()
    assert again["columns"] == {"name": "Name"}


def test_a_dry_run_stores_nothing_and_the_same_file_again_changes_nothing(client, pool, database):
    before = names(client)
    dry = imported(client, database, FILE, apply=False)
    assert {name: dry["result"][name] for name in ("create", "change", "same", "wrong", "applied")} == {
        "create": 1, "change": 1, "same": 0, "wrong": 0, "applied": False,
    }  # fmt: skip
    assert names(client) == before
    done = imported(client, database, FILE)
    assert (done["state"], done["progress"], done["result"]["applied"]) == ("succeeded", 1.0, True)
    assert names(client) == before | {"P-101": "Feed pump", "P-900": "Wash pump"}
    with pool.connection() as conn:
        inputs = conn.execute("SELECT count(*) FROM judge_events").fetchone()
    again = imported(client, database, FILE)
    assert {name: again["result"][name] for name in ("create", "change", "same")} == {
        "create": 0, "change": 0, "same": 2,
    }  # fmt: skip
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM judge_events").fetchone() == inputs


def test_one_wrong_row_and_nothing_is_stored_and_each_mistake_is_in_a_file(client, pool, database):
    before = names(client)
    found = imported(client, database, WRONG + "P-901;Fine;low\n")
    assert (found["state"], found["result"]["applied"], found["result"]["wrong_rows"]) == ("succeeded", False, 2)
    assert names(client) == before
    assert [each["name"] for each in found["files"]] == ["errors.csv"]
    file = client.get(f"/api/v1/runs/{found['id']}/files/errors.csv")
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''errors.csv"
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row[:3] for row in rows[1:]] == [["2", "Criticality", "odd"], ["3", "Code", "P 900"]]
    assert client.get(f"/api/v1/runs/{found['id']}/files/other").status_code == 404


def test_what_makes_an_asset_less_safe_waits_for_a_second_person(client, pool, database):
    assert imported(client, database, "Tag;Safety-critical\nP-101;yes\n")["result"]["change"] == 1
    refused = imported(client, database, "Tag;Safety-critical\nP-101;no\n")
    assert (refused["state"], "say why" in refused["problem"]) == ("failed", True)
    made = ask(client, upload(client, "Tag;Safety-critical\nP-101;no\n").json()["id"], apply=True, why="caged")
    execute(database)
    assert client.get(made.headers["Location"]).json()["result"]["waiting"] == ["NTH/P-101"]


def test_a_run_is_asked_for_once_listed_read_and_cancelled(client, pool, database):
    file = upload(client).json()["id"]
    body = {"kind": "import", "upload_id": file, "input": {"table": "assets"}, "priority": 9}
    once = key()
    first, second = (client.post("/api/v1/runs", json=body, headers=once) for _ in range(2))
    assert first.json() == second.json()
    assert client.post("/api/v1/runs", json=body).json()["type"] == "/problems/no-idempotency-key"
    more = [ask(client, file).json()["id"] for _ in range(2)]
    page = client.get("/api/v1/runs?limit=2&state=queued")
    assert [each["id"] for each in page.json()] == more[::-1]
    rest = client.get(re.findall(r"<(.*)>", page.headers["link"])[0]).json()
    assert [each["id"] for each in rest] == [first.json()["id"]]
    cancelled = client.post(f"/api/v1/runs/{more[0]}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert client.post(f"/api/v1/runs/{more[0]}/cancel").json()["type"] == "/problems/run-finished"
    execute(database)
    log = client.get(f"/api/v1/runs/{more[1]}/log").json()
    assert [each["line"] for each in log] == ["assets.csv: CSV in utf-8, ; between cells, 2 rows"]
    assert 'plantwright_runs{kind="import",state="cancelled"} 1.0' in client.get("/metrics").text


def test_who_may_ask_and_cancel(known, client):
    file = upload(client).json()["id"]
    planner, engineer, viewer = known(Role.PLANNER), known(Role.RELIABILITY_ENGINEER), known(Role.VIEWER)
    here = known(Role.RELIABILITY_ENGINEER, sites=["NTH"])
    backtest = {"kind": "backtest", "input": {}}
    assert planner.post("/api/v1/runs", json=backtest, headers=key()).json()["type"] == "/problems/forbidden"
    assert here.post("/api/v1/runs", json=backtest, headers=key()).json()["type"] == "/problems/needs-every-site"
    asked = engineer.post("/api/v1/runs", json=backtest, headers=key()).json()["id"]
    assert here.get(f"/api/v1/runs/{asked}").status_code == 404
    assert here.get("/api/v1/runs").json() == []
    assert viewer.get(f"/api/v1/runs/{asked}").status_code == 200
    assert viewer.post(f"/api/v1/runs/{asked}/cancel").status_code == 403
    assert planner.post(f"/api/v1/runs/{asked}/cancel").status_code == 403
    assert engineer.post(f"/api/v1/runs/{asked}/cancel").status_code == 202
    assert ask(planner, file).status_code == 201


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"columns": {"code": "Number"}}, "/problems/invalid-columns"),
        ({"header_row": 40_000}, "/problems/invalid-columns"),
        ({"table": "odd"}, "/problems/not-understood"),
        ({"decimal": ";"}, "/problems/not-understood"),
    ],
)
def test_what_cannot_be_imported_is_refused_before_it_waits(client, said, problem):
    refused = ask(client, upload(client).json()["id"], **said)
    assert (refused.status_code, refused.json()["type"]) == (422, problem)
    assert client.get("/api/v1/runs").json() == []


def test_a_file_that_is_no_table_or_too_large_is_refused(client):
    assert upload(client, "").json()["type"] == "/problems/invalid-file"
    assert upload(client, "a,b\n" * 60_000).status_code == 201, "it is the run that counts the rows"
    assert upload(client, "x" * 10_000_001).status_code in (413, 422)
    wrong = {"kind": "backtest", "input": {"rulebook": {"threshold": 1}}}
    assert client.post("/api/v1/runs", json=wrong, headers=key()).json()["type"] == "/problems/invalid-rulebook"


def test_a_backtest_is_a_page_with_a_report_to_save(client, pool, database):
    asked = client.post("/backtests/new", data={"assets": "NTH/P-101"}, headers=HTML, follow_redirects=False)
    assert asked.status_code == 303
    path = asked.headers["location"]
    assert "It waits for its turn" in client.get(path, headers=HTML).text
    execute(database)
    page = client.get(path, headers=HTML).text
    run = client.get(f"/api/v1{path}").json()
    assert run["state"] == "succeeded", run["problem"]
    assert f"{run['result']['frames']:,} frames judged" in page
    report = client.get(f"{path}/files/backtest.json").json()
    assert len(report["orders"]) == run["result"]["order_count"]
    assert report["frames"] == run["result"]["frames"] > 0


def test_a_table_is_imported_by_pages(client, pool, database):
    form = {"table": "assets", "site": "NTH"}
    sent = client.post("/imports", data=form, files={"file": ("a.csv", FILE.encode())}, headers=HTML)
    assert "Assets from a.csv" in sent.text
    assert "selected>Tag</option>" in sent.text
    columns = {"table": "assets", "header_row": "1", "column_code": "Tag", "column_name": "Name", "why": "from the ERP"}
    action = str(sent.url).partition("?")[0].removeprefix("http://localhost")
    dry = client.post(action, data=columns, headers=HTML)
    execute(database)
    page = client.get(str(dry.url), headers=HTML).text
    assert "Nothing is stored yet" in page
    assert "<s>Feed pump A</s>" in page or "Would change" in page
    assert "P-900" not in names(client)
    done = client.post(re.findall(r'action="(/runs/[^"]*/apply)"', page)[0], headers=HTML)
    execute(database)
    assert "Look at the assets" in client.get(str(done.url), headers=HTML).text
    assert names(client)["P-900"] == "Wash pump"
    changes = client.get("/api/v1/changes?limit=5").json()
    assert "from the ERP" in {each["why"] for each in changes}
    refused = client.post(str(done.url).replace("http://localhost", "") + "/apply", headers=HTML)
    assert (refused.status_code, "not a dry run" in refused.text) == (409, True)
    listed = client.get("/runs", headers=HTML).text
    assert "Dry run of assets from a.csv" in listed
    assert "Import of assets from a.csv" in listed


def test_a_form_without_a_file_or_with_a_broken_one_says_so_at_its_field(client):
    form = {"table": "assets", "site": "NTH"}
    for files in (None, {"file": ("a.xlsx", b"PK\x03\x04 and nothing else")}):
        answer = client.post("/imports", data=form, files=files, headers=HTML)
        assert answer.status_code == 422
        assert 'id="wrong-file"' in answer.text


def test_a_run_that_failed_says_why_on_its_page(client, pool, database):
    path = client.post("/backtests/new", data={"since": "2031-01-01T00:00"}, headers=HTML, follow_redirects=False)
    execute(database)
    page = client.get(path.headers["location"], headers=HTML).text
    assert "Nothing was judged from 2030-12-31 23:00" in page or "Nothing was judged from 2031-01-01" in page
    with pool.connection() as conn:
        assert [run.state for run in runs.page(conn)] == [State.FAILED]
