"""The addresses of the technician's app. They open without signing in: the files are the same for everybody, and the
session says that there is none.
"""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.asking import Conn, Now
from api.keys import COOKIE, Door, form_token, masked
from api.tech import shell
from db.people import users
from workorder_core.people.access import Role

router = APIRouter(include_in_schema=False)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}
_COLOUR = "#0f5c5c"
MANIFEST: dict[str, Any] = {
    "id": f"{shell.AT}/",
    "name": "Plantwright",
    "short_name": "Plantwright",
    "start_url": f"{shell.AT}/",
    "scope": f"{shell.AT}/",
    "display": "standalone",
    "background_color": _COLOUR,
    "theme_color": _COLOUR,
    "icons": [
        {"src": f"{shell.AT}/app/icon-192.png", "sizes": "192x192", "type": "image/png"},
        {"src": f"{shell.AT}/app/icon-512.png", "sizes": "512x512", "type": "image/png"},
        {
            "src": f"{shell.AT}/app/icon-maskable.png",
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ],
}
_WORKS = frozenset({Role.TECHNICIAN, Role.PLANNER, Role.RELIABILITY_ENGINEER})


@router.get("/tech")
def to_the_app() -> Response:
    """Lead to the app, whose service worker has the addresses below it."""
    return RedirectResponse(f"{shell.AT}/", 307)


@router.get("/tech/")
def app() -> Response:
    """Return the app's page: the same for everybody, so that it can be kept."""
    return Response(shell.shell().page, media_type="text/html", headers=HEADERS)


@router.get("/tech/worker.js")
def worker() -> Response:
    """Return the service worker of this version."""
    return Response(shell.shell().worker, media_type="text/javascript", headers=HEADERS)


@router.get("/tech/manifest.webmanifest")
def manifest() -> Response:
    """Describe the app to the device that installs it."""
    return Response(json.dumps(MANIFEST), media_type="application/manifest+json", headers=HEADERS)


@router.get("/tech/texts/{language}.json")
def texts(language: Annotated[Literal["en", "de"], Path()]) -> Response:
    """Return what the app says in a language."""
    return JSONResponse(shell.said(language), headers=HEADERS)


@router.get("/tech/session")
def session(request: Request, conn: Conn, now: Now) -> Response:
    """Say who is signed in, with the token that their requests carry; nobody is no error. ``works``: they can have
    work here.
    """
    door: Door = request.app.state.door
    token = request.cookies.get(COOKIE)
    found = None if not token else door.session(conn, token, now=now)
    if token is None or found is None:
        return JSONResponse({"person": None})
    who = found.who
    known: dict[str, Any] = {
        "person": who.actor,
        "name": users.full_names(conn).get(found.user) or found.user,
        "language": who.language or request.state.liked.code,
        "works": who.technician is not None and who.may(_WORKS),
        "must_change": found.must_change,
        "token": masked(form_token(token)),
    }
    return JSONResponse(known)
