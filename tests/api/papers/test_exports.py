"""Lists as files: the rows of the list itself, for who may see them, with nothing that a spreadsheet would run."""

import asyncio
import csv
import io
import json
import re
import tempfile
from datetime import datetime
from pathlib import Path

import openpyxl
import psycopg
import pytest

from api.app import create
from api.language.catalogues import language
from api.papers import audit_paper, exporting, sheets
from api.papers.lists import LISTS
from api.papers.sheets import Sheet, csv_lines
from tests import coroutines, people
from tests.api.runs.test_runs import execute
from workorder_core.language import speaking
from workorder_core.people.access import Role
from workorder_core.tables.plant_tables import TABLES
from workorder_core.tables.tables import guess

V1 = "/api/v1"


def rows(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def cells(answer):
    assert answer.status_code == 200, answer.text
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)]


def test_every_list_of_the_api_can_be_had_as_a_file():
    paths = create(None, keys={}).openapi()["paths"]  # type: ignore[arg-type]
    paged = {
        path.removeprefix("/api/v1")
        for path, methods in paths.items()
        if {"cursor", "format"} & {each["name"] for each in methods.get("get", {}).get("parameters", ())}
    }
    assert paged == LISTS.keys()
    for path in LISTS:
        assert "text/csv" in paths[f"/api/v1{path}"]["get"]["responses"]["200"]["content"], path


OF_ONE_THING = {
    "/me/news": "what one person has not seen yet, five at most",
    "/me/notifications": "what one person has chosen",
    "/work-orders/by-number/{number}": "an order",
    "/work-orders/{order_id}": "an order, which can be printed",
    "/work-orders/{order_id}/slots": "a few times that fit an order",
    "/sites/{site_code}/slots": "a few times that fit work that is not ordered yet",
    "/escalations/{escalation_id}": "an escalation",
    "/requests/{ask_id}": "a request, with its messages",
    "/work-orders/{order_id}/last-time": "a few orders like one, and checks by success",
    "/sync/changes": "what a device lacks, a page at a time",
    "/sync/catalogue": "what a device has besides orders; each of them is a list of its own",
    "/answers": "passages that answer one question",
    "/work-orders/{order_id}/content": "an order, which can be printed",
    "/work-orders/{order_id}/proposal": "what speaks for each technician, for one order now",
    "/assets/{asset_id}": "an asset",
    "/assets/{asset_id}/readings": "a chart; the readings themselves are exported by the command line",
    "/alarms/metrics": "the numbers of one period",
    "/shadow-runs/{run_id}/report": "a comparison; the orders of a run are a list of their own",
    "/engine": "the engine",
    "/health/ready": "the engine",
    "/quarantine/{kept_id}/payloads": "bytes of one kept message",
    "/me": "who asks",
    "/users/{user_name}": "a user",
    "/job-plans/{plan_code}": "a job plan",
    "/maintenance-plans/{plan_id}": "a maintenance plan",
    "/sites/{site_code}/workforce": "one document of a site; its technicians are a list of their own",
    "/sites/{site_code}/costs": "a site's money; its rates and its model are lists of their own",
    "/runs/{run_key}": "a run",
    "/checklists/{checklist_id}": "a checklist; the items of all are a list of their own",
    "/checklists/{checklist_id}/difference": "what two versions differ in",
    "/inspection-routes/{route_id}": "a route",
    "/rounds/{round_id}": "a round, whose signed report is a PDF",
    "/audits/{audit_id}": "an audit; findings are a list of their own",
    "/items/{item_id}/where-used": "an item",
}
"""Answers that have lists in them and are no list: what each is of."""


def has_rows(schema, schemas):
    """Whether an answer is a list of things, or has one as a field."""
    shape = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    fields = [shape, *shape.get("properties", {}).values()]
    return any(each.get("type") == "array" and "$ref" in each.get("items", {}) for each in fields)


def test_every_answer_that_is_a_list_can_be_had_as_a_file_paged_or_not():
    document = create(None, keys={}).openapi()  # type: ignore[arg-type]
    lists = set()
    for path, methods in document["paths"].items():
        answer = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if has_rows(answer.get("application/json", {}).get("schema", {}), document["components"]["schemas"]):
            lists.add(path.removeprefix("/api/v1"))
    assert lists == LISTS.keys() | OF_ONE_THING.keys()
    assert not LISTS.keys() & OF_ONE_THING.keys()


