"""How a site lets people work, and what skills its work asks for. The caller owns the transaction."""

from dataclasses import asdict, fields
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from db import sql
from workorder_core.people.skills import Asked, SkillTables
from workorder_core.people.work_rules import WorkRules
from workorder_core.scheduling.ways import Speeds

_QUERIES = sql.load("scheduling")
_SPEEDS = tuple(each.name for each in fields(Speeds))


def of_site(conn: Connection, site_id: int) -> WorkRules:
    """Return a site's rules; the defaults where it has none of its own."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["rules"], {"site_id": site_id}).fetchone()
    if row is None:
        return WorkRules()
    speeds = Speeds(**{name: float(row.pop(name)) for name in _SPEEDS})
    return WorkRules(**row, speeds=speeds)


def put(conn: Connection, site_id: int, rules: WorkRules) -> None:
    """Store a site's rules."""
    facts: dict[str, Any] = asdict(rules)
    conn.execute(_QUERIES["put_rules"], facts | facts.pop("speeds") | {"site_id": site_id})


def skill_tables(conn: Connection, site_id: int) -> SkillTables:
    """Return what a site's work asks for: its own entries, which come before the defaults."""
    asked: dict[str, dict[str, Asked | None]] = {"component": {}, "failure_mode": {}}
    with conn.cursor(row_factory=tuple_row) as cursor:
        for of, code, skill, level in cursor.execute(_QUERIES["skill_rules"], {"site_id": site_id}):
            asked[of][code] = None if skill is None else Asked(skill, level)
        rows = cursor.execute(_QUERIES["skill_certificates"], {"site_id": site_id}).fetchall()
    return SkillTables(
        of_component=asked["component"],
        of_failure_mode=asked["failure_mode"],
        certificates={skill: frozenset(certificates) for skill, certificates in rows},
    )
