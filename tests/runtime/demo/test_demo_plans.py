"""The demo's maintenance plans: work in the coming weeks, and with the past a year of it behind them."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.planning import outlook, plans
from runtime.cli import plant_file
from runtime.demo import past, upkeep, walks
from runtime.demo.sample_plants import SAMPLES

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        plant_file.load_plant(conn, SAMPLES / "plant.toml")
        past.save_plans(conn, "NTH", at=NOW - timedelta(days=400))
        yield conn


def test_without_the_past_there_is_work_in_the_coming_weeks(conn):
    walks.make(conn, site="NTH", now=NOW)
    assert [upkeep.put(conn, site="NTH", now=NOW) for _ in range(2)] == [7, 0]
    coming = outlook.due_between(conn, NOW, NOW + timedelta(days=28))
    assert {each.status for each in coming} == {"generated", "planned"}
    assert {each.code for each in coming} >= {"GREASE", "ESTOP", "OIL", "WALK"}
    assert {each.trade for each in outlook.forecast(conn, until=NOW + timedelta(days=365))} == {
        "mechanical", "electrical", "instrumentation"
    }  # fmt: skip


@pytest.mark.slow
def test_with_the_past_a_year_of_work_is_behind_the_plans(conn):
    assert upkeep.year(conn, site="NTH", now=NOW) > 40
    assert upkeep.year(conn, site="NTH", now=NOW) == 0
    behind = outlook.due_between(conn, NOW - timedelta(days=365), NOW)
    assert len({each.due_at.month for each in behind}) == 12
    statuses = [each.status for each in behind]
    assert statuses.count("completed") > 40
    assert "skipped" in statuses
    assert any(each.note for each in behind), "some were done too late"
    of_strainer = next(each for each in plans.listed(conn) if each.plan.code == "STRAINER")
    assert "meter" in {each.cause for each in outlook.of_plan(conn, of_strainer.id, limit=50)}
    upkeep.put(conn, site="NTH", now=NOW)
    strainer = [each for each in outlook.due_between(conn, NOW, NOW + timedelta(days=60)) if each.code == "STRAINER"]
    assert len(strainer) <= 1, "what its meter showed before is not entered anew"
