"""What became of published schedules, and estimates that learn from it."""

from fastapi import APIRouter, Response

from api.asking import PLANS_PEOPLE, SEES, Asking, Conn, NeedsEverySite, Now
from api.once import OnlyOnce
from api.paging import Order, Paged, Small, Text
from api.routers.scheduling.schedules import ScheduleId
from api.shapes.scheduling.estimates import ActualOut, EstimateOut, TakeOverIn
from db.plant import plant
from db.plant.plant import Site
from db.scheduling import actuals, schedules
from workorder_core.people.access import Who
from workorder_core.scheduling.estimates import Actual, Estimate, Kind

router = APIRouter(tags=["schedules"])
BY_START = Order[Actual](
    tuple[Text, Text, Small], lambda each: (each.planned_starts.isoformat(), each.number, each.part)
)
BY_KIND = Order[Estimate](tuple[Text, Text], lambda each: (each.kind.value, each.key))


@router.get("/schedules/{schedule_id}/actuals", dependencies=[SEES])
def of_schedule(schedule_id: ScheduleId, conn: Conn, part: Paged) -> list[ActualOut]:
    """List what became of the visits of a published schedule: when each was made, how long it and its way took."""
    found = actuals.of_schedule(conn, schedules.get(conn, schedule_id).id)
    return [ActualOut.of(each) for each in part.of_all(found, BY_START)]


@router.get("/sites/{site_code}/estimates", dependencies=[SEES])
def of_site(site_code: str, conn: Conn, who: Asking, part: Paged) -> list[EstimateOut]:
    """List what is estimated at a site beside the median of what it took: job plans, technicians, ways."""
    site = plant.site_by_code(conn, site_code, who.sites)
    found = sorted(actuals.estimates(conn, site.id), key=lambda each: (each.kind.value, each.key))
    return [EstimateOut.of(each) for each in part.of_all(found, BY_KIND)]


def check_may_take_over(who: Who, kind: Kind, key: str) -> None:
    """Refuse a job plan of the whole plant to somebody who sees some sites only."""
    if who.sites is not None and actuals.is_plants_own(kind, key):
        raise NeedsEverySite(who)


@router.post(
    "/sites/{site_code}/estimates/take-over",
    status_code=201,
    response_model=EstimateOut,
    dependencies=[PLANS_PEOPLE],
)
def take_over(site_code: str, body: TakeOverIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Set an estimate to the median of its cases: a new version of the job plan, the technician's speed, or the way in
    the site's matrix. The log of changes says from how many cases. The header Idempotency-Key is required.
    """
    site: Site = plant.site_by_code(conn, site_code, who.sites)
    check_may_take_over(who, body.kind, body.key)

    def make(_: Response) -> EstimateOut:
        return EstimateOut.of(actuals.take_over(conn, site, body.kind, body.key, actor=who.actor, at=now))

    return once(body, make)
