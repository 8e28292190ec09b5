"""Chooses the language of an answer: the person's own, else the browser's, else the plant's. Programs read English:
under ``/api/`` nothing is translated, except prints and downloads for people, whose handlers depend on
``IN_THEIR_LANGUAGE``.
"""

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.language.catalogues import LANGUAGES, language
from workorder_core.language import ENGLISH, Reader, speaking

_MOST_ASKED = 20
"""The most languages of an Accept-Language header that are considered."""


def asked_for(header: str) -> str | None:
    """Return the available language that a browser prefers; None for none of them.

    >>> asked_for("fr;q=0.9, de-CH, en;q=0.8"), asked_for("fr"), asked_for("de;q=0, en;q=x")
    ('de', None, None)
    """
    best, liked = None, 0.0
    for each in header.split(",")[:_MOST_ASKED]:
        name, _, weight = each.partition(";")
        code = name.strip().lower().partition("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code in LANGUAGES and liked < quality <= 1:
            best, liked = code, quality
    return best


def choose(own: str | None, header: str, plant: str) -> str:
    """Return the language for these choices of person, browser and plant."""
    return own if own in LANGUAGES else asked_for(header) or plant


class Speaks:
    """Sets the language of each request; ``know`` applies a signed-in user's own choice."""

    def __init__(self, app: ASGIApp, *, plant: str = ENGLISH.code) -> None:
        self.app, self._plant = app, plant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        liked = language(choose(None, Headers(scope=scope).get("accept-language", ""), self._plant))
        reader = Reader(ENGLISH if scope["path"].startswith("/api/") else liked)
        scope.setdefault("state", {}).update(reader=reader, liked=liked)
        with speaking(reader):
            await self.app(scope, receive, send)


def know(connection: HTTPConnection, own: str | None) -> None:
    """Continue in the language that somebody has chosen, if any."""
    state = connection.scope.get("state", {})
    reader: Reader | None = state.get("reader")
    if reader is None or own not in LANGUAGES:
        return
    state["liked"] = language(own)
    if not connection.scope["path"].startswith("/api/"):
        reader.language = state["liked"]


async def _in_their_language(request: Request) -> None:
    reader: Reader | None = getattr(request.state, "reader", None)
    if reader is not None:
        reader.language = request.state.liked


IN_THEIR_LANGUAGE = Depends(_in_their_language)
"""For a route of the API whose answer people read: a print, a label. It comes after the dependency that identifies the
requester."""
