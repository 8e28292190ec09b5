"""Answers of all rounds as a list and a file; what rounds and audits ask of people; overdue findings said once."""

import csv
import io
from datetime import UTC, datetime, timedelta

from db.inspections import audits, results, rounds
from db.inspections.rounds import Walk
from runtime.processes import jobs
from tests.api.inspections.conftest import V1, answered, begin, key
from tests.api.inspections.test_hard_rounds import signed_in, tokens
from workorder_core.inspections.audits import FindingStep
from workorder_core.people.access import Role


def test_answers_of_rounds_are_a_list_by_what_is_asked_and_a_file(client, route, checklist):
    of = begin(client, route)
    answered(client, of, 1, seal="no", leak="drops", temp="85,5")
    answered(client, of, 2, seal="yes", temp="60")
    found = client.get(f"{V1}/inspection-results").json()
    assert [(each["asset"], each["item"]) for each in found] == [
        ("P-101", "temp"), ("P-101", "seal"), ("P-102", "temp"), ("P-102", "seal"), ("P-102", "leak"),
    ]  # fmt: skip
    hot = found[2]
    assert (hot["answer"], hot["number"], hot["unit"], hot["high"], hot["verdict"]) == (
        "85,5",
        85.5,
        "degC",
        80,
        "failed",
    )
    failed = client.get(f"{V1}/inspection-results?verdict=failed").json()
    assert {each["item"]: bool(each["order"]) for each in failed} == {"temp": True, "seal": True}
    by_question = client.get(f"{V1}/inspection-results?item=temp&checklist_id={checklist}&asset=P-101").json()
    assert [each["number"] for each in by_question] == [60]
    assert (
        client.get(
            f"{V1}/inspection-results?since={datetime.now(UTC):%Y-%m-%d}T23:59:59Z&until=2199-01-01T00:00:00Z"
        ).json()
        == []
    )
    rows = list(csv.DictReader(io.StringIO(client.get(f"{V1}/inspection-results?format=csv&verdict=failed").text)))
    assert {(row["asset"], row["question"], row["value (in the unit)"]) for row in rows} == {
        ("P-102", "Bearing temperature", "85.5"), ("P-102", "Shaft seal dry?", ""),
    }  # fmt: skip


def test_the_pages_of_results_and_lists_are_filtered_and_paged(client, pool, route):
    of = begin(client, route)
    answered(client, of, 1, seal="no", leak="drops", temp="85,5")
    page = signed_in(pool, "berg", Role.PLANNER)
    every = page.get("/inspection-results").text
    assert every.count("one-alarm") == 3
    assert page.get("/inspection-results?verdict=failed&asset=P-102").text.count("one-alarm") == 2
    assert "Nothing was answered that fits" in page.get("/inspection-results?asset=P-999").text
    assert "There is no page 9" in page.get("/inspection-results?page=9").text
    for path in (
        "/checklists?archived=true",
        "/inspection-routes?archived=true",
        "/audits?closed=false",
        "/audit-findings?owner=x",
        "/rounds?status=missed&route_id=1",
    ):
        assert page.get(path).status_code == 200, path


def test_a_missed_round_and_an_overdue_finding_are_where_a_planner_looks_and_are_said_once(client, pool, route):
    at = datetime.now(UTC)
    with pool.connection() as conn:
        (site,) = conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()
        rounds.make_due(
            conn,
            site,
            Walk(route_id=route),
            due_at=at - timedelta(hours=5),
            latest=at - timedelta(hours=1),
            actor="x",
            at=at,
        )
    audit = client.post(
        f"{V1}/audits", json={"site": "NTH", "title": "Permits", "kind": "records"}, headers=key("a")
    ).json()
    due = (at - timedelta(days=3)).date().isoformat()
    finding = {"statement": "No end", "grade": "minor", "owner": "holm", "due": due}
    client.post(f"{V1}/audits/{audit['id']}/findings", json=finding, headers=key("f"))
    page = signed_in(pool, "berg", Role.PLANNER)
    assert "missed round" not in page.get("/").text
    with pool.connection() as conn:
        assert jobs.miss_late_rounds(conn) == 1
        assert [jobs.report_overdue_findings(conn) for _ in range(2)] == [1, 0]
        assert results.attention(conn, within=["NTH"], now=at) == results.Attention(0, 1, 1)
        assert results.attention(conn, within=["STH"], now=at) == results.Attention(0, 0, 0)
    board = page.get("/").text
    assert "<b>1</b> missed round" in board
    assert "<b>1</b> overdue finding" in board
    assert 'id="missed"' in page.get("/rounds").text
    with pool.connection() as conn:
        told = conn.execute(
            "SELECT kind, data ->> 'round', data ->> 'audit', data ->> 'owner' FROM new_events "
            "WHERE kind IN ('round.missed', 'audit.finding_overdue') ORDER BY kind"
        ).fetchall()
        # Another due date that passes is said anew.
        audits.move(conn, audit["id"], 1, FindingStep.ANSWER, said="done", actor="person:x", at=at)
        sooner = (at - timedelta(days=1)).date()
        audits.move(conn, audit["id"], 1, FindingStep.REJECT, said="no", due=sooner, actor="person:y", at=at)
        assert jobs.report_overdue_findings(conn) == 1
    assert told == [("audit.finding_overdue", None, str(audit["id"]), "Anna Holm"), ("round.missed", "1", None, None)]
    metrics = client.get("/metrics").text
    assert 'plantwright_rounds_so_far{what="missed"} 1.0' in metrics
    assert "plantwright_audit_findings_overdue 1.0" in metrics


def test_a_checklist_is_written_on_the_page_with_a_condition_by_the_number_of_a_question(pool, seeded):
    page = signed_in(pool, "berg", Role.PLANNER)
    data = {
        "site": "NTH", "code": "COLD", "title": "Cold store",
        "text_1": "Door tight?", "kind_1": "yes_no", "fails_1": "no",
        "text_2": "How wide is the gap?", "kind_2": "measurement", "unit_2": "mm", "if_2": "1", "if_answer_2": "no",
        "text_3": "Temperature", "kind_3": "measurement", "low_3": "-30,5", "high_3": "-18", "unit_3": "degC",
    }  # fmt: skip
    made = page.post("/checklists", data=data | one(page, "/checklists/new"), follow_redirects=False)
    assert made.status_code == 303, made.text
    shown = page.get(made.headers["location"]).text
    assert 'name="if_2" inputmode="numeric" maxlength="4" value="1"' in shown
    assert 'name="low_3" inputmode="decimal" maxlength="20" value="-30.5"' in shown
    wrong = page.post("/checklists", data=data | {"code": "X", "if_2": "3"} | one(page, "/checklists/new"))
    assert 'id="wrong-if_2"' in wrong.text
    wrong = page.post("/checklists", data=data | {"code": "X", "if_answer_2": "perhaps"} | one(page, "/checklists/new"))
    assert 'id="wrong-if_answer_2"' in wrong.text


def one(page, path: str) -> dict[str, str]:
    """Return what the form of a page has that nobody types."""
    return {f"key_{number}": "" for number in range(1, 7)} | tokens(page.get(path).text)
