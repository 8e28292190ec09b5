"""The kinds of news that a person can choose, and which of them an event is. No clock, no I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from workorder_core.sentences import say
from workorder_core.words import OrderType, Status

ASKED = "escalation.asked"
"""The kind of event that asks one person, whatever they have chosen; systems get it as any other."""


class Choice(StrEnum):
    """The kinds of news that a person can choose."""

    ASSIGNED = "assigned"
    EMERGENCY = "emergency"
    ESCALATED = "escalated"
    ENGINE_ALARM = "engine_alarm"
    ROUND_MISSED = "round_missed"
    FINDING_MINE = "finding_mine"
    FINDING_OVERDUE = "finding_overdue"
    REQUESTED = "requested"
    WARNED = "warned"
    DELAYED = "delayed"
    SCHEDULED = "scheduled"
    ALARM = "alarm"
    STOCK_LOW = "stock_low"
    PARTS_LACKING = "parts_lacking"
    SHADOWED = "shadowed"
    DOCUMENT = "document"
    CERTIFICATE_ENDING = "certificate_ending"
    SWAP = "swap"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def is_gathered(self) -> bool:
        """Whether a person gets at most one message of it, and of the others like it, in the time between two."""
        return self not in _ONE_BY_ONE

    @property
    def is_mine(self) -> bool:
        """Whether it is news only for the person that it is about."""
        return self in (Choice.ASSIGNED, Choice.FINDING_MINE, Choice.SCHEDULED, Choice.SWAP)


_LABELS: Mapping[Choice, str] = {
    Choice.ASSIGNED: say("An order is assigned to me"),
    Choice.EMERGENCY: say("An emergency order is opened, or an order becomes one"),
    Choice.ESCALATED: say("An order is escalated because a target has run out"),
    Choice.ENGINE_ALARM: say("The engine raises an alarm about itself, or it is over"),
    Choice.ROUND_MISSED: say("An inspection round is missed: nobody began it in time"),
    Choice.FINDING_MINE: say("A finding of an audit is given to me, comes back to me, or is overdue"),
    Choice.FINDING_OVERDUE: say("A finding of an audit is overdue"),
    Choice.REQUESTED: say("Somebody requests work"),
    Choice.WARNED: say("A target of an order is near"),
    Choice.DELAYED: say("An order is put on hold"),
    Choice.SCHEDULED: say("A schedule is published in which I have work"),
    Choice.ALARM: say("An asset has a new alarm"),
    Choice.STOCK_LOW: say("An item is low in stock, or more was issued than the book had"),
    Choice.PARTS_LACKING: say("An order lacks parts again that it had"),
    Choice.SHADOWED: say("A rule is moved to shadow because of false positives, or returns"),
    Choice.DOCUMENT: say("A version of the rulebook or of the models is put in force"),
    Choice.CERTIFICATE_ENDING: say("A technician's certificate ends soon"),
    Choice.SWAP: say("I am asked to swap a turn on call, or get an answer to it"),
}
_ONE_BY_ONE = frozenset(
    {
        Choice.ASSIGNED,
        Choice.EMERGENCY,
        Choice.ESCALATED,
        Choice.ENGINE_ALARM,
        Choice.ROUND_MISSED,
        Choice.FINDING_MINE,
        Choice.FINDING_OVERDUE,
        Choice.SWAP,
    }
)
OF_OWNERS = frozenset({"audit.found", "audit.finding_open", "audit.finding_overdue"})
"""Events after which a finding's owner has to do something: it is new, its answer was rejected, it is overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """The facts of an event that decide who is notified. ``site`` None: the whole plant."""

    kind: str
    site: str | None
    at: datetime
    recorded_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


def of(event: Happened) -> Iterator[Choice]:
    """Yield the kinds of news that an event is, for whoever it concerns, the most specific first."""
    data, new = event.data, event.data.get("new") or {}
    of_order = event.kind.startswith("order.")
    opened = event.kind == "order.opened"
    if of_order and (new.get("assignee") is not None or opened) and data.get("assignee") is not None:
        yield Choice.ASSIGNED
    if (opened and data.get("type") == OrderType.EMERGENCY) or (of_order and new.get("type") == OrderType.EMERGENCY):
        yield Choice.EMERGENCY
    if event.kind.startswith("engine_alarm."):
        yield Choice.ENGINE_ALARM
    if event.kind in OF_OWNERS:
        yield Choice.FINDING_MINE
    if event.kind.startswith("rota.swap_"):
        yield Choice.SWAP
    if event.kind in _BY_KIND:
        yield _BY_KIND[event.kind]
    if event.kind.startswith("document."):
        yield Choice.DOCUMENT
    if event.kind.startswith("rule."):
        yield Choice.SHADOWED
    if opened and data.get("status") == Status.AWAITING_APPROVAL:
        yield Choice.REQUESTED


def is_urgent(event: Happened, choice: Choice) -> bool:
    """Whether news passes quiet hours and digests: there is an emergency, one is assigned, or a request speaks of
    danger.
    """
    if choice is Choice.ASSIGNED:
        return event.data.get("type") == OrderType.EMERGENCY
    if choice is Choice.REQUESTED:
        return bool(event.data.get("danger"))
    return choice is Choice.EMERGENCY or (choice is Choice.ESCALATED and event.data.get("type") == OrderType.EMERGENCY)


_BY_KIND: Mapping[str, Choice] = {
    "order.escalated": Choice.ESCALATED,
    "round.missed": Choice.ROUND_MISSED,
    "audit.finding_overdue": Choice.FINDING_OVERDUE,
    "order.warned": Choice.WARNED,
    "order.on_hold": Choice.DELAYED,
    "schedule.published": Choice.SCHEDULED,
    "alarm.raised": Choice.ALARM,
    "stock.low": Choice.STOCK_LOW,
    "stock.short": Choice.STOCK_LOW,
    "stock.lacking": Choice.PARTS_LACKING,
    "certificate.ending": Choice.CERTIFICATE_ENDING,
    "request.new": Choice.REQUESTED,
    "request.quote_accepted": Choice.REQUESTED,
    "request.quote_declined": Choice.REQUESTED,
}
