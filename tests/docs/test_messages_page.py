"""What docs/messages.md says is so: its kinds, its policy, its fields, its table of times, and its states."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from typer.testing import CliRunner

from api.shapes.notifying.notifications import NotificationPolicyIn, NotificationRuleIn
from db.escalating.policies import POLICIES
from db.notifying import policies
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from tests import a_plant, people
from workorder_core.escalating.policies import Covers, Policy, Step, target
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import NO_SETTINGS, from_document
from workorder_core.notifying.when import Gather, decide
from workorder_core.people.access import Role
from workorder_core.words import OrderType

PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
POLICY = from_document(
    NotificationPolicyIn.model_validate(json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])).document()
)
ROWS = re.findall(r"^\| (\d\d:\d\d) (\w+) \| (\d\d:\d\d) \|$", PAGE, re.MULTILINE)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("at", "choice", "sent"), ROWS, ids=[f"{row[1]} at {row[0]}" for row in ROWS])
def test_news_is_sent_when_the_page_says(at, choice, sent):
    now = datetime.fromisoformat(f"2026-03-04T{at}").replace(tzinfo=BERLIN)
    decided = decide(choice, POLICY, NO_SETTINGS, now=now, urgent=choice == "emergency")
    due = decided.at if isinstance(decided, Gather) else now
    assert due.astimezone(BERLIN).strftime("%H:%M") == sent
    assert timedelta(0) <= due - now < timedelta(days=1)


def test_the_page_has_every_kind_field_and_state():
    assert len(ROWS) == 4
    for each in (*Choice, *NotificationRuleIn.model_fields, *NotificationPolicyIn.model_fields):
        assert f"`{each}`" in PAGE or f'"{each}"' in PAGE, each
    for state in ("pending", "held", "gathered", "withheld", "delivered", "failed", "skipped"):
        assert f"`{state}`" in PAGE


def test_policies_go_to_a_file_and_back(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    now = datetime.now(BERLIN)
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        people.add_user(conn, "anna", Role.PLANNER)
        document = NotificationPolicyIn.model_validate({"events": {"alarm": {"to": ["role:planner"]}}}).document()
        policies.save(conn, "NTH", document, actor="x", at=now)
        covers = Covers(order_types=frozenset({OrderType.EMERGENCY}))
        steps = (Step((target("anna", field="whom"),)),)
        POLICIES.add(conn, Policy(code="NIGHT", site="NTH", title="N", covers=covers, steps=steps), actor="x", at=now)

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["policies", *words, "--database", database])
        assert done.exit_code == 0, done.output
        return done.output

    said("export", "--site", "NTH", "policies.json")
    read = json.loads(Path("policies.json").read_text())
    assert (read["notification"], [each["code"] for each in read["escalation"]]) == (document, ["NIGHT"])
    again = ["notification: no change", "NIGHT: no change"]
    assert said("import", "policies.json", "--site", "NTH", "--apply").splitlines() == again
    read["escalation"][0]["title"] = "Nights"
    Path("policies.json").write_text(json.dumps(read))
    shown = said("import", "policies.json", "--site", "NTH")
    assert shown.splitlines() == PAGE.partition("policies.json --site NTH\n")[2].splitlines()[:3]
    assert said("import", "policies.json", "--site", "NTH") == shown, "nothing was stored"
    said("import", "policies.json", "--site", "NTH", "--apply")
    assert said("import", "policies.json", "--site", "NTH", "--apply").splitlines() == again
    for wrong in ({"notification": {"zone": "Nowhere"}}, {"escalation": [{"code": "X"}]}, {"other": 1}, [1]):
        Path("policies.json").write_text(json.dumps(wrong))
        words = ["policies", "import", "policies.json", "--site", "NTH", "--database", database]
        assert CliRunner().invoke(app, words).exit_code == 2
