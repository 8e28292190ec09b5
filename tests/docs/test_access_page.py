"""The table of docs/access.md is the one that the routes declare."""

from pathlib import Path

from api.access_table import markdown
from api.app import create

PAGE = Path(__file__).parents[2] / "docs" / "access.md"


def test_the_page_has_the_table_of_the_routes():
    table = markdown(create(None, keys={}))  # type: ignore[arg-type]
    assert table in PAGE.read_text(encoding="utf-8"), "write it anew: .venv/bin/python -m api.access_table"
