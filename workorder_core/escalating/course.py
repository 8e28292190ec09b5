"""The course of an escalation: which step is due when, until somebody has acknowledged or nobody is left. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workorder_core.errors import WorkOrderError
from workorder_core.escalating.policies import Policy, Step
from workorder_core.sentences import say

LINK_LASTS = timedelta(hours=24)
"""For how long the link of a message acknowledges."""
ONE_A_PERSON_EVERY = timedelta(minutes=1)
"""A person gets at most one message in this time; what comes meanwhile is in the next one."""
ITEMS_LISTED = 20
"""The most that one message lists by name; it says how many there are."""


class State(StrEnum):
    """The state of an escalation."""

    RUNNING = "running"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"
    """Every step was taken, and nobody has acknowledged. Everybody of the site has been asked."""
    OVER = "over"
    """What it was about has ended: the order is done or cancelled, the alarm has cleared."""


class Answer(StrEnum):
    """What somebody can do about an escalation."""

    ACKNOWLEDGE = "acknowledge"
    """They take care of it; of one that somebody else has acknowledged, they take it over."""
    DECLINE = "decline"
    """They cannot; the next step follows at once."""
    HAND_ON = "hand_on"
    """Somebody whom they name is asked at once."""


ALLOWED: Mapping[State, frozenset[Answer]] = {
    State.RUNNING: frozenset(Answer),
    State.UNANSWERED: frozenset({Answer.ACKNOWLEDGE, Answer.HAND_ON}),
    State.ACKNOWLEDGED: frozenset({Answer.ACKNOWLEDGE, Answer.HAND_ON}),
    State.OVER: frozenset(),
}
"""What somebody can do in each state."""
UNFINISHED = frozenset({State.RUNNING, State.UNANSWERED})


class CannotAnswer(WorkOrderError):
    """An escalation that is over, or of which nothing is left to decline."""

    def __init__(self, subject: str, state: State) -> None:
        super().__init__(
            say("the escalation of {subject} is {state}: this is not possible now", subject=subject, state=state)
        )
        self.subject, self.state = subject, state


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask those of ``step``, the next one at ``next_at`` unless somebody acknowledges. ``taken`` counts this step."""

    step: Step
    taken: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class End:
    """Nobody is left to ask."""


def advance(policy: Policy, taken: int, *, now: datetime) -> Ask | End:
    """Decide what follows, at the moment at which it is due, after so many steps.

    ``now`` is the wall clock: after an outage the waits begin anew, so that its steps don't follow each other at once.
    """
    if taken >= len(policy.steps) * (policy.repeat + 1):
        return End()
    step = policy.steps[taken % len(policy.steps)]
    return Ask(step, taken + 1, now + timedelta(minutes=step.wait_minutes))


def check(subject: str, state: State, answer: Answer) -> None:
    """Raise CannotAnswer unless somebody can do this in an escalation's state."""
    if answer not in ALLOWED[state]:
        raise CannotAnswer(subject, state)
