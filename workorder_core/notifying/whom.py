"""Who is notified of an event, and why. No clock, no I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from workorder_core.notifying.attempts import Channel
from workorder_core.sentences import say
from workorder_core.words import OrderType

TEST = "receiver.test"
"""The kind of event that goes only to the receiver for which it was created."""
OF_THE_PAST = timedelta(days=1)
"""An event recorded this long after it happened is imported history: no mail is sent about it."""


OF_OWNERS = frozenset({"audit.found", "audit.finding_open", "audit.finding_overdue"})
"""Events after which a finding's owner has to do something: it is new, its answer was rejected, it is overdue."""


class Choice(StrEnum):
    """The notifications that a person can choose by e-mail."""

    ASSIGNED = "assigned"
    EMERGENCY = "emergency"
    ESCALATED = "escalated"
    ENGINE_ALARM = "engine_alarm"
    ROUND_MISSED = "round_missed"
    FINDING_MINE = "finding_mine"
    FINDING_OVERDUE = "finding_overdue"

    @property
    def label(self) -> str:
        return _LABELS[self]


OF_CONTRACTORS = frozenset({Choice.ASSIGNED})
"""The choices of a contractor."""

_LABELS: Mapping[Choice, str] = {
    Choice.ASSIGNED: say("An order is assigned to me"),
    Choice.EMERGENCY: say("An emergency order is opened, or an order becomes one"),
    Choice.ESCALATED: say("An order is escalated because a target has run out"),
    Choice.ENGINE_ALARM: say("The engine raises an alarm about itself, or it is over"),
    Choice.ROUND_MISSED: say("An inspection round is missed: nobody began it in time"),
    Choice.FINDING_MINE: say("A finding of an audit is given to me, comes back to me, or is overdue"),
    Choice.FINDING_OVERDUE: say("A finding of an audit is overdue"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """The facts of an event that decide who is notified. ``site`` None: the whole plant."""

    kind: str
    site: str | None
    at: datetime
    recorded_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A person or system that receives notifications.

    Parameters
    ----------
    wants
        For a webhook, kinds of events: ``order.closed``, ``order.*`` or ``*``. For a person, their ``Choice`` values.
    sites
        Codes of the sites whose events it gets; None: of all, and those of the whole plant.
    person, technician, technician_site
        Of e-mail: the user's name, and the technician that they are.
    is_contractor
        They are of a firm: notified of their own orders only, whatever they chose before.
    """

    id: int
    channel: Channel
    wants: Collection[str]
    sites: Collection[str] | None
    person: str | None = None
    technician: str | None = None
    technician_site: str | None = None
    is_contractor: bool = False


def reason(receiver: Receiver, event: Happened) -> str | None:
    """Return why a receiver is notified of an event, as a kind's pattern or a choice; None: it is not."""
    if event.kind == TEST:
        return "test" if event.data.get("receiver") == receiver.id else None
    if receiver.sites is not None and event.site not in receiver.sites:
        return None
    if receiver.channel is Channel.WEBHOOK:
        return next((each for each in sorted(receiver.wants) if fits(each, event.kind)), None)
    if event.recorded_at - event.at > OF_THE_PAST:
        return None
    wants = receiver.wants if not receiver.is_contractor else OF_CONTRACTORS.intersection(receiver.wants)
    return next((each for each in Choice if each in wants and _concerns(each, receiver, event)), None)


def _owns(receiver: Receiver, event: Happened) -> bool:
    """Whether a person answers for an event's finding, as a user or as a technician of its site."""
    user, technician = event.data.get("owner_user"), event.data.get("owner_technician")
    as_technician = technician is not None and (technician, event.site) == (
        receiver.technician,
        receiver.technician_site,
    )
    return as_technician or (user is not None and user == receiver.person)


def fits(pattern: str, kind: str) -> bool:
    """Whether a pattern of a webhook, like ``order.*``, covers a kind of event."""
    return pattern in ("*", kind) or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))


def _concerns(choice: Choice, receiver: Receiver, event: Happened) -> bool:
    data, new = event.data, event.data.get("new") or {}
    of_order = event.kind.startswith("order.")
    match choice:
        case Choice.ASSIGNED:
            newly = new.get("assignee") is not None or event.kind == "order.opened"
            theirs = (data.get("assignee"), event.site) == (receiver.technician, receiver.technician_site)
            own = data.get("actor") == f"person:{receiver.person}"
            return of_order and newly and theirs and receiver.technician is not None and not own
        case Choice.EMERGENCY:
            opened = event.kind == "order.opened" and data.get("type") == OrderType.EMERGENCY
            return opened or (of_order and new.get("type") == OrderType.EMERGENCY)
        case Choice.ESCALATED:
            return event.kind == "order.escalated"
        case Choice.ENGINE_ALARM:
            return event.kind.startswith("engine_alarm.")
        case Choice.ROUND_MISSED:
            return event.kind == "round.missed"
        case Choice.FINDING_MINE:
            return (
                event.kind in OF_OWNERS and _owns(receiver, event) and data.get("actor") != f"person:{receiver.person}"
            )
        case Choice.FINDING_OVERDUE:
            return event.kind == "audit.finding_overdue"
