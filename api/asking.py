"""The dependencies of handlers: a connection, the time, the requester, and the version that they have read."""

import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from psycopg import Connection
from psycopg_pool import ConnectionPool
from pydantic import TypeAdapter, ValidationError
from starlette.requests import HTTPConnection

from api.keys import COOKIE, Door, FormNotOurs, KeyMissing, PasswordMustChange, form_token, sent, unmasked
from api.language import chosen
from db import scope
from db.plant import changes
from db.requests import requests
from workorder_core.people import contractors
from workorder_core.people.access import COST_ROLES, Role, Who
from workorder_core.sentences import coded, joined, say

_SAFE = ("GET", "HEAD", "OPTIONS")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
OPEN_TO_A_NEW_PASSWORD = ("/password", "/logout")
"""Paths that a session whose password must change may still open."""


class Forbidden(Exception):
    """The requester is known, but not permitted."""

    def __init__(self, who: Who, roles: frozenset[Role]) -> None:
        asked = joined(_said(role) for role in Role if role in roles | {Role.ADMINISTRATOR})
        theirs = joined(_said(role) for role in Role if role in who.roles)
        name = who.actor.partition(":")[2]
        super().__init__(
            say(
                "this needs one of the roles {asked}; {name} has {theirs}, which an administrator can change",
                asked=asked,
                name=name,
                theirs=theirs,
            )
        )
        self.who, self.roles = who, roles


class NeedsEverySite(Exception):
    """The requester sees some sites only, and the request concerns all."""

    def __init__(self, who: Who) -> None:
        name, sites = who.actor.partition(":")[2], ", ".join(sorted(who.sites or ()))
        super().__init__(say("this concerns every site, and {name} sees {sites} only", name=name, sites=sites))
        self.who = who


class NotForContractors(Exception):
    """The requester is a contractor, and the request is not about one of their own orders."""

    def __init__(self, who: Who) -> None:
        super().__init__(say("this is not open to contractors, who see the orders that they have or had"))
        self.who = who


def _said(role: Role) -> str:
    return coded(role.value.replace("_", " "))


def _connection(request: Request) -> Iterator[Connection]:
    pool: ConnectionPool = request.app.state.pool
    who: Who | None = getattr(request.state, "who", None)
    with pool.connection(timeout=10) as conn:
        if who is not None and request.method not in _SAFE:
            changes.made_by(conn, who.actor)
        yield conn


async def _clock() -> datetime:  # in the event loop: a thread costs more than it does
    return _now()


def _now() -> datetime:
    return datetime.now(UTC)


async def _form_token_sent(request: Request) -> str:
    """Return the token of a form or a script; read only if a cookie could authenticate the request."""
    if request.method in _SAFE or COOKIE not in request.cookies or sent(request) is not None:
        return ""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        field = (await request.form()).get("csrf")
        return field if isinstance(field, str) else ""
    return request.headers.get("x-csrf-token", "")


def _who(request: Request, token_sent: Annotated[str, Depends(_form_token_sent)]) -> Who:
    """Identify the requester, and check that the path's ids belong to a site that they see. Runs in a transaction of
    its own before the handler's, so that recording a session's use locks no row for long.
    """
    door: Door = request.app.state.door
    now = _now()
    key, token = sent(request), request.cookies.get(COOKIE)
    if not key and not token:
        raise KeyMissing(wrong=False)
    pool: ConnectionPool = request.app.state.pool
    with pool.connection(timeout=10) as conn:
        if key:
            who = door.key(conn, key, now=now)
            if who is None:
                raise KeyMissing(wrong=True)
        else:
            assert token
            who = _of_session(request, door, conn, token, token_sent, now)
        if who.contractor is not None and not contractors.may_call(
            _operation(request), request.path_params.get("step")
        ):
            raise NotForContractors(who)
        if who.sites is not None or who.contractor is not None:
            for name in scope.KINDS.keys() & request.path_params.keys():
                _check_seen(conn, name, str(request.path_params[name]), who)
    request.state.who = who
    chosen.know(request, who.language)
    return who


def _operation(request: Request) -> str:
    """Return the operation of a request, as the table of roles names it: ``GET /api/v1/work-orders/{order_id}``."""
    path, begins = request.scope["route"].path, "/api/v1"
    if request.url.path.startswith(f"{begins}/") and not path.startswith(f"{begins}/"):
        path = begins + path  # a router's routes are named without what the routers around it add
    return f"{'GET' if request.method == 'HEAD' else request.method} {path}"


_IDS: Mapping[str, TypeAdapter[Any]] = {
    "order_id": TypeAdapter(UUID),
    "file_id": TypeAdapter(UUID),
    "ask_id": TypeAdapter(UUID),
    "run_key": TypeAdapter(UUID),
    "op_id": TypeAdapter(UUID),
    "mobile_id": TypeAdapter(UUID),
    "upload_id": TypeAdapter(UUID),
    "number": TypeAdapter(str),
}
_NUMBERED: TypeAdapter[Any] = TypeAdapter(int)
"""Ids as handlers parse them: ``+7``, ``7.0`` and `` 7`` are 7, and a check that read them differently would let them
pass."""


