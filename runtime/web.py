"""The API process: uvicorn serving ``api.app`` until it is told to stop."""

import threading
from dataclasses import dataclass

import uvicorn
from psycopg_pool import ConnectionPool

from api import app
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
    """Serve until ``stop`` is set."""
    assert settings.database is not None
    with ConnectionPool(settings.database, min_size=1, max_size=10, open=True, name="api") as pool:
        served = app.create(pool, keys=settings.api_keys, version=CODE_VERSION)
        config = uvicorn.Config(served, host=settings.host, port=settings.port, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        threading.Thread(target=_Stopper(server, stop).watch, daemon=True).start()
        server.run()
