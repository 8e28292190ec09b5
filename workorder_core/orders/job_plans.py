"""Job plans: how a kind of work is done, step by step. A plan is a template; an order gets a copy of its steps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from workorder_core.errors import WorkOrderError
from workorder_core.orders.order import WorkOrder
from workorder_core.sentences import say
from workorder_core.words import FailureMode


class StepKind(StrEnum):
    """The kind of result that a step requires."""

    INSTRUCTION = "instruction"
    PERMIT = "permit"
    """A safety permit: no work begins without it."""
    MEASUREMENT = "measurement"
    PHOTO = "photo"
    SIGNATURE = "signature"


class InvalidStep(WorkOrderError):
    """A step of a job plan was not done as it asks."""

    def __init__(self, seq: int, problem: str) -> None:
        super().__init__(say("step {seq} is not done: {problem}", seq=seq, problem=problem))
        self.seq, self.problem = seq, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One step of a plan.

    Parameters
    ----------
    low, high
        The limits of a measurement, in ``unit``; None where it has none on that side.
    """

    kind: StepKind
    instruction: str
    mandatory: bool = True
    unit: str = ""
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"the lower limit ({self.low}) must be below the upper one ({self.high})")
        if self.kind is not StepKind.MEASUREMENT and (self.low, self.high, self.unit) != (None, None, ""):
            raise ValueError(f"only a measurement has limits and a unit, not a step of the kind {self.kind}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """A step of an order, and its result; not done yet if ``done_at`` is None."""

    seq: int
    kind: StepKind
    instruction: str
    mandatory: bool
    unit: str = ""
    low: float | None = None
    high: float | None = None
    done_at: datetime | None = None
    done_by: str | None = None
    value: float | None = None
    note: str = ""
    attachment_id: UUID | None = None

    @property
    def within_limits(self) -> bool | None:
        """Return whether the value is within the limits; None without a value or limits."""
        if self.value is None or (self.low is None and self.high is None):
            return None
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """A part of an order: how many are ``needed``, and how many were ``used``; None if not recorded yet."""

    line: int
    part: str
    needed: float
    unit: str = "pcs"
    used: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that a plan asks for."""

    part: str
    quantity: float
    unit: str = "pcs"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """How a kind of work is done.

    Parameters
    ----------
    asset_class, failure_mode
        What it is for; None: for any.
    skills
        The first is the trade that the work is given to.
    site
        The code of the site whose plan it is; None: the plant's, for every site.
    crew
        How many people at once the work takes, 1 to 20.
    needs_stop
        Whether it is done during planned downtimes of the asset only.
    """

    code: str
    title: str
    steps: tuple[PlanStep, ...]
    version: int = 1
    site: str | None = None
    asset_class: str | None = None
    failure_mode: FailureMode | None = None
    parts: tuple[Part, ...] = ()
    skills: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    estimated_hours: float | None = None
    crew: int = 1
    needs_stop: bool = False

    @property
    def key(self) -> str:
        """Its name for orders and people: ``SWAP``, or ``NTH/SWAP`` for a site's own."""
        return self.code if self.site is None else f"{self.site}/{self.code}"

    @property
    def preference(self) -> tuple[bool, bool]:
        """A site's own plan comes before the plant's, then one made for the class before one for any."""
        return self.site is not None, self.asset_class is not None


def fitting(plans: Sequence[JobPlan], asset_class: str, failure_mode: FailureMode) -> JobPlan | None:
    """Return the preferred plan for a fault of a class of assets, of the site's and the plant's; None for none."""
    fits = [plan for plan in plans if plan.failure_mode is failure_mode and plan.asset_class in (None, asset_class)]
    return max(fits, key=lambda plan: plan.preference, default=None)


def planned(order: WorkOrder, plan: JobPlan) -> WorkOrder:
    """Return an order with the requirements of a plan."""
    trade, *others = plan.skills or (order.required_skill,)
    return replace(
        order,
        plan=plan.key,
        plan_version=plan.version,
        required_skill=trade,
        other_skills=_with(order.other_skills, others),
        required_certificates=_with(order.required_certificates, plan.certificates),
        required_tools=_with(order.required_tools, plan.tools),
        estimated_hours=order.estimated_hours if plan.estimated_hours is None else plan.estimated_hours,
    )


def _with(there: Sequence[str], more: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*there, *(each for each in more if each is not None)]))


def do(
    step: StepDone, *, actor: str, at: datetime, value: float | None, note: str, attachment_id: UUID | None
) -> StepDone:
    """Return a step as done. Raises InvalidStep where it asks for something that is not there."""
    if step.kind is StepKind.MEASUREMENT and value is None:
        unit = step.unit
        raise InvalidStep(step.seq, say("a value is needed in {unit}", unit=unit) if unit else say("a value is needed"))
    if step.kind is not StepKind.MEASUREMENT and value is not None:
        raise InvalidStep(step.seq, say("it measures nothing; write what you saw as a note"))
    if step.kind is StepKind.PHOTO and attachment_id is None:
        raise InvalidStep(step.seq, say("a photo is needed; attach it to the order, then name the attachment here"))
    if step.kind in (StepKind.SIGNATURE, StepKind.PERMIT) and not note.strip():
        if step.kind is StepKind.SIGNATURE:
            raise InvalidStep(step.seq, say("the name of who signs is needed as its note"))
        raise InvalidStep(step.seq, say("the number of the permit is needed as its note"))
    return replace(step, done_at=at, done_by=actor, value=value, note=note.strip(), attachment_id=attachment_id)


def undo(step: StepDone) -> StepDone:
    """Return a step as not done."""
    return replace(step, done_at=None, done_by=None, value=None, note="", attachment_id=None)