def test_lists_that_are_answered_whole_are_files_too_by_their_filters(client, seeded):
    assert client.put(f"{V1}/sites/NTH/costs/currency", json={"currency": "EUR"}).status_code == 200
    for rate, day in (("80", "2026-01-01"), ("84.5", "2026-06-01")):
        body = {"skill": "mechanical", "from_date": day, "per_hour": rate}
        assert client.put(f"{V1}/sites/NTH/costs/labour-rate", json=body).status_code == 200
    assert client.put(f"{V1}/sites/NTH/costs/model", json={"asset": "P-101", "failure": "60000"}).status_code == 200
    found = rows(client.get(f"{V1}/sites/NTH/costs/labour-rates?format=csv"))
    assert [(each["trade"], each["per hour (site's currency)"]) for each in found] == [
        (each["skill"], str(float(each["per_hour"])))
        for each in client.get(f"{V1}/sites/NTH/costs/labour-rates").json()
    ]
    assert len(found) == 2
    [head, entry] = cells(client.get(f"{V1}/sites/NTH/costs/cost-model?format=xlsx"))
    assert dict(zip(head, entry, strict=True))["a failure (site's currency)"] == 60_000
    assert len(rows(client.get(f"{V1}/sites/NTH/targets?format=csv"))) == len(
        client.get(f"{V1}/sites/NTH/targets").json()
    )
    assert client.get(f"{V1}/models/precision?format=csv").text.startswith("class,model,")
    asset = seeded.assets["P-101"]
    sent = client.post(
        f"{V1}/assets/{asset}/files", files={"file": ("=manual.txt", b"read me")}, headers={"Idempotency-Key": "f"}
    )
    assert sent.status_code == 201
    assert [each["name"] for each in rows(client.get(f"{V1}/assets/{asset}/files?format=csv"))] == ["'=manual.txt"]
    assert client.get(f"{V1}/sites/NTH/costs/labour-rates?format=csv&limit=3").status_code == 422


def test_a_column_that_no_answer_has_is_noticed():
    """Each column is a field of the list's answers, so that a renamed field cannot empty a column."""
    document = create(None, keys={}).openapi()  # type: ignore[arg-type]
    schemas = document["components"]["schemas"]
    resolved = {"asset", "site"}  # found by the row's ids
    for path, file in LISTS.items():
        read = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        shape = schemas.get(read.get("$ref", "").rpartition("/")[2], read)
        items = shape.get("items") or shape["properties"][file.within]["items"]
        fields = set(schemas[items["$ref"].rpartition("/")[2]]["properties"])
        if file.split is not None:
            fields |= {"known", "actor", "bound_at"}
        assert {each.field.partition(".")[0] for each in file.columns} <= fields | resolved, path


def test_a_file_has_the_rows_of_the_list_with_its_filters_and_in_its_order(client, seeded):
    for filters in ({}, {"status": ["open", "in_progress"]}, {"asset": "P-104"}, {"unfinished": "false"}):
        listed = client.get(f"{V1}/work-orders", params=filters).json()["items"]
        found = rows(client.get(f"{V1}/work-orders", params={**filters, "format": "csv"}))
        assert [row["number"] for row in found] == [each["number"] for each in listed]
    assert rows(client.get(f"{V1}/work-orders?format=csv"))


def test_a_file_goes_over_every_page_of_its_list(client, database):
    with psycopg.connect(database) as conn:
        conn.execute(
            "INSERT INTO assets (site_id, code, name, class, criticality) "
            "SELECT 1, 'M-' || lpad(n::text, 5, '0'), 'x', 'pump', 2 FROM generate_series(1, 1200) n"
        )
    for kind in ("csv", "csv-bom"):
        codes = [row["code"] for row in rows(client.get(f"{V1}/assets", params={"format": kind}))]
        assert len(codes) == len(set(codes)) == 1208
    assert len(cells(client.get(f"{V1}/assets?format=xlsx"))) == 1209


def test_a_file_is_sent_as_it_is_made_and_breaks_off_where_who_asks_may_not_go_on(pool, seeded):
    """The second page is asked for when the first has been sent; a key that was revoked meanwhile opens it no more."""
    with pool.connection() as conn:
        key = people.add_key(conn, "reader", Role.VIEWER)
        conn.execute(
            "INSERT INTO assets (site_id, code, name, class, criticality) "
            "SELECT 1, 'M-' || lpad(n::text, 5, '0'), 'x', 'pump', 2 FROM generate_series(1, 1200) n"
        )
    sent: list[bytes] = []
    whole = False

    async def receive():
        await asyncio.sleep(3600)

    async def send(message):
        nonlocal whole
        if message["type"] == "http.response.body":
            sent.append(message["body"])
            whole = whole or not message.get("more_body", False)
            if message["body"].count(b"\r\n") > 100:
                with pool.connection() as conn:
                    conn.execute("UPDATE api_keys SET revoked_at = now() WHERE name = 'reader'")

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "server": ("localhost", 80),
        "client": ("127.0.0.1", 1), "path": f"{V1}/assets", "raw_path": b"", "query_string": b"format=csv",
        "headers": [(b"host", b"localhost"), (b"x-api-key", key.encode())], "state": {}, "root_path": "",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }  # fmt: skip
    with pytest.raises(exporting.CutOff):
        coroutines.run(create(pool, keys={})(scope, receive, send))
    rows_sent = b"".join(sent).count(b"\r\n") - 1
    assert 0 < rows_sent < 1208
    assert not whole, "no end, so that nobody takes it for the whole list"


