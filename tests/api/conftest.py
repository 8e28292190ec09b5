"""The application on a real database with a plant in it."""

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from tests import a_plant, people
from tests.a_plant import Seeded
from workorder_core.people.access import Role

KEY = "planner-key-0123456789"


@pytest.fixture(scope="module", autouse=True)
def _old_applications_are_not_searched() -> Iterator[None]:
    """Leave what a module's applications left behind out of later collections, once what is garbage is gone.

    FastAPI keeps some thirty thousand objects of every application for good. With hundreds of applications in one
    process each full collection takes seconds, in the middle of any test.
    """
    yield
    gc.collect()
    gc.freeze()


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
