"""A plant file over a plant that is there: what it changes is logged, less safety waits, what it omits stays."""

from datetime import UTC, datetime

import psycopg
import pytest
from typer.testing import CliRunner

from db.errors import Cycle
from db.plant import changes, confirming, hierarchy, plant, safety
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from workorder_core.words import Criticality

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SITE = '[site]\ncode="N"\nname="North"\ntime_zone="Europe/Oslo"\n'
ASSET = '[[assets]]\nid="P"\nname="Pump"\n'
CRITICAL = ASSET + 'class="pump"\ncriticality="critical"\nsafety_critical=true\n'


@pytest.fixture
def conn(database):
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


@pytest.fixture
def command(database, tmp_path):
    """Loads a plant file of this text by the command line, and returns its exit code and what it says."""
    path = tmp_path / "plant.toml"

    def load(text, *options):
        path.write_text(text)
        done = CliRunner().invoke(app, ["plant", str(path), "--database", database, *options])
        return done.exit_code, " ".join(done.output.split())

    return load


def facts(conn):
    found = plant.asset_by_key(conn, "N", "P", now=NOW)
    return found.asset_class, found.criticality, found.safety_critical


LESS = {
    "no longer safety-critical": ("safety_critical=true", "safety_critical=false"),
    "of another class": ('class="pump"', 'class="fan"'),
    "less critical": ('criticality="critical"', 'criticality="low"'),
}


@pytest.mark.parametrize(("old", "new"), LESS.values(), ids=LESS.keys())
def test_what_a_plant_file_makes_less_safe_waits_for_a_second_person(conn, command, old, new):
    assert command(SITE + CRITICAL)[0] == 0
    before = facts(conn)
    code, said = command(SITE + CRITICAL.replace(old, new), "--by", "ann", "--why", "the guard is gone")
    assert code == 0
    assert "N/P waits for a second person" in said
    assert facts(conn) == before
    (waits,) = safety.page(conn, waiting=True)
    assert (waits.subject, waits.proposed_by, waits.why) == ("N/P", "person:ann", "the guard is gone")
    confirming.confirm(conn, waits.id, actor="person:ben", at=NOW)
    assert facts(conn) != before


def test_without_a_reason_a_plant_file_that_makes_less_safe_loads_nothing_and_says_what_to_add(conn, command):
    command(SITE + CRITICAL)
    code, said = command(SITE + CRITICAL.replace("Pump", "Pump 1").replace("=true", "=false"))
    assert code == 2
    assert "--why" in said
    assert plant.asset_by_key(conn, "N", "P", now=NOW).name == "Pump"
    assert safety.page(conn) == []


def test_a_plant_file_that_waits_can_be_loaded_again_and_changes_nothing(conn, command):
    command(SITE + CRITICAL)
    less = SITE + CRITICAL.replace("=true", "=false")
    command(less, "--why", "the guard is gone")
    before = (changes.page(conn), safety.page(conn))
    code, said = command(less)
    assert code == 0
    assert "N/P waits for a second person" in said
    assert (changes.page(conn), safety.page(conn)) == before


def test_what_makes_an_asset_safer_takes_effect_at_once(conn, command):
    command(SITE + ASSET)
    assert facts(conn) == ("unclassified", Criticality.MEDIUM, False)
    command(SITE + CRITICAL)
    assert facts(conn) == ("pump", Criticality.CRITICAL, True)
    assert safety.page(conn) == []


def test_what_a_plant_file_omits_is_left_as_it_was(conn, command):
    signal = '[[signals]]\nid="flow"\nasset="P"\n'
    technician = '[[technicians]]\nid="t"\n'
    command(
        SITE + CRITICAL + signal + 'unit="m3/h"\nquantity="flow"\n' + technician + 'name="Tom"\nweekdays=["mon"]\n'
        + 'skills=["mechanical"]\ncertificates=["hot work"]\nshift={from="06:00",to="14:00"}\n'
    )  # fmt: skip
    command('[site]\ncode="S"\nname="South"\n')
    rows = "SELECT to_jsonb(t) FROM {} t ORDER BY 1"
    tables = ("sites", "assets", "signals", "signal_versions", "technicians", "judge_events", "changes")
    before = [conn.execute(rows.format(table).encode()).fetchall() for table in tables]
    code, said = command('[site]\ncode="N"\nname="North"\n[[assets]]\nid="P"\n' + signal + technician)
    assert code == 0, said
    assert [conn.execute(rows.format(table).encode()).fetchall() for table in tables] == before


def test_what_a_plant_file_changes_is_logged_with_who_and_why(conn, command):
    command(SITE + ASSET)
    assert changes.page(conn) == [], "what a file makes known first is no change"
    command(SITE + ASSET + 'criticality="low"\n', "--by", "ann", "--why", "it has a spare now")
    (change,) = changes.page(conn)
    assert (change.subject, change.actor, change.why) == ("N/P", "person:ann", "it has a spare now")
    assert (change.old, change.new) == ({"criticality": 2}, {"criticality": 1})


def test_another_change_does_not_pass_one_that_waits(conn, command):
    command(SITE + CRITICAL)
    command(SITE + CRITICAL.replace("=true", "=false"), "--why", "the guard is gone")
    code, said = command(SITE + CRITICAL.replace('"critical"', '"low"'), "--why", "it has a spare now")
    assert code == 2
    assert "confirm or reject that one first" in said
    assert facts(conn) == ("pump", Criticality.CRITICAL, True)


def test_a_plant_file_closes_no_ring_over_what_it_omits(conn, tmp_path):
    path = tmp_path / "plant.toml"
    two = SITE + '[[assets]]\nid="C"\n[[assets]]\nid="P"\n'
    path.write_text(two)
    load_plant(conn, path)
    cabinet = plant.asset_by_key(conn, "N", "C", now=NOW)
    hierarchy.change(conn, cabinet.id, parent="P", actor="person:ann", at=NOW)
    path.write_text(two + 'parent="C"\n')
    with pytest.raises(Cycle, match="is downstream of"), conn.transaction():
        load_plant(conn, path)
    assert plant.asset_by_key(conn, "N", "P", now=NOW).parent is None
