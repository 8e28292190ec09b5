"""What open pages ask for again, rendered once for all who see the same.

A page that is open asks for its live parts when something has happened that it shows, and all who have it open ask at
the same time. The first is answered by the page itself; the others with what was rendered for the first, without a
thread and without the database, for as long as nothing has happened that it shows. Who asks was known a moment ago, and
what would end that is heard of at once: while nobody listens, nothing is answered here.
"""

import asyncio
import contextlib
import gzip
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.events.hub import Hub
from api.keys import COOKIE, form_token, sent
from workorder_core.people.access import Who

ASKS = "x-refresh"
"""The header by which a page asks for its live parts alone."""
KNOWN_S = 300.0
"""Seconds for which who asks is known without asking the database. What ends a session early is heard at once."""
MOMENT_S = 30.0
"""Seconds after which a page is rendered anew though nothing has happened: dates pass, some things no event tells."""
PATIENCE_S = 10.0
"""Seconds for which somebody waits for what is being rendered for another; then they render for themselves."""
Tokens = Callable[[str, str | None], str]
"""Returns a page whose forms carry a session's token."""
MOST, MOST_BYTES = 500, 16_000_000
"""Renderings that are kept, and characters of all together; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How far the list of events had been read when a page began to be made, and what had changed beside it."""

    newest: int | None
    changes: int


@dataclass(eq=False)
class Rendering:
    """The live parts of a page, without the tokens of forms, which differ from one session to the next."""

    text: str
    tag: str
    follows: frozenset[str]
    lasts_s: float
    """Seconds for which it is given to others, where nothing happens."""
    heard: Heard
    has_forms: bool
    route: object
    made: float = field(default_factory=time.monotonic)

    @cached_property
    def packed(self) -> bytes:
        """The text as it is sent, compressed once."""
        return gzip.compress(self.text.encode(), 5, mtime=0)


class Rendered(Exception):
    """Somebody asks for what has been rendered already: it is the answer."""

    def __init__(self, rendering: Rendering) -> None:
        super().__init__("rendered already")
        self.rendering = rendering


