"""``plantwright documents`` and ``plantwright shadow``: the documents in force, their versions, and runs in shadow."""

import difflib
import getpass
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import psycopg
import typer
from rich.syntax import Syntax
from rich.table import Table

from db.documents import documents, rules_in_force, shadow, shadow_report, slow_devices
from db.documents.documents import Kind, Version
from models import documents as model_documents
from rules import rulebook as rulebooks
from runtime.backtest import report, shadowed
from runtime.cli.command_line import Database, connected, console, shown_errors, warn

app = typer.Typer(help="The rulebook and the model documents, version by version.", no_args_is_help=True)
shadow_app = typer.Typer(
    help="Shadow runs: documents that judge beside those in force, but open no orders.", no_args_is_help=True
)

WhichKind = Annotated[Kind, typer.Argument(help="which document")]
Why = Annotated[str, typer.Option(help="the reason, stored with the version")]
By = Annotated[str | None, typer.Option(help="who does it; default: the user of this machine")]


@app.command("list")
def list_versions(
    kind: WhichKind,
    database: Database = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many to list")] = 20,
) -> None:
    """List versions, the newest first: who made each, why, and the input from which it judges."""
    with shown_errors(), connected(database) as conn:
        found = documents.versions(conn, kind, limit=limit)
        table = Table("version", "when (UTC)", "who", "why", "judges from input")
        for each in found:
            place = "at the next batch" if each.arrival is None else str(each.arrival)
            table.add_row(str(each.number), f"{each.recorded_at:%Y-%m-%d %H:%M}", each.actor, each.why or "", place)
        if not found:
            console.print(
                f"There is no {kind.value} yet. Put one in force: plantwright documents put {kind.value} FILE"
            )
            return
        console.print(table)


@app.command()
def show(
    kind: WhichKind,
    number: Annotated[int | None, typer.Argument(help="number of the version; default: the newest")] = None,
    database: Database = None,
) -> None:
    """Print a version as JSON."""
    with shown_errors(), connected(database) as conn:
        console.print(Syntax(_text(documents.version(conn, kind, number)), "json", background_color="default"))


@app.command()
def diff(
    kind: WhichKind,
    one: Annotated[int, typer.Argument(help="number of a version")],
    other: Annotated[int, typer.Argument(help="number of the version to compare it with")],
    database: Database = None,
) -> None:
    """Print how two versions differ."""
    with shown_errors(), connected(database) as conn:
        before, after = (_text(documents.version(conn, kind, number)).splitlines() for number in (one, other))
    lines = list(difflib.unified_diff(before, after, f"version {one}", f"version {other}", lineterm=""))
    console.print(Syntax("\n".join(lines), "diff", background_color="default") if lines else "They are the same.")


@app.command()
def put(
    kind: WhichKind,
    file: Annotated[Path, typer.Argument(help="TOML file")],
    why: Why,
    by: By = None,
    database: Database = None,
) -> None:
    """Check a TOML file and put it in force as a new version; the engine applies it with its next batch."""
    with shown_errors(), connected(database) as conn:
        documents.write(conn, kind, _read(kind, file), actor=who(by), why=why)
        console.print(f"{kind.value}: version {documents.version(conn, kind).number} judges from the next batch on")
        _warn(conn, kind)


def _warn(conn: psycopg.Connection, kind: Kind) -> None:
    found = documents.doubts(conn, kind, documents.version(conn, kind).document)
    if kind is Kind.RULEBOOK:
        found += slow_devices.by_rule(slow_devices.of(conn, rules_in_force.newest(conn))).values()
    warn(found)


@app.command()
def rollback(
    kind: WhichKind,
    why: Why,
    number: Annotated[
        int | None, typer.Argument(help="number of the version; default: the one before the newest")
    ] = None,
    by: By = None,
    database: Database = None,
) -> None:
    """Put an earlier version in force again, as a new version."""
    with shown_errors(), connected(database) as conn:
        made = documents.roll_back(conn, kind, number, actor=who(by), why=why)
        console.print(f"{kind.value}: version {made.number} judges from the next batch on; {made.why}")
        _warn(conn, kind)


