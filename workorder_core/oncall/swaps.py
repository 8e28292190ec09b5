"""Swaps of turns between people who are on call: what can be swapped, and the overrides that carry it out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workorder_core.errors import WorkOrderError
from workorder_core.oncall.duties import Duty
from workorder_core.sentences import say

LONGEST = timedelta(days=92)
"""The longest period that is swapped at once."""
AHEAD = timedelta(days=182)
"""How far ahead turns can be swapped."""


class State(StrEnum):
    """The state of a swap."""

    ASKED = "asked"
    AGREED = "agreed"
    """The rota has its overrides."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """By who asked, or because they have swapped the turn with somebody else."""


class SwapAnswer(StrEnum):
    """What somebody can do about a swap that was asked for."""

    AGREE = "agree"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


LEADS_TO: Mapping[SwapAnswer, State] = {
    SwapAnswer.AGREE: State.AGREED,
    SwapAnswer.DECLINE: State.DECLINED,
    SwapAnswer.WITHDRAW: State.WITHDRAWN,
}


class InvalidSwap(WorkOrderError):
    """A swap that cannot be. ``field`` names what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field, self.problem = field, problem


class SwapOver(WorkOrderError):
    """A swap that has been answered already, or whose turn is over."""

    def __init__(self, state: State) -> None:
        super().__init__(say("the swap is {state}, or its turn is over: it cannot be answered any more", state=state))
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn of somebody in a layer: from the begin of its first duty to the end of its last one (UTC)."""

    layer: str
    person: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Somebody asks somebody else to be on call instead of them. ``back``: the turn that they take in return."""

    layer: str
    asker: str
    other: str
    begins: datetime
    ends: datetime
    back: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """Somebody is on call in place of a duty."""

    duty: Duty
    person: str


def turns(duties: Sequence[Duty]) -> list[Turn]:
    """Return duties as turns, by their begin: those of one person that follow each other in a layer are one, though
    its hours have pauses.
    """
    found = list[Turn]()
    newest = dict[str, int]()
    for each in sorted(duties, key=lambda duty: (duty.begins, duty.layer)):
        at = newest.get(each.layer)
        if at is not None and found[at].person == each.person:
            turn = found[at]
            found[at] = Turn(layer=turn.layer, person=turn.person, begins=turn.begins, ends=each.ends)
            continue
        newest[each.layer] = len(found)
        found.append(Turn(layer=each.layer, person=each.person, begins=each.begins, ends=each.ends))
    return found


def replacements(proposal: Proposal, duties: Sequence[Duty], *, now: datetime) -> list[Replacement]:
    """Return who is on call instead of whom, duty by duty, if both agree. What has begun is swapped from now on.

    ``duties`` are those of the rota within both periods, cut at their ends. Raises InvalidSwap if one of them is not
    on call by the layer in a period, or somebody else is.
    """
    if proposal.asker == proposal.other:
        raise InvalidSwap("to", say("name somebody else: this is your own turn"))
    periods = [("turn", proposal.asker, proposal.other, proposal.begins, proposal.ends)]
    if proposal.back is not None:
        periods.append(("back", proposal.other, proposal.asker, *proposal.back))
        if proposal.back[0] < proposal.ends and proposal.begins < proposal.back[1]:
            raise InvalidSwap("back", say("the two turns must not be at the same time"))
    found = list[Replacement]()
    for field, whose, instead, begins, ends in periods:
        if not begins < ends <= begins + LONGEST:
            raise InvalidSwap(field, say("it must end after it begins, and last {count} days at most", count=92))
        if ends <= now or begins > now + AHEAD:
            raise InvalidSwap(field, say("only turns of the next {count} days can be swapped", count=182))
        low = max(begins, now)
        there = [each for each in duties if each.layer == proposal.layer and each.begins < ends and each.ends > low]
        if not there or any(each.person != whose for each in there):
            raise InvalidSwap(
                field,
                say(
                    "{name} is not on call in the layer {layer} all that time: look at the rota again",
                    name=whose,
                    layer=proposal.layer,
                ),
            )
        found += [Replacement(each, instead) for each in there]
    return found
