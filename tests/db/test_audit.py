"""A row of history changed, removed or put in is found, on both servers; so is an end that was taken off."""

import hashlib
import json
from datetime import UTC, datetime

import psycopg
import pytest

from db.orders import audit, work_orders
from tests import a_plant
from workorder_core.orders import record


@pytest.fixture
def conn(any_database):
    with psycopg.connect(any_database) as conn:
        yield conn


@pytest.fixture
def seeded(conn):
    return a_plant.build(conn, now=datetime.now(UTC), days=0.1)


def test_what_was_written_is_sound(conn, seeded):
    found = audit.verify(conn)
    assert found.sound
    assert (found.orders, found.rows) == (6, conn.execute("SELECT count(*) FROM order_history").fetchone()[0])


TAMPERED = {
    "a reason is changed": "UPDATE order_history SET why = 'x' WHERE order_id = %(id)s AND seq = 2",
    "an actor is changed": "UPDATE order_history SET actor = 'person:x' WHERE order_id = %(id)s AND seq = 1",
    "what changed is changed": "UPDATE order_history SET new = new || '{\"x\": 1}' WHERE order_id = %(id)s AND seq = 3",
    "a time is changed": "UPDATE order_history SET at = at + interval '1 us' WHERE order_id = %(id)s AND seq = 2",
    "a row is removed": "DELETE FROM order_history WHERE order_id = %(id)s AND seq = 2",
    "the first row is removed": "DELETE FROM order_history WHERE order_id = %(id)s AND seq = 1",
    "the last row is removed": "DELETE FROM order_history WHERE order_id = %(id)s AND seq = 4",
    "everything is removed": "DELETE FROM order_history WHERE order_id = %(id)s",
    "a row is put in at the end": """
        INSERT INTO order_history (order_id, seq, at, actor, step, hash)
        SELECT order_id, 5, at, actor, 'close', history_hash(hash, order_id, 5, at, actor, 'close', '{}', '{}', '')
        FROM order_history WHERE order_id = %(id)s AND seq = 4""",
    "a row and its hash are changed": """
        UPDATE order_history h SET why = 'x', hash = history_hash(b.hash, h.order_id, h.seq, h.at, h.actor, h.step,
                                                                h.old, h.new, 'x')
        FROM order_history b WHERE b.order_id = h.order_id AND b.seq = h.seq - 1 AND h.order_id = %(id)s
          AND h.seq = 3""",
    "two rows change places": """
        UPDATE order_history h SET actor = o.actor, at = o.at, step = o.step, old = o.old, new = o.new, why = o.why
        FROM order_history o WHERE o.order_id = h.order_id AND o.seq = 5 - h.seq AND h.order_id = %(id)s
          AND h.seq IN (2, 3)""",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_is_found_when(conn, seeded, statement):
    order_id = seeded.orders["done"]
    assert len(work_orders.history(conn, order_id)) == 4
    conn.execute("ALTER TABLE order_history DISABLE TRIGGER ALL")
    conn.execute(statement, {"id": order_id})
    found = audit.verify(conn)
    assert [each.order_id for each in found.broken] == [order_id]
    assert not found.sound


def test_who_takes_a_row_off_the_end_and_mends_the_head_is_found_by_the_anchor(conn, seeded):
    order_id = seeded.orders["done"]
    assert audit.anchor(conn, at=datetime.now(UTC)) == 6
    assert audit.anchor(conn, at=datetime.now(UTC)) == 0, "nothing has moved"
    noted = audit.verify(conn).anchor
    assert noted is not None
    conn.execute("ALTER TABLE order_history DISABLE TRIGGER ALL")
    conn.execute("DELETE FROM order_history WHERE order_id = %s AND seq = 4", [order_id])
    conn.execute(
        "UPDATE history_heads h SET seq = 3, hash = r.hash FROM order_history r "
        "WHERE r.order_id = h.order_id AND r.seq = 3 AND h.order_id = %s",
        [order_id],
    )
    assert [each.order_id for each in audit.verify(conn).broken] == [order_id]
    # Who alters the anchor too cannot alter the hash that somebody noted elsewhere.
    conn.execute("DELETE FROM audit_anchored")
    conn.execute("DELETE FROM audit_anchors")
    conn.execute("UPDATE history_heads SET anchored = 0")
    audit.anchor(conn, at=datetime.now(UTC))
    assert audit.verify(conn).sound
    assert not audit.verify(conn, expected=noted[1]).sound


def test_history_cannot_be_changed_by_accident(conn, seeded):
    for statement in ("UPDATE order_history SET why = 'x'", "DELETE FROM order_history", "TRUNCATE order_history"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"), conn.transaction():
            conn.execute(statement.encode())


def test_the_hash_is_the_one_that_is_documented(conn, seeded):
    """Computed again by somebody who has only the rows and the page about them."""
    before = b""
    rows = conn.execute(
        "SELECT order_id, seq, at, actor, step, old, new, why, hash FROM order_history "
        "WHERE order_id = %s ORDER BY seq",
        [seeded.orders["done"]],
    ).fetchall()
    for order_id, seq, at, actor, step, old, new, why, told in rows:
        micros = (at - datetime(1970, 1, 1, tzinfo=UTC)) // (at.resolution)
        row = [str(order_id), seq, micros, actor, step, _sorted(old), _sorted(new), why]
        text = json.dumps(row, ensure_ascii=False)
        before = hashlib.sha256(before + text.encode()).digest()
        assert before == told


def _sorted(value):
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value, key=lambda name: (len(name), name.encode()))}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def test_history_told_again_is_the_order_as_it_is(conn, seeded):
    for order_id in seeded.orders.values():
        rows = [(row.old, row.new) for row in work_orders.history(conn, order_id)]
        assert record.replay(rows) == record.facts(work_orders.get(conn, order_id))