@shadow_app.command()
def start(
    name: Annotated[str, typer.Argument(help="a name for the run")],
    why: Why,
    rules: Annotated[Path | None, typer.Option(help="TOML rulebook to try")] = None,
    models: Annotated[Path | None, typer.Option(help="TOML model documents to try")] = None,
    by: By = None,
    database: Database = None,
) -> None:
    """Try documents in shadow beside those in force."""
    if rules is None and models is None:
        raise typer.BadParameter("give --rules, --models or both")
    with shown_errors(), connected(database) as conn:
        run_id = shadow.begin(
            conn,
            name,
            rulebook=None if rules is None else _read(Kind.RULEBOOK, rules),
            models=None if models is None else _read(Kind.MODELS, models),
            actor=who(by),
            why=why,
        )
        console.print(f"run {run_id} judges in shadow from the next batch on; see: plantwright shadow show {run_id}")


@shadow_app.command("list")
def list_runs(database: Database = None) -> None:
    """List the shadow runs, the newest first."""
    with shown_errors(), connected(database) as conn:
        found = shadow.runs(conn)
    if not found:
        console.print("Nothing was tried in shadow yet. Begin: plantwright shadow start NAME --rules FILE --why …")
        return
    table = Table("run", "name", "began (UTC)", "who", "why", "orders it would have opened", "outcome")
    for each in found:
        began = f"{each.begun_at:%Y-%m-%d %H:%M}"
        outcome = each.outcome or "running"
        table.add_row(str(each.id), each.name, began, each.begun_by, each.begun_why, str(each.orders), outcome)
    console.print(table)


@shadow_app.command("show")
def show_run(
    run_id: Annotated[int | None, typer.Argument(help="number of the run; default: the newest")] = None,
    database: Database = None,
) -> None:
    """Compare the orders that a run would have opened with those that the plant has opened since it began."""
    with shown_errors(), connected(database) as conn:
        run = shadow.run(conn, _newest(conn) if run_id is None else run_id)
        beside = shadow_report.report(conn, run.id)
        found = shadowed.against_live(conn, run)
    console.print(f"run {run.id}, {run.name}: {run.outcome or 'running'}, {run.orders} orders; {run.begun_why}")
    if run.first is None:
        console.print("The engine starts it with its next batch; look again later.")
        return
    console.print(
        f"since {run.begun_at:%Y-%m-%d %H:%M} UTC, {beside.frames:,} frames judged; opened by both {len(beside.both)}, "
        f"by the plant alone {len(beside.found.lost)}, by the run alone {len(beside.found.gained)}\n"
        f"precision from close-outs: the plant's {_rightness(beside.live)}; the run's, of what both opened, "
        f"{_rightness(beside.candidate)}"
    )
    report.show_difference(found, "the plant's own orders", console)


@shadow_app.command()
def promote(why: Why, by: By = None, database: Database = None) -> None:
    """Put the run's documents in force from the next batch on, with all they have learned, as a new version."""
    _end("promoted", why, by, database)


@shadow_app.command()
def drop(why: Why, by: By = None, database: Database = None) -> None:
    """End the run; the documents in force stay."""
    _end("dropped", why, by, database)


def _rightness(found: shadow_report.Rightness) -> str:
    if found.precision is None:
        return "not known, none is closed yet"
    return f"{found.right} of {found.close_outs} ({found.precision:.0%})"


def _end(outcome: Literal["promoted", "dropped"], why: str, by: str | None, database: str | None) -> None:
    with shown_errors(), connected(database) as conn:
        run_id = _newest(conn)
        changed = shadow.end(conn, run_id, outcome, actor=who(by), why=why)
        kinds = " and ".join(kind.value for kind in changed)
        rest = f": the {kinds} in force from the next batch on" if changed else ""
        console.print(f"run {run_id} is {outcome}{rest}")


def _newest(conn: psycopg.Connection) -> int:
    found = shadow.runs(conn, limit=1)
    return found[0].id if found else 0


def _read(kind: Kind, file: Path) -> Mapping[str, Any]:
    if kind is Kind.MODELS:
        return model_documents.read(file)
    return rulebooks.read(file).document


def who(by: str | None) -> str:
    return f"person:{by or getpass.getuser()}"


def _text(version: Version) -> str:
    return json.dumps(version.document, indent=2, ensure_ascii=False)
