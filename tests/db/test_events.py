"""Each change writes its event in its own transaction, and a reader who pages misses none, however late it commits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from db.alarms import alarm_points
from db.documents import documents
from db.documents.documents import Kind
from db.events import events
from db.orders import work_orders
from tests import a_plant
from workorder_core.orders.details import Cancel
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Role, Who

NOW = datetime.now(UTC)
PLANNER = Who("person:mara", frozenset({Role.PLANNER}), None)


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def read(conn, after=0, **asked):
    events.number(conn)
    conn.commit()
    return events.after(conn, after, **asked)


def write(conn, subject, site_id=None):
    events.append(conn, "test.written", subject, at=NOW, site_id=site_id)


def subjects(found):
    return [each.subject for each in found]


def test_an_event_that_commits_late_comes_after_what_was_read_before(conn, database):
    with psycopg.connect(database) as slow, psycopg.connect(database) as quick:
        write(slow, "slow")
        write(quick, "quick")
        quick.commit()
        first = read(conn)
        assert subjects(first) == ["quick"], "an open transaction delays nobody"
        slow.commit()
        assert subjects(read(conn, first[-1].id)) == ["slow"]
        assert subjects(read(conn)) == ["quick", "slow"]


def test_readers_who_page_while_many_write_see_each_event_once_and_in_one_order(conn, database):
    def writer(name):
        with psycopg.connect(database) as own:
            for number in range(40):
                write(own, f"{name}/{number}")
                if number % 3 == 2:
                    own.commit()

    def reader(_):
        seen, last = list[str](), 0
        with psycopg.connect(database) as own:
            while len(seen) < 160:
                for each in read(own, last, limit=7):
                    assert each.id > last
                    seen.append(each.subject)
                    last = each.id
        return seen

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(reader, number) for number in range(2)]
        list(pool.map(writer, "abcd"))
        seen = [each.result(60) for each in readers]
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 160
    for name in "abcd":
        assert [each for each in seen[0] if each[0] == name] == [f"{name}/{number}" for number in range(40)]


def test_what_is_rolled_back_has_no_event(conn):
    write(conn, "never")
    conn.rollback()
    assert read(conn) == []


def test_who_listens_hears_of_it_after_the_commit(conn, database):
    with psycopg.connect(database, autocommit=True) as listener:
        listener.execute(f"LISTEN {events.CHANNEL}")
        write(conn, "one")
        write(conn, "two")
        assert list(listener.notifies(timeout=0)) == []
        conn.commit()
        assert len(list(listener.notifies(timeout=60, stop_after=1))) == 1


def test_everything_that_happens_to_an_order_is_an_event(conn):
    seeded = a_plant.build(conn, now=NOW, days=0.1)
    rows = conn.execute("SELECT count(*) FROM order_history").fetchone()[0]
    evidence = conn.execute("SELECT count(*) FROM evidence").fetchone()[0]
    conn.commit()
    found = read(conn)
    assert sum(each.kind.startswith("order.") for each in found) == rows
    assert sum(each.kind == "finding.recorded" for each in found) == evidence
    done = [each for each in found if each.order_id == seeded.orders["done"] and each.kind != "finding.recorded"]
    assert [each.kind for each in done] == ["order.opened", "order.assigned", "order.in_progress", "order.completed"]
    assert {each.site for each in found if each.order_id} == {"NTH"}
    assert done[1].data["assignee"] == done[1].data["new"]["assignee"]
    opened = next(each for each in found if each.order_id == seeded.orders["emergency"])
    assert (opened.kind, opened.data["type"]) == ("order.opened", "emergency")

    work_orders.take_step(
        conn, seeded.orders["reactive"], Step.CANCEL, Cancel("twice"), who=PLANNER, at=NOW, why="twice"
    )
    conn.commit()
    (last,) = read(conn, found[-1].id)
    assert (last.kind, last.data["actor"], last.data["why"]) == ("order.cancelled", "person:mara", "twice")
    assert (last.data["old"]["status"], last.data["new"]["status"]) == ("in_progress", "cancelled")


def test_alarms_documents_and_rules_make_events(conn):
    seeded = a_plant.build(conn, now=NOW, days=0.1)
    conn.commit()
    last = read(conn)[-1].id
    alarm = (seeded.assets["P-105"], "rule:hot")
    conn.execute(
        "INSERT INTO alarm_points (asset_id, source, state, severity) VALUES (%s, %s, 'unacknowledged', 3)", alarm
    )
    alarm_points.acknowledge(conn, [alarm], actor="person:mara", at=NOW, why="seen")
    documents.put(conn, Kind.RULEBOOK, {"rules": []}, actor="person:mara", why="quieter")
    conn.commit()
    acknowledged, changed = read(conn, last)
    assert (acknowledged.kind, acknowledged.subject, acknowledged.site) == ("alarm.acknowledged", "NTH/P-105", "NTH")
    assert (changed.kind, changed.subject, changed.site) == ("document.added", "rulebook", None)


def test_who_sees_some_sites_sees_their_events_only(conn):
    ids = {
        code: conn.execute("INSERT INTO sites (code, name) VALUES (%s, %s) RETURNING id", [code, code]).fetchone()[0]
        for code in ("NTH", "STH")
    }
    write(conn, "north", ids["NTH"])
    write(conn, "south", ids["STH"])
    write(conn, "plant")
    conn.commit()
    assert subjects(read(conn)) == ["north", "south", "plant"]
    assert subjects(read(conn, within={"STH"})) == ["south"]
    assert subjects(events.newest_first(conn, within={"NTH"})) == ["north"]
    assert subjects(events.newest_first(conn, limit=2)) == ["plant", "south"]
