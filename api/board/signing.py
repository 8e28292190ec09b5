"""The pages that open without a session or change it: signing in, signing out, a new password."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api import passwords, signing_in
from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.guard import is_at_home
from api.keys import COOKIE, Door
from api.once import SentForm
from api.passwords import WeakPassword
from api.signing_in import Admission, TooManyAttempts, WrongPassword
from db.errors import NotFound
from db.people import sessions, users
from workorder_core.people.access import Role
from workorder_core.sentences import say

_log = structlog.get_logger("api")
_YEAR_S = 365 * 86_400
open_router = APIRouter(include_in_schema=False, route_class=FormRoute)
router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@open_router.get("/login")
def ask(request: Request, now: Now, there: Annotated[str, Query(alias="next", max_length=2000)] = "/") -> Response:
    """Ask for name and password; if this machine's own pages need none, sign in at once."""
    door: Door = request.app.state.door
    if door.pages_as and is_at_home(request) and "refused" not in request.scope:
        with suppress(WrongPassword):  # disabled meanwhile
            return _signed_in(request, door.pages_as[0], _here(there), now)
    return page(request, "login.html", there=_here(there))


async def _admitted(request: Request) -> AsyncIterator[Admission | TooManyAttempts]:
    """Count an attempt, and delay it if there were too many for its name; no thread waits with it."""
    name = (await request.form()).get("name")
    device, address = request.cookies.get(signing_in.DEVICE), _address(request)
    called, now = name if isinstance(name, str) else "", datetime.now(UTC)
    admitting = partial(signing_in.admit, _pool(request), called, address=address, now=now, device=device)
    try:
        admission = await run_in_threadpool(admitting)
    except TooManyAttempts as refused:
        yield refused
        return
    state, place = request.app.state, 0 if admission.known_browser else 1
    if place and state.at_the_door >= signing_in.MOST_AT_ONCE:
        yield TooManyAttempts(now + signing_in.BUSY, now)
        return
    state.at_the_door += place
    try:
        if admission.delay_s:
            await asyncio.sleep(admission.delay_s)
        yield admission
    finally:
        state.at_the_door -= place


_HASHING = ThreadPoolExecutor(4, thread_name_prefix="passwords")
"""The threads that verify passwords: many sign-ins occupy no thread of other requests."""


def _where_login(_: Mapping[str, str], form: Mapping[str, str]) -> str:
    return f"/login?{urlencode({'next': form.get('next', '/')})}"


@open_router.post("/login")
@shown_on(_where_login)
async def sign_in(
    request: Request,
    now: Now,
    admitted: Annotated[Admission | TooManyAttempts, Depends(_admitted)],
    name: Annotated[str, Form(max_length=200)] = "",  # noqa: ARG001 - read where the attempt is counted
    password: Annotated[str, Form(max_length=500)] = "",
    there: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Response:
    """Begin a session; the error for a wrong name or password does not say which of them is wrong."""
    looked_at = partial(_looked_at, request, now, admitted, password, _here(there))
    return await asyncio.get_running_loop().run_in_executor(_HASHING, looked_at)


def _looked_at(
    request: Request, now: datetime, admitted: Admission | TooManyAttempts, password: str, there: str
) -> Response:
    try:
        if isinstance(admitted, TooManyAttempts):
            raise admitted
        user = signing_in.proven(_pool(request), admitted, password)
        to = "/password" if user.must_change else there
        response = _signed_in(request, user.name, to, now, password_hash=user.password_hash)
    except (WrongPassword, TooManyAttempts) as refused:
        if isinstance(refused, WrongPassword):  # past the limits nothing is logged: a stranger fills no disk
            _log.warning("sign-in refused, wrong password", address=_address(request))
        raise _refusal(refused, "password", 401) from None
    _log.info("signed in", user=user.name, address=_address(request))
    device = request.cookies.get(signing_in.DEVICE)
    token = signing_in.remember_device(_pool(request), user.name, device, now=now)
    secure = request.url.scheme == "https"
    response.set_cookie(
        signing_in.DEVICE, token, max_age=_YEAR_S, path="/login", httponly=True, samesite="lax", secure=secure
    )
    return response


def _signed_in(request: Request, user: str, there: str, now: datetime, *, password_hash: str | None = None) -> Response:
    """Begin a session in the place of the one that the browser has. Raises WrongPassword."""
    door: Door = request.app.state.door
    token = signing_in.begin(_pool(request), door, user, now=now, password_hash=password_hash)
    old = request.cookies.get(COOKIE)
    if old:
        with _pool(request).connection(timeout=10) as conn:
            sessions.end(conn, old)
    response = RedirectResponse("/home" if there == "/" else there, 303)
    age, secure = int(door.lasting.whole.total_seconds()), request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=age, httponly=True, samesite="lax", secure=secure)
    return response


