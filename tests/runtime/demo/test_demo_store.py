"""The store of the demo: what asks for somebody is there, with and without the year behind it."""

from datetime import UTC, datetime

import psycopg
import pytest

from db.inventory import bookings, levels, purchases, tools
from db.plant import plant
from runtime.cli import plant_file
from runtime.demo import prices, stores
from runtime.demo.sample_plants import SAMPLES
from tests.parts import databases
from workorder_core.inventory import ledger

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def conn(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as made:
        yield made


def test_the_store_of_the_demo_is_low_of_one_item_has_a_tool_overdue_and_others_booked(conn):
    for year in (False, True):
        site = plant_file.load_plant(conn, SAMPLES / "plant.toml").code
        prices.put(conn, plant.site_by_code(conn, site), until=NOW)
        stores.put(conn, plant.site_by_code(conn, site), now=NOW, year=year)
        low = levels.page(conn, within=None, low=True, limit=9)
        assert [each.item for each in low] == ["COUPL-90"]
        assert [each.state for each in purchases.page(conn, within=None, limit=1)] == ["ordered"]
        assert [each.code for each in tools.page(conn, within=None, lent=True, limit=9)] == ["LASER-1"]
        assert {each.state.value for each in bookings.page(conn, within=None, limit=9)} == {"out", "booked"}
        moved = levels.moved(conn)
        assert (moved.get("issue", 0) > 40, moved.get("count", 0) > 4) == (year, year)
        for each in levels.page(conn, within=None, limit=9):
            replayed = ledger.replay(levels.ledger(conn, each.item_id, each.store_id))
            assert (each.on_hand, each.reserved) == (replayed.on_hand, replayed.reserved)
        conn.rollback()
