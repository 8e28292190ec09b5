"""Rotas: versions, who is on call now and within a period, gaps, and overrides."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.asking import PLANS_PEOPLE, SEES, Asking, Conn, Now, Version, Why
from api.once import OnlyOnce
from api.paging import At, Id, Order, Paged, PagedByFifty, Text
from api.problems import InvalidRange
from api.shapes.rotas import (
    DutyOut,
    GapOut,
    NewRotaIn,
    OnCallOut,
    OverrideIn,
    OverrideOut,
    RotaIn,
    RotaOut,
    RotaVersionOut,
)
from api.shapes.times import Moment
from db.oncall import counting, looking_ahead, overrides, rotas
from db.plant import calendars, plant
from workorder_core.oncall.duties import LOOKS_AHEAD, Duty, Gap

router = APIRouter(tags=["on call"])
BY_CODE = Order[rotas.Stored](tuple[Text, Text], lambda each: (each.rota.site, each.rota.code))
NEWEST_FIRST = Order[rotas.Version](tuple[Id], lambda each: (-each.version,))
BY_LAYER = Order[overrides.OnCall](
    tuple[Text, Text, Id], lambda each: (each.stored.rota.site, each.stored.rota.code, each.number)
)
BY_BEGIN = Order[Duty](tuple[At, Text], lambda each: (each.begins, each.layer))
GAPS_BY_END = Order[Gap](tuple[At], lambda each: (each.ends,))
"""The end of one that has begun stays while its begin is now."""
OVERRIDES_BY_BEGIN = Order[overrides.StoredOverride](tuple[At, Id], lambda each: (each.begins_at, each.id))
RotaId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Site = Annotated[str | None, Query(max_length=64, description="a site's code")]
LONGEST = timedelta(days=400)


@router.get("/on-call", dependencies=[SEES])
def now_on_call(
    conn: Conn,
    now: Now,
    who: Asking,
    part: Paged,
    site: Site = None,
    at: Annotated[Moment | None, Query(description="none: now. By the rotas that there are now")] = None,
) -> list[OnCallOut]:
    """List who is on call for what, by site, rota and layer; also the layers in which nobody is."""
    found = overrides.on_call(conn, at=at or now, within=who.sites, site=site)
    return [OnCallOut.of(each) for each in part.of_all(sorted(found, key=BY_LAYER.key), BY_LAYER)]


@router.get("/rotas", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    retired: Annotated[bool, Query(description="include retired rotas")] = False,
) -> list[RotaOut]:
    """List rotas by site and code."""
    found = rotas.listed(
        conn, within=who.sites, site=site, retired=retired, after=part.after(BY_CODE), limit=part.fetched
    )
    return [RotaOut.of(each) for each in part.of_fetched(found, BY_CODE)]


@router.post("/rotas", status_code=201, response_model=RotaOut, dependencies=[PLANS_PEOPLE])
def create(body: NewRotaIn, conn: Conn, now: Now, who: Asking, why: Why, once: OnlyOnce) -> Response:
    """Create a rota, in force at once. The header Idempotency-Key is required: the same request returns the same
    rota.
    """

    def make(response: Response) -> RotaOut:
        plant.site_by_code(conn, body.site, who.sites)
        calendars.require_country(body.country, body.subdivision, now.year)
        made = rotas.add(conn, body.rota(body.code, body.site), actor=who.actor, at=now, why=why)
        response.headers["Location"] = f"/api/v1/rotas/{made.id}"
        response.headers["ETag"] = f'"{made.rota.version}"'
        return RotaOut.of(made)

    return once(body, make)


@router.get("/rotas/{rota_id}", dependencies=[SEES])
def read(rota_id: RotaId, conn: Conn, who: Asking, response: Response) -> RotaOut:
    """Read a rota."""
    stored = rotas.get(conn, rota_id, who.sites)
    response.headers["ETag"] = f'"{stored.rota.version}"'
    return RotaOut.of(stored)


@router.put("/rotas/{rota_id}", dependencies=[PLANS_PEOPLE])
def write(
    rota_id: RotaId,
    body: RotaIn,
    conn: Conn,
    now: Now,
    who: Asking,
    why: Why,
    version: Version,
    response: Response,
) -> RotaOut:
    """Store the next version of a rota, in force at once. Who was on call in the past stays as it was."""
    before = rotas.get(conn, rota_id, who.sites).rota
    calendars.require_country(body.country, body.subdivision, now.year)
    saved = rotas.save(
        conn, rota_id, body.rota(before.code, before.site), actor=who.actor, at=now, why=why, expected_version=version
    )
    response.headers["ETag"] = f'"{saved.rota.version}"'
    return RotaOut.of(saved)


@router.delete("/rotas/{rota_id}", status_code=204, response_model=None, dependencies=[PLANS_PEOPLE])
def retire(rota_id: RotaId, conn: Conn, now: Now, who: Asking, why: Why) -> None:
    """Retire a rota: from now on nobody is on call by it."""
    rotas.get(conn, rota_id, who.sites)
    rotas.retire(conn, rota_id, actor=who.actor, at=now, why=why)


@router.get("/rotas/{rota_id}/versions", dependencies=[SEES])
def versions(rota_id: RotaId, conn: Conn, who: Asking, part: PagedByFifty) -> list[RotaVersionOut]:
    """List the versions of a rota, with author and reason, the newest first."""
    rotas.get(conn, rota_id, who.sites)
    return [RotaVersionOut.of(each) for each in part.of_all(rotas.versions(conn, rota_id), NEWEST_FIRST)]


@router.get("/rotas/{rota_id}/duties", dependencies=[SEES])
def duties(
    rota_id: RotaId,
    conn: Conn,
    now: Now,
    who: Asking,
    part: Paged,
    since: Annotated[Moment | None, Query(description="none: the beginning of today, UTC")] = None,
    until: Annotated[Moment | None, Query(description="at most 400 days later; none: 31 days")] = None,
) -> list[DutyOut]:
    """List who is on call within a period, by begin. The past is as it was; duties are cut at the period's ends."""
    stored = rotas.get(conn, rota_id, who.sites)
    begins, ends = _period(since or _today(now), until, timedelta(days=31))
    found = counting.duties(conn, {rota_id: stored.rota}, begins, ends)[rota_id]
    return [DutyOut.of(each) for each in part.of_all(sorted(found, key=BY_BEGIN.key), BY_BEGIN)]


