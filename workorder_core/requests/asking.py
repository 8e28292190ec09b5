"""The life of a request: which step leads where, who may take it, and when it has ended.

Nothing here reads a clock or a database. A request that became part of an order ends with that order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workorder_core.orders.statuses import DONE, FINAL, WAITING
from workorder_core.sentences import coded, say
from workorder_core.words import Status


class RequestStatus(StrEnum):
    """Whether somebody has decided on a request, and how."""

    NEW = "new"
    ASKED_BACK = "asked_back"
    """A planner has a question; the requester has not answered yet."""
    ACCEPTED = "accepted"
    """It has become an order of its own."""
    MERGED = "merged"
    """It was added to an order that existed."""
    DECLINED = "declined"
    SETTLED = "settled"
    """The problem was solved without a visit."""
    WITHDRAWN = "withdrawn"


class RequestStep(StrEnum):
    """What people do with a request. The requester takes the last two; planners take the others."""

    ACCEPT = "accept"
    MERGE = "merge"
    ASK_BACK = "ask_back"
    DECLINE = "decline"
    SETTLE = "settle"
    ANSWER = "answer"
    WITHDRAW = "withdraw"


UNDECIDED = frozenset({RequestStatus.NEW, RequestStatus.ASKED_BACK})
LEADS_TO: Mapping[RequestStep, RequestStatus] = {
    RequestStep.ACCEPT: RequestStatus.ACCEPTED,
    RequestStep.MERGE: RequestStatus.MERGED,
    RequestStep.ASK_BACK: RequestStatus.ASKED_BACK,
    RequestStep.DECLINE: RequestStatus.DECLINED,
    RequestStep.SETTLE: RequestStatus.SETTLED,
    RequestStep.ANSWER: RequestStatus.NEW,
    RequestStep.WITHDRAW: RequestStatus.WITHDRAWN,
}
"""Every step is taken on an undecided request; an answer only if there was a question."""
NEEDS_WORDS = frozenset({RequestStep.ASK_BACK, RequestStep.DECLINE, RequestStep.SETTLE, RequestStep.ANSWER})
"""The steps that say something to the other side: a question, a reason, instructions, an answer."""
OF_REQUESTERS = frozenset({RequestStep.ANSWER, RequestStep.WITHDRAW})
MOST_TIMES = 5
"""How often a requester may choose a time."""
BAD_RATING = 2
"""A rating this low, of 1 to 5, opens a review."""


class IllegalRequestStep(Exception):
    """A request has no such step in its status."""

    def __init__(self, number: str, status: RequestStatus, step: RequestStep) -> None:
        super().__init__(
            say(
                "request {number} is {status}; it has no step “{step}” any more",
                number=number,
                status=coded(status.value.replace("_", " ")),
                step=coded(step.value.replace("_", " ")),
            )
        )
        self.number, self.status, self.step = number, status, step


class WordsMissing(Exception):
    """A step that has to say something says nothing."""

    def __init__(self, step: RequestStep) -> None:
        super().__init__(say("write something to the requester: they see no other reason"))
        self.step = step


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a request has come, for its requester: the words are those of pages."""

    code: str
    ended: bool


def take(number: str, status: RequestStatus, step: RequestStep, words: str = "") -> RequestStatus:
    """Return the status to which a step leads.

    Raises IllegalRequestStep, or WordsMissing if the step needs words and there are none.

    >>> take("NTH-R1", RequestStatus.NEW, RequestStep.ACCEPT).value
    'accepted'
    """
    allowed = {RequestStatus.ASKED_BACK} if step is RequestStep.ANSWER else UNDECIDED
    if status not in allowed:
        raise IllegalRequestStep(number, status, step)
    if step in NEEDS_WORDS and not words.strip():
        raise WordsMissing(step)
    return LEADS_TO[step]


_STAGES: Mapping[Status, str] = {
    Status.DRAFT: "accepted",
    Status.AWAITING_APPROVAL: "accepted",
    Status.OPEN: "accepted",
    Status.PLANNED: "accepted",
    Status.SCHEDULED: "appointed",
    Status.DISPATCHED: "appointed",
    Status.IN_PROGRESS: "working",
    Status.ON_HOLD: "interrupted",
    Status.COMPLETED: "done",
    Status.VERIFIED: "done",
    Status.CLOSED: "done",
    Status.CANCELLED: "cancelled",
    Status.CANNOT_COMPLETE: "cancelled",
}


def stage(status: RequestStatus, order: Status | None) -> Stage:
    """Return how far a request has come; ``order`` is the status of the order that it became part of, if any.

    >>> stage(RequestStatus.MERGED, Status.IN_PROGRESS)
    Stage(code='working', ended=False)
    """
    if order is not None:
        return Stage(_STAGES[order], order in DONE | FINAL)
    return Stage(status.value, status not in UNDECIDED)


def may_choose_time(status: RequestStatus, order: Status | None, *, danger: bool, chosen: int) -> bool:
    """Return whether the requester may choose when somebody comes: the order is theirs alone to choose for and waits,
    nobody is in danger, and they have not chosen ``MOST_TIMES`` times already.

    >>> may_choose_time(RequestStatus.ACCEPTED, Status.OPEN, danger=False, chosen=0)
    True
    >>> may_choose_time(RequestStatus.MERGED, Status.OPEN, danger=False, chosen=0)
    False
    """
    return status is RequestStatus.ACCEPTED and order in WAITING and not danger and chosen < MOST_TIMES


def may_be_rated(status: RequestStatus, order: Status | None) -> bool:
    """Return whether the requester can say how it went: the work is done, or it was settled without a visit."""
    return stage(status, order).code in ("done", "settled")
