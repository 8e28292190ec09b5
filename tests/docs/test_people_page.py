"""What docs/people.md says is so: its technician can be sent, its rotation is what it says, its files are imported."""

import json
import re
from datetime import date, time
from pathlib import Path

import psycopg
from typer.testing import CliRunner

from api.shapes.technicians import TechnicianFacts
from db.people import technicians
from db.plant import plant
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from tests import a_plant
from workorder_core.people.working_times import Pattern, Shift, worked
from workorder_core.planning.site_time import SiteTime

PAGE = (Path(__file__).parents[2] / "docs" / "people.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| on (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE)


def test_the_technician_of_the_page_can_be_sent():
    [text] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    one = TechnicianFacts(**json.loads(text)).technician(technician_id=1, site_id=1, code="holm")
    assert (one.level("welding"), one.level("mechanical")) == (5, 3)
    assert one.certified("hot work", date(2027, 1, 31)) and not one.certified("hot work", date(2027, 2, 1))


def test_the_rotation_of_the_page_is_what_it_says():
    weeks = ((time(6), time(14)), (time(14), time(22)), (time(22), time(6)))
    shifts = [
        Shift(day=week * 7 + day, starts=starts, ends=ends)
        for week, (starts, ends) in enumerate(weeks)
        for day in range(5)
    ]
    pattern = Pattern(anchor=date(2026, 1, 5), days=21, shifts=tuple(shifts))
    assert len(ROWS) == 3
    for day, *begins in ROWS:
        for offset, begin in zip((0, 7, 14), begins, strict=True):
            (at,) = worked(pattern, SiteTime(zone="UTC"), since=date.fromisoformat(day), dates=1, offset=offset)
            assert f"{at.starts:%H:%M}" == begin


def test_the_files_of_the_page_do_what_it_says(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
    texts = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    for name, text in zip(("technicians", "absences", "ways"), texts, strict=True):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    [session] = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    told = re.findall(r"\$ ./run plantwright (.*)\n(.*)\n", session)
    assert len(told) == 3
    for command, said in told:
        made = CliRunner().invoke(app, [*command.split(), "--database", database])
        assert said in made.output, made.output
        again = CliRunner().invoke(app, [*command.split(), "--database", database])
        assert re.search(r": 0 new, 0 changed, \d as they are, 0 wrong; stored", again.output), again.output
    with psycopg.connect(database) as conn:
        site = plant.site_by_code(conn, "NTH").id
        holm, berg = (technicians.get(conn, site, code) for code in ("holm", "delta1"))
        assert (holm.level("mechanical"), holm.valid_until) == (4, {"hot work": date(2027, 1, 31)})
        assert len(holm.absences) == 1
        assert (berg.firm, berg.contract_until) == ("Delta Service", date(2027, 6, 30))
        assert conn.execute("SELECT count(*) FROM ways").fetchone() == (2,)
