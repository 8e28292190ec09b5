"""Client addresses: how they are grouped for counting attempts and connections, and which belong to named proxies."""

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_SUBSCRIBER = 64
"""Bits of an IPv6 address that a provider assigns; its subscriber chooses the other 64 freely, for each connection."""


def counted_as(address: str) -> str:
    """Return the key under which an address is counted: itself or, for IPv6, its subscriber's network."""
    found = read(address)
    if found is None:
        return address
    return str(found) if isinstance(found, IPv4Address) else str(ip_network((found, _SUBSCRIBER), strict=False))


class Family(StrEnum):
    """The headers that a plant's proxies set. The other family is never read: a proxy that does not set it passes it
    on."""

    X_FORWARDED = "x-forwarded"
    FORWARDED = "forwarded"


class Proxies:
    """The named proxies: addresses and networks. Raises ValueError for anything else."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._networks = [_network(name) for name in names]

    def __contains__(self, address: object) -> bool:
        found = read(address) if isinstance(address, str) else None
        return found is not None and any(found in network for network in self._networks)

    def __bool__(self) -> bool:
        return bool(self._networks)


def _network(name: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(name.strip(), strict=False)
    except ValueError:
        raise ValueError(
            f"{name!r} is neither an address nor a network; write 127.0.0.1, 10.1.0.0/16 or fd00::/8"
        ) from None


def read(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address, IPv4 in IPv6 as IPv4; None if it is invalid."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
