"""Job plans: versioned templates of work, of the plant or of a site."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.asking import PLANS, SEES, Asking, Conn, NeedsEverySite, Now, Why
from api.naming import Names
from api.paging import Order, Paged, Text
from api.routers.changes import WAITS, waits
from api.shapes.order_content import JobPlanIn, JobPlanOut
from db.orders import job_plans
from db.plant import plant
from db.plant.safety import Proposal
from workorder_core.orders.job_plans import JobPlan
from workorder_core.people.access import Who
from workorder_core.plant.new_names import NameKind

router = APIRouter(prefix="/job-plans", tags=["job plans"])
PLANTS_FIRST = Order[JobPlan](tuple[Text, Text], lambda each: (each.site or "", each.code))
Code = Annotated[str, Path(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Site = Annotated[str | None, Query(max_length=64, description="a site's code; none: the plant's own")]


def _may_write(conn: Conn, who: Who, site: str | None) -> None:
    """Refuse a site that the requester does not see, and plant-wide plans to users who do not see every site."""
    if site is not None:
        plant.site_by_code(conn, site, who.sites)
    elif who.sites is not None:
        raise NeedsEverySite(who)


@router.get("", dependencies=[SEES])
def in_force(conn: Conn, who: Asking, part: Paged) -> list[JobPlanOut]:
    """List the job plans in force, each at its newest version: the plant's, and those of your sites."""
    return [JobPlanOut.model_validate(each) for each in part.of_all(job_plans.in_force(conn, who.sites), PLANTS_FIRST)]


@router.get("/{plan_code}", dependencies=[SEES])
def read(
    plan_code: Code,
    conn: Conn,
    who: Asking,
    version: Annotated[int | None, Query(description="its number, from 1; none: the version in force")] = None,
    site: Site = None,
) -> JobPlanOut:
    """Read a job plan: the version in force, or another one."""
    if site is not None:
        plant.site_by_code(conn, site, who.sites)
    return JobPlanOut.model_validate(job_plans.get(conn, plan_code, version, site=site))


@router.put("/{plan_code}", response_model=JobPlanOut, responses=WAITS, dependencies=[PLANS])
def write(
    plan_code: Code, body: JobPlanIn, conn: Conn, now: Now, who: Asking, why: Why, names: Names, site: Site = None
) -> JobPlanOut | Response:
    """Write the next version of a job plan; orders that have an older one keep it. Plant-wide plans need access to
    every site. A version by which orders would lose safety permits is only proposed, and a second person confirms it.
    """
    _may_write(conn, who, site)
    names.require(
        (NameKind.CLASS, [body.asset_class]), (NameKind.SKILL, body.skills), (NameKind.CERTIFICATE, body.certificates)
    )
    made = job_plans.save(conn, body.plan(plan_code, site), actor=who.actor, at=now, why=why)
    return waits(made) if isinstance(made, Proposal) else JobPlanOut.model_validate(made)


@router.delete("/{plan_code}", status_code=204, response_model=None, responses=WAITS, dependencies=[PLANS])
def retire(plan_code: Code, conn: Conn, now: Now, who: Asking, why: Why, site: Site = None) -> Response | None:
    """Retire a job plan; orders that have it keep it. One with safety permits needs a second person."""
    _may_write(conn, who, site)
    proposed = job_plans.retire(conn, plan_code, site=site, actor=who.actor, at=now, why=why)
    return None if proposed is None else waits(proposed)
