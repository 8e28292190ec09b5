"""What could not be read, with the reason."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.asking import SEES, Asking, Conn
from api.shapes.plant import KeptOut, QuarantinePage
from db import quarantine

router = APIRouter(prefix="/quarantine", tags=["quarantine"])


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    reason: str | None = None,
    topic: Annotated[str | None, Query(description="how the topic begins")] = None,
    before: Annotated[int | None, Query(description="next_before of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> QuarantinePage:
    """List refused messages and values, the newest first."""
    kept = quarantine.page(conn, reason=reason, topic=topic, before_id=before, within=who.sites, limit=limit)
    return QuarantinePage(
        items=[KeptOut.of(each) for each in kept],
        next_before=kept[-1].id if len(kept) == limit else None,
        counts=quarantine.count_by_reason(conn, who.sites),
    )
