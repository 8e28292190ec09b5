"""Follows the event log, once per process, and passes each event to the open streams. One connection listens; events
are read once for all streams, and cached for a while, so that two hundred open streams cost the database as much as
one. It runs while there are streams, and a little longer.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection, Connection, Notify
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.concurrency import run_in_threadpool
from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential_jitter

from api.keys import Door
from api.shapes.events import BriefEventOut, EventOut
from db.alarms import engine_alarms
from db.events import events
from db.events.events import Event
from workorder_core.people import seeing
from workorder_core.people.access import Who

_log = structlog.get_logger("api")
ACCESS = "access"
"""A NOTIFY without content goes to this channel when a session has ended or somebody's permissions have changed."""
BANNER = "banner"
"""A NOTIFY with a user's name goes to this channel when their banner has changed."""
MOST, MOST_OF_ONE = 400, 40
"""The most streams at once in a process, and of one person or key."""
KEPT = 5_000
"""Events kept in memory; a reader farther behind gets them from the database."""
GATHER_S = 0.2
"""Seconds to wait for further events after one, so that simultaneous events are read together."""
LOOK_EVERY_S = 10.0
"""Seconds after which the log is polled without a notification, as the engine's alarms are."""
CHECK_EVERY_S = 300.0
"""Seconds between checks that readers are still signed in; the end of a session is notified at once."""
AGAIN_S = 1.0
"""Seconds after which following is retried after a failure."""
BEGIN_S = 10.0
"""Seconds in which the log has to be read for the first time, or the stream is refused for now."""
LINGER_S = 60.0
"""Seconds for which the listener continues without readers: there is a gap between one page and the next."""
PAGE = 500
_TROUBLE = (psycopg.Error, PoolTimeout, OSError)


