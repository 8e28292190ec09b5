"""Errors of requests to the core. Each carries its facts and one whole sentence."""

from uuid import UUID

from workorder_core.sentences import coded, joined, say
from workorder_core.words import Status


class WorkOrderError(Exception):
    """A request that a work order's rules do not allow."""


class IllegalMove(WorkOrderError):
    """The lifecycle has no such step from the order's status."""

    def __init__(self, order_id: UUID, number: str, status: Status, step: str, possible: tuple[str, ...]) -> None:
        steps = joined(map(coded, possible)) if possible else say("nothing, this status is final")
        super().__init__(
            say(
                "work order {number} is {status}: the step '{step}' is not possible now (possible: {steps})",
                number=number,
                status=status.label,
                step=coded(step),
                steps=steps,
            )
        )
        self.order_id, self.number, self.status, self.step, self.possible = order_id, number, status, step, possible


class ReasonMissing(WorkOrderError):
    """A step that needs a reason was requested without one."""

    def __init__(self, order_id: UUID, number: str, step: str) -> None:
        super().__init__(
            say(
                "the step '{step}' on work order {number} needs a reason: say why in one sentence",
                step=coded(step),
                number=number,
            )
        )
        self.order_id, self.number, self.step = order_id, number, step


class NotAllowed(WorkOrderError):
    """The person may not take the step."""

    def __init__(self, number: str, step: str, reason: str) -> None:
        super().__init__(
            say(
                "the step '{step}' on work order {number} is not yours to take: {reason}",
                step=coded(step),
                number=number,
                reason=reason,
            )
        )
        self.number, self.step, self.reason = number, step, reason


class NotReady(WorkOrderError):
    """The lifecycle has the step, but something that it needs is missing."""

    def __init__(self, number: str, step: str, missing: tuple[str, ...]) -> None:
        super().__init__(
            say(
                "the step '{step}' on work order {number} is not possible yet: {missing}",
                step=coded(step),
                number=number,
                missing=joined(missing, "; "),
            )
        )
        self.number, self.step, self.missing = number, step, missing


class CurrencyMissing(WorkOrderError):
    """A cost has no currency."""

    def __init__(self, number: str) -> None:
        super().__init__(
            say("the cost of work order {number} has no currency: give both, as 420.00 and EUR", number=number)
        )
        self.number = number


class NotQualified(WorkOrderError):
    """A person is not qualified for the work, and no reason was given."""

    def __init__(self, number: str, name: str, reasons: tuple[str, ...]) -> None:
        super().__init__(
            say(
                "{name} is not a good choice for {number}: {reasons}; choose somebody else, or give the "
                "reason for assigning it anyway",
                name=name,
                number=number,
                reasons=joined(reasons),
            )
        )
        self.number, self.name, self.reasons = number, name, reasons
