"""Addresses: which count as one where attempts and connections are counted, and which are those of named proxies."""

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_SUBSCRIBER = 64
"""Bits of an IPv6 address that a provider gives; whoever has them chooses the other 64 freely, for each connection."""


def counted_as(address: str) -> str:
    """Return what an address is counted as: itself, or, for IPv6, the network that one subscriber has."""
    found = read(address)
    if found is None:
        return address
    return str(found) if isinstance(found, IPv4Address) else str(ip_network((found, _SUBSCRIBER), strict=False))


class Family(StrEnum):
    """Which headers a plant's proxies set. The other family is never read: a proxy that doesn't set it passes it on."""

    X_FORWARDED = "x-forwarded"
    FORWARDED = "forwarded"


class Proxies:
    """The named proxies: addresses and networks. Raises ValueError for what is neither."""

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
    """Return an address, IPv4 in IPv6 as IPv4; None for what is none."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
