"""A database for the tests of a module, and a shop that each test has to itself."""

import psycopg
import pytest

from tests.db.inventory.shops import Shop
from tests.parts import databases


@pytest.fixture(scope="module")
def _database(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def shop(_database):
    with _database.transaction(force_rollback=True):
        yield Shop(_database)
