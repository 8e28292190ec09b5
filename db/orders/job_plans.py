"""Job plans: versioned templates of work, and the copy that an order gets of one. The caller owns the transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row, tuple_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import AlreadyExists, NotFound
from db.inventory import order_lines
from db.orders import order_content
from db.plant import changes, safety
from db.plant.safety import Proposal, Superseded
from workorder_core.orders import job_plans, record
from workorder_core.orders.job_plans import JobPlan, Part, PartLine, PlanStep, StepKind
from workorder_core.plant.safety import lost_permits, permits
from workorder_core.words import FailureMode

_QUERIES = sql.load("job_plans")


def in_force(conn: Connection, within: Collection[str] | None = None) -> list[JobPlan]:
    """Return the plans available to orders, each at its newest version: the plant's, and those of the sites within."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_plan(row) for row in cursor.execute(_QUERIES["in_force"], {"within": scope.codes(within)})]


def get(conn: Connection, code: str, version: int | None = None, *, site: str | None = None) -> JobPlan:
    """Return a version of a site's or the plant's plan, by default the newest one in force. Raises NotFound."""
    for row in _versions(conn, code, site):
        if row["version"] == version or (version is None and row["retired_at"] is None):
            return _plan(row)
    raise NotFound("job plan", code if version is None else f"{code} at version {version}")


def for_order(conn: Connection, code: str, site: str) -> JobPlan:
    """Return the plan that a code means at a site: the site's own before the plant's. Raises NotFound."""
    own = code.removeprefix(f"{site}/")
    for of in (site, None):
        rows = _versions(conn, own, of)
        if rows and rows[0]["retired_at"] is None:
            return _plan(rows[0])
    raise NotFound("job plan", code)


def save(conn: Connection, plan: JobPlan, *, actor: str, at: datetime, why: str = "") -> JobPlan | Proposal:
    """Store a plan as its code's next version and return it.

    A plan by which orders would lose safety permits waits for a second person, and the proposal is returned. Raises
    AlreadyExists if somebody else has just stored that version, and what ``safety.propose`` raises.
    """
    before = _locked(conn, plan.code, plan.site)
    lost = lost_permits(before, plan, in_force(conn))
    if lost:
        return _propose(conn, plan, before, lost, {"plan": record.plain(plan)}, why, actor, at)
    changes.made_by(conn, actor, why)
    return _add(conn, plan, actor, at)


def retire(
    conn: Connection, code: str, *, site: str | None = None, actor: str, at: datetime, why: str = ""
) -> Proposal | None:
    """Retire a plan; one with safety permits waits for a second person. Raises NotFound if none is in force."""
    before = _locked(conn, code, site)
    if before is None:
        raise NotFound("job plan in force", code)
    lost = lost_permits(before, None, ())
    if lost:
        return _propose(conn, before, before, lost, {"retire": True}, why, actor, at)
    changes.made_by(conn, actor, why)
    conn.execute(_QUERIES["retire"], {"code": code, "site": site, "at": at})
    return None


def confirm(conn: Connection, code: str, proposal: Proposal, *, actor: str, at: datetime) -> None:
    """Apply a confirmed change of a plan. Raises Superseded if the plan has changed since the proposal."""
    before = _locked(conn, code, proposal.site)
    if proposal.was["version"] != (before.version if before is not None else None):
        raise Superseded(proposal.subject)
    changes.made_by(conn, actor, f"confirmed what {proposal.proposed_by} proposed: {proposal.why}")
    if proposal.change.get("retire"):
        conn.execute(_QUERIES["retire"], {"code": code, "site": proposal.site, "at": at})
    else:
        _add(conn, _plan(proposal.change["plan"]), actor, at)


def _propose(
    conn: Connection,
    plan: JobPlan,
    before: JobPlan | None,
    lost: Sequence[str],
    change: Mapping[str, Any],
    why: str,
    actor: str,
    at: datetime,
) -> Proposal:
    was = {"version": None if before is None else before.version, "permits_lost": list(lost)}
    return safety.propose(
        conn, plan.key, site=plan.site, plan=plan.code, was=was, change=change, why=why, actor=actor, at=at
    )


