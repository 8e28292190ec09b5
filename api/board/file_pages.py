"""Files on the pages of assets and locations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, UploadFile
from fastapi.responses import Response

from api.asking import KNOWN, PLANS, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.forms import FormRoute, shown_on
from api.files import FileRules
from api.once import SentForm
from db.files import files
from db.files.files import LARGEST, InvalidAttachment, Of, Owner
from db.orders import order_work
from db.plant import plant

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.post("/assets/{asset_id}/files/new", dependencies=[WORKS_OR_PLANS])
@shown_on("/assets/{asset_id}", at={InvalidAttachment: "file"})
def attach_to_asset(
    asset_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    allowed: FileRules,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Attach a manual or a photo to an asset."""
    owner, content = Owner(Of.ASSET, plant.asset(conn, asset_id, now=now).id), file.file.read(LARGEST + 1)
    files.add(conn, owner, file.filename or "file", content, actor=who.actor, at=now, allowed=allowed)
    return sent.leads_to(f"/assets/{asset_id}#files")


@router.post("/locations/{location_id}/files/new", dependencies=[WORKS_OR_PLANS])
@shown_on("/locations/{location_id}", at={InvalidAttachment: "file"})
def attach_to_location(
    location_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    allowed: FileRules,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Attach a plan or a photo to a functional location."""
    owner = Owner(Of.LOCATION, plant.location(conn, location_id, within=who.sites).id)
    content = file.file.read(LARGEST + 1)
    files.add(conn, owner, file.filename or "file", content, actor=who.actor, at=now, allowed=allowed)
    return sent.leads_to(f"/locations/{location_id}#files")


@router.post("/files/{file_id}/delete", dependencies=[PLANS])
def delete(file_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Delete a file from its owner's page."""
    gone = order_work.delete_file(conn, file_id, who=who, at=now)
    if gone.asset_id is not None:
        return sent.leads_to(f"/assets/{gone.asset_id}#files")
    if gone.location_id is not None:
        return sent.leads_to(f"/locations/{gone.location_id}#files")
    return sent.leads_to(f"/orders/{gone.order_id}#remarks")