class Refreshes:
    """The renderings of lately, and who has asked."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Rendering] = OrderedDict()
        self._known: OrderedDict[Hashable, tuple[Who, Hashable, float, int]] = OrderedDict()
        self._size = 0
        self._rendered: dict[Hashable, asyncio.Event] = {}
        """What is being rendered for all who see the same, and what wakes who waits for it."""

    def heard(self) -> Heard:
        """Return how far the list of events has been read by now."""
        return Heard(self.hub.newest, self.hub.changes)

    def keep(
        self, connection: HTTPConnection, who: Who, language: Hashable, rendering: Rendering, *, shared: bool
    ) -> None:
        """Keep what was rendered for somebody: for all who see the same (``shared``), or for them alone."""
        if rendering.heard.newest is None:
            return
        with self._lock:
            key = _keys(connection, who, language)[0 if shared else 1]
            self._size += len(rendering.text) - self._forget(key)
            self._kept[key] = rendering
            while len(self._kept) > MOST or self._size > MOST_BYTES:
                self._size -= self._forget(next(iter(self._kept)))
            self._know(connection, who, language, rendering.heard.changes)

    def _know(self, connection: HTTPConnection, who: Who, language: Hashable, changes: int) -> None:
        shown = _shown(connection)
        self._known.pop(shown, None)
        self._known[shown] = (who, language, time.monotonic(), changes)
        while len(self._known) > MOST:
            self._known.popitem(last=False)

    def know(self, connection: HTTPConnection) -> tuple[Who, Hashable] | None:
        """Return who asks again, with their language, where that is known without asking the database."""
        known = self._known.get(_shown(connection))
        if self.hub.newest is None or known is None:
            return None
        who, language, at, changes = known
        return None if changes != self.hub.changes or time.monotonic() - at > KNOWN_S else (who, language)

    def find(self, connection: HTTPConnection, who: Who, language: Hashable) -> Rendering | None:
        """Return what somebody who asks again is shown, where that has been rendered and is so still."""
        found = (self._kept.get(key) for key in _keys(connection, who, language))
        return next((each for each in found if each is not None and self._is_so_still(each)), None)

    def find_signed_in(self, connection: HTTPConnection, who: Who, language: Hashable) -> Rendering | None:
        """Return what somebody is shown who was not known before they asked; they are known from now on."""
        found = self.find(connection, who, language) if self.hub.newest is not None else None
        if found is not None:
            with self._lock:
                self._know(connection, who, language, connection.state.heard.changes)
        return found

    @contextlib.asynccontextmanager
    async def first(self, connection: HTTPConnection, who: Who, language: Hashable) -> AsyncIterator[bool]:
        """Let the first who asks render, and the others wait for that; whether this is the first, or need not wait."""
        key = _keys(connection, who, language)[0]
        others = self._rendered.get(key)
        if others is not None or key not in self._kept:
            if others is not None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE_S):
                        await others.wait()
            yield others is None
            return
        self._rendered[key] = asyncio.Event()
        try:
            yield True
        finally:
            self._rendered.pop(key).set()

    def _is_so_still(self, rendering: Rendering) -> bool:
        if rendering.heard.changes != self.hub.changes or time.monotonic() - rendering.made > rendering.lasts_s:
            return False
        since = self.hub.since(rendering.heard.newest or 0)
        if since is None or any(rendering.follows & each.altered for each in since):
            return False
        rendering.heard = self.heard()
        return True

    def _forget(self, key: Hashable) -> int:
        gone = self._kept.pop(key, None)
        return 0 if gone is None else len(gone.text)


class Refreshing:
    """Answers pages that ask again, where what they would be shown is there already; passes everything else on."""

    def __init__(self, app: ASGIApp, *, refreshes: Refreshes, tokens: Tokens) -> None:
        self.app, self._refreshes, self._tokens = app, refreshes, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not asks_again(scope):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        known = self._refreshes.know(connection)
        if known is None:
            await self._pass_on(scope, receive, send)
            return
        found = self._refreshes.find(connection, *known)
        if found is None:
            async with self._refreshes.first(connection, *known) as is_first:
                found = None if is_first else self._refreshes.find(connection, *known)
                if found is None:
                    await self._pass_on(scope, receive, send)
                    return
        scope["route"] = found.route
        await answer(connection, found, self._tokens)(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["heard"] = self._refreshes.heard()
        await self.app(scope, receive, send)


def answer(connection: HTTPConnection, found: Rendering, tokens: Tokens) -> Response:
    """Return a rendering as it is sent to somebody: with the tokens of their forms, or that they have it already."""
    headers = {"ETag": found.tag}
    if connection.headers.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=headers)
    if found.has_forms:
        token = connection.cookies.get(COOKIE)
        text = tokens(found.text, None if sent(connection) or token is None else form_token(token))
        return Response(text, headers=headers, media_type="text/html")
    headers["Vary"] = "Accept-Encoding"
    if "gzip" not in connection.headers.get("accept-encoding", ""):
        return Response(found.text, headers=headers, media_type="text/html")
    return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/html")


def asks_again(scope: Scope) -> bool:
    """Whether an open page asks for its live parts."""
    return any(name == ASKS.encode() for name, _ in scope["headers"])


def _shown(connection: HTTPConnection) -> Hashable:
    """Return what shows who asks, as the API reads it: a key before a session."""
    key = sent(connection)
    return ("key", key) if key else ("session", connection.cookies.get(COOKIE))


def _keys(connection: HTTPConnection, who: Who, language: Hashable) -> tuple[Hashable, Hashable]:
    """Return by what a rendering is found: by all who see the same, and by one person."""
    headers: Headers = connection.headers
    asked = (connection.scope["path"], connection.scope["query_string"], headers.get("x-have"))
    said = (language, headers.get("accept-language"))
    return (who.roles, who.sites, who.sees_costs, asked, said), (who, asked, said)
