"""Who may see which events, by role. Sites are checked separately: events of other sites do not exist for a reader."""

from collections.abc import Mapping

from workorder_core.people.access import Role, Who

EVERYBODY = frozenset(Role)
SEEN_BY: Mapping[str, frozenset[Role]] = {
    "order": EVERYBODY,
    "finding": EVERYBODY,
    "alarm": EVERYBODY,
    "document": EVERYBODY,
    "rule": EVERYBODY,
    "engine_alarm": EVERYBODY,
    "run": EVERYBODY,
    "schedule": EVERYBODY,
    "stock": EVERYBODY,
    "purchase": EVERYBODY,
    "round": EVERYBODY,
    "audit": EVERYBODY,
    "rota": EVERYBODY,
    "notification_policy": EVERYBODY,
    "certificate": frozenset({Role.PLANNER, Role.ADMINISTRATOR}),
    "escalation": EVERYBODY,
    "escalation_policy": EVERYBODY,
    "triage": EVERYBODY,
    "request": frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER}),
}
"""By the event's subject, the roles that may read that subject elsewhere: orders, alarms, stock, runs and, at every
site, documents. A plant-wide event has no site, so only readers of every site receive it."""


def of(kind: str) -> str:
    """Return an event's subject: ``order`` for ``order.closed``."""
    return kind.partition(".")[0]


def seen_by(who: Who) -> frozenset[str] | None:
    """Return the subjects whose events somebody receives; None: all. A subject that is not in the table is for
    administrators of every site, so that a new kind is shown to nobody by mistake. A contractor receives those of
    orders, and of these ``db.scope`` passes their own.
    """
    if who.contractor is not None:
        return frozenset({"order"})
    if who.sites is None and who.may(()):
        return None
    return frozenset(subject for subject, roles in SEEN_BY.items() if who.may(roles))
