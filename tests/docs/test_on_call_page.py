"""What docs/on-call.md says is so: its rota, its table of who is on call, its override, and its commands."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from typer.testing import CliRunner

from api.shapes.notifying.swaps import SwapIn
from api.shapes.rotas import NewRotaIn, OverrideIn
from db.oncall import rotas
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from tests import a_plant
from workorder_core.oncall.duties import LOOKS_AHEAD, on_call
from workorder_core.oncall.rotas import LAYERS_MOST, OnHolidays, Unit
from workorder_core.oncall.swaps import AHEAD, LONGEST, SwapAnswer

PAGE = (Path(__file__).parents[2] / "docs" / "on-call.md").read_text(encoding="utf-8")
ROTA, OVERRIDE, SWAP = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
ROWS = re.findall(r"^\| (\d{4}-\d\d-\d\d \d\d:\d\d) \| (\w+) \| (\w+) \|$", PAGE, re.MULTILINE)


def the_rota():
    sent = NewRotaIn(**ROTA)
    return sent.rota(sent.code, sent.site)


@pytest.mark.parametrize(("at", "first", "second"), ROWS, ids=[row[0] for row in ROWS])
def test_who_is_on_call_by_the_table_of_the_page(at, first, second):
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(ROTA["zone"]))
    found = on_call(the_rota(), [], moment)
    assert (found.get("first", "nobody"), found.get("second", "nobody")) == (first, second)


def test_the_page_names_every_field_and_number():
    assert len(ROWS) == 8
    assert OverrideIn(**OVERRIDE).person == "cem"
    proposal = SwapIn(**SWAP).proposal("anna")
    assert (proposal.other, proposal.ends) == ("ben", proposal.back[0] if proposal.back else None)
    assert all(f"`{each.value}`" in PAGE or f'"{each.value}"' in PAGE for each in SwapAnswer)
    assert f"next {AHEAD.days} days can be swapped, {LONGEST.days} days at once" in PAGE
    fields = {*ROTA, *ROTA["layers"][0], "subdivision"} - {"site", "code", "title", "purpose", "name"}
    assert {each for each in fields if f"`{each}`" not in PAGE} == set()
    assert all(f"`{each.value}`" in PAGE for each in (*OnHolidays, *Unit))
    assert f"1 to {LAYERS_MOST}, on call" in PAGE
    assert timedelta(days=14) == LOOKS_AHEAD


def test_the_commands_of_the_page_do_what_it_says(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        for name in ("anna", "ben", "cem"):
            conn.execute(
                "INSERT INTO users (name, password_hash, must_change, roles, created_at) "
                "VALUES (%s, 'x', false, '{technician}', now())",
                [name],
            )
        rotas.add(conn, the_rota(), actor="x", at=datetime.now(UTC))

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["rota", *words, "--database", database])
        assert done.exit_code == 0, done.output
        return done.output

    said("export", "--site", "NTH", "rotas.json")
    [read] = json.loads(Path("rotas.json").read_text())
    assert read["code"] == "PUMPS"
    shown = said("import", "rotas.json", "--site", "NTH")
    assert shown.splitlines() == PAGE.partition("rotas.json --site NTH\n")[2].splitlines()[:2]
    Path("rotas.json").write_text(json.dumps([read | {"title": "Other"}, read | {"code": "NEW"}]))
    assert said("import", "rotas.json", "--site", "NTH").splitlines()[:2] == ["PUMPS: changed", "NEW: new"]
    said("import", "rotas.json", "--site", "NTH", "--apply", "--why", "new team")
    with psycopg.connect(database) as conn:
        assert [(each.rota.code, each.rota.version) for each in rotas.listed(conn)] == [("NEW", 1), ("PUMPS", 2)]
        assert [each.why for each in rotas.versions(conn, rotas.listed(conn)[1].id)] == ["new team", ""]
    assert "second" in said("now")
    wrong = [read | {"layers": []}]
    Path("rotas.json").write_text(json.dumps(wrong))
    refused = CliRunner().invoke(app, ["rota", "import", "rotas.json", "--site", "NTH", "--database", database])
    assert refused.exit_code == 2
