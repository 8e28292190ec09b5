"""``plantwright models``: fleet models, learned from the lives of a class's assets that have ended."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from db.documents import documents, fleets, shadow
from db.documents.documents import Kind
from db.documents.fleets import Learned
from db.errors import NotFound
from models.documents import FLEET
from runtime.cli.command_line import Database, connected, console, shown_errors
from runtime.cli.documents import By, Why, who

app = typer.Typer(help="Fleet models: remaining life, learned from lives that have ended.", no_args_is_help=True)
Version = Annotated[str, typer.Argument(help="version of a fleet model, or its beginning")]


@app.command()
def learn(
    asset_class: Annotated[str, typer.Argument(help="class of the assets", metavar="CLASS")],
    why: Why,
    site: Annotated[list[str] | None, typer.Option(help="code of a site whose fleet it is; default: all")] = None,
    failures: Annotated[Path | None, typer.Option(help="file of failures; default: what close-outs confirmed")] = None,
    regime: Annotated[list[str] | None, typer.Option(help="signal that names the operating condition")] = None,
    step_s: Annotated[float | None, typer.Option(min=0, help="seconds of a row; default: from the lives")] = None,
    lead_days: Annotated[
        float | None, typer.Option(min=0, help="days ahead of failure to open orders; default: a fifth of a life")
    ] = None,
    age: Annotated[bool, typer.Option("--age", help="judge by age too: all assets start new")] = False,
    by: By = None,
    database: Database = None,
) -> None:
    """Learn a fleet model from the plant's history and store it. Nothing is judged by it yet."""
    from runtime.backtest import failures as failure_files
    from runtime.backtest import learning

    with shown_errors(), connected(database) as conn:
        wanted = learning.Wanted(
            asset_class=asset_class,
            sites=tuple(site or ()),
            failures=None if failures is None else failure_files.read(failures),
            regime=tuple(regime or ()),
            step_s=step_s,
            lead_days=lead_days,
            age=age,
        )
        model = learning.learn(conn, wanted)
        fleets.write(conn, asset_class, wanted.sites, model, actor=who(by), why=why)
        _show(fleets.listed(conn, asset_class, limit=1))
        console.print(
            f"It judges nothing yet. Try it: plantwright models try {model.version} --why …\n"
            f"Put it in force: plantwright models use {model.version} --why …"
        )


@app.command("list")
def list_models(
    asset_class: Annotated[str | None, typer.Argument(help="class of the assets", metavar="CLASS")] = None,
    database: Database = None,
) -> None:
    """List what was learned, the newest first: from how many lives, with which errors, by whom."""
    with shown_errors(), connected(database) as conn:
        found = fleets.listed(conn, asset_class)
    if not found:
        console.print("Nothing was learned yet. Learn: plantwright models learn CLASS --why …")
        return
    _show(found)


@app.command()
def use(version: Version, why: Why, by: By = None, database: Database = None) -> None:
    """Put a fleet model in force, with the other model documents as they are."""
    with shown_errors(), connected(database) as conn:
        documents.write(conn, Kind.MODELS, _with(conn, version), actor=who(by), why=why)
        console.print(f"models: version {documents.version(conn, Kind.MODELS).number} judges from the next batch on")


@app.command("try")
def try_model(version: Version, why: Why, by: By = None, database: Database = None) -> None:
    """Try a fleet model in shadow beside the documents in force."""
    with shown_errors(), connected(database) as conn:
        models = _with(conn, version)
        run_id = shadow.begin(conn, f"fleet {version}", rulebook=None, models=models, actor=who(by), why=why)
        console.print(f"run {run_id} judges in shadow from the next batch on; see: plantwright shadow show {run_id}")


def _with(conn: Any, version: str) -> dict[str, Any]:
    """The model documents in force, with this fleet model for its class; a class keeps what it has from ``default``."""
    asset_class, _ = fleets.table(conn, version)
    try:
        models = dict(documents.version(conn, Kind.MODELS).document)
    except NotFound:
        models = {}
    models[asset_class] = {**models.get(asset_class, models.get("default", {})), FLEET: version}
    return models


def _show(found: list[Learned]) -> None:
    table = Table(
        "version", "class", "lives", "failed", "not confirmed", "RMSE", "in 80 %", "missed", "lead", "who", "why"
    )
    for each in found:
        learned, errors = each.learned, each.errors
        row = timedelta(seconds=learned.get("row_s", 0.0))
        table.add_row(
            each.version, each.asset_class, str(learned["lives"]), str(learned["failed"]),
            str(learned.get("unconfirmed", 0)), _long(errors["rmse_rows"], row), f"{errors['inside_80']:.0%}",
            str(errors["missed"]), _long(errors["lead_rows_median"] or 0.0, row), each.actor, each.why,
        )  # fmt: skip
    console.print(table)


def _long(rows: float, row: timedelta) -> str:
    days = rows * row / timedelta(days=1)
    return f"{days:.1f} d" if days >= 1 else f"{24 * days:.1f} h"
