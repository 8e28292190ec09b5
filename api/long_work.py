"""Requests runs, for the API and the pages: permissions, and the checks before queueing."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from api.asking import Forbidden, NeedsEverySite
from api.routers.changes import kinds_for
from api.shapes.runs import AuditReportIn, AuditReportKept, BacktestIn, ImportIn, ScheduleIn, TriageIn, WhatIfIn
from db import scope
from db.errors import NotFound, TechnicianUnknown
from db.orders import trail
from db.people import technicians
from db.plant import changes, plant
from db.runs import runs, uploads
from db.runs.runs import NothingToApply, Run
from db.runs.uploads import Upload
from db.scheduling import queue
from db.triage import queue as learning
from ingest.tables import sheets
from ingest.tables.sheets import Sheet
from models import documents as model_documents
from rules import rulebook as rulebooks
from workorder_core.language import current
from workorder_core.people.access import COST_ROLES, Who
from workorder_core.runs.runs import (
    AUDIT_REPORT,
    BACKTEST,
    IMPORT,
    KINDS,
    SCHEDULE,
    TRIAGE,
    USUAL_PRIORITY,
    WHAT_IF,
    RunKind,
    State,
    sees,
)
from workorder_core.scheduling.weeks import week_of
from workorder_core.sentences import kept
from workorder_core.tables.layout import InvalidLayout, Layout, layout_of
from workorder_core.tables.plant_tables import TABLES
from workorder_core.tables.tables import guess

PREVIEWED = 30
"""The most rows of a file that are read for the preview of an import."""
_TRIED = {
    (False, False): kept("Backtest of what judged then"),
    (True, False): kept("Backtest of another rulebook"),
    (False, True): kept("Backtest of other models"),
    (True, True): kept("Backtest of another rulebook and other models"),
}
"""Titles of backtests, by whether they try a rulebook and models."""


def check_may(who: Who, kind: RunKind) -> None:
    """Raise Forbidden or NeedsEverySite if somebody may not request a kind of run."""
    if not who.may(kind.roles):
        raise Forbidden(who, kind.roles)
    if kind.every_site and who.sites is not None:
        raise NeedsEverySite(who)


def may_cancel(who: Who, run: Run) -> bool:
    """Return whether somebody may cancel a run: its requester, and anyone who may request one of its kind."""
    kind = KINDS.get(run.kind)
    return run.requested_by == who.actor or who.may(() if kind is None else kind.roles)


def seen(conn: Connection, who: Who, run_key: UUID) -> Run:
    """Return a run that somebody may see, whose site they see. Raises NotFound for another.

    A report is seen no longer by who has lost the right to see what is in it.
    """
    run = runs.get(conn, run_key)
    of_report = run.input.get("seen", ()) if run.kind == AUDIT_REPORT.name else ()
    if not sees(who, KINDS.get(run.kind), run.requested_by) or not set(of_report) <= set(trail_kinds(who)):
        raise NotFound("run", run_key)
    return run


def private_of(who: Who) -> str | None:
    """Return whose private runs somebody sees in a list; None: everybody's."""
    return None if who.sites is None and who.may(()) else who.actor


def trail_kinds(who: Who) -> tuple[str, ...]:
    """Return the kinds of rows that somebody may have in an audit report."""
    return (trail.ORDER, *kinds_for(who))


def check_may_cancel(who: Who, run: Run) -> None:
    """Raise Forbidden if somebody may not cancel a run."""
    if not may_cancel(who, run):
        kind = KINDS.get(run.kind)
        raise Forbidden(who, frozenset() if kind is None else kind.roles)


def check_dry_run(run: Run) -> None:
    """Raise NothingToApply unless a run is a finished dry run of an import without errors."""
    result = run.result or {}
    if run.kind != IMPORT.name or run.state is not State.SUCCEEDED or result.get("applied") or result.get("wrong"):
        raise NothingToApply


def name_of(sent: str | None) -> str:
    """Return a file's name for storing: without folders and unprintable characters."""
    shown = "".join(filter(str.isprintable, sent or "")).replace("\\", "/").rpartition("/")[2].strip()
    return shown[-200:] or "file"


def ask_for_backtest(
    conn: Connection, who: Who, asked: BacktestIn, *, at: datetime, priority: int = USUAL_PRIORITY
) -> Run:
    """Queue a backtest. Raises InvalidRulebook or InvalidModels for a document that cannot judge."""
    check_may(who, BACKTEST)
    if asked.rulebook is not None:
        rulebooks.parse(asked.rulebook)
    if asked.models is not None:
        model_documents.parse(asked.models)
    return runs.add(
        conn,
        BACKTEST.name,
        _TRIED[asked.rulebook is not None, asked.models is not None],
        asked.model_dump(mode="json"),
        site=None,
        actor=who.actor,
        at=at,
        priority=priority,
    )


def ask_for_import(
    conn: Connection, who: Who, upload_id: UUID, asked: ImportIn, *, at: datetime, priority: int = USUAL_PRIORITY
) -> Run:
    """Queue an import. Raises NotFound for a file of a site that the requester does not see, InvalidFile,
    InvalidLayout."""
    check_may(who, IMPORT)
    file = uploads.get(conn, upload_id)
    if not who.sees(file.site):
        raise NotFound("upload", upload_id)
    looked_at(file.name, file.content, asked)
    what = {"table": TABLES[asked.table].title.lower(), "file": file.name}
    return runs.add(
        conn,
        IMPORT.name,
        kept("Import of {table} from {file}", **what)
        if asked.apply
        else kept("Dry run of {table} from {file}", **what),
        asked.model_dump(mode="json"),
        site=file.site,
        upload_id=upload_id,
        actor=who.actor,
        at=at,
        priority=priority,
    )


