"""The changes that reduce the safety of work, which one person proposes and another confirms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from workorder_core.orders.job_plans import JobPlan, StepKind
from workorder_core.words import Criticality


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFacts:
    """How an asset is judged. ``parent`` is the code of its upstream asset, None for none."""

    asset_class: str
    criticality: Criticality
    safety_critical: bool
    parent: str | None


def to_confirm(before: AssetFacts, after: AssetFacts) -> tuple[str, ...]:
    """Return which fields of a change need a second person.

    For a safety-critical asset: clearing that mark, another class (whose rules judge it), and a lower criticality.
    Changes that make an asset safer need one person.
    """
    if not before.safety_critical:
        return ()
    lessened = {
        "safety_critical": not after.safety_critical,
        "asset_class": after.asset_class != before.asset_class,
        "criticality": after.criticality < before.criticality,
    }
    return tuple(each.name for each in fields(AssetFacts) if lessened.get(each.name))


def permits(plan: JobPlan) -> frozenset[str]:
    """Return the instructions of the mandatory permits."""
    return frozenset(step.instruction.strip() for step in plan.steps if step.kind is StepKind.PERMIT and step.mandatory)


def lost_permits(before: JobPlan | None, after: JobPlan | None, others: Iterable[JobPlan]) -> tuple[str, ...]:
    """Return the permits that orders would no longer get, in order.

    Parameters
    ----------
    before, after
        A job plan in force and what follows it; None where there was none, or where it is retired.
    others
        The other plans in force: a new plan for a fault also replaces those that it is preferred to.
    """
    lost = set[str]()
    if before is not None:
        elsewhere = after is None or (before.failure_mode, before.asset_class) != (
            after.failure_mode,
            after.asset_class,
        )
        lost |= permits(before) if elsewhere or after is None else permits(before) - permits(after)
    if after is not None:
        for other in displaced(after, [each for each in others if (each.site, each.code) != (after.site, after.code)]):
            lost |= permits(other) - permits(after)
    return tuple(sorted(lost))


def displaced(plan: JobPlan, others: Sequence[JobPlan]) -> list[JobPlan]:
    """Return the plans for the same fault that a plan may be preferred to."""
    return [
        other
        for other in others
        if plan.failure_mode is not None
        and plan.failure_mode is other.failure_mode
        and (plan.asset_class is None or other.asset_class in (None, plan.asset_class))
        and other.site in (None, plan.site)
        and plan.preference >= other.preference
    ]