class TooManyStreams(Exception):
    """The limit of streams is reached."""

    def __init__(self, most: int, whose: str) -> None:
        super().__init__(f"{whose} {most} streams of events open, and no more are allowed; close one, or ask for pages")


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event in its sent form, built once for all readers."""

    id: int
    of: str
    site: str | None
    order: UUID | None
    altered: frozenset[str]
    whole: bytes
    brief: bytes

    @classmethod
    def made(cls, event: Event) -> "Encoded":
        whole, brief = EventOut.model_validate(event), BriefEventOut.model_validate(event)
        altered, of = frozenset(brief.altered), seeing.of(event.kind)
        return cls(event.id, of, event.site, event.order_id, altered, _block(event.id, whole), _block(event.id, brief))


def _block(event_id: int, event: BriefEventOut) -> bytes:
    return f"id: {event_id}\ndata: {event.model_dump_json()}\n\n".encode()


@dataclass(eq=False, slots=True)
class Reader:
    """A reader: the requester, their credential, and the signal that wakes them."""

    who: Who
    shown: tuple[str, str]
    """``("key", …)`` or ``("session", …)``."""
    ended: bool = False
    notices: int = 0
    """The number of changes that no event reports, such as the engine's own alarms."""
    banners: int = 0
    """The number of changes of the reader's banner."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """End the stream as soon as possible."""
        self.ended = True
        self.wake.set()


class Hub:
    """The recent events, and their readers."""

    def __init__(self, pool: ConnectionPool, door: Door) -> None:
        self._pool, self._door = pool, door
        self._readers: set[Reader] = set()
        self._kept: deque[Encoded] = deque(maxlen=KEPT)
        self._before = 0
        self.newest: int | None = None
        """The newest event that was read; None while nothing listens. Pages rendered later show at least this state."""
        self.changes = 0
        """Rises when cached facts about people and pages may be outdated without an event."""
        self._following: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._standing: object = None
        self._begun = asyncio.Event()
        self._closing = False
        self._seen = self._checked = 0.0

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return len(self._readers)

    async def enter(self, reader: Reader) -> int:
        """Add a reader, and return the newest event's id once the log is followed. Raises TooManyStreams."""
        if len(self._readers) >= MOST:
            raise TooManyStreams(MOST, "there are")
        if Counter(each.who.actor for each in self._readers)[reader.who.actor] >= MOST_OF_ONE:
            raise TooManyStreams(MOST_OF_ONE, f"{reader.who.actor.partition(':')[2]} has")
        self._readers.add(reader)
        try:
            return await self._joined(reader)
        except BaseException:
            self.leave(reader)
            raise

    def leave(self, reader: Reader) -> None:
        """Remove a reader."""
        self._readers.discard(reader)

    def close(self) -> None:
        """End every stream, from any thread, because the process stops."""
        self._closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    def since(self, after: int) -> list[Encoded] | None:
        """Return the events after an event; None if they are no longer in memory."""
        if after < self._before:
            return None
        if not self._kept or self._kept[-1].id <= after:
            return []
        missing = 0
        for each in reversed(self._kept):
            if each.id <= after:
                break
            missing += 1
        return list(islice(self._kept, len(self._kept) - missing, None))

    def _end_all(self) -> None:
        for each in list(self._readers):
            each.end()

    async def _joined(self, reader: Reader) -> int:
        if self._closing:
            reader.end()
            return self.newest or 0
        if self._following is None or self._following.done():
            self._loop = asyncio.get_running_loop()
            self._following = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(BEGIN_S):
                await self._begun.wait()
        except TimeoutError:
            raise PoolTimeout("the list of events could not be read in time") from None
        return self.newest or 0

    async def _follow(self) -> None:
        """Follow the log until it has had no readers for a while, across any number of lost connections."""
        self._seen = self._checked = self._now()
        while self._is_needed():
            try:
                conn = await self._listening()
                async with conn:
                    await self._read_on()
                    while self._is_needed():
                        heard = await self._heard(conn)
                        await self._read_on()
                        if ACCESS in heard or self._now() - self._checked > CHECK_EVERY_S:
                            self._checked = self._now()
                            await self._check_readers()
            except _TROUBLE as problem:
                self.changes += 1
                _log.warning("lost the connection that hears of events; connecting again", why=str(problem).strip())
                await asyncio.sleep(AGAIN_S)
        # Nothing is awaited between the last check of readers and here, so no reader waits for a follower that has
        # ended.
        self._kept.clear()
        self._begun.clear()
        self.changes += 1
        self.newest = self._following = None

    def _is_needed(self) -> bool:
        if self._readers:
            self._seen = self._now()
        return not self._closing and self._now() - self._seen < LINGER_S

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _listening(self) -> AsyncConnection:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_TROUBLE), wait=wait_exponential_jitter(multiplier=0.2, max=15)
        )
        async for attempt in attempts:
            with attempt:
                url = self._pool.conninfo
                conn = await AsyncConnection.connect(
                    url() if callable(url) else url, autocommit=True, connect_timeout=10, keepalives_idle=30
                )
                await conn.execute("LISTEN events")
                await conn.execute("LISTEN banner")
                await conn.execute("LISTEN access")
                return conn
        raise AssertionError("it tries for ever")

    async def _heard(self, conn: AsyncConnection) -> set[str]:
        """Wait for a notification, and then a moment for further ones; return the channels."""
        heard = self._noted([each async for each in conn.notifies(timeout=LOOK_EVERY_S, stop_after=1)])
        if heard:
            await asyncio.sleep(GATHER_S)
            heard |= self._noted([each async for each in conn.notifies(timeout=0)])
        return heard

    def _noted(self, heard: list[Notify]) -> set[str]:
        """Act at once on what concerns people instead of the log; return the channels."""
        channels = {each.channel for each in heard}
        self.changes += ACCESS in channels
        people = {f"person:{each.payload}" for each in heard if each.channel == BANNER}
        for reader in self._readers:
            if reader.who.actor in people:
                reader.banners += 1
                reader.wake.set()
        return channels

    async def _read_on(self) -> None:
        """Read new events, and wake the readers."""
        if self.newest is None:
            newest, self._standing = await run_in_threadpool(self._begin)
            self._kept.clear()
            self.newest = self._before = newest
            self._begun.set()
            return
        more = True
        while more:
            found, standing = await run_in_threadpool(self._fetch, self.newest)
            more = len(found) == PAGE
            for each in found:
                if len(self._kept) == KEPT:
                    self._before = self._kept[0].id
                self._kept.append(each)
                self.newest = each.id
            noticed, self._standing = standing != self._standing, standing
            self.changes += noticed
            if found or noticed:
                for reader in self._readers:
                    reader.notices += noticed
                    reader.wake.set()

    def _begin(self) -> tuple[int, object]:
        with self._pool.connection(timeout=10) as conn:
            events.number(conn)
            conn.commit()
            return (events.bounds(conn) or (0, 0))[1], _standing(conn)

    def _fetch(self, after: int) -> tuple[list[Encoded], object]:
        with self._pool.connection(timeout=10) as conn:
            events.number(conn)
            conn.commit()
            return [Encoded.made(each) for each in events.after(conn, after, limit=PAGE)], _standing(conn)

    async def _check_readers(self) -> None:
        """End the streams of readers who are no longer signed in, or whose permissions have changed."""
        readers = list(self._readers)
        known = await run_in_threadpool(self._known, {each.shown for each in readers})
        for each in readers:
            if known[each.shown] != each.who:
                each.end()

    def _known(self, shown: set[tuple[str, str]]) -> dict[tuple[str, str], Who | None]:
        with self._pool.connection(timeout=10) as conn:
            return {each: _who(self._door, conn, each) for each in shown}


def _who(door: Door, conn: Connection, shown: tuple[str, str]) -> Who | None:
    """Return the holder of a key or a session; an open stream does not count as its use."""
    how, secret = shown
    if how == "key":
        return door.key(conn, secret, now=datetime.now(UTC), noted=False)
    session = door.session(conn, secret, now=datetime.now(UTC), noted=False)
    return None if session is None or session.must_change else session.who


def _standing(conn: Connection) -> object:
    """Return the codes of the engine's active alarms, to notice changes."""
    return frozenset(each.code for each in engine_alarms.standing(conn, now=datetime.now(UTC), within=None))


Wanted = Callable[[Encoded], bool]


def wanted(found: list[Encoded], want: Wanted, *, brief: bool) -> Iterator[bytes]:
    """Yield the events that a reader gets, in their sent form."""
    return (each.brief if brief else each.whole for each in found if want(each))
