"""Documents on trial: what they would have opened, beside what the plant opened."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import ENGINEERS, KNOWN, SEES_ALL, Asking, Conn, Now
from api.board.rendering import page
from api.board.words import zone_of
from api.problems import STATUS
from db.documents import shadow, shadow_report
from db.errors import StoreError
from db.plant import plant

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])
RUNS = 20
"""Earlier runs that are named."""
RunId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/shadow", dependencies=[SEES_ALL])
def newest(request: Request, conn: Conn, now: Now) -> Response:
    """Show the newest run."""
    found = shadow.runs(conn, limit=1)
    return _page(request, conn, now, found[0].id if found else None)


@router.get("/shadow/{run_id}", dependencies=[SEES_ALL])
def run(request: Request, run_id: RunId, conn: Conn, now: Now) -> Response:
    """Show a run beside the plant."""
    return _page(request, conn, now, run_id)


@router.post("/shadow/{run_id}/{verb}", dependencies=[ENGINEERS])
def end(
    request: Request,
    run_id: RunId,
    verb: Literal["promoted", "dropped"],
    conn: Conn,
    now: Now,
    who: Asking,
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Let what is on trial judge from now on, or drop it."""
    if not why.strip():
        return _page(request, conn, now, run_id, status=422, problem="say why in one sentence")
    try:
        with conn.transaction():
            shadow.end(conn, run_id, verb, actor=who.actor, why=why.strip())
    except StoreError as refused:
        kind = next(each for each in type(refused).__mro__ if each in STATUS)
        return _page(request, conn, now, run_id, status=STATUS[kind], problem=str(refused))
    return RedirectResponse(f"/shadow/{run_id}", 303)


def _page(
    request: Request, conn: Connection, now: Now, run_id: int | None, *, status: int = 200, problem: str = ""
) -> Response:
    return page(
        request,
        "shadow.html",
        zone=zone_of(plant.sites(conn)),
        status=status,
        now=now,
        report=None if run_id is None else shadow_report.report(conn, run_id),
        runs=shadow.runs(conn, limit=RUNS),
        problem=problem,
    )
