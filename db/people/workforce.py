"""A site's rules of work, shift patterns, crews, and what skills its work asks for; absences and rates of technicians.

The caller owns the transaction; triggers log changes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg import Connection
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import class_row, scalar_row, tuple_row

from db import sql
from db.costs.costs import NoCurrency
from db.errors import AlreadyExists, NotFound, StoreError
from db.people import site_rules
from workorder_core.people.skills import Asked, SkillTables
from workorder_core.people.technicians import Technician
from workorder_core.people.work_rules import WorkRules
from workorder_core.people.working_times import Pattern, Shift
from workorder_core.sentences import say

_QUERIES = sql.load("workforce")


class PatternInUse(StoreError):
    """A shift pattern that somebody works was left out."""

    def __init__(self, code: str) -> None:
        super().__init__(say("somebody works the shift pattern {code}; give them another one first", code=code))
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """People who work together; ``members`` are codes of technicians."""

    code: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """A site's own data about people. ``patterns`` are by code, with their names."""

    rules: WorkRules
    skills: SkillTables
    patterns: dict[str, tuple[str, Pattern]]
    crews: tuple[Crew, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAbsence:
    """An absence; ``reason`` None: none was given, or it is not for whoever asks."""

    id: int
    technician_id: int
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    recorded_at: datetime
    recorded_by: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What somebody costs, in the currency of the site."""

    currency: str
    per_hour: Decimal
    overtime_per_hour: Decimal
    per_day: Decimal


def of_site(conn: Connection, site_id: int) -> Workforce:
    """Return a site's data."""
    patterns: dict[str, tuple[str, date, int, list[Shift]]] = {}
    with conn.cursor(row_factory=tuple_row) as cursor:
        for code, name, anchor, days, day, starts, ends, begins, minutes in cursor.execute(
            _QUERIES["patterns"], {"site_id": site_id}
        ):
            shifts = patterns.setdefault(code, (name, anchor, days, []))[3]
            if day is not None:
                shifts.append(Shift(day=day, starts=starts, ends=ends, break_starts=begins, break_minutes=minutes))
        crews = cursor.execute(_QUERIES["crews"], {"site_id": site_id}).fetchall()
    return Workforce(
        rules=site_rules.of_site(conn, site_id),
        skills=site_rules.skill_tables(conn, site_id),
        patterns={
            code: (name, Pattern(anchor=anchor, days=days, shifts=tuple(shifts)))
            for code, (name, anchor, days, shifts) in patterns.items()
        },
        crews=tuple(Crew(code=code, name=name, members=tuple(members)) for code, name, members in crews),
    )


def put(conn: Connection, site_id: int, wanted: Workforce) -> None:
    """Store a site's data; what is left out is removed.

    Raises PatternInUse, and NotFound for a member that the site does not have.
    """
    before = of_site(conn, site_id)
    if wanted.rules != before.rules:
        site_rules.put(conn, site_id, wanted.rules)
    if wanted.skills != before.skills:
        _put_skills(conn, site_id, wanted.skills)
    for code in before.patterns.keys() - wanted.patterns.keys():
        try:
            with conn.transaction():
                conn.execute(_QUERIES["drop_pattern"], {"site_id": site_id, "code": code})
        except ForeignKeyViolation:
            raise PatternInUse(code) from None
    for code, (name, pattern) in wanted.patterns.items():
        if before.patterns.get(code) != (name, pattern):
            put_pattern(conn, site_id, code, name, pattern)
    known = {each.code: each for each in before.crews}
    for code in known.keys() - {each.code for each in wanted.crews}:
        conn.execute(_QUERIES["drop_crew"], {"site_id": site_id, "code": code})
    for crew in wanted.crews:
        if known.get(crew.code) != crew:
            put_crew(conn, site_id, crew)


def put_pattern(conn: Connection, site_id: int, code: str, name: str, pattern: Pattern) -> None:
    """Store a shift pattern."""
    facts = {"site_id": site_id, "code": code, "name": name, "anchor": pattern.anchor, "days": pattern.days}
    with conn.cursor(row_factory=scalar_row) as cursor:
        pattern_id = cursor.execute(_QUERIES["put_pattern"], facts).fetchone()
        cursor.execute(_QUERIES["drop_shifts"], {"id": pattern_id, "days": [each.day for each in pattern.shifts]})
        for each in pattern.shifts:
            shift = {"day": each.day, "starts": each.starts, "ends": each.ends}
            shift |= {"begins": each.break_starts, "minutes": each.break_minutes}
            cursor.execute(_QUERIES["put_shift"], {"id": pattern_id, "site_id": site_id, **shift})


def put_crew(conn: Connection, site_id: int, crew: Crew) -> None:
    """Store a crew. Raises NotFound for a member that the site does not have."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        facts = {"site_id": site_id, "code": crew.code, "name": crew.name, "members": list(crew.members)}
        there = set(cursor.execute(_QUERIES["technicians"], facts).fetchall())
        for member in crew.members:
            if member not in there:
                raise NotFound("technician of the site", member)
        facts["id"] = cursor.execute(_QUERIES["put_crew"], facts).fetchone()
        cursor.execute(_QUERIES["drop_members"], facts)
        cursor.execute(_QUERIES["put_members"], facts)


def _put_skills(conn: Connection, site_id: int, wanted: SkillTables) -> None:
    before = site_rules.skill_tables(conn, site_id)
    for of, was, now in (
        ("component", before.of_component, wanted.of_component),
        ("failure_mode", before.of_failure_mode, wanted.of_failure_mode),
    ):
        for code in was.keys() - now.keys():
            conn.execute(_QUERIES["drop_skill_rule"], {"site_id": site_id, "of": of, "code": code})
        for code, asked in now.items():
            if code not in was or was[code] != asked:
                put_asked(conn, site_id, of, code, asked)
    for skill in before.certificates.keys() - wanted.certificates.keys():
        conn.execute(_QUERIES["drop_certificates"], {"site_id": site_id, "skill": skill})
    for skill, certificates in wanted.certificates.items():
        if before.certificates.get(skill) != certificates:
            put_certificates(conn, site_id, skill, certificates)


def put_asked(conn: Connection, site_id: int, of: str, code: str, asked: Asked | None) -> None:
    """Set what a component or a failure mode (``of``) asks for; None: nothing."""
    facts = {"site_id": site_id, "of": of, "code": code}
    facts |= {"skill": None, "level": 1} if asked is None else {"skill": asked.skill, "level": asked.level}
    conn.execute(_QUERIES["put_skill_rule"], facts)


def drop_asked(conn: Connection, site_id: int, of: str, code: str) -> None:
    """Forget what a component or a failure mode asks for at a site: the default counts again."""
    conn.execute(_QUERIES["drop_skill_rule"], {"site_id": site_id, "of": of, "code": code})


def put_certificates(conn: Connection, site_id: int, skill: str, certificates: Collection[str]) -> None:
    """Set the certificates that a skill asks for; none: it asks for none."""
    facts = {"site_id": site_id, "skill": skill, "certificates": sorted(certificates)}
    conn.execute(_QUERIES["put_certificates"], facts)


def drop_certificates(conn: Connection, site_id: int, skill: str) -> None:
    """Forget the certificates of a skill at a site: the default counts again."""
    conn.execute(_QUERIES["drop_certificates"], {"site_id": site_id, "skill": skill})


def absences(conn: Connection, technician_id: int, *, reasons: bool) -> list[StoredAbsence]:
    """Return a technician's absences by their begin, with the reasons if ``reasons``."""
    with conn.cursor(row_factory=class_row(StoredAbsence)) as cursor:
        asked = {"technician_id": technician_id, "reasons": reasons}
        return cursor.execute(_QUERIES["absences"], asked).fetchall()


def add_absence(
    conn: Connection, technician: Technician, *, kind: str, starts_at: datetime, ends_at: datetime | None,
    reason: str | None, actor: str, at: datetime,
) -> StoredAbsence:  # fmt: skip
    """Record an absence. Raises AlreadyExists if one of the technician begins at the same time."""
    facts = {"technician_id": technician.id, "site_id": technician.site_id, "kind": kind, "starts_at": starts_at}
    try:
        with conn.transaction(), conn.cursor(row_factory=scalar_row) as cursor:
            made = cursor.execute(
                _QUERIES["add_absence"], facts | {"ends_at": ends_at, "actor": actor, "at": at}
            ).fetchone()
            if reason:
                cursor.execute(_QUERIES["put_reason"], {"id": made, "reason": reason})
    except UniqueViolation:
        raise AlreadyExists("absence", f"of {technician.code} from {starts_at:%Y-%m-%d %H:%M} on") from None
    return next(each for each in absences(conn, technician.id, reasons=True) if each.id == made)


def drop_absence(conn: Connection, technician_id: int, absence_id: int) -> None:
    """Remove an absence and its reason. Raises NotFound."""
    facts = {"technician_id": technician_id, "id": absence_id}
    if conn.execute(_QUERIES["drop_absence"], facts).rowcount == 0:
        raise NotFound("absence", absence_id)


def rate(conn: Connection, technician_id: int) -> Rate | None:
    """Return what somebody costs; None: the labour rates of the site count."""
    with conn.cursor(row_factory=class_row(Rate)) as cursor:
        return cursor.execute(_QUERIES["rate"], {"technician_id": technician_id}).fetchone()


def put_rate(
    conn: Connection, technician: Technician, site: str, *, per_hour: Decimal, overtime_per_hour: Decimal,
    per_day: Decimal,
) -> None:  # fmt: skip
    """Store what somebody costs. Raises NoCurrency for a site that has none."""
    facts = {"technician_id": technician.id, "site_id": technician.site_id, "per_hour": per_hour}
    facts |= {"overtime_per_hour": overtime_per_hour, "per_day": per_day}
    if conn.execute(_QUERIES["put_rate"], facts).rowcount == 0:
        raise NoCurrency(site)
