"""The administrator's page: who may sign in, which systems have keys, and what was done to both."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection
from pydantic import ValidationError

from api import passwords
from api.asking import ADMINISTERS, KNOWN, Actor, Conn, Now
from api.board.rendering import page
from api.keys import Door
from api.problems import STATUS
from api.routers.access import refuse_a_name_of_the_settings
from api.shapes.access import KeyIn, TechnicianOf, UserFacts, UserIn
from db.errors import StoreError
from db.people import api_keys, technicians, users
from db.plant import plant
from workorder_core.people.access import Role

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


class StandingForm:
    """The fields of a user's form, and of a key's."""

    def __init__(
        self,
        name: Annotated[str, Form(max_length=200)] = "",
        full_name: Annotated[str, Form(max_length=200)] = "",
        roles: Annotated[Sequence[str], Form()] = (),
        sites: Annotated[Sequence[str], Form()] = (),
        technician: Annotated[str, Form(max_length=200)] = "",
        disabled: Annotated[str, Form(max_length=10)] = "",
    ) -> None:
        self.name, self.full_name, self.technician = name.strip(), full_name.strip(), technician
        self.roles, self.sites, self.disabled = list(roles), list(sites) or None, bool(disabled)

    def facts(self) -> UserFacts:
        """Return what the form says of a user. Raises ValidationError."""
        site, _, code = self.technician.partition("/")
        technician = TechnicianOf(site=site, code=code) if code else None
        return UserFacts(
            full_name=self.full_name,
            roles=[Role(role) for role in self.roles if role in set(Role)],
            sites=self.sites,
            technician=technician,
            disabled=self.disabled,
        )


Filled = Annotated[StandingForm, Depends()]


@router.get("/access", dependencies=[ADMINISTERS])
def people(request: Request, conn: Conn, now: Now) -> Response:
    """Show users and keys."""
    return _page(request, conn, now)


def _page(
    request: Request,
    conn: Connection,
    now: datetime,
    *,
    status: int = 200,
    problem: str = "",
    made: tuple[str, str, str] | None = None,
) -> Response:
    door: Door = request.app.state.door
    sites = plant.sites(conn)
    codes = {site.id: site.code for site in sites}
    return page(
        request,
        "access.html",
        status=status,
        now=now,
        users=users.listed(conn),
        keys=api_keys.listed(conn),
        of_settings=sorted(door.by_name),
        changes=users.changes(conn, limit=20),
        roles=list(Role),
        sites=sites,
        people=[(f"{codes[each.site_id]}/{each.code}", each.name) for each in technicians.listed(conn)],
        problem=problem,
        made=made,
    )


@router.post("/access/users", dependencies=[ADMINISTERS])
def add_user(request: Request, conn: Conn, now: Now, actor: Actor, form: Filled) -> Response:
    """Make a user and show the first password, once."""
    try:
        facts = form.facts()
        user = UserIn(name=form.name, **facts.model_dump())
        password = passwords.one_time()
        hashed = passwords.hashed(password)
        with conn.transaction():
            users.add(conn, user.name, user.standing(), password_hash=hashed, must_change=True, actor=actor, at=now)
    except (StoreError, ValidationError) as refused:
        return _page(request, conn, now, status=_status(refused), problem=_sentence(refused))
    return _page(request, conn, now, made=("password", user.name, password))


@router.post("/access/users/{user_name}", dependencies=[ADMINISTERS])
def change_user(request: Request, user_name: str, conn: Conn, now: Now, actor: Actor, form: Filled) -> Response:
    """Change what a user is."""
    try:
        with conn.transaction():
            users.save(conn, user_name, form.facts().standing(), actor=actor, at=now)
    except (StoreError, ValidationError) as refused:
        return _page(request, conn, now, status=_status(refused), problem=_sentence(refused))
    return RedirectResponse("/access", 303)


@router.post("/access/users/{user_name}/password", dependencies=[ADMINISTERS])
def give_password(request: Request, user_name: str, conn: Conn, now: Now, actor: Actor) -> Response:
    """Give a user a new first password and show it, once."""
    password = passwords.one_time()
    users.set_password(conn, user_name, passwords.hashed(password), must_change=True, actor=actor, at=now)
    return _page(request, conn, now, made=("password", user_name, password))


@router.post("/access/keys", dependencies=[ADMINISTERS])
def add_key(request: Request, conn: Conn, now: Now, actor: Actor, form: Filled) -> Response:
    """Make a key and show it, once."""
    try:
        facts = form.facts()
        wanted = KeyIn(name=form.name, roles=facts.roles, sites=facts.sites)
        refuse_a_name_of_the_settings(request, wanted.name)
        sites = None if wanted.sites is None else frozenset(wanted.sites)
        with conn.transaction():
            key = api_keys.add(conn, wanted.name, roles=frozenset(wanted.roles), sites=sites, actor=actor, at=now)
    except (StoreError, ValidationError) as refused:
        return _page(request, conn, now, status=_status(refused), problem=_sentence(refused))
    return _page(request, conn, now, made=("key", wanted.name, key))


@router.post("/access/keys/{key_name}/revoke", dependencies=[ADMINISTERS])
def revoke_key(key_name: str, conn: Conn, now: Now, actor: Actor) -> Response:
    """Let a key open nothing from now on."""
    api_keys.revoke(conn, key_name, actor=actor, at=now)
    return RedirectResponse("/access", 303)


def _status(refused: Exception) -> int:
    return next((STATUS[kind] for kind in type(refused).__mro__ if kind in STATUS), 422)


_MENDS = {
    "roles": "choose one role at least",
    "name": "a name has letters and digits, and . _ @ - after the first",
    "sites": "choose the sites from the list, or none for all",
}


def _sentence(refused: StoreError | ValidationError) -> str:
    if isinstance(refused, StoreError):
        return str(refused)
    fields = [str(each["loc"][0]) if each["loc"] else "" for each in refused.errors()]
    return "; ".join(dict.fromkeys(_MENDS.get(field, f"{field} cannot be taken") for field in fields))
