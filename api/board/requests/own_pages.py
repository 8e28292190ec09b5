"""The pages of somebody with an account who reports a problem: the form, and each of their requests."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, REQUESTS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from api.routers.requests import own
from db.errors import NotFound
from db.files.files import LARGEST, InvalidAttachment
from db.plant import plant
from db.plant.plant import Asset, Location
from db.requests import appointments, known, personal, quotes, requests
from db.requests.appointments import TimeTaken
from db.requests.personal import Person, TooManyOfOne
from db.requests.requests import AlreadyRated
from workorder_core.people.access import Who
from workorder_core.requests.asking import IllegalRequestStep, RequestStep
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
Text = Annotated[str, Form(max_length=4000)]
Line = Annotated[str, Form(max_length=200)]
Short = Annotated[str, Form(max_length=40)]


@router.get("/report", dependencies=[REQUESTS])
def report(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    at: Annotated[str, Query(max_length=20, description="`asset-1` or `location-1`")] = "",
) -> Response:
    """Ask where the problem is, then show the form, with what is known there already."""
    thing = _thing(conn, at, who, now) if at else None
    sites = plant.sites(conn, who.sites)
    at_sites = sites if thing is None else [each for each in sites if each.id == thing.site_id]
    return page(
        request,
        "requests/report.html",
        now=now,
        at=at,
        thing=thing,
        zone=plant.site(conn, thing.site_id).time_zone if thing else "UTC",
        emergency=sorted({requests.rules(conn, each.id).emergency_number for each in at_sites}),
        assets=[] if thing else plant.assets(conn, now=now, within=who.sites),
        places=[] if thing else plant.locations(conn, within=who.sites),
        known=known.known_orders(conn, thing) if thing else [],
        filled=dict.fromkeys(("what", "place", "since"), "") | {"danger": "no", "joins": ""},
    )


@router.post("/report", dependencies=[REQUESTS])
@shown_on(lambda _, form: f"/report?at={quote(form.get('at', ''))}", at={NotFound: "joins"})
def create(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    at: Short = "",
    danger: Short = "no",
    joins: Short = "",
    what: Text = "",
    place: Annotated[str, Form(max_length=500)] = "",
    since: Line = "",
) -> Response:
    """Make a request, and show it."""
    thing = _thing(conn, at, who, now)
    order = _order(joins)
    with Fields() as read:
        read.need("what", what.strip() or order, say("say in a few words what is wrong"))
    person = Person(what=what.strip() or "–", place=place.strip(), since=since.strip())
    made, _ = requests.create(
        conn,
        thing,
        person,
        danger=danger == "yes",
        language=own.language_of(request),
        at=now,
        joins=order,
        actor=who.actor,
        made_by=who.actor,
    )
    return sent.leads_to(f"/my-requests/{made.id}")


@router.get("/my-requests/{ask_id}", dependencies=[SEES])
def one(request: Request, ask_id: UUID, conn: Conn, now: Now, who: Asking) -> Response:
    """Show one's own request: how far it is, messages, photos, and at the end the rating."""
    asked = own.own(conn, ask_id, who)
    photos = personal.photos(conn, ask_id)
    return page(
        request,
        "requests/own.html",
        now=now,
        asked=asked,
        person=personal.person(conn, ask_id),
        messages=personal.messages(conn, ask_id),
        photos=photos,
        quotes=quotes.of_request(conn, ask_id),
        may_choose=appointments.may_choose(conn, asked),
        takes_photos=not asked.stage.ended and len(photos) < personal.MOST_PHOTOS,
        filled={"text": "", "words": "", "rating": "", "quote_words": ""},
    )


@router.get("/my-requests/{ask_id}/times", dependencies=[SEES])
def times(request: Request, ask_id: UUID, conn: Conn, now: Now, who: Asking) -> Response:
    """Offer times for the visit, as the portal does."""
    asked = own.own(conn, ask_id, who)
    offers = appointments.offered(conn, asked, now=now)
    return page(request, "requests/own_times.html", now=now, asked=asked, offers=offers)


