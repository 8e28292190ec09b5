"""Decides on the occurrences that are due now: generated, skipped, merged or missed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from workorder_core.planning.due import (
    NOTHING_KNOWN,
    Cause,
    Due,
    Facts,
    Series,
    advance,
    next_due,
    packages_due,
)
from workorder_core.planning.plans import AfterOutage, MaintenancePlan, Package, WhenOpen
from workorder_core.planning.site_time import SiteTime
from workorder_core.sentences import kept

MOST_AT_ONCE = 500
"""How many occurrences of a series are decided in one run; the rest waits for the next run."""


class Becomes(StrEnum):
    """The states of an occurrence. Other code sets ``planned`` before this decision and ``completed`` after it."""

    PLANNED = "planned"
    GENERATED = "generated"
    SKIPPED = "skipped"
    MERGED = "merged"
    COMPLETED = "completed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The decision on an occurrence, and the series after it. ``packages`` are those covered, the largest last."""

    due: Due
    becomes: Becomes
    why: str
    packages: tuple[Package, ...]
    series: Series

    @property
    def package(self) -> Package | None:
        """The package whose work it is."""
        return self.packages[-1] if self.packages else None


def decide(
    plan: MaintenancePlan, series: Series, facts: Facts, site: SiteTime, *, now: datetime, open_order: str | None
) -> Iterator[Outcome]:
    """Yield the decision on each occurrence that is due, or near enough to be generated ahead.

    ``open_order`` is the number of the last occurrence's order while that is unfinished. Meanwhile a plan whose dates
    follow the completion (a shift factor above 0), or that does not stack orders, generates nothing ahead: it decides
    on the day.
    """
    for _ in range(MOST_AT_ONCE):
        due = next_due(plan, series, facts, site)
        if due is None or now < call_at(plan, due, is_open=open_order is not None):
            return
        after = advance(plan, series, due, facts, site)
        becomes, said = _becomes(plan, due, after, facts, site, now, open_order)
        covered = due.number if becomes is Becomes.GENERATED else series.covered
        packages = packages_due(plan.packages, series, due.number)
        series = replace(after, covered=covered)
        yield Outcome(due=due, becomes=becomes, why=f"{due.why}{said}", packages=packages, series=series)
        if becomes is Becomes.GENERATED:
            open_order = kept("the order")


def call_at(plan: MaintenancePlan, due: Due, *, is_open: bool) -> datetime:
    """Return from when an occurrence may be generated: its lead time before it is due, or when it is due."""
    if due.cause is Cause.CONDITION or (is_open and (plan.shift_factor or plan.when_open is not WhenOpen.STACK)):
        return due.at
    return due.at - timedelta(days=plan.lead_days)


def _becomes(
    plan: MaintenancePlan, due: Due, after: Series, facts: Facts, site: SiteTime, now: datetime, open_order: str | None
) -> tuple[Becomes, str]:
    if plan.after_outage is AfterOutage.SKIP and due.at <= now:
        later = next_due(plan, after, facts, site)
        if later is not None and later.at <= now:
            return Becomes.MISSED, " " + kept("Nothing was made for it in time, and a later one is due already.")
    if open_order is not None and plan.when_open is not WhenOpen.STACK:
        if plan.when_open is WhenOpen.SKIP:
            return Becomes.SKIPPED, " " + kept(
                "Skipped: {order} of the occurrence before is still open.", order=open_order
            )
        return Becomes.MERGED, " " + kept("Merged into {order}, which is still open.", order=open_order)
    days = (now - due.at).days
    said = []
    if days >= 1 and due.cause is not Cause.CONDITION:
        said.append(
            kept("Made {count} day late.", count=days) if days == 1 else kept("Made {count} days late.", count=days)
        )
    if open_order is not None:
        said.append(kept("{order} of the occurrence before is still open.", order=open_order))
    return Becomes.GENERATED, "".join(f" {each}" for each in said)


def preview(
    plan: MaintenancePlan,
    series: Series,
    site: SiteTime,
    *,
    until: datetime,
    facts: Facts = NOTHING_KNOWN,
    most: int = 1000,
    explained: bool = True,
) -> Iterator[Due]:
    """Yield the occurrences due up to a time if each is done on its day, and meters advance as recently."""
    for _ in range(most):
        due = next_due(plan, series, facts, site, explained=explained)
        if due is None or due.at > until:
            return
        yield due
        series = replace(advance(plan, series, due, facts, site), covered=due.number)
        facts = facts if facts.condition_since is None else replace(facts, condition_since=None)
