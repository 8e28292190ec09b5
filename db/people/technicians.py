"""Technicians, and the work they have."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row, tuple_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import AlreadyExists, NotFound, TechnicianUnknown
from workorder_core.orders import planned_dates
from workorder_core.orders.planned_dates import Planned
from workorder_core.people.assignment import Job
from workorder_core.people.technicians import Technician
from workorder_core.people.working_times import Absence, Pattern, Shift
from workorder_core.plant.new_names import MOST_ALIKE, alike
from workorder_core.words import Priority, Status

_QUERIES = sql.load("technicians")
_NAMED = 10
"""The most technicians that an error names if none is similar to the requested one."""


def get(conn: Connection, site_id: int, code: str) -> Technician:
    """Return one technician of a site. Raises TechnicianUnknown."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["get"], {"site_id": site_id, "code": code}).fetchone()
    if row is None:
        raise _unknown(code, [each for each in listed(conn, site_id) if each.active])
    return _technicians(conn, [row])[0]


def _unknown(code: str, there: Sequence[Technician]) -> TechnicianUnknown:
    said = {each.code: f"{each.code} ({each.name})" for each in there}
    by_name = {each.name: each.code for each in there}
    near = dict.fromkeys([*alike(code, list(said)), *(by_name[name] for name in alike(code, list(by_name)))])
    return TechnicianUnknown(code, [said[each] for each in near][:MOST_ALIKE], list(said.values())[:_NAMED])


def by_id(conn: Connection, technician_id: int) -> Technician:
    """Return one technician. Raises NotFound."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["by_id"], {"id": technician_id}).fetchone()
    if row is None:
        raise NotFound("technician", technician_id)
    return _technicians(conn, [row])[0]


def listed(conn: Connection, site_id: int | None = None, within: Collection[str] | None = None) -> list[Technician]:
    """Return the technicians of a site, or of all sites, or of those within, by code."""
    asked = {"site_id": site_id, "within": scope.codes(within)}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["all"], asked).fetchall()
    return _technicians(conn, rows)


def create(conn: Connection, technician: Technician) -> Technician:
    """Store a new technician and return it with its id; the given id is ignored.

    Raises AlreadyExists, and NotFound for a shift pattern or depot that the site does not have.
    """
    _require_named(conn, technician)
    with conn.cursor(row_factory=scalar_row) as cursor:
        new_id: int | None = cursor.execute(_QUERIES["create"], _facts(technician)).fetchone()
    if new_id is None:
        raise AlreadyExists("technician", technician.code)
    return by_id(conn, new_id)


def update(conn: Connection, technician: Technician) -> None:
    """Store a technician's facts; the code and the site do not change. Raises NotFound."""
    _require_named(conn, technician)
    if conn.execute(_QUERIES["update"], _facts(technician)).rowcount == 0:
        raise NotFound("technician", technician.id)


def work_of_site(conn: Connection, site_id: int) -> Mapping[str, list[Job]]:
    """Return the unfinished orders of each technician of a site, by code."""
    work: dict[str, list[Job]] = defaultdict(list)
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["work_of_site"], {"site_id": site_id}):
            work[row["assignee"]].append(
                Job(
                    number=row["number"],
                    priority=Priority(row["priority"]),
                    status=Status(row["status"]),
                    required_skill=row["required_skill"],
                    response_due=row["response_due"],
                )
            )
    return work


def planned_work(conn: Connection, technician: Technician, besides: UUID) -> list[Planned]:
    """Return when a technician's other work is planned, by its start."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["planned_work"], {"technician_id": technician.id, "besides": besides}).fetchall()
    planned = ((number, planned_dates.span(start, end, hours)) for number, start, end, hours in rows)
    return [Planned(number, *at) for number, at in planned if at is not None]


def _require_named(conn: Connection, technician: Technician) -> None:
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(_QUERIES["named_there"], _facts(technician)).fetchone()
    pattern, depot = found or (False, False)
    if not pattern:
        raise NotFound("shift pattern of the site", technician.pattern)
    if not depot:
        raise NotFound("location of the site", technician.depot)


def _technicians(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Technician]:
    """Return technicians with their rotations and absences."""
    ids = {"ids": [row["id"] for row in rows]}
    patterns: dict[int, tuple[date, int, list[Shift]]] = {}
    absences: dict[int, list[Absence]] = defaultdict(list)
    with conn.cursor(row_factory=tuple_row) as cursor:
        if any(row["pattern"] for row in rows):
            for technician_id, anchor, days, *shift in cursor.execute(_QUERIES["rotations"], ids):
                shifts = patterns.setdefault(technician_id, (anchor, days, []))[2]
                if shift[0] is not None:
                    shifts.append(Shift(**dict(zip(_SHIFT, shift, strict=True))))
        for technician_id, starts, ends in cursor.execute(_QUERIES["absences"], ids):
            absences[technician_id].append(Absence(starts=starts, ends=ends))
    rotations = {
        each: Pattern(anchor=anchor, days=days, shifts=tuple(shifts))
        for each, (anchor, days, shifts) in patterns.items()
    }
    return [_technician(row, rotations.get(row["id"]), tuple(absences[row["id"]])) for row in rows]


_SHIFT = ("day", "starts", "ends", "break_starts", "break_minutes")


def _technician(row: Mapping[str, Any], rotation: Pattern | None, absences: tuple[Absence, ...]) -> Technician:
    read = {name: frozenset(row[name]) for name in ("skills", "certificates", "weekdays")}
    until = {name: date.fromisoformat(day) for name, day in row["valid_until"].items()}
    more = {"valid_until": until, "speed": float(row["speed"]), "rotation": rotation, "absences": absences}
    return Technician(**{**row, **read, **more})


def _facts(technician: Technician) -> dict[str, Any]:
    facts = {each.name: getattr(technician, each.name) for each in fields(Technician)}
    del facts["rotation"], facts["absences"]
    until = {name: day.isoformat() for name, day in technician.valid_until.items()}
    facts |= {"levels": Jsonb(dict(technician.levels)), "valid_until": Jsonb(until)}
    return facts | {name: sorted(facts[name]) for name in ("skills", "certificates", "weekdays")}
