"""Maintenance plans: versions, previews, occurrences, the calendar and the forecast."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.asking import PLANS, SEES, WORKS_OR_PLANS, Actor, Asking, Conn, Now, Version, Why
from api.naming import Names, Naming
from api.once import OnlyOnce
from api.paging import AS_FILE, At, Id, Order, Paged, PagedByFifty, Text
from api.problems import InvalidRange
from api.shapes.planning import (
    DueOut,
    GeneratingOut,
    LoadOut,
    MaintenancePlanIn,
    MaintenancePlanOut,
    MaintenancePlanVersionOut,
    MeterEntryIn,
    MeterEntryOut,
    NewMaintenancePlanIn,
    OccurrenceOut,
    SkipIn,
    SkippedOut,
    WholeMaintenancePlanOut,
)
from api.shapes.times import Moment
from db.planning import generating, meter_entries, outlook, plans
from db.plant import plant
from workorder_core.planning.forecast import Load, Period, months_ahead
from workorder_core.plant.new_names import NameKind

router = APIRouter(tags=["maintenance plans"])
BY_CODE = Order[plans.Stored](tuple[Text, Text], lambda each: (each.plan.site, each.plan.code))
NEWEST_FIRST = Order[plans.Version](tuple[Id], lambda each: (-each.plan.version,))
LATEST_FIRST = Order[outlook.Occurrence](tuple[At, Id], lambda each: (each.due_at, each.series_id))
BY_DUE = Order[outlook.Occurrence](tuple[At, Id], lambda each: (each.due_at, each.series_id))
BY_PERIOD = Order[Load](tuple[Id, Text], lambda each: (each.begins.toordinal(), each.trade))
PlanId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Site = Annotated[str | None, Query(max_length=64, description="a site's code")]
Months = Annotated[int, Query(ge=1, le=60, description="how far ahead")]
LONGEST = timedelta(days=400)


@router.get("/maintenance-plans", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    text: Annotated[str | None, Query(max_length=200, description="words of the code or title")] = None,
    retired: Annotated[bool, Query(description="include retired plans")] = False,
) -> list[MaintenancePlanOut]:
    """List maintenance plans by site and code."""
    found = plans.listed(
        conn, within=who.sites, site=site, text=text, retired=retired, after=part.after(BY_CODE), limit=part.fetched
    )
    return [MaintenancePlanOut.of(each) for each in part.of_fetched(found, BY_CODE)]


@router.post("/maintenance-plans", status_code=201, response_model=MaintenancePlanOut, dependencies=[PLANS])
def create(
    body: NewMaintenancePlanIn, conn: Conn, now: Now, who: Asking, why: Why, once: OnlyOnce, names: Names
) -> Response:
    """Create a maintenance plan. The header Idempotency-Key is required: the same request returns the same plan."""

    def make(response: Response) -> MaintenancePlanOut:
        _require(names, body)
        plant.site_by_code(conn, body.site, who.sites)
        made = plans.add(conn, body.plan(body.code, body.site), actor=who.actor, at=now, why=why)
        response.headers["Location"] = f"/api/v1/maintenance-plans/{made.id}"
        response.headers["ETag"] = f'"{made.plan.version}"'
        return MaintenancePlanOut.of(made)

    return once(body, make)


@router.post("/maintenance-plans/preview", dependencies=[PLANS])
def preview(
    body: NewMaintenancePlanIn,
    conn: Conn,
    now: Now,
    who: Asking,
    names: Names,
    count: Annotated[int, Query(ge=1, le=100, description="how many dates")] = 12,
) -> list[DueOut]:
    """Preview when a plan would fall due by its calendar, and why, before storing it; it is refused if storing it would
    be."""
    _require(names, body)
    site = plant.site_by_code(conn, body.site, who.sites)
    found = outlook.preview(conn, body.plan(body.code, body.site), site.id, now=now, count=count)
    return [DueOut.of(each) for each in found]


@router.get("/maintenance-plans/calendar", dependencies=[SEES])
def due_between(
    conn: Conn,
    now: Now,
    who: Asking,
    part: Paged,
    since: Annotated[Moment | None, Query(description="due then or later; none: from now on")] = None,
    until: Annotated[Moment | None, Query(description="due before; at most 400 days later; none: 31 days")] = None,
    site: Site = None,
) -> list[OccurrenceOut]:
    """List the work due within a period, decided or expected, by its due time."""
    begin = since or now
    end = until or begin + timedelta(days=31)
    if not begin < end <= begin + LONGEST:
        raise InvalidRange("since", "until")
    after = part.after(BY_DUE)
    found = outlook.due_between(conn, begin, end, within=who.sites, site=site, after=after, limit=part.fetched)
    return [OccurrenceOut.of_stored(each) for each in part.of_fetched(found, BY_DUE)]


@router.get("/maintenance-plans/forecast", dependencies=[SEES])
def forecast(
    conn: Conn,
    now: Now,
    who: Asking,
    part: Paged,
    months: Months = 12,
    by: Annotated[Period, Query(description="what the work is counted by")] = Period.WEEK,
    site: Site = None,
) -> list[LoadOut]:
    """Forecast the work and its hours by week or month and trade, before anything is generated.

    Orders that plans have made and nobody has done are among it.
    """
    found = outlook.forecast(conn, until=months_ahead(now, months), within=who.sites, site=site, by=by)
    return [LoadOut.of(each) for each in part.of_all(found, BY_PERIOD)]


@router.get("/maintenance-plans/generating", dependencies=[SEES])
def generating_now(conn: Conn, now: Now) -> GeneratingOut:
    """Read when work was last generated, what is expected next, and whether anything is missing."""
    return GeneratingOut.of(outlook.health(conn, now=now))


@router.get("/maintenance-plans/{plan_id}", dependencies=[SEES])
def read(plan_id: PlanId, conn: Conn, who: Asking, response: Response) -> WholeMaintenancePlanOut:
    """Read a plan, and the next expected occurrence for each of its objects."""
    stored = plans.get(conn, plan_id, who.sites)
    response.headers["ETag"] = f'"{stored.plan.version}"'
    return WholeMaintenancePlanOut.whole(stored, outlook.series_of_plan(conn, plan_id))


@router.put("/maintenance-plans/{plan_id}", dependencies=[PLANS])
def write(
    plan_id: PlanId,
    body: MaintenancePlanIn,
    conn: Conn,
    now: Now,
    who: Asking,
    why: Why,
    version: Version,
    names: Names,
    response: Response,
) -> MaintenancePlanOut:
    """Store the next version of a plan. Generated work keeps its version."""
    before = plans.get(conn, plan_id, who.sites).plan
    _require(names, body)
    plan = body.plan(before.code, before.site)
    saved = plans.save(conn, plan_id, plan, actor=who.actor, at=now, why=why, expected_version=version)
    response.headers["ETag"] = f'"{saved.plan.version}"'
    return MaintenancePlanOut.of(saved)


@router.delete("/maintenance-plans/{plan_id}", status_code=204, response_model=None, dependencies=[PLANS])
def retire(plan_id: PlanId, conn: Conn, now: Now, who: Asking, why: Why) -> None:
    """Retire a plan: it generates nothing more; generated work stays."""
    plans.get(conn, plan_id, who.sites)
    plans.retire(conn, plan_id, actor=who.actor, at=now, why=why)


@router.get("/maintenance-plans/{plan_id}/versions", dependencies=[SEES])
def versions(plan_id: PlanId, conn: Conn, who: Asking, part: PagedByFifty) -> list[MaintenancePlanVersionOut]:
    """List the versions of a plan, with author and reason, the newest first."""
    plans.get(conn, plan_id, who.sites)
    found = part.of_all(plans.versions(conn, plan_id), NEWEST_FIRST)
    return [MaintenancePlanVersionOut.of(each) for each in found]


@router.get("/maintenance-plans/{plan_id}/occurrences", dependencies=[SEES])
def occurrences(plan_id: PlanId, conn: Conn, who: Asking, part: Paged) -> list[OccurrenceOut]:
    """List a plan's occurrences, the latest due first."""
    plans.get(conn, plan_id, who.sites)
    found = outlook.of_plan(conn, plan_id, limit=part.fetched, after=part.after(LATEST_FIRST))
    return [OccurrenceOut.of_stored(each) for each in part.of_fetched(found, LATEST_FIRST)]


