"""The application on a real database with a plant in it. Requests come from loopback by name, as the guard asks."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from tests import a_plant
from tests.a_plant import Seeded

KEY = "planner-key-0123456789"


@pytest.fixture
def seeded(database: str) -> Seeded:
    """What the plant in the database has."""
    with psycopg.connect(database) as conn:
        return a_plant.build(conn, now=datetime.now(UTC), days=0.5)


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool]:
    with ConnectionPool(database, min_size=1, max_size=3, open=True) as pool:
        yield pool


@pytest.fixture
def client(pool: ConnectionPool, seeded: Seeded) -> Iterator[TestClient]:
    """Somebody on this machine; no keys are configured."""
    with TestClient(create(pool, keys={}), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def empty(pool: ConnectionPool) -> Iterator[TestClient]:
    """A plant of which nothing is known yet."""
    with TestClient(create(pool, keys={}), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def keyed(pool: ConnectionPool, seeded: Seeded) -> Iterator[TestClient]:
    """Somebody anywhere, who has to show a key."""
    app = create(pool, keys={"planner": KEY})
    with TestClient(app, base_url="http://plant.example", follow_redirects=False) as client:
        yield client