def _locked(conn: Connection, code: str, site: str | None) -> JobPlan | None:
    """Lock the plans until the transaction ends, and return the one in force; None if there is none."""
    conn.execute(_QUERIES["lock"])
    rows = _versions(conn, code, site)
    return _plan(rows[0]) if rows and rows[0]["retired_at"] is None else None


def _versions(conn: Connection, code: str, site: str | None) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["versions"], {"code": code, "site": site}).fetchall()


def _add(conn: Connection, plan: JobPlan, actor: str, at: datetime) -> JobPlan:
    facts: dict[str, Any] = {name: list(getattr(plan, name)) for name in ("skills", "certificates", "tools")}
    facts |= {
        "code": plan.code,
        "site": plan.site,
        "title": plan.title,
        "asset_class": plan.asset_class,
        "failure_mode": None if plan.failure_mode is None else plan.failure_mode.value,
        "steps": Jsonb([asdict(step) for step in plan.steps]),
        "parts": Jsonb([asdict(part) for part in plan.parts]),
        "estimated_hours": plan.estimated_hours,
        "crew": plan.crew,
        "needs_stop": plan.needs_stop,
    }
    with conn.cursor(row_factory=scalar_row) as cursor:
        version = cursor.execute(_QUERIES["add"], facts | {"actor": actor, "at": at}).fetchone()
    if version is None:
        raise AlreadyExists("newer version of job plan", plan.code)
    return replace(plan, version=version)


def fitting(conn: Connection, asset_id: int | None, failure_mode: FailureMode) -> JobPlan | None:
    """Return the plan in force for a fault of an asset; None if there is none."""
    if asset_id is None:
        return None
    with conn.cursor(row_factory=tuple_row) as cursor:
        asset_class, site = cursor.execute(_QUERIES["class_of"], {"asset_id": asset_id}).fetchone() or ("", "")
    return job_plans.fitting(in_force(conn, [site]), asset_class, failure_mode)


def copy_to(conn: Connection, order_id: UUID, plan: JobPlan, *, reserve_at: datetime | None = None) -> None:
    """Copy a plan's steps and parts to an order; ``job_plans.planned`` sets the rest on the order itself.

    With ``reserve_at`` parts that are named by an item's code are reserved, first asked first served. Without it the
    timetable reserves them: the judge's own transaction waits for no store.
    Safety permits that the order already requires stay: another plan does not make the work safer.
    """
    kept = [
        PlanStep(kind=step.kind, instruction=step.instruction)
        for step in order_content.steps(conn, order_id)
        if step.kind is StepKind.PERMIT and step.mandatory and step.instruction.strip() not in permits(plan)
    ]
    order_content.set_steps(conn, order_id, [*kept, *plan.steps])
    there = {line.part: line for line in order_content.parts(conn, order_id)}
    tied = {each.item for each in order_lines.of_order(conn, order_id)}
    lines = max((line.line for line in there.values()), default=0)
    wanted = [part for part in plan.parts if part.part not in there and part.part not in tied]
    added = [
        PartLine(line=number, part=part.part, needed=part.quantity, unit=part.unit)
        for number, part in enumerate(wanted, lines + 1)
    ]
    order_content.put_parts(conn, order_id, added)
    if reserve_at is not None:
        order_lines.reserve_planned(conn, order_id, order_content.parts(conn, order_id), at=reserve_at)


def _plan(row: Mapping[str, Any]) -> JobPlan:
    lists = {name: tuple(row[name]) for name in ("skills", "certificates", "tools")}
    mode = row["failure_mode"]
    return JobPlan(
        code=row["code"],
        version=row["version"],
        site=row["site"],
        title=row["title"],
        asset_class=row["asset_class"],
        failure_mode=None if mode is None else FailureMode(mode),
        steps=tuple(PlanStep(**step | {"kind": StepKind(step["kind"])}) for step in row["steps"]),
        parts=tuple(Part(**part) for part in row["parts"]),
        estimated_hours=row["estimated_hours"],
        # A proposal of before has neither.
        crew=row.get("crew", 1),
        needs_stop=row.get("needs_stop", False),
        **lists,
    )
