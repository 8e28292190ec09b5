"""The life of a round, its conditions for finishing, and the consequence of a failed point. No clock, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from workorder_core.inspections.answers import Answer
from workorder_core.inspections.checklists import Item
from workorder_core.sentences import coded, joined, say, stored, translated
from workorder_core.words import OrderType


class RoundStatus(StrEnum):
    DUE = "due"
    UNDER_WAY = "under_way"
    PAUSED = "paused"
    DONE = "done"
    MISSED = "missed"
    """Not begun by its latest time."""
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class RoundStep(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    """Continue a paused round, or take it over from the person who has it."""
    FINISH = "finish"
    CANCEL = "cancel"
    MISS = "miss"


class How(StrEnum):
    """The origin of a round."""

    HAND = "hand"
    CODE = "code"
    """By the code on an asset or at the beginning of a route."""
    PLAN = "plan"


class StopStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"
    """Missed, with the reason."""


OPEN = frozenset({RoundStatus.DUE, RoundStatus.UNDER_WAY, RoundStatus.PAUSED})
WALKED = frozenset({RoundStatus.UNDER_WAY, RoundStatus.PAUSED})
OVER = frozenset(RoundStatus) - OPEN
STEPS: Mapping[RoundStep, tuple[frozenset[RoundStatus], RoundStatus]] = {
    RoundStep.START: (frozenset({RoundStatus.DUE}), RoundStatus.UNDER_WAY),
    RoundStep.PAUSE: (frozenset({RoundStatus.UNDER_WAY}), RoundStatus.PAUSED),
    RoundStep.RESUME: (WALKED, RoundStatus.UNDER_WAY),
    RoundStep.FINISH: (WALKED, RoundStatus.DONE),
    RoundStep.CANCEL: (OPEN, RoundStatus.CANCELLED),
    RoundStep.MISS: (frozenset({RoundStatus.DUE}), RoundStatus.MISSED),
}
"""The statuses from which a step is allowed, and the one to which it leads."""


class RoundError(Exception):
    """A request that the rules of rounds do not allow."""


class IllegalRoundStep(RoundError):
    """The round's status does not allow this step."""

    def __init__(self, number: str, status: RoundStatus, step: str) -> None:
        possible = [
            each.value for each, (sources, _) in STEPS.items() if status in sources and each is not RoundStep.MISS
        ]
        super().__init__(
            say(
                "round {number} is {status}: '{step}' is not possible now (possible: {possible})",
                number=number,
                status=coded(status.label),
                step=coded(step),
                possible=joined(map(coded, possible)) if possible else say("nothing, it is over"),
            )
        )
        self.number, self.status, self.step, self.possible = number, status, step, tuple(possible)


class RoundIncomplete(RoundError):
    """A round cannot be finished yet; ``missing`` lists what it lacks."""

    def __init__(self, number: str, missing: Sequence[str]) -> None:
        super().__init__(
            say("round {number} cannot be finished yet: {missing}", number=number, missing=joined(missing, "; "))
        )
        self.number, self.missing = number, tuple(missing)


class StopIncomplete(RoundError):
    """Answers of a stop are missing or wrong; ``problems`` are by the key of the item."""

    def __init__(self, position: int, problems: Mapping[str, str]) -> None:
        told = "; ".join(f"{key}: {problem}" for key, problem in problems.items())
        super().__init__(say("stop {position} is not complete: {told}", position=position, told=told))
        self.position, self.problems = position, dict(problems)


class StopChanged(RoundError):
    """Somebody else has saved the stop meanwhile."""

    def __init__(self, position: int, by: str) -> None:
        super().__init__(
            say(
                "stop {position} was saved by {by} meanwhile; load it again, then decide what is right",
                position=position,
                by=by.partition(":")[2] or by,
            )
        )
        self.position = position


class SignedByAnother(RoundError):
    """Whoever signs a round has walked it: a round that somebody else has must be taken over first."""

    def __init__(self, number: str, walker: str) -> None:
        super().__init__(
            say(
                "round {number} is walked by {walker}; take it over first, then sign it",
                number=number,
                walker=walker.partition(":")[2] or walker,
            )
        )
        self.number, self.walker = number, walker


def after(number: str, status: RoundStatus, step: RoundStep) -> RoundStatus:
    """Return the status to which a step leads. Raises IllegalRoundStep."""
    sources, to = STEPS[step]
    if status not in sources:
        raise IllegalRoundStep(number, status, step.value)
    return to


def check_answerable(number: str, status: RoundStatus) -> None:
    """Raise IllegalRoundStep unless stops of the round can be answered: it has begun and is not over."""
    if status not in WALKED:
        raise IllegalRoundStep(number, status, "answer")


def check_signer(number: str, walker: str | None, actor: str) -> None:
    """Raise SignedByAnother unless who signs is who has the round."""
    if walker is not None and walker != actor:
        raise SignedByAnother(number, walker)


def answered_at(said: datetime | None, *, began: datetime | None, now: datetime) -> datetime:
    """Return when a stop was answered: as the device says, but never after ``now`` nor before its round began.

    An answer that was sent late, because there was no network, counts from when it was typed. None: it is sent at once.
    """
    if said is None:
        return now
    return min(said if began is None else max(said, began), now)


def check_finished(number: str, stops: Sequence[tuple[str, StopStatus]], signed: str) -> None:
    """Raise RoundIncomplete if a stop was neither done nor skipped with a reason, or nobody has signed. ``stops`` has
    each stop's name with its status.
    """
    missing = [
        say("{called}: do it, or say why it was missed", called=called)
        for called, status in stops
        if status is StopStatus.OPEN
    ]
    if not signed.strip():
        missing.append(say("sign with your name"))
    if missing:
        raise RoundIncomplete(number, missing)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """A failed point gets an order of its own."""

    type: OrderType
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class SameOrder:
    """The point had failed before, and its order is unfinished: this is added to it."""

    order_id: UUID
    remark: str


@dataclass(frozen=True, slots=True)
class OnlyNoted:
    """The checklist requires no order for this failure."""


Consequence = OpenOrder | SameOrder | OnlyNoted


def follow_up(item: Item, failed: Answer, *, number: str, note: str, unfinished: UUID | None) -> Consequence:
    """Decide the consequence of a failed point. ``number`` is the round's, ``unfinished`` an earlier order for the same
    point of the same asset. Texts are in the language of the person who answers, as if they had been written by hand.
    """
    answered = stored(failed.why) or failed.said
    said = f"{item.text} {answered}." + (f" {note.strip()}" if note.strip() else "")
    if unfinished is not None:
        return SameOrder(
            unfinished, translated(say("Failed again in round {number}: {said}", number=number, said=said))
        )
    if item.severity is None:
        return OnlyNoted()
    question = item.text.strip().rstrip("?.: ")
    return OpenOrder(
        item.severity.order_type,
        f"{question}: {answered}"[:200],
        translated(say("Round {number}: {said}", number=number, said=said)),
    )
