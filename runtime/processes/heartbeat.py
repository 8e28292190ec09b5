"""The dead man's switch: a heartbeat to an address outside, sent only while the engine is well. Whoever is there
notices when none comes, whatever has ended here: the machine, its network, the database, this process.
"""

import json
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog
from psycopg import Connection

from db import jobs
from db.alarms import engine_alarms, heartbeats
from runtime.delivery import reach
from runtime.delivery.webhook import Sender
from runtime.settings import Settings
from runtime.version import CODE_VERSION
from workorder_core.alarms.engine_alarms import Code
from workorder_core.notifying.attempts import Outcome

ANYWHERE = reach.networks(["0.0.0.0/0", "::/0"])
"""Whoever runs the server has written the address, and may send to a machine beside it."""
_log = structlog.get_logger("heartbeat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Where the heartbeat goes. The path of its address may be a secret, and is in no log and no table."""

    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    every_s: float = 60.0

    @property
    def host(self) -> str:
        """Return the address without its path and query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def send(self, sender: Sender, *, now: datetime) -> Outcome:
        """Send one heartbeat; every problem becomes an outcome, which does not show the path."""
        headers = {"Content-Type": "application/json", "User-Agent": f"Plantwright/{CODE_VERSION}"}
        headers |= {"Connection": "close"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        body = {"at": now.isoformat(timespec="seconds"), "from": socket.gethostname(), "every_s": self.every_s}
        outcome = sender.post(self.url, headers, json.dumps(body).encode())
        detail = outcome.detail
        for secret in (self.url, urlsplit(self.url).path.strip("/"), urlsplit(self.url).query, self.token):
            detail = detail.replace(secret, "…") if secret else detail
        return Outcome(outcome.fault, detail, outcome.status)


def to(settings: Settings) -> Outside | None:
    """Return where the heartbeat of the settings goes; None: nowhere."""
    if settings.heartbeat_url is None:
        return None
    return Outside(url=settings.heartbeat_url, token=settings.heartbeat_token, every_s=settings.heartbeat_every_s)


def beat(conn: Connection, outside: Outside) -> int:
    """Send a heartbeat if the engine is well; return 0, for it is no news. Any number of processes share the work.

    That one is due is committed before it is sent: a database that takes no changes prevents it.
    """
    now = datetime.now(UTC)
    with conn.transaction():
        if not jobs.try_lock(conn, "heartbeat"):
            return 0
        unwell = heartbeats.unwell(conn, now=now)
        if not heartbeats.begin(conn, unwell, at=now, apart=timedelta(seconds=outside.every_s / 2)):
            return 0
    if unwell:
        _log.warning("no heartbeat sent, the engine is not well", to=outside.host, reason=unwell)
        return 0
    outcome = outside.send(Sender(ANYWHERE, version=CODE_VERSION), now=now)
    with conn.transaction():
        heartbeats.end(conn, outcome, at=now)
        if outcome.fault is None:
            engine_alarms.end_trouble(conn, Code.HEARTBEAT_FAILED)
        else:
            engine_alarms.note_trouble(conn, Code.HEARTBEAT_FAILED, f"{outside.host}: {outcome.detail}")
    if outcome.fault is not None:
        _log.error("ALARM: heartbeat not accepted", to=outside.host, said=outcome.detail)
    return 0
