"""Imports of tables: planned row by row, then stored completely or not at all. Used by runs and the command line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from api.papers.columns import Cell
from api.papers.sheets import BOM, csv_lines
from api.shapes.runs import ImportIn
from db.errors import StoreError
from db.plant import names, plant
from db.plant import tables as db_tables
from db.plant.safety import Proposal
from db.runs import uploads
from db.runs.runs import MadeFile
from db.scheduling import places
from ingest.tables import osrm, sheets
from ingest.tables.sheets import InvalidFile, Sheet
from runtime.runs.work import CannotBeDone, Done, Work
from workorder_core.inventory.errors import StockError
from workorder_core.plant import new_names
from workorder_core.plant.new_names import NameKind
from workorder_core.scheduling.ways import Coordinates, nearest
from workorder_core.sentences import kept
from workorder_core.tables import tables
from workorder_core.tables.layout import InvalidLayout, Layout, layout_of
from workorder_core.tables.plant_tables import TABLES
from workorder_core.tables.tables import Plan, RowProblem

MOST_SHOWN = 200
"""The most rows of a list in the result; the files have all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import would do, or has done. ``applied`` is False for a dry run, or if a row is wrong."""

    sheet: Sheet
    layout: Layout
    plan: Plan
    applied: bool
    waiting: Sequence[Proposal]
    doubts: Sequence[str]


def run(
    conn: Connection,
    site: str,
    name: str,
    content: bytes,
    asked: ImportIn,
    *,
    actor: str,
    on_progress: Callable[[float, str], None] = lambda _share, _doing: None,
) -> Imported:
    """Plan an import and, if it is to be applied and no row is wrong, store it. The caller commits.

    Raises InvalidFile, InvalidLayout, NotFound for a site that does not exist, WhyMissing.
    """
    on_progress(0.02, kept("reading the file"))
    sheet = sheets.read(name, content)
    place = plant.site_by_code(conn, site)
    if sheet.by_coordinates:
        sheet = _with_codes(sheet, places.of_site(conn, place.id, place.code).coordinates)
    known = db_tables.known(conn, asked.table, place)
    layout = layout_of(known.table, sheet.rows, asked.columns, asked.header_row, asked.decimal or sheet.decimal)
    on_progress(0.2, kept("comparing {count:,} rows with the plant", count=len(sheet.rows)))
    plan = tables.plan(known.table, layout.numbered(sheet.rows), layout.columns, known.facts, decimal=layout.decimal)
    doubts = _doubts(conn, plan)
    waiting: Sequence[Proposal] = ()
    applied = asked.apply and not plan.wrong
    if applied:
        on_progress(0.5, kept("storing {count:,} rows", count=len(plan.wanted)))
        waiting = db_tables.store(conn, place, known, plan, actor=actor, why=asked.why, at=datetime.now(UTC))
    return Imported(sheet=sheet, layout=layout, plan=plan, applied=applied, waiting=waiting, doubts=doubts)


def _with_codes(sheet: Sheet, known: Mapping[str, Coordinates]) -> Sheet:
    """Return a sheet with the codes of the locations that its coordinates are of; others stay, and are wrong."""
    found: dict[str, str] = {}
    for cell in {cell for row in sheet.rows[1:] for cell in row[:2]}:
        at = osrm.places_of(cell)
        code = None if at is None else nearest(Coordinates(*at), known)
        found[cell] = cell if code is None else code
    return replace(sheet, rows=[sheet.rows[0], *((found[row[0]], found[row[1]], *row[2:]) for row in sheet.rows[1:])])


def execute(work: Work) -> Done:
    """Import an uploaded file."""
    asked = ImportIn.model_validate(work.run.input)
    assert work.run.upload_id is not None
    file = uploads.get(work.conn, work.run.upload_id)
    try:
        made = run(
            work.conn, file.site, file.name, file.content, asked, actor=work.run.requested_by,
            on_progress=work.progress,
        )  # fmt: skip
    except (InvalidFile, InvalidLayout, StoreError, StockError) as problem:
        raise CannotBeDone(str(problem)) from None
    work.log(kept("{file}: {form}, {count:,} rows", file=file.name, form=made.sheet.form, count=made.plan.rows))
    if asked.apply and made.plan.wrong:
        work.log(kept("nothing was stored: rows are wrong"))
    return Done(result=facts(made), files=_files(made.plan))


def facts(made: Imported) -> dict[str, Any]:
    """Return an import's facts for pages, programs and the terminal."""
    plan = made.plan
    return {
        "applied": made.applied,
        "form": made.sheet.form,
        "header_row": made.layout.header_row,
        "columns": dict(made.layout.named),
        "rows": plan.rows,
        "create": len(plan.create),
        "change": len(plan.change),
        "same": plan.same,
        "wrong": len(plan.wrong),
        "wrong_rows": len({each.row for each in plan.wrong}),
        "errors": [_error(each) for each in plan.wrong[:MOST_SHOWN]],
        "creates": [{"row": each.row.number, "key": each.row.key} for each in plan.create[:MOST_SHOWN]],
        "changes": [
            {
                "row": each.row.number,
                "key": each.row.key,
                "was": _plain(each.was),
                "to": _plain({name: each.row.values[name] for name in each.was}),
            }
            for each in plan.change[:MOST_SHOWN]
        ],
        "waiting": [each.subject for each in made.waiting],
        "doubts": list(made.doubts),
    }


def _files(plan: Plan) -> list[MadeFile]:
    if not plan.wrong:
        return []
    rows: list[list[Cell]] = [[each.row, each.column, each.said, each.problem] for each in plan.wrong]
    content = BOM.encode() + csv_lines([["Row", "Column", "Content", "Problem"], *rows])
    return [MadeFile(name="errors.csv", media_type="text/csv", size=0, content=content)]


def _error(wrong: RowProblem) -> dict[str, Any]:
    return {"row": wrong.row, "column": wrong.column, "said": wrong.said, "problem": wrong.problem}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value is None else _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.name.lower()) if hasattr(value, "name") else str(value)


def _doubts(conn: Connection, plan: Plan) -> list[str]:
    """Return "did you mean" sentences for classes that nothing has yet."""
    classes = dict.fromkeys(str(row.values["asset_class"]) for row in plan.wanted if row.values.get("asset_class"))
    found = new_names.slips(names.new(conn, NameKind.CLASS, list(classes)))
    return [
        kept(
            "the {kind} {name!r} is new; did you mean {alike}?",
            kind=each.kind,
            name=each.name,
            alike=" / ".join(each.alike),
        )
        for each in found
    ]


def described(table: str) -> str:
    """Return the columns of a table for the terminal, with the headers by which they are found."""
    lines = []
    for column in TABLES[table].columns:
        needed = " (needed)" if column.needed or column.name == TABLES[table].key else ""
        lines.append(f"{column.name}{needed}: {', '.join((column.title, *column.also))}")
    return "\n".join(lines)
