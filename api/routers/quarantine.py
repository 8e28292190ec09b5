"""The quarantine: unreadable messages with the reason, retrying them once the cause is removed, and dropping them."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.asking import ENGINEERS, SEES, Actor, Asking, Conn, Now
from api.paging import At, Id, Order, PagedByWeight
from api.shapes.quarantine import DropIn, DropOut, KeptOut, PayloadOut, QuarantinePage, RetryIn, RetryOut
from db.telemetry import quarantine
from workorder_core.people.access import Role

router = APIRouter(prefix="/quarantine", tags=["quarantine"])
NEWEST_FIRST = Order[quarantine.Kept](tuple[At, Id], lambda each: (each.last_received_at, each.id))
READERS = frozenset({Role.RELIABILITY_ENGINEER})
"""The roles that may read payloads, which contain whatever people and devices have sent."""


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByWeight,
    reason: Annotated[str | None, Query(description="refused for one reason, such as not_json")] = None,
    topic: Annotated[str | None, Query(description="how the topic begins")] = None,
) -> QuarantinePage:
    """List the kinds of refused messages and values, the newest first. Only engineers see payloads."""
    found = quarantine.page(
        conn, reason=reason, topic=topic, after=part.after(NEWEST_FIRST), within=who.sites, limit=part.fetched
    )
    kept = part.of_fetched(found, NEWEST_FIRST)
    return QuarantinePage(
        items=[KeptOut.of(each, readable=who.may(READERS)) for each in kept],
        next=part.next,
        counts=quarantine.count_by_reason(conn, who.sites),
    )


KeptId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/{kept_id}", dependencies=[ENGINEERS])
def one(kept_id: KeptId, conn: Conn) -> KeptOut:
    """Read one stored message, with its stored payload."""
    return KeptOut.of(quarantine.one(conn, kept_id), readable=True)


@router.get("/{kept_id}/payloads", dependencies=[ENGINEERS])
def payloads(kept_id: KeptId, conn: Conn) -> list[PayloadOut]:
    """Read the stored messages of a kind, the first ones."""
    return [PayloadOut.of(each) for each in quarantine.payloads(conn, kept_id)]


@router.post("/retry", status_code=202, dependencies=[ENGINEERS])
def retry_many(body: RetryIn, conn: Conn, actor: Actor, now: Now) -> RetryOut:
    """Let the engine retry the matching messages, with the present settings and plant data; accepted readings are
    stored as late."""
    asked = quarantine.ask_retry(conn, reason=body.reason, topic=body.topic, actor=actor, at=now)
    return RetryOut(asked=len(asked), left_out=quarantine.left_out(conn, reason=body.reason, topic=body.topic))


@router.post("/{kept_id}/retry", status_code=202, dependencies=[ENGINEERS])
def retry(kept_id: KeptId, conn: Conn, actor: Actor, now: Now) -> RetryOut:
    """Let the engine retry the stored messages of a kind; accepted ones leave the quarantine."""
    return RetryOut(asked=len(quarantine.ask_retry(conn, ids=[kept_id], actor=actor, at=now)))


@router.post("/drop", dependencies=[ENGINEERS])
def drop_many(body: DropIn, conn: Conn, now: Now) -> DropOut:
    """Drop the matching messages: they cannot be retried any more."""
    before = None if body.older_than_days is None else now - timedelta(days=body.older_than_days)
    return DropOut(dropped=quarantine.drop(conn, reason=body.reason, topic=body.topic, before=before))


@router.post("/{kept_id}/drop", dependencies=[ENGINEERS])
def drop(kept_id: KeptId, conn: Conn) -> DropOut:
    """Drop the stored messages of a kind: they cannot be retried any more."""
    return DropOut(dropped=quarantine.drop(conn, ids=[kept_id]))
