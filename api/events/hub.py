"""The one place of a process that follows the list of events, and gives each to the streams that are open.

One connection listens; what it hears of is read once, whoever wants it, and kept for a while, so that two hundred open
streams cost the database as much as one. It runs while there are streams, and a little longer.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

import psycopg
import structlog
from psycopg import AsyncConnection, Connection
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
"""A NOTIFY without content goes to this channel when a session has ended or what somebody may see has changed."""
MOST, MOST_OF_ONE = 400, 40
"""Streams at once in a process, and of one person or key."""
KEPT = 5_000
"""Events that are kept in memory; who is farther behind reads them from the database."""
GATHER_S = 0.2
"""Seconds that are waited for more, where something has happened: what happens together is read together."""
LOOK_EVERY_S = 10.0
"""Seconds after which the list is looked at without having heard of anything, as the engine's alarms are."""
CHECK_EVERY_S = 300.0
"""Seconds between two looks whether those who read are still signed in; of what ends them we hear at once."""
AGAIN_S = 1.0
"""Seconds after which the list is followed again where that has failed."""
BEGIN_S = 10.0
"""Seconds in which the list has to be read for the first time, or the stream is refused for now."""
LINGER_S = 60.0
"""Seconds for which the listener goes on when nobody reads any more: from one page to the next there is a moment."""
PAGE = 500
_TROUBLE = (psycopg.Error, PoolTimeout, OSError)


class TooManyStreams(Exception):
    """No further stream is opened."""

    def __init__(self, most: int, whose: str) -> None:
        super().__init__(f"{whose} {most} streams of events open, and no more are allowed; close one, or ask for pages")


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event as it is sent, made once for all who read it."""

    id: int
    of: str
    site: str | None
    altered: frozenset[str]
    whole: bytes
    brief: bytes

    @classmethod
    def made(cls, event: Event) -> "Encoded":
        whole, brief = EventOut.model_validate(event), BriefEventOut.model_validate(event)
        altered, of = frozenset(brief.altered), seeing.of(event.kind)
        return cls(event.id, of, event.site, altered, _block(event.id, whole), _block(event.id, brief))


def _block(event_id: int, event: BriefEventOut) -> bytes:
    return f"id: {event_id}\ndata: {event.model_dump_json()}\n\n".encode()


@dataclass(eq=False, slots=True)
class Reader:
    """Somebody who reads: who they are, by what they showed it, and what wakes them."""

    who: Who
    shown: tuple[str, str]
    """``("key", …)`` or ``("session", …)``."""
    ended: bool = False
    notices: int = 0
    """How often something has changed that no event tells, such as the engine's own alarms."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """Let the stream end at the next moment."""
        self.ended = True
        self.wake.set()


class Hub:
    """What has happened lately, and who reads it."""

    def __init__(self, pool: ConnectionPool, door: Door) -> None:
        self._pool, self._door = pool, door
        self._readers: set[Reader] = set()
        self._kept: deque[Encoded] = deque(maxlen=KEPT)
        self._before = 0
        self.newest: int | None = None
        """The newest event that has been read; None while nobody listens. What a page shows is at least as new."""
        self.changes = 0
        """Rises when what is remembered of people and pages may be so no longer, though no event tells it."""
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
        """Let somebody read, and return the newest event's id once the list is followed. Raises TooManyStreams."""
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
        """Forget somebody who reads no more."""
        self._readers.discard(reader)

    def close(self) -> None:
        """End every stream, from any thread: the process stops."""
        self._closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    def since(self, after: int) -> list[Encoded] | None:
        """Return what has happened after an event; None where that is not in memory any more."""
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
        """Follow the list until nobody has read for a while, however often the connection breaks."""
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
        # Nothing is awaited between the last look at who reads and here: nobody waits for a list that has ended.
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
                await conn.execute("LISTEN access")
                return conn
        raise AssertionError("it tries for ever")

    async def _heard(self, conn: AsyncConnection) -> set[str]:
        """Wait until something is heard, and then a moment for what comes with it; return the channels."""
        heard = {each.channel async for each in conn.notifies(timeout=LOOK_EVERY_S, stop_after=1)}
        self.changes += ACCESS in heard
        if heard:
            await asyncio.sleep(GATHER_S)
            heard |= {each.channel async for each in conn.notifies(timeout=0)}
            self.changes += ACCESS in heard
        return heard

    async def _read_on(self) -> None:
        """Read what is new, and wake who reads."""
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
        """End the streams of who is not signed in any more, or may see something else now."""
        readers = list(self._readers)
        known = await run_in_threadpool(self._known, {each.shown for each in readers})
        for each in readers:
            if known[each.shown] != each.who:
                each.end()

    def _known(self, shown: set[tuple[str, str]]) -> dict[tuple[str, str], Who | None]:
        with self._pool.connection(timeout=10) as conn:
            return {each: _who(self._door, conn, each) for each in shown}


def _who(door: Door, conn: Connection, shown: tuple[str, str]) -> Who | None:
    """Return who shows a key or a session; that its stream is open is no use of it."""
    how, secret = shown
    if how == "key":
        return door.key(conn, secret, now=datetime.now(UTC), noted=False)
    session = door.session(conn, secret, now=datetime.now(UTC), noted=False)
    return None if session is None or session.must_change else session.who


def _standing(conn: Connection) -> object:
    """Return which of the engine's own alarms there are, to notice that they have become others."""
    return frozenset(each.code for each in engine_alarms.standing(conn, now=datetime.now(UTC), within=None))


Wanted = Callable[[Encoded], bool]


def wanted(found: list[Encoded], want: Wanted, *, brief: bool) -> Iterator[bytes]:
    """Yield what of events goes to somebody, as it is sent."""
    return (each.brief if brief else each.whole for each in found if want(each))
