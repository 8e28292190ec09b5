"""What the schema promises of people: levels, dates, absences, and that no reason of an absence is in the history."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg import errors

from db.errors import AlreadyExists, NotFound
from db.people import technicians, workforce
from db.people.workforce import Crew, PatternInUse
from db.plant import changes, plant
from runtime.cli.plant_file import load_plant
from tests import a_plant
from workorder_core.people.working_times import Pattern, Shift

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
SECRET = "broken ankle"


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE)
        changes.made_by(conn, "person:dahl")
        yield conn


@pytest.fixture
def one(conn):
    return technicians.get(conn, plant.site_by_code(conn, "NTH").id, "holm")


@pytest.mark.parametrize(
    "wrong",
    [
        """levels = '{"mechanical": 6}'""",
        """levels = '{"mechanical": "3"}'""",
        """valid_until = '{"ISO 18436-2 category II": "soon"}'""",
        "contract_from = '2026-02-01', contract_until = '2026-01-01'",
        "speed = 0",
        "overtime_minutes = -1",
        "pattern_id = 999",
    ],
)
def test_the_schema_refuses(conn, one, wrong):
    with pytest.raises((errors.CheckViolation, errors.ForeignKeyViolation)):
        conn.execute(f"UPDATE technicians SET {wrong} WHERE id = {one.id}")


def test_a_level_goes_with_its_skill(conn, one):
    conn.execute("""UPDATE technicians SET levels = '{"mechanical": 5}' WHERE id = %s""", [one.id])
    conn.execute("UPDATE technicians SET skills = '{}' WHERE id = %s", [one.id])
    conn.execute("UPDATE technicians SET skills = '{mechanical}' WHERE id = %s", [one.id])
    assert technicians.by_id(conn, one.id).level("mechanical") == 3


def test_a_reason_is_for_who_may_read_it_and_in_no_history_or_event(conn, one):
    made = workforce.add_absence(
        conn, one, kind="away", starts_at=NOW, ends_at=NOW + timedelta(days=2), reason=SECRET, actor="x", at=NOW
    )
    assert workforce.absences(conn, one.id, reasons=True)[0].reason == SECRET
    assert workforce.absences(conn, one.id, reasons=False)[0].reason is None
    with pytest.raises(AlreadyExists):
        workforce.add_absence(conn, one, kind="leave", starts_at=NOW, ends_at=None, reason=None, actor="x", at=NOW)
    workforce.drop_absence(conn, one.id, made.id)
    assert conn.execute("SELECT count(*) FROM absence_reasons").fetchone() == (0,)
    kept = conn.execute("SELECT count(*), bool_or(to_jsonb(c)::text LIKE %s) FROM changes c", [f"%{SECRET}%"])
    count, told = kept.fetchone()
    assert count > 0 and not told
    for table in ("new_events", "events"):
        found = conn.execute(f"SELECT count(*) FROM {table} e WHERE to_jsonb(e)::text LIKE %s", [f"%{SECRET}%"])
        assert found.fetchone() == (0,)


def test_what_somebody_costs_is_logged_for_those_who_see_costs(conn, one):
    conn.execute("UPDATE sites SET currency = 'EUR'")
    prices = {"per_hour": Decimal(60), "overtime_per_hour": Decimal(75), "per_day": Decimal(0)}
    workforce.put_rate(conn, one, "NTH", **prices)
    kept = workforce.rate(conn, one.id)
    assert kept is not None
    assert kept.per_hour == 60
    kinds = {kind for (kind,) in conn.execute("SELECT kind FROM changes WHERE new::text LIKE '%per_hour%'")}
    assert kinds == {"technician rate"} and kinds <= set(changes.OF_COSTS)


def test_a_pattern_that_somebody_works_is_not_removed_and_a_crew_has_people_of_the_site(conn, one):
    early = Pattern(anchor=date(2026, 1, 5), days=7, shifts=(Shift(day=0, starts=time(6), ends=time(14)),))
    empty = workforce.of_site(conn, one.site_id)
    wanted = workforce.Workforce(
        rules=empty.rules, skills=empty.skills, patterns={"EARLY": ("Early", early)},
        crews=(Crew(code="A", name="Crew A", members=("holm", "lund")),),
    )  # fmt: skip
    workforce.put(conn, one.site_id, wanted)
    assert workforce.of_site(conn, one.site_id) == wanted
    conn.execute("UPDATE technicians SET pattern_id = (SELECT id FROM shift_patterns) WHERE id = %s", [one.id])
    assert technicians.by_id(conn, one.id).rotation == early
    with pytest.raises(PatternInUse):
        workforce.put(conn, one.site_id, empty)
    with pytest.raises(NotFound):
        workforce.put_crew(conn, one.site_id, Crew(code="B", name="B", members=("nobody",)))
