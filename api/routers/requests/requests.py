"""Requests: made by programs and by people who are signed in, and decided by planners."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection

from api.asking import PLANS, REQUESTS, SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import At, Order, PagedByFifty
from api.routers.requests import own
from api.shapes.requests.requests import (
    AcceptIn,
    MergeIn,
    NewRequestIn,
    OneRequestOut,
    RatingIn,
    RequestOut,
    WordsIn,
)
from api.shapes.requests.self_help import SettleIn
from db.requests import listing, personal, quotes, requests, self_help
from db.requests.requests import Request as Asked
from workorder_core.people.access import Who
from workorder_core.requests.asking import RequestStatus, RequestStep
from workorder_core.words import Priority

router = APIRouter(prefix="/requests", tags=["requests"])
NEWEST_FIRST = Order[Asked](tuple[At, UUID], lambda each: (each.recorded_at, each.id))
PHOTO_KINDS = ("image/jpeg", "image/png", "image/webp", "image/gif")


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Annotated[str | None, Query(max_length=64, description="a site's code")] = None,
    status: Annotated[RequestStatus | None, Query(description="none: every status")] = None,
    mine: Annotated[bool, Query(description="only those that the sender has made")] = False,
) -> list[RequestOut]:
    """List requests, the newest first: who decides on them sees those of their sites, everybody else their own."""
    found = listing.newest_first(
        conn,
        who.sites,
        made_by=who.actor if mine else own.only_of(who),
        site=site,
        status=status,
        before=part.after(NEWEST_FIRST),
        limit=part.fetched,
    )
    return [RequestOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.post("", status_code=201, response_model=OneRequestOut, dependencies=[REQUESTS])
def create(body: NewRequestIn, request: Request, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Make a request. The answer has the path of its private status page, which is shown only once: it can be given to
    the person for whom a program asks. The header Idempotency-Key is required: the same request is made once.
    """

    def make(response: Response) -> OneRequestOut:
        thing = own.thing(conn, body.asset_id, body.location_id, who, now)
        made, token = requests.create(
            conn,
            thing,
            body.person(),
            danger=body.danger,
            language=body.language or own.language_of(request),
            at=now,
            joins=body.joins,
            actor=who.actor,
            made_by=who.actor,
        )
        response.headers["Location"] = f"/api/v1/requests/{made.id}"
        return _whole(conn, made, private_path=f"/r/s/{token}")

    return once(body, make, kept=lambda made: made.model_copy(update={"private_path": None}))


@router.get("/{ask_id}", dependencies=[SEES])
def one(ask_id: UUID, conn: Conn, who: Asking) -> OneRequestOut:
    """Read a request with its words, messages and photos: for planners, and for who made it."""
    return _whole(conn, own.seen(conn, ask_id, who))


@router.get(
    "/{ask_id}/photos/{photo_id}",
    dependencies=[SEES],
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in PHOTO_KINDS}}},
)
def photo(ask_id: UUID, photo_id: UUID, conn: Conn, who: Asking) -> Response:
    """Read a photo of a request, re-encoded, without what a telephone writes into it."""
    own.seen(conn, ask_id, who)
    found = personal.photo(conn, ask_id, photo_id)
    return Response(found.content, media_type=found.kind, headers={"Content-Disposition": "inline"})


@router.post("/{ask_id}/accept", dependencies=[PLANS])
def accept(ask_id: UUID, body: AcceptIn, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Make an order of a request, with its photos. A second time it is refused."""
    requests.get(conn, ask_id, who.sites)
    priority = None if body.priority is None else Priority(body.priority)
    requests.accept(conn, ask_id, title=body.title, kind=body.type, priority=priority, actor=who.actor, at=now)
    return _whole(conn, requests.get(conn, ask_id))


@router.post("/{ask_id}/merge", dependencies=[PLANS])
def merge(ask_id: UUID, body: MergeIn, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Add a request, with its photos, to an unfinished order of its site."""
    requests.get(conn, ask_id, who.sites)
    return _whole(conn, requests.merge(conn, ask_id, body.order, actor=who.actor, at=now))


@router.post("/{ask_id}/ask-back", dependencies=[PLANS])
def ask_back(ask_id: UUID, body: WordsIn, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Ask the requester a question."""
    return _said(conn, ask_id, RequestStep.ASK_BACK, body, now, who)


@router.post("/{ask_id}/decline", dependencies=[PLANS])
def decline(ask_id: UUID, body: WordsIn, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Decline a request, with a reason for the requester."""
    return _said(conn, ask_id, RequestStep.DECLINE, body, now, who)


@router.post("/{ask_id}/settle", dependencies=[PLANS])
def settle(ask_id: UUID, body: SettleIn, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Settle a request without a visit, by instructions of the site or in words: a visit saved."""
    asked = requests.get(conn, ask_id, who.sites)
    if body.help_id is None:
        return _said(conn, ask_id, RequestStep.SETTLE, WordsIn(words=body.words), now, who)
    return _whole(conn, self_help.settle(conn, asked, body.help_id, body.words, actor=who.actor, at=now))


@router.post("/{ask_id}/answer", dependencies=[SEES])
def answer(ask_id: UUID, body: WordsIn, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Answer the question about one's own request: it waits for a decision again."""
    own.own(conn, ask_id, who)
    return _whole(conn, requests.say_and_take(conn, ask_id, RequestStep.ANSWER, body.words, actor=None, at=now))


@router.post("/{ask_id}/withdraw", dependencies=[SEES])
def withdraw(ask_id: UUID, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Withdraw one's own request, as long as nobody has decided on it."""
    own.own(conn, ask_id, who)
    return _whole(conn, requests.say_and_take(conn, ask_id, RequestStep.WITHDRAW, "", actor=None, at=now))


@router.post("/{ask_id}/messages", status_code=201, response_model=OneRequestOut, dependencies=[SEES])
def write(ask_id: UUID, body: WordsIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Write to the other side: a planner to the requester, who made it to the plant. The header Idempotency-Key is
    required: the same message is written once.
    """

    def make(_: Response) -> OneRequestOut:
        asked = own.seen(conn, ask_id, who)
        actor = None if asked.made_by == who.actor else who.actor
        requests.write(conn, ask_id, body.words, actor=actor, at=now)
        return _whole(conn, requests.get(conn, ask_id))

    return once(body, make)


@router.post("/{ask_id}/rating", dependencies=[SEES])
def rate(ask_id: UUID, body: RatingIn, conn: Conn, now: Now, who: Asking) -> OneRequestOut:
    """Say how one's own request went, once, after it is done."""
    own.own(conn, ask_id, who)
    requests.rate(conn, ask_id, body.rating, body.words, at=now)
    return _whole(conn, requests.get(conn, ask_id))


def _said(conn: Connection, ask_id: UUID, step: RequestStep, body: WordsIn, now: Now, who: Who) -> OneRequestOut:
    requests.get(conn, ask_id, who.sites)
    return _whole(conn, requests.say_and_take(conn, ask_id, step, body.words, actor=who.actor, at=now))


def _whole(conn: Connection, asked: Asked, *, private_path: str | None = None) -> OneRequestOut:
    return OneRequestOut.whole(
        asked,
        personal.person(conn, asked.id),
        personal.messages(conn, asked.id),
        personal.photos(conn, asked.id),
        quotes.of_request(conn, asked.id),
        private_path=private_path,
    )
