"""Runs a backtest in several processes, each with assets of its own, on one snapshot of the database.

The judge's state is per asset, or shared by assets upstream and downstream of one another, which stay together; so the
parts add up to the whole.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context, parent_process
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo

from models.named import estimators
from runtime.backtest import stored
from runtime.backtest.running import Assumed, Documents, Run, run
from runtime.backtest.stored import ArrivalRange

SNAPSHOT: LiteralString = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_progress: list[Any] = []
"""In a process of the pool: the array in which it reports its progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The work of one process."""

    number: int
    database: str
    snapshot: str
    where: ArrivalRange
    assets: tuple[str, ...]
    documents: Documents
    seen: frozenset[UUID]
    assumed: Assumed
    since: datetime | None


def run_parts(
    conn: Connection,
    where: ArrivalRange,
    families: Sequence[tuple[str, ...]],
    *,
    jobs: int,
    documents: Documents,
    seen: Collection[UUID],
    assumed: Assumed,
    since: datetime | None,
    on_progress: Callable[[float], None],
) -> Run:
    """Run a backtest in ``jobs`` processes; the caller's transaction is the snapshot that all of them read.

    ``on_progress`` is called with the share done, 0 to 1, every half second.
    """
    row: Any = conn.execute("SELECT pg_export_snapshot()").fetchone()
    parts = [
        Part(
            number=number,
            database=make_conninfo(conn.info.dsn, password=conn.info.password),
            snapshot=row[0],
            where=where,
            assets=tuple(asset for family in families[number::jobs] for asset in family),
            documents=documents,
            seen=frozenset(seen),
            assumed=assumed,
            since=since,
        )
        for number in range(min(jobs, len(families)))
    ]
    context = get_context("spawn")
    shared = context.Array("d", len(parts), lock=False)
    begin = (shared, tuple(sys.path), estimators.allowed())
    with ProcessPoolExecutor(len(parts), mp_context=context, initializer=_begin, initargs=begin) as pool:
        running = [pool.submit(_run, part) for part in parts]
        while wait(running, timeout=0.5, return_when="FIRST_EXCEPTION").not_done:
            on_progress(sum(shared) / len(parts))
            if any(each.done() and each.exception() for each in running):
                break
        return _joined([each.result() for each in running])


def _begin(shared: Any, path: Iterable[str], allowed: Iterable[str]) -> None:
    _progress[:] = [shared]
    sys.path.extend(each for each in path if each not in sys.path)
    estimators.allow(*allowed)


def _run(part: Part) -> Run:
    parent = parent_process()

    def report_progress(arrival: int) -> None:
        if parent is not None and not parent.is_alive():
            raise SystemExit("the process that asked for this backtest has gone")
        _progress[0][part.number] = max(0.0, (arrival - part.where.first + 1) / len(part.where))

    with psycopg.connect(part.database) as conn, conn.transaction():
        conn.execute(SNAPSHOT)
        conn.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(part.snapshot)))
        made = run(
            stored.inputs(conn, part.where, part.assets),
            documents=part.documents,
            seen=part.seen,
            assumed=part.assumed,
            since=part.since,
            on_input=report_progress,
        )
    _progress[0][part.number] = 1.0
    return made


def _joined(parts: Sequence[Run]) -> Run:
    orders = [order for part in parts for order in part.orders]
    return Run(
        orders=sorted(orders, key=lambda order: (order.opened_at, order.asset, str(order.id))),
        start=min((part.start for part in parts if part.start is not None), default=None),
        end=max((part.end for part in parts if part.end is not None), default=None),
        asset_days=dict(sorted(item for part in parts for item in part.asset_days.items())),
        frames=sum(part.frames for part in parts),
        assumed=parts[0].assumed,
    )
