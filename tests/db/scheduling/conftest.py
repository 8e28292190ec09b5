"""A plant with people and waiting orders, on which every test leaves nothing."""

from datetime import UTC, datetime

import psycopg
import pytest

from db.orders import work_orders
from db.plant import plant
from runtime.cli.plant_file import load_plant
from tests import a_plant
from tests.parts import databases
from workorder_core.words import FailureMode, OrderType

MONDAY = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
ACTOR = "person:dahl"


def make_orders(conn, count, at=MONDAY, hours=2.0):
    """Make orders that mechanics can do, and return their ids."""
    asset = plant.asset_by_key(conn, "NTH", "P-101", now=at)
    return [
        work_orders.create_by_hand(
            conn,
            asset=asset,
            kind=OrderType.INSPECTION,
            title=f"Look at pump {number}",
            component="bearing",
            failure_mode=FailureMode.VIB,
            actor=ACTOR,
            at=at,
            estimated_hours=hours,
        ).id
        for number in range(count)
    ]


@pytest.fixture
def week_database(embedded_server, _template):
    """The URL of a database with the sample plant and six waiting orders, committed."""
    with databases.fresh(embedded_server, _template) as url:
        with psycopg.connect(url) as conn:
            load_plant(conn, a_plant.SAMPLE)
            make_orders(conn, 6)
        yield url


@pytest.fixture
def conn(week_database):
    with psycopg.connect(week_database) as conn:
        yield conn
