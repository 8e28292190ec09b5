"""Alarms that were raised, and how many a person has to bear."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import AwareDatetime

from api.asking import Conn
from api.shapes.alarms import AlarmOut, AlarmPage, FiguresOut
from db import alarms
from workorder_core.alarms import figures

router = APIRouter(prefix="/alarms", tags=["alarms"])
Site = Annotated[str | None, Query(description="a site's code")]
LONGEST = timedelta(days=366)


@router.get("")
def find(
    conn: Conn,
    site: Site = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    source: Annotated[str | None, Query(description="such as rule:bearing-hot")] = None,
    standing: Annotated[bool, Query(description="only what is not over")] = False,
    before: Annotated[int | None, Query(description="next_before of the page before", ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> AlarmPage:
    """List alarms, the newest first."""
    found = alarms.page(
        conn, site=site, asset_id=asset_id, source=source, standing=standing, before=before, limit=limit
    )
    return AlarmPage(
        items=[AlarmOut.of(each) for each in found], next_before=found[-1].id if len(found) == limit else None
    )


@router.get("/figures")
def count(conn: Conn, since: AwareDatetime, until: AwareDatetime, site: Site = None) -> FiguresOut:
    """Count the figures of ISA-18.2 over a range of event time, a year at most."""
    if not since < until <= since + LONGEST:
        raise HTTPException(422, "until must be after since, by a year at most; ask for a range such as the last week")
    return FiguresOut.of(figures(alarms.between(conn, since, until, site), since, until), since, until)
