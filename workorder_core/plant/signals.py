"""The meaning of a signal's numbers: a measurement, named states, or a counter; and which of them are plausible."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from workorder_core.sentences import say

MOST_STATES = 200
ANY_OTHER = "*"
"""The state for any text that is not named, so that not every text of a device has to be listed."""
BEYOND = 1e18
"""Larger than any measurement in any unit: a float's maximum, or an overflow."""
LONGEST = 80
"""The longest name of a state, in characters."""


_MOST = 1.7976931348623157e308


class InvalidMeaning(ValueError):
    """Invalid states or counter of a signal; the message says why and what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A measurement unless it has states or is a counter. Raises InvalidMeaning.

    Parameters
    ----------
    states
        The number of each named state: ``{"STOPPED": 0, "RUNNING": 1}``; that of ``*`` for any other text.
    counter
        It only rises, until it wraps around or is reset.
    wraps_at
        Of a counter: the first number that it cannot show, such as 65536; it goes on from 0 there. None: it does not
        wrap.
    plausible_low, plausible_high
        The plausible range; a value outside is stored as bad. None if undeclared.
    """

    states: Mapping[str, float] = field(default_factory=dict)
    counter: bool = False
    wraps_at: float | None = None
    plausible_low: float | None = None
    plausible_high: float | None = None

    def __post_init__(self) -> None:
        if self.states and self.counter:
            raise InvalidMeaning(say("a signal has states or is a counter, not both"))
        if self.wraps_at is not None and not self.counter:
            raise InvalidMeaning(say("wraps_at is of a counter; say counter = true with it"))
        if self.wraps_at is not None and not (_is_finite(self.wraps_at) and self.wraps_at > 0):
            raise InvalidMeaning(say("wraps_at is the first number that the counter cannot show, such as 65536"))
        for each in (self.plausible_low, self.plausible_high):
            if each is not None and not _is_finite(each):
                raise InvalidMeaning(
                    say("plausible_low and plausible_high are numbers in the signal's unit, like -50 and 250")
                )
        low, high = self.plausible
        if not low < high:
            raise InvalidMeaning(
                say("plausible_low ({low:g}) must be lower than plausible_high ({high:g})", low=low, high=high)
            )
        _check(self.states)

    @property
    def plausible(self) -> tuple[float, float]:
        """Return the plausible range, infinite on an undeclared side."""
        return within(self.plausible_low, self.plausible_high)


def _is_finite(number: float) -> bool:
    """Return whether a number can be stored; an integer may be too large."""
    return abs(number) <= _MOST


def _check(states: Mapping[str, float]) -> None:
    if len(states) > MOST_STATES:
        raise InvalidMeaning(
            say("there are {count} states; a signal may have {most_states}", count=len(states), most_states=MOST_STATES)
        )
    seen: dict[str, str] = {}
    for name, number in states.items():
        if not name.strip() or len(name) > LONGEST or "\0" in name:
            raise InvalidMeaning(
                say(
                    "{name!r} is not a name for a state: use 1 to {longest} characters",
                    name=name[:LONGEST],
                    longest=LONGEST,
                )
            )
        if _is_a_value(name):
            raise InvalidMeaning(say("{name!r} is a number already, and is stored as one; leave it out", name=name))
        if isinstance(number, bool) or not isinstance(number, int | float) or not _is_finite(number):
            raise InvalidMeaning(
                say(
                    "{name!r} stands for {number!r}; write the number that is to be stored, like 1",
                    name=name,
                    number=number,
                )
            )
        if (other := seen.setdefault(folded(name), name)) != name:
            raise InvalidMeaning(
                say(
                    "{other!r} and {name!r} differ only in upper and lower case, which devices do not use reliably",
                    other=other,
                    name=name,
                )
            )


def _is_a_value(name: str) -> bool:
    if folded(name) in ("true", "false"):
        return True
    try:
        float(name)
    except ValueError:
        return False
    return True


def within(low: float | None, high: float | None) -> tuple[float, float]:
    """Return a range, infinite on an undeclared side."""
    return (-math.inf if low is None else low), (math.inf if high is None else high)


def implausible(values: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    """Return the signals with implausible values: outside their declared range or, without one, beyond any
    measurement.
    """
    if not ranges and values and max(values.values()) <= BEYOND and min(values.values()) >= -BEYOND:
        return ()
    found = []
    for name, value in values.items():
        low, high = ranges.get(name, (-BEYOND, BEYOND))
        if not low <= value <= high:
            found.append(name)
    return tuple(found)


MEASUREMENT = Meaning()


def folded(name: str) -> str:
    """Normalise a state's name for lookup: devices vary capitals and surrounding blanks."""
    return name.strip().casefold()


def number_of(states: Mapping[str, float], text: str) -> float | None:
    """Return the number of the state that a device names, given states by folded name; None for an unknown one."""
    found = states.get(folded(text))
    return states.get(ANY_OTHER) if found is None else found


def name_of(states: Mapping[str, float], number: float) -> str | None:
    """Return the state with a number, or None."""
    return next((name for name, each in states.items() if each == number and name != ANY_OTHER), None)
