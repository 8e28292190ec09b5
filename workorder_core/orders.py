"""The work order, as the core and its callers see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workorder_core.words import CloseFinding, FailureMode, OrderType, Origin, Priority, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOut:
    """What was found and done, in codes: the label that the finding's source is measured by."""

    finding: CloseFinding
    failure_mode: FailureMode | None
    cause: str
    remedy: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """A piece of work on an asset.

    Parameters
    ----------
    number
        Said aloud by people: the site's code and a number, ``NTH-1042``; gaps are allowed.
    opened_at
        The asset's event time when the order was opened; for orders made by people, the wall clock.
    recorded_at, status_since, response_due, completion_due
        The wall clock. Targets count from ``recorded_at``.
    version
        Grows by one with every change.
    """

    id: UUID
    number: str
    site_id: int
    asset_id: int
    asset_path: str
    component: str
    failure_mode: FailureMode
    type: OrderType
    origin: Origin
    priority: Priority
    priority_reason: str
    title: str
    status: Status
    status_since: datetime
    opened_at: datetime
    recorded_at: datetime
    required_skill: str | None = None
    assignee: str | None = None
    assignment_note: str | None = None
    response_due: datetime | None = None
    completion_due: datetime | None = None
    escalation: int = 0
    follows: UUID | None = None
    duplicate_of: UUID | None = None
    close_out: CloseOut | None = None
    version: int = 1
