"""Runs, that is long work: their states and kinds, and the consequence of a crashed process."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workorder_core.language import N_
from workorder_core.people.access import Role, Who
from workorder_core.sentences import kept

MOST_CRASHES = 3
"""Crashes after which a run fails: whatever kills its process each time would continue to do so."""
USUAL_PRIORITY = 5
"""1 is the most urgent, 9 the least."""


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in UNFINISHED


UNFINISHED = frozenset({State.QUEUED, State.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKind:
    """A kind of run.

    Parameters
    ----------
    title
        The kind in the words of a page: ``Backtest``.
    safe_again
        Whether it may be run again after its process died at any moment: its changes are all in the one transaction
        that also ends the run.
    roles
        Who may request and cancel one, besides administrators.
    every_site
        Whether it concerns the whole plant, so that users restricted to some sites may not request it; otherwise it
        belongs to one site.
    private
        Whether only whoever requested it and administrators of every site see it, because its result is not for
        everybody at the site.
    """

    name: str
    title: str
    safe_again: bool
    roles: frozenset[Role]
    every_site: bool = False
    private: bool = False


BACKTEST = RunKind(
    name="backtest",
    title=N_("Backtest"),
    safe_again=True,
    roles=frozenset({Role.RELIABILITY_ENGINEER}),
    every_site=True,
)
IMPORT = RunKind(
    name="import", title=N_("Import"), safe_again=True, roles=frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER})
)
AUDIT_REPORT = RunKind(
    name="audit_report",
    title=N_("Audit report"),
    safe_again=True,
    roles=frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER}),
    private=True,
)
SCHEDULE = RunKind(
    name="schedule",
    title=N_("Schedule"),
    safe_again=True,
    roles=frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER}),
)
TRIAGE = RunKind(
    name="triage",
    title=N_("Triage"),
    safe_again=True,
    roles=frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER}),
)
WHAT_IF = RunKind(
    name="what_if",
    title=N_("What if"),
    safe_again=True,
    roles=frozenset({Role.PLANNER, Role.RELIABILITY_ENGINEER}),
    private=True,
)
KINDS: Mapping[str, RunKind] = {each.name: each for each in (BACKTEST, IMPORT, AUDIT_REPORT, SCHEDULE, TRIAGE, WHAT_IF)}
"""By name. The name is stored with each run and never changes."""


def sees(who: Who, kind: RunKind | None, requested_by: str) -> bool:
    """Whether somebody who sees the site of a run sees the run too."""
    if kind is None or not kind.private:
        return True
    return requested_by == who.actor or (who.sites is None and who.may(()))


@dataclass(frozen=True, slots=True)
class RunAgain:
    """The run goes back into the queue."""

    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The run has failed."""

    problem: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The run was to be cancelled anyway."""


AfterCrash = RunAgain | GiveUp | Dropped


def after_crash(kind: RunKind | None, crashes: int, *, cancel_asked: bool, what: str) -> AfterCrash:
    """Decide what happens to a run whose process ended without reporting a result.

    Parameters
    ----------
    kind
        None: this version does not know it.
    crashes
        How often that has happened to the run, including this time.
    what
        What happened, as the beginning of a sentence: ``its process was killed by SIGKILL``.
    """
    if cancel_asked:
        return Dropped()
    if kind is None or not kind.safe_again:
        return GiveUp(kept("{what}; it is not run again, because it may have done a part of its work", what=what))
    if crashes >= MOST_CRASHES:
        return GiveUp(kept("{what}, as {count} times in all; it is not tried any more", what=what, count=crashes))
    return RunAgain(kept("{what}; it is run again", what=what))
