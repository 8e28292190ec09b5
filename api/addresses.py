"""Which addresses count as one where attempts and connections are counted."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_SUBSCRIBER = 64
"""Bits of an IPv6 address that a provider gives; whoever has them chooses the other 64 freely, for each connection."""


def counted_as(address: str) -> str:
    """Return what an address is counted as: itself, or, for IPv6, the network that one subscriber has."""
    try:
        read: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, IPv4Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ip_network((read, _SUBSCRIBER), strict=False))
