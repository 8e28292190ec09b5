"""The tables of people that are imported: a site's present rows, and storing an import's plan. The caller commits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.people import site_rules, technicians, workforce
from db.plant.plant import Site
from db.scheduling import places
from workorder_core.people.skills import USUAL_LEVEL, Asked
from workorder_core.people.technicians import Technician
from workorder_core.planning.site_time import SiteTime
from workorder_core.tables import people_tables
from workorder_core.tables.tables import Facts, Plan, Row, Table
from workorder_core.words import FailureMode

_QUERIES = sql.load("workforce")
NAMES = (
    people_tables.TECHNICIANS.name, people_tables.ABSENCES.name, people_tables.WAYS.name, people_tables.SKILLS.name,
    people_tables.SKILL_CERTIFICATES.name,
)  # fmt: skip
_PLAIN = (
    "name", "active", "firm", "contract_from", "contract_until", "pattern", "pattern_offset", "overtime_minutes",
    "depot", "language",
)  # fmt: skip


def known(conn: Connection, name: str, site: Site) -> tuple[Table, Mapping[str, Facts]]:
    """Return a table of a site by its name, with what it can refer to, and the facts by key."""
    people = technicians.listed(conn, site.id)
    if name == people_tables.TECHNICIANS.name:
        patterns = workforce.of_site(conn, site.id).patterns
        table = people_tables.technicians(patterns, places.of_site(conn, site.id, site.code).parents)
        return table, {each.code: _facts(each) for each in people}
    if name == people_tables.ABSENCES.name:
        table = people_tables.absences([each.code for each in people])
        return table, {f"{row['technician']}/{row['first']}": row for row in _absences(conn, site)}
    if name == people_tables.SKILLS.name:
        table = people_tables.asked_skills([each.value for each in FailureMode])
        return table, {f"{row['of']}/{row['code']}": row for row in _asked(conn, site.id)}
    if name == people_tables.SKILL_CERTIFICATES.name:
        own = site_rules.skill_tables(conn, site.id).certificates
        said = {skill: "; ".join(sorted(each)) or people_tables.NOTHING for skill, each in own.items()}
        return people_tables.skill_certificates(), {
            skill: {"skill": skill, "certificates": each} for skill, each in said.items()
        }
    table = people_tables.ways(places.of_site(conn, site.id, site.code).parents)
    return table, {f"{row['from_place']}/{row['to_place']}": row for row in _ways(conn, site)}


def store(conn: Connection, site: Site, name: str, plan: Plan, *, actor: str, at: datetime) -> None:
    """Store what a plan creates and changes."""
    people = {each.code: each for each in technicians.listed(conn, site.id)}
    clock = SiteTime(zone=site.time_zone)
    before = {f"{row['technician']}/{row['first']}": row for row in _absences(conn, site)}
    for row in plan.wanted:
        if name == people_tables.TECHNICIANS.name:
            _technician(conn, site, row, people.get(row.key))
        elif name == people_tables.ABSENCES.name:
            _absence(conn, site, clock, row, before.get(row.key, {}), actor, at)
        elif name == people_tables.SKILLS.name:
            _asked_skill(conn, site.id, row)
        elif name == people_tables.SKILL_CERTIFICATES.name:
            wanted = people_tables.certificates(row.values.get("certificates"))
            workforce.put_certificates(conn, site.id, row.key, wanted)
        else:
            conn.execute(_QUERIES["put_way"], {"km": None, **row.values, "site_id": site.id})


def _technician(conn: Connection, site: Site, row: Row, before: Technician | None) -> None:
    said = {name: value for name, value in row.values.items() if value is not None}
    one = before or Technician(
        id=0, site_id=site.id, code=row.key, name=row.key, skills=frozenset(), certificates=frozenset(),
        shift_start=time(7), shift_end=time(15), weekdays=frozenset(range(1, 6)),
    )  # fmt: skip
    facts: dict[str, Any] = {name: said[name] for name in _PLAIN if name in said}
    if "skills" in said:
        levels = people_tables.levels(str(said["skills"]))
        facts |= {"skills": frozenset(levels), "levels": {name: level for name, level in levels.items() if level}}
    if "certificates" in said:
        ends = people_tables.ends(str(said["certificates"]))
        facts |= {"certificates": frozenset(ends), "valid_until": {name: day for name, day in ends.items() if day}}
    facts |= {name: people_tables.clock(str(said[name])) for name in ("shift_start", "shift_end") if name in said}
    if "weekdays" in said:
        facts["weekdays"] = people_tables.weekdays(str(said["weekdays"]))
    if "speed" in said:
        facts["speed"] = float(str(said["speed"]))
    wanted = replace(one, **facts)
    if before is None:
        technicians.create(conn, wanted)
    else:
        technicians.update(conn, wanted)


def _facts(one: Technician) -> Facts:
    """Return a technician in the table's form."""
    skills = (name if one.level(name) == USUAL_LEVEL else f"{name}: {one.level(name)}" for name in sorted(one.skills))
    ends = (
        f"{name}: {one.valid_until[name]}" if name in one.valid_until else name for name in sorted(one.certificates)
    )
    return {
        "code": one.code,
        **{name: getattr(one, name) for name in _PLAIN},
        "skills": "; ".join(skills) or None,
        "certificates": "; ".join(ends) or None,
        "shift_start": f"{one.shift_start:%H:%M}",
        "shift_end": f"{one.shift_end:%H:%M}",
        "weekdays": "; ".join(map(str, sorted(one.weekdays))),
        "speed": Decimal(f"{one.speed:g}"),
    }