@router.get("/maintenance-plans/{plan_id}/expected", dependencies=[SEES, AS_FILE])
def expected(
    plan_id: PlanId,
    conn: Conn,
    who: Asking,
    count: Annotated[int, Query(ge=1, le=200, description="how many dates")] = 12,
) -> list[OccurrenceOut]:
    """Read when a stored plan falls due next, and why."""
    plans.get(conn, plan_id, who.sites)
    return [OccurrenceOut.of_stored(each) for each in outlook.preview_series(conn, plan_id, count=count)]


@router.post(
    "/maintenance-plans/{plan_id}/series/{series_id}/skip",
    status_code=201,
    response_model=SkippedOut,
    dependencies=[PLANS],
)
def skip(
    plan_id: PlanId, series_id: PlanId, body: SkipIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce
) -> Response:
    """Skip the next occurrence of one of a plan's objects, with a reason. The header Idempotency-Key is required.

    Who skips an occurrence that somebody has skipped meanwhile gets the same answer, and no other one is skipped.
    """

    def make(_: Response) -> SkippedOut:
        plans.get(conn, plan_id, who.sites)
        due = generating.skip(conn, series_id, body.number, plan_id=plan_id, actor=who.actor, at=now, why=body.why)
        return SkippedOut(due_at=due)

    return once(body, make)


@router.post(
    "/assets/{asset_id}/meter-entries", status_code=201, response_model=MeterEntryOut, dependencies=[WORKS_OR_PLANS]
)
def enter_count(asset_id: int, body: MeterEntryIn, conn: Conn, now: Now, actor: Actor, once: OnlyOnce) -> Response:
    """Enter a meter's count, or the first count of a new one. The same count again changes nothing.

    A count that is lower than the last one, or does not fit between those before and after it, is refused (422,
    ``count-refused``), unless ``exchanged`` or ``rolled_over`` says why it is lower.
    """

    def make(_: Response) -> MeterEntryOut:
        zone = plant.asset(conn, asset_id, now=now).time_zone
        facts = body.model_dump()
        new = meter_entries.enter(conn, asset_id, **facts, actor=actor, now=now, time_zone=zone)
        return MeterEntryOut(**facts, new=new)

    return once(body, make, needed=False)


def _require(names: Naming, body: MaintenancePlanIn) -> None:
    names.require((NameKind.SKILL, [body.skill]))
