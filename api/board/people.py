"""The administrator's page: users, keys of systems, and the changes to both."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from api import passwords
from api.asking import ADMINISTERS, KNOWN, Actor, Conn, Now
from api.board.forms.form_errors import InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.keys import Door
from api.once import SentForm
from api.routers.access import refuse_a_name_of_the_settings
from api.shapes.access import KeyIn, UserFacts, UserIn
from db.errors import AlreadyExists, NotFound
from db.people import api_keys, technicians, users
from db.people.users import LastAdministrator
from db.plant import plant
from workorder_core.people.access import Role
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


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
        sees_costs: Annotated[str, Form(max_length=10)] = "",
    ) -> None:
        self.name, self.full_name, self.technician = name.strip(), full_name.strip(), technician
        self.roles, self.sites, self.disabled = list(roles), list(sites) or None, bool(disabled)
        self.sees_costs = bool(sees_costs)

    def facts(self) -> UserFacts:
        """Return the user facts of the form. Raises InvalidForm."""
        return _read(UserFacts, self._facts())

    def user(self) -> UserIn:
        """Return a new user. Raises InvalidForm."""
        return _read(UserIn, self._facts() | {"name": self.name})

    def key(self) -> KeyIn:
        """Return a new key. Raises InvalidForm."""
        return _read(KeyIn, {"name": self.name, "roles": self.roles, "sites": self.sites})

    def _facts(self) -> dict[str, Any]:
        site, _, code = self.technician.partition("/")
        return {
            "full_name": self.full_name,
            "roles": self.roles,
            "sites": self.sites,
            "technician": {"site": site, "code": code} if self.technician else None,
            "disabled": self.disabled,
            "sees_costs": self.sees_costs,
        }


Filled = Annotated[StandingForm, Depends()]


@router.get("/access", dependencies=[ADMINISTERS])
def people(request: Request, conn: Conn, now: Now) -> Response:
    """Show users and keys."""
    door: Door = request.app.state.door
    sites = plant.sites(conn)
    codes = {site.id: site.code for site in sites}
    return page(
        request,
        "access.html",
        now=now,
        users=users.listed(conn),
        keys=api_keys.listed(conn),
        of_settings=sorted(door.by_name),
        changes=users.changes(conn, limit=20),
        roles=list(Role),
        sites=sites,
        people=[(f"{codes[each.site_id]}/{each.code}", each.name) for each in technicians.listed(conn)],
        made=request.scope.get("shown_once"),
    )


@router.post("/access/users", dependencies=[ADMINISTERS])
@shown_on("/access", at={AlreadyExists: "name", NotFound: "technician"})
def add_user(conn: Conn, now: Now, actor: Actor, form: Filled, sent: SentForm) -> Response:
    """Create a user and show the one-time password, once."""
    user, password = form.user(), passwords.one_time()
    hashed = passwords.hashed(password)
    users.add(conn, user.name, user.standing(), password_hash=hashed, must_change=True, actor=actor, at=now)
    return sent.shows("/access", ("password", user.name, password))


@router.post("/access/users/{user_name}", dependencies=[ADMINISTERS])
@shown_on("/access", at={NotFound: "technician", LastAdministrator: "roles"})
def change_user(user_name: str, conn: Conn, now: Now, actor: Actor, form: Filled, sent: SentForm) -> Response:
    """Change a user's facts."""
    users.save(conn, user_name, form.facts().standing(), actor=actor, at=now)
    return sent.leads_to("/access")


@router.post("/access/users/{user_name}/password", dependencies=[ADMINISTERS])
@shown_on("/access")
def give_password(user_name: str, conn: Conn, now: Now, actor: Actor, sent: SentForm) -> Response:
    """Give a user a new one-time password and show it, once."""
    password = passwords.one_time()
    users.set_password(conn, user_name, passwords.hashed(password), must_change=True, actor=actor, at=now)
    return sent.shows("/access", ("password", user_name, password))


@router.post("/access/keys", dependencies=[ADMINISTERS])
@shown_on("/access", at={AlreadyExists: "name"})
def add_key(request: Request, conn: Conn, now: Now, actor: Actor, form: Filled, sent: SentForm) -> Response:
    """Create a key and show it, once."""
    wanted = form.key()
    refuse_a_name_of_the_settings(request, wanted.name)
    sites = None if wanted.sites is None else frozenset(wanted.sites)
    key = api_keys.add(conn, wanted.name, roles=frozenset(wanted.roles), sites=sites, actor=actor, at=now)
    return sent.shows("/access", ("key", wanted.name, key))


@router.post("/access/keys/{key_name}/revoke", dependencies=[ADMINISTERS])
@shown_on("/access")
def revoke_key(key_name: str, conn: Conn, now: Now, actor: Actor, sent: SentForm) -> Response:
    """Revoke a key."""
    api_keys.revoke(conn, key_name, actor=actor, at=now)
    return sent.leads_to("/access")


_WRONG = {
    "roles": say("choose one role at least"),
    "name": say("use letters and digits, and . _ @ - after the first character"),
    "sites": say("choose the sites from the list, or none for all"),
    "technician": say("choose one from the list"),
}
Shape = TypeVar("Shape", bound=BaseModel)


def _read(shape: type[Shape], said: Mapping[str, Any]) -> Shape:
    try:
        return shape.model_validate(said)
    except ValidationError as wrong:
        fields = [str(each["loc"][0]) if each["loc"] else "" for each in wrong.errors()]
        raise InvalidForm(fields={name: _WRONG.get(name, say("this cannot be used")) for name in fields}) from None
