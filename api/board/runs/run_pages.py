"""The pages of runs: the list, one run with its log and result, and cancelling it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import long_work
from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import Number, page
from api.board.words import zone_of
from api.once import SentForm
from api.routers.runs.runs import saved
from api.shapes.runs import ImportIn
from db.plant import plant
from db.runs import runs
from workorder_core.runs.runs import AUDIT_REPORT, BACKTEST, IMPORT, KINDS, SCHEDULE, WHAT_IF, State
from workorder_core.tables.plant_tables import TABLES

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
LIMIT = 30
LINES = 200
SHOWN = {
    BACKTEST.name: "runs/of_backtest.html",
    IMPORT.name: "runs/of_import.html",
    AUDIT_REPORT.name: "runs/of_audit_report.html",
    SCHEDULE.name: "runs/of_schedule.html",
    WHAT_IF.name: "runs/of_what_if.html",
}
"""By kind, the template for the result of a run."""


@router.get("/runs", dependencies=[SEES])
def listed(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    state: Annotated[State | None, Query()] = None,
    number: Number = 1,
) -> Response:
    """Show the runs, the newest first."""
    found = runs.page(
        conn,
        state=state,
        within=who.sites,
        private_of=long_work.private_of(who),
        limit=LIMIT + 1,
        offset=(number - 1) * LIMIT,
    )
    return page(
        request,
        "runs/list.html",
        shared=True,
        now=now,
        zone=zone_of(plant.sites(conn, who.sites)),
        runs=found[:LIMIT],
        more=len(found) > LIMIT,
        number=number,
        state=state,
        states=list(State),
        kinds=KINDS,
        may_report=who.may(AUDIT_REPORT.roles),
        may_import=who.may(IMPORT.roles),
        may_backtest=who.sites is None and who.may(BACKTEST.roles),
    )


@router.get("/runs/{run_key}", dependencies=[SEES])
def one(request: Request, run_key: UUID, conn: Conn, now: Now, who: Asking) -> Response:
    """Show one run."""
    run = long_work.seen(conn, who, run_key)
    asked = ImportIn.model_validate(run.input) if run.kind == IMPORT.name else None
    return page(
        request,
        "runs/one.html",
        now=now,
        run=run,
        zone=run.time_zone or zone_of(plant.sites(conn, who.sites)),
        kind=KINDS.get(run.kind),
        files=runs.files(conn, run_key),
        log=runs.log(conn, run_key, limit=LINES),
        shown=SHOWN.get(run.kind),
        may_cancel=not run.state.is_final and run.cancel_asked_at is None and long_work.may_cancel(who, run),
        may_apply=who.may(IMPORT.roles),
        asked=asked,
        table=None if asked is None else TABLES[asked.table],
    )


@router.get("/runs/{run_key}/files/{file_name}", dependencies=[SEES])
def file(run_key: UUID, file_name: str, conn: Conn, who: Asking) -> Response:
    """Download a file of a run."""
    long_work.seen(conn, who, run_key)
    return saved(runs.file(conn, run_key, file_name))


@router.post("/runs/{run_key}/cancel", dependencies=[SEES])
@shown_on("/runs/{run_key}")
def cancel(run_key: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Cancel a run."""
    long_work.check_may_cancel(who, long_work.seen(conn, who, run_key))
    runs.cancel(conn, run_key, actor=who.actor, at=now)
    return sent.leads_to(f"/runs/{run_key}")


@router.post("/runs/{run_key}/apply", dependencies=[PLANS])
@shown_on("/runs/{run_key}")
def apply(run_key: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Apply a dry run's import. The rows are compared again, so later changes count."""
    run = long_work.seen(conn, who, run_key)
    long_work.check_dry_run(run)
    assert run.upload_id is not None, "an import has a file"
    asked = ImportIn.model_validate(run.input).model_copy(update={"apply": True})
    made = long_work.ask_for_import(conn, who, run.upload_id, asked, at=now)
    return sent.leads_to(f"/runs/{made.id}")
