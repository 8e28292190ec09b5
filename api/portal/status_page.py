"""A request's private page: its real state, the appointment, messages both ways, photos, and at the end a rating."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection
from starlette.datastructures import FormData, UploadFile

from api.asking import Conn, Now
from api.portal import slowing
from api.portal.rendering import HEADERS, page
from db import storable
from db.errors import NotFound
from db.files.files import LARGEST, InvalidAttachment
from db.requests import appointments, mails, personal, quotes, requests
from db.requests.appointments import TimeTaken
from db.requests.personal import Person, TooManyOfOne
from db.requests.requests import AlreadyRated
from db.requests.requests import Request as Asked
from workorder_core.requests.asking import IllegalRequestStep, RequestStep
from workorder_core.requests.mailing import address_of
from workorder_core.requests.quotes import QuoteRefused
from workorder_core.sentences import say

router = APIRouter()
MOST_LETTERS = 4000


async def _form(request: Request) -> FormData:
    return await request.form()


def _slowed(request: Request, token: str) -> None:
    """Count what is written before a connection is taken for it."""
    slowing.count(request, f"written {token}", slowing.MOST_WRITTEN)


SLOWED = Depends(_slowed)
Sent = Annotated[FormData, Depends(_form)]


@router.get("/s/{token}")
def status(request: Request, token: str, conn: Conn) -> Response:
    """Show a request to whoever has its address."""
    return _page(request, conn, requests.by_token(conn, token[:100]), token)


@router.post("/s/{token}/messages", dependencies=[SLOWED])
def write(request: Request, token: str, conn: Conn, now: Now, form: Sent) -> Response:
    """Store a message of the requester; if there was a question, it is the answer."""
    asked = requests.by_token(conn, token[:100])
    text = _text(form, "text")
    if not text:
        return _page(request, conn, asked, token, wrong={"text": say("write something first")}, status=422)
    try:
        requests.write(conn, asked.id, text, actor=None, at=now)
    except TooManyOfOne as full:
        return _page(request, conn, asked, token, wrong={"text": full.args[0]}, status=409)
    return _back(request, token)


@router.post("/s/{token}/photos", dependencies=[SLOWED])
def photo(request: Request, token: str, conn: Conn, now: Now, form: Sent) -> Response:
    """Store a photo, re-encoded."""
    asked = requests.by_token(conn, token[:100])
    file = form.get("photo")
    content = file.file.read(LARGEST + 1) if isinstance(file, UploadFile) else b""
    if not content:
        return _page(request, conn, asked, token, wrong={"photo": say("choose a photo first")}, status=422)
    try:
        if asked.stage.ended:
            raise TooManyOfOne(say("this request has ended; make a new one"))
        personal.lock(conn, asked.id)
        personal.add_photo(conn, asked.id, content, at=now)
    except InvalidAttachment as wrong:
        return _page(request, conn, asked, token, wrong={"photo": wrong.problem}, status=422)
    except TooManyOfOne as full:
        return _page(request, conn, asked, token, wrong={"photo": full.args[0]}, status=409)
    return _back(request, token)


@router.get("/s/{token}/photos/{photo_id}")
def shown(token: str, photo_id: str, conn: Conn) -> Response:
    """Return a small picture of a photo of just this request."""
    asked = requests.by_token(conn, token[:100])
    try:
        found = personal.photo(conn, asked.id, UUID(photo_id))
    except ValueError:
        raise NotFound("photo", photo_id) from None
    return Response(found.thumbnail, media_type="image/jpeg", headers=HEADERS)


@router.post("/s/{token}/withdraw", dependencies=[SLOWED])
def withdraw(request: Request, token: str, conn: Conn, now: Now) -> Response:
    """End a request that nobody has decided on yet."""
    asked = requests.by_token(conn, token[:100])
    try:
        requests.say_and_take(conn, asked.id, RequestStep.WITHDRAW, "", actor=None, at=now)
    except IllegalRequestStep:
        wrong = {"withdraw": say("it has been decided meanwhile")}
        return _page(request, conn, requests.get(conn, asked.id), token, wrong=wrong, status=409)
    return _back(request, token)


@router.post("/s/{token}/rating", dependencies=[SLOWED])
def rate(request: Request, token: str, conn: Conn, now: Now, form: Sent) -> Response:
    """Store how it went."""
    asked = requests.by_token(conn, token[:100])
    stars = _text(form, "rating")
    if stars not in ("1", "2", "3", "4", "5"):
        return _page(request, conn, asked, token, wrong={"rating": say("choose from 1 to 5")}, status=422)
    try:
        requests.rate(conn, asked.id, int(stars), _text(form, "words"), at=now)
    except AlreadyRated:
        return _page(request, conn, requests.get(conn, asked.id), token, status=409)
    return _back(request, token)


@router.get("/s/{token}/times", dependencies=[SLOWED])
def times(request: Request, token: str, conn: Conn, now: Now) -> Response:
    """Offer times for the visit."""
    return _times(request, conn, requests.by_token(conn, token[:100]), token, now)


@router.post("/s/{token}/times", dependencies=[SLOWED])
def choose(request: Request, token: str, conn: Conn, now: Now, form: Sent) -> Response:
    """Book one of the times that are offered."""
    asked = requests.by_token(conn, token[:100])
    try:
        starts_at: datetime | None = datetime.fromisoformat(_text(form, "starts_at"))
    except ValueError:
        starts_at = None
    if starts_at is None or starts_at.tzinfo is None:
        return _times(request, conn, asked, token, now, wrong=say("choose one of the times"), status=422)
    try:
        appointments.choose(conn, asked.id, starts_at, now=now)
    except TimeTaken as taken:
        return _times(request, conn, requests.get(conn, asked.id), token, now, wrong=taken.args[0], status=409)
    return _back(request, token)


@router.post("/s/{token}/quotes/{version}", dependencies=[SLOWED])
def answer_quote(request: Request, token: str, version: str, conn: Conn, now: Now, form: Sent) -> Response:
    """Store the answer to a quote, with the name of who accepts it."""
    asked = requests.by_token(conn, token[:100])
    said, name = _text(form, "answer"), _text(form, "name")[:200]
    wrong = None
    if said not in ("accept", "decline") or not version.isdecimal() or len(version) > 3:
        wrong, status = say("accept or decline it"), 422
    elif said == "accept" and not name:
        wrong, status = say("write the name of who accepts it"), 422
    else:
        try:
            words = _text(form, "words")
            quotes.answer(conn, asked.id, int(version), accept=said == "accept", name=name, words=words, at=now)
        except QuoteRefused as refused:
            wrong, status = refused.args[0], 409
    if wrong is not None:
        return _page(request, conn, asked, token, wrong={"quote": wrong}, status=status)
    return _back(request, token)


def _times(
    request: Request, conn: Connection, asked: Asked, token: str, now: datetime, *, wrong: str = "", status: int = 200
) -> Response:
    offers = appointments.offered(conn, asked, now=now)
    return page(request, "times.html", status=status, asked=asked, token=token, offers=offers, wrong=wrong)


@router.post("/s/{token}/no-mails", dependencies=[SLOWED])
def stop_mails(request: Request, token: str, conn: Conn, now: Now) -> Response:
    """Send no more mails about this request."""
    mails.stop(conn, requests.by_token(conn, token[:100]).id, at=now)
    return _back(request, token)


def _page(
    request: Request,
    conn: Connection,
    asked: Asked,
    token: str,
    *,
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    person = personal.person(conn, asked.id)
    return page(
        request,
        "status.html",
        status=status,
        asked=asked,
        token=token,
        person=person,
        messages=personal.messages(conn, asked.id),
        photos=personal.photos(conn, asked.id),
        may_choose=appointments.may_choose(conn, asked),
        mailed=_mailed(conn, asked, person),
        most_photos=personal.MOST_PHOTOS,
        first_name=(asked.technician or "").split(" ")[0],
        quotes=quotes.of_request(conn, asked.id),
        rules=requests.rules(conn, asked.site_id),
        wrong=wrong or {},
    )


def _mailed(conn: Connection, asked: Asked, person: Person | None) -> bool:
    """Return whether the requester hears of each step by e-mail."""
    return person is not None and address_of(person.contact) is not None and not mails.stopped(conn, asked.id)


def _back(request: Request, token: str) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/s/{token}", 303, headers=HEADERS)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return storable.text(value.strip()[:MOST_LETTERS]) if isinstance(value, str) else ""
