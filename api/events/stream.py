"""A stream of server-sent events: an answer that continues while its reader is connected and permitted."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any

from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.events.hub import PAGE, Encoded, Hub, Reader, wanted
from db import scope
from db.events import events
from workorder_core.people import seeing

HEARTBEAT_S = 20.0
"""Seconds of silence after which a line confirms that the stream is alive, and its position."""
RETRY_MS = (2_000, 6_000)
"""After how long a browser reconnects; randomised, so that not everybody reconnects at once after a restart."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(slots=True)
class Asked:
    """The parameters of a stream.

    Parameters
    ----------
    after
        The last id received; None: only events from now on.
    brief
        Without the events' data.
    of
        The subjects; None: all that the reader may see.
    """

    reader: Reader
    after: int | None
    brief: bool
    of: frozenset[str] | None = None
    may: frozenset[str] | None = field(init=False)

    def __post_init__(self) -> None:
        self.may = seeing.seen_by(self.reader.who)
        if self.of is not None:
            self.may = self.of if self.may is None else self.may & self.of

    def wants(self, event: Encoded) -> bool:
        """Return whether an event is sent: of a visible site, and of a permitted and requested subject."""
        sites = self.reader.who.sites
        return (sites is None or event.site in sites) and (self.may is None or event.of in self.may)


class EventStream(Response):
    """The answer that follows the event log. A slow reader delays only its own stream, which has no queue, only a
    position."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, pool: ConnectionPool, asked: Asked) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._hub, self._pool, self._asked = hub, pool, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is received
        reader = self._asked.reader
        newest = await self._hub.enter(reader)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            gone, sending = asyncio.create_task(_gone(receive)), asyncio.create_task(self._send_all(send, newest))
            try:
                await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (gone, sending):
                    task.cancel()
                await asyncio.gather(gone, sending, return_exceptions=True)
        finally:
            self._hub.leave(reader)

    async def _send_all(self, send: Send, newest: int) -> None:
        reader, asked = self._asked.reader, self._asked
        at = newest if asked.after is None else asked.after
        lost = asked.after is not None and not await run_in_threadpool(self._is_whole, at)
        first = _special("lost", {"after": at}) if lost else b""
        at = newest if lost and at > newest else at
        await _piece(send, f"retry: {random.randint(*RETRY_MS)}\n".encode() + first + _ready(at))
        notices, banners = reader.notices, reader.banners
        while not reader.ended:
            reader.wake.clear()
            found = self._hub.since(at)
            if found is None:
                found, at = await self._read(at)
            elif found:
                at = found[-1].id
            if reader.who.contractor is not None and found:
                found = await run_in_threadpool(self._given, found, reader.who.contractor)
            blocks = list(wanted(found, asked.wants, brief=asked.brief))
            if reader.notices != notices:
                notices = reader.notices
                blocks.append(_special("notice", {}))
            if reader.banners != banners:
                banners = reader.banners
                blocks.append(_special("banner", {}))
            if blocks:
                await _piece(send, b"".join(blocks))
            elif not found:
                await self._wait(send, at)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _wait(self, send: Send, at: int) -> None:
        """Wait for new events; meanwhile send keep-alives with the reader's position."""
        try:
            async with asyncio.timeout(HEARTBEAT_S * random.uniform(0.8, 1.2)):
                await self._asked.reader.wake.wait()
        except TimeoutError:
            await _piece(send, f"id: {at}\n\n".encode())

    async def _read(self, after: int) -> tuple[list[Encoded], int]:
        """Read a page of events that are no longer in memory; return it, and its end."""
        known = self._hub.newest or 0
        found = await run_in_threadpool(self._fetch, after)
        return found, found[-1].id if len(found) == PAGE else max([known, after, *(each.id for each in found)])

    def _fetch(self, after: int) -> list[Encoded]:
        with self._pool.connection(timeout=10) as conn:
            page = events.after(conn, after, within=self._asked.reader.who.sites, of=self._asked.may, limit=PAGE)
        return [Encoded.made(each) for each in page]

    def _given(self, found: list[Encoded], contractor: int) -> list[Encoded]:
        """Return the events of the orders that a contractor has or had."""
        with self._pool.connection(timeout=10) as conn:
            own = scope.given(conn, {each.order for each in found if each.order is not None}, contractor)
        return [each for each in found if each.order in own]

    def _is_whole(self, after: int) -> bool:
        """Return whether every event after an id is still stored, and the id existed."""
        with self._pool.connection(timeout=10) as conn:
            bounds = events.bounds(conn)
        return bounds is None or after == 0 or bounds[0] - 1 <= after <= bounds[1]


def _special(name: str, facts: dict[str, Any]) -> bytes:
    """Return a control message, which has a name and no id."""
    return f"event: {name}\ndata: {json.dumps(facts)}\n\n".encode()


def _ready(at: int) -> bytes:
    return f"id: {at}\n".encode() + _special("ready", {"after": at})


async def _piece(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    """Return when the reader has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
