"""The tools that an order needs: which of the register are meant, and for how long. No clock, no I/O.

Job plans and orders name tools in words: a tool's code, or the name that several alike ones share.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

UNKNOWN_HOURS = 1.0
"""How long an order takes that says nothing about it."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A tool of a site's register that is in use."""

    id: int
    code: str
    name: str


def meant(words: str, register: Iterable[Registered]) -> tuple[Registered, ...]:
    """Return the tools that words mean, any of which serves: the one with this code, or all with this name.

    >>> register = [Registered(1, "TW-1", "Torque wrench"), Registered(2, "TW-2", "Torque wrench")]
    >>> [tool.code for tool in meant("torque  wrench", register)], [tool.code for tool in meant("tw-2", register)]
    (['TW-1', 'TW-2'], ['TW-2'])
    >>> meant("crane", register)
    ()
    """
    said, register = _plain(words), list(register)
    of_code = tuple(tool for tool in register if _plain(tool.code) == said)
    return of_code or tuple(sorted((t for t in register if _plain(t.name) == said), key=lambda tool: tool.code))


def window(start: datetime, end: datetime | None, hours: float | None) -> tuple[datetime, datetime]:
    """Return the time in which an order's tools are needed: until its end, or for as long as it is expected to take."""
    if end is not None and end > start:
        return start, end
    return start, start + timedelta(hours=hours or UNKNOWN_HOURS)


def one_of_each(needed: Sequence[str]) -> tuple[str, ...]:
    """Return needed tools without those that are named twice."""
    return tuple({_plain(words): words for words in reversed(needed)}.values())[::-1]


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())
