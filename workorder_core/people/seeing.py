"""Who may see which events. Of which site they are is decided beside this: what is of another site is not there."""

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
    "stock": EVERYBODY,
    "purchase": EVERYBODY,
    "round": EVERYBODY,
    "audit": EVERYBODY,
}
"""By what an event is of, the roles that may read the same elsewhere: orders, alarms, stock, long work and, at every
site, documents. What concerns the whole plant has no site, so that only who sees every site is sent it."""


def of(kind: str) -> str:
    """Return what an event is of: of ``order.closed`` it is ``order``."""
    return kind.partition(".")[0]


def seen_by(who: Who) -> frozenset[str] | None:
    """Return of what somebody is sent events; None: of everything.

    What is not in the table is for administrators of every site, so that a new kind is shown to nobody by mistake.
    """
    if who.sites is None and who.may(()):
        return None
    return frozenset(subject for subject, roles in SEEN_BY.items() if who.may(roles))
