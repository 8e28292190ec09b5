"""Every named query fits the migrated schema: a renamed column fails here, before anybody runs the query."""

import re

import psycopg
import pytest

from db import sql

QUERIES = [(subject, name, text) for subject in sql.subjects() for name, text in sql.load(subject).items()]


def explainable(text: str) -> str:
    """Return a query with numbered parameters, as the planner takes it without values."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", number, text).replace("%%", "%")


@pytest.mark.parametrize(
    ("subject", "name", "text"), QUERIES, ids=[f"{subject}.{name}" for subject, name, _ in QUERIES]
)
def test_query_fits_the_schema(shared_connection, subject, name, text):
    statement = explainable(text)
    body = re.sub(r"--.*", "", statement).split(maxsplit=1)
    if body[0].upper() == "COPY":
        pytest.skip("COPY has no plan; storing a batch and reading it back try it")
    if "-- needs: timescaledb" in text:
        pytest.skip("needs TimescaleDB; the retention test tries it there")
    shared_connection.execute(f"EXPLAIN (GENERIC_PLAN) {statement}".encode())


@pytest.mark.parametrize(
    ("subject", "name", "text"), QUERIES, ids=[f"{subject}.{name}" for subject, name, _ in QUERIES]
)
def test_query_says_what_it_is_for(subject, name, text):
    assert text.startswith("-- ")


@pytest.fixture(scope="module")
def shared_connection(embedded_server, _template):
    from tests.parts import databases

    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url, autocommit=True) as conn:
        yield conn
