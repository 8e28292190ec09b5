"""Files that people bring as tables, in the forms in which their programs write them."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from ingest.tables import sheets
from ingest.tables.sheets import InvalidFile, read

ROWS = [["Tag", "Bezeichnung"], ["P-1", "Kühlpumpe"], ["P-2", "Pumpe; groß"]]


def text(delimiter: str, end: str = "\r\n") -> str:
    return end.join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in ROWS) + end


def workbook(rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_text_is_read_in_any_usual_form(delimiter, encoding):
    assert list(read("a.csv", text(delimiter).encode(encoding)).rows) == ROWS


def test_a_utf_16_file_of_the_other_order_is_read_too():
    content = b"\xfe\xff" + text(";").encode("utf-16-be")
    assert list(read("a.csv", content).rows) == ROWS


def test_excels_own_line_says_the_delimiter_and_is_no_row():
    assert list(read("a.csv", ("sep=|\r\n" + text("|")).encode()).rows) == ROWS


def test_lines_before_the_headers_and_empty_lines_keep_the_rows_numbers():
    rows = read("a.csv", b"Export\n\nTag;Name\n\nP-1;Pump\n\n\n").rows
    assert list(rows) == [["Export"], [], ["Tag", "Name"], [], ["P-1", "Pump"]]


def test_a_workbook_is_read_as_somebody_would_type_it():
    found = read("a.xlsx", workbook([["Tag", "Price", "In use"], ["P-1", 2.5, True], [101, 3.0, None]]))
    assert list(found.rows) == [["Tag", "Price", "In use"], ["P-1", "2.5", "yes"], ["101", "3"]]
    assert found.decimal == "."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no cell with anything"),
        (b" \n;;\n", "no cell with anything"),
        (b"\xd0\xcf\x11\xe0rest", "save it as XLSX or CSV"),
        (b"PK\x03\x04 and nothing else", "not a readable XLSX workbook"),
        (b'a;b\n"1;2\n3;4\n5;6\n', "opens a quote that is not closed"),
        (b"a;b\n\0;2\n", "contains NULs"),
        (b"\xff\xfea", "is not text"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(content, said):
    with pytest.raises(InvalidFile, match=said):
        read("a.csv", content)


def test_a_file_is_bounded_in_every_direction(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    monkeypatch.setattr(sheets, "MOST_COLUMNS", 3)
    monkeypatch.setattr(sheets, "MOST_LETTERS", 5)
    for content, said in (
        (b"a,b\n" * 4, "more than 3 rows"),
        (b"a,b\n\n\nc,d\n", "more than 3 rows"),
        (b"a,b,c,d\n", "more than 3 columns"),
        (b"abcdef,b\n", "more than 5 letters in row 1"),
        (workbook([["a"] * 4]), "more than 3 columns"),
    ):
        with pytest.raises(InvalidFile, match=said):
            read("a", content)
    monkeypatch.setattr(sheets, "MOST_BYTES", 10)
    with pytest.raises(InvalidFile, match="larger than 0 MB"):
        read("a", b"a,b\n" * 4)


def test_a_workbook_that_unpacks_to_more_than_it_may_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_UNPACKED", 1_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 2_000_000)
    assert len(bomb.getvalue()) < 10_000
    with pytest.raises(InvalidFile, match="unpacked"):
        read("a.xlsx", bomb.getvalue())


def test_a_workbook_with_entities_of_its_own_is_refused():
    content = io.BytesIO(workbook([["Tag"], ["P-1"]]))
    changed = io.BytesIO()
    with zipfile.ZipFile(content) as before, zipfile.ZipFile(changed, "w") as after:
        for part in before.infolist():
            data = before.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                data = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + data.partition(b"?>")[2]
            after.writestr(part, data)
    with pytest.raises(InvalidFile, match="not a readable XLSX workbook"):
        read("a.xlsx", changed.getvalue())


def test_the_first_rows_are_read_without_the_rest():
    assert len(read("a.csv", b"a,b\n" * 1000, first=5).rows) == 5
