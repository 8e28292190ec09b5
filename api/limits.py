"""Bounds the cost of requests: the size and duration of bodies, the total being received, and the requests in progress.
Bodies are read here, before anything parses them. A body larger than an ordinary form is read only for an authenticated
requester. So a stranger can fill neither the memory nor the temporary folder, and a slow sender occupies no thread and
no database connection.
"""

import asyncio
import re
from dataclasses import dataclass

from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asking import is_known, is_private
from db.files.files import LARGEST

ORDINARY = 64 * 1024
"""The most bytes of a body that anybody may send."""
WITH_FILES = re.compile(r"/(attachments|files|files/new)$|^/api/v1/uploads$|^/imports$|/stops/[^/]+(/photos/[^/]+)?$")
"""The paths to which files are sent."""
PHOTOS_OF_REQUEST = re.compile(r"^/r/s/([A-Za-z0-9_-]{20,100})/photos$")
"""The path to which a requester without an account sends photos; the token in it is their permission."""
OF_KNOWN, WITH_A_FILE = 2 * 1024 * 1024, LARGEST + 64 * 1024
"""The most bytes of a body from an authenticated requester: on any path, as long documents are typed into forms; and on
paths to which files are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much an application handles at once.

    Parameters
    ----------
    body_s
        Seconds within which a whole body has to arrive.
    buffered
        The most bytes of incomplete bodies, of all requests together.
    at_once
        The most requests in progress or waiting for a thread; more are answered 503.
    """

    body_s: float = 120.0
    buffered: int = 64 * 1024 * 1024
    at_once: int = 200


class _Refused(Exception):
    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail


class Limits:
    """Reads the body of every request within bounds, then passes it to the application."""

    def __init__(self, app: ASGIApp, *, room: Room) -> None:
        self.app, self.room = app, room
        self._buffered = 0
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = bytearray()
        try:
            await self._read(scope, receive, body)
            if self._at_once >= self.room.at_once:
                raise _Refused(503, "Busy", "too much is asked at once; try again in a moment")
        except _Refused as refused:
            self._buffered -= len(body)
            await _answer(scope, receive, send, refused)
            return
        except BaseException:
            self._buffered -= len(body)
            raise
        self._at_once += 1
        working = True

        def done() -> None:
            nonlocal working
            self._at_once -= working
            working = False

        async def answered(message: Message) -> None:
            # A requester who does not read the answer blocks nobody else.
            done()
            await send(message)

        try:
            await self.app(scope, _replayed(body, receive), answered)
        finally:
            done()
            self._buffered -= len(body)

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        headers = Headers(scope=scope)
        said = headers.get("content-length", "")
        length = int(said) if said.isdecimal() and len(said) < 16 else 0
        if not length and "transfer-encoding" not in headers:
            return
        most = ORDINARY
        if length > most:
            most = await self._most(scope)
        if length > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(self.room.body_s):
                more = True
                while more:
                    more = await self._read_piece(receive, body)
                    if len(body) > most:
                        most = await self._most(scope)
                        if len(body) > most:
                            raise _too_large(most)
        except TimeoutError:
            sentence = f"the body did not come within {self.room.body_s:.0f} seconds; send it over a better line"
            raise _Refused(408, "Too slow", sentence) from None

    async def _read_piece(self, receive: Receive, body: bytearray) -> bool:
        """Add a piece to the body; False when it was the last one."""
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Refused(400, "Broken off", "the connection ended before the body was whole")
        piece = message.get("body", b"")
        if self._buffered + len(piece) > self.room.buffered:
            raise _Refused(503, "Busy", "too much is sent at once; try again in a moment")
        body += piece
        self._buffered += len(piece)
        return bool(message.get("more_body", False))

    async def _most(self, scope: Scope) -> int:
        """Return how large this request's body may be; only an authenticated requester may exceed an ordinary one."""
        most = WITH_A_FILE if WITH_FILES.search(scope["path"]) else OF_KNOWN
        try:
            private = PHOTOS_OF_REQUEST.search(scope["path"])
            if private is not None:
                known = await run_in_threadpool(is_private, HTTPConnection(scope), private[1])
                return WITH_A_FILE if known else ORDINARY
            known = await run_in_threadpool(is_known, HTTPConnection(scope))
        except (OperationalError, PoolTimeout):
            raise _Refused(
                503, "Database unavailable", "the database cannot be reached now; try again in a moment"
            ) from None
        return most if known else ORDINARY


def _too_large(most: int) -> _Refused:
    size = f"{most // (1024 * 1024)} MB" if most >= 1024 * 1024 else f"{most // 1024} kB"
    return _Refused(
        413, "Too large", f"the body is larger than the {size} that may be sent here; sign in, or send less"
    )


def _replayed(body: bytearray, receive: Receive) -> Receive:
    """Return a ``receive`` that yields the body that was read, then any later messages."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return again


async def _answer(scope: Scope, receive: Receive, send: Send, refused: _Refused) -> None:
    slug = refused.title.lower().replace(" ", "-")
    body = {"type": f"/problems/{slug}", "title": refused.title, "status": refused.status, "detail": refused.detail}
    headers = {"Connection": "close"}
    if refused.status == 503:
        headers["Retry-After"] = "2"
    response = JSONResponse(
        body | {"instance": scope["path"]}, refused.status, headers=headers, media_type="application/problem+json"
    )
    await response(scope, receive, send)