@router.post("/my-requests/{ask_id}/times", dependencies=[SEES])
@shown_on("/my-requests/{ask_id}/times", at={TimeTaken: "starts_at"})
def choose(ask_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm, starts_at: Short = "") -> Response:
    """Book one of the times that are offered."""
    own.own(conn, ask_id, who)
    try:
        at: datetime | None = datetime.fromisoformat(starts_at)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidForm(fields={"starts_at": say("choose one of the times")})
    appointments.choose(conn, ask_id, at, now=now)
    return sent.leads_to(f"/my-requests/{ask_id}")


@router.get("/my-requests/{ask_id}/photos/{photo_id}", dependencies=[SEES])
def photo(ask_id: UUID, photo_id: UUID, conn: Conn, who: Asking) -> Response:
    """Return a photo of one's own request."""
    own.own(conn, ask_id, who)
    found = personal.photo(conn, ask_id, photo_id)
    return Response(found.content, media_type=found.kind, headers={"Content-Disposition": "inline"})


@router.post("/my-requests/{ask_id}/messages", dependencies=[SEES])
@shown_on("/my-requests/{ask_id}", at={TooManyOfOne: "text"})
def write(ask_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm, text: Text = "") -> Response:
    """Write to the plant; if there was a question, it is the answer."""
    own.own(conn, ask_id, who)
    with Fields() as read:
        read.need("text", text.strip(), say("write something first"))
    requests.write(conn, ask_id, text, actor=None, at=now)
    return sent.leads_to(f"/my-requests/{ask_id}")


@router.post("/my-requests/{ask_id}/files/new", dependencies=[SEES])
@shown_on("/my-requests/{ask_id}", at={InvalidAttachment: "file", TooManyOfOne: "file"})
def attach(
    ask_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm, file: Annotated[UploadFile, File()]
) -> Response:
    """Add a photo, re-encoded."""
    asked = own.own(conn, ask_id, who)
    if asked.stage.ended:
        raise TooManyOfOne(say("this request has ended; make a new one"))
    personal.lock(conn, ask_id)
    personal.add_photo(conn, ask_id, file.file.read(LARGEST + 1), at=now)
    return sent.leads_to(f"/my-requests/{ask_id}")


@router.post("/my-requests/{ask_id}/withdraw", dependencies=[SEES])
@shown_on("/my-requests/{ask_id}", at={IllegalRequestStep: ""})
def withdraw(ask_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """End a request that nobody has decided on yet."""
    own.own(conn, ask_id, who)
    requests.say_and_take(conn, ask_id, RequestStep.WITHDRAW, "", actor=None, at=now)
    return sent.leads_to(f"/my-requests/{ask_id}")


@router.post("/my-requests/{ask_id}/rating", dependencies=[SEES])
@shown_on("/my-requests/{ask_id}", at={AlreadyRated: ""})
def rate(
    ask_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm, rating: Short = "", words: Text = ""
) -> Response:
    """Say how it went."""
    own.own(conn, ask_id, who)
    with Fields() as read:
        read.need("rating", rating in ("1", "2", "3", "4", "5"), say("choose from 1 to 5"))
    requests.rate(conn, ask_id, int(rating), words, at=now)
    return sent.leads_to(f"/my-requests/{ask_id}")


def _thing(conn: Connection, text: str, who: Who, now: datetime) -> Asset | Location:
    """Return what ``asset-1`` or ``location-1`` means. Raises NotFound."""
    kind, _, number = text.partition("-")
    if kind not in ("asset", "location") or not number.isdecimal() or len(number) > 9:
        raise NotFound("asset", text)
    key = int(number)
    asset, place = (key, None) if kind == "asset" else (None, key)
    thing = own.thing(conn, asset, place, who, now)
    if isinstance(thing, Asset) and thing.archived_at is not None:
        raise NotFound("asset", text)
    return thing


def _order(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidForm(fields={"joins": say("choose one of the list")}) from None
