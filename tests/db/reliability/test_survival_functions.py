from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.reliability import survival
from db.reliability.survival import Stored
from workorder_core.reliability.survival import Survival

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'NTH')")
        conn.execute(
            "INSERT INTO assets (site_id, code, name) SELECT id, 'P-' || n, 'P' FROM sites, generate_series(1, 3) n"
        )
        yield conn


def test_the_newest_function_of_each_asset_counts_as_of_a_time(conn):
    one, two, three = (row[0] for row in conn.execute("SELECT id FROM assets ORDER BY code").fetchall())
    old, new = Survival(NOW, (1.0,), (0.5,)), Survival(NOW, (10.0, 20.0), (0.1, 0.5))
    survival.write(conn, {one: Stored(old, "v1"), two: Stored(old, "v1"), three: None})
    survival.write(conn, {one: Stored(new, "v2")})
    later = NOW + timedelta(days=15)
    assert survival.latest(conn, [one, two, three], NOW) == {one: new, two: old}
    assert survival.latest(conn, [one, two, three], later) == {one: new.given_works_at(later)}
    assert survival.of_asset(conn, one) == Stored(new, "v2")
    survival.write(conn, {one: None})
    assert survival.of_asset(conn, one) is None


@pytest.mark.parametrize(
    ("days", "failed"), [([], []), ([1, 2], [0.1]), ([2, 1], [0.1, 0.2]), ([1, 2], [0.2, 0.1]), ([0], [0]), ([1], [2])]
)
def test_the_schema_refuses_an_impossible_function(conn, days, failed):
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute(
            "INSERT INTO survival_functions SELECT id, %s, %s::float8[], %s::float8[], 'v' FROM assets LIMIT 1",
            (NOW, days, failed),
        )
