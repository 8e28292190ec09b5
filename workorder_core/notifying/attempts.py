"""What follows an attempt to deliver: done, tried again at a stated time, or given up. No clock, no I/O.

A receiver gets its messages in the order of their events. A message that fails is tried again before the next one is
sent, so a receiver that is away gets everything in order once it is back; the price is that one message that a
receiver never accepts blocks those behind it until somebody skips it, or its attempts run out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workorder_core.sentences import say

DELAYS: Sequence[timedelta] = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long each attempt waits after the one before it: the schedule of Standard Webhooks, 75 hours in all."""
JITTER = 0.1
"""The most by which a wait is randomly extended, as a fraction: receivers that failed together are not retried
together."""
ASKED_MOST = timedelta(hours=24)
"""The longest that a receiver can put off the next attempt by asking for it (``Retry-After``)."""
LONGEST_WAIT = max(*DELAYS, ASKED_MOST) * (1 + JITTER)
"""No attempt is ever put off for longer."""
OWN_FAULT_WAITS = timedelta(minutes=1)
"""How long a message waits after a failure of our own. Such attempts do not count against its receiver."""
REFUSALS_DISABLE = 3
"""Messages in a row that a mailbox refuses for good before its receiver is disabled."""


class Channel(StrEnum):
    """How a receiver is reached."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    NTFY = "ntfy"
    APPRISE = "apprise"
    """Any service that the library apprise knows, where it is installed."""
    BANNER = "banner"
    """At the top of every page of a person, until they have seen it."""

    @property
    def is_of_a_person(self) -> bool:
        return self is not Channel.WEBHOOK


class Fault(StrEnum):
    """The party at fault for a failed attempt."""

    PASSING = "passing"
    """The receiver's, and temporary: no answer, or an error."""
    FINAL = "final"
    """The receiver's, for this message: it will never accept it."""
    GONE = "gone"
    """The receiver's: it reports that it no longer exists."""
    OWN = "own"
    """Ours: the configured mail server is missing or unusable. It does not count against any receiver."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Parameters
    ----------
    fault
        None: delivered.
    status
        The code of HTTP or SMTP, if there was one.
    asks_to_wait
        How long the receiver asks to wait before the next attempt, if it does.
    """

    fault: Fault | None
    detail: str
    status: int | None = None
    asks_to_wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has confirmed the message."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """The message is tried again, before any later one."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The message has failed; the next one is sent. ``disable`` says why the receiver is disabled, if it is."""

    disable: str | None = None


@dataclass(frozen=True, slots=True)
class Disable:
    """The receiver is disabled. The message stays the first that it gets once somebody enables it."""

    why: str


Decision = Delivered | RetryAt | GiveUp | Disable


def after_attempt(
    outcome: Outcome, channel: Channel, *, attempts: int, refused: int, now: datetime, chance: float = 0.0
) -> Decision:
    """Decide what follows an attempt.

    Parameters
    ----------
    attempts
        How often this message has been tried since it was last due afresh, this attempt included.
    refused
        How many messages before this one, in a row, this receiver has refused for good.
    now
        Wall clock at the end of the attempt.
    chance
        From 0 to 1, another for each attempt: how much longer than its step of the schedule this wait is.
    """
    match outcome.fault:
        case None:
            return Delivered()
        case Fault.OWN:
            return RetryAt(now + OWN_FAULT_WAITS)
        case Fault.GONE:
            return Disable(say("it says that it is no more: {detail}", detail=outcome.detail))
        case Fault.FINAL:
            many = refused + 1
            why = say("it has refused {count} messages in a row: {detail}", count=many, detail=outcome.detail)
            return GiveUp(why if many >= REFUSALS_DISABLE else None)
    if attempts < len(DELAYS):
        wait = DELAYS[attempts] * (1 + JITTER * chance)
        # Never earlier than the schedule: a receiver that asks for no wait at all would be asked without end.
        return RetryAt(now + max(wait, min(outcome.asks_to_wait or wait, ASKED_MOST)))
    why = say("{count} attempts failed, the last one: {detail}", count=attempts, detail=outcome.detail)
    return Disable(why) if channel is Channel.WEBHOOK else GiveUp(why)
