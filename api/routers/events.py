"""The event log: in pages, or as a stream."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool

from api.asking import SEES, Asking
from api.events.hub import Hub, Reader
from api.events.stream import Asked, EventStream
from api.keys import COOKIE, sent
from api.paging import Id, Order, PagedByFifty, Paging
from api.shapes.events import EventOut
from db.events import events
from db.events.events import Event
from workorder_core.people import seeing
from workorder_core.people.access import Who

router = APIRouter(tags=["events"])
OLDEST_FIRST = Order[Event](tuple[Id], lambda each: (each.id,))
Subject = Literal[
    "order", "finding", "alarm", "document", "rule", "engine_alarm", "run", "stock", "purchase", "round", "audit",
    "schedule", "rota", "notification_policy", "certificate", "escalation", "escalation_policy", "triage", "request",
]  # fmt: skip
After = Annotated[int | None, Query(ge=0, le=2**63 - 1, description="after the event with this id; 0: all stored ones")]
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 42\ndata: {"id":42,"kind":"order.closed"}',
            }
        },
        "description": "A page of events, the oldest first; a stream with the header Accept: `text/event-stream`",
    }
}


@router.get("/events", dependencies=[SEES], response_model=list[EventOut], responses=_STREAM)
async def find(
    request: Request,
    who: Asking,
    part: PagedByFifty,
    after: After = None,
    of: Annotated[list[Subject] | None, Query(description="only of these; none: of all that you may see")] = None,
    brief: Annotated[
        bool, Query(description="a stream without `data`, for a reader who then fetches the facts")
    ] = False,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=2**63 - 1, description="like `after`, which it overrides: sent by browsers")
    ] = None,
) -> Any:
    """List the events of orders, alarms and documents, the oldest first; or follow them. With `Accept:
    text/event-stream` the answer continues: an event arrives within a second of its commit, and an interrupted stream
    resumes after `Last-Event-ID`, without gaps or repetitions. Without `after` a stream begins now, a list at the
    oldest stored event.
    """
    subjects = None if of is None else frozenset[str](of)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return await run_in_threadpool(_page, request, who, part, after or 0, subjects)
    begin = after if last_event_id is None else last_event_id
    hub: Hub = request.app.state.hub
    reader = Reader(who, _shown(request))
    return EventStream(hub, request.app.state.pool, Asked(reader, begin, brief, subjects))


def _page(request: Request, who: Who, part: Paging, after: int, subjects: frozenset[str] | None) -> Sequence[Event]:
    may = seeing.seen_by(who)
    if subjects is not None:
        may = subjects if may is None else may & subjects
    (behind,) = part.after(OLDEST_FIRST) or (after,)
    with request.app.state.pool.connection(timeout=10) as conn:
        events.number(conn)
        conn.commit()
        found = events.after(conn, behind, within=who.sites, of=may, given_to=who.contractor, limit=part.fetched)
    return part.of_fetched(found, OLDEST_FIRST)


def _shown(request: Request) -> tuple[str, str]:
    key = sent(request)
    return ("key", key) if key else ("session", request.cookies[COOKIE])
