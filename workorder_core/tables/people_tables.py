"""The tables of people that a site imports: technicians with everything that is known of them, absences, ways."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, time

from workorder_core.far_times import near_day
from workorder_core.sentences import marked, say
from workorder_core.tables.cells import CellKind, Column, Value
from workorder_core.tables.tables import (
    Decision,
    Facts,
    Row,
    RowProblem,
    Same,
    Table,
    decide_by_columns,
    unknown_references,
)

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_MOST_NAMES = 100
_KINDS: Mapping[str, Value] = {name: name for name in ("away", "leave", "training", "elsewhere")}


def named(said: str) -> dict[str, str | None]:
    """Return a list of names, each with what follows its last colon; None without one.

    >>> named("mechanical: 4; welding")
    {'mechanical': '4', 'welding': None}
    """
    found: dict[str, str | None] = {}
    for each in said.split(";"):
        name, colon, value = each.rpartition(":")
        if each.strip():
            found[(name if colon else each).strip()] = value.strip() if colon else None
    return found


def levels(said: str) -> dict[str, int | None]:
    """Return skills with their levels. Raises ValueError."""
    found = {name: None if value is None else int(value) for name, value in named(said).items()}
    if len(found) > _MOST_NAMES or any(value is not None and not 1 <= value <= 5 for value in found.values()):
        raise ValueError(said)
    return found


def ends(said: str) -> dict[str, date | None]:
    """Return certificates with the last day of each. Raises ValueError."""
    days = {name: None if value is None else date.fromisoformat(value) for name, value in named(said).items()}
    if len(days) > _MOST_NAMES:
        raise ValueError(said)
    return {name: None if day is None else near_day(day) for name, day in days.items()}


def clock(said: str) -> time:
    """Return a local time. Raises ValueError."""
    if not (found := _CLOCK.fullmatch(said)):
        raise ValueError(said)
    return time(int(found[1]), int(found[2]))


def weekdays(said: str) -> frozenset[int]:
    """Return ISO weekdays of a list such as ``1-5`` or ``1; 3; 5``. Raises ValueError."""
    days: set[int] = set()
    for part in re.split(r"[;,\s]+", said.strip()):
        first, _, last = part.partition("-")
        days |= set(range(int(first), int(last or first) + 1))
    if not days or not days <= set(range(1, 8)):
        raise ValueError(said)
    return frozenset(days)


_TIME = marked("write a time of day, such as 06:00")
_READ: Mapping[str, tuple[Callable[[str], object], str]] = {
    "skills": (levels, marked("write skills with levels from 1 to 5, such as mechanical: 4; welding")),
    "certificates": (ends, marked("write certificates with their last days, such as hot work: 2027-01-31; first aid")),
    "shift_start": (clock, _TIME),
    "shift_end": (clock, _TIME),
    "weekdays": (weekdays, marked("write weekdays from 1, Monday, to 7, such as 1-5")),
}
_BOUNDS = {"pattern_offset": (0, 365), "overtime_minutes": (0, 720), "speed": (0.2, 5), "minutes": (0, 10_000)}
_BOUNDS |= {"km": (0, 100_000), "level": (1, 5)}


def _out_of_bounds(table: Table, rows: Sequence[Row]) -> list[RowProblem]:
    return [
        table.wrong(row, name, say("is not from {low:g} to {high:g}", low=low, high=high))
        for row in rows
        for name, (low, high) in _BOUNDS.items()
        if row.values.get(name) is not None and not low <= float(str(row.values[name])) <= high
    ]


def technicians(patterns: Collection[str], locations: Collection[str]) -> Table:
    """Return the table of technicians, who work one of the patterns and begin at one of the locations."""
    worked, there = frozenset(patterns), frozenset(locations)

    def check(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
        wrong = _out_of_bounds(table, rows)
        for row in rows:
            for name, (read, problem) in _READ.items():
                try:
                    if row.values.get(name) is not None:
                        read(str(row.values[name]))
                except ValueError:
                    wrong.append(table.wrong(row, name, say(problem)))
            first, last = row.values.get("contract_from"), row.values.get("contract_until")
            if isinstance(first, date) and isinstance(last, date) and last < first:
                wrong.append(table.wrong(row, "contract_until", say("is before the contract begins")))
        wrong += unknown_references(table, rows, "pattern", worked, "shift pattern")
        return wrong + unknown_references(table, rows, "depot", there, "location")

    return Table(
        name="technicians", title="Technicians", one="technician", key="code", columns=_OF_TECHNICIANS, check=check
    )  # fmt: skip


def absences(technicians: Collection[str]) -> Table:
    """Return the table of absences, in whole days. Reasons are private and in no table."""
    there = frozenset(technicians)

    def check(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
        wrong = unknown_references(table, rows, "technician", there, "technician")
        for row in rows:
            first, last = row.values.get("first"), row.values.get("last")
            if isinstance(first, date) and isinstance(last, date) and last < first:
                wrong.append(table.wrong(row, "last", say("is before the first day")))
        return wrong

    return Table(
        name="absences", title="Absences", one="absence", key="technician", more_keys=("first",),
        columns=_OF_ABSENCES, check=check,
    )  # fmt: skip


def ways(locations: Collection[str]) -> Table:
    """Return the travel matrix: a row is the way from one location to another, in that direction."""
    there = frozenset(locations)

    def check(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
        wrong = _out_of_bounds(table, rows)
        wrong += unknown_references(table, rows, "from_place", there, "location")
        wrong += unknown_references(table, rows, "to_place", there, "location")
        same = (row for row in rows if row.values.get("from_place") == row.values.get("to_place"))
        return wrong + [table.wrong(row, "to_place", say("is where the way begins")) for row in same]

    return Table(
        name="ways", title="Ways", one="way", key="from_place", more_keys=("to_place",), columns=_OF_WAYS, check=check
    )  # fmt: skip


NOTHING = "none"
"""What a cell says that asks for nothing; an empty one keeps what is there."""


def asked_skills(failure_modes: Collection[str]) -> Table:
    """Return the table of what components and failure modes ask for."""
    modes = frozenset(failure_modes)

    def check(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
        of_modes = [row for row in rows if row.values.get("of") == "failure_mode"]
        words = (row for row in rows if row.values.get("of") == "component")
        large = [row for row in words if str(row.values.get("code", "")) != str(row.values.get("code", "")).lower()]
        wrong = _out_of_bounds(table, rows) + [table.wrong(row, "code", say("write it in lower case")) for row in large]
        return wrong + unknown_references(table, of_modes, "code", modes, "failure mode")

    return Table(
        name="skills", title="Skills asked for", one="skill asked for", key="of", more_keys=("code",),
        columns=_OF_SKILLS, check=check,
    )  # fmt: skip


def skill_certificates() -> Table:
    """Return the table of the certificates that skills ask for."""

    def check(table: Table, rows: Sequence[Row], _: Mapping[str, Facts]) -> list[RowProblem]:
        many = [row for row in rows if len(certificates(row.values.get("certificates"))) > _MOST_OF_SKILL]
        return [table.wrong(row, "certificates", say("{most} at most", most=_MOST_OF_SKILL)) for row in many]

    def decide(table: Table, row: Row, known: Facts | None) -> Decision:
        same = known is not None and certificates(known.get("certificates")) == certificates(
            row.values.get("certificates")
        )
        return (
            Same(row) if same and row.values.get("certificates") is not None else decide_by_columns(table, row, known)
        )

    return Table(
        name="skill-certificates", title="Certificates of skills", one="skill with certificates", key="skill",
        columns=_OF_CERTIFICATES, check=check, decide=decide,
    )  # fmt: skip


_MOST_OF_SKILL = 50


def certificates(said: object) -> frozenset[str]:
    """Return a list of certificates.

    >>> sorted(certificates("hot work; first aid")), certificates("none")
    (['first aid', 'hot work'], frozenset())
    """
    names = (each.strip() for each in str(said or "").split(";"))
    return frozenset(each for each in names if each and each != NOTHING)


_OF_TECHNICIANS = (
    Column(name="code", title="Code", kind=CellKind.CODE, also=("technician", "id", "personnel number", "pernr")),
    Column(name="name", title="Name", needed=True, most=200, also=("full name",)),
    Column(name="skills", title="Skills", most=4000, also=("trades", "qualifications")),
    Column(name="certificates", title="Certificates", most=4000, also=("licences",)),
    Column(name="shift_start", title="Shift start", most=5, also=("shift start (site time)",)),
    Column(name="shift_end", title="Shift end", most=5, also=("shift end (site time)",)),
    Column(name="weekdays", title="Weekdays", most=40, also=("weekdays (1 is monday)",)),
    Column(name="active", title="Active", kind=CellKind.YES_NO),
    Column(name="firm", title="Firm", most=200, also=("contractor", "company")),
    Column(name="contract_from", title="Contract from", kind=CellKind.DATE),
    Column(name="contract_until", title="Contract until", kind=CellKind.DATE),
    Column(name="pattern", title="Shift pattern", kind=CellKind.CODE, also=("pattern", "rotation")),
    Column(name="pattern_offset", title="Days later", kind=CellKind.WHOLE, also=("offset",)),
    Column(name="overtime_minutes", title="Overtime (min)", kind=CellKind.WHOLE, also=("overtime",)),
    Column(name="depot", title="Depot", most=64, also=("home", "home location")),
    Column(name="speed", title="Speed", kind=CellKind.DECIMAL),
    Column(name="language", title="Language", most=3),
)
_OF_ABSENCES = (
    Column(name="technician", title="Technician", kind=CellKind.CODE, also=("code", "personnel number", "pernr")),
    Column(name="first", title="First day", kind=CellKind.DATE, needed=True, also=("from", "begins", "start")),
    Column(name="last", title="Last day", kind=CellKind.DATE, also=("until", "to", "ends", "end")),
    Column(name="kind", title="Kind", choices=_KINDS, also=("type",)),
)
_OF_WAYS = (
    Column(name="from_place", title="From", most=64, also=("origin", "place", "source")),
    Column(name="to_place", title="To", most=64, needed=True, also=("destination", "target")),
    Column(name="minutes", title="Minutes", kind=CellKind.WHOLE, needed=True, also=("duration", "min", "travel time")),
    Column(name="km", title="Kilometres", kind=CellKind.DECIMAL, also=("km", "distance")),
)
_OF_SKILLS = (
    Column(
        name="of", title="Of", choices={"component": "component", "failure mode": "failure_mode"}, also=("kind", "what")
    ),
    Column(name="code", title="Component or failure mode", most=100, needed=True, also=("code", "component")),
    Column(name="skill", title="Skill", most=200, needed=True, also=("trade", "qualification")),
    Column(name="level", title="Level", kind=CellKind.WHOLE),
)
_OF_CERTIFICATES = (
    Column(name="skill", title="Skill", most=200, also=("trade", "qualification")),
    Column(name="certificates", title="Certificates", most=4000, needed=True, also=("licences",)),
)
SKILLS, SKILL_CERTIFICATES = asked_skills(()), skill_certificates()
TECHNICIANS, ABSENCES, WAYS = technicians((), ()), absences(()), ways(())
"""Only the columns; tables that know the site check rows before storing."""
