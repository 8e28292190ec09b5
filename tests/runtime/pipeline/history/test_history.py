"""Recorded history comes in once, opens nothing, and what the models learned from it replays like everything else."""

import gzip
import json
import random
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from db.telemetry import quarantine, readings
from db.telemetry.catalogue import Catalogue
from ingest import times
from ingest.formats import mapping, paths
from ingest.messages import Message
from ingest.replay import InvalidMapping
from judge.asset import asset_dump
from rules import rulebook
from runtime.cli import mappings
from runtime.pipeline import engine, history, pipeline, splitting
from runtime.pipeline.engine import Engine
from runtime.pipeline.history import Import
from runtime.settings import Settings

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
MODELS = {"default": {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8}}
RULES = rulebook.parse(
    {
        "threshold": [
            {"id": "hot", "asset_class": "pump", "signal": "temp", "raise_at": 90, "clear_below": 80}
            | {"component": "bearing", "failure_mode": "OHE", "severity": "safety"}
        ]
    }
)
DOCUMENT = """
site = "NTH"
asset = "{stem}"
class = "pump"
[time]
column = "when"
format = "iso"
[signals]
temp = { signal = "temp", unit = "degC" }
speed = { signal = "speed", unit = "rpm" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.toml").write_text(DOCUMENT)
    return tmp_path


@pytest.fixture
def conn(database):
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def recorded(folder: Path, rows: int = 300, *, hot_at: int = -1, name: str = "P-1.csv") -> Path:
    noise = random.Random(3)
    lines = ["when,temp,speed,note"]
    for n in range(rows):
        at = START + timedelta(minutes=n)
        lines.append(f"{at.isoformat()},{120 if n == hot_at else noise.gauss(60, 1):.3f},{1480 + n % 3},x")
    file = folder / name
    if name.endswith(".gz"):
        file.write_bytes(gzip.compress("\n".join(lines).encode()))
    else:
        file.write_text("\n".join(lines) + "\n")
    return file


def settings(database: str, **more) -> Settings:
    return Settings(database=database, **more)


def take_in(database: str, folder: Path, *files: Path, warm: int = 5000, stop: threading.Event | None = None) -> None:
    stop = stop or threading.Event()
    history.run(files, str(folder / "m.toml"), settings(database), warm, stop, Console(quiet=True))


def taken_up(conn) -> Engine:
    state = engine.start(conn, Settings(), rulebook=RULES, models=MODELS, holder="test")
    pipeline.process(conn, [], state)
    return state


def count(conn, table: str) -> int:
    row = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(row[0])


def test_history_is_stored_opens_no_orders_and_warms_the_model_up(conn, database, folder):
    take_in(database, folder, recorded(folder, hot_at=150))
    assert readings.count(conn) == (600, 600)
    state = taken_up(conn)
    asset = state.judge.assets["NTH/P-1"]
    assert asset.monitor is not None
    assert asset.monitor.ready()
    assert asset.asset_class == "pump"
    assert asset.units == {"temp": "degC", "speed": "rpm"}
    assert count(conn, "work_orders") == 0
    assert engine.restore(conn).dump() == state.judge.dump()


def live(minute: int, **values: float) -> Message:
    at = START + timedelta(minutes=minute)
    return Message(
        "plantwright/v1/NTH/P-1",
        json.dumps({"ts": at.isoformat(), "values": values}).encode(),
        int(at.timestamp()) * 1_000_000,
    )


def test_what_follows_is_judged_at_once(conn, database, folder):
    take_in(database, folder, recorded(folder))
    state = taken_up(conn)
    noise = random.Random(4)
    pipeline.process(conn, [live(300 + n, temp=noise.gauss(80, 1), speed=1480 + n % 3) for n in range(30)], state)
    pipeline.process(conn, [live(330, temp=99.0, speed=1480)], state)
    sources = [row[0] for row in conn.execute("SELECT source FROM evidence ORDER BY arrival")]
    assert (sources[0], sources[-1]) == ("model:level-shift", "rule:hot")
    assert engine.restore(conn).dump() == state.judge.dump()


def test_it_comes_in_beside_the_process_that_judges(conn, database, folder):
    """What a device sends again of what the file has is a repetition; what the judge knows already stays as it is."""
    state = taken_up(conn)
    pipeline.process(conn, [live(100, temp=60.0, speed=1480)], state)
    take_in(database, folder, recorded(folder))
    done = splitting.process(conn, [live(299, temp=60.0, speed=1480 + 299 % 3), live(300, temp=61.0)], state)
    assert (done.repeated, [each.reason.value for each in done.refused]) == (1, ["other_value_stored"])
    # Minute 100 came first from the device: its temp contradicts the file, its speed contradicts it too.
    assert readings.count(conn) == (2 + 598 + 1, 598)
    assert engine.restore(conn).dump() == state.judge.dump()


def test_it_is_taken_in_once(conn, database, folder):
    file = recorded(folder)
    for _ in range(2):
        take_in(database, folder, file)
    assert readings.count(conn) == (600, 600)
    assert count(conn, "judge_events WHERE kind = 'history'") == 1


def test_it_goes_on_where_it_was_stopped(conn, database, folder, monkeypatch):
    monkeypatch.setattr(history, "PIECE", 100)
    file, stop = recorded(folder), threading.Event()
    stop.set()
    take_in(database, folder, file, stop=stop)
    assert readings.count(conn) == (200, 200)
    assert count(conn, "judge_events WHERE kind = 'history'") == 0
    take_in(database, folder, file)
    assert readings.count(conn) == (600, 600)
    state = taken_up(conn)
    asset = state.judge.assets["NTH/P-1"]
    assert asset.monitor is not None
    assert asset.monitor.ready()


def test_a_transaction_that_fails_is_done_again(conn, database, folder, monkeypatch):
    monkeypatch.setattr(history, "PIECE", 100)
    file = recorded(folder)
    taken = Import(conn, file, mapping.read(folder / "m.toml"), settings(database), 100)
    pieces = taken.pieces()
    next(pieces)
    conn.execute("ALTER TABLE imports ADD CONSTRAINT not_now CHECK (rows_done < 200)")
    with pytest.raises(psycopg.errors.CheckViolation):
        next(pieces)
    assert readings.count(conn) == (200, 200)
    conn.execute("ALTER TABLE imports DROP CONSTRAINT not_now")
    take_in(database, folder, file)
    assert readings.count(conn) == (600, 600)


@pytest.mark.parametrize("pieces", [50, 7, 1000])
def test_how_it_is_cut_changes_nothing_but_the_numbers(conn, database, folder, monkeypatch, pieces):
    monkeypatch.setattr(history, "PIECE", pieces)
    take_in(database, folder, recorded(folder, name="P-1.csv.gz"))
    state = taken_up(conn)
    asset = asset_dump.dump(state.judge.assets["NTH/P-1"])
    assert asset["watermark_us"] == int((START + timedelta(minutes=299)).timestamp()) * 1_000_000
    assert readings.count(conn) == (600, 600)


def test_what_cannot_be_read_is_kept_with_its_row_and_the_rest_comes_in(conn, database, folder):
    file = folder / "P-2.csv"
    file.write_text("when,temp,speed\n2026-01-05T06:00:00Z,60,1480\nyesterday,61,1480\n2026-01-05T06:02:00Z,hot,1480\n")
    take_in(database, folder, file)
    assert readings.count(conn) == (3, 3)
    told = sorted((each.reason, each.problem) for each in quarantine.page(conn))
    action = "say which number it is on the page of asset P-2, or in the plant file"
    assert told == [
        (
            "unknown_state",
            f"temp: 'hot' is no number, and the signal has no states; {action}",
        ),
        ("wrong_time", "row 2: 'yesterday' is not a time of format iso"),
    ]


def test_parquet(conn, database, folder):
    file = Path(__file__).parents[3] / "ingest" / "files" / "pump.parquet"
    text = DOCUMENT.replace('format = "iso"', 'format = "auto"')
    (folder / "m.toml").write_text(text)
    take_in(database, folder, file)
    assert readings.count(conn) == (239, 239)  # One temp is null.
    first = conn.execute("SELECT min(observed_at), max(observed_at) FROM readings").fetchone()
    assert first == (START, START + timedelta(minutes=119))


WRONG = {
    "none.csv": (None, "there is no such file"),
    "other.csv": (b"time,temp\n1,2\n", "has no column 'when'"),
    "useless.csv": (b"when,pressure\n1,2\n", "has none of the columns temp, speed"),
    "bytes.csv": (b"when,temp\n\xff\xfe,2\n", "cannot be read"),
    "torn.csv.gz": (gzip.compress(b"when,temp\n", mtime=0)[:-8], "cannot be read"),
    "no.parquet": (b"when,temp\n1,2\n", "is no Parquet file"),
    "empty.parquet": (b"", "cannot be read"),
}


@pytest.mark.parametrize(("name", "content", "problem"), [(name, *each) for name, each in WRONG.items()], ids=WRONG)
def test_a_file_that_does_not_fit_is_told_by_name(database, folder, name, content, problem):
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(InvalidMapping) as told:
        take_in(database, folder, folder / name)
    assert name in str(told.value)
    assert problem in str(told.value)


def test_a_file_that_is_broken_in_its_middle_says_what_is_stored_and_may_be_imported_again(
    conn, database, folder, monkeypatch
):
    monkeypatch.setattr(history, "PIECE", 100)
    whole = recorded(folder, rows=260)
    rows = whole.read_bytes()
    lines = rows.splitlines(keepends=True)
    whole.write_bytes(b"".join([*lines[:251], b"\xff\xfe\n", *lines[251:]]))
    with pytest.raises(InvalidMapping) as told:
        take_in(database, folder, whole)
    assert "the first 200 rows are stored (400 readings): correct the file and import it again" in str(told.value)
    assert readings.count(conn) == (400, 400)
    whole.write_bytes(rows)
    take_in(database, folder, whole)
    assert readings.count(conn) == (520, 520)
    assert count(conn, "quarantine") == 0
    (folder / "P-9.csv").write_bytes(lines[0] + b"\xff\xfe\n")
    with pytest.raises(InvalidMapping, match="nothing of the file is stored"):
        take_in(database, folder, folder / "P-9.csv")


def test_a_mapping_without_a_time_takes_no_history(database, folder):
    (folder / "m.toml").write_text('site = "S"\nasset = "A"\n[signals]\ntemp = "temp"\n')
    with pytest.raises(InvalidMapping, match=r"\[time\] is missing: history needs a time for every row"):
        take_in(database, folder, recorded(folder))


def test_from_the_command_line(conn, database, folder):
    file = recorded(folder, 10)
    command = [sys.executable, "-m", "runtime.cli.main", "import", str(file), "--mapping", str(folder / "m.toml")]
    for expected in ("10 rows, 20 readings stored", "is in already (10 rows)"):
        done = subprocess.run(
            [*command, "--database", database], capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, expected in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_row_that_makes_the_program_fail_is_refused_and_the_rest_comes_in(conn, database, folder, monkeypatch):
    read = times.Time.read

    def failing(self, value):
        if "06:01" in str(value):
            raise OverflowError("date value out of range")
        return read(self, value)

    monkeypatch.setattr(times.Time, "read", failing)
    file = folder / "P-3.csv"
    file.write_text("when,temp,speed\n" + "".join(f"2026-01-05T06:0{n}:00Z,60,1480\n" for n in range(3)))
    take_in(database, folder, file)
    assert readings.count(conn) == (4, 4)
    (kept,) = quarantine.page(conn)
    assert kept.reason == "unreadable"
    assert kept.problem.startswith("row 2: OverflowError: date value out of range")


def test_a_message_that_makes_a_mapping_fail_is_told_as_refused(monkeypatch, capsys):
    def failing(*_arguments):
        raise OverflowError("date value out of range")

    monkeypatch.setattr(paths.Text, "name", failing)
    assert not mappings.attempt("homie", "homie/5/P-4/n/a", "21.5", Console())
    assert "refused, unreadable: OverflowError: date value out of range" in capsys.readouterr().out


REFUSALS = {
    "a check on readings": "ALTER TABLE readings ADD CONSTRAINT no_poison CHECK (value NOT BETWEEN 119 AND 121)",
    "a trigger on readings": """
        CREATE FUNCTION no_poison() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.value = 120 THEN RAISE EXCEPTION 'no such value here'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER no_poison BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION no_poison()""",
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_row_that_the_database_refuses_is_named_and_the_rest_is_stored(conn, database, folder, refusal):
    conn.execute(REFUSALS[refusal].encode())
    taken_up(conn)
    file = recorded(folder, hot_at=170)
    take_in(database, folder, file)
    assert readings.count(conn) == (598, 598)
    ((topic, problem, payload),) = conn.execute("SELECT topic, problem, payload FROM quarantine").fetchall()
    assert topic == "import/P-1.csv"
    assert problem.startswith("row 171: the database refuses it: ")
    assert json.loads(bytes(payload))["temp"] == "120.000"
    take_in(database, folder, file)
    assert readings.count(conn) == (598, 598)
    assert count(conn, "quarantine") == 1


def test_an_asset_that_the_database_refuses_costs_an_import_nothing_but_its_own_rows(conn, database, folder):
    conn.execute("ALTER TABLE assets ADD CONSTRAINT no_p_1 CHECK (code <> 'P-1')")
    taken_up(conn)
    take_in(database, folder, recorded(folder, rows=20), recorded(folder, rows=20, name="P-2.csv"))
    assert readings.count(conn) == (40, 40)
    assert [row[0] for row in conn.execute("SELECT code FROM assets")] == ["P-2"]
    assert quarantine.count_by_reason(conn) == {"refused_by_database": 1}
    assert conn.execute("SELECT refused FROM imports ORDER BY refused").fetchall() == [(0,), (20,)]


def test_what_is_known_is_read_once_however_many_rows_the_database_refuses(conn, database, folder, monkeypatch):
    conn.execute("ALTER TABLE readings ADD CONSTRAINT none_above CHECK (value < 100)")
    taken_up(conn)
    loads, load = [], Catalogue.load

    def counted(*arguments):
        loads.append(arguments)
        return load(*arguments)

    monkeypatch.setattr(Catalogue, "load", counted)
    file = folder / "P-7.csv"
    file.write_text("when,temp,speed\n" + "".join(f"2026-01-05T06:{n:02}:00Z,{60 + n % 3 * 30},\n" for n in range(60)))
    take_in(database, folder, file)
    assert readings.count(conn) == (40, 40)
    assert count(conn, "quarantine") >= 1
    assert len(loads) == 1
