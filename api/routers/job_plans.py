"""Job plans: versioned templates of work."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.asking import PLANS, SEES, Asking, Conn, Now
from api.shapes.order_content import JobPlanIn, JobPlanOut
from db import job_plans

router = APIRouter(prefix="/job-plans", tags=["job plans"])
Code = Annotated[str, Path(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


@router.get("", dependencies=[SEES])
def in_force(conn: Conn) -> list[JobPlanOut]:
    """List the job plans in force, each at its newest version."""
    return [JobPlanOut.model_validate(each) for each in job_plans.in_force(conn)]


@router.get("/{plan_code}", dependencies=[SEES])
def read(plan_code: Code, conn: Conn, version: int | None = None) -> JobPlanOut:
    """Read a job plan: the version in force, or another one."""
    return JobPlanOut.model_validate(job_plans.get(conn, plan_code, version))


@router.put("/{plan_code}", dependencies=[PLANS])
def write(plan_code: Code, body: JobPlanIn, conn: Conn, now: Now, who: Asking) -> JobPlanOut:
    """Write the next version of a job plan; orders that have an older one keep it."""
    return JobPlanOut.model_validate(job_plans.save(conn, body.plan(plan_code), actor=who.actor, at=now))


@router.delete("/{plan_code}", status_code=204, dependencies=[PLANS])
def retire(plan_code: Code, conn: Conn, now: Now) -> None:
    """Take a job plan out of force; orders that have it keep it."""
    job_plans.retire(conn, plan_code, at=now)
