"""Audits: inspections of records or of a site, with findings that somebody has to answer. No clock, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from workorder_core.sentences import coded, joined, say


class AuditKind(StrEnum):
    """What is audited."""

    RECORDS = "records"
    SITE = "site"


class Grade(StrEnum):
    """How bad a finding is."""

    OBSERVATION = "observation"
    MINOR = "minor"
    MAJOR = "major"


class FindingState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    """Its owner has described what was done."""
    VERIFIED = "verified"
    """Somebody else has verified it."""
    WITHDRAWN = "withdrawn"
    """It was withdrawn: no finding."""


class FindingStep(StrEnum):
    ANSWER = "answer"
    VERIFY = "verify"
    REJECT = "reject"
    """The answer is not sufficient."""
    WITHDRAW = "withdraw"


UNSETTLED = frozenset({FindingState.OPEN, FindingState.ANSWERED})
STEPS: Mapping[FindingStep, tuple[frozenset[FindingState], FindingState]] = {
    FindingStep.ANSWER: (frozenset({FindingState.OPEN}), FindingState.ANSWERED),
    FindingStep.VERIFY: (frozenset({FindingState.ANSWERED}), FindingState.VERIFIED),
    FindingStep.REJECT: (frozenset({FindingState.ANSWERED}), FindingState.OPEN),
    FindingStep.WITHDRAW: (UNSETTLED, FindingState.WITHDRAWN),
}


class AuditError(Exception):
    """A request that the rules of audits do not allow."""


class IllegalFindingStep(AuditError):
    """The finding's state does not allow this step."""

    def __init__(self, called: str, state: FindingState, step: str) -> None:
        possible = tuple(each.value for each, (sources, _) in STEPS.items() if state in sources)
        super().__init__(
            say(
                "finding {called} is {state}: '{step}' is not possible now (possible: {possible})",
                called=called,
                state=coded(state.value),
                step=coded(step),
                possible=joined(map(coded, possible)) if possible else say("nothing, it is settled"),
            )
        )
        self.called, self.state, self.possible = called, state, possible


class VerifiedByOwner(AuditError):
    """Who answered a finding cannot verify it too."""

    def __init__(self, called: str) -> None:
        super().__init__(say("finding {called} was answered by you; somebody else has to verify it", called=called))


class AuditNotSettled(AuditError):
    """An audit cannot be closed before all its findings are settled."""

    def __init__(self, number: str, open_: int) -> None:
        super().__init__(
            say("audit {number} has {open} findings that are neither verified nor withdrawn", number=number, open=open_)
        )
        self.number, self.open = number, open_


class AuditReasonMissing(AuditError):
    """A step of a finding needs a text."""

    def __init__(self, called: str, step: FindingStep) -> None:
        what = say("say what was done") if step is FindingStep.ANSWER else say("say why")
        super().__init__(say("finding {called}: {what}", called=called, what=what))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A finding's current state. ``answered_by`` is the author of the newest answer."""

    called: str
    state: FindingState
    answered_by: str | None


def after(finding: Standing, step: FindingStep, *, actor: str, said: str) -> FindingState:
    """Return the state to which a step leads. Raises IllegalFindingStep, VerifiedByOwner, AuditReasonMissing."""
    sources, to = STEPS[step]
    if finding.state not in sources:
        raise IllegalFindingStep(finding.called, finding.state, step.value)
    if step is FindingStep.VERIFY and finding.answered_by == actor:
        raise VerifiedByOwner(finding.called)
    if step is not FindingStep.VERIFY and not said.strip():
        raise AuditReasonMissing(finding.called, step)
    return to


def is_overdue(state: FindingState, due: date, today: date) -> bool:
    """Return whether a finding's answer is overdue; an answered one waits for its verification."""
    return state is FindingState.OPEN and due < today
