"""The schema: what the migrations make is what db/schema.sql says, and released schemas are brought on with their rows.

``released/0.1.sql.xz`` is a plant at the end of version 0.1: pg_dump, plain, of the sample plant with its orders.
"""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from db import schema
from db.files import files
from db.orders import audit, work_orders
from db.schema import SchemaTooOld
from tests.parts import dumps
from workorder_core.orders import record

SINCE = [path.stem for path in sorted(schema.MIGRATIONS.glob("*.sql")) if path.stem != "0001_baseline"]
OF_0_1 = Path(__file__).parent / "released" / "0.1.sql.xz"


def test_schema_sql_is_what_migrating_makes(database):
    assert dumps.schema_of(database) == dumps.SCHEMA.read_text(encoding="utf-8"), (
        "write it: python -m tests.parts.dumps"
    )


def rows(conn):
    """How many rows each table has."""
    tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    names = [name for (name,) in conn.execute(tables) if "yoyo" not in name]
    return {name: conn.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()[0] for name in names}


@pytest.fixture
def plant_of_0_1(empty_database):
    dumps.fill(empty_database, OF_0_1)
    return empty_database


def test_a_plant_of_the_last_0_1_goes_on_with_all_that_it_has(plant_of_0_1):
    with psycopg.connect(plant_of_0_1) as conn:
        before = rows(conn)
        assert schema.waiting(conn) == [path.stem for path in sorted(schema.MIGRATIONS.glob("*.sql"))]
    assert schema.migrate(plant_of_0_1) == SINCE
    with psycopg.connect(plant_of_0_1) as conn:
        assert schema.waiting(conn) == []
        after = rows(conn)
        logged = conn.execute(
            "SELECT count(*) FROM judge_events WHERE kind IN ('rulebook', 'models', 'rule_shadow')"
        ).fetchone() or (0,)
        assert {name: after[name] for name in before} == before | {"changes": before["changes"] + logged[0]}
        assert before["work_orders"] > 5
        assert before["readings"] > 1000
        assert audit.verify(conn).sound
        for (order_id,) in conn.execute("SELECT id FROM work_orders").fetchall():
            told = [(row.old, row.new) for row in work_orders.history(conn, order_id)]
            assert record.replay(told) == record.facts(work_orders.get(conn, order_id))
    assert dumps.statements(dumps.schema_of(plant_of_0_1)) == dumps.statements(dumps.SCHEMA.read_text(encoding="utf-8"))
    assert schema.migrate(plant_of_0_1) == []


def test_files_of_0_1_are_files_of_their_orders(plant_of_0_1):
    with psycopg.connect(plant_of_0_1) as conn:
        order_id = conn.execute("SELECT id FROM work_orders ORDER BY number LIMIT 1").fetchone()[0]  # type: ignore[index]
        file_id, content = uuid4(), b"\x89PNG as it was let in then"
        conn.execute(
            "INSERT INTO attachments (id, order_id, name, kind, size, sha256, at, actor) "
            "VALUES (%s, %s, 'old.png', 'image/png', %s, sha256(%s), now(), 'person:a')",
            [file_id, order_id, len(content), content],
        )
        conn.execute("INSERT INTO attachment_contents (attachment_id, content) VALUES (%s, %s)", [file_id, content])
    schema.migrate(plant_of_0_1)
    with psycopg.connect(plant_of_0_1) as conn:
        (kept,) = files.of_order(conn, order_id)
        assert (kept.id, kept.name, kept.order_id, kept.asset_id) == (file_id, "old.png", order_id, None)
        assert files.content(conn, file_id) == content
        assert files.thumbnail(conn, kept) == (content, "image/png"), "there is no small one yet"


def test_a_plant_of_an_older_0_1_is_refused_as_it_is_with_what_to_do(plant_of_0_1):
    with psycopg.connect(plant_of_0_1, autocommit=True) as conn:
        conn.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0561_second_person'")
        before = rows(conn)
    with pytest.raises(
        SchemaTooOld, match=r"lacks 1 of its migrations .*0561_second_person.*run the last release of 0\.1"
    ):
        schema.migrate(plant_of_0_1)
    with psycopg.connect(plant_of_0_1) as conn:
        assert rows(conn) == before
