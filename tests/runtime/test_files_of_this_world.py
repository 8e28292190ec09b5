"""Files as loggers and spreadsheets write them come in whole; a row that cannot be read is refused alone."""

import threading
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from db import quarantine
from runtime import history
from runtime.settings import Settings

AUTUMN = """Zeit;Temp
26.10.2025 01:30;10
26.10.2025 02:00;20
26.10.2025 02:30;21
26.10.2025 02:00;30
26.10.2025 02:30;31
26.10.2025 03:00;40
"""


@pytest.fixture
def conn(database):
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def take_in(database: str, folder: Path, document: str, content: str | bytes, name: str = "P-1.csv") -> None:
    (folder / "m.toml").write_text(document)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    console = Console(quiet=True)
    history.run([folder / name], str(folder / "m.toml"), Settings(database=database), 0, threading.Event(), console)


def stored(conn) -> list[tuple[str, float]]:
    """Return hour and minute (UTC) and value of all readings, oldest first."""
    query = "SELECT to_char(observed_at AT TIME ZONE 'UTC', 'HH24:MI'), value FROM readings ORDER BY observed_at"
    return list(conn.execute(query))


def refused(conn) -> list[tuple[str, str]]:
    return [(each.reason, each.problem) for each in reversed(quarantine.page(conn))]


def test_a_date_at_the_edge_of_the_calendar_costs_its_own_row_only(conn, database, tmp_path):
    document = 'site = "NET"\nasset = "{stem}"\n[time]\ncolumn = "ts"\nzone = "Europe/Oslo"\n[signals]\ntemp = "temp"\n'
    take_in(database, tmp_path, document, "ts,temp\n0001-01-01T00:00:00,5\n2026-11-01T10:00:00,6\n")
    assert stored(conn) == [("09:00", 6.0)]
    assert [reason for reason, _ in refused(conn)] == ["too_old"]


def test_the_hour_that_comes_twice_is_stored_twice(conn, database, tmp_path):
    document = (
        'site = "NTH"\nasset = "{stem}"\ndelimiter = ";"\n[time]\ncolumn = "Zeit"\nformat = "%d.%m.%Y %H:%M"\n'
        'zone = "Europe/Oslo"\n[signals]\nTemp = "temp"\n'
    )
    take_in(database, tmp_path, document, AUTUMN)
    assert stored(conn) == [
        ("23:30", 10.0), ("00:00", 20.0), ("00:30", 21.0), ("01:00", 30.0), ("01:30", 31.0), ("02:00", 40.0),
    ]  # fmt: skip
    assert refused(conn) == []


def test_files_whose_names_begin_alike_are_two_assets(conn, database, tmp_path):
    document = 'site = "NET"\nasset = "{stem}"\n[time]\ncolumn = "ts"\n[signals]\ntemp = "temp"\n'
    for name in ("P.101.csv", "P.102.csv", "P 101.csv", "P_101.csv"):
        take_in(database, tmp_path, document, f"ts,temp\n2026-11-01T10:00:00Z,{len(name)}\n", name)
    codes = [code for (code,) in conn.execute("SELECT code FROM assets ORDER BY code")]
    assert [code for code in codes if len(code) < 8] == ["P.101", "P.102", "P_101"]
    assert len(codes) == 4
    assert refused(conn) == []
