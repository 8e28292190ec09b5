"""Versions of apps on devices: which are too old. Pure."""

import re

OLDEST = "1.0.0"
"""The oldest app that understands everything it is sent. An older one still sends what it has recorded."""
_NUMBERS = re.compile(r"\d{1,9}")


def is_too_old(app: str, oldest: str = OLDEST) -> bool:
    """Return whether an app must be renewed, by the numbers of its version.

    >>> is_too_old("0.9.12"), is_too_old("1.0"), is_too_old("1.0.0+a1"), is_too_old("2.0.0-rc1"), is_too_old("nightly")
    (True, False, False, False, True)
    """
    mine, least = _read(app), _read(oldest)
    return mine < least


def _read(version: str) -> tuple[int, int, int]:
    found = [int(each) for each in _NUMBERS.findall(version.partition("+")[0].partition("-")[0])[:3]]
    major, minor, patch = (*found, 0, 0, 0)[:3]
    return major, minor, patch
