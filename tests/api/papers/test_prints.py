"""Orders as PDF: whole whatever people have written, of who may see them, with nothing that is run."""

import json
import struct
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from api.language.catalogues import language
from api.papers import charts, order_paper, typeset
from runtime.cli import main
from tests.api.orders.test_six_types import PLAN
from workorder_core.language import speaking
from workorder_core.people.access import Role

V1 = "/api/v1"
LONG = "Replace the seal " + "x" * 400 + ' 水泵 Ä 🔧 #panic() $x$ `raw` \\ " <b> @ref *bold*'


def size(png: bytes) -> tuple[int, int]:
    return struct.unpack(">II", png[16:24])


@pytest.fixture
def facts(monkeypatch):
    """What the templates are given, as it is given."""
    given, real = [], typeset.pdf

    def pdf(template, facts):
        given.append(json.loads(json.dumps(facts)))
        return real(template, facts)

    monkeypatch.setattr(typeset, "pdf", pdf)
    return given


def printed(client, order):
    answer = client.get(f"{V1}/work-orders/{order}/print")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    return answer


def test_an_order_says_why_it_exists_with_its_charts_and_who_printed_it_when(client, seeded, facts):
    answer = printed(client, seeded.orders["predictive"])
    [said] = facts
    assert answer.headers["content-disposition"] == f'inline; filename="{said["number"]}.pdf"'
    assert said["finding"]["summary"].startswith("The thrust bearing")
    assert {each["title"] for each in said["finding"]["charts"]} >= {"Thrust bearing temperature"}
    for chart in said["finding"]["charts"]:
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in chart["points"])
        assert len(chart["values"]) >= 2
    assert said["footer"].endswith(" by planner (API key)")
    assert said["footer"].startswith("Printed ")
    assert " CE" in said["footer"], "on the site's clock"
    assert f"/orders/{seeded.orders['predictive']}" in said["address"] or "/q/" in said["address"]


def test_an_order_is_printed_in_german_for_who_reads_german(client, seeded, facts):
    answer = client.get(f"{V1}/work-orders/{seeded.orders['predictive']}/print", headers={"Accept-Language": "de"})
    assert answer.content.startswith(b"%PDF-")
    [said] = facts
    names = {name for name, _ in said["facts"]}
    assert {"Priorität", "Fehlerbild", "Eröffnet"} <= names
    assert said["footer"].startswith("Gedruckt ")
    assert said["kind"][1] == "vorausschauend"
    assert dict(said["facts"])["Priorität"].startswith("Mittel: ein Ausfall ist absehbar")


def test_the_words_of_a_template_reach_it_in_the_readers_language():
    assert 'say("Safety")' in (typeset._TEMPLATES / "order.typ").read_text(encoding="utf-8")
    assert "Safety" in typeset.words_of("order").values()
    with speaking(language("de")):
        assert typeset.words_of("order")["Safety"] == "Sicherheit"


def test_a_plan_is_printed_with_its_steps_permits_and_parts(client, seeded, facts):
    order = seeded.orders["by hand"]
    assert client.put(f"{V1}/job-plans/PRINT", json=PLAN).status_code == 200
    planned = client.post(f"{V1}/work-orders/{order}/plan", json={"plan": "PRINT"})
    assert planned.status_code == 200, planned.text
    printed(client, order)
    [said] = facts
    plan: Any = PLAN
    assert [each["instruction"] for each in said["steps"]] == [each["instruction"] for each in plan["steps"]]
    assert any(each.startswith("Permit: ") for each in said["safety"])
    assert len(said["parts"]) == len(plan.get("parts", []))


def test_whatever_people_have_written_is_printed_as_it_is_on_a4(client, seeded, facts, database):
    order = seeded.orders["predictive"]
    with psycopg.connect(database) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute("UPDATE work_orders SET title = %s WHERE id = %s", [LONG, order])
        conn.execute(
            "INSERT INTO order_comments (order_id, seq, at, actor, text) "
            "SELECT %s, n, now(), 'person:x', %s FROM generate_series(100, 110) n", [order, LONG],
        )  # fmt: skip
        conn.execute(
            "INSERT INTO evidence SELECT "
            "(jsonb_populate_record(e, jsonb_build_object('seq', 1000 + n, 'arrival', 1000000 + n))).* "
            "FROM evidence e, generate_series(1, 220) n WHERE order_id = %s AND seq = "
            "(SELECT max(seq) FROM evidence WHERE order_id = %s)", [order, order],
        )  # fmt: skip
    printed(client, order)
    [said] = facts
    assert said["title"] == LONG
    assert len(said["findings"]) == order_paper.MOST_FINDINGS - 1
    assert said["more_findings"]
    pages = typeset.pictures("order", said, dots_per_inch=72)
    assert len(pages) > 3
    assert {size(each) for each in pages} == {(595, 842)}


def test_an_order_by_hand_without_anything_is_printed_too(client, seeded, facts):
    printed(client, seeded.orders["by hand"])
    [said] = facts
    assert (said["finding"], said["steps"], said["parts"]) == (None, [], [])
    assert said["why"]


def test_an_order_of_another_site_is_not_printed(known, pool, seeded):
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    address = f"{V1}/work-orders/{seeded.orders['done']}/print"
    assert known(Role.TECHNICIAN, sites=["NTH"]).get(address).status_code == 200
    assert known(Role.ADMINISTRATOR, sites=["STH"]).get(address).status_code == 404


def test_a_chart_of_many_readings_keeps_their_extremes():
    points = [(float(n), 1.0) for n in range(10_000)]
    points[7_001] = (7_001.0, 99.0)
    thinned = charts.thinned(points)
    assert len(thinned) < 1_000
    assert (7_001.0, 99.0) in thinned
    assert thinned == sorted(thinned)


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0], [0.0, 0.0], [1e9, 1e9 + 1], [-3.0, 1e-9]])
def test_a_chart_has_round_values_whatever_it_shows(values):
    chart = {
        "title": "x", "unit": "", "zone": "UTC", "at": list(map(float, range(len(values)))), "value": values,
        "usual": [None, None], "limit": None, "window": None,
    }  # fmt: skip
    drawn = charts.drawn(chart)
    assert drawn is not None
    assert 1 <= len(drawn["values"]) <= 6
    assert all(0 <= y <= 1 for y, _ in drawn["values"])


def test_the_page_of_an_order_leads_to_its_print(client, seeded):
    order = seeded.orders["predictive"]
    assert f'href="{V1}/work-orders/{order}/print"' in client.get(f"/orders/{order}").text


def test_an_audit_is_written_to_a_report(client, seeded, database, facts, tmp_path):
    report = tmp_path / "audit.pdf"
    asked = ["audit", "verify", "--report", str(report), "--database", database]
    sound = CliRunner().invoke(main.app, asked)
    assert sound.exit_code == 0, sound.output
    assert report.read_bytes().startswith(b"%PDF-")
    assert facts[-1]["sound"]
    with psycopg.connect(database) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute("UPDATE order_history SET why = 'another' WHERE order_id = %s", [seeded.orders["done"]])
    broken = CliRunner().invoke(main.app, [*asked, "--anchor", "ab" * 32])
    assert broken.exit_code == 4, broken.output
    said = facts[-1]
    assert (said["sound"], said["expected_there"], len(said["broken"])) == (False, False, 1)
    assert "@" not in said["of"], "no password"
    assert len(typeset.pictures("audit", said)) == 1
