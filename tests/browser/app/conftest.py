"""Fixtures of the technician's app."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create


@pytest.fixture
def app_client(database: str) -> Iterator[TestClient]:
    """A client that nobody is signed in with."""
    with ConnectionPool(database, min_size=1, max_size=2, open=True) as pool:
        yield TestClient(create(pool, keys={}), base_url="http://localhost")
