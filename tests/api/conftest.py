"""The application on a real database with a plant in it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from tests import a_plant, people
from tests.a_plant import Seeded
from tests.parts import databases
from tests.parts.databases import Filled
from workorder_core.people.access import Role

KEY = "planner-key-0123456789"


@pytest.fixture(scope="session")
def _plants(embedded_server: str, _template: str) -> Iterator[Filled[Seeded]]:
    plants = Filled(embedded_server, _template, lambda conn: a_plant.build(conn, now=datetime.now(UTC), days=0.5))
    yield plants
    plants.close()


@pytest.fixture
def database(
    request: pytest.FixtureRequest, embedded_server: str, _template: str, _plants: Filled[Seeded]
) -> Iterator[str]:
    """The URL of a fresh, migrated database, with the plant in it for who asks for ``seeded``."""
    copy = _plants.fresh() if "seeded" in request.fixturenames else databases.fresh(embedded_server, _template)
    with copy as url:
        yield url


@pytest.fixture
def seeded(database: str, _plants: Filled[Seeded]) -> Seeded:
    """What the plant in the database has."""
    return _plants.content()


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool]:
    with ConnectionPool(database, min_size=1, max_size=3, open=True) as pool:
        yield pool


@pytest.fixture
def client(pool: ConnectionPool, seeded: Seeded) -> Iterator[TestClient]:
    """Somebody who may do everything, by a key of the settings."""
    yield from _client(pool)


@pytest.fixture
def empty(pool: ConnectionPool) -> Iterator[TestClient]:
    """The same at a plant of which nothing is known yet."""
    yield from _client(pool)


@pytest.fixture
def stranger(pool: ConnectionPool, seeded: Seeded) -> Iterator[TestClient]:
    """Somebody anywhere, who has shown nothing yet."""
    app = create(pool, keys={"planner": KEY})
    with TestClient(app, base_url="http://plant.example", follow_redirects=False) as client:
        yield client


@pytest.fixture
def known(pool: ConnectionPool, seeded: Seeded) -> Iterator[Callable[..., TestClient]]:
    """Makes a client for somebody of some roles, by a key: ``known(Role.TECHNICIAN, sites=["NTH"])``."""
    app = create(pool, keys={})
    with ExitStack() as stack:

        def client(*roles: Role, name: str = "", sites: Collection[str] | None = None) -> TestClient:
            with pool.connection() as conn:
                key = people.add_key(conn, name or f"k-{uuid4().hex[:8]}", *roles, sites=sites)
            made = TestClient(app, base_url="http://localhost", headers={"X-API-Key": key}, follow_redirects=False)
            return stack.enter_context(made)

        yield client


def _client(pool: ConnectionPool) -> Iterator[TestClient]:
    app = create(pool, keys={"planner": KEY})
    with TestClient(app, base_url="http://localhost", headers={"X-API-Key": KEY}) as client:
        yield client
