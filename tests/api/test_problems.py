"""What the database cannot work out or keep is said for what it is."""

import re

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import problems


async def no_form(*_: object) -> None:
    """Say that what was sent is no form of a page."""


@pytest.fixture
def asking(database: str) -> TestClient:
    """An application of one path, whose sum is beyond all numbers."""
    app = FastAPI()
    problems.install(app, lambda *_: pytest.fail("no page was asked for"), wants_page=lambda _: False, again=no_form)

    def too_large() -> None:
        with psycopg.connect(database) as conn:
            conn.execute("SELECT sum(value) FROM (VALUES (1.7e308::float8), (1.7e308)) AS stored (value)")

    app.get("/total")(too_large)
    app.post("/total")(too_large)
    return TestClient(app)


def test_a_read_that_the_database_cannot_work_out_is_not_called_a_value_to_store(asking):
    read, written = asking.get("/total"), asking.post("/total")
    assert (read.status_code, read.json()["title"]) == (422, "Out of range")
    assert "stored" in written.json()["detail"]
    assert "cannot be stored" not in read.json()["detail"]
    assert (written.status_code, written.json()["title"]) == (422, "Not storable")


def test_slugs_are_fixed_and_no_names_of_classes():
    """Programs tell problems by them: one that has been released never changes."""
    released = {each.slug for each in problems.PROBLEMS.values()}
    assert {"illegal-move", "not-found", "version-conflict", "not-storable", "key-missing", "why-missing"} <= released
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", slug) for slug in released)
    by_title = {each.title: each.slug for each in problems.PROBLEMS.values()}
    assert len(set(by_title.values())) == len(by_title)
