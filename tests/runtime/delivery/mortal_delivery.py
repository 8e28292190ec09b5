"""Delivery by every channel that kills itself, as a SIGKILL from outside would, at a named point for the n-th time.

Started as ``python -m tests.runtime.delivery.mortal_delivery DATABASE POINT N [MEANS]``, with the port of a mail server
and the addresses of a server of ntfy and of what stands for the library apprise as JSON; it ends when nothing waits.
"""

import json
import os
import signal
import ssl
import sys
import threading
import time
import types
import urllib.request
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg import Cursor

from db.events import deliveries
from db.events.sealing import Sealer
from db.notifying import fanning_out
from runtime.delivery import delivering, webhook
from runtime.delivery.delivering import Means
from tests.runtime.delivery.conftest import KEY, LOOPBACK, mail_server

POINTS = (
    "events numbered",
    "whom decided, before the commit",
    "whom decided, after the commit",
    "about to send",
    "sent, before it is noted",
    "noted, before the commit",
    "noted",
)
OF_WHAT_IS_HELD = ("messages of what was held, before the commit", "messages of what was held, after the commit")


class Trap:
    """Dies at a point, the n-th time."""

    def __init__(self, point: str, times: int) -> None:
        self.point, self.left = point, times

    def at(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(
        self, target: object, name: str, *, before: str | None = None, after: str | None = None, idle: object = None
    ) -> None:
        """Wrap a function for the rest of this process's short life; what it returns ``idle`` does not count."""
        real = getattr(target, name)

        def wrapped(*given: object, **named: object) -> object:
            if before:
                self.at(before)
            made = real(*given, **named)
            if after and (idle is None or made != idle):
                self.at(after)
            return made

        patch.object(target, name, wrapped).start()


def main(database: str, point: str, times: int, means: dict[str, Any]) -> None:
    trap = Trap(point, times)
    trap.around(deliveries, "lock_position", before="events numbered")
    trap.around(deliveries, "advance", after="whom decided, before the commit")
    trap.around(deliveries, "due_receivers", before="whom decided, after the commit")
    trap.around(fanning_out, "release", after=OF_WHAT_IS_HELD[0], idle=0)
    trap.around(delivering, "release", after=OF_WHAT_IS_HELD[1], idle=0)
    trap.around(delivering, "_send", before="about to send", after="sent, before it is noted")
    trap.around(delivering, "_record", after="noted, before the commit")
    trap.around(delivering, "deliver_next", after="noted", idle=False)
    stop = threading.Event()
    threading.Thread(target=stop_when_done, args=(database, stop), daemon=True).start()
    delivering.run(database, made_of(means), stop)


def made_of(means: dict[str, Any]) -> Means:
    """What is delivered with."""
    if "apprise" in means:
        stand_in_for_apprise(means["apprise"])
    return Means(
        webhooks=webhook.Sender(LOOPBACK),
        sealer=Sealer(KEY),
        mail_server=None if "mail" not in means else mail_server(means["mail"], tls=trusting(means["authority"])),
        ntfy_servers=frozenset({means["ntfy"]} if "ntfy" in means else ()),
        apprise_services=frozenset({"tgram"}),
    )


def trusting(authority: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


def stand_in_for_apprise(url: str) -> None:
    """Put a library in the place of apprise that posts to an address."""

    class Apprise:
        def add(self, _address: str) -> bool:
            return True

        def notify(self, **facts: object) -> bool:
            sent = json.dumps({"title": facts["title"]}).encode()
            try:
                with urllib.request.urlopen(urllib.request.Request(url, sent), timeout=10) as answer:
                    return bool(200 <= answer.status < 300)
            except OSError:
                return False

    kinds = types.SimpleNamespace(FAILURE="failure", INFO="info")
    sys.modules["apprise"] = types.SimpleNamespace(Apprise=Apprise, NotifyType=kinds)  # type: ignore[assignment]


def stop_when_done(database: str, stop: threading.Event) -> None:
    """Set the event once every event has been delivered, and nothing is held."""
    held = "SELECT FROM deliveries WHERE state = 'held' LIMIT 1"
    with psycopg.connect(database, autocommit=True) as conn:
        while True:
            waits = deliveries.backlog(conn)
            cursor: Cursor[Any] = conn.execute(held)
            if not waits.pending and not waits.undecided_s and not cursor.rowcount:
                stop.set()
                return
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4]) if len(sys.argv) > 4 else {})
