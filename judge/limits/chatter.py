"""Rules that chatter: repeatedly active within a minute (ISA-18.2), until they have been calm for long enough."""

from dataclasses import dataclass, field
from datetime import timedelta

from rules.threshold import Condition
from workorder_core.alarms.standard import CHATTER, CHATTER_WITHIN, PERIOD

_MICROSECOND = timedelta(microseconds=1)

CHATTER_US = CHATTER_WITHIN // _MICROSECOND
CALM_US = PERIOD // _MICROSECOND
"""A chattering rule stays active until its value has not passed the limit for ten minutes."""


@dataclass(slots=True)
class Chatter:
    """Which rules of an asset chatter. Times are its event time, epoch microseconds.

    Parameters
    ----------
    raised
        By rule id: the times within the last minute at which it became active.
    chattering
        By chattering rule: when its own condition was last active.
    """

    raised: dict[str, list[int]] = field(default_factory=dict)
    chattering: dict[str, int] = field(default_factory=dict)

    def note_raised(self, key: str, at_us: int) -> bool:
        """Record that a rule has become active; return whether it chatters from now on."""
        raised = [at for at in self.raised.get(key, ()) if at_us - at <= CHATTER_US]
        raised.append(at_us)
        if len(raised) < CHATTER:
            self.raised[key] = raised
            return False
        self.raised.pop(key, None)
        self.chattering[key] = at_us
        return True

    def damp(self, key: str, before: Condition, condition: Condition, at_us: int) -> Condition:
        """Return the condition of a rule that chatters: it stays active until it has been calm for long enough."""
        if condition.active:
            self.chattering[key] = at_us
        elif at_us - self.chattering[key] < CALM_US:
            return Condition(before.beyond_since, True, at_us)
        else:
            del self.chattering[key]
        return condition

    def turn_back(self, now_us: int) -> None:
        """Forget activations later than ``now_us``; what chatters is as if active then."""
        self.raised = {key: [at for at in raised if at <= now_us] for key, raised in self.raised.items()}
        self.chattering = {key: min(at, now_us) for key, at in self.chattering.items()}

    def forget(self, key: str) -> None:
        """Forget a rule."""
        self.raised.pop(key, None)
        self.chattering.pop(key, None)
