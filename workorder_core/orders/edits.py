"""The edits that people make to an order besides its status: in which statuses, and by whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workorder_core.errors import IllegalMove, NotAllowed
from workorder_core.orders.lifecycle import DONE, FINAL, PLANNERS, has, possible
from workorder_core.orders.order import WorkOrder
from workorder_core.orders.statuses import UNAPPROVED
from workorder_core.people.access import Role, Who
from workorder_core.sentences import say
from workorder_core.words import Status


class Edit(StrEnum):
    """The edits that people make to an order besides its status."""

    FIELDS = "change"
    STEPS = "do a step of the plan"
    PARTS = "note parts"
    STOCK = "take parts from a store"
    RETURNS = "bring parts back to a store"
    PRICES = "price parts"
    FILES = "attach a file"
    REMARKS = "say something"
    LINK = "link"
    UNLINK = "take a link back"
    FOLLOW_UP = "make an order that follows"


class Theirs(StrEnum):
    """On which orders a technician may change something."""

    ONLY = "what they have"
    OR_NOBODYS = "what they have or nobody has"


@dataclass(frozen=True, slots=True)
class EditRule:
    """Who may change something of an order, in which statuses; planners may in all of them.

    Parameters
    ----------
    requester
        The statuses in which somebody may change it on what they asked for.
    everybody
        Whoever the route lets in; it only adds, and says who did.
    storekeeper
        A storekeeper may do it on every order that they see.
    """

    statuses: frozenset[Status]
    technician: Theirs | None = None
    requester: frozenset[Status] = frozenset()
    everybody: bool = False
    storekeeper: bool = False


_ALWAYS = frozenset(Status)
_UNTIL_FINAL = _ALWAYS - FINAL
EDITS: Mapping[Edit, EditRule] = {
    Edit.FIELDS: EditRule(_UNTIL_FINAL, Theirs.ONLY, UNAPPROVED),
    Edit.STEPS: EditRule(_UNTIL_FINAL - DONE, Theirs.OR_NOBODYS),
    Edit.PARTS: EditRule(_UNTIL_FINAL, Theirs.OR_NOBODYS),
    Edit.STOCK: EditRule(_UNTIL_FINAL - DONE - UNAPPROVED, Theirs.OR_NOBODYS, storekeeper=True),
    Edit.RETURNS: EditRule(_ALWAYS, Theirs.OR_NOBODYS, storekeeper=True),
    Edit.PRICES: EditRule(_ALWAYS),
    Edit.FILES: EditRule(_UNTIL_FINAL, Theirs.OR_NOBODYS, _UNTIL_FINAL),
    Edit.REMARKS: EditRule(_ALWAYS, everybody=True),
    Edit.LINK: EditRule(_ALWAYS),
    Edit.UNLINK: EditRule(_UNTIL_FINAL),
    Edit.FOLLOW_UP: EditRule(_ALWAYS, everybody=True),
}
"""The permitted edits. An order that has ended stays as it is: only remarks, links, prices, returned parts and
follow-up orders are added, each with who and when. Bills come late."""


def permit(order: WorkOrder, edit: Edit, who: Who) -> None:
    """Check that a change of an order is allowed, by the table EDITS. Raises IllegalMove or NotAllowed."""
    rule = EDITS[edit]
    if order.status not in rule.statuses:
        raise IllegalMove(order.id, order.number, order.status, edit, tuple(possible(order.status)))
    technician = Role.TECHNICIAN in who.roles and rule.technician is not None
    if (
        who.roles & PLANNERS
        or rule.everybody
        or (rule.storekeeper and Role.STOREKEEPER in who.roles)
        or (technician and (has(order, who) or (order.assignee is None and rule.technician is Theirs.OR_NOBODYS)))
        or (order.requested_by == who.actor and order.status in rule.requester)
    ):
        return
    raise NotAllowed(
        order.number,
        edit,
        say("{assignee} has the order, and it is not your request", assignee=order.assignee or say("nobody")),
    )
