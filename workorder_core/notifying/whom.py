"""Who is notified of an event, and why. No clock, no I/O."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from workorder_core.notifying import kinds
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import ASKED, Choice, Happened
from workorder_core.people import seeing
from workorder_core.people.access import Role

TEST = "receiver.test"
"""The kind of event that goes only to the receiver for which it was created."""
OF_THE_PAST = timedelta(days=1)
"""An event recorded this long after it happened is imported history: no mail is sent about it."""


OF_CONTRACTORS = frozenset({Choice.ASSIGNED})
"""The choices of a contractor."""


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
    roles
        A person's; None: not asked. Nobody hears of what their roles don't let them see.
    """

    id: int
    channel: Channel
    wants: Collection[str]
    sites: Collection[str] | None
    person: str | None = None
    technician: str | None = None
    technician_site: str | None = None
    is_contractor: bool = False
    roles: Collection[str] | None = None


def reason(receiver: Receiver, event: Happened) -> str | None:
    """Return why a receiver is notified of an event, as a kind's pattern or a choice; None: it is not."""
    if event.kind == TEST:
        return "test" if event.data.get("receiver") == receiver.id else None
    if event.kind == ASKED and receiver.channel is not Channel.WEBHOOK:
        return "asked" if receiver.person == event.data.get("person") else None
    if receiver.sites is not None and event.site not in receiver.sites:
        return None
    if receiver.channel is Channel.WEBHOOK:
        return next((each for each in sorted(receiver.wants) if fits(each, event.kind)), None)
    if event.recorded_at - event.at > OF_THE_PAST or not may_hear(receiver.roles, event.kind):
        return None
    wants = receiver.wants if not receiver.is_contractor else OF_CONTRACTORS.intersection(receiver.wants)
    found = [each for each in kinds.of(event) if each in wants and concerns(each, receiver, event)]
    return min(found, key=list(Choice).index, default=None)


def may_hear(roles: Collection[str] | None, kind: str) -> bool:
    """Whether somebody with these roles sees what an event of this kind is about; None: not asked."""
    if roles is None or Role.ADMINISTRATOR in roles:
        return True
    return not seeing.SEEN_BY.get(seeing.of(kind), frozenset()).isdisjoint(roles)


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


def concerns(choice: Choice, receiver: Receiver, event: Happened) -> bool:
    """Whether an event, which is news of this kind, is news for a person: some kinds are so only for whom they name.

    Nobody is notified of what they have done themselves to their own work.
    """
    if not choice.is_mine:
        return True
    if event.data.get("actor") == f"person:{receiver.person}":
        return False
    if choice is Choice.FINDING_MINE:
        return _owns(receiver, event)
    if choice is Choice.SWAP:
        return receiver.person is not None and event.data.get("to") == receiver.person
    if receiver.technician is None or event.site != receiver.technician_site:
        return False
    if choice is Choice.ASSIGNED:
        return event.data.get("assignee") == receiver.technician
    return receiver.technician in (event.data.get("technicians") or ())
