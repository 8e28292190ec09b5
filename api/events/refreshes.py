"""Renders the live parts of open pages once for all who see the same. An open page requests its live parts when an
event concerns it, and all who have it open do so at the same time. The first request is answered by the page itself;
the others get the same rendering, without a thread and without the database, until an event changes it. The requester
was authenticated a moment ago, and the end of a session is notified at once: while nothing listens, nothing is answered
here.
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
"""The header by which a page requests only its live parts."""
KNOWN_S = 300.0
"""Seconds for which a requester is known without a query. An early end of a session is notified at once."""
MOMENT_S = 30.0
"""Seconds after which a page is rendered again without an event: dates pass, and some changes have no event."""
PATIENCE_S = 10.0
"""Seconds for which a request waits for another's rendering; then it renders for itself."""
Tokens = Callable[[str, str | None], str]
"""Returns a page whose forms carry a session's token."""
MOST, MOST_BYTES = 500, 16_000_000
"""The most renderings kept, and their total characters; the oldest are dropped first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The position in the event log when a rendering began, and the count of other changes."""

    newest: int | None
    changes: int


@dataclass(eq=False)
class Rendering:
    """The live parts of a page, without the tokens of forms, which differ from one session to the next."""

    text: str
    tag: str
    follows: frozenset[str]
    lasts_s: float
    """Seconds for which it is shared, without an event."""
    heard: Heard
    has_forms: bool
    route: object
    made: float = field(default_factory=time.monotonic)

    @cached_property
    def packed(self) -> bytes:
        """The text as it is sent, compressed once."""
        return gzip.compress(self.text.encode(), 5, mtime=0)


class Rendered(Exception):
    """A request whose answer is already rendered."""

    def __init__(self, rendering: Rendering) -> None:
        super().__init__("rendered already")
        self.rendering = rendering


class Refreshes:
    """The recent renderings, and their requesters."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Rendering] = OrderedDict()
        self._known: OrderedDict[Hashable, tuple[Who, Hashable, float, int]] = OrderedDict()
        self._size = 0
        self._rendered: dict[Hashable, asyncio.Event] = {}
        """The renderings in progress, with the signals that wake waiting requests."""

    def heard(self) -> Heard:
        """Return the present position in the event log."""
        return Heard(self.hub.newest, self.hub.changes)

    def keep(
        self, connection: HTTPConnection, who: Who, language: Hashable, rendering: Rendering, *, shared: bool
    ) -> None:
        """Cache a rendering: for all who see the same (``shared``), or for one requester."""
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
        """Return the requester with their language, if known without a query."""
        known = self._known.get(_shown(connection))
        if self.hub.newest is None or known is None:
            return None
        who, language, at, changes = known
        return None if changes != self.hub.changes or time.monotonic() - at > KNOWN_S else (who, language)

    def find(self, connection: HTTPConnection, who: Who, language: Hashable) -> Rendering | None:
        """Return the cached rendering for a known requester, if it is still valid."""
        found = (self._kept.get(key) for key in _keys(connection, who, language))
        return next((each for each in found if each is not None and self._is_so_still(each)), None)

    def find_signed_in(self, connection: HTTPConnection, who: Who, language: Hashable) -> Rendering | None:
        """Return the cached rendering for a new requester, and remember the requester."""
        found = self.find(connection, who, language) if self.hub.newest is not None else None
        if found is not None:
            with self._lock:
                self._know(connection, who, language, connection.state.heard.changes)
        return found

    @contextlib.asynccontextmanager
    async def first(self, connection: HTTPConnection, who: Who, language: Hashable) -> AsyncIterator[bool]:
        """Let the first request render and the others wait; return whether this is the first, or need not wait."""
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
    """Answers reloading pages whose rendering is cached; passes everything else on."""

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
    """Return the answer with a rendering: with the tokens of the requester's forms, or 304."""
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
    """Return whether a request is an open page's, for its live parts."""
    return any(name == ASKS.encode() for name, _ in scope["headers"])


def _shown(connection: HTTPConnection) -> Hashable:
    """Return the request's credential, as the API reads it: a key before a session."""
    key = sent(connection)
    return ("key", key) if key else ("session", connection.cookies.get(COOKIE))


def _keys(connection: HTTPConnection, who: Who, language: Hashable) -> tuple[Hashable, Hashable]:
    """Return the cache keys of a rendering: for all who see the same, and for one person."""
    headers: Headers = connection.headers
    asked = (connection.scope["path"], connection.scope["query_string"], headers.get("x-have"))
    said = (language, headers.get("accept-language"))
    return (who.roles, who.sites, who.sees_costs, who.contractor, asked, said), (who, asked, said)
