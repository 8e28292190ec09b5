"""What docs/planned-work.md says is so: its plan can be stored, and its table of dates is what the engine computes."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from api.shapes.planning import NewMaintenancePlanIn
from db.plant import plant
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from tests import a_plant
from workorder_core.planning import recurrence
from workorder_core.planning.deciding import preview
from workorder_core.planning.due import Series
from workorder_core.planning.plans import ByCalendar, MaintenancePlan, ObjectKind
from workorder_core.planning.site_time import SiteTime

PAGE = (Path(__file__).parents[2] / "docs" / "planned-work.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(FREQ=[^`]+)` \| (\S+) \| (.+) \|$", PAGE, re.MULTILINE)


def test_the_plan_of_the_page_is_one():
    [text] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    sent = NewMaintenancePlanIn(**json.loads(text))
    plan = sent.plan(sent.code, sent.site)
    assert [package.every for package in plan.packages] == [1, 3, 12]


@pytest.mark.parametrize(("rule", "starts", "dates"), ROWS, ids=[row[0] for row in ROWS])
def test_a_rule_of_the_page_falls_on_the_dates_beside_it(rule, starts, dates):
    plan = MaintenancePlan(
        code="P",
        site="NTH",
        title="x",
        object=ObjectKind.ASSET,
        objects=("A",),
        calendar=ByCalendar(rule=rule, starts=datetime.fromisoformat(starts)),
    )
    site = SiteTime(zone="Europe/Copenhagen")
    found = preview(
        plan, Series(begun_at=datetime(2025, 1, 1, tzinfo=UTC)), site, until=datetime(2040, 1, 1, tzinfo=UTC), most=4
    )
    assert ", ".join(site.local(due.at).date().isoformat() for due in found) == dates


def test_the_page_has_rules_and_names_every_part_of_one():
    assert len(ROWS) == 5
    assert all(f"`{part}`" in PAGE for part in recurrence._PARTS - {"WKST"})


def test_the_commands_of_the_page_do_what_it_says(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        place = plant.site_by_code(conn, "NTH").id
        conn.execute(
            "INSERT INTO assets (site_id, code, name, class, criticality) VALUES (%s, 'P-201', 'x', 'x', 2)", (place,)
        )
    for name, text in zip(("plans.csv", "wrong.csv"), re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL), strict=True):
        Path(name).write_text(text, encoding="utf-8")
    (shown,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    examples = re.findall(r"\$ \./run plantwright (plan [^\n]+)\n([^$]+)", shown)
    assert len(examples) == 4
    for command, said in examples:
        answer = CliRunner().invoke(app, [*command.split(), "--database", database])
        assert said.strip() in answer.output