def test_times_are_the_sites_and_real_dates_in_a_spreadsheet(client):
    [row, *_] = rows(client.get(f"{V1}/work-orders?format=csv"))
    exact = client.get(f"{V1}/work-orders").json()["items"][0]["opened_at"]
    at = datetime.fromisoformat(row["opened (site time)"])
    assert at == datetime.fromisoformat(exact).replace(microsecond=0)
    assert row["time zone"] == "Europe/Copenhagen"
    assert row["opened (site time)"][-6:] in ("+01:00", "+02:00")
    header, first, *_ = cells(client.get(f"{V1}/work-orders?format=xlsx"))
    there = dict(zip(header, first, strict=True))
    assert there["opened (site time)"] == at.replace(tzinfo=None)
    assert there["priority (1 is the most urgent)"] == int(row["priority (1 is the most urgent)"])


def test_planned_downtime_names_its_asset_and_its_clock(client, seeded):
    span = {"starts_at": "2030-07-01T08:00:00Z", "ends_at": "2030-07-01T10:00:00Z", "reason": "new seal"}
    assert client.post(f"{V1}/assets/{seeded.assets['P-101']}/downtimes", json=span).status_code == 201
    [row] = rows(client.get(f"{V1}/downtimes?format=csv"))
    assert (row["asset"], row["start (site time)"]) == ("NTH/P-101", "2030-07-01T10:00:00+02:00")


FORMULAS = ["=1+1", "+45 12", "-x", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "\n=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_a_csv_begins_as_a_formula_does(text):
    [[cell]] = csv.reader(io.StringIO(csv_lines([[text]]).decode(), newline=""))
    assert cell == f"'{text}"


def test_no_text_is_a_formula(client, seeded):
    for text in ("=1+1|calc", "+45 12|calc", "-x|calc", "@SUM(A1)|calc"):
        span = {"starts_at": "2030-07-01T08:00:00Z", "ends_at": None, "reason": text}
        assert client.post(f"{V1}/assets/{seeded.assets['P-101']}/downtimes", json=span).status_code == 201
    assert {row["reason"][0] for row in rows(client.get(f"{V1}/downtimes?format=csv"))} == {"'"}
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{V1}/downtimes?format=xlsx").content))
    reasons = [cell for row in book.active.iter_rows() for cell in row if "calc" in str(cell.value)]
    assert [cell.data_type for cell in reasons] == ["s"] * 4


def test_numbers_below_zero_stay_numbers():
    assert csv_lines([[-5, -2.5, None, True, 'a "b", c']]) == b'-5,-2.5,,true,"a ""b"", c"\r\n'


def test_what_a_sheet_cannot_hold_is_replaced_and_shortened_not_refused():
    made = io.BytesIO()
    with Sheet("x", ["text"]) as sheet:
        sheet.add([["bell \x07 and \ud800"], ["水泵 Ä 🔧" * 8000]])
        sheet.save(made)
    [_, [bell], [long]] = openpyxl.load_workbook(made).active.iter_rows(values_only=True)
    assert bell == "bell \ufffd and \ufffd"
    assert long.startswith("水泵 Ä 🔧")
    assert len(long) <= 32767


def test_excel_is_helped_to_know_utf_8(client):
    assert client.get(f"{V1}/sites?format=csv-bom").content.startswith(b"\xef\xbb\xbfcode,")
    plain = client.get(f"{V1}/sites?format=csv")
    assert plain.content.startswith(b"code,")
    assert plain.headers["content-type"] == "text/csv; charset=utf-8"
    assert plain.headers["content-disposition"].startswith('attachment; filename="sites-')


def test_what_cannot_be_had_as_a_file_is_said(client):
    for query in ("format=pdf", "format=csv&limit=3", "format=csv&cursor=x", "format=csv&stauts=open"):
        answer = client.get(f"{V1}/work-orders?{query}")
        assert answer.status_code == 422, query
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"{V1}/me?format=csv").status_code == 422
    assert client.get(f"{V1}/locations?site=NO&format=csv").status_code == 404


