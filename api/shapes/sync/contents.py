"""The contents of operations, one model for each kind, and what each means."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from api.shapes.order_steps import CloseOutIn, FollowUpIn
from api.shapes.orders import Line, Text
from api.shapes.times import Moment
from db.orders.closing import PartUsed
from db.sync.acts import (
    Acknowledge,
    Act,
    AddHours,
    DoStep,
    MakeFollowUp,
    Move,
    NameFile,
    NeedMore,
    Read,
    Remark,
    RequestWork,
    SetField,
    Travel,
    UseMore,
)
from workorder_core.orders.lifecycle import Step
from workorder_core.sentences import say
from workorder_core.sync.words import OpKind
from workorder_core.words import FailureMode, HoldReason, OrderType

Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Unit = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Content(BaseModel):
    """The content of an operation: what the device recorded, apart from when and on which order."""

    model_config = ConfigDict(extra="forbid")

    def act(self) -> Act:
        raise NotImplementedError


class MoveIn(Content):
    """A step of the lifecycle. ``close_out`` is needed to complete, ``reason`` for hold and cannot_complete."""

    step: Literal["start", "hold", "resume", "complete", "cannot_complete"]
    reason: Text = ""
    waits_for: HoldReason = HoldReason.OTHER
    close_out: CloseOutIn | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "MoveIn":
        if (self.step == "complete") != (self.close_out is not None):
            raise ValueError(say("close_out belongs to the step complete, and is needed there"))
        return self

    def act(self) -> Act:
        closing = None if self.close_out is None else self.close_out.closing()
        return Move(step=Step(self.step), reason=self.reason, waits_for=self.waits_for, closing=closing)


class TravelIn(Content):
    """The technician is on the way."""

    def act(self) -> Act:
        return Travel()


class PlanStepIn(Content):
    """A step of the job plan, done or undone."""

    step: Number
    done: bool = True
    value: float | None = Field(None, allow_inf_nan=False)
    note: Text = ""
    attachment: UUID | None = None

    def act(self) -> Act:
        return DoStep(seq=self.step, done=self.done, value=self.value, note=self.note, attachment_id=self.attachment)


class RemarkIn(Content):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]

    def act(self) -> Act:
        return Remark(text=self.text)


_VALUES: Mapping[str, TypeAdapter[Any]] = {
    "title": TypeAdapter(Line),
    "requested_for": TypeAdapter(Moment),
    "required_tools": TypeAdapter(Annotated[list[Line], Field(max_length=50)]),
    "estimated_hours": TypeAdapter(Annotated[float, Field(ge=0, le=100_000)]),
    "actual_hours": TypeAdapter(Annotated[float, Field(ge=0, le=100_000)]),
}


class FieldIn(Content):
    """Another value of a field. ``base`` is the value that the device had read; ``resolves`` is the earlier operation
    whose conflict this settles.
    """

    name: Literal["title", "requested_for", "required_tools", "estimated_hours", "actual_hours"]
    base: Any = None
    value: Any
    resolves: UUID | None = None

    @model_validator(mode="after")
    def _fits_the_field(self) -> "FieldIn":
        self._typed(self.value)
        if self.base is not None:
            self._typed(self.base)
        return self

    def _typed(self, value: Any) -> Any:
        found = _VALUES[self.name].validate_python(value)
        return tuple(found) if isinstance(found, list) else found

    def act(self) -> Act:
        base = None if self.base is None else self._typed(self.base)
        return SetField(name=self.name, base=base, value=self._typed(self.value), resolves=self.resolves)


class PartsIn(Content):
    """So much more of a part was used: operations add up."""

    part: Line
    used: float = Field(gt=0, le=1_000_000)
    unit: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] = "pcs"

    def act(self) -> Act:
        return UseMore(used=PartUsed(part=self.part, used=self.used, unit=self.unit))


class NeedIn(Content):
    """So much more of a part is needed: operations add up."""

    part: Line
    needed: float = Field(gt=0, le=1_000_000)
    unit: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] = "pcs"

    def act(self) -> Act:
        return NeedMore(part=self.part, needed=self.needed, unit=self.unit)


class HoursIn(Content):
    """So many more hours of work: operations add up."""

    hours: float = Field(gt=0, le=1_000)

    def act(self) -> Act:
        return AddHours(hours=self.hours)


class ReadingIn(Content):
    """A value of a signal of the order's asset, measured by hand."""

    signal: Line
    value: float = Field(allow_inf_nan=False)
    unit: Unit = ""

    def act(self) -> Act:
        return Read(signal=self.signal, value=self.value, unit=self.unit)


class PhotoIn(Content):
    """A photo that was uploaded as an attachment of the order before; ``step`` is the step of the plan that it does."""

    attachment: UUID
    step: Number | None = None
    note: Text = ""

    def act(self) -> Act:
        return NameFile(attachment_id=self.attachment, step=self.step, note=self.note)


class SignatureIn(Content):
    """A signature, uploaded as a picture, with the name of who signed."""

    attachment: UUID
    signed_by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    step: Number | None = None

    def act(self) -> Act:
        return NameFile(attachment_id=self.attachment, signed_by=self.signed_by, step=self.step)


class FollowUpOf(FollowUpIn, Content):
    """An order that follows from this one."""

    def act(self) -> Act:
        return MakeFollowUp(asked=self.follow_up())


class RequestIn(Content):
    """Work that somebody asks for, at an asset or a location."""

    title: Line
    asset_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    location_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    type: OrderType = OrderType.REACTIVE
    component: Line = "machine"
    failure_mode: FailureMode = FailureMode.UNK
    why: Text = ""

    @model_validator(mode="after")
    def _is_somewhere(self) -> "RequestIn":
        if (self.asset_id is None) == (self.location_id is None):
            raise ValueError(say("give asset_id or location_id"))
        return self

    def act(self) -> Act:
        return RequestWork(**{name: getattr(self, name) for name in type(self).model_fields})


class AcknowledgeIn(Content):
    """Whoever acknowledges an escalation takes care of it."""

    escalation: Annotated[int, Field(ge=1, le=2**63 - 1)]
    why: Text = ""

    def act(self) -> Act:
        return Acknowledge(escalation_id=self.escalation, why=self.why)


CONTENTS: Mapping[OpKind, type[Content]] = {
    OpKind.MOVE: MoveIn,
    OpKind.TRAVEL: TravelIn,
    OpKind.PLAN_STEP: PlanStepIn,
    OpKind.REMARK: RemarkIn,
    OpKind.FIELD: FieldIn,
    OpKind.PARTS: PartsIn,
    OpKind.NEED: NeedIn,
    OpKind.HOURS: HoursIn,
    OpKind.READING: ReadingIn,
    OpKind.PHOTO: PhotoIn,
    OpKind.SIGNATURE: SignatureIn,
    OpKind.FOLLOW_UP: FollowUpOf,
    OpKind.REQUEST: RequestIn,
    OpKind.ACKNOWLEDGE: AcknowledgeIn,
}
"""The content of each kind of operation."""
