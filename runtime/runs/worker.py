"""The worker: claims runs from the queue and executes each in a process of its own.

Any number of workers may run. A run is a worker's while its lease lasts, which it renews; a run with an expired lease
is settled by the first worker that sees it. Writes of a process that was thought dead are refused by its attempt
number.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import psycopg
import structlog
from psycopg import Connection, OperationalError

from db.runs import runs
from db.runs.runs import Run
from runtime.runs.child import OUT_OF_MEMORY, memory_problem
from workorder_core.runs.runs import KINDS, after_crash
from workorder_core.sentences import kept

CHILD = ("-m", "runtime.runs.child")
_IDLE_S = 2.0
_BUSY_S = 0.2
_AWAY_S = 2.0
_log = structlog.get_logger("runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of runs.

    Parameters
    ----------
    at_once
        The most runs of this worker at a time, each in a process of its own.
    memory_mb
        Writable memory of each.
    lease_s
        How long a run stays with a silent worker; the lease is renewed three times in that.
    grace_s
        How long a cancelled run may take to end by itself.
    """

    at_once: int = 1
    memory_mb: int = 2048
    lease_s: float = 30.0
    grace_s: float = 10.0

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_s)


@dataclass(slots=True)
class _Begun:
    """A run with its process; times are of the monotonic clock."""

    run: Run
    process: subprocess.Popen[bytes]
    renewed: float
    cancelled: float | None = None


@dataclass(slots=True)
class Worker:
    """Executes runs until it is asked to stop."""

    database: str
    limits: Limits
    environment: Mapping[str, str]
    child: Sequence[str] = CHILD
    """Arguments of Python for the process of a run."""
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    _begun: dict[UUID, _Begun] = field(default_factory=dict)

    def work(self, stop: threading.Event) -> None:
        """Execute runs until ``stop`` is set; then end what runs, and queue it again if that is safe.

        Waits while the database is unavailable; runs that it has lost by then are ended.
        """
        while not stop.is_set():
            try:
                with psycopg.connect(self.database, autocommit=True) as conn:
                    conn.execute("LISTEN runs")
                    self._until_stopped(conn, stop)
                    self._release(conn)
            except OperationalError as error:
                _log.warning("runs paused, database unavailable", error=str(error))
                stop.wait(_AWAY_S)
        for each in self._begun.values():
            _kill(each.process)

    def _until_stopped(self, conn: Connection, stop: threading.Event) -> None:
        while not stop.is_set():
            self._settle_abandoned(conn)
            for each in list(self._begun.values()):
                self._tend(conn, each)
            while len(self._begun) < self.limits.at_once and self._begin(conn):
                pass
            if self._begun:
                stop.wait(_BUSY_S)
                list(conn.notifies(timeout=0))
            else:
                list(conn.notifies(timeout=_IDLE_S, stop_after=1))

    def _begin(self, conn: Connection) -> bool:
        """Start the most urgent run; False if none is queued."""
        run = runs.claim(conn, self.name, self.limits.lease)
        if run is None:
            return False
        runs.note(
            conn,
            run,
            kept("started") if run.attempt == 1 else kept("started again, the {count}. time", count=run.attempt),
        )
        arguments = [str(run.id), str(run.attempt), str(os.getpid()), str(self.limits.memory_mb)]
        process = subprocess.Popen(
            [sys.executable, *self.child, *arguments],
            env={**self.environment, "PLANTWRIGHT_DATABASE": self.database, **_ONE_THREAD},
            process_group=0,
        )
        self._begun[run.id] = _Begun(run, process, time.monotonic())
        _log.info("run started", run=str(run.id), kind=run.kind, attempt=run.attempt)
        return True

    def _tend(self, conn: Connection, one: _Begun) -> None:
        """Renew a run's lease, end a cancelled one that continues, and settle one whose process has ended."""
        code = one.process.poll()
        if code is not None:
            del self._begun[one.run.id]
            self._reap(conn, one.run, code)
            return
        now = time.monotonic()
        if one.cancelled is not None and now - one.cancelled > self.limits.grace_s:
            _kill(one.process)
            del self._begun[one.run.id]
            if runs.end_cancelled(conn, one.run):
                runs.note(
                    conn,
                    one.run,
                    kept("was ended: it went on for {seconds:g} s after it was cancelled", seconds=self.limits.grace_s),
                )
            return
        if now - one.renewed < min(self.limits.lease_s / 3, 1.0):
            return
        asked = runs.renew(conn, one.run, self.limits.lease)
        one.renewed = now
        if asked is None and one.process.poll() is None and runs.get(conn, one.run.id).attempt != one.run.attempt:
            _log.warning("run stopped here, another worker has taken it over", run=str(one.run.id))
            _kill(one.process)
            del self._begun[one.run.id]
        elif asked and one.cancelled is None:
            one.cancelled = now

    def _reap(self, conn: Connection, run: Run, code: int) -> None:
        """Settle a run whose process has ended without recording a result."""
        _log.info("run ended", run=str(run.id), kind=run.kind, exit_code=code)
        if code == OUT_OF_MEMORY:
            runs.fail(conn, run, memory_problem(run, self.limits.memory_mb))
            return
        if code < 0:
            what = kept("its process was ended by {signal}", signal=signal.Signals(-code).name)
        else:
            what = kept("its process ended (exit code {code}) without a result", code=code)
        self._settle(conn, run.id, run.attempt, what)

    def _settle_abandoned(self, conn: Connection) -> None:
        while True:
            with conn.transaction():
                run = runs.abandoned(conn)
                if run is None:
                    return
                ours = self._begun.get(run.id)
                if ours is not None and ours.run.attempt == run.attempt:  # This machine was asleep.
                    runs.renew(conn, run, self.limits.lease)
                    continue
                what = kept("the worker {worker} that had it has gone", worker=run.worker)
                self._settle(conn, run.id, run.attempt, what)

    def _settle(self, conn: Connection, run_id: UUID, attempt: int, what: str) -> None:
        run = runs.get(conn, run_id)
        if run.state.is_final or run.attempt != attempt:
            return
        cancelled = run.cancel_asked_at is not None
        decision = after_crash(KINDS.get(run.kind), run.crashes + 1, cancel_asked=cancelled, what=what)
        runs.settle(conn, run, decision)
        _log.warning("process of run died", run=str(run.id), decision=type(decision).__name__, reason=what)

    def _release(self, conn: Connection) -> None:
        """End what runs, and queue it again if it is safe to repeat."""
        for each in list(self._begun.values()):
            _kill(each.process)
            kind = KINDS.get(each.run.kind)
            if kind is not None and kind.safe_again:
                runs.note(conn, each.run, kept("the worker was stopped; it goes back into the queue"))
                runs.requeue(conn, each.run, crashed=False)
            else:
                self._settle(conn, each.run.id, each.run.attempt, kept("the worker was stopped"))
            del self._begun[each.run.id]


_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""A run's libraries use one core, and reserve memory for one."""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with everything it has started, and wait for its end: it writes nothing after that."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
