"""Closes idle HTTP connections: silent ones, and those beyond the limit of one address.

uvicorn waits for a request for ever. Here the head of each request has to arrive within seconds, and if an address has
too many connections, the longest silent one is closed for the newest: somebody who opens a thousand and sends nothing
shuts nobody out. Clients that do not read their response lose the connection too: what is buffered for all of them
together is bounded, and each has to keep reading.
"""

import asyncio
import fcntl
import struct
import termios
from collections import defaultdict
from collections.abc import Container
from typing import Protocol

from uvicorn.protocols.http.h11_impl import H11Protocol

from api.addresses import counted_as

HEAD_S = 15.0
"""Seconds within which the whole head of a request has to arrive."""
MOST = 600
"""The most connections, which leaves the process file descriptors to open files."""
MOST_OF_ADDRESS = 200
"""The most connections from one address; a named proxy may have all of them."""


READ_S = 30.0
"""Seconds within which a client has to read, of a waiting response, ..."""
LEAST_READ = 32 * 1024
"""... at least so many bytes, or all of it."""
MOST_UNREAD = 64 * 1024 * 1024
"""The most bytes of responses that wait to be read, over all connections; beyond it, the connection with most of them
is closed.
"""


class Connection(Protocol):
    """What is counted, and closed where there are too many."""

    @property
    def is_silent(self) -> bool: ...

    @property
    def unread(self) -> int: ...

    def give_way(self) -> None: ...


class Doors:
    """The connections of one server, by address, the longest open first."""

    def __init__(
        self,
        *,
        proxies: Container[str] = (),
        most: int = MOST,
        of_address: int = MOST_OF_ADDRESS,
        unread: int = MOST_UNREAD,
    ) -> None:
        self._most_unread = unread
        self._proxies = proxies
        self._most, self._of_address = most, of_address
        self._open: dict[Connection, str] = {}
        self._by_address: dict[str, dict[Connection, None]] = defaultdict(dict)

    def enter(self, protocol: Connection, address: str) -> None:
        """Admit a connection; if that is one too many, close the longest silent one, or else the newcomer."""
        named, address = address in self._proxies, counted_as(address)
        self._open[protocol] = address
        self._by_address[address][protocol] = None
        if len(self._by_address[address]) > self._of_address and not named:
            self._make_room(list(self._by_address[address]), protocol)
        elif len(self._open) > self._most:
            # One of the address that has most: clients with few connections do not pay for one with many.
            crowds = sorted(self._by_address.values(), key=len, reverse=True)
            self._make_room([each for crowd in crowds for each in crowd], protocol)

    def leave(self, protocol: Connection) -> None:
        """Forget a connection that has ended."""
        address = self._open.pop(protocol, None)
        if address is not None:
            self._by_address[address].pop(protocol, None)
            if not self._by_address[address]:
                del self._by_address[address]

    def bound_unread(self) -> None:
        """Close the connections with most unread bytes, until what waits to be read is within bounds."""
        waiting = {each: each.unread for each in self._open}
        total = sum(waiting.values())
        for each in sorted(waiting, key=lambda each: -waiting[each]):
            if total <= self._most_unread:
                return
            total -= waiting[each]
            self.leave(each)
            each.give_way()

    def _make_room(self, candidates: list[Connection], newest: Connection) -> None:
        goes = next((each for each in candidates if each.is_silent and each is not newest), newest)
        self.leave(goes)
        goes.give_way()


class PatientProtocol(H11Protocol):
    """uvicorn's protocol with a deadline for each request's head, and for reading each response."""

    doors: Doors = Doors()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head: asyncio.TimerHandle | None = None
        self._unread_before, self._read_on = 0, False
        self._reading = self.loop.call_later(READ_S, self._check_reading)
        self._await_head()
        self.doors.enter(self, self.client[0] if self.client else "")

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        self._reading.cancel()
        self.doors.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.is_silent and self._head is None:
            self._await_head()
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if not self.is_silent:
            self._head_came()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.doors.bound_unread()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_on = True

    @property
    def unread(self) -> int:
        """Return the bytes of responses that the network has not accepted yet."""
        return self.transport.get_write_buffer_size()

    def _check_reading(self) -> None:
        """Close the connection if a response waits and too little of it was read since the last check."""
        unread, before = self.unread + _in_kernel(self.transport), self._unread_before
        # More than before: another response was begun, which continues until writing is paused.
        if unread and not self._read_on and before - LEAST_READ < unread <= before:
            self.give_way()
            return
        self._unread_before, self._read_on = unread, False
        self._reading = self.loop.call_later(READ_S, self._check_reading)

    @property
    def is_silent(self) -> bool:
        """Return whether no request is being received or answered."""
        return self.cycle is None or self.cycle.response_complete

    def give_way(self) -> None:
        """Close the connection at once."""
        self._head_came()
        self.transport.abort()

    def _await_head(self) -> None:
        self._head = self.loop.call_later(HEAD_S, self.give_way)

    def _head_came(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


def _in_kernel(transport: asyncio.Transport) -> int:
    """Return how many bytes the operating system buffers that the other side has not confirmed."""
    wire = transport.get_extra_info("socket")
    if wire is None or wire.fileno() < 0:
        return 0
    (count,) = struct.unpack("i", fcntl.ioctl(wire.fileno(), termios.TIOCOUTQ, b"\0" * 4))
    return int(count)


def protocol(doors: Doors) -> type[asyncio.Protocol]:
    """Return the protocol of a server with those doors, for uvicorn's setting ``http``."""
    return type("PatientProtocol", (PatientProtocol,), {"doors": doors})
