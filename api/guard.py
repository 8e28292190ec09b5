"""Checks the origin and host of every request, and sets the headers that isolate a page."""

from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.forwarded import is_forwarded
from api.keys import COOKIE

_SAFE = ("GET", "HEAD", "OPTIONS")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}

STRICT_TRANSPORT = "max-age=31536000"
"""For a year a browser that has connected by TLS uses nothing else. Sent over TLS only, and never for a loopback name,
which other programs on the machine share."""
_PORTS = {"http": "80", "https": "443"}


def is_at_home(connection: HTTPConnection) -> bool:
    """Return whether somebody on this machine calls it by a name that no other site can have. Requests through an
    unnamed proxy on this machine may come from anywhere.
    """
    host = _hostname(connection.headers)
    fetched = connection.headers.get("sec-fetch-site", "none")
    client = connection.client.host if connection.client else ""
    called = host in _LOOPBACK and client in _LOOPBACK and not is_forwarded(connection.headers)
    return called and fetched in ("none", "same-origin")


class Guard:
    """Refuses requests that another site sends through somebody's browser, and sets the headers of every answer.
    ``names`` are the plant's host names, besides loopback and the address that the request was sent to; a request for
    another host is refused, so that no answer repeats a made-up name.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str] | None = None) -> None:
        self.app = app
        self._names = None if names is None else frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https" and _hostname(Headers(scope=scope)) not in _LOOPBACK:
                    headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
            await send(message)

        stranger = self._wrong_host(scope)
        refusal = stranger or self._refusal(scope)
        if refusal is not None:
            status = 403 if stranger is None else 421
            body = {"type": "/problems/refused", "title": "Refused", "status": status, "detail": refusal}
            answer = JSONResponse(body, status, media_type="application/problem+json")
            await answer(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)

    def _wrong_host(self, scope: Scope) -> str | None:
        if self._names is None:
            return None
        host = _hostname(Headers(scope=scope))
        here = (scope.get("server") or ("", None))[0]
        if host in self._names or host in _LOOPBACK or host == here:
            return None
        return (
            "the request is for another host than this one; call the plant by a name that the setting `names` lists, "
            "or add this one there"
        )

    def _refusal(self, scope: Scope) -> str | None:
        connection = HTTPConnection(scope)
        headers: Headers = connection.headers
        host = headers.get("host", "")
        if scope["method"] in _SAFE:
            return None
        origin, fetched = headers.get("origin"), headers.get("sec-fetch-site")
        elsewhere = "the request was sent by a page of another site; send it from the board, or with a key in a header"
        if fetched is not None and fetched not in ("same-origin", "none"):
            return elsewhere
        if origin is not None and not _is_ours(origin, scope["scheme"], host):
            return elsewhere
        if origin is None and fetched is None and COOKIE in connection.cookies:
            return elsewhere
        return None


def _is_ours(origin: str, scheme: str, host: str) -> bool:
    """Return whether an origin is the requested address. Behind an unnamed proxy TLS is not visible, so an origin may
    be https there; over TLS it must be."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False  # no address at all, like http://[
    if scheme == "https" and parts.scheme != "https":
        return False
    return parts.netloc in (host, host.removesuffix(f":{_PORTS.get(parts.scheme, '')}"))


def _hostname(headers: Headers) -> str:
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
