"""Who is let in, how errors leave, and what machines watch."""

import pytest
from fastapi.routing import APIRoute, iter_route_contexts  # noqa: F401
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api import asking
from api.app import create
from tests.api.conftest import KEY

V1 = "/api/v1"


def test_every_handler_knows_who_asks(empty):
    document = empty.get(f"{V1}/openapi.json").json()
    assert len(document["paths"]) > 20