def _asked(conn: Connection, site_id: int) -> list[dict[str, Any]]:
    own = site_rules.skill_tables(conn, site_id)
    return [
        {
            "of": of,
            "code": code,
            "skill": people_tables.NOTHING if asked is None else asked.skill,
            "level": 1 if asked is None else asked.level,
        }
        for of, entries in (("component", own.of_component), ("failure_mode", own.of_failure_mode))
        for code, asked in entries.items()
    ]


def _asked_skill(conn: Connection, site_id: int, row: Row) -> None:
    of, code = str(row.values["of"]), str(row.values["code"])
    before = next((each for each in _asked(conn, site_id) if (each["of"], each["code"]) == (of, code)), {})
    facts = {**before, **{name: value for name, value in row.values.items() if value is not None}}
    skill = str(facts["skill"])
    asked = None if skill == people_tables.NOTHING else Asked(skill, int(str(facts.get("level") or 1)))
    workforce.put_asked(conn, site_id, of, code, asked)


def _absences(conn: Connection, site: Site) -> list[dict[str, Any]]:
    """Return absences in whole days of the site; the last day is one on which any of it is."""
    zone = ZoneInfo(site.time_zone)
    found = []
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["table_absences"], {"site_id": site.id}):
            ends = row["ends_at"]
            last = None if ends is None else (ends.astimezone(zone) - timedelta(microseconds=1)).date()
            first = row["starts_at"].astimezone(zone).date()
            found.append({"technician": row["technician"], "first": first, "last": last, "kind": row["kind"]})
    return found


def _absence(conn: Connection, site: Site, clock: SiteTime, row: Row, before: Facts, actor: str, at: datetime) -> None:
    facts = {**before, **{name: value for name, value in row.values.items() if value is not None}}
    first, last = facts["first"], facts.get("last")
    assert isinstance(first, date)
    ends = last + timedelta(days=1) if isinstance(last, date) else None
    conn.execute(
        _QUERIES["put_absence"],
        {
            "site_id": site.id,
            "technician": facts["technician"],
            "kind": facts.get("kind") or "away",
            "starts_at": clock.moment(datetime.combine(first, time())),
            "ends_at": None if ends is None else clock.moment(datetime.combine(ends, time())),
            "actor": actor,
            "at": at.astimezone(UTC),
        },
    )


def _ways(conn: Connection, site: Site) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["table_ways"], {"site_id": site.id}).fetchall()
    return [{**row, "km": None if row["km"] is None else Decimal(f"{row['km']:.15g}")} for row in rows]
