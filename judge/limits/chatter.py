"""Rules that chatter: active again and again within a minute (ISA-18.2), until they have been calm for long enough."""

from dataclasses import dataclass, field
from datetime import timedelta

from rules.threshold import Condition
from workorder_core.alarms.standard import CHATTER, CHATTER_WITHIN, PERIOD

_MICROSECOND = timedelta(microseconds=1)

CHATTER_US = CHATTER_WITHIN // _MICROSECOND
CALM_US = PERIOD // _MICROSECOND
"""One that chatters stays active until its value has not passed the limit for ten minutes."""


@dataclass(slots=True)
class Chatter:
    """Which rules of an asset chatter. Times are its event time, epoch microseconds.

    Parameters
    ----------
    raised
        By rule id: when it became active within a minute.
    chattering
        Of a rule that chatters: when it was last active by itself.
    """

    raised: dict[str, list[int]] = field(default_factory=dict)
    chattering: dict[str, int] = field(default_factory=dict)

    def note_raised(self, key: str, at_us: int) -> bool:
        """Note that a rule has become active; whether it chatters from now on."""
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

    def forget(self, key: str) -> None:
        """Know nothing of a rule any more."""
        self.raised.pop(key, None)
        self.chattering.pop(key, None)
