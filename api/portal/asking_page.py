"""Making a request: the safety question first, then what is wrong; what is known already is shown before."""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from psycopg import Connection
from starlette.datastructures import FormData

from api.asking import Conn, Now
from api.once import Sent, what_was_sent
from api.portal import slowing
from api.portal.rendering import HEADERS, STYLE, language_of, page
from db import idempotency, storable
from db.errors import NotFound
from db.idempotency import Answer
from db.plant import plant, scanning
from db.plant.plant import Asset, Location
from db.requests import known, requests, self_help
from db.requests.personal import Person
from workorder_core.sentences import Said, say

router = APIRouter()
Danger = Annotated[str, Query()]
_LONGEST = {"what": 4000, "place": 500, "since": 200, "name": 200, "contact": 200}
"""The most characters of each field, as in the schema."""
_MOST_TRIED = 20


class OfSomethingElse(NotFound):
    """A label that is there, but takes no requests: whoever scanned it has guessed nothing."""

    def __init__(self) -> None:
        super().__init__("code", "")


class _Written:
    """The fields of the form, as they were typed."""

    def __init__(self, form: FormData) -> None:
        self.danger = form.get("danger") == "yes"
        self.joins = _text(form, "joins", 40)
        self.tried = [each for each in form.getlist("tried") if isinstance(each, str)][:_MOST_TRIED]
        self.help = _text(form, "help", 10)
        self.typed = {name: _text(form, name, most + 1) for name, most in _LONGEST.items()}

    @property
    def filled(self) -> dict[str, str]:
        """Return what was typed and chosen, for showing the form again."""
        chosen = {"danger": "yes" if self.danger else "no", "joins": self.joins, "tried": ",".join(self.tried)}
        return self.typed | chosen

    @property
    def problems(self) -> dict[str, Said]:
        """Return what is wrong with each field."""
        wrong = {
            name: say("at most {most:,} characters, please", most=most)
            for name, most in _LONGEST.items()
            if len(self.typed[name]) > most
        }
        if not self.typed["what"] and not self.joins:
            wrong["what"] = say("say in a few words what is wrong")
        return wrong


async def _written(request: Request) -> _Written:
    return _Written(await request.form())


@router.get("/portal.css")
def style() -> Response:
    """Return the stylesheet."""
    return FileResponse(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@router.get("/icon.svg")
def icon() -> Response:
    """Return the icon of a browser's tab."""
    return FileResponse(
        STYLE.with_name("icon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "max-age=3600"}
    )


@router.get("/{token}")
def ask(request: Request, token: str, conn: Conn, now: Now, danger: Danger = "") -> Response:
    """Ask whether anybody is in danger, then show the form."""
    thing = _thing(conn, token, now)
    if danger not in ("yes", "no"):
        return page(request, "danger.html", thing=thing, rules=requests.rules(conn, thing.site_id), token=token)
    return _form(request, conn, thing, token, {"danger": danger})


def _slowed(request: Request, token: str) -> None:
    """Count the attempt before a connection is taken for it."""
    slowing.count(request, f"made by {slowing.address(request)}", slowing.MOST_MADE_BY_ADDRESS)
    slowing.count(request, f"made at {token}", slowing.MOST_MADE_BY_LABEL)


@router.post("/{token}", dependencies=[Depends(_slowed)])
def create(
    request: Request,
    token: str,
    conn: Conn,
    now: Now,
    form: Annotated[_Written, Depends(_written)],
    sent: Annotated[Sent, Depends(what_was_sent)],
) -> Response:
    """Make a request, and lead to its private status page. The same form sent twice makes one request."""
    thing = _thing(conn, token, now)
    if sent.key:
        idempotency.wait(conn, requests.PORTAL, sent.key)
        before = idempotency.find(conn, requests.PORTAL, sent.key)
        if before is not None:
            return RedirectResponse(sent.sealed().decrypt(before.body).decode(), 303)
    filled = form.filled
    if form.problems:
        return _form(request, conn, thing, token, filled, form.problems, status=422)
    person = Person(**form.typed | {"what": form.typed["what"] or "–"})
    language = language_of(request)
    try:
        made, private = requests.create(
            conn, thing, person, danger=form.danger, language=language, at=now, joins=_uuid(form.joins)
        )
    except NotFound:  # finished meanwhile
        wrong = {"joins": say("this work has ended meanwhile; choose again")}
        return _form(request, conn, thing, token, filled | {"joins": ""}, wrong, status=409)
    shown = {str(each.id): each.id for each in self_help.of_thing(conn, thing)}
    self_help.note(conn, made.id, [shown[each] for each in form.tried if each in shown], helped=False)
    location = f"{request.scope.get('root_path', '')}/s/{private}"
    if sent.key:
        # The address is a secret: it is stored sealed with the form's token, which only the sending page has.
        sealed = sent.sealed().encrypt(location.encode()).decode()
        idempotency.keep(
            conn, requests.PORTAL, sent.key, Answer(request=b"", status=303, headers={}, body=sealed), at=now
        )
    return RedirectResponse(location, 303, headers=HEADERS)


@router.post("/{token}/solved", dependencies=[Depends(_slowed)])
def solved(
    request: Request, token: str, conn: Conn, now: Now, form: Annotated[_Written, Depends(_written)]
) -> Response:
    """Count a visit saved: instructions have solved the problem. The page that follows takes a rating, or a message."""
    thing = _thing(conn, token, now)
    shown = {str(each.id): each for each in self_help.of_thing(conn, thing)}
    if form.help not in shown:
        return _form(request, conn, thing, token, form.filled, status=409)
    found = shown[form.help]
    what = form.typed["what"][: _LONGEST["what"]] or found.title
    private = self_help.solved(conn, thing, found.id, what=what, language=language_of(request), at=now)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/s/{private}", 303, headers=HEADERS)


def _form(
    request: Request,
    conn: Connection,
    thing: Asset | Location,
    token: str,
    filled: dict[str, str],
    wrong: dict[str, Said] | None = None,
    *,
    status: int = 200,
) -> Response:
    return page(
        request,
        "ask.html",
        status=status,
        thing=thing,
        token=token,
        once=secrets.token_urlsafe(16),
        zone=plant.site(conn, thing.site_id).time_zone,
        rules=requests.rules(conn, thing.site_id),
        helps=self_help.of_thing(conn, thing),
        known=known.known_orders(conn, thing, filled.get("what", "")),
        filled=dict.fromkeys((*_LONGEST, "danger", "joins", "tried"), "") | filled,
        wrong=wrong or {},
    )


def _thing(conn: Connection, token: str, now: Now) -> Asset | Location:
    """Return what a label is on. Raises NotFound alike for a label of something else, an archived asset, and a site
    that takes no requests.
    """
    found = scanning.led_to(conn, token[:100], None)
    thing: Asset | Location
    if found.asset_id is not None:
        thing = plant.asset(conn, found.asset_id, now=now)
    elif found.location_id is not None:
        thing = plant.location(conn, found.location_id)
    else:
        raise OfSomethingElse
    archived = isinstance(thing, Asset) and thing.archived_at is not None
    if archived or not requests.rules(conn, thing.site_id).open:
        raise OfSomethingElse
    return thing


def _text(form: FormData, name: str, most: int) -> str:
    value = form.get(name)
    return storable.text(value.strip()[:most]) if isinstance(value, str) else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound("work order", text) from None
