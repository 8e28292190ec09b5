"""Answers of all rounds as one list."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.asking import SEES, Asking, Conn
from api.paging import At, Id, Order, PagedByFifty, Small, Text
from api.shapes.inspections.results import ResultOut
from api.shapes.times import Moment
from db.inspections import results
from db.inspections.results import Result
from workorder_core.inspections.answers import Verdict

router = APIRouter(tags=["inspections"])
NEWEST_FIRST = Order[Result](tuple[At, Id, Small, Text], lambda each: each.place_in_list)


@router.get("/inspection-results", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    round_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of one round")] = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of an asset")] = None,
    asset: Annotated[str | None, Query(max_length=64, description="of an asset, by its code")] = None,
    checklist_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of a checklist")] = None,
    item: Annotated[
        str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="of one question, by its key")
    ] = None,
    verdict: Annotated[list[Verdict] | None, Query(description="with one of these verdicts; none: with any")] = None,
    since: Annotated[Moment | None, Query(description="answered from then on")] = None,
    until: Annotated[Moment | None, Query(description="answered before then")] = None,
) -> list[ResultOut]:
    """List answers of rounds with what was asked, the newest first."""
    asked = results.Asked(
        site=site,
        within=who.sites,
        round_id=round_id,
        asset_id=asset_id,
        asset=asset,
        checklist_id=checklist_id,
        item=item,
        verdicts=verdict,
        since=since,
        until=until,
    )
    after = part.after(NEWEST_FIRST)
    found = results.page(
        conn, asked, after=None if after is None else (after[0], after[1], after[2], after[3]), limit=part.fetched
    )
    return [ResultOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]