@router.get("/rotas/{rota_id}/gaps", dependencies=[SEES])
def gaps(
    rota_id: RotaId,
    conn: Conn,
    now: Now,
    who: Asking,
    part: Paged,
    until: Annotated[Moment | None, Query(description="at most 400 days ahead; none: 14 days")] = None,
) -> list[GapOut]:
    """List when nobody will be on call though somebody has to be, from now on."""
    stored = rotas.get(conn, rota_id, who.sites)
    begins, ends = _period(now, until or _today(now) + LOOKS_AHEAD, LOOKS_AHEAD)
    found = [] if stored.retired_at else looking_ahead.between(conn, rota_id, stored.rota, begins, ends)
    return [GapOut.of(each) for each in part.of_all(found, GAPS_BY_END)]


@router.get("/rotas/{rota_id}/overrides", dependencies=[SEES])
def overrides_ahead(rota_id: RotaId, conn: Conn, now: Now, who: Asking, part: Paged) -> list[OverrideOut]:
    """List the overrides of a rota that are not over, by begin."""
    rotas.get(conn, rota_id, who.sites)
    found = overrides.ahead(conn, rota_id, now=now, after=part.after(OVERRIDES_BY_BEGIN), limit=part.fetched)
    return [OverrideOut.of(each) for each in part.of_fetched(found, OVERRIDES_BY_BEGIN)]


@router.post("/rotas/{rota_id}/overrides", status_code=201, response_model=OverrideOut, dependencies=[PLANS_PEOPLE])
def override(rota_id: RotaId, body: OverrideIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Put somebody on call in a layer for a while. The header Idempotency-Key is required."""

    def make(_: Response) -> OverrideOut:
        made = overrides.add(
            conn,
            rotas.get(conn, rota_id, who.sites),
            layer=body.layer,
            person=body.person,
            begins=body.begins_at,
            ends=body.ends_at,
            actor=who.actor,
            at=now,
            why=body.why,
        )
        return OverrideOut.of(made)

    return once(body, make)


@router.post("/rotas/{rota_id}/overrides/{override_id}/cancel", dependencies=[PLANS_PEOPLE])
def cancel(rota_id: RotaId, override_id: RotaId, conn: Conn, now: Now, who: Asking) -> OverrideOut:
    """End an override now. A second time, or once it is over, nothing changes."""
    overrides.cancel(conn, rotas.get(conn, rota_id, who.sites), override_id, actor=who.actor, at=now)
    return OverrideOut.of(overrides.get(conn, rota_id, override_id))


def _today(now: datetime) -> datetime:
    """Return a time that is the same for every page of a list."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _period(begins: datetime, until: datetime | None, usual: timedelta) -> tuple[datetime, datetime]:
    """Return a requested period. Raises InvalidRange."""
    ends = until or begins + usual
    if not begins < ends <= begins + LONGEST:
        raise InvalidRange("since", "until")
    return begins, ends
