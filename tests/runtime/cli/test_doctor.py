"""The doctor says which rulebook judges, wherever it came from."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from db.documents import documents
from db.documents.documents import Kind
from rules import rulebook
from runtime.cli import doctor
from runtime.settings import Settings
from tests.parts import certificates

SAMPLE = Path(__file__).parents[3] / "data" / "samples" / "rulebook.toml"


def examined(database: str | None, **more: Path) -> str:
    said = StringIO()
    # A broker that nobody answers at: what is said of the database does not wait for it.
    settings = Settings(database=database, broker="mqtt://127.0.0.1:9", **more)  # type: ignore[arg-type]
    doctor.examine(settings, Console(file=said, width=400))
    return said.getvalue()


def test_the_rulebook_in_force_is_the_one_of_the_database(database):
    assert "rulebook in force: none: only models judge" in examined(database)
    book = rulebook.read(SAMPLE)
    with psycopg.connect(database) as conn:
        documents.put(conn, Kind.RULEBOOK, book.document, actor="person:dahl", why="the first")
        conn.execute("UPDATE judge_events SET arrival = 1")
    said = examined(database)
    assert f"rulebook in force: version 1 ({book.version}) by person:dahl, {len(book.rules)} rules" in said
    assert "only models judge" not in said


def test_a_file_that_is_not_the_one_in_force_is_told_of(database, tmp_path):
    with psycopg.connect(database) as conn:
        documents.put(conn, Kind.RULEBOOK, rulebook.read(SAMPLE).document, actor="person:dahl", why="the first")
        conn.execute("UPDATE judge_events SET arrival = 1")
    other = tmp_path / "other.toml"
    other.write_text(SAMPLE.read_text().replace("raise_at = 120", "raise_at = 110"))
    assert "the file is another one" in examined(database, rulebook=other)
    assert "the file is another one" not in examined(database, rulebook=SAMPLE)


DATES = {
    "good for a month": (30, "ok    certificate: {}, until "),
    "near its end": (13, "off   certificate: {}, until "),
    "over": (-1, "bad   certificate: {}, until "),
}


@pytest.mark.parametrize(("days", "said"), DATES.values(), ids=DATES)
def test_the_pages_certificate_is_shown_with_its_end_and_warned_of_before(days, said, tmp_path):
    cert, key = certificates.write(tmp_path, ends=timedelta(days=days, hours=1))
    text = examined(None, tls_cert=cert, tls_key=key)
    assert said.format(cert) in text
    assert ("renew it; the API reads the new files by itself" in text) == (days < 14)


def test_a_certificate_that_cannot_be_used_is_what_keeps_the_api_from_starting(tmp_path):
    cert, key = certificates.write(tmp_path)
    key.write_text("half a ke")
    text = examined(None, tls_cert=cert, tls_key=key)
    assert f"bad   certificate: tls_key: {key} is no PEM file of a key" in text
    assert "until then the API does not start" in text
