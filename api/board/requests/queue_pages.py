"""The planners' pages of requests: the review queue, one request and its decisions, and the ratings."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import Number, page
from api.once import SentForm
from db.errors import NotFound
from db.requests import known, personal, quotes, requests, self_help
from db.requests.requests import Request as Asked
from db.triage import alike
from workorder_core.orders.close_out import Cause, Remedy
from workorder_core.people.access import Who
from workorder_core.requests.asking import RequestStep
from workorder_core.sentences import say
from workorder_core.words import OrderType, Priority

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
PAGE_SIZE = 25
KINDS = (OrderType.REACTIVE, OrderType.INSPECTION, OrderType.PROACTIVE)
"""What a planner can make of a request; danger always makes an emergency order."""


@router.get("/requests", dependencies=[PLANS])
def queue(request: Request, conn: Conn, now: Now, who: Asking, number: Number = 1) -> Response:
    """Show requests, those that wait for a decision first; then bad ratings to review, and ratings of the last year."""
    found = requests.page(conn, who.sites, limit=PAGE_SIZE + 1, skip=(number - 1) * PAGE_SIZE)
    return page(
        request,
        "requests/queue.html",
        now=now,
        found=found[:PAGE_SIZE],
        more=len(found) > PAGE_SIZE,
        number=number,
        reviews=requests.page(conn, who.sites, review=True, limit=PAGE_SIZE),
        saved=self_help.visits_saved(conn, who.sites, now=now),
        ratings=requests.ratings(conn, who.sites, now=now),
    )


@router.get("/requests/{ask_id}", dependencies=[PLANS])
def one(request: Request, ask_id: UUID, conn: Conn, now: Now, who: Asking) -> Response:
    """Show a request with its words, photos and messages, what is known at the same place, and its decisions."""
    asked = requests.get(conn, ask_id, who.sites)
    person = personal.person(conn, ask_id)
    text = person.what if person is not None else ""
    thing = requests.thing_of(conn, asked, now)
    return page(
        request,
        "requests/one.html",
        now=now,
        asked=asked,
        zone=asked.time_zone,
        person=person,
        messages=personal.messages(conn, ask_id),
        photos=personal.photos(conn, ask_id),
        quotes=quotes.of_request(conn, ask_id),
        may_quote=quotes.may_be_offered(asked),
        known=known.known_orders(conn, thing, text) if asked.undecided else [],
        helps=self_help.of_thing(conn, thing, limit=20) if asked.undecided else [],
        tried=self_help.tried(conn, ask_id),
        cause_labels={each.value: each.label for each in Cause},
        remedy_labels={each.value: each.label for each in Remedy},
        checks=_checks(conn, asked, text) if asked.undecided else [],
        similar=known.similar_requests(conn, thing, text, but=ask_id) if asked.undecided else [],
        kinds=KINDS,
        priorities=[each for each in Priority if each is not Priority.EMERGENCY],
        filled={"title": "", "order": "", "words": "", "outcome": "", "text": ""},
    )


@router.get("/requests/{ask_id}/photos/{photo_id}", dependencies=[PLANS])
def photo(ask_id: UUID, photo_id: UUID, conn: Conn, who: Asking) -> Response:
    """Return a photo of a request."""
    requests.get(conn, ask_id, who.sites)
    found = personal.photo(conn, ask_id, photo_id)
    return Response(found.content, media_type=found.kind, headers={"Content-Disposition": "inline"})


@router.post("/requests/{ask_id}/accept", dependencies=[PLANS])
@shown_on("/requests/{ask_id}")
def accept(
    ask_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    title: Annotated[str, Form(max_length=200)] = "",
    kind: Annotated[str, Form(max_length=40)] = OrderType.REACTIVE,
    priority: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Make an order of a request and show it."""
    _seen(conn, ask_id, who)
    with Fields() as read:
        read.need("title", title.strip(), say("say in a few words what is to be done"))
        read.need("kind", kind in set(KINDS), say("choose a type"))
    chosen = next((each for each in Priority if str(each.value) == priority), None)
    order = requests.accept(
        conn, ask_id, title=title.strip(), priority=chosen, kind=OrderType(kind), actor=who.actor, at=now
    )
    return sent.leads_to(f"/orders/{order.id}")


@router.post("/requests/{ask_id}/merge", dependencies=[PLANS])
@shown_on("/requests/{ask_id}", at={NotFound: "order", requests.OrderFinished: "order"})
def merge(
    ask_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    order: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Add a request to an unfinished order."""
    _seen(conn, ask_id, who)
    with Fields() as read:
        read.need("order", order.strip(), say("choose an order, or write its number"))
    requests.merge(conn, ask_id, order.strip(), actor=who.actor, at=now)
    return sent.leads_to(f"/requests/{ask_id}")


@router.post("/requests/{ask_id}/say", dependencies=[PLANS])
@shown_on("/requests/{ask_id}")
def say_something(
    ask_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    words: Annotated[str, Form(max_length=4000)] = "",
    what: Annotated[str, Form(max_length=20)] = "",
    help_id: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Ask back, decline, settle without a visit, close a review, or just write; the requester reads the words."""
    asked = _seen(conn, ask_id, who)
    by_help = what == RequestStep.SETTLE and help_id.isdecimal() and len(help_id) < 10
    with Fields() as read:
        read.need("words", words.strip() or by_help, say("write something to the requester: they see no other reason"))
    if what == "review":
        requests.review(conn, ask_id, words, actor=who.actor, at=now)
    elif by_help:
        self_help.settle(conn, asked, int(help_id), words, actor=who.actor, at=now)
    elif what in (RequestStep.ASK_BACK, RequestStep.DECLINE, RequestStep.SETTLE):
        requests.say_and_take(conn, ask_id, RequestStep(what), words, actor=who.actor, at=now)
    else:
        requests.write(conn, ask_id, words, actor=who.actor, at=now)
    return sent.leads_to(f"/requests/{ask_id}")


def _checks(conn: Connection, asked: Asked, text: str) -> list[alike.Check]:
    """Return what was enough most often in finished orders with similar texts, first those of the same asset."""
    where: dict[str, Any] = {"site_id": asked.site_id, "only_done": True, "limit": 50}
    found = alike.orders(conn, text, asset_id=asked.asset_id, **where) if asked.asset_id is not None else []
    return alike.checks(found or alike.orders(conn, text, **where))[:5]


def _seen(conn: Connection, ask_id: UUID, who: Who) -> Asked:
    """Return a request whose site the user sees. Raises NotFound."""
    return requests.get(conn, ask_id, who.sites)
