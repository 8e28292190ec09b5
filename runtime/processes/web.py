"""The API process: uvicorn serving ``api.app`` until asked to stop."""

import socket
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import uvicorn
from fastapi import FastAPI
from psycopg import Connection
from psycopg_pool import ConnectionPool

from api import app
from api.addresses import Proxies
from api.events.hub import Hub
from api.forwarded import Forwarded
from api.keys import Lasting
from api.portal import app as portal
from api.routers.notifying.setup import Delivery
from db.events.sealing import Sealer
from db.files.files import Allowed
from runtime.cli.command_line import console
from runtime.processes import certificate as certificates
from runtime.processes import patient_http, patient_tls, people
from runtime.processes.certificate import Certificate
from runtime.processes.patient_http import Doors
from runtime.settings import Settings
from runtime.version import CODE_VERSION


@dataclass(slots=True)
class _Stopper:
    server: uvicorn.Server
    stop: threading.Event
    hub: Hub

    def wait_for_stop(self) -> None:
        self.stop.wait()
        self.server.should_exit = True
        self.hub.close()


def configured(served: FastAPI, settings: Settings, certificate: Certificate | None = None) -> uvicorn.Config:
    """Return uvicorn's configuration: bounded, and trusting only the named proxies."""
    proxies = Proxies(settings.proxies)
    doors = Doors(proxies=proxies)
    return uvicorn.Config(
        Forwarded(served, proxies=proxies, family=settings.proxy_headers),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        http=(
            patient_http.protocol(doors) if certificate is None else patient_tls.protocol(doors, certificate.context)
        ),
        # uvloop takes in bytes of a handshake that the protocol has asked it to leave; asyncio's own loop leaves them.
        loop="auto" if certificate is None else "asyncio",
        ws="none",
        proxy_headers=False,
        h11_max_incomplete_event_size=32 * 1024,
        timeout_graceful_shutdown=10,
    )


def _names(settings: Settings) -> list[str]:
    """Return the host names of the plant: those of the settings, and this machine's own."""
    return [*settings.names, settings.host, socket.gethostname(), socket.getfqdn()]


def _limit_statements(conn: Connection, *, seconds: float) -> None:
    """Limit the time of statements and of idle transactions."""
    conn.execute("SELECT set_config('statement_timeout', %s, false)", [f"{seconds * 1000:.0f}"])
    conn.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, false)", [f"{seconds * 2000:.0f}"])
    conn.commit()


def run(settings: Settings, stop: threading.Event) -> None:
    """Serve until ``stop`` is set. On a plant without users, create an administrator and print how to sign in."""
    assert settings.database is not None
    certificate = certificates.of(settings)
    password = people.make_first(settings.database)
    if password is not None:
        console.print(
            f"first start: sign in at {settings.address} as [bold]{people.FIRST}[/bold] with the "
            f"one-time password [bold]{password}[/bold]; `plantwright users password {people.FIRST}` gives another",
            highlight=False,
        )
    lasting = Lasting(timedelta(hours=settings.session_idle_h), timedelta(hours=settings.session_h))
    limited = partial(_limit_statements, seconds=settings.statement_s)
    with ConnectionPool(settings.database, min_size=1, max_size=10, open=True, name="api", configure=limited) as pool:
        served = app.create(
            pool,
            keys=settings.api_keys,
            pages_as=settings.pages_as,
            lasting=lasting,
            version=CODE_VERSION,
            names=_names(settings),
            files_allowed=Allowed(kinds=frozenset(settings.file_kinds), largest=settings.file_most_mb * 1_000_000),
            delivery=Delivery(
                Sealer(settings.secrets_key),
                settings.mail_from,
                frozenset(settings.ntfy_servers),
                frozenset(settings.apprise_services),
            ),
            language=settings.language,
        )
        config = configured(served, settings, certificate)
        if certificate is not None:
            threading.Thread(target=certificates.follow, args=(certificate, stop, pool), daemon=True).start()
        server = uvicorn.Server(config)
        threading.Thread(target=_Stopper(server, stop, served.state.hub).wait_for_stop, daemon=True).start()
        if settings.portal_port is not None:
            alone = portal.alone(pool, names=_names(settings), language=settings.language)
            beside = uvicorn.Server(
                configured(alone, settings.model_copy(update={"port": settings.portal_port}), certificate)
            )
            threading.Thread(target=_Stopper(beside, stop, served.state.hub).wait_for_stop, daemon=True).start()
            threading.Thread(target=beside.run, daemon=True).start()
        server.run()
