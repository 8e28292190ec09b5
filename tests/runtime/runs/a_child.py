"""The process of a run of a test: it does as its input says, and may kill itself as a SIGKILL from outside would.

Started by a worker as ``python -m tests.runtime.runs.a_child RUN ATTEMPT WORKER_PID MEMORY_MB``.
"""

import os
import signal
import sys
import time
from typing import NoReturn
from unittest.mock import patch
from uuid import UUID

from runtime.runs import child
from runtime.runs.work import CannotBeDone, Done, Work
from tests.runtime.runs import kinds

POINTS = ("before the work", "in the midst of the work", "before the end", "before the commit", "after the commit")


dies_at_its_end: list[UUID] = []


def die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process outlived its SIGKILL")


def steps(work: Work) -> Done:
    """Note that it was here, in the run's transaction, and die where the input says, the first time only."""
    where = work.run.input.get("die") if work.run.attempt == 1 else None
    work.log(f"attempt {work.run.attempt}")
    if where == "before the work":
        die()
    work.conn.execute("INSERT INTO done_by_runs VALUES (%s)", [work.run.id])
    work.progress(0.5, "half of it")
    if where == "in the midst of the work":
        die()
    if where == "before the commit":
        finish = child._finish
        patch.object(child, "_finish", lambda *given: (finish(*given), die())).start()
    if where == "after the commit":
        dies_at_its_end.append(work.run.id)
    if where == "before the end":
        die()
    return Done(result={"attempt": work.run.attempt})


def greedy(work: Work) -> Done:
    """Need more memory than there is."""
    kept = [b"x" * 50_000_000 for _ in range(1_000)]
    return Done(result={"kept": len(kept)})


def endless(work: Work) -> Done:
    """Go on for ever, and say so."""
    while True:
        work.progress(0.1, "going on")
        time.sleep(0.05)


def deaf(work: Work) -> Done:
    """Go on for ever without looking whether anybody has cancelled it."""
    work.progress(0.1, "deaf")
    while True:
        time.sleep(60)


def unlucky(work: Work) -> Done:
    """Fail as the input says."""
    if "problem" in work.run.input:
        raise CannotBeDone(work.run.input["problem"])
    raise ZeroDivisionError("nobody expected that")


EXECUTORS = {"steps": steps, "unsafe": steps, "greedy": greedy, "endless": endless, "deaf": deaf, "unlucky": unlucky}

if __name__ == "__main__":
    kinds.known()
    code = child.main(lambda: EXECUTORS)
    if dies_at_its_end:
        die()
    sys.exit(code)
