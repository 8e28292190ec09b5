"""Importing a table: a file is uploaded, its columns are confirmed, a dry run shows its effect."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import Response

from api import long_work
from api.asking import KNOWN, PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.shapes.runs import ImportIn, TableName
from db.errors import NotFound
from db.plant import plant
from db.runs import uploads
from ingest.tables.sheets import InvalidFile
from workorder_core.sentences import say
from workorder_core.tables.cells import CellKind
from workorder_core.tables.layout import InvalidLayout
from workorder_core.tables.plant_tables import ASSETS, TABLES

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
_COLUMN = "column_"
HeaderRow = Annotated[int | None, Query(ge=1, le=50_000)]


@router.get("/imports", dependencies=[PLANS])
def form(request: Request, conn: Conn, who: Asking, table: str = "") -> Response:
    """Show the form for uploading a file."""
    return page(
        request, "runs/new_import.html", sites=plant.sites(conn, who.sites), tables=TABLES, chosen=table or ASSETS.name
    )


@router.post("/imports", dependencies=[PLANS])
@shown_on("/imports")
def send(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=100)] = "",
    table: Annotated[str, Form(max_length=40)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Store a file, and show how it would be read."""
    content = b"" if file is None else file.file.read(uploads.LARGEST + 1)
    name = long_work.name_of(None if file is None else file.filename)
    with Fields() as read:
        read.need("table", table in TABLES, say("choose one from the list"))
        place = read("site", None, lambda: _site(conn, site, who))
        read.need("file", content, say("choose a file"))
        if content and table in TABLES:
            read("file", None, lambda: _readable(name, content, ImportIn.model_validate({"table": table})))
    assert place is not None, "its lack is an error of its field"
    kept = uploads.add(conn, place, name, content, actor=who.actor, at=now)
    return sent.leads_to(f"/imports/{kept.id}?table={table}")


@router.get("/imports/{upload_id}", dependencies=[PLANS])
def columns(
    request: Request, upload_id: UUID, conn: Conn, table: TableName = "assets", header_row: HeaderRow = None
) -> Response:
    """Show how a file would be read, and let its columns be chosen."""
    kept = uploads.get(conn, upload_id)
    sheet, layout = long_work.guessed(kept.name, kept.content, ImportIn(table=table, header_row=header_row))
    return page(
        request,
        "runs/columns.html",
        file=kept,
        table=TABLES[table],
        sheet=sheet,
        layout=layout,
        named=layout.named,
        numbers=any(each.kind is CellKind.DECIMAL for each in TABLES[table].columns),
        rows=[cells for _, cells in layout.numbered(sheet.rows)][:5],
    )


async def _chosen(request: Request) -> dict[str, str]:
    """Return the header that was chosen for each column; the fields are named by the table's columns."""
    sent = (await request.form()).multi_items()
    said = {name.removeprefix(_COLUMN): value for name, value in sent if name.startswith(_COLUMN)}
    return {name: value for name, value in said.items() if isinstance(value, str) and value}


@router.post("/imports/{upload_id}", dependencies=[PLANS])
@shown_on(lambda params, form: f"/imports/{params['upload_id']}?{_again(form)}")
def try_out(
    upload_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    chosen: Annotated[dict[str, str], Depends(_chosen)],
    table: Annotated[str, Form(max_length=40)] = "assets",
    header_row: Annotated[str, Form(max_length=6)] = "",
    decimal: Annotated[str, Form(max_length=1)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Request a dry run."""
    with Fields() as read:
        read.need("table", table in TABLES, say("choose one from the list"))
        read.need(
            "header_row",
            header_row.isdecimal() and 0 < int(header_row or 0) <= 50_000,
            say("write the number of a row"),
        )
        read.need("decimal", decimal in ("", ".", ","), say("choose one from the list"))
        if table in TABLES:
            key = TABLES[table].key
            read.need(_COLUMN + key, key in chosen, say("choose the column: it identifies each row"))
    asked = ImportIn.model_validate(
        {"table": table, "columns": chosen, "header_row": int(header_row), "decimal": decimal or None}
        | {"why": why.replace("\0", "").strip()}
    )
    try:
        made = long_work.ask_for_import(conn, who, upload_id, asked, at=now)
    except (InvalidLayout, InvalidFile) as wrong:
        raise InvalidForm(str(wrong)) from None
    return sent.leads_to(f"/runs/{made.id}")


def _again(form: object) -> str:
    """Return the query of the page from which a refused form was sent."""
    assert isinstance(form, dict)
    table = form.get("table") if form.get("table") in TABLES else "assets"
    row = str(form.get("header_row", ""))
    return f"table={table}" + (f"&header_row={int(row)}" if row.isdecimal() and 0 < int(row) <= 50_000 else "")


def _site(conn: Conn, code: str, who: Asking) -> str:
    try:
        return plant.site_by_code(conn, code, who.sites).code
    except NotFound:
        raise InvalidForm(say("choose one from the list")) from None


def _readable(name: str, content: bytes, asked: ImportIn) -> None:
    try:
        long_work.guessed(name, content, asked)
    except InvalidFile as wrong:
        raise InvalidForm(wrong.problem) from None
