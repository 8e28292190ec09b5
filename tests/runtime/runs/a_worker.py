"""A worker that kills itself at a named point, as a SIGKILL from outside would.

Started as ``python -m tests.runtime.runs.a_worker POINT``; the database is ``PLANTWRIGHT_DATABASE``.
"""

import os
import sys
import threading
from unittest.mock import patch

from db.runs import runs
from runtime.runs.worker import Limits, Worker
from tests.runtime.runs import kinds
from tests.runtime.runs.a_child import die

POINTS = ("after the claim", "while it runs", "when it has ended")
CHILD = ("-m", "tests.runtime.runs.a_child")
LEASE_S = 1.0


def trap(point: str) -> None:
    """Wrap the point at which this process dies."""
    if point == "after the claim":
        patch.object(runs, "note", lambda *_: die()).start()
    elif point == "while it runs":
        renew = runs.renew
        patch.object(runs, "renew", lambda *given: (renew(*given), die())).start()
    elif point == "when it has ended":
        patch.object(Worker, "_reap", lambda *_: die()).start()


if __name__ == "__main__":
    kinds.known()
    trap(sys.argv[1])
    Worker(os.environ["PLANTWRIGHT_DATABASE"], Limits(lease_s=LEASE_S), dict(os.environ), CHILD).work(threading.Event())
