"""Planned downtime of assets."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.asking import PLANS, SEES, Actor, Asking, Conn, Now, Why
from api.once import OnlyOnce
from api.paging import At, Id, Order, Paged
from api.shapes.plant import DowntimeIn, DowntimeOut
from api.shapes.times import Moment
from db.plant import downtimes, plant

router = APIRouter(tags=["planned downtime"])
EARLIEST_FIRST = Order[downtimes.Downtime](tuple[At, Id], lambda each: (each.starts_at, each.id))


@router.get("/downtimes", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: Paged,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of one asset")] = None,
    after: Annotated[Moment | None, Query(description="ends after")] = None,
    before: Annotated[Moment | None, Query(description="begins before")] = None,
) -> list[DowntimeOut]:
    """List planned downtimes that overlap a time span, including cancelled ones."""
    found = downtimes.listed(
        conn,
        asset_id=asset_id,
        after=after,
        before=before,
        within=who.sites,
        limit=part.fetched,
        after_row=part.after(EARLIEST_FIRST),
    )
    return [DowntimeOut.of(each) for each in part.of_fetched(found, EARLIEST_FIRST)]


@router.post("/assets/{asset_id}/downtimes", status_code=201, response_model=DowntimeOut, dependencies=[PLANS])
def create(asset_id: int, body: DowntimeIn, conn: Conn, now: Now, actor: Actor, once: OnlyOnce) -> Response:
    """Plan a downtime, during which the asset's readings open no orders. With an Idempotency-Key, at most once."""
    plant.asset(conn, asset_id, now=now)

    def make(_: Response) -> DowntimeOut:
        return DowntimeOut.of(
            downtimes.create(
                conn,
                asset_id,
                starts_at=body.starts_at,
                ends_at=body.ends_at,
                reason=body.reason,
                actor=actor,
                at=now,
            )
        )

    return once(body, make, needed=False)


@router.post("/downtimes/{downtime_id}/cancel", dependencies=[PLANS])
def cancel(downtime_id: int, conn: Conn, now: Now, actor: Actor, _: Why) -> DowntimeOut:
    """Cancel a planned downtime."""
    return DowntimeOut.of(downtimes.cancel(conn, downtime_id, actor=actor, at=now))
