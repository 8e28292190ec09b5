"""Files of assets and locations (manuals, photos), and every file by its id."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile
from psycopg import Connection

from api.asking import PLANS, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.files import FileRules, send
from api.once import Once, OnlyOnce
from api.paging import AS_FILE
from api.shapes.order_content import AttachmentOut, FilesOut
from db.files import files
from db.files.files import LARGEST, Allowed, Of, Owner
from db.orders import order_work
from db.plant import plant

router = APIRouter(tags=["files"])
SENT: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in files.KINDS}}}


@router.get("/assets/{asset_id}/files", dependencies=[SEES, AS_FILE])
def of_asset(asset_id: int, conn: Conn, now: Now) -> FilesOut:
    """List an asset's files (manuals and photos), the oldest first."""
    return _of(conn, Owner(Of.ASSET, plant.asset(conn, asset_id, now=now).id))


@router.get("/locations/{location_id}/files", dependencies=[SEES, AS_FILE])
def of_location(location_id: int, conn: Conn, who: Asking) -> FilesOut:
    """List a functional location's files, the oldest first."""
    return _of(conn, Owner(Of.LOCATION, plant.location(conn, location_id, within=who.sites).id))


@router.post("/assets/{asset_id}/files", status_code=201, response_model=AttachmentOut, dependencies=[WORKS_OR_PLANS])
def attach_to_asset(
    asset_id: int,
    file: Annotated[UploadFile, File()],
    conn: Conn,
    now: Now,
    who: Asking,
    allowed: FileRules,
    once: OnlyOnce,
) -> Response:
    """Attach a manual or a photo to an asset. The header Idempotency-Key is required."""
    owner = Owner(Of.ASSET, plant.asset(conn, asset_id, now=now).id)
    return _attach(conn, owner, file, now, who, allowed, once)


@router.post(
    "/locations/{location_id}/files", status_code=201, response_model=AttachmentOut, dependencies=[WORKS_OR_PLANS]
)
def attach_to_location(
    location_id: int,
    file: Annotated[UploadFile, File()],
    conn: Conn,
    now: Now,
    who: Asking,
    allowed: FileRules,
    once: OnlyOnce,
) -> Response:
    """Attach a plan or a photo to a functional location. The header Idempotency-Key is required."""
    owner = Owner(Of.LOCATION, plant.location(conn, location_id, within=who.sites).id)
    return _attach(conn, owner, file, now, who, allowed, once)


@router.get("/files/{file_id}", dependencies=[SEES], response_class=Response, responses=SENT)
def download(file_id: UUID, conn: Conn, request: Request) -> Response:
    """Read a file of an order, an asset or a location. It never changes: a conditional request gets 304."""
    return send(conn, files.get(conn, file_id), request)


@router.get("/files/{file_id}/thumbnail", dependencies=[SEES], response_class=Response, responses=SENT)
def thumbnail(file_id: UUID, conn: Conn, request: Request) -> Response:
    """Read the thumbnail of a picture."""
    return send(conn, files.get(conn, file_id), request, small=True)


@router.delete("/files/{file_id}", status_code=204, dependencies=[PLANS])
def delete(file_id: UUID, conn: Conn, now: Now, who: Asking) -> None:
    """Delete a file's content. Its existence, and who deleted it, stay in its owner's history."""
    order_work.delete_file(conn, file_id, who=who, at=now)


def _of(conn: Connection, owner: Owner) -> FilesOut:
    return FilesOut(files=[AttachmentOut.of(each) for each in files.of(conn, owner)])


def _attach(
    conn: Connection, owner: Owner, file: UploadFile, now: Now, who: Asking, allowed: Allowed, once: Once
) -> Response:
    content, name = file.file.read(LARGEST + 1), file.filename or "file"

    def make(_: Response) -> AttachmentOut:
        return AttachmentOut.of(files.add(conn, owner, name, content, actor=who.actor, at=now, allowed=allowed))

    return once(name.encode() + b"\0" + content, make)