def test_a_spreadsheet_of_too_many_rows_is_refused_and_leaves_nothing_behind(client, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(exporting, "MOST_ROWS", 3)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = client.get(f"{V1}/assets?format=xlsx")
    assert answer.status_code == 422
    assert "ask for CSV" in answer.json()["detail"]
    assert list(tmp_path.iterdir()) == []
    assert sheets.MOST_ROWS > 1000


def test_a_file_has_the_rows_of_who_asks_and_nobody_elses(known, pool):
    with pool.connection() as conn:
        site = conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South') RETURNING id").fetchone()[0]
        conn.execute("INSERT INTO assets (site_id, code, name) VALUES (%s, 'S-201', 'Fan')", [site])
        people.add_user(conn, "mette", Role.VIEWER)
    south = known(Role.VIEWER, sites=["STH"])
    assert [row["code"] for row in rows(south.get(f"{V1}/assets?format=csv"))] == ["S-201"]
    assert [row["code"] for row in rows(south.get(f"{V1}/sites?format=csv"))] == ["STH"]
    assert rows(south.get(f"{V1}/work-orders?format=csv")) == []
    assert south.get(f"{V1}/users?format=csv").status_code == 403
    assert known(Role.VIEWER).get(f"{V1}/users?format=csv").status_code == 403
    people_file = known(Role.ADMINISTRATOR).get(f"{V1}/users?format=csv").text
    assert "mette" in people_file
    assert "$argon2" not in people_file
    assert south.get(f"{V1}/assets?format=csv", headers={"X-API-Key": "no"}).status_code == 401


def test_the_page_of_orders_offers_its_list_as_a_file_by_the_filters_chosen(client):
    addresses = [part.split('"')[0] for part in client.get("/?type=reactive&show=all&priority=2").text.split('href="')]
    [address] = [each for each in addresses if each.startswith(f"{V1}/work-orders?") and "csv" in each]
    address = address.replace("&amp;", "&")
    assert sorted(address.partition("?")[2].split("&")) == [
        "costs=true",
        "format=csv-bom",
        "priority=2",
        "type=reactive",
    ]
    assert {row["type"] for row in rows(client.get(address))} == {"reactive"}
    assert rows(client.get(f"{V1}/work-orders?overdue=true&format=csv")) == []


def test_what_a_page_offers_as_a_file_is_there(client):
    for path in ("/assets", "/quarantine", "/alarms/history", "/changes", "/alarms/rules", "/access"):
        for part in client.get(path).text.split('href="')[1:]:
            address = part.split('"')[0].replace("&amp;", "&")
            if "format=" in address:
                assert client.get(address).status_code == 200, address


PAGE = Path(__file__).parents[3] / "docs" / "exports-and-printing.md"
EXAMPLES = re.findall(
    r'^\$ curl -H "X-API-Key: KEY" -OJ "http://127.0.0.1:8000([^"]+)"$', PAGE.read_text(), re.MULTILINE
)


def test_the_examples_of_the_document_answer(client, database, seeded):
    assert len(EXAMPLES) >= 8
    [body] = re.findall(r"```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    asked = client.post(f"{V1}/runs", json=json.loads(body), headers={"Idempotency-Key": "report"})
    assert asked.status_code == 201, asked.text
    execute(database)
    for address in EXAMPLES:
        there = address.replace("ORDER", str(seeded.orders["predictive"])).replace("RUN", asked.json()["id"])
        answer = client.get(there)
        assert answer.status_code == 200, address
        assert answer.content
    assert f"at most {sheets.MOST_ROWS:,} rows" in PAGE.read_text()
    assert f"the first {audit_paper.MOST_PRINTED:,} rows, the spreadsheet all, {sheets.MOST_ROWS:,}" in PAGE.read_text()


def test_a_file_for_people_is_in_their_language_and_one_for_programs_in_english(client, seeded):
    asked = {"Accept-Language": "de"}
    bom = client.get(f"{V1}/work-orders?format=csv-bom", headers=asked).content.decode("utf-8-sig").splitlines()
    assert bom[0].startswith("Nummer;Art;Status;Priorität (1 ist die dringendste);")
    hours = next(csv.DictReader(bom, delimiter=";"))["Soll-Aufwand (h)"]
    assert hours == "" or float(hours.replace(",", "."))
    assert cells(client.get(f"{V1}/work-orders?format=xlsx", headers=asked))[0][0] == "Nummer"
    program = client.get(f"{V1}/work-orders?format=csv", headers=asked).content.decode().splitlines()
    assert program[0].startswith("number,type,status,priority (1 is the most urgent),")
    assert csv_lines([["a", 2.5, 3]], comma=True) == b"a;2,5;3\r\n"


def test_headers_of_a_german_file_are_found_by_an_import():
    with speaking(language("de")):
        found = guess(TABLES["assets"], LISTS["/assets"].headers)
    assert {"code", "name", "serial", "safety_critical"} <= found.keys()


@pytest.mark.parametrize("kind", ["csv", "csv-bom", "xlsx"])
def test_a_list_of_an_asset_whose_id_is_no_number_is_refused_as_a_file_too(client, kind):
    answer = client.get(f"/api/v1/assets/{{7}}/files?format={kind}")
    assert answer.status_code == 422
    assert "asset_id" in answer.json()["detail"]
