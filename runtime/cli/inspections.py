"""``plantwright checklist`` and ``plantwright route``: what is inspected where, from a file and to one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from runtime.cli import tables
from runtime.cli.command_line import Database, connected, shown_errors
from runtime.cli.tables import Apply, Columns, Decimal, File, HeaderRow, Site, TableName, Why

checklist_app = typer.Typer(help="Checklists: import and export.", no_args_is_help=True)
route_app = typer.Typer(help="Inspection routes: import and export.", no_args_is_help=True)
SiteOfExport = Annotated[str, typer.Option(help="code of the site")]
Out = Annotated[Path | None, typer.Option("--out", help="the file to write; default: standard output")]


def _items(conn: psycopg.Connection, site: str) -> list[dict[str, Any]]:
    from api.shapes.inspections.checklists import PointOut
    from db.inspections import checklists

    found = checklists.page(conn, site=site, limit=100_000)
    return [point.model_dump(mode="json") for each in found for point in PointOut.all_of(each)]


def _stops(conn: psycopg.Connection, site: str) -> list[dict[str, Any]]:
    from db.inspections import tables as inspection_tables

    return [{"site": site, **row} for row in inspection_tables.route_rows(conn, site)]


def _add(app: typer.Typer, table: TableName, path: str, rows: Callable[..., Sequence[dict[str, Any]]]) -> None:
    @app.command(name="import")
    def import_(
        file: File,
        site: Site,
        column: Columns = None,
        header_row: HeaderRow = None,
        decimal: Decimal = None,
        apply: Apply = False,
        why: Why = "",
        database: Database = None,
    ) -> None:
        """Import a CSV or XLSX file. Nothing is stored without --apply; each wrong row and column is named."""
        tables.import_table(table, file, site, column, header_row, decimal, apply, why, database)

    @app.command()
    def export(site: SiteOfExport, out: Out = None, database: Database = None) -> None:
        """Write what is in force as CSV that can be imported again."""
        from api.papers.lists import LISTS
        from db.plant import plant

        with shown_errors():
            with connected(database) as conn:
                place = plant.site_by_code(conn, site)
                found = rows(conn, place.code)
            file = LISTS[path]
            tables.write_csv([file.headers, *(file.row(each, place.time_zone) for each in found)], out)


_add(checklist_app, TableName.CHECKLISTS, "/checklist-items", _items)
_add(route_app, TableName.ROUTES, "/route-stops", _stops)
