"""Bounds TLS handshakes as HTTP connections are bounded: counted from their first byte on, and within seconds.

asyncio gives a protocol its connection after the handshake, and waits a minute for that. So a thousand connections that
never say a word of TLS would be counted nowhere, and would leave no file descriptor for anybody else.
"""

import asyncio
import contextlib
import ssl
from typing import Any

import structlog
from uvicorn.protocols.utils import get_remote_addr

from runtime.processes.patient_http import Doors, PatientProtocol

_log = structlog.get_logger("api")
HANDSHAKE_S = 15.0
"""Seconds within which a TLS handshake has to be complete."""


class Handshake(asyncio.Protocol):
    """A connection until its TLS handshake is complete; then the HTTP protocol continues with it."""

    is_silent = True
    unread = 0

    def __init__(self, inner: PatientProtocol, context: ssl.SSLContext, doors: Doors) -> None:
        self._inner, self._context, self._doors = inner, context, doors
        self._loop = inner.loop
        self._early: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._running: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        transport.pause_reading()  # What comes belongs to the handshake.
        self._transport = transport
        client = get_remote_addr(transport)
        self._doors.enter(self, client[0] if client else "")
        self._running = self._loop.create_task(self._run())

    def data_received(self, data: bytes) -> None:
        """Keep what has come right behind the handshake."""
        self._early.append(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        self._doors.leave(self)

    def give_way(self) -> None:
        """Close the connection at once."""
        if self._running is not None:
            self._running.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def _run(self) -> None:
        assert self._transport is not None
        try:
            with contextlib.suppress(OSError):  # no TLS, too late, or gone: all of them are OSErrors
                transport = await self._loop.start_tls(
                    self._transport, self, self._context, server_side=True, ssl_handshake_timeout=HANDSHAKE_S
                )
                self._hand_over(transport)
        finally:
            self._doors.leave(self)

    def _hand_over(self, transport: asyncio.Transport | None) -> None:
        if transport is None:
            return
        self._doors.leave(self)
        transport.set_protocol(self._inner)
        self._inner.connection_made(transport)
        if self._early:
            self._inner.data_received(b"".join(self._early))


def protocol(doors: Doors, context: ssl.SSLContext) -> type[asyncio.Protocol]:
    """Return the protocol of a server that speaks TLS only, for uvicorn's setting ``http``."""
    plain = type("PatientProtocol", (PatientProtocol,), {"doors": doors})

    class Begun(Handshake):
        def __init__(self, **given: Any) -> None:
            super().__init__(plain(**given), context, doors)

    return Begun
