"""The process of one run: with limited memory, at a low priority, ending with its worker.

Started as ``python -m runtime.runs.child RUN ATTEMPT WORKER_PID MEMORY_MB``; the database is that of the settings.
"""

import os
import resource
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from uuid import UUID

import psycopg
import structlog
from psycopg import OperationalError

from db.runs import runs
from db.runs.runs import Run
from runtime.runs.work import Cancelled, CannotBeDone, Done, Executor, LeaseLost, Work
from workorder_core.sentences import kept

OUT_OF_MEMORY = 77
"""Exit code of a run that exceeded its memory limit."""
DIED = 70
"""Exit code of a run that ended without a result: the database was unavailable, or another process has the run."""
_NICE = 10
_log = structlog.get_logger("runs")


def main(executors: Callable[[], Mapping[str, Executor]]) -> int:
    """Execute the run that the command line names, and return the exit code. ``executors`` imports what it needs."""
    run_id, attempt, worker, memory_mb = UUID(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    threading.Thread(target=_die_with, args=(worker,), daemon=True).start()
    os.nice(_NICE)
    # Limits writable memory: mapped libraries and reserved address space do not count.
    most = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    try:
        url = os.environ["PLANTWRIGHT_DATABASE"]
        with psycopg.connect(url) as conn, psycopg.connect(url, autocommit=True) as side:
            run = runs.get(side, run_id)
            if run.attempt != attempt:
                return DIED
            return _execute(Work(conn=conn, side=side, run=run, database=url), executors()[run.kind])
    except MemoryError:
        return OUT_OF_MEMORY
    except (LeaseLost, OperationalError) as error:
        _log.warning("run lost its database or its lease, ending without a result", run=str(run_id), error=str(error))
        return DIED


def _execute(work: Work, executor: Executor) -> int:
    try:
        with work.conn.transaction():
            done = executor(work)
            _finish(work, done)
    except Cancelled:
        runs.end_cancelled(work.side, work.run)
    except CannotBeDone as problem:
        runs.fail(work.side, work.run, str(problem))
    except (MemoryError, LeaseLost, OperationalError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the run's requester gets an answer
        _log.error("run failed", run=str(work.run.id), kind=work.run.kind, traceback=traceback.format_exc())
        name = type(error).__name__
        runs.fail(
            work.side,
            work.run,
            kept("plantwright failed at this ({error}); its log says where", error=f"{name}: {error}"),
        )
    return 0


def _finish(work: Work, done: Done) -> None:
    if not runs.succeed(work.conn, work.run, done.result, done.files):
        raise LeaseLost


def _die_with(worker: int) -> None:
    """End this process when its worker has ended: nobody would renew the lease."""
    pause = threading.Event()
    while not pause.wait(0.5):
        if os.getppid() != worker:
            os._exit(DIED)


def memory_problem(run: Run, memory_mb: int) -> str:
    """Return the sentence for a run that exceeded its memory limit."""
    return kept(
        "the {kind} needed more than the {count:,} MB of memory that a run may have; ask for less at a time, or raise "
        "the setting run_memory_mb",
        kind=run.kind,
        count=memory_mb,
    )


def _executors() -> Mapping[str, Executor]:
    from runtime.runs.executors import EXECUTORS
    from runtime.settings import load

    load()  # Loading also allows the modules of detectors that model documents may name.
    return EXECUTORS


if __name__ == "__main__":
    sys.exit(main(_executors))
