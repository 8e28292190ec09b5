"""``plantwright plan``: maintenance plans from and to a file, what falls due, and making what is due now."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from db.planning import outlook
from db.planning import tables as planning_tables
from db.plant import plant
from runtime.cli import tables
from runtime.cli.command_line import Database, connected, console, shown_errors
from runtime.cli.tables import Apply, Columns, Decimal, File, HeaderRow, Site, TableName, Why
from workorder_core.planning.forecast import Load, Period, months_ahead
from workorder_core.tables.plan_table import PLANS

app = typer.Typer(help="Maintenance plans: work that recurs.", no_args_is_help=True)
SiteCode = Annotated[str, typer.Option("--site", help="code of the site")]


@app.command(name="import")
def import_plans(
    file: File,
    site: Site,
    column: Columns = None,
    header_row: HeaderRow = None,
    decimal: Decimal = None,
    apply: Apply = False,
    why: Why = "",
    database: Database = None,
) -> None:
    """Import maintenance plans. Nothing is stored without --apply. Importing the same file again changes nothing."""
    tables.import_table(TableName.PLANS, file, site, column, header_row, decimal, apply, why, database)


@app.command(name="export")
def export_plans(
    site: SiteCode,
    file: Annotated[Path | None, typer.Argument(help="where to write it; default: the terminal")] = None,
    database: Database = None,
) -> None:
    """Write a site's maintenance plans as CSV, as `plan import` reads them; retired ones are left out."""
    with shown_errors(), connected(database) as conn:
        plant.site_by_code(conn, site)
        rows = planning_tables.rows(conn, site)
    with shown_errors():
        tables.write_csv(
            [[each.title for each in PLANS.columns]]
            + [[facts[each.name] for each in PLANS.columns] for facts in rows.values()],
            file,
        )
    if file is not None:
        console.print(f"{len(rows)} plans written to {file}", highlight=False)


@app.command()
def forecast(
    site: Annotated[str | None, typer.Option(help="code of the site; default: all")] = None,
    months: Annotated[int, typer.Option(min=1, max=60, help="how far ahead")] = 12,
    by: Annotated[Period, typer.Option(help="add up the hours by week or by month")] = Period.MONTH,
    database: Database = None,
) -> None:
    """Show the hours of work that will fall due, by trade and by month or week."""
    with shown_errors(), connected(database) as conn:
        if site is not None:
            plant.site_by_code(conn, site)
        found = outlook.forecast(conn, until=months_ahead(datetime.now(UTC), months), site=site, by=by)
    _show(found, by)


@app.command()
def generate(database: Database = None) -> None:
    """Generate the work that is due now, as a job does every half minute. Work that exists is left as it is."""
    from runtime.processes import jobs

    with shown_errors(), connected(database) as conn:
        decided = jobs.generate_planned(conn)
        health = outlook.health(conn, now=datetime.now(UTC))
    following = (
        "nothing is expected next" if health.next_due is None else f"next due {health.next_due:%Y-%m-%d %H:%M} UTC"
    )
    console.print(f"{decided} occurrences decided; {health.plans} plans in force, {following}", highlight=False)


def _show(found: Sequence[Load], by: Period) -> None:
    trades = sorted({each.trade for each in found})
    shown = Table(by.value, *(trade or "no trade" for trade in trades), "pieces of work")
    for begins in dict.fromkeys(each.begins for each in found):
        of_period = {each.trade: each for each in found if each.begins == begins}
        hours = [f"{of_period[trade].hours:g}" if trade in of_period else "" for trade in trades]
        shown.add_row(begins.isoformat(), *hours, str(sum(each.count for each in of_period.values())))
    console.print(shown)
    console.print(f"{sum(each.hours for each in found):g} hours", highlight=False)
