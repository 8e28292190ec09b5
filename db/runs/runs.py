"""Runs: long work as rows, from the queue to the end. The caller owns the transaction.

A worker names its attempt with every write. If that attempt is no longer the newest, or the run has ended, nothing is
written, and the function returns False or None.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import NotFound, StoreError
from workorder_core.runs.runs import KINDS, USUAL_PRIORITY, AfterCrash, Dropped, GiveUp, State
from workorder_core.sentences import say

_QUERIES = sql.load("runs")
LONGEST_LINE = 2_000
PRIVATE_KINDS = [each.name for each in KINDS.values() if each.private]


class RunFinished(StoreError):
    """A run that has ended cannot be cancelled."""

    def __init__(self, state: State) -> None:
        super().__init__(
            say("this run is over: it has {state}", state=state)
            if state != "cancelled"
            else say("it is cancelled already")
        )
        self.state = state


class NothingToApply(StoreError):
    """A run cannot be applied: it is not the dry run of an import without errors."""

    def __init__(self) -> None:
        super().__init__(say("this is not a dry run without wrong rows: upload the file again, and apply its dry run"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run.

    Parameters
    ----------
    site, time_zone
        None for plant-wide runs.
    attempt
        How often it has been started.
    progress
        From 0 to 1; ``doing`` says in a few words what is in progress.
    worker
        The process that executes it, or did so last.
    """

    id: UUID
    kind: str
    title: str
    site: str | None
    time_zone: str | None
    input: Mapping[str, Any]
    upload_id: UUID | None
    priority: int
    requested_by: str
    requested_at: datetime
    state: State
    attempt: int
    crashes: int
    worker: str | None
    started_at: datetime | None
    ended_at: datetime | None
    progress: float
    doing: str
    cancel_asked_at: datetime | None
    cancel_asked_by: str | None
    result: Mapping[str, Any] | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a run's log."""

    seq: int
    at: datetime
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file made by a run; ``size`` is in bytes."""

    name: str
    media_type: str
    size: int
    content: bytes = b""


def add(
    conn: Connection,
    kind: str,
    title: str,
    asked: Mapping[str, Any],
    *,
    site: str | None,
    actor: str,
    at: datetime,
    upload_id: UUID | None = None,
    priority: int = USUAL_PRIORITY,
) -> Run:
    """Queue a run."""
    facts = {"kind": kind, "title": title, "site": site, "input": Jsonb(dict(asked)), "upload_id": upload_id}
    run_id = uuid4()
    conn.execute(_QUERIES["add"], facts | {"id": run_id, "priority": priority, "actor": actor, "at": at})
    return get(conn, run_id)


def get(conn: Connection, run_id: UUID) -> Run:
    """Return one run. Raises NotFound."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["one"], {"id": run_id}).fetchone()
    if row is None:
        raise NotFound("run", run_id)
    return _run(row)


def page(
    conn: Connection,
    *,
    kind: str | None = None,
    state: State | None = None,
    site: str | None = None,
    within: Collection[str] | None = None,
    private_of: str | None = None,
    limit: int = 50,
    offset: int = 0,
    before: tuple[datetime, UUID] | None = None,
) -> list[Run]:
    """Return runs, the newest first. Users limited to some sites see only runs of those.

    ``private_of`` is the actor whose runs of private kinds are among them; None: everybody's.
    """
    asked: dict[str, Any] = {"kind": kind, "state": state, "site": site, "limit": limit, "offset": offset}
    asked |= {"actor": private_of, "private": None if private_of is None else PRIVATE_KINDS}
    asked |= {"within": scope.codes(within)} | dict(
        zip(("before_at", "before_id"), before or (None, None), strict=True)
    )
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_run(row) for row in cursor.execute(_QUERIES["page"], asked)]


def cancel(conn: Connection, run_id: UUID, *, actor: str, at: datetime) -> Run:
    """Cancel a queued run, and ask a running one to stop. Raises NotFound, and RunFinished for one that has ended."""
    run = get(conn, run_id)
    if conn.execute(_QUERIES["cancel"], {"id": run_id, "actor": actor, "at": at}).rowcount == 0:
        raise RunFinished(get(conn, run.id).state)
    return get(conn, run_id)


