"""The application: the API under /api/v1, health and metrics, and the board at /."""

from collections.abc import Collection, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from psycopg_pool import ConnectionPool
from starlette.middleware.gzip import GZipMiddleware

from api import once, problems
from api.board import pages
from api.board.forms import forms
from api.board.rendering import with_tokens
from api.description import describe
from api.events.hub import Hub
from api.events.refreshes import Refreshes, Refreshing, Rendered, answer
from api.guard import Guard
from api.keys import Door, Lasting
from api.language.chosen import Speaks
from api.limits import Limits, Room
from api.metrics import Counted, Metrics
from api.papers.exporting import Exports
from api.portal import app as portal
from api.routers.notifying.setup import NOTHING_SET, Delivery
from api.routes import routes
from api.tech import shell
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
    language: str = "en",
) -> FastAPI:
    """Return the application. The caller opens the pool and closes it.

    Parameters
    ----------
    keys
        The settings' keys by name, besides those in the database. They may do everything; history says ``key:<name>``.
    pages_as
        The user as whom pages are signed in without a password, for requests to a loopback name of this machine. With
        several, separated by commas, it is the first; a menu offers the others.
    names
        Host names and addresses of the plant; a request for another host is refused. None: any.
    files_allowed
        Kinds and sizes of files that people may attach.
    delivery
        How the settings let events be delivered.
    language
        The plant's language, used if neither the person nor the browser asks for another.
    """
    app = _bare(version)
    app.state.pool, app.state.door = pool, Door(dict(keys), _names(pages_as), lasting)
    app.state.hub = Hub(pool, app.state.door)
    app.state.refreshes = Refreshes(app.state.hub)
    app.state.metrics, app.state.schema_is_current, app.state.at_the_door = Metrics(version), False, 0
    app.state.metrics.streams.set_function(lambda: app.state.hub.readers)
    app.state.files = files_allowed
    app.state.delivery = delivery
    app.openapi = partial(_described, version)  # type: ignore[method-assign]
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.mount(f"{shell.AT}/app", StaticFiles(directory=shell.FOLDER), name="app")
    app.mount(portal.AT, portal.create(pool, signs_in=True))
    app.add_exception_handler(once.AnsweredBefore, once.lead_there_again)
    app.add_exception_handler(Rendered, _rendered)
    problems.install(app, pages.error_page, wants_page=_is_for_the_board, again=forms.again)
    app.add_middleware(Exports, pool=pool)
    app.add_middleware(Speaks, plant=language)
    app.add_middleware(GZipMiddleware, compresslevel=5)
    app.add_middleware(Limits, room=room or Room())
    app.add_middleware(Refreshing, refreshes=app.state.refreshes, tokens=with_tokens)
    app.add_middleware(Guard, names=names)
    app.add_middleware(Counted, metrics=app.state.metrics)
    return app


def _bare(version: str) -> FastAPI:
    return FastAPI(
        title="Plantwright",
        version=version,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=list(routes()),
    )


@cache
def _described(version: str) -> dict[str, Any]:
    """Return the description of the API. It costs half a second, once for all applications of a version."""
    return describe(_bare(version))()


def _is_for_the_board(request: Request) -> bool:
    machine = request.url.path.startswith(("/api/", "/health/", "/metrics", "/static/", "/tech/"))
    return not machine and "text/html" in request.headers.get("accept", "")


def _rendered(request: Request, told: Exception) -> Response:
    """Answer an open page with what was rendered for another one."""
    assert isinstance(told, Rendered)
    return answer(request, told.rendering, with_tokens)


def _names(users: str | None) -> tuple[str, ...]:
    """Return the users whose names a setting lists with commas."""
    return tuple(filter(None, (each.strip() for each in (users or "").split(","))))
