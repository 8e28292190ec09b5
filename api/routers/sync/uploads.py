"""The offline protocol: photos, signatures and other files, piece by piece."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query

from api.asking import WORKS_OR_PLANS, Asking, Conn, Now
from api.files import FileRules
from api.shapes.sync.uploads import UploadedOut
from db.files.files import LARGEST
from db.sync import uploads
from db.sync.uploads import LARGEST_PIECE, Announced

router = APIRouter(prefix="/sync/files", tags=["offline"])
Bytes = Annotated[bytes, Body(media_type="application/octet-stream", min_length=1, max_length=LARGEST_PIECE)]

Device = Annotated[UUID, Query(description="the device that sends it")]
Id = Annotated[UUID, Query(description="the file's own id, made by the device: operations name it as an attachment")]


def _announced(
    id: Id,  # noqa: A002 - the name in the protocol
    device: Device,
    order: Annotated[UUID, Query(description="the order that it belongs to")],
    name: Annotated[str, Query(pattern=r"^[^\x00]*\S[^\x00]*$", max_length=200, description="its name")],
    size: Annotated[int, Query(ge=1, le=LARGEST, description="bytes of the whole file")],
    sha256: Annotated[str, Query(pattern="^[0-9a-f]{64}$", description="of the whole file")],
) -> Announced:
    return Announced(id=id, device_id=device, order_id=order, name=name, size=size, sha256=bytes.fromhex(sha256))


Piece = Annotated[Announced, Depends(_announced)]
Offset = Annotated[int, Query(ge=0, le=LARGEST, description="where in the file this piece begins")]


@router.put("", dependencies=[WORKS_OR_PLANS])
def put(
    about: Piece, body: Bytes, conn: Conn, now: Now, who: Asking, allowed: FileRules, offset: Offset = 0
) -> UploadedOut:
    """Send a piece of a file, of 1 MB at most; the body is its bytes. The answer says where the next one begins. Sent
    again, or too early, a piece changes nothing. Once the file is whole and its checksum is right, it is a file of the
    order, also of one that has ended or was given to somebody else meanwhile.
    """
    return UploadedOut.of(uploads.put(conn, about, offset, body, who=who, now=now, allowed=allowed))


@router.get("", dependencies=[WORKS_OR_PLANS])
def get(
    conn: Conn,
    who: Asking,
    device: Device,
    id: Id,  # noqa: A002 - the name in the protocol
) -> UploadedOut:
    """Read how far a file has come, to go on after a break."""
    return UploadedOut.of(uploads.get(conn, id, device, who))