def claim(conn: Connection, worker: str, lease: timedelta) -> Run | None:
    """Claim the most urgent queued run for a worker, until its lease expires; None if none is queued."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(_QUERIES["claim"], {"worker": worker, "lease": lease}).fetchone()
    return None if found is None else get(conn, found)


def renew(conn: Connection, run: Run, lease: timedelta) -> bool | None:
    """Renew a run's lease; return whether it is to be cancelled, None if it is no longer this worker's."""
    return _asked(conn, "renew", run, {"lease": lease})


def report(conn: Connection, run: Run, progress: float, doing: str) -> bool | None:
    """Store a run's progress, 0 to 1; return whether it is to be cancelled, None if it is another worker's."""
    return _asked(conn, "report", run, {"progress": min(max(progress, 0.0), 1.0), "doing": doing[:LONGEST_LINE]})


def note(conn: Connection, run: Run, line: str) -> None:
    """Append a line to a run's log."""
    text = line.replace("\0", "")[:LONGEST_LINE]
    conn.execute(_QUERIES["note"], {"id": run.id, "attempt": run.attempt, "line": text})


def succeed(conn: Connection, run: Run, result: Mapping[str, Any], files: Collection[MadeFile] = ()) -> bool:
    """End a run with its result; False if it is another worker's, in which case the caller must roll back."""
    if not _ended(conn, "succeed", run, {"result": Jsonb(dict(result))}):
        return False
    for each in files:
        facts = {"name": each.name, "media_type": each.media_type, "content": each.content}
        conn.execute(_QUERIES["add_file"], facts | {"id": run.id})
    return True


def fail(conn: Connection, run: Run, problem: str) -> bool:
    """End a failed run; ``problem`` says why in one sentence."""
    return _ended(conn, "fail", run, {"problem": problem.replace("\0", "")[:LONGEST_LINE]})


def end_cancelled(conn: Connection, run: Run) -> bool:
    """End a run as cancelled."""
    return _ended(conn, "end_cancelled", run, {})


def requeue(conn: Connection, run: Run, *, crashed: bool) -> bool:
    """Queue a run again; ``crashed`` counts as a crash."""
    return _ended(conn, "requeue", run, {"crashes": run.crashes + crashed})


def settle(conn: Connection, run: Run, decision: AfterCrash) -> None:
    """Apply the decision about a run whose process has died."""
    if isinstance(decision, Dropped):
        end_cancelled(conn, run)
    elif isinstance(decision, GiveUp):
        note(conn, run, decision.problem)
        fail(conn, run, decision.problem)
    else:
        note(conn, run, decision.reason)
        requeue(conn, run, crashed=True)


def abandoned(conn: Connection) -> Run | None:
    """Lock and return a run whose worker has not renewed its lease; None if there is none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(_QUERIES["abandoned"]).fetchone()
    return None if found is None else get(conn, found)


def log(conn: Connection, run_id: UUID, *, after: int = 0, limit: int = 500) -> list[Line]:
    """Return the lines of a run's log after a line, the oldest first."""
    with conn.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(_QUERIES["log"], {"id": run_id, "after": after, "limit": limit}).fetchall()


def files(conn: Connection, run_id: UUID) -> list[MadeFile]:
    """Return the files of a run, without their content."""
    with conn.cursor(row_factory=class_row(MadeFile)) as cursor:
        return cursor.execute(_QUERIES["files"], {"id": run_id}).fetchall()


def file(conn: Connection, run_id: UUID, name: str) -> MadeFile:
    """Return one file of a run. Raises NotFound."""
    with conn.cursor(row_factory=class_row(MadeFile)) as cursor:
        found = cursor.execute(_QUERIES["file"], {"id": run_id, "name": name}).fetchone()
    if found is None:
        raise NotFound("file", name)
    return found


def counts(conn: Connection) -> Mapping[tuple[str, str], int]:
    """Return how many runs there are, by kind and state."""
    return {(kind, state): count for kind, state, count in conn.execute(_QUERIES["counts"])}


def drop(conn: Connection, *, before: datetime) -> int:
    """Delete the runs that ended before a time, and older files that no run uses; return how many runs."""
    gone = conn.execute(_QUERIES["drop"], {"before": before}).rowcount
    conn.execute(_QUERIES["drop_uploads"], {"before": before})
    return gone


def _asked(conn: Connection, query: str, run: Run, facts: Mapping[str, Any]) -> bool | None:
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: bool | None = cursor.execute(_QUERIES[query], {"id": run.id, "attempt": run.attempt, **facts}).fetchone()
    return found


def _ended(conn: Connection, query: str, run: Run, facts: Mapping[str, Any]) -> bool:
    return conn.execute(_QUERIES[query], {"id": run.id, "attempt": run.attempt, **facts}).rowcount == 1


def _run(row: dict[str, Any]) -> Run:
    return Run(**row | {"state": State(row["state"])})
