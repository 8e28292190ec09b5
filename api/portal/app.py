"""The portal as an application: it has its own routes, errors and templates, and reaches nothing else of the plant. The
main application mounts it at ``/r``; ``alone`` serves nothing but it.
"""

from collections.abc import Collection

from fastapi import FastAPI, Request
from fastapi.responses import Response
from psycopg import OperationalError
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.exceptions import HTTPException

from api.guard import Guard
from api.language.chosen import Speaks
from api.limits import Limits, Room
from api.portal import asking_page, slowing, status_page
from api.portal.asking_page import OfSomethingElse
from api.portal.rendering import sorry
from api.portal.slowing import TooManyRequests
from db.errors import NotFound
from workorder_core.sentences import say

AT = "/r"
"""Where the portal is mounted."""


def create(pool: ConnectionPool, *, signs_in: bool) -> FastAPI:
    """Return the portal. ``signs_in``: its pages offer users to sign in, because the board is at the same address."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.pool, app.state.signs_in = pool, signs_in
    app.include_router(status_page.router)
    app.include_router(asking_page.router)
    app.add_exception_handler(NotFound, _nothing)
    app.add_exception_handler(HTTPException, _nothing)
    app.add_exception_handler(TooManyRequests, _too_many)
    app.add_exception_handler(OperationalError, _unavailable)
    app.add_exception_handler(PoolTimeout, _unavailable)
    return app


def alone(
    pool: ConnectionPool, *, names: Collection[str] | None = None, language: str = "en", room: Room | None = None
) -> FastAPI:
    """Return an application with the portal and nothing else, for a port of its own."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.pool = pool
    app.mount(AT, create(pool, signs_in=False))
    app.add_middleware(Speaks, plant=language)
    app.add_middleware(Limits, room=room or Room())
    app.add_middleware(Guard, names=names)
    return app


def _nothing(request: Request, error: Exception) -> Response:
    """Answer whatever is wrong with an address alike, so that nobody learns what exists. Guesses count."""
    if isinstance(error, NotFound) and not isinstance(error, OfSomethingElse):
        try:
            slowing.miss(request)
        except TooManyRequests as too_many:
            return _too_many(request, too_many)
    status = error.status_code if isinstance(error, HTTPException) and error.status_code == 405 else 404
    detail = say("There is nothing at this address. Scan the label again, or ask the people who gave you the link.")
    return sorry(request, status, detail)


def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyRequests)
    answer = sorry(request, 429, error.sentence)
    answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def _unavailable(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the signature of a handler
    return sorry(request, 503, say("This does not work at the moment. Try again in a few minutes."))
