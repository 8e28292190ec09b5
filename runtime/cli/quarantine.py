"""``plantwright quarantine``: lists refused messages, retries them once the cause is removed, and drops the rest."""

import getpass
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from psycopg import Connection
from rich.console import Console
from rich.table import Table

from db.telemetry import quarantine
from runtime.cli.command_line import Database, connected, console, shown_errors
from runtime.settings import InvalidSettings

app = typer.Typer(help="Refused messages: list them, retry them, drop them.", invoke_without_command=True)
PATIENCE_S = 30.0
Reason = Annotated[str | None, typer.Option(help="only this reason")]
Topic = Annotated[str | None, typer.Option(help="only topics with this prefix")]


@app.callback()
def by_default(
    context: typer.Context,
    database: Database = None,
    reason: Reason = None,
    before: Annotated[int | None, typer.Option(help="list those older than this id")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many to list")] = 20,
) -> None:
    """List refused messages, the newest first."""
    if context.invoked_subcommand is None:
        list_kept(database, reason, None, before, limit)


@app.command(name="list")
def list_kept(
    database: Database = None,
    reason: Reason = None,
    topic: Topic = None,
    before: Annotated[int | None, typer.Option(help="list those older than this id")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many to list")] = 20,
) -> None:
    """List refused messages, the newest first."""
    with shown_errors(), connected(database) as conn:
        show(conn, console, reason=reason, topic=topic, before_id=before, limit=limit)


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(help="ids of messages; or select messages by an option")] = None,
    reason: Reason = None,
    topic: Topic = None,
    everything: Annotated[bool, typer.Option("--all", help="all refused messages")] = False,
    database: Database = None,
) -> None:
    """Have the engine read refused messages again, with the present settings. What it accepts is stored as late."""
    with shown_errors(), connected(database) as conn:
        if not (ids or reason or topic or everything):
            raise InvalidSettings("say what to retry: ids, --reason, --topic, or --all")
        conn.autocommit = True
        actor = f"person:{getpass.getuser()}"
        asked = quarantine.ask_retry(
            conn, ids=ids or None, reason=reason, topic=topic, actor=actor, at=datetime.now(UTC)
        )
        left = 0 if ids else quarantine.left_out(conn, reason=reason, topic=topic)
        kept, waiting = await_tries(conn, asked)
    console.print(outcome(len(asked), kept, waiting, left))
    raise typer.Exit(1 if kept or left else 0)


@app.command()
def drop(
    ids: Annotated[list[int] | None, typer.Argument(help="ids as listed; or select messages by an option")] = None,
    reason: Reason = None,
    topic: Topic = None,
    older_than_days: Annotated[
        int | None, typer.Option(min=0, help="only messages whose kind has not arrived for so many days")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="all refused messages")] = False,
    database: Database = None,
) -> None:
    """Drop refused messages for good."""
    with shown_errors(), connected(database) as conn:
        if not (ids or reason or topic or older_than_days is not None or everything):
            raise InvalidSettings("say what to drop: ids, --reason, --topic, --older-than-days, or --all")
        before = None if older_than_days is None else datetime.now(UTC) - timedelta(days=older_than_days)
        dropped = quarantine.drop(conn, ids=ids or None, reason=reason, topic=topic, before=before)
    console.print(f"{dropped} kept messages dropped")


def await_tries(conn: Connection, asked: list[int], *, patience_s: float = PATIENCE_S) -> tuple[int, int]:
    """Wait for the engine to try them; return how many are still in quarantine, and how many of those still wait."""
    deadline = time.monotonic() + patience_s
    while True:
        kept, waiting = quarantine.left_of(conn, asked)
        if not waiting or time.monotonic() > deadline:
            return kept, waiting
        time.sleep(0.2)


def outcome(asked: int, kept: int, waiting: int, left_out: int = 0) -> str:
    """Return the result in words; those that are ``left_out`` cannot be tried again."""
    not_again = f"{left_out} cannot be tried again: the quarantine's page says of each why, and what can be done"
    if not asked:
        return not_again if left_out else "nothing of that is kept; `plantwright quarantine list` shows what is"
    parts = [f"{asked - kept} of {asked} taken, and stored as late"]
    if kept - waiting:
        parts.append(f"{kept - waiting} still refused: `plantwright quarantine list` says why")
    if waiting:
        parts.append(
            f"{waiting} wait for the engine, which tries them between two batches: does `plantwright ingest` run?"
        )
    if left_out:
        parts.append(not_again)
    return "; ".join(parts)


def show(
    conn: Connection,
    out: Console,
    *,
    reason: str | None,
    topic: str | None = None,
    before_id: int | None,
    limit: int,
) -> None:
    """Print a page of refused messages, and how to see the next one."""
    kept = quarantine.page(conn, reason=reason, topic=topic, before_id=before_id, limit=limit)
    if not kept:
        out.print("the quarantine is empty: everything that came could be read" if before_id is None else "no more")
        return
    table = Table("id", "last came (UTC)", "times", "topic", "reason", "problem", "payload", "bytes")
    for each in kept:
        begin = each.payload[:60].decode(errors="replace")
        waits = " (waits to be tried again)" if each.retry_asked_at is not None else ""
        if each.not_again is not None:
            waits = f" (not again: {each.not_again})"
        table.add_row(
            str(each.id), f"{each.last_received_at:%Y-%m-%d %H:%M:%S}", f"{each.times:,}", each.topic, each.reason,
            f"{each.problem}{waits}", begin, f"{each.payload_bytes:,}",
        )  # fmt: skip
    out.print(table)
    if len(kept) == limit:
        out.print(f"more: --before {kept[-1].id}")
