"""What a signal's numbers are: a measurement, states that have names, or a counter; and which of them can be true."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_STATES = 200
ANY_OTHER = "*"
"""The state that stands for every text that is not named: nobody need list what a device may say."""
BEYOND = 1e18
"""Nothing that a machine measures in any unit is larger: a float's largest number, an overflow."""
LONGEST = 80
"""Of a state's name, in characters."""


_MOST = 1.7976931348623157e308


class WrongMeaning(ValueError):
    """A signal's states, or its counter, cannot be so; the sentence says why and what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A measurement where neither is said. Raises WrongMeaning.

    Parameters
    ----------
    states
        By name, the number that stands for it: ``{"STOPPED": 0, "RUNNING": 1}``; that of ``*`` for any other text.
    counter
        It only rises, until it wraps round or begins anew.
    wraps_at
        Of a counter: the first number that it cannot show, such as 65536; it goes on from 0 there. None: it does not
        wrap.
    plausible_low, plausible_high
        What is measured beyond these cannot be true, and is no reading to go by; None where nobody has said it.
    """

    states: Mapping[str, float] = field(default_factory=dict)
    counter: bool = False
    wraps_at: float | None = None
    plausible_low: float | None = None
    plausible_high: float | None = None

    def __post_init__(self) -> None:
        if self.states and self.counter:
            raise WrongMeaning("a signal has states or is a counter, not both")
        if self.wraps_at is not None and not self.counter:
            raise WrongMeaning("wraps_at is of a counter; say counter = true with it")
        if self.wraps_at is not None and not (_is_finite(self.wraps_at) and self.wraps_at > 0):
            raise WrongMeaning("wraps_at is the first number that the counter cannot show, such as 65536")
        for each in (self.plausible_low, self.plausible_high):
            if each is not None and not _is_finite(each):
                raise WrongMeaning(
                    "plausible_low and plausible_high are numbers in the signal's unit, like -50 and 250"
                )
        low, high = self.plausible
        if not low < high:
            raise WrongMeaning(f"plausible_low ({low:g}) must be lower than plausible_high ({high:g})")
        _check(self.states)

    @property
    def plausible(self) -> tuple[float, float]:
        """The range outside which no reading can be true, infinite on a side of which nothing is said."""
        return within(self.plausible_low, self.plausible_high)


def _is_finite(number: float) -> bool:
    """Whether a number can be stored; a whole one may be too large."""
    return abs(number) <= _MOST


def _check(states: Mapping[str, float]) -> None:
    if len(states) > MOST_STATES:
        raise WrongMeaning(f"there are {len(states)} states; a signal may have {MOST_STATES}")
    seen: dict[str, str] = {}
    for name, number in states.items():
        if not name.strip() or len(name) > LONGEST or "\0" in name:
            raise WrongMeaning(f"{name[:LONGEST]!r} is no state's name: a text of 1 to {LONGEST} characters")
        if _is_a_value(name):
            raise WrongMeaning(f"{name!r} is a number already, and is taken as such; leave it out")
        if isinstance(number, bool) or not isinstance(number, int | float) or not _is_finite(number):
            raise WrongMeaning(f"{name!r} stands for {number!r}; write the number that is to be stored, like 1")
        if (other := seen.setdefault(folded(name), name)) != name:
            raise WrongMeaning(f"{other!r} and {name!r} differ in capitals only, which devices are not trusted with")


def _is_a_value(name: str) -> bool:
    if folded(name) in ("true", "false"):
        return True
    try:
        float(name)
    except ValueError:
        return False
    return True


def within(low: float | None, high: float | None) -> tuple[float, float]:
    """Return a range, infinite on a side of which nothing is said."""
    return (-math.inf if low is None else low), (math.inf if high is None else high)


def implausible(values: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    """Return the signals whose values cannot be true: outside their range or, where none is said, beyond anything that
    is measured.
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
    """Return a state's name as it is looked up: devices spell it with other capitals, and blanks round it."""
    return name.strip().casefold()


def number_of(states: Mapping[str, float], text: str) -> float | None:
    """Return the number of the state that a device names, given states by folded name; None for one that is none."""
    found = states.get(folded(text))
    return states.get(ANY_OTHER) if found is None else found


def name_of(states: Mapping[str, float], number: float) -> str | None:
    """Return the state that a number stands for, or None."""
    return next((name for name, each in states.items() if each == number and name != ANY_OTHER), None)
