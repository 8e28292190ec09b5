"""The command line: ``plantwright``."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from runtime.cli import audit, devices, documents, inspections, models, people, plans, policy, quarantine, rotas, tables
from runtime.cli.command_line import (
    Broker,
    Database,
    DataDir,
    RulebookFile,
    WithParent,
    connected,
    console,
    database_url,
    given,
    needing,
    shown_errors,
    warn,
    with_running,
)
from runtime.processes.children import stop_on_signals
from runtime.settings import InvalidSettings, Settings
from runtime.version import CODE_VERSION

app = typer.Typer(help="Telemetry in, explained work orders out.", no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="print the version")] = False) -> None:
    """Telemetry in, explained work orders out."""
    if version:
        console.print(f"plantwright {CODE_VERSION}")
        raise typer.Exit


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="stop when the sample has been processed")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="with --once: write the orders and what really failed to this file")
    ] = None,
    seed: Annotated[int, typer.Option(help="number of the sample plant; each is made by the same script")] = 1,
    anchor: Annotated[datetime | None, typer.Option(help="when the sample ends (ISO 8601, UTC); default: now")] = None,
    without_limits: Annotated[bool, typer.Option(help="disable all threshold rules")] = False,
    with_past: Annotated[
        bool, typer.Option(help="begin a new demo with two years of work orders, costs and alarms (takes about 10 s)")
    ] = False,
    database: Database = None,
    broker: Broker = None,
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="port of the board; default: 8000, or a free one")] = None,
) -> None:
    """Run a sample plant end to end: broker, database, rules, models, work orders, board."""
    from runtime.demo import demo as running

    with shown_errors():
        settings = given(database, broker, data_dir, port=_free_port(port))
        at = None if anchor is None else (anchor if anchor.tzinfo else anchor.replace(tzinfo=UTC)).astimezone(UTC)
        wanted = running.Wanted(once, json_file, seed, at, without_limits, settings.data_dir, with_past)
        code = running.run(wanted, settings, stop_on_signals(), console)
    raise typer.Exit(code)


@app.command()
def serve(
    database: Database = None,
    broker: Broker = None,
    data_dir: DataDir = None,
    rulebook: RulebookFile = None,
    port: Annotated[int | None, typer.Option(help="port of the API and the board")] = None,
) -> None:
    """Run ingest, jobs, worker and API, with an embedded database and broker where none is given."""
    from runtime.processes import serve as serving

    with shown_errors():
        settings = given(database, broker, data_dir, rulebook=rulebook, port=port)
        stop = stop_on_signals()
        with serving.parts(settings, say=console.print) as standing:
            console.print(f"broker {standing.broker_shown}   board {settings.address}")
            code = serving.run(standing, stop)
    raise typer.Exit(code)


@app.command()
def ingest(
    database: Database = None, broker: Broker = None, rulebook: RulebookFile = None, with_parent: WithParent = None
) -> None:
    """Subscribe to the broker, store and judge readings, open work orders. Run one process per plant."""
    from runtime.processes import ingest as ingesting
    from runtime.processes import without_database

    with shown_errors():
        settings = with_running(given(database, broker, rulebook=rulebook), engine=True)
        settings = needing(settings, "database", "broker")
        with without_database.reporting(settings, "ingest", parent=with_parent):
            ingesting.run(settings, stop_on_signals(with_parent))


@app.command()
def jobs(database: Database = None, with_parent: WithParent = None) -> None:
    """Generate planned work, assign, escalate, notify, drop what is past its retention. Any number may run."""
    from runtime.delivery import delivering, means
    from runtime.processes import jobs as working
    from runtime.processes import without_database
    from runtime.processes.timetable import Timetable

    with shown_errors():
        settings = needing(given(database, None), "database")
        assert settings.database is not None
        timetable, stop = Timetable.of(settings), stop_on_signals(with_parent)
        with (
            without_database.reporting(settings, "jobs", parent=with_parent),
            delivering.beside(settings.database, means.of(settings), stop),
        ):
            working.run(settings.database, timetable, stop)


@app.command()
def worker(database: Database = None, with_parent: WithParent = None) -> None:
    """Execute long runs: backtests, imports, reports. Any number may run."""
    from runtime.processes import without_database
    from runtime.processes.serve import environment
    from runtime.runs.worker import Limits, Worker

    with shown_errors():
        settings = needing(given(database, None), "database")
        assert settings.database is not None
        limits = Limits(at_once=settings.runs_at_once, memory_mb=settings.run_memory_mb)
        with without_database.reporting(settings, "worker", parent=with_parent):
            Worker(settings.database, limits, environment(settings)).work(stop_on_signals(with_parent))


@app.command()
def api(database: Database = None, with_parent: WithParent = None) -> None:
    """Serve the API and the board."""
    from runtime.processes import web, without_database

    with shown_errors():
        settings = needing(given(database, None), "database")
        with without_database.reporting(settings, "api", parent=with_parent):
            web.run(settings, stop_on_signals(with_parent))


@app.command()
def migrate(database: Database = None) -> None:
    """Upgrade a database to the schema of this version."""
    from db import schema

    with shown_errors():
        applied = schema.migrate(database_url(database))
    console.print(f"applied: {', '.join(applied)}" if applied else "nothing to do: the schema is current")


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="CSV files, plain, .gz or .xz")],
    mapping: Annotated[Path, typer.Option(help="TOML file that maps columns to signals and units")],
    broker: Broker = None,
    database: Database = None,
    speed: Annotated[float | None, typer.Option(help="times real time; default: as fast as the broker accepts")] = None,
) -> None:
    """Publish recorded files through a broker. If a database is given, declare their units there first."""
    from runtime.cli import replay as replaying

    with shown_errors():
        settings = given(database, broker)
        settings = needing(settings if settings.broker else with_running(settings), "broker")
        replaying.run(files, mapping, settings, speed, stop_on_signals(), console)


@app.command()
def publish(
    asset: Annotated[str, typer.Argument(help="<site>/<asset>, like OSL/pump-7")],
    values: Annotated[list[str], typer.Argument(help="<signal>=<number>, like flow=212")],
    broker: Broker = None,
) -> None:
    """Publish values of one asset, measured now, to try a connection without a device."""
    from runtime.cli import publishing

    with shown_errors():
        settings = needing(given(None, broker), "broker")
        publishing.run(asset, values, settings, console)


mapping_app = typer.Typer(help="Mappings: how messages in other formats are read.", no_args_is_help=True)
app.add_typer(mapping_app, name="mapping")
app.add_typer(audit.app, name="audit")
app.add_typer(documents.app, name="documents")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(devices.app, name="devices")
app.command(name="broker-files")(devices.broker_files)
app.command(name="broker-url")(devices.broker_url)
app.add_typer(plans.app, name="plan")
app.command(name="import-table")(tables.import_table)
for group, name in ((inspections.checklist_app, "checklist"), (inspections.route_app, "route"), (rotas.app, "rota"),
                    (models.app, "models"), (documents.shadow_app, "shadow"), (policy.app, "policies")):  # fmt: skip
    app.add_typer(group, name=name)
for group, name in ((people.users_app, "users"), (people.keys_app, "keys"), (people.requests_app, "requests")):
    app.add_typer(group, name=name)


@mapping_app.command(name="try")
def try_mapping(
    mapping: Annotated[str, typer.Argument(help="TOML file, or the name of a built-in mapping: umh, homie")],
    topic: Annotated[str, typer.Option(help="the message's topic")],
    payload: Annotated[str, typer.Option(help="the message's payload, or @FILE")],
) -> None:
    """Show how a message would be read. Nothing is stored."""
    from runtime.cli import mappings

    with shown_errors():
        whole = mappings.attempt(mapping, topic, payload, console)
    raise typer.Exit(0 if whole else 1)


@mapping_app.command(name="listen")
def listen_unmapped(
    broker: Broker = None,
    topic: Annotated[list[str] | None, typer.Option(help="topic filter; default: #")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="how long to listen")] = 30,
) -> None:
    """Listen for messages that no format reads yet, and propose a mapping for them. Nothing is stored."""
    from runtime.cli import mappings

    with shown_errors():
        settings = needing(given(None, broker), "broker")
        mappings.listen(settings, topic or ["#"], seconds, stop_on_signals(), console)


@app.command(name="import")
def import_history(
    files: Annotated[list[Path], typer.Argument(help="CSV (plain, .gz, .xz) or Parquet files, the oldest first")],
    mapping: Annotated[
        str, typer.Option(help="TOML file that maps columns to signals and units, or a built-in mapping: skab")
    ],
    database: Database = None,
    warm_frames: Annotated[
        int, typer.Option(min=0, help="how many of an asset's newest rows its model learns from")
    ] = 5000,
) -> None:
    """Import recorded history: store it and learn from it, without opening orders. Can be stopped and continued."""
    from runtime.pipeline import history

    with shown_errors():
        settings = needing(given(database, None), "database")
        history.run(files, mapping, settings, warm_frames, stop_on_signals(), console)


@app.command()
def backtest(
    since: Annotated[datetime | None, typer.Option("--from", help="event time, UTC; default: all")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="event time, UTC; default: to the newest")] = None,
    assets: Annotated[str | None, typer.Option(help="<site>/<asset>, separated by commas; default: all")] = None,
    rules: Annotated[Path | None, typer.Option(help="TOML rulebook; default: the one in force then")] = None,
    models: Annotated[Path | None, typer.Option(help="TOML model documents; default: those in force then")] = None,
    against: Annotated[str | None, typer.Option(help="'live', or the JSON file of another backtest")] = None,
    failures: Annotated[
        Path | None, typer.Option(help="TOML or CSV file of real failures; default: those that close-outs confirmed")
    ] = None,
    warm_up: Annotated[
        float | None, typer.Option(help="days to judge before --from without counting them; default: all")
    ] = None,
    done_after: Annotated[
        float, typer.Option(help="days after which an order that the plant never had counts as done")
    ] = 3,
    horizon: Annotated[
        float, typer.Option(help="an order counts as having found a failure at most so many days before it")
    ] = 30,
    cost_missed: Annotated[float, typer.Option(min=0, help="cost of a missed failure")] = 50_000,
    cost_wasted: Annotated[float, typer.Option(min=0, help="cost of a false order, without its hours")] = 500,
    cost_hour: Annotated[float, typer.Option(min=0, help="cost of an hour of a technician")] = 80,
    visit_hours: Annotated[float, typer.Option(min=0, help="hours of a technician per order")] = 4,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="processes; default: one for each core")] = os.cpu_count()
    or 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="also write everything to this file")] = None,
    database: Database = None,
) -> None:
    """Judge stored history again, with the same or other rules and models, and show which orders would have opened."""
    from runtime.backtest import command as trying
    from runtime.backtest import failures as failure_files
    from runtime.backtest.outcomes import Costs, Criteria
    from runtime.backtest.running import Assumed
    from runtime.backtest.stored import Range

    def in_utc(at: datetime | None) -> datetime | None:
        return None if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)

    with shown_errors():
        asked = Range(
            since=in_utc(since),
            until=in_utc(until),
            assets=None if assets is None else tuple(filter(None, (each.strip() for each in assets.split(",")))),
            warm_up=None if warm_up is None else trying.days(warm_up),
        )
        wanted = trying.Wanted(
            range=asked,
            documents=trying.documents(rules, models),
            assumed=Assumed(done_after=trying.days(done_after)),
            costs=Costs(
                missed_failure=cost_missed, wasted_visit=cost_wasted, hours_a_visit=visit_hours, hour=cost_hour
            ),
            criteria=Criteria(horizon=trying.days(horizon)),
            failures=None if failures is None else failure_files.read(failures),
            against=against,
            jobs=jobs,
        )
        trying.command(database_url(database), wanted, json_file, console)


@app.command()
def plant(
    file: Annotated[Path, typer.Argument(help="TOML file that describes the site")],
    why: Annotated[str, typer.Option(help="the reason, stored with the changes")] = "",
    by: Annotated[str | None, typer.Option(help="who does it; default: the user of this machine")] = None,
    database: Database = None,
) -> None:
    """Load a site: locations, assets with class and criticality, signals with units, technicians.

    What the file omits stays unchanged. Changes that make a safety-critical asset less safe wait for a second person.
    """
    from db.plant import plant as db_plant
    from db.plant.safety import WhyMissing
    from runtime.cli import plant_file
    from runtime.processes import people as people_here

    with shown_errors():
        read = plant_file.read(file)
        actor = f"person:{by}" if by else people_here.actor()
        with connected(database) as conn:
            try:
                waiting = db_plant.load(conn, read, at=datetime.now(UTC), actor=actor, why=why)
            except WhyMissing as missing:
                raise InvalidSettings(f"{missing}; nothing was loaded, add --why TEXT") from None
            doubts = plant_file.doubts(conn, read)
    console.print(f"{read.code}: {len(read.assets)} assets, {len(read.technicians)} technicians")
    for each in waiting:
        changes = ", ".join(f"{name.replace('_', ' ')} {each.was[name]} to {new}" for name, new in each.change.items())
        console.print(f"{each.subject} waits for a second person: {changes}; see the page Changes", highlight=False)
    warn(doubts)


@app.command()
def doctor(database: Database = None, broker: Broker = None, data_dir: DataDir = None) -> None:
    """Check the database, the broker and the settings; say what is wrong or switched off, and what to do."""
    from runtime.cli import doctor as examining

    with shown_errors():
        settings = with_running(given(database, broker, data_dir))
        healthy = examining.examine(settings, console)
    raise typer.Exit(0 if healthy else 1)


@app.command(name="settings")
def list_settings() -> None:
    """List every setting with its value and its meaning."""
    from rich.table import Table

    with shown_errors():
        settings = given(None, None)
    table = Table("environment variable", "value", "meaning")
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = f"{len(value)} keys" if name == "api_keys" else json.dumps(value, default=str)
        table.add_row(f"PLANTWRIGHT_{name.upper()}", shown, field.description or "")
    console.print(table)


def _free_port(port: int | None) -> int | None:
    """Return the port that was asked for; otherwise 8000 if it is free, otherwise any free one."""
    import socket

    if port is not None or "PLANTWRIGHT_PORT" in os.environ:
        return port
    for candidate in (8000, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    return None


if __name__ == "__main__":
    app()
