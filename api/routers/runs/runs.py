"""Runs: requested here, executed by a worker; their progress and results."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api import long_work
from api.asking import PLANS, SEES, Asking, Conn, Now
from api.language.chosen import IN_THEIR_LANGUAGE
from api.once import OnlyOnce
from api.paging import At, Id, Order, PagedByFifty
from api.papers.columns import FORMATS
from api.shapes.runs import (
    AuditReportRunIn,
    BacktestRunIn,
    LineOut,
    RunIn,
    RunOut,
    ScheduleRunIn,
    TriageRunIn,
    WhatIfRunIn,
)
from db.runs import runs
from db.runs.runs import Line, Run
from workorder_core.runs.runs import KINDS, State

router = APIRouter(prefix="/runs", tags=["long work"])
NEWEST_FIRST = Order[Run](tuple[At, UUID], lambda each: (each.requested_at, each.id))
_KINDS_OF_FILES = ("application/json", "text/csv", "application/pdf", FORMATS["xlsx"])
LINES = Order[Line](tuple[Id], lambda each: (each.seq,))


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    kind: Annotated[str | None, Query(description=f"one kind: {', '.join(KINDS)}")] = None,
    state: Annotated[State | None, Query(description="only those in this state")] = None,
    site: Annotated[str | None, Query(description="of one site")] = None,
) -> list[RunOut]:
    """List runs, the newest first. Plant-wide ones are shown to users who see every site."""
    after = part.after(NEWEST_FIRST)
    found = runs.page(
        conn,
        kind=kind,
        state=state,
        site=site,
        within=who.sites,
        private_of=long_work.private_of(who),
        limit=part.fetched,
        before=after,
    )
    return [RunOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.post("", status_code=201, response_model=RunOut, dependencies=[PLANS, IN_THEIR_LANGUAGE])
def ask(body: RunIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Request a backtest (reliability engineers of every site), an import, an audit report, which is written in your
    language, the schedule of a week, what more people or hours would be worth in it, or triage learned from a site's
    orders. The header Idempotency-Key is required.
    """

    def make(response: Response) -> RunOut:
        if isinstance(body, BacktestRunIn):
            made = long_work.ask_for_backtest(conn, who, body.input, at=now, priority=body.priority)
        elif isinstance(body, AuditReportRunIn):
            made = long_work.ask_for_audit_report(conn, who, body.input, at=now, priority=body.priority)
        elif isinstance(body, ScheduleRunIn):
            made = long_work.ask_for_schedule(conn, who, body.input, at=now, priority=body.priority)
        elif isinstance(body, TriageRunIn):
            made = long_work.ask_for_triage(conn, who, body.input, at=now, priority=body.priority)
        elif isinstance(body, WhatIfRunIn):
            made = long_work.ask_for_what_if(conn, who, body.input, at=now, priority=body.priority)
        else:
            made = long_work.ask_for_import(conn, who, body.upload_id, body.input, at=now, priority=body.priority)
        response.headers["Location"] = f"/api/v1/runs/{made.id}"
        return RunOut.of(made)

    return once(body, make)


@router.get("/{run_key}", dependencies=[SEES])
def one(run_key: UUID, conn: Conn, who: Asking) -> RunOut:
    """Read a run, with its result."""
    return RunOut.of(long_work.seen(conn, who, run_key), runs.files(conn, run_key))


@router.post("/{run_key}/cancel", status_code=202, dependencies=[SEES])
def cancel(run_key: UUID, conn: Conn, now: Now, who: Asking) -> RunOut:
    """Cancel a run: at once while it is queued; a running one is asked to stop, and killed after some seconds. For its
    requester, and users who may request one of its kind.
    """
    long_work.check_may_cancel(who, long_work.seen(conn, who, run_key))
    return RunOut.of(runs.cancel(conn, run_key, actor=who.actor, at=now))


@router.get("/{run_key}/log", dependencies=[SEES])
def log(run_key: UUID, conn: Conn, who: Asking, part: PagedByFifty) -> list[LineOut]:
    """Read the log of a run, the oldest line first."""
    long_work.seen(conn, who, run_key)
    (after,) = part.after(LINES) or (0,)
    found = runs.log(conn, run_key, after=after, limit=part.fetched)
    return [LineOut.of(each) for each in part.of_fetched(found, LINES)]


@router.get(
    "/{run_key}/files/{file_name}",
    dependencies=[SEES],
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in _KINDS_OF_FILES}}},
)
def file(run_key: UUID, file_name: str, conn: Conn, who: Asking) -> Response:
    """Download a file of a run, such as ``backtest.json``, ``errors.csv`` or ``audit-report.pdf``."""
    long_work.seen(conn, who, run_key)
    return saved(runs.file(conn, run_key, file_name))


def saved(made: runs.MadeFile) -> Response:
    """Return a file of a run, for saving."""
    how = f"attachment; filename*=UTF-8''{quote(made.name)}"
    return Response(made.content, media_type=made.media_type, headers={"Content-Disposition": how})
