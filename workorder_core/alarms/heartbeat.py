"""Whether the engine is well enough for its heartbeat to an address outside, which notices when none comes. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workorder_core.alarms.engine_alarms import UNDECIDED_MOST, Code, Facts, spoken, standing
from workorder_core.sentences import Said, joined, say

PREVENT = frozenset(
    {Code.NEVER_RAN, Code.STOPPED, Code.SILENT, Code.BEHIND, Code.CHECKPOINT_FAILS, Code.DEVICES_KEPT_OUT}
)
"""The engine's alarms that say that machines' messages are not judged as they should be."""
UNTRIED_MOST = timedelta(minutes=5)
"""How long a message that is due may wait for an attempt: each attempt takes less than a minute."""
MAILS_WAIT_MOST = timedelta(minutes=15)
"""How long mails may wait because of the mail server, on which all of them depend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What waits in delivery, in seconds.

    Parameters
    ----------
    undecided_s
        How long the oldest event has waited for its receivers to be chosen.
    untried_s
        How long the first message of a receiver has been due without an attempt. A receiver that does not answer is
        tried again in time: that is no fault of the engine.
    mails_s
        How long the oldest mail has waited whose newest attempt failed by a fault on our side.
    """

    undecided_s: float = 0.0
    untried_s: float = 0.0
    mails_s: float = 0.0


def unwell(facts: Facts, delivery: Delivery, *, now: datetime) -> Said | None:
    """Return why no heartbeat is sent at ``now`` (wall clock); None: the engine is well."""
    found = [each.problem for each in standing(facts, now=now) if each.code in PREVENT] + list(_stuck(delivery))
    return joined(found, "; ") if found else None


def _stuck(delivery: Delivery) -> Iterator[Said]:
    if delivery.undecided_s > UNDECIDED_MOST.total_seconds():
        yield say(
            "Nobody is being notified: events have waited for {span}; none is lost", span=spoken(delivery.undecided_s)
        )
    if delivery.untried_s > UNTRIED_MOST.total_seconds():
        yield say("Nothing is being delivered: a message has been due for {span}", span=spoken(delivery.untried_s))
    if delivery.mails_s > MAILS_WAIT_MOST.total_seconds():
        yield say("No mail is accepted: the oldest has waited for {span}", span=spoken(delivery.mails_s))
