"""The offline protocol, the other way: what has changed for a technician."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.asking import WORKS_OR_PLANS, Asking, Conn, Now
from api.paging import InvalidCursor
from api.shapes.sync.briefings import ChangesOut
from db.events import events
from db.sync import changes, devices
from db.sync.changes import Changes
from workorder_core.sync import cursors
from workorder_core.sync.cursors import Cursor

router = APIRouter(prefix="/sync", tags=["offline"])


@router.get("/changes", dependencies=[WORKS_OR_PLANS])
def changed(
    conn: Conn,
    now: Now,
    who: Asking,
    device: Annotated[UUID, Query(description="the device's id, known by a batch of operations sent before")],
    since: Annotated[
        str | None, Query(max_length=100, description="`next` of the answer before; none: everything")
    ] = None,
) -> ChangesOut:
    """Read the orders of the requesting technician that have changed: given to them, or on a published visit of theirs;
    unfinished, or ended within 14 days. Whole, 50 at a time.
    """
    cursor = None if since is None else cursors.parse(since)
    if since is not None and cursor is None:
        raise InvalidCursor
    if devices.own(conn, device, who).revoked_at is not None:
        nothing = Cursor(event=0, access=cursors.access_of(who))
        found = Changes(reset=True, orders=[], gone=[], next=nothing, more=False)
        return ChangesOut.of(found, []).model_copy(update={"revoked": True})
    events.number(conn)
    conn.commit()
    found = changes.since(conn, cursor, who=who, now=now)
    return ChangesOut.of(found, [changes.briefing(conn, each, who=who, now=now) for each in found.orders])
