"""Every route, and the API served by uvicorn in a thread."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi.routing import RouteContext, iter_route_contexts
from psycopg_pool import ConnectionPool

from api.app import create
from api.limits import Room
from runtime.processes import patient_http, web
from runtime.processes.patient_http import Doors
from runtime.settings import Settings
from tests.api.access.serving import MINUTE, Served, within
from tests.api.conftest import KEY


@pytest.fixture
def served(pool: ConnectionPool, seeded: object) -> Iterator[Served]:
    """Serves the application by uvicorn with our settings; returns its URL."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(*, doors: Doors | None = None, room: Room | None = None, keep_alive_s: int = 5, **more: object) -> str:
        settings = Settings(port=0, **more)  # type: ignore[arg-type]
        app = create(pool, keys={"planner": KEY}, room=room, names=settings.names)
        config = web.configured(app, settings)
        config.timeout_keep_alive = keep_alive_s
        if doors is not None:
            config.http = patient_http.protocol(doors)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        within(lambda: server.started)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join(MINUTE)


@pytest.fixture(scope="module")
def every() -> dict[str, RouteContext]:
    """Every route but the folder of static files, by method and path."""
    app = create(None, keys={})  # type: ignore[arg-type]
    found = [each for each in iter_route_contexts(app.routes) if each.path not in ("/static", "/r", "/tech/app")]
    return {f"{method} {each.path}": each for each in found for method in each.methods or ()}
