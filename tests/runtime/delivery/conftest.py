"""A database with a plant, what is delivered with, and a clock that is passed in: nobody sleeps."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import psycopg
import pytest

from db.events import deliveries, events, receivers
from db.events.sealing import Sealer
from runtime.delivery import delivering, mail, webhook
from runtime.delivery.delivering import Means
from tests.runtime.delivery import servers
from tests.runtime.delivery.servers import HttpReceiver, MailServer

LOOPBACK = (ip_network("127.0.0.0/8"),)
KEY = "a key of the settings that is long"


@dataclass(slots=True)
class Post:
    """Delivery as its process does it, one step after the other, by a clock that is set."""

    conn: psycopg.Connection
    means: Means
    url: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def happen(self, *subjects: str, kind: str = "test.written", site_id: int | None = None, **data: object) -> None:
        """Write events that commit."""
        for subject in subjects:
            events.append(self.conn, kind, subject, at=self.now, site_id=site_id, data=data)
        self.conn.commit()

    def settle(self) -> int:
        """Decide and deliver all that is due now; return the attempts made."""
        while delivering.decide(self.conn, now=self.now):
            delivering.escalate(self.conn, now=self.now)
        delivering.escalate(self.conn, now=self.now)
        while delivering.decide(self.conn, now=self.now):
            pass
        delivering.release(self.conn, now=self.now)
        made = 0
        while due := self._due():
            made += sum(delivering.deliver_next(self.conn, each, self.means, lambda: self.now) for each in due)
        return made

    def _due(self) -> list[int]:
        with self.conn.transaction():
            return deliveries.due_receivers(self.conn, now=self.now)

    def pass_time(self, by: timedelta, *, step: timedelta = timedelta(minutes=1)) -> int:
        """Let time pass in steps, delivering at each; return the attempts made."""
        until, made = self.now + by, 0
        while self.now < until:
            self.now += step
            made += self.settle()
        return made

    def hook(self, url: str, *wants: str, name: str = "erp") -> tuple[int, str]:
        """Make a webhook; return its id and secret."""
        made = receivers.add_webhook(
            self.conn, name, url, wants=wants or ("*",), sites=None, sealer=self.means.sealer, actor="person:a",
            at=self.now,
        )  # fmt: skip
        self.conn.commit()
        return made

    def receiver(self, number: int) -> receivers.Receiver:
        with self.conn.transaction():
            return receivers.get(self.conn, number)


@pytest.fixture
def post(database: str) -> Iterator[Post]:
    with psycopg.connect(database) as conn:
        yield Post(
            conn,
            Means(
                webhooks=webhook.Sender(LOOPBACK),
                sealer=Sealer(KEY),
                pages="https://plant.example",
                chance=lambda: 0.0,
            ),
            database,
        )


@pytest.fixture
def http() -> Iterator[HttpReceiver]:
    with HttpReceiver().serving() as receiver:
        yield receiver


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with MailServer().serving() as server:
        yield server


def mail_server(listens: int, **changed: object) -> mail.Server:
    """The settings' mail server."""
    facts = {"host": "127.0.0.1", "port": listens, "sender": "Plantwright <plant@plant.example>", "user": "plant"}
    tls = ssl.create_default_context(cafile=str(servers.certificates() / "ca.crt"))
    return mail.Server(**facts | {"password": "secret", "tls": tls} | changed)  # type: ignore[arg-type]
