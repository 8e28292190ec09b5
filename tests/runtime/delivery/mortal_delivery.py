"""Delivery that kills itself, as a SIGKILL from outside would, when it comes to a named point for the n-th time.

Started as ``python -m tests.runtime.delivery.mortal_delivery DATABASE POINT N``; it ends by itself when nothing waits.
"""

import os
import signal
import sys
import threading
import time
from unittest.mock import patch

import psycopg

from db.events import deliveries
from db.events.sealing import Sealer
from runtime.delivery import delivering, webhook
from runtime.delivery.delivering import Means
from tests.runtime.delivery.conftest import KEY, LOOPBACK

POINTS = (
    "events numbered",
    "whom decided, before the commit",
    "whom decided, after the commit",
    "about to send",
    "sent, before it is noted",
    "noted, before the commit",
    "noted",
)


class Trap:
    """Dies at a point, the n-th time."""

    def __init__(self, point: str, times: int) -> None:
        self.point, self.left = point, times

    def at(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, target: object, name: str, *, before: str | None = None, after: str | None = None) -> None:
        """Wrap a function for the rest of this process's short life."""
        real = getattr(target, name)

        def wrapped(*given: object, **named: object) -> object:
            if before:
                self.at(before)
            made = real(*given, **named)
            if after:
                self.at(after)
            return made

        patch.object(target, name, wrapped).start()


def main(database: str, point: str, times: int) -> None:
    trap = Trap(point, times)
    trap.around(deliveries, "lock_position", before="events numbered")
    trap.around(deliveries, "advance", after="whom decided, before the commit")
    trap.around(deliveries, "due_receivers", before="whom decided, after the commit")
    trap.around(webhook.Sender, "send", before="about to send", after="sent, before it is noted")
    trap.around(delivering, "_record", after="noted, before the commit")
    trap.around(delivering, "deliver_next", after="noted")
    stop = threading.Event()
    threading.Thread(target=stop_when_done, args=(database, stop), daemon=True).start()
    delivering.run(database, Means(webhooks=webhook.Sender(LOOPBACK), sealer=Sealer(KEY)), stop)


def stop_when_done(database: str, stop: threading.Event) -> None:
    """Set the event once every event has been delivered."""
    with psycopg.connect(database, autocommit=True) as conn:
        while True:
            waits = deliveries.backlog(conn)
            if not waits.pending and not waits.undecided_s:
                stop.set()
                return
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
