"""``plantwright rota``: rotas from and to a file, and who is on call."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from runtime.cli.command_line import Database, connected, console, shown_errors, write_json
from runtime.processes.people import actor

app = typer.Typer(help="Rotas: who is on call for what.", no_args_is_help=True)
SiteCode = Annotated[str, typer.Option("--site", help="code of the site")]


@app.command(name="import")
def import_rotas(
    file: Annotated[Path, typer.Argument(help="JSON, as `rota export` writes it")],
    site: SiteCode,
    apply: Annotated[bool, typer.Option("--apply", help="store them; otherwise only show what would change")] = False,
    why: Annotated[str, typer.Option(help="reason for the change")] = "",
    database: Database = None,
) -> None:
    """Import rotas, all or none of them. Without --apply nothing is stored; the same file again changes nothing."""
    from db.oncall import files
    from db.plant import plant

    with shown_errors(), connected(database) as conn:
        plant.site_by_code(conn, site)
        at = datetime.now(UTC)
        for each in files.read(conn, _loaded(file), site, at=at):
            console.print(f"{each.rota.code}: {each.effect}", highlight=False)
            if apply:
                files.store(conn, each, actor=actor(), at=at, why=why)
    if not apply:
        console.print("nothing is stored; add --apply to store it", highlight=False)


@app.command(name="export")
def export_rotas(
    site: SiteCode,
    file: Annotated[Path | None, typer.Argument(help="where to write it; default: the terminal")] = None,
    database: Database = None,
) -> None:
    """Write a site's rotas as JSON, as `rota import` reads them; retired ones are left out."""
    from db.oncall import files
    from db.plant import plant

    with shown_errors(), connected(database) as conn:
        plant.site_by_code(conn, site)
        document = files.written(conn, site)
    write_json(document, file)


@app.command(name="now")
def now_on_call(
    site: Annotated[str | None, typer.Option("--site", help="code of the site; default: all")] = None,
    database: Database = None,
) -> None:
    """Show who is on call for what, now."""
    from db.oncall import overrides

    at = datetime.now(UTC)
    with shown_errors(), connected(database) as conn:
        found = overrides.on_call(conn, at=at, site=site)
    shown = Table("rota", "layer", "on call", "until (UTC)", "then")
    for each in found:
        until = f"{each.duty.ends:%Y-%m-%d %H:%M}" if each.duty else ""
        following = each.following.person if each.following else ""
        shown.add_row(each.stored.key, each.layer, each.duty.person if each.duty else "nobody", until, following)
    console.print(shown)


def _loaded(file: Path) -> Any:
    from db.oncall.files import InvalidRotaFile

    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRotaFile(f"{file} cannot be read: {error}") from None
