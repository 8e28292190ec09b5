"""Fixtures of the technician's app."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from db.people import assignments
from tests import a_plant, people
from tests.browser.app.phones import PLAN, PLANNER, Phone, an_order
from tests.browser.app.serving import ServerProcess
from workorder_core.people.access import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def app_client(database: str) -> Iterator[TestClient]:
    """A client that nobody is signed in with."""
    with ConnectionPool(database, min_size=1, max_size=2, open=True) as pool:
        yield TestClient(create(pool, keys={}), base_url="http://localhost")


@pytest.fixture
def plant_of_holm(database: str) -> UUID:
    """Return the order of a technician with a permit, a measurement, a photo and a signature to come."""
    now = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        seeded = a_plant.build(conn, now=now, days=1)
        people.add_user(conn, "holm", Role.TECHNICIAN, technician="holm")
        order = an_order(conn, seeded.assets["P-101"], "Replace the seal", now, plan=PLAN, estimated_hours=2.0)
        assignments.assign_to(conn, seeded.orders["predictive"], "holm", who=PLANNER, at=now)
    return order


@pytest.fixture
def server(database: str, plant_of_holm: UUID) -> Iterator[ServerProcess]:
    running = ServerProcess(database)
    yield running
    running.kill()


@pytest.fixture
def phone(browser: "Browser", server: ServerProcess, tmp_path: Path) -> Iterator[Phone]:
    opened = Phone(browser, tmp_path / "phone", server.address)
    yield opened
    opened.close()
    assert opened.faults == []
