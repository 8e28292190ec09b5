"""The application: the API under /api/v1, health and metrics, and the board at /."""

from collections.abc import Collection, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.staticfiles import StaticFiles
from psycopg_pool import ConnectionPool
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from api import once, problems
from api.asking import KNOWN, SEES
from api.board import (
    alarm_pages,
    api_docs,
    change_pages,
    cost_pages,
    file_pages,
    my_calendars,
    pages,
    people,
    places,
    shadow_pages,
    signing,
)
from api.board import devices as devices_page
from api.board import engine as engine_page
from api.board import signals as signal_pages
from api.board.forms import forms
from api.board.notifying import outbox, own_choices
from api.board.orders import my_requests, my_work, new_order, order_page, steps
from api.board.orders import order_content as order_content_pages
from api.board.runs import backtest_pages, import_pages, run_pages
from api.description import describe, refuse_unknown_parameters
from api.events.hub import Hub
from api.guard import Guard
from api.keys import Door, Lasting
from api.limits import Limits, Room
from api.metrics import Counted, Metrics
from api.papers import feeds, labels, prints
from api.papers.exporting import Exports
from api.routers import (
    access,
    alarms,
    calendars,
    changes,
    costs,
    devices,
    documents,
    downtimes,
    engine,
    events,
    files,
    health,
    hierarchy,
    job_plans,
    order_content,
    order_moves,
    plant,
    quarantine,
    rules,
    signals,
    technicians,
    work_orders,
)
from api.routers.notifying import receivers
from api.routers.notifying.setup import NOTHING_SET, Delivery
from api.routers.runs import runs, uploads
from db.files.files import USUAL, Allowed

DESCRIPTION = """\
Telemetry in, explained work orders out.

Times are ISO 8601 with an offset. Every error is `application/problem+json` whose `detail` says what to do. Send a key
as `Authorization: Bearer KEY` or `X-API-Key: KEY`; history records its name. An order's `ETag` sent back as `If-Match`
refuses a step when somebody has changed the order meanwhile.
"""
DAYS = Lasting()
_STATIC = Path(__file__).parent / "board" / "static"


def create(
    pool: ConnectionPool,
    *,
    keys: Mapping[str, str],
    pages_as: str | None = None,
    lasting: Lasting = DAYS,
    version: str = "0",
    names: Collection[str] | None = None,
    room: Room | None = None,
    files_allowed: Allowed = USUAL,
    delivery: Delivery = NOTHING_SET,
) -> FastAPI:
    """Return the application. The caller opens the pool and closes it.

    Parameters
    ----------
    keys
        The settings' keys by name, beside those in the database. They may do everything; history says ``key:<name>``.
    pages_as
        A user as whom pages are signed in without a password, for who calls this machine by a loopback name. Several,
        with commas: the first; the others can be tried by a menu.
    names
        Names and addresses under which the plant is called; a request for another host is refused. None: any.
    files_allowed
        Kinds and sizes of files that people may attach.
    delivery
        How the settings let events be delivered.
    """
    app = _bare(version)
    app.state.pool, app.state.door = pool, Door(dict(keys), _names(pages_as), lasting)
    app.state.hub = Hub(pool, app.state.door)
    app.state.metrics, app.state.schema_is_current, app.state.at_the_door = Metrics(version), False, 0
    app.state.metrics.streams.set_function(lambda: app.state.hub.readers)
    app.state.files = files_allowed
    app.state.delivery = delivery
    app.openapi = partial(_described, version)  # type: ignore[method-assign]
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_exception_handler(once.AnsweredBefore, once.lead_there_again)
    problems.install(app, pages.error_page, wants_page=_is_for_the_board, again=forms.again)
    app.add_middleware(Exports, pool=pool)
    app.add_middleware(GZipMiddleware, compresslevel=5)
    app.add_middleware(Limits, room=room or Room())
    app.add_middleware(Guard, names=names)
    app.add_middleware(Counted, metrics=app.state.metrics)
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return the routes, which are the same in every application of a process.

    FastAPI works out what each handler depends on, which costs a tenth of a second and thirty thousand objects: once.
    """
    every = APIRouter()
    v1 = APIRouter(
        prefix="/api/v1", dependencies=[KNOWN, Depends(refuse_unknown_parameters)], responses=dict(problems.DESCRIBED)
    )
    for subject in (
        work_orders,
        plant,
        hierarchy,
        signals,
        alarms,
        downtimes,
        technicians,
        documents,
        rules,
        engine,
        devices,
        quarantine,
        access,
        order_moves,
        order_content,
        job_plans,
        calendars,
        costs,
        files,
        changes,
        events,
        receivers,
        runs,
        uploads,
    ):
        v1.include_router(subject.router)
    v1.include_router(prints.router)
    v1.include_router(labels.router)
    v1.include_router(feeds.router)
    v1.add_api_route("/openapi.json", _openapi, dependencies=[SEES], include_in_schema=False)
    every.include_router(v1)
    every.include_router(health.router)
    every.include_router(feeds.open_router)
    for board in (
        pages.router,
        order_page.router,
        new_order.router,
        signal_pages.router,
        alarm_pages.router,
        shadow_pages.router,
        cost_pages.router,
        file_pages.router,
        steps.router,
        order_content_pages.router,
        people.router,
        my_work.router,
        my_requests.router,
        engine_page.router,
        devices_page.router,
        places.router,
        my_calendars.router,
        change_pages.router,
        outbox.router,
        own_choices.router,
        backtest_pages.router,
        import_pages.router,
        run_pages.router,
        api_docs.router,
        signing.router,
    ):
        every.include_router(board, dependencies=[engine_page.WITH_ALARMS])
    every.include_router(signing.open_router)
    return tuple(every.routes)


def _bare(version: str) -> FastAPI:
    return FastAPI(
        title="Plantwright",
        version=version,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=list(_routes()),
    )


@cache
def _described(version: str) -> dict[str, Any]:
    """Return the description of the API. Making it costs half a second: once for every application of a version."""
    return describe(_bare(version))()


def _openapi(request: Request) -> dict[str, Any]:
    described: dict[str, Any] = request.app.openapi()
    return described


def _is_for_the_board(request: Request) -> bool:
    machine = request.url.path.startswith(("/api/", "/health/", "/metrics", "/static/"))
    return not machine and "text/html" in request.headers.get("accept", "")


def _names(users: str | None) -> tuple[str, ...]:
    """Return the users whose names a setting lists with commas."""
    return tuple(filter(None, (each.strip() for each in (users or "").split(","))))
