"""The work order, as the core and its callers see it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType, Origin, Priority, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A reading taken after the repair, in ``unit``."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOut:
    """What was found and done, in codes: the label that the finding's source is measured by.

    Parameters
    ----------
    mechanism
        The failure mechanism, after ISO 14224; None if unknown.
    downtime_minutes
        How long the machine was down; None if unknown, 0 if it kept running.
    """

    finding: CloseFinding
    failure_mode: FailureMode | None
    cause: str
    remedy: str
    note: str = ""
    mechanism: str | None = None
    downtime_minutes: int | None = None
    readings: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """A piece of work on an asset, or at a location without one.

    Parameters
    ----------
    number
        The number that people use: the site's code and a number, ``NTH-1042``; gaps are allowed.
    opened_at
        The asset's event time when the order was opened; for orders made by people, the wall clock.
    recorded_at, status_since, response_due, completion_due
        The wall clock. Targets count from ``recorded_at``.
    required_skill
        The trade that the work is given to; ``other_skills`` must be there besides.
    requested_for
        When the requester wants the work done; not a target.
    response_warn_at, completion_warn_at
        When a target comes near enough to warn of; ``warned`` counts the warnings given, as ``escalation`` does.
    cost
        What the work has cost, in ``currency`` (ISO 4217).
    done_by
        Who recorded that the work is done, as history names them.
    plan, plan_version
        The job plan that its steps were copied from.
    version
        Grows by one with every change.
    """

    id: UUID
    number: str
    site_id: int
    asset_id: int | None
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
    location_id: int | None = None
    required_skill: str | None = None
    other_skills: tuple[str, ...] = ()
    required_certificates: tuple[str, ...] = ()
    required_tools: tuple[str, ...] = ()
    requested_by: str | None = None
    requested_for: datetime | None = None
    scheduled_start: datetime | None = None
    scheduled_end: datetime | None = None
    assignee: str | None = None
    assignment_note: str | None = None
    response_due: datetime | None = None
    completion_due: datetime | None = None
    response_warn_at: datetime | None = None
    completion_warn_at: datetime | None = None
    escalation: int = 0
    warned: int = 0
    hold_reason: HoldReason | None = None
    estimated_hours: float | None = None
    actual_hours: float | None = None
    cost: Decimal | None = None
    currency: str | None = None
    plan: str | None = None
    plan_version: int | None = None
    follows: UUID | None = None
    duplicate_of: UUID | None = None
    done_by: str | None = None
    close_out: CloseOut | None = None
    version: int = 1