def _check_seen(conn: Connection, name: str, key: str, who: Who) -> None:
    try:
        value = _IDS.get(name, _NUMBERED).validate_python(key)
    except ValidationError:
        return  # not an id for the handler either, which reports it
    if isinstance(value, int) and abs(value) >= 2**63:
        return  # beyond the database's numbers, which the handler reports
    if who.sites is not None:
        scope.check(conn, name, value, who.sites)
    if who.contractor is not None:
        scope.check_given(conn, name, value, who.contractor)


def _of_session(request: Request, door: Door, conn: Connection, token: str, token_sent: str, now: datetime) -> Who:
    session = door.session(conn, token, now=now)
    if session is None:
        raise KeyMissing(wrong=False)
    if request.method not in _SAFE and not hmac.compare_digest(
        form_token(token).encode(), unmasked(token_sent).encode()
    ):
        raise FormNotOurs
    if session.must_change and request.url.path not in OPEN_TO_A_NEW_PASSWORD:
        request.state.must_change = True
        raise PasswordMustChange
    request.state.form_token = form_token(token)
    return session.who


async def _version(
    if_match: Annotated[
        str | None,
        Header(
            description='the ETag that was read, as `"3"`: the step is refused if somebody has changed the order since'
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    # An invalid version matches no version.
    return int(digits) if digits.isdecimal() and len(digits) < 10 else -1


def is_known(connection: HTTPConnection) -> bool:
    """Return whether a request carries a valid key or session. Queries the database; changes nothing."""
    door: Door | None = getattr(connection.app.state, "door", None)
    key, token = sent(connection), connection.cookies.get(COOKIE)
    if door is None or (not key and not token):
        return False  # the portal alone knows nobody
    pool: ConnectionPool = connection.app.state.pool
    with pool.connection(timeout=10) as conn:
        if key:
            return door.key(conn, key, now=_now()) is not None
        return door.session(conn, token or "", now=_now()) is not None


def is_private(connection: HTTPConnection, token: str) -> bool:
    """Return whether a token is that of a request's private address. Queries the database; changes nothing."""
    pool: ConnectionPool = connection.app.state.pool
    with pool.connection(timeout=10) as conn:
        return requests.knows_token(conn, token)


KNOWN = Depends(_who)
"""The dependency of a router, so that none of its handlers answers an unknown requester."""
Asking = Annotated[Who, Depends(_who)]
"""The requester: their roles, their sites, their name as history records it."""


async def _actor(who: Asking) -> str:
    return who.actor


Conn = Annotated[Connection, Depends(_connection, scope="function")]
"""A transaction. It commits after the handler and before the answer is sent; an error rolls it back. The log of changes
names the requester."""
Now = Annotated[datetime, Depends(_clock)]
Actor = Annotated[str, Depends(_actor)]
"""The requester's name, as history records it."""
Version = Annotated[int | None, Depends(_version)]


def _why(
    conn: Conn, why: Annotated[str, Query(max_length=2000, description="why, for the log of changes")] = ""
) -> str:
    said = why.replace("\0", "").strip()
    if said:
        changes.because(conn, said)
    return said


Why = Annotated[str, Depends(_why)]
"""The reason for a change, as a query parameter."""


class Needs:
    """Refuses a requester without one of the roles or, if the route concerns every site, who does not see them all.
    With ``costs``, users whom an administrator allows to see costs are admitted too.
    """

    def __init__(self, roles: frozenset[Role], *, every_site: bool, costs: bool = False) -> None:
        self.roles, self.every_site, self.costs = roles, every_site, costs

    def lets(self, who: Who) -> bool:
        """Return whether somebody may call it."""
        return self._has_role(who) and not (self.every_site and who.sites is not None)

    def _has_role(self, who: Who) -> bool:
        return who.may(self.roles) or (self.costs and who.sees_costs)

    async def __call__(self, who: Asking) -> None:
        if not self._has_role(who):
            raise Forbidden(who, self.roles)
        if self.every_site and who.sites is not None:
            raise NeedsEverySite(who)


def needs(*roles: Role, every_site: bool = False) -> Any:
    """Declare beside a route who may call it: one of the roles, or an administrator. ``every_site`` is for plant-wide
    routes: users restricted to some sites may not call them.
    """
    return Depends(Needs(frozenset(roles), every_site=every_site))


SEES = needs(*Role)
SEES_ALL = needs(*Role, every_site=True)
REQUESTS = needs(Role.REQUESTER, Role.TECHNICIAN, Role.PLANNER, Role.RELIABILITY_ENGINEER)
PLANS = needs(Role.PLANNER, Role.RELIABILITY_ENGINEER)
WORKS_OR_PLANS = needs(Role.TECHNICIAN, Role.PLANNER, Role.RELIABILITY_ENGINEER)
PLANS_PEOPLE = needs(Role.PLANNER)
KEEPS_STOCK = needs(Role.STOREKEEPER, Role.PLANNER)
HANDLES_STOCK = needs(Role.TECHNICIAN, Role.STOREKEEPER, Role.PLANNER, Role.RELIABILITY_ENGINEER)
SEES_COSTS = Depends(Needs(COST_ROLES, every_site=False, costs=True))
ENGINEERS = needs(Role.RELIABILITY_ENGINEER, every_site=True)
ADMINISTERS = needs(every_site=True)
