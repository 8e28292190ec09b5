"""Connections to addresses that users have typed: only to allowed ones, within a time limit.

A name is resolved once, all its addresses are checked, and the connection is made to a checked address: a name that
resolves differently the second time gains nothing. Non-public addresses are refused unless the settings allow their
network: a webhook must not open a door to the machines beside the engine.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpcore

from workorder_core.sentences import kept

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_WELL_KNOWN_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotAllowed(Exception):
    """An address may not be reached."""

    def __init__(self, host: str, address: Address) -> None:
        named = host if host == str(address) else f"{host} ({address})"
        super().__init__(
            kept(
                "{host} is not a public address; whoever runs the server can allow its network with the "
                "setting webhook_networks",
                host=named,
            )
        )
        self.host, self.address = host, address


class NoAddress(Exception):
    """A name has no address."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(kept("{host} has no address: {why}", host=host, why=why))


class TooLong(Exception):
    """The whole exchange took longer than allowed."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse networks of the settings, ``10.20.0.0/16`` or one address. Raises ValueError."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def innermost(address: Address) -> Address:
    """Return the IPv4 address embedded in an IPv6 address, if there is one (mapped, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _WELL_KNOWN_NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


def may_reach(address: Address, allowed: Sequence[Network]) -> bool:
    """Return whether an address is public or in an allowed network."""
    meant = innermost(address)
    if any(meant in network for network in allowed if network.version == meant.version):
        return True
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def resolve(host: str, port: int, allowed: Sequence[Network]) -> list[str]:
    """Return the addresses of a host, all of them allowed. Raises NoAddress and NotAllowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise NoAddress(host, str(error)) from None
    addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
    for each in addresses:
        address = ipaddress.ip_address(each)
        if not may_reach(address, allowed):
            raise NotAllowed(host, address)
    return addresses


@dataclass(slots=True)
class Deadline:
    """A moment (monotonic) by which everything has to be finished."""

    at: float

    @classmethod
    def within(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    def left(self, at_most: float | None) -> float:
        """Return the seconds that one step may take. Raises TooLong."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TooLong
        return left if at_most is None else min(left, at_most)


@dataclass(slots=True)
class CheckedBackend(httpcore.NetworkBackend):
    """Connects httpcore to checked addresses only; every step ends by the deadline."""

    allowed: Sequence[Network]
    deadline: Deadline
    _inner: httpcore.SyncBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers."""
        problem: Exception | None = None
        for address in resolve(host, port, self.allowed):
            try:
                stream = self._inner.connect_tcp(
                    address, port, self.deadline.left(timeout), local_address, socket_options
                )
                return _BoundedStream(stream, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        assert problem is not None
        raise problem

    def sleep(self, seconds: float) -> None:
        """Wait, as httpcore requests between two attempts."""
        time.sleep(self.deadline.left(seconds))


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _BoundedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
