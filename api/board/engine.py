"""The engine's own alarms, at the top of every page and on a page of their own that says what to do."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.rendering import page
from api.events.refreshes import Refreshes, Rendered, asks_again
from api.routers.notifying.banner import of_person
from db.alarms import engine_alarms, heartbeats
from db.people import users
from db.planning import outlook
from db.telemetry import engine_metrics, judge

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


def _look(request: Request, who: Asking, conn: Conn, now: Now) -> None:
    # The requester comes before the connection, which names them in the log of changes.
    # Before anything is read, so that a page shows at least the events up to then.
    if asks_again(request.scope):
        refreshes: Refreshes = request.app.state.refreshes
        found = refreshes.find_signed_in(request, who, request.state.reader.language.code)
        if found is not None:
            raise Rendered(found)
    request.state.newest_event = request.app.state.hub.newest
    request.state.engine_alarms = engine_alarms.standing(conn, now=now, within=who.sites)
    request.state.full_names = users.full_names(conn)
    if not asks_again(request.scope):
        # A rendering that others get too has nothing of one person: the banner has an address of its own.
        request.state.banner = of_person(conn, who)


WITH_ALARMS = Depends(_look)
"""The dependency of every router of pages: any page of the board shows if nothing is judged."""


@router.get("/engine", dependencies=[SEES])
def engine(request: Request, conn: Conn, now: Now) -> Response:
    """Show the engine's state and metrics, and what to do about its alarms."""
    told = engine_metrics.read(conn)
    return page(
        request,
        "engine.html",
        shared=True,
        now=now,
        told=told,
        holder=judge.holder_now(conn)[0],
        generating=outlook.health(conn, now=now),
        beat=heartbeats.newest(conn),
    )
