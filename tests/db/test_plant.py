from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from db.plant import plant
from runtime.cli.plant_file import InvalidPlantFile, load_plant, read
from workorder_core.words import Criticality

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SAMPLE = Path("data/samples/plant.toml")


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def test_the_sample_plant_can_be_loaded_and_read_back(conn):
    load_plant(conn, SAMPLE, at=NOW)
    pumps = plant.assets(conn, now=NOW)
    assert [pump.code for pump in pumps] == [f"P-10{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8)]
    assert pumps[1].path == "North pumping station / Town supply / High-pressure pump hall / P-102"
    assert pumps[0].criticality is Criticality.CRITICAL
    measured = plant.signals(conn, [pumps[0].id])[pumps[0].id]
    assert {signal.name: signal.unit for signal in measured}["vibration"] == "mm/s"


def test_loading_a_plant_twice_changes_nothing(conn):
    load_plant(conn, SAMPLE, at=NOW)
    before = everything(conn)
    load_plant(conn, SAMPLE, at=NOW)
    assert everything(conn) == before


def test_a_unit_that_nobody_had_said_was_this_one_all_the_time(conn):
    conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'NTH')")
    conn.execute("INSERT INTO assets (site_id, code, name) SELECT id, 'P-101', 'P-101' FROM sites")
    conn.execute("INSERT INTO signals (asset_id, name) SELECT id, 'flow' FROM assets")
    conn.execute("INSERT INTO signal_versions (signal_id, version) SELECT id, 1 FROM signals")
    load_plant(conn, SAMPLE, at=NOW)
    rows = conn.execute(
        "SELECT v.unit, v.valid_from::text FROM signal_versions v JOIN signals s ON s.id = v.signal_id "
        "JOIN assets a ON a.id = s.asset_id WHERE s.name = 'flow' AND a.code = 'P-101' ORDER BY v.version"
    ).fetchall()
    assert rows == [("", "-infinity"), ("m3/h", "-infinity")]


def test_safety_critical_is_set_by_the_plant_file_and_kept_where_it_says_nothing(conn, tmp_path):
    path = tmp_path / "plant.toml"
    text = '[site]\ncode="N"\nname="n"\n[[assets]]\nid="P"\n'
    for said, is_so in (("", False), ("safety_critical=false", False), ("safety_critical=true", True), ("", True)):
        path.write_text(text + said)
        load_plant(conn, path, at=NOW)
        assert plant.asset_by_key(conn, "N", "P", now=NOW).safety_critical is is_so


def test_a_machine_that_moved_keeps_both_histories(conn, tmp_path):
    load_plant(conn, SAMPLE, at=NOW)
    moved = tmp_path / "plant.toml"
    text = SAMPLE.read_text().replace('location = "NTH-SUP-HP"', 'location = "NTH-TRF-PH"', 1)
    moved.write_text(text)
    load_plant(conn, moved, at=NOW.replace(hour=12))
    rows = conn.execute(
        "SELECT l.code, i.removed_at IS NULL FROM installations i JOIN locations l ON l.id = i.location_id "
        "JOIN assets a ON a.id = i.asset_id WHERE a.code = 'P-101' ORDER BY i.installed_at"
    ).fetchall()
    assert rows == [("NTH-SUP-HP", False), ("NTH-TRF-PH", True)]


WRONG = {
    "an unknown key": ('[site]\ncode="N"\nname="n"\nzone="UTC"', "site.zone: there is no such key; known are code"),
    "no site": ("", "site: is missing or no table; write [site]"),
    "an unknown time zone": ('[site]\ncode="N"\nname="n"\ntime_zone="Mars/Base"', "is no IANA time zone"),
    "a parent written after its child": (
        '[site]\ncode="N"\nname="n"\n[[locations]]\ncode="a"\nname="A"\nlevel="area"\nparent="b"',
        "locations[a].parent: 'b' is not a location above this one",
    ),
    "a place that is not there": (
        '[site]\ncode="N"\nname="n"\n[[assets]]\nid="P"\nlocation="x"',
        "assets[P].location: there is no location 'x'",
    ),
    "an asset that stands behind one that is written after it": (
        '[site]\ncode="N"\nname="n"\n[[assets]]\nid="P"\nparent="C"\n[[assets]]\nid="C"',
        "assets[P].parent: 'C' is not an asset above this one; write what feeds it, or holds it, before it",
    ),
    "a criticality that is none": (
        '[site]\ncode="N"\nname="n"\n[[assets]]\nid="P"\ncriticality="huge"',
        "assets[P].criticality: 'huge' is not known; write one of low, medium, high, critical",
    ),
    "a safety-critical that is a word": (
        '[site]\ncode="N"\nname="n"\n[[assets]]\nid="P"\nsafety_critical="yes"',
        "assets[P].safety_critical: must be true or false, without quotes, not 'yes'",
    ),
    "a signal of no class that is there": (
        '[site]\ncode="N"\nname="n"\n[[signals]]\nid="flow"\nclass="fan"',
        "signals[flow].class: no asset is of the class 'fan'",
    ),
    "a shift that is no time": (
        '[site]\ncode="N"\nname="n"\n[[technicians]]\nid="t"\nshift={from="late",to="14:00"}',
        "technicians[t].shift.from: 'late' is no time of day",
    ),
    "two of a name": (
        '[site]\ncode="N"\nname="n"\n[[assets]]\nid="P"\n[[assets]]\nid="P"',
        "assets: 'P' is there twice",
    ),
    "not TOML": ("site = [", "is not TOML"),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_plant_file_names_file_key_and_mend(tmp_path, text, says):
    path = tmp_path / "plant.toml"
    path.write_text(text)
    with pytest.raises(InvalidPlantFile) as raised:
        read(path)
    assert says in str(raised.value)
    assert str(path) in str(raised.value)


def test_what_an_asset_stands_behind_is_told_to_the_judge(conn, tmp_path):
    path = tmp_path / "plant.toml"
    text = '[site]\ncode="N"\nname="n"\n[[assets]]\nid="C"\nclass="cabinet"\n[[assets]]\nid="P"\nclass="pump"\n'
    path.write_text(text)
    load_plant(conn, path)
    path.write_text(text + 'parent="C"\n')
    load_plant(conn, path)
    load_plant(conn, path)
    told = "SELECT payload -> 'parent' FROM judge_events WHERE kind = 'asset' ORDER BY id"
    assert conn.execute(told).fetchall() == [(None,), (None,), ("N/C",)]
    assert [(each.code, each.parent) for each in plant.assets(conn, now=NOW)] == [("C", None), ("P", "C")]


def everything(conn):
    tables = (
        "sites",
        "locations",
        "assets",
        "installations",
        "signals",
        "signal_versions",
        "technicians",
        "judge_events",
    )
    return {table: conn.execute(f"SELECT t::text FROM {table} t ORDER BY 1".encode()).fetchall() for table in tables}
