"""What could not be read, with the reason, and another try once the cause is mended."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.asking import ENGINEERS, SEES, SEES_ALL, Actor, Asking, Conn, Now
from api.shapes.plant import KeptOut, QuarantinePage, RetryIn, RetryOut
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


Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/{kept_id}", dependencies=[SEES_ALL])
def one(kept_id: Id, conn: Conn) -> KeptOut:
    """Read one, with all that is kept of its payload."""
    return KeptOut.of(quarantine.one(conn, kept_id))


@router.post("/retry", status_code=202, dependencies=[ENGINEERS])
def retry_many(body: RetryIn, conn: Conn, actor: Actor, now: Now) -> RetryOut:
    """Have the engine read again what fits, by what is set and known now; what it takes is stored as late."""
    asked = quarantine.ask_retry(conn, reason=body.reason, topic=body.topic, actor=actor, at=now)
    return RetryOut(asked=len(asked), left_out=quarantine.left_out(conn, reason=body.reason, topic=body.topic))


@router.post("/{kept_id}/retry", status_code=202, dependencies=[ENGINEERS])
def retry(kept_id: Id, conn: Conn, actor: Actor, now: Now) -> RetryOut:
    """Have the engine read one again; when it is taken, there is no such message any more."""
    return RetryOut(asked=len(quarantine.ask_retry(conn, ids=[kept_id], actor=actor, at=now)))
