"""The offline protocol, the other way: what has changed for a technician."""

from hashlib import blake2b
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.asking import WORKS_OR_PLANS, Asking, Conn, Now
from api.paging import InvalidCursor
from api.shapes.sync.briefings import ChangesOut
from api.shapes.sync.catalogues import CatalogueOut
from db.events import events
from db.sync import catalogue, changes, devices
from db.sync.briefings import Briefer
from db.sync.catalogue import Catalogue
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
    briefer = Briefer(conn, who, now)
    return ChangesOut.of(found, [briefer.of(each) for each in found.orders])


@router.get("/catalogue", dependencies=[WORKS_OR_PLANS], response_model=CatalogueOut)
def catalogue_of(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    device: Annotated[UUID, Query(description="the device's id, known by a batch of operations sent before")],
) -> Response:
    """Read what the device has besides orders: assets and places with the codes of their labels, parts, words, rounds
    that are due, and the technician's certificates. With `If-None-Match` 304 as long as nothing of it has changed.
    """
    found = (
        Catalogue() if devices.own(conn, device, who).revoked_at is not None else catalogue.read(conn, who=who, now=now)
    )
    content = CatalogueOut.of(found).model_dump_json().encode()
    tag = f'"{blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
