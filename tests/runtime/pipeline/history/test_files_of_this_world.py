"""Files as loggers and spreadsheets write them come in whole; a row that cannot be read is refused alone."""

import threading
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from db.telemetry import quarantine
from ingest.replay import InvalidMapping
from runtime.pipeline import history
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


COMMA = """
site = "NTH"
asset = "{stem}"
delimiter = ";"
decimal = ","
[time]
column = "Zeit"
format = "%d.%m.%Y %H:%M"
zone = "UTC"
[signals]
Temp = "temp"
Durchfluss = "flow"
"""
ROWS = "Zeit;Temp;Durchfluss\n01.11.2026 10:00;71,3;1.312,5\n01.11.2026 10:01;71,4;1.311\n"


def test_a_decimal_comma_is_read_where_the_mapping_says_so(conn, database, tmp_path):
    take_in(database, tmp_path, COMMA, ROWS + "01.11.2026 10:02;71.4;1.3\n01.11.2026 10:03;-0,5;1'000'000,25\n")
    assert set(stored(conn)) == {
        ("10:00", 71.3), ("10:00", 1312.5), ("10:01", 71.4), ("10:01", 1311.0), ("10:03", -0.5), ("10:03", 1000000.25),
    }  # fmt: skip
    (kind,) = quarantine.page(conn)
    assert (kind.reason, kind.times) == ("not_a_number", 2)


def test_without_it_a_number_with_a_comma_is_told_as_one(conn, database, tmp_path):
    take_in(database, tmp_path, COMMA.replace('decimal = ","\n', ""), ROWS)
    ((_, problem),) = refused(conn)
    assert "looks like a number with a comma" in problem and 'decimal = ","' in problem


PLAIN = COMMA.replace('Durchfluss = "flow"\n', "")
READ = [("10:00", 71.3), ("10:01", 71.4)]
WHOLE = ROWS.replace(";1.312,5", "").replace(";1.311", "").replace(";Durchfluss", "")
WAYS = {
    "latin-1": ('encoding = "latin-1"', WHOLE.replace("Temp", "Wärme").encode("latin-1")),
    "UTF-16": ('encoding = "utf-16"', WHOLE.encode("utf-16")),
    "a preamble": ("skip_rows = 2", b"Logger 7\r\nserial; 12\r\n" + WHOLE.encode()),
    "a row of units": ("units_row = true", WHOLE.replace("Temp\n", "Temp\n;degC\n").encode()),
    "sep=": ("", b"sep=;\r\n" + WHOLE.encode()),
    "spaces around names": ("", WHOLE.replace("Zeit;Temp", " Zeit ; Temp ").encode()),
    "spaces around times": ("", WHOLE.replace("01.11", " 01.11").encode()),
    "ends of lines of three systems": ("", WHOLE.replace("Temp\n", "Temp\r\n").replace("71,3\n", "71,3\r").encode()),
    "texts of several lines": (
        "",
        WHOLE.replace("Temp\n", "Temp;Note\n").replace("71,3\n", '71,3;"seal\n\nweeps, ""badly""\n"\n').encode(),
    ),
    "empty columns at the end": ("", WHOLE.replace("\n", ";;\n").encode()),
}


@pytest.mark.parametrize(("key", "content"), WAYS.values(), ids=WAYS.keys())
def test_a_file_of_a_logger_or_a_spreadsheet_comes_in(key, content, conn, database, tmp_path):
    document = key + PLAIN + ('"Wärme" = "temp"\n' if "latin-1" in key else "")
    take_in(database, tmp_path, document.replace('Temp = "temp"\n', "") if "latin-1" in key else document, content)
    assert (stored(conn), refused(conn)) == (READ, [])


MANY = "".join(f"01.11.2026 {10 + i // 60}:{i % 60:02};{i}\n" for i in range(600))
QUOTED = ['01.11.2026 10:02;"72\n', '"01.11.2026 10:02;72\n', '01.11.2026 10:02;72"\n01.11.2026 10:03;"73\n']
WRONG = {
    "a quote that is never closed": ((WHOLE + QUOTED[0] + MANY).encode(), "the row in line 4 opens a quote"),
    "a quote around a row": ((WHOLE + QUOTED[1] + MANY).encode(), "the row in line 4 opens a quote"),
    "a quote that another one closes": ((WHOLE + QUOTED[0] + MANY + QUOTED[0]).encode(), "the row in line 4 opens"),
    "a quote after a closed one": ((WHOLE + QUOTED[2] + MANY).encode(), "the row in line 5 opens a quote"),
    "a quote before very much": ((WHOLE + QUOTED[0] + MANY * 30).encode(), "row in line 4.*never closed"),
    "a quote in the header": (WHOLE.replace(";Temp", ';"Temp').encode(), "the row in line 1 opens a quote"),
    "a line without an end": (WHOLE.encode() + b"\0" * 200_000, "the row in line 4: field larger"),
    "no byte": (b"", "has no header: it is empty"),
    "UTF-16 without a mark": (WHOLE.encode("utf-16-le"), 'say encoding = "utf-16"'),
    "UTF-16": (WHOLE.encode("utf-16"), "utf-16"),
    "two columns of one name": (b"Zeit;Temp;Temp\n01.11.2026 10:00;1;99\n", "has two columns 'Temp'"),
    "another encoding": (WHOLE.replace("Temp", "Wärme").encode("latin-1"), 'say encoding = "latin-1"'),
    "no such column": (b"Zeit ;Tmp\n01.11.2026 10:00;1\n", "none of the columns Temp; it has 'Zeit', 'Tmp'"),
}


@pytest.mark.parametrize(("content", "problem"), WRONG.values(), ids=WRONG.keys())
def test_a_file_that_cannot_be_meant_is_refused_with_the_name(content, problem, conn, database, tmp_path):
    with pytest.raises(InvalidMapping, match=problem):
        take_in(database, tmp_path, PLAIN, content)
    assert stored(conn) == []


def test_a_row_with_more_cells_than_the_header_is_refused_alone(conn, database, tmp_path):
    """A decimal comma where the comma is the delimiter would shift the values."""
    document = PLAIN.replace('delimiter = ";"', 'delimiter = ","').replace('decimal = ","', "")
    take_in(database, tmp_path, document, "Zeit,Temp\n01.11.2026 10:00,71,3\n01.11.2026 10:01,72\n")
    assert stored(conn) == [("10:01", 72.0)]
    assert [reason for reason, _ in refused(conn)] == ["wrong_shape"]


ROWS_ALONE = {
    "the header again": "Zeit;Temp\n",
    "a NUL in a value": "01.11.2026 10:02;7\0001\n",
    "a NUL in a time": "01.11.2026\0 10:02;72\n",
    "a row that is cut": "01.11.20\n",
    "a row of another file": "serial;12;13;14\n",
    "a quote within a value": '01.11.2026 10:02;7"1\n',
    "many NULs": "\0" * 5_000 + "\n",
}


@pytest.mark.parametrize("row", ROWS_ALONE.values(), ids=ROWS_ALONE.keys())
def test_a_row_that_cannot_be_read_is_refused_alone(row, conn, database, tmp_path):
    take_in(database, tmp_path, PLAIN, WHOLE + row + "01.11.2026 10:03;73\n")
    assert stored(conn) == [*READ, ("10:03", 73.0)]
    ((_, problem),) = refused(conn)
    assert problem.startswith(("row 3: ", "temp: '7"))


def test_a_file_of_a_header_alone_has_no_rows(conn, database, tmp_path):
    take_in(database, tmp_path, PLAIN, "Zeit;Temp\n")
    assert (stored(conn), refused(conn)) == ([], [])
