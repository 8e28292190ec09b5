"""Small changes without asking: what of a proposal the plant's own rules accept, and publish, by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workorder_core.scheduling.documents import InvalidWeights
from workorder_core.scheduling.weeks import Differences, Planned
from workorder_core.sentences import Said, say

ALONE = "accept_alone"
"""The name of the policy in the document of a site's weights."""
KINDS = ("assigned", "moved", "dropped")
MOST_PEOPLE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a run may accept by itself; as a plant begins, nothing.

    Parameters
    ----------
    changes
        The kinds of change that a proposal may consist of: ``assigned``, ``moved``, ``dropped``. Empty: a planner is
        asked every time.
    people_told
        The most people whose published visits may change. 0: what was published stays as it is.
    costlier
        By how much money the plan may become dearer.
    publish
        Whether it is published as well, if planners have no unpublished plan of that week.
    """

    changes: frozenset[str] = frozenset()
    people_told: int = 0
    costlier: float = 0.0
    publish: bool = False


def policy_of(document: Mapping[str, Any]) -> Policy:
    """Return the policy of a document of weights. Raises InvalidWeights."""
    given = document.get(ALONE, {})
    if not isinstance(given, Mapping) or given.keys() - {"changes", "people_told", "costlier", "publish"}:
        raise InvalidWeights(ALONE, say("give changes, people_told, costlier and publish, or leave them out"))
    changes, people = given.get("changes", []), given.get("people_told", 0)
    costlier, publish = given.get("costlier", 0.0), given.get("publish", False)
    if not isinstance(changes, list) or not all(each in KINDS for each in changes):
        raise InvalidWeights(_within("changes"), say("give a list of: {kinds}", kinds=", ".join(KINDS)))
    if isinstance(people, bool) or not isinstance(people, int) or not 0 <= people <= MOST_PEOPLE:
        raise InvalidWeights(_within("people_told"), say("give a whole number from 0 to {most}", most=MOST_PEOPLE))
    if isinstance(costlier, bool) or not isinstance(costlier, int | float) or not 0 <= costlier <= 1e9:
        raise InvalidWeights(_within("costlier"), say("give an amount of money that is not negative"))
    if not isinstance(publish, bool):
        raise InvalidWeights(_within("publish"), say("give true or false"))
    return Policy(changes=frozenset(changes), people_told=people, costlier=float(costlier), publish=publish)


def policy_document(policy: Policy) -> dict[str, Any]:
    """Return a policy as JSON."""
    return {
        "changes": [each for each in KINDS if each in policy.changes],
        "people_told": policy.people_told,
        "costlier": policy.costlier,
        "publish": policy.publish,
    }


def told_otherwise(published: Sequence[Planned], proposed: Sequence[Planned]) -> frozenset[str]:
    """Return the people of published visits that are others in a proposal, before and after."""
    old, new = {each.job: each for each in published}, {each.job: each for each in proposed}
    changed = [each for job, each in old.items() if job not in new or not each.is_as(new[job])]
    return frozenset(code for each in changed for code in (*each.people, *_people(new.get(each.job))))


def asks_a_planner(
    policy: Policy, changes: Differences, told: frozenset[str], *, before: float, after: float
) -> Said | None:
    """Return why a planner has to look at a proposal; None where it is accepted without asking."""
    kinds = [kind for kind in KINDS if getattr(changes, kind)]
    if not kinds:
        return say("it changes nothing")
    if not policy.changes:
        return say("the site accepts no proposal without asking")
    if not policy.changes.issuperset(kinds):
        return say("it has changes of other kinds than the site accepts without asking")
    if len(told) > policy.people_told:
        return say("it changes what {count} people were told", count=len(told))
    if round(after - before, 2) > policy.costlier:
        return say("it costs {more:.2f} more than the plan", more=after - before)
    return None


def _within(name: str) -> str:
    """Return a field of the policy as errors name it."""
    return f"{ALONE}.{name}"


def _people(visit: Planned | None) -> tuple[str, ...]:
    return () if visit is None else visit.people
