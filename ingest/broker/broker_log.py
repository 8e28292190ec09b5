"""Reads from mosquitto's log who connects and who is refused, for one identity. No I/O, no clock.

The log names the address of a connection when it is opened, its client id and account once it is accepted, and often
neither if it is refused: then the address is that of the connection that was opened last and not accepted.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

FILTER = "$SYS/broker/log/#"
MOST_OPENED = 200
"""The most unidentified connections whose address is remembered."""

_TIME = r"(?:[0-9TZ:.+-]{1,40}: )?"
# Anchored at both ends, and the id as long as it can be: it is the client's to choose, and may look like a line.
_OPENED = re.compile(_TIME + r"New connection from (\S+) on port \d+\.")
_CONNECTED = re.compile(
    _TIME + r"New client connected from (\S+) as (.*) \(p\d+, c\d, k\d+(?:, u'(.*)')?\)\.", re.DOTALL
)
_REFUSED = re.compile(_TIME + r"Client (.*?)(?: \[(\S+)\])? disconnected[,:] not authorised\.", re.DOTALL)
_NO_CERTIFICATE = re.compile(_TIME + r"OpenSSL Error\[\d+\]: .*certificate.*", re.DOTALL)
_ENDED = re.compile(_TIME + r"Client <unknown> (?:disconnected|closed|has exceeded).*", re.DOTALL)
_UNKNOWN = "<unknown>"


class Outcome(StrEnum):
    REFUSED = "refused"
    """The broker refused a connection."""
    OTHER_ACCOUNT = "other account"
    """A client with another account used one of our names, and got a session of its own."""
    IN_SESSION = "in session"
    """A client is in our session now: we, or another one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """``client_id`` and ``user`` are None where the log does not say; ``address`` is host:port, or empty."""

    outcome: Outcome
    client_id: str | None
    user: str | None
    address: str


@dataclass(slots=True)
class LogReader:
    """Reads the log line by line.

    Parameters
    ----------
    sessions
        Names under which the broker may know our session: our client id, and the account's name where it uses that.
    names
        Names that only the engine has a reason to use, besides the sessions.
    user
        Our account; None where the broker has none.
    """

    sessions: Collection[str]
    names: Collection[str]
    user: str | None
    _opened: dict[str, None] = field(default_factory=dict)

    def read(self, line: str) -> Attempt | None:
        """Return the attempt that a line records on our identity, if any."""
        if found := _OPENED.fullmatch(line):
            self._opened[found[1]] = None
            while len(self._opened) > MOST_OPENED:
                del self._opened[next(iter(self._opened))]
            return None
        if found := _CONNECTED.fullmatch(line):
            self._opened.pop(found[1], None)
            return self._connected(found[1], found[2], found[3])
        if found := _REFUSED.fullmatch(line):
            name = None if found[1] == _UNKNOWN else found[1]
            return Attempt(Outcome.REFUSED, name, None, found[2] or self._closed())
        if _NO_CERTIFICATE.fullmatch(line):
            # The line that follows says that the connection has ended.
            return Attempt(Outcome.REFUSED, None, None, next(reversed(self._opened), ""))
        if _ENDED.fullmatch(line):
            self._closed()
        return None

    def _connected(self, address: str, client_id: str, user: str | None) -> Attempt | None:
        if client_id in self.sessions and (user == self.user or client_id not in self.names):
            return Attempt(Outcome.IN_SESSION, client_id, user, address)
        if client_id in self.names or client_id in self.sessions:
            return Attempt(Outcome.OTHER_ACCOUNT, client_id, user, address)
        return None

    def _closed(self) -> str:
        """Forget the connection opened last, which has ended, and return its address."""
        return self._opened.popitem()[0] if self._opened else ""
