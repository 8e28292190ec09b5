"""The API process: uvicorn serving ``api.app`` until it is told to stop."""

import threading
from dataclasses import dataclass
from datetime import timedelta

import uvicorn
from psycopg_pool import ConnectionPool

from api import app
from api.keys import Lasting
from runtime import people
from runtime.command_line import console
from runtime.settings import Settings
from runtime.version import CODE_VERSION


@dataclass(slots=True)
class _Stopper:
    server: uvicorn.Server
    stop: threading.Event

    def watch(self) -> None:
        self.stop.wait()
        self.server.should_exit = True


def run(settings: Settings, stop: threading.Event) -> None:
    """Serve until ``stop`` is set. At a plant without users an administrator is made, and told how to sign in."""
    assert settings.database is not None
    password = people.make_first(settings.database)
    if password is not None:
        console.print(
            f"first start: sign in at http://{settings.host}:{settings.port}/ as [bold]{people.FIRST}[/bold] with the "
            f"one-time password [bold]{password}[/bold]; `plantwright users password {people.FIRST}` gives another",
            highlight=False,
        )
    lasting = Lasting(timedelta(hours=settings.session_idle_h), timedelta(hours=settings.session_h))
    with ConnectionPool(settings.database, min_size=1, max_size=10, open=True, name="api") as pool:
        served = app.create(
            pool, keys=settings.api_keys, pages_as=settings.pages_as, lasting=lasting, version=CODE_VERSION
        )
        config = uvicorn.Config(served, host=settings.host, port=settings.port, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        threading.Thread(target=_Stopper(server, stop).watch, daemon=True).start()
        server.run()
