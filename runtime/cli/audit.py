"""``plantwright audit``: verifies that the history of orders is as it was written."""

from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from api.papers import audit_paper, typeset
from db.orders import audit
from db.plant import plant
from runtime.cli.command_line import Database, connected, console, shown_errors

app = typer.Typer(help="The history of the orders: append-only and tamper-evident.", no_args_is_help=True)


@app.command()
def verify(
    anchor: Annotated[
        str | None, typer.Option(help="the hash of an anchor that you noted elsewhere; it must still exist")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="also write the result to this PDF, to sign and file")] = None,
    database: Database = None,
) -> None:
    """Find history that was changed, removed or inserted. The exit code is 4 if there is any."""
    with shown_errors():
        with connected(database) as conn:
            found = audit.verify(conn, expected=anchor)
            name = f"{conn.info.dbname} on {conn.info.host}"
            sites = ", ".join(each.name for each in plant.sites(conn)) or "no site yet"
        if report is not None:
            facts = audit_paper.facts(
                found, at=datetime.now(UTC), by=f"{getuser()} (terminal)", of=f"{sites}: {name}", expected=anchor
            )
            report.write_bytes(typeset.pdf("audit", facts))
    console.print(f"{found.rows:,} rows of history, of {found.orders:,} orders and plant records", highlight=False)
    for each in found.broken:
        console.print(f"[red]{each.number or each.order_id}, row {each.seq}: {each.problem}[/red]", highlight=False)
    for number in found.broken_anchors:
        console.print(f"[red]anchor {number} is not the one that was made[/red]", highlight=False)
    if found.missing_anchor is not None:
        console.print(f"[red]there is no anchor {found.missing_anchor}[/red]", highlight=False)
    if report is not None:
        console.print(f"written to {report}", highlight=False)
    if found.anchor is not None:
        number, hash_ = found.anchor
        console.print(f"newest anchor, number {number}; note it elsewhere: {hash_}", highlight=False)
    if not found.sound:
        raise typer.Exit(4)
    console.print("[green]every row is as it was written[/green]")


@app.command()
def anchor(database: Database = None) -> None:
    """Make an anchor of the histories of all orders now, as a job does every hour."""
    with shown_errors(), connected(database) as conn:
        moved = audit.anchor(conn, at=datetime.now(UTC))
    console.print(f"{moved:,} orders that had changed are in the newest anchor", highlight=False)
