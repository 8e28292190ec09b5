"""Determines the real client behind a proxy: by forwarded headers, of named proxies only.

A connection that comes from a named proxy gets the client, the scheme and the host that the proxy reports. Everything
that depends on them follows: limits by address, Secure cookies, the check of origins, links, the log of sign-ins. Such
headers from anybody else change nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.addresses import Family, Proxies, read

_SCHEMES = ("http", "https")
_HOST = re.compile(r"[A-Za-z0-9._\-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_PAIR = re.compile(r'\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*))\s*(;|,|$)')
SAID = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")
"""The headers by which proxies report their client."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One proxy's statement about the request that it received; None: nothing usable."""

    client: str | None = None
    scheme: str | None = None
    host: str | None = None


def resolve(hops: Sequence[Hop], peer: str, proxies: Proxies) -> Hop:
    """Return the client, given the proxies' statements, the farthest first, and the address that connected to us. They
    are followed from the near end, only as long as the speaker is a named proxy: earlier ones were written by somebody
    else. If a proxy names no address, the request counts as its own.
    """
    client, scheme, host = peer, None, None
    for hop in reversed(hops):
        if client not in proxies:
            break
        scheme, host = hop.scheme or scheme, hop.host or host
        if hop.client is None:
            break
        client = hop.client
    return Hop(client, scheme, host)


def read_x_forwarded(headers: Headers) -> list[Hop]:
    """Return the hops of X-Forwarded-For, -Proto and -Host, the farthest proxy first.

    A proxy that appends addresses mostly replaces the other two: one value of these is the nearest proxy's, and as many
    as there are addresses are one each.
    """
    clients = _listed(headers, "x-forwarded-for")
    schemes, hosts = _listed(headers, "x-forwarded-proto"), _listed(headers, "x-forwarded-host")
    count = max(len(clients), 1 if schemes or hosts else 0)
    return [
        Hop(
            _client(clients[i]) if clients else None,
            _scheme(_of_hop(schemes, i, count)),
            _host(_of_hop(hosts, i, count)),
        )
        for i in range(count)
    ]


def read_forwarded(headers: Headers) -> list[Hop]:
    """Return the hops of the header Forwarded (RFC 7239), the farthest proxy first; none if it is invalid."""
    text, at = ", ".join(headers.getlist("forwarded")), 0
    hops: list[Hop] = []
    pairs: dict[str, str] = {}
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            return []
        name, quoted, plain, ends = found.groups()
        pairs[name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if ends != ";":
            hops.append(_hop(pairs))
            pairs = {}
        at = found.end()
    return hops


_READ = {Family.X_FORWARDED: read_x_forwarded, Family.FORWARDED: read_forwarded}


class Forwarded:
    """Replaces a named proxy's address with the real client's, before anything else reads it."""

    def __init__(self, app: ASGIApp, *, proxies: Proxies, family: Family = Family.X_FORWARDED) -> None:
        self.app, self._proxies, self._read = app, proxies, _READ[family]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = (scope.get("client") or ("", 0))[0] if scope["type"] == "http" else ""
        if self._proxies and peer in self._proxies:
            scope = self._seen_through(scope, peer)
        await self.app(scope, receive, send)

    def _seen_through(self, scope: Scope, peer: str) -> Scope:
        real = resolve(self._read(Headers(scope=scope)), peer, self._proxies)
        # The headers are removed, so that nothing after this reads them by rules of its own.
        left_out = {name.encode() for name in SAID} | ({b"host"} if real.host else set())
        headers = [(name, value) for name, value in scope["headers"] if name not in left_out]
        if real.host:
            headers.insert(0, (b"host", real.host.encode("ascii")))
        client = scope["client"] if real.client == peer else (real.client, 0)
        return {**scope, "headers": headers, "client": client, "scheme": real.scheme or scope["scheme"]}


def is_forwarded(headers: Headers) -> bool:
    """Return whether a request was passed on by an unnamed proxy, so that its client is unknown."""
    return any(name in headers for name in (*SAID, "via", "x-real-ip"))


def _listed(headers: Headers, name: str) -> list[str]:
    return [each.strip() for each in ",".join(headers.getlist(name)).split(",") if each.strip()]


def _of_hop(values: Sequence[str], i: int, count: int) -> str | None:
    """Return the value of a hop: its own if each has one, otherwise the last, for the nearest proxy only."""
    if len(values) == count:
        return values[i]
    return values[-1] if values and i == count - 1 else None


def _hop(pairs: Mapping[str, str]) -> Hop:
    return Hop(_client(pairs.get("for")), _scheme(pairs.get("proto")), _host(pairs.get("host")))


def _client(text: str | None) -> str | None:
    """Return an address without its port; None for anything else, such as ``unknown``."""
    text = text or ""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    found = read(text)
    return None if found is None else str(found)


def _scheme(text: str | None) -> str | None:
    lowered = (text or "").lower()
    return lowered if lowered in _SCHEMES else None


def _host(text: str | None) -> str | None:
    return text if text and _HOST.fullmatch(text) else None
