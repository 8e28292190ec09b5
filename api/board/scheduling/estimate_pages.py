"""The pages of what became of a week, and of estimates that learn from it."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response

from api.asking import KNOWN, PLANS_PEOPLE, SEES, Asking, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.language import formats
from api.once import SentForm
from api.routers.scheduling.estimates import check_may_take_over
from db.people import technicians
from db.plant import plant
from db.scheduling import actuals, schedules
from workorder_core.people.access import Role
from workorder_core.scheduling.estimates import LEAST, Kind, compared
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.get("/estimates", dependencies=[SEES])
def shown(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    code: Annotated[str, Query(alias="site", max_length=64)] = "",
) -> Response:
    """Show what is estimated at a site beside what it took."""
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), sites[0] if sites else None)
    found = [] if site is None else actuals.estimates(conn, site.id)
    return page(
        request,
        "scheduling/estimates.html",
        now=now,
        sites=sites,
        site=site,
        of={kind: [each for each in found if each.kind is kind] for kind in Kind},
        kinds=Kind,
        least=LEAST,
        may_take=who.may((Role.PLANNER,)),
        plants_own=actuals.is_plants_own,
        every_site=who.sites is None,
    )


@router.post("/estimates/take-over", dependencies=[PLANS_PEOPLE])
@shown_on(lambda _, form: f"/estimates?site={form.get('site', '')}")
def take_over(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=64)],
    kind: Annotated[str, Form(max_length=20)],
    key: Annotated[str, Form(max_length=200)],
) -> Response:
    """Set an estimate to the median of its cases."""
    place = plant.site_by_code(conn, site, who.sites)
    if kind not in set(Kind):
        raise InvalidForm(fields={"kind": say("choose one from the list")})
    check_may_take_over(who, Kind(kind), key)
    actuals.take_over(conn, place, Kind(kind), key, actor=who.actor, at=now)
    return sent.leads_to(f"/estimates?site={place.code}")


@router.get("/week/{schedule_id}/actuals", dependencies=[SEES])
def of_week(
    schedule_id: Annotated[int, Path(ge=1, le=2**31 - 1)], request: Request, conn: Conn, now: Now, who: Asking
) -> Response:
    """Show what became of the visits of a week."""
    schedule = schedules.get(conn, schedule_id, who.sites)
    found = actuals.of_schedule(conn, schedule.id)
    return page(
        request,
        "scheduling/actuals.html",
        now=now,
        schedule=schedule,
        zone=schedule.time_zone,
        week=formats.day(schedule.from_date),
        actuals=found,
        total=compared(len(schedules.visits_of(conn, schedule)), found),
        names={each.code: each.name for each in technicians.listed(conn, schedule.site_id)},
    )