@router.get("/home", dependencies=[SEES])
def home(who: Asking) -> Response:
    """Redirect to the user's first page: a technician to their work, a requester to their requests."""
    if who.contractor is not None:
        return RedirectResponse("/my-work", 303)
    if who.may(PLANS.dependency.roles):
        return RedirectResponse("/", 303)
    if who.technician is not None and Role.TECHNICIAN in who.roles:
        return RedirectResponse("/my-work", 303)
    return RedirectResponse("/my-requests" if Role.REQUESTER in who.roles else "/", 303)


@router.get("/try-as", dependencies=[SEES])
def people_to_try(request: Request, conn: Conn, who: Asking) -> Response:
    """Show the people as whom this machine's pages can be tried without a password."""
    known = {each.name: each for each in users.listed(conn)}
    people = [known[name] for name in _tried(request) if name in known]
    return page(request, "try_as.html", people=people, name=_name(who.actor))


@router.post("/try-as", dependencies=[SEES])
def try_as(request: Request, now: Now, name: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Continue as another of the people that can be tried."""
    if name not in _tried(request):
        raise NotFound("person to try", name)
    try:
        return _signed_in(request, name, "/", now)
    except WrongPassword:
        raise NotFound("person to try", name) from None


def _tried(request: Request) -> tuple[str, ...]:
    """Return the people that can be tried. Raises NotFound if everybody signs in with a password."""
    door: Door = request.app.state.door
    if len(door.pages_as) < 2 or not is_at_home(request):
        raise NotFound("page", "/try-as")
    return door.pages_as


@router.post("/logout", dependencies=[SEES])
def sign_out(request: Request) -> Response:
    """End the session, here and in the database."""
    token = request.cookies.get(COOKIE)
    if token:
        with _pool(request).connection(timeout=10) as conn:
            sessions.end(conn, token)
    response = RedirectResponse("/login?out=1", 303)
    response.delete_cookie(COOKIE)
    return response


@router.get("/password", dependencies=[SEES])
def ask_for_another_password(request: Request, who: Asking, done: str = "") -> Response:
    """Ask for a new password, or say that it was changed."""
    return page(request, "password.html", name=_name(who.actor), least=passwords.LEAST, done=bool(done))


@router.post("/password", dependencies=[SEES])
@shown_on("/password", at={WeakPassword: "password"})
def change_password(
    request: Request,
    who: Asking,
    now: Now,
    conn: Conn,
    sent: SentForm,
    current: Annotated[str, Form(max_length=500)] = "",
    password: Annotated[str, Form(max_length=500)] = "",
    again: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Change one's own password; every other session of the same user ends."""
    name = _name(who.actor)
    if not who.actor.startswith("person:"):
        raise InvalidForm(say("a key has no password; sign in with a name to change it"))
    try:
        admission = signing_in.admit(_pool(request), name, address=_address(request), now=now, delayed=False)
        before = signing_in.proven(_pool(request), admission, current).password_hash
    except TooManyAttempts as refused:
        raise _refusal(refused, "current", 422) from None
    except WrongPassword:
        raise InvalidForm(fields={"current": say("this is not your current password")}) from None
    passwords.check(password, name=name)
    with Fields() as read:
        read.need(
            "password", password != current, say("the new password is the same as the current one; choose another")
        )
        read.need("again", password == again, say("the two new passwords differ; type the same one twice"))
    token = request.cookies.get(COOKIE, "")
    hashed = passwords.hashed(password)
    this, actor = sessions.digest(token), who.actor
    try:
        users.set_password(conn, name, hashed, must_change=False, before=before, but_session=this, actor=actor, at=now)
    except NotFound:
        raise InvalidForm(say("your password has been changed in the meantime; sign in with the new one")) from None
    return sent.shows("/password?done=yes", ())


def _refusal(refused: WrongPassword | TooManyAttempts, field: str, status: int) -> InvalidForm:
    """Return the form's message about a refused attempt."""
    if isinstance(refused, TooManyAttempts):
        return InvalidForm(str(refused), status=429, headers={"Retry-After": str(refused.retry_after_s)})
    return InvalidForm(fields={field: str(refused)}, status=status)


def _pool(request: Request) -> ConnectionPool:
    pool: ConnectionPool = request.app.state.pool
    return pool


def _address(request: HTTPConnection) -> str:
    return request.client.host if request.client else "unknown"


def _name(actor: str) -> str:
    return actor.partition(":")[2]


def _here(there: str) -> str:
    """Return a path of this board; for anything else, the first page."""
    inside = there.startswith("/") and not there.startswith(("//", "/\\"))
    # A line break would end the header; a browser drops tabs and reads the rest as another address.
    return there if inside and there.isprintable() else "/"
