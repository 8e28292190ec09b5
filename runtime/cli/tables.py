"""``plantwright import-table``: a CSV or XLSX file of one of the plant's tables, as a dry run or applied."""

import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from runtime.cli.command_line import Database, connected, console, shown_errors, warn
from runtime.settings import InvalidSettings

if TYPE_CHECKING:
    from runtime.runs.imports import Imported

MOST_SHOWN = 40


class TableName(StrEnum):
    """The tables that can be imported."""

    LOCATIONS = "locations"
    ASSETS = "assets"
    ITEMS = "items"
    STOCK = "stock"
    BILLS = "bills"
    CHECKLISTS = "checklists"
    PLANS = "plans"
    ROUTES = "routes"
    TECHNICIANS = "technicians"
    ABSENCES = "absences"
    WAYS = "ways"
    SKILLS = "skills"
    SKILL_CERTIFICATES = "skill-certificates"


File = Annotated[Path, typer.Argument(help="a CSV or XLSX file")]
Site = Annotated[str, typer.Option(help="code of the site")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="COLUMN=HEADER, like code=Tag; repeatable; default: recognised by its header"),
]
HeaderRow = Annotated[int | None, typer.Option(min=1, help="number of the row with the headers; default: recognised")]
Decimal = Annotated[str | None, typer.Option(help="decimal sign, . or ,; default: recognised")]
Apply = Annotated[bool, typer.Option("--apply", help="store the rows; default: only show what would change")]
Why = Annotated[str, typer.Option(help="the reason, stored with the changes")]


def write_csv(rows: Iterable[Sequence[Any]], out: Path | None) -> None:
    """Write rows as CSV to a file, else to standard output. Raises InvalidSettings."""
    from api.papers import sheets

    text = sheets.csv_lines(rows)
    try:
        _ = sys.stdout.buffer.write(text) if out is None else out.write_bytes(text)
    except OSError as error:
        raise InvalidSettings(f"{out} cannot be written: {error.strerror}") from None


def import_table(
    table: Annotated[TableName, typer.Argument(help="what the rows are")],
    file: File,
    site: Site,
    column: Columns = None,
    header_row: HeaderRow = None,
    decimal: Decimal = None,
    apply: Apply = False,
    why: Why = "",
    database: Database = None,
) -> None:
    """Import a table from a CSV or XLSX file. Nothing is stored without --apply.

    If any row is wrong, no row is stored. Importing the same file again changes nothing.
    """
    from api.shapes.runs import ImportIn
    from runtime.processes.people import actor
    from runtime.runs import imports

    with shown_errors():
        asked = ImportIn.model_validate(
            {"table": table.value, "columns": _columns(column), "header_row": header_row, "apply": apply, "why": why}
            | {"decimal": _decimal(decimal)}
        )
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InvalidSettings(f"{file} cannot be read: {error.strerror}") from None
        with connected(database) as conn:
            made = imports.run(conn, site, file.name, content, asked, actor=actor())
    _show(made, table.value)
    raise typer.Exit(1 if made.plan.wrong else 0)


def _columns(said: list[str] | None) -> dict[str, str] | None:
    if not said:
        return None
    pairs = [each.partition("=") for each in said]
    for name, sign, header in pairs:
        if not (name and sign and header):
            raise InvalidSettings("--column is column=header, like code=Tag")
    return {name: header for name, _, header in pairs}


def _decimal(said: str | None) -> str | None:
    if said not in (None, ".", ","):
        raise InvalidSettings("--decimal is . or ,")
    return said


def _show(made: "Imported", table: str) -> None:
    plan = made.plan
    columns = ", ".join(f"{name} from {header!r}" for name, header in made.layout.named.items())
    console.print(f"{made.sheet.form}; headers in row {made.layout.header_row}: {columns}", highlight=False)
    if plan.wrong:
        shown = Table("row", "column", "content", "problem")
        for each in plan.wrong[:MOST_SHOWN]:
            shown.add_row(str(each.row), each.column, each.said, each.problem)
        console.print(shown)
        if len(plan.wrong) > MOST_SHOWN:
            console.print(f"… and {len(plan.wrong) - MOST_SHOWN} more")
    done = "stored" if made.applied else "nothing is stored: rows are wrong" if plan.wrong else "nothing is stored yet"
    console.print(
        f"{plan.rows} {table}: {len(plan.create)} new, {len(plan.change)} changed, {plan.same} as they are, "
        f"{len({each.row for each in plan.wrong})} wrong; {done}"
    )
    for proposal in made.waiting:
        console.print(f"{proposal.subject} waits for a second person; see the page Changes", highlight=False)
    warn(made.doubts)
