"""Files uploaded for a run to read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Response, UploadFile

from api import long_work
from api.asking import PLANS, Asking, Conn, Now
from api.once import OnlyOnce
from api.shapes.plant import Code
from api.shapes.runs import ImportIn, TableName, UploadOut
from db.plant import plant
from db.runs import uploads
from ingest.tables.sheets import InvalidFile
from workorder_core.sentences import say

router = APIRouter(prefix="/uploads", tags=["long work"])


@router.post("", status_code=201, response_model=UploadOut, dependencies=[PLANS])
def upload(
    file: Annotated[UploadFile, File()],
    site: Annotated[Code, Form(description="code of the site that its rows are of")],
    table: Annotated[TableName, Form(description="what its rows are")],
    conn: Conn,
    now: Now,
    who: Asking,
    once: OnlyOnce,
) -> Response:
    """Upload a CSV or XLSX file, of 10 MB at most, and preview how it would be read. The header Idempotency-Key is
    required. It is stored as long as runs are, and changes nothing: a run of the kind import reads it.
    """
    content = file.file.read(uploads.LARGEST + 1)
    name = long_work.name_of(file.filename)

    def make(_: Response) -> UploadOut:
        place = plant.site_by_code(conn, site, who.sites)
        if not content:
            raise InvalidFile(name, say("is empty"))
        sheet, layout = long_work.guessed(name, content, ImportIn(table=table))
        kept = uploads.add(conn, place.code, name, content, actor=who.actor, at=now)
        return UploadOut(**long_work.shown(kept, sheet, layout))

    return once(f"{site}\0{table}\0{name}\0".encode() + content, make)


@router.get("/{upload_id}/as/{table}", dependencies=[PLANS])
def preview(upload_id: UUID, table: TableName, conn: Conn) -> UploadOut:
    """Read how a file would be read as a table."""
    kept = uploads.get(conn, upload_id)
    sheet, layout = long_work.guessed(kept.name, kept.content, ImportIn(table=table))
    return UploadOut(**long_work.shown(kept, sheet, layout))
