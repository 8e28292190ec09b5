"""What all commands share: options, reading the settings, and turning a mistake into one sentence."""

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import psycopg
import structlog
import typer
from rich.console import Console
from rich.markup import escape

from db.errors import StoreError
from db.telemetry.judge import NotTheWriter
from ingest.broker.broker import BrokerUnreachable
from ingest.replay import InvalidMapping
from rules.rulebook import InvalidRulebook
from runtime.embedded import broker, postgres
from runtime.embedded.process import EmbeddedServerError, default_data_dir
from runtime.settings import InvalidSettings, Settings, as_engine, load

console = Console(stderr=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
"""The width of output to a file or another program, which is not wrapped."""
_complain = Console(stderr=True, soft_wrap=True)

Database = Annotated[
    str | None, typer.Option(help="PostgreSQL or TimescaleDB, postgresql://…; default: the embedded one")
]
Broker = Annotated[str | None, typer.Option(help="MQTT broker, mqtt://…; default: the embedded one")]
DataDir = Annotated[
    Path | None, typer.Option(help="folder of the embedded database and broker; default: the user's data folder")
]
RulebookFile = Annotated[Path | None, typer.Option(help="TOML file of rules")]
WithParent = Annotated[int | None, typer.Option(hidden=True)]


def write_json(document: Any, file: Path | None) -> None:
    """Write a document as JSON for people and programs, to a file or else to the terminal."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")


@contextmanager
def shown_errors() -> Iterator[None]:
    """Turn an error that a user can correct into one sentence; exit code 2: mistake, 3: another writer, 1: the rest."""
    from db.schema import SchemaTooOld
    from ingest.tables.sheets import InvalidFile
    from models.documents import InvalidModels
    from models.lives.remaining_life_learning import TooFewLives
    from runtime.backtest.command import InvalidBacktest
    from runtime.backtest.failures import InvalidFailures
    from runtime.backtest.stored import NothingToJudge
    from runtime.cli.plant_file import InvalidPlantFile
    from runtime.demo.demo import DemoProblem
    from runtime.demo.sample_plants import NoSuchSample
    from workorder_core.inventory.errors import StockError
    from workorder_core.tables.layout import InvalidLayout

    mistakes = (
        InvalidSettings, InvalidRulebook, InvalidModels, InvalidMapping, InvalidPlantFile, DemoProblem, NoSuchSample,
        InvalidBacktest, InvalidFailures, NothingToJudge, StoreError, StockError, SchemaTooOld, InvalidFile,
        InvalidLayout, TooFewLives,
    )  # fmt: skip
    try:
        yield
    except mistakes as error:
        _complain.print(f"[red]plantwright:[/red] {error}", highlight=False)
        raise typer.Exit(2) from None
    except NotTheWriter as error:
        _complain.print(f"[red]plantwright:[/red] {error}", highlight=False)
        raise typer.Exit(3) from None
    except (EmbeddedServerError, BrokerUnreachable, psycopg.OperationalError) as error:
        _complain.print(f"[red]plantwright:[/red] {error}", highlight=False)
        raise typer.Exit(1) from None


def warn(doubts: Iterable[str], to: Console = console) -> None:
    """Print warnings about what was done and may not be meant, one line each."""
    for each in doubts:
        to.print(f"[yellow]warning[/yellow]: {escape(each)}", highlight=False)


def given(database: str | None, broker_url: str | None, data_dir: Path | None = None, **others: Any) -> Settings:
    _log_plainly()
    return load(database=database, broker=broker_url, data_dir=data_dir, **others)


def with_running(settings: Settings, *, engine: bool = False) -> Settings:
    """Return the settings, with the embedded database and broker that run in the data folder if none are given.

    So a command beside a running ``demo`` or ``serve`` works on the same ones, without an address. At the broker it
    uses the account of devices and tools, unless it is the ``engine``.
    """
    folder = settings.data_dir or default_data_dir()
    found: dict[str, Any] = {"database": settings.database or postgres.running(folder / "postgres")}
    runs = broker.running(folder / "broker", engine=engine) if settings.broker is None else None
    if runs is not None:
        found |= as_engine(settings, *runs) if engine else {"broker": runs[0]}
    return settings.model_copy(update=found)


def needing(settings: Settings, *names: str) -> Settings:
    """Return the settings with each of ``names`` given or running in the data folder. Raises InvalidSettings."""
    running = with_running(settings)
    settings = settings.model_copy(update={name: getattr(running, name) for name in names})
    for name in names:
        if getattr(settings, name) is None:
            raise InvalidSettings(
                f"{name} is needed here, and no embedded one runs in {settings.data_dir or default_data_dir()}: "
                f"start `plantwright serve` or `plantwright demo`, give --{name}, or set PLANTWRIGHT_{name.upper()}"
            )
    return settings


def database_url(database: str | None) -> str:
    """Return the address of the database that was given, or that runs in the data folder. Raises InvalidSettings."""
    settings = needing(given(database, None), "database")
    assert settings.database is not None
    return settings.database


def connected(database: str | None) -> psycopg.Connection:
    """Connect to the database that was given, or that runs in the data folder. Raises InvalidSettings."""
    return psycopg.connect(database_url(database))


def _log_plainly() -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Plain tracebacks: the rich ones print local variables, and with them keys and passwords.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Standard error as it is now, not at import: the command may run within another program.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
