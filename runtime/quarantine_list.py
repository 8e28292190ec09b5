"""The quarantine as a table."""

from psycopg import Connection
from rich.console import Console
from rich.table import Table

from db import quarantine


def show(conn: Connection, console: Console, *, reason: str | None, before_id: int | None, limit: int) -> None:
    """Print a page of what was refused, and how to go on."""
    kept = quarantine.page(conn, reason=reason, before_id=before_id, limit=limit)
    if not kept:
        console.print("the quarantine is empty: everything that came could be read" if before_id is None else "no more")
        return
    table = Table("id", "last came (UTC)", "times", "topic", "reason", "problem", "payload", "bytes")
    for each in kept:
        begin = each.payload[:60].decode(errors="replace")
        table.add_row(
            str(each.id), f"{each.last_received_at:%Y-%m-%d %H:%M:%S}", str(each.times), each.topic, each.reason,
            each.problem, begin, f"{each.payload_bytes:,}",
        )  # fmt: skip
    console.print(table)
    if len(kept) == limit:
        console.print(f"more: --before {kept[-1].id}")
