"""What can be wrong with a request to the core. Each error carries its facts and says one whole sentence."""

from uuid import UUID

from workorder_core.words import Status


class WorkOrderError(Exception):
    """Something asked of a work order that its rules do not allow."""


class IllegalMove(WorkOrderError):
    """The lifecycle has no step from the order's status to the one asked for."""

    def __init__(self, order_id: UUID, status: Status, to: Status, allowed: frozenset[Status]) -> None:
        ways = ", ".join(sorted(allowed)) or "nothing: this status is final"
        super().__init__(f"work order {order_id} is {status}; it cannot become {to} (from here it can become {ways})")
        self.order_id, self.status, self.to, self.allowed = order_id, status, to, allowed


class ReasonMissing(WorkOrderError):
    """A step that has to be justified was asked for without a reason."""

    def __init__(self, order_id: UUID, step: str) -> None:
        super().__init__(f"to {step} work order {order_id} a reason is needed")
        self.order_id, self.step = order_id, step
