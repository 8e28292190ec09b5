"""A schedule to print: the week as one table, or the days of its people, a page each."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection

from api.board import words
from api.board.scheduling import week_view
from api.board.scheduling.week_view import Block, Cell, Row, View
from api.language import formats
from api.papers.order_paper import Printing
from api.papers.typeset import qr
from db.people import technicians, users
from db.plant import plant
from db.scheduling import weeks
from db.scheduling.schedules import Schedule
from db.scheduling.weeks import Week
from workorder_core.language import N_, _, ngettext
from workorder_core.scheduling.problem import Job
from workorder_core.scheduling.weeks import State
from workorder_core.sentences import stored

_STATES = {
    State.DRAFT: N_("Proposal"),
    State.ACCEPTED: N_("Plan, not published"),
    State.PUBLISHED: N_("Published"),
    State.SUPERSEDED: N_("Superseded"),
}
CodeOf = Callable[[UUID], str]
"""Returns the whole address in the code of an order."""


def of_week(conn: Connection, schedule: Schedule, printing: Printing) -> dict[str, Any]:
    """Return the facts of a week: a row a person, a column a day, what is not scheduled below."""
    week = weeks.of_schedule(conn, schedule, now=printing.at)
    view = week_view.view(conn, schedule, week, opened=None)
    return _head(conn, schedule, printing) | {
        "title": _("Week of %(day)s", day=formats.day(schedule.from_date)),
        "days": [_day(each) for each in view.days],
        "rows": [
            {"name": row.name, "days": [[_short(one, schedule) for one in cell.blocks] for cell in row.cells]}
            for row in view.rows
            if any(cell.blocks or cell.capacity for cell in row.cells)
        ],
        "waiting": [
            {"number": each.order.number, "title": words.headline(each.order), "why": stored(each.why or "")}
            for each in view.unscheduled
        ],
    }


def of_days(
    conn: Connection,
    schedule: Schedule,
    printing: Printing,
    code_of: CodeOf,
    *,
    day: date | None,
    technician: str | None,
) -> dict[str, Any]:
    """Return the facts of people's days, in order: of one day or of all, of one person or of everybody with visits.

    Raises TechnicianUnknown.
    """
    if technician is not None:
        technicians.get(conn, schedule.site_id, technician)
    week = weeks.of_schedule(conn, schedule, now=printing.at)
    view = week_view.view(conn, schedule, week, opened=None)
    names = {row.code: row.name for row in view.rows}
    days = [
        _page(row, cell, week, schedule, names, code_of)
        for row in view.rows
        for cell in row.cells
        if cell.blocks and day in (None, cell.day) and technician in (None, row.code)
    ]
    return _head(conn, schedule, printing) | {
        "title": _title(view, day, technician),
        "days": days,
        "nothing": "" if days else _("Nothing is planned."),
    }


def _head(conn: Connection, schedule: Schedule, printing: Printing) -> dict[str, Any]:
    return {
        "site": plant.site(conn, schedule.site_id).name,
        "state": _(_STATES[schedule.state]),
        "footer": printing.footer(schedule.time_zone, users.full_names(conn)),
    }


def _title(view: View, day: date | None, technician: str | None) -> str:
    name = next((row.name for row in view.rows if row.code == technician), technician or "")
    when = formats.day(day) if day is not None else _("Week of %(day)s", day=formats.day(view.days[0]))
    return f"{name}, {when}" if name else when


def _day(day: date) -> str:
    return f"{words.words(day.strftime('%a'))} {formats.day(day)}"


def _span(block: Block, schedule: Schedule) -> str:
    return words.clock_span(block.planned.starts_at, block.planned.ends_at, block.on, schedule.time_zone)


def _short(block: Block, schedule: Schedule) -> dict[str, str]:
    order = block.order
    return {"when": _span(block, schedule), "what": order.asset_code or order.number, "title": words.headline(order)}


def _page(
    row: Row, cell: Cell, week: Week, schedule: Schedule, names: dict[str, str], code_of: CodeOf
) -> dict[str, Any]:
    on_the_way = sum(block.gap for block in cell.blocks)
    parts = [ngettext("%(num)s visit", "%(num)s visits", len(cell.blocks))]
    if on_the_way:
        parts.append(_("%(span)s on the way", span=words.minutes(on_the_way)))
    return {
        "name": row.name,
        "day": _day(cell.day),
        "sum": ", ".join(parts),
        "visits": [_visit(block, row, week, schedule, names, code_of) for block in cell.blocks],
    }


def _visit(
    block: Block, row: Row, week: Week, schedule: Schedule, names: dict[str, str], code_of: CodeOf
) -> dict[str, Any]:
    order, planned = block.order, block.planned
    others = [names.get(each, each) for each in planned.people if each != row.code]
    return {
        "when": _span(block, schedule),
        "way": _("%(span)s on the way", span=words.minutes(block.gap)) if block.gap else "",
        "number": order.number,
        "title": words.headline(order),
        "priority": min(order.priority, 4),
        "asset": order.asset_code or "",
        "path": order.asset_path,
        "needs": _needs(week.jobs.get(planned.job)),
        "with": _("with %(others)s", others=", ".join(others)) if others else "",
        "qr": qr(code_of(planned.order)),
    }


def _needs(job: Job | None) -> Sequence[str]:
    """Return what to bring; nothing is known of work that is over."""
    if job is None:
        return ()
    said = {
        _("Skills"): [words.words(each.skill) for each in job.needs],
        _("Certificates"): sorted(job.certificates),
        _("Tools"): sorted(job.tools),
    }
    return [f"{name}: {', '.join(those)}" for name, those in said.items() if those]
