"""Job plans: versioned templates of work, and the copy of one that an order gets. The caller owns the transaction."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import order_content, sql
from db.errors import AlreadyThere, NotFound
from workorder_core import job_plans
from workorder_core.job_plans import JobPlan, Part, PartLine, PlanStep, StepKind
from workorder_core.words import FailureMode

_QUERIES = sql.load("job_plans")


def in_force(conn: Connection) -> list[JobPlan]:
    """Return the plans that orders can get, each at its newest version."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_plan(row) for row in cursor.execute(_QUERIES["in_force"]) if row["retired_at"] is None]


def get(conn: Connection, code: str, version: int | None = None) -> JobPlan:
    """Return a plan at a version, or the newest of one that is in force. Raises NotFound."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["versions"], {"code": code}).fetchall()
    for row in rows:
        if row["version"] == version or (version is None and row["retired_at"] is None):
            return _plan(row)
    raise NotFound("job plan", code if version is None else f"{code} at version {version}")


def save(conn: Connection, plan: JobPlan, *, actor: str, at: datetime) -> JobPlan:
    """Store a plan as its code's next version and return it. Raises AlreadyThere where somebody else just did."""
    facts: dict[str, Any] = {name: list(getattr(plan, name)) for name in ("skills", "certificates", "tools")}
    facts |= {
        "code": plan.code,
        "title": plan.title,
        "asset_class": plan.asset_class,
        "failure_mode": None if plan.failure_mode is None else plan.failure_mode.value,
        "steps": Jsonb([asdict(step) for step in plan.steps]),
        "parts": Jsonb([asdict(part) for part in plan.parts]),
        "estimated_hours": plan.estimated_hours,
    }
    with conn.cursor(row_factory=scalar_row) as cursor:
        version = cursor.execute(_QUERIES["add"], facts | {"actor": actor, "at": at}).fetchone()
    if version is None:
        raise AlreadyThere("newer version of job plan", plan.code)
    return replace(plan, version=version)


def retire(conn: Connection, code: str, *, at: datetime) -> None:
    """Take a plan out of force. Raises NotFound where none of that code is."""
    if conn.execute(_QUERIES["retire"], {"code": code, "at": at}).rowcount == 0:
        raise NotFound("job plan in force", code)


def fitting(conn: Connection, asset_id: int | None, failure_mode: FailureMode) -> JobPlan | None:
    """Return the plan in force for a fault of an asset; None where there is none."""
    plans = in_force(conn)
    if not plans or asset_id is None:
        return None
    with conn.cursor(row_factory=scalar_row) as cursor:
        asset_class = cursor.execute(_QUERIES["class_of"], {"asset_id": asset_id}).fetchone()
    return job_plans.fitting(plans, str(asset_class), failure_mode)


def copy_to(conn: Connection, order_id: UUID, plan: JobPlan) -> None:
    """Give an order the steps and parts of a plan; the order itself gets the rest by ``job_plans.planned``."""
    order_content.set_steps(conn, order_id, plan.steps)
    there = {line.part: line for line in order_content.parts(conn, order_id)}
    lines = max((line.line for line in there.values()), default=0)
    for number, part in enumerate((part for part in plan.parts if part.part not in there), lines + 1):
        line = PartLine(line=number, part=part.part, needed=part.quantity, unit=part.unit)
        order_content.put_parts(conn, order_id, [line])


def _plan(row: Mapping[str, Any]) -> JobPlan:
    lists = {name: tuple(row[name]) for name in ("skills", "certificates", "tools")}
    mode = row["failure_mode"]
    return JobPlan(
        code=row["code"],
        version=row["version"],
        title=row["title"],
        asset_class=row["asset_class"],
        failure_mode=None if mode is None else FailureMode(mode),
        steps=tuple(PlanStep(**step | {"kind": StepKind(step["kind"])}) for step in row["steps"]),
        parts=tuple(Part(**part) for part in row["parts"]),
        estimated_hours=row["estimated_hours"],
        **lists,
    )