def ask_for_audit_report(
    conn: Connection, who: Who, asked: AuditReportIn, *, at: datetime, priority: int = USUAL_PRIORITY
) -> Run:
    """Put an audit report into the queue. Raises NotFound for a site that somebody does not see, NeedsEverySite where
    they name none and do not see all, and Forbidden for a kind that they may not see."""
    check_may(who, AUDIT_REPORT)
    if asked.site is None and who.sites is not None:
        raise NeedsEverySite(who)
    if asked.site is not None:
        plant.site_by_code(conn, asked.site, who.sites)
    may_see = trail_kinds(who)
    for kind in asked.kinds or ():
        if kind not in may_see:
            raise Forbidden(who, COST_ROLES if kind in changes.OF_COSTS else frozenset())
    scoped = AuditReportKept(
        **asked.model_dump(),
        seen=[each for each in may_see if asked.kinds is None or each in asked.kinds],
        within=scope.codes(who.sites),
        prices=who.sees_costs,
        language=current().code,
    )
    title = (
        kept("Audit report of every site") if asked.site is None else kept("Audit report of {site}", site=asked.site)
    )
    return runs.add(
        conn,
        AUDIT_REPORT.name,
        title,
        scoped.model_dump(mode="json"),
        site=asked.site,
        actor=who.actor,
        at=at,
        priority=priority,
    )


def ask_for_schedule(
    conn: Connection, who: Who, asked: ScheduleIn, *, at: datetime, priority: int = USUAL_PRIORITY
) -> Run:
    """Queue the planning of a site's week. Raises NotFound for a site that somebody does not see."""
    check_may(who, SCHEDULE)
    site = plant.site_by_code(conn, asked.site, who.sites)
    return queue.schedule(
        conn, site.code, asked.from_date, seconds=asked.seconds, actor=who.actor, at=at, priority=priority
    )


def ask_for_what_if(
    conn: Connection, who: Who, asked: WhatIfIn, *, at: datetime, priority: int = USUAL_PRIORITY
) -> Run:
    """Queue what more people or hours would be worth. Raises NotFound for a site that somebody does not see,
    TechnicianUnknown for a code that the site does not have."""
    check_may(who, WHAT_IF)
    site = plant.site_by_code(conn, asked.site, who.sites)
    monday = week_of(asked.from_date)
    named = [*([asked.like] if asked.like is not None else ()), *(asked.shift.people if asked.shift else ())]
    check_technicians(conn, site.id, named)
    title = kept("What if, in {site} in the week of {monday}", site=site.code, monday=f"{monday}")
    asked_for = asked.model_copy(update={"site": site.code, "from_date": monday}).model_dump(mode="json")
    return runs.add(conn, WHAT_IF.name, title, asked_for, site=site.code, actor=who.actor, at=at, priority=priority)


def check_technicians(conn: Connection, site_id: int, codes: Collection[str]) -> None:
    """Raise TechnicianUnknown for a code that a site does not have."""
    listed = technicians.listed(conn, site_id)
    for code in codes:
        if code not in {each.code for each in listed}:
            raise TechnicianUnknown(code, (), [f"{each.code} ({each.name})" for each in listed])


def ask_for_triage(conn: Connection, who: Who, asked: TriageIn, *, at: datetime, priority: int = USUAL_PRIORITY) -> Run:
    """Queue learning from a site's orders. Raises NotFound for a site that somebody does not see."""
    check_may(who, TRIAGE)
    site = plant.site_by_code(conn, asked.site, who.sites)
    return learning.learn(conn, site.code, actor=who.actor, at=at, priority=priority)


def looked_at(name: str, content: bytes, asked: ImportIn) -> tuple[Sheet, Layout]:
    """Read the beginning of a file as a table. Raises InvalidFile, InvalidLayout."""
    most = PREVIEWED if asked.header_row is None else asked.header_row + PREVIEWED
    sheet = sheets.read(name, content, first=most)
    decimal = asked.decimal or sheet.decimal
    return sheet, layout_of(TABLES[asked.table], sheet.rows, asked.columns, asked.header_row, decimal)


def guessed(name: str, content: bytes, asked: ImportIn) -> tuple[Sheet, Layout]:
    """Read the beginning of a file as a table, even if no header for the key is found. Raises InvalidFile."""
    try:
        return looked_at(name, content, asked)
    except InvalidLayout:
        sheet = sheets.read(name, content, first=PREVIEWED)
        at = asked.header_row or next((at for at, row in enumerate(sheet.rows, 1) if len(row) > 1), 1)
        at = min(at, len(sheet.rows))
        headers = tuple(cell.strip() for cell in sheet.rows[at - 1])
        columns = guess(TABLES[asked.table], headers)
        return sheet, Layout(header_row=at, headers=headers, columns=columns, decimal=sheet.decimal or ".")


def shown(file: Upload, sheet: Sheet, layout: Layout) -> dict[str, Any]:
    """Return the preview of a file, for the API and the page, before it is imported."""
    return {
        "id": file.id,
        "site": file.site,
        "name": file.name,
        "size": file.size,
        "form": sheet.form,
        "header_row": layout.header_row,
        "headers": list(layout.headers),
        "columns": dict(layout.named),
        "decimal": layout.decimal,
        "rows": [list(cells) for _, cells in list(layout.numbered(sheet.rows))[:5]],
    }
