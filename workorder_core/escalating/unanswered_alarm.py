"""The sentences of the engine's alarm about escalations that nobody has acknowledged. Pure."""

from collections.abc import Iterator, Sequence

from workorder_core.sentences import joined, say

_NAMED_MOST = 5


def sentences(subjects: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the problem and what to do, for the subjects of such escalations, the oldest first; nothing for none."""
    if not subjects:
        return
    names = joined(subjects[:_NAMED_MOST])
    if len(subjects) > _NAMED_MOST:
        names = say("{names} and others", names=names)
    problem = say("Nobody has acknowledged, though every step of the escalation was taken: {names}", names=names)
    yield problem, say("Acknowledge on the page Escalations, and call people by other means")
