"""What docs/people.md says is so: its technician can be sent, its rotation is what it says, its files are imported."""

import json
import re
from datetime import date, time
from pathlib import Path
from typing import Any

import psycopg
from typer.testing import CliRunner

from api.shapes.scheduling.estimates import TakeOverIn
from api.shapes.technicians import TechnicianFacts
from db.people import site_rules, technicians
from db.plant import plant
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from tests import a_plant
from workorder_core.people.skills import Asked
from workorder_core.people.working_times import Pattern, Shift, worked
from workorder_core.planning.site_time import SiteTime
from workorder_core.scheduling.estimates import LEAST, Kind
from workorder_core.words import FailureMode

PAGE = (Path(__file__).parents[2] / "docs" / "people.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| on (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE)


def test_the_technician_of_the_page_can_be_sent():
    text = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0]
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
    for name, text in zip(("technicians", "absences", "ways", "skills", "skill-certificates"), texts, strict=True):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    [session] = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    told = re.findall(r"\$ ./run plantwright (.*)\n(.*)\n", session)
    assert len(told) == 5
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
        tables = site_rules.skill_tables(conn, site)
        assert tables.asked("motor", FailureMode.VIB) == Asked("electrical", 4)
        assert tables.asked("pump", FailureMode.VIB) == Asked("vibration analysis", 2)
        assert tables.asked("gasket", FailureMode.VIB) is None
        assert tables.certificates_of("electrical") == {"high voltage switching", "first aid"}
        assert tables.certificates_of("welding") == frozenset()


def test_the_estimate_of_the_page_can_be_taken_over_and_its_kinds_are_the_codes():
    text = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[1]
    assert TakeOverIn(**json.loads(text)).kind is Kind.JOB_PLAN
    told = re.findall(r"^\| `(\w+)` \| .* \| (\d) \|", PAGE, re.MULTILINE)
    assert told == [(kind.value, str(LEAST[kind])) for kind in Kind]


def test_a_table_of_osrm_is_imported_by_the_locations_nearest_to_its_coordinates(database, tmp_path):
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        for code, north, east in (("NTH-SUP", 57.05, 9.92), ("NTH-TRF", 57.10, 10.02)):
            conn.execute("UPDATE locations SET latitude = %s, longitude = %s WHERE code = %s", [north, east, code])
    places: list[dict[str, Any]] = [
        {"location": [9.9203, 57.0501], "name": ""},
        {"location": [10.0197, 57.1002], "name": ""},
    ]
    answer: dict[str, Any] = {"code": "Ok", "sources": places, "destinations": places}
    answer |= {"durations": [[0, 601.2], [660, 0]], "distances": [[0, 8213.4], [8400, 0]]}
    file = tmp_path / "osrm.json"
    file.write_text(json.dumps(answer), encoding="utf-8")
    command = ["import-table", "ways", str(file), "--site", "NTH", "--database", database, "--apply"]
    made = CliRunner().invoke(app, command)
    assert "2 ways: 2 new, 0 changed, 0 as they are, 0 wrong; stored" in made.output, made.output
    assert "2 as they are" in CliRunner().invoke(app, command).output
    with psycopg.connect(database) as conn:
        found = conn.execute(
            "SELECT f.code, t.code, w.minutes, w.km FROM ways w JOIN locations f ON f.id = w.from_id "
            "JOIN locations t ON t.id = w.to_id ORDER BY f.code"
        ).fetchall()
    assert found == [("NTH-SUP", "NTH-TRF", 11, 8.213), ("NTH-TRF", "NTH-SUP", 11, 8.4)]
    places[0]["location"] = [8.0, 55.0]
    file.write_text(json.dumps(answer), encoding="utf-8")
    assert "55.000000, 8.000000" in CliRunner().invoke(app, command).output, "no location is near"
    file.write_text('{"code": "NoTable"}', encoding="utf-8")
    assert "no table of OSRM" in CliRunner().invoke(app, command).output
