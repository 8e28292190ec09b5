"""Users and keys, for administrators of all sites; and the requester's own account."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api import passwords
from api.asking import ADMINISTERS, SEES, Actor, Asking, Conn, Now
from api.keys import Door
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, PagedByFifty, Text
from api.routers.notifying.receivers import person
from api.shapes.access import (
    ChangeOut,
    KeyIn,
    KeyOut,
    MeOut,
    MyChoices,
    NewKeyOut,
    NewUserOut,
    UserFacts,
    UserIn,
    UserOut,
)
from db.errors import AlreadyExists
from db.people import api_keys, users

router = APIRouter(tags=["users and keys"])
USERS = Order[users.User](tuple[bool, Text], lambda each: (each.disabled_at is not None, each.name))
KEYS = Order[api_keys.ApiKey](tuple[bool, Text], lambda each: (each.revoked_at is not None, each.name))
NEWEST_FIRST = Order[users.Change](tuple[Id], lambda each: (each.id,))
Name = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]+$")]


@router.get("/me", dependencies=[SEES])
def me(who: Asking) -> MeOut:
    """Read who you are, with your roles and sites."""
    return MeOut.of(who)


@router.patch("/me", dependencies=[SEES])
def choose_for_me(body: MyChoices, conn: Conn, now: Now, who: Asking) -> MeOut:
    """Choose your own language. A key has none."""
    users.set_language(conn, person(who), body.language, actor=who.actor, at=now)
    return MeOut.of(replace(who, language=body.language))


@router.get("/users", dependencies=[ADMINISTERS])
def find_users(conn: Conn, part: Paged) -> list[UserOut]:
    """List the users, the disabled ones last."""
    return [UserOut.of(each) for each in part.of_all(users.listed(conn), USERS)]


@router.post("/users", status_code=201, response_model=NewUserOut, dependencies=[ADMINISTERS])
def add_user(body: UserIn, conn: Conn, now: Now, actor: Actor, once: OnlyOnce) -> Response:
    """Create a user, with a password for the first sign-in. With an Idempotency-Key, at most once."""

    def make(_: Response) -> NewUserOut:
        password = passwords.one_time()
        hashed = passwords.hashed(password)
        users.add(conn, body.name, body.standing(), password_hash=hashed, must_change=True, actor=actor, at=now)
        return NewUserOut(user=UserOut.of(users.get(conn, body.name)), one_time_password=password)

    return once(body, make, needed=False, kept=lambda made: made.model_copy(update={"one_time_password": None}))


@router.get("/users/{user_name}", dependencies=[ADMINISTERS])
def read_user(user_name: Name, conn: Conn) -> UserOut:
    """Read one user."""
    return UserOut.of(users.get(conn, user_name))


@router.put("/users/{user_name}", dependencies=[ADMINISTERS])
def change_user(user_name: Name, body: UserFacts, conn: Conn, now: Now, actor: Actor) -> UserOut:
    """Change a user; a disabled user is signed out at once, and stays in history."""
    users.save(conn, user_name, body.standing(), actor=actor, at=now)
    return UserOut.of(users.get(conn, user_name))


@router.post("/users/{user_name}/password", dependencies=[ADMINISTERS])
def give_password(user_name: Name, conn: Conn, now: Now, actor: Actor) -> NewUserOut:
    """Give a user a new one-time password; they are signed out everywhere."""
    password = passwords.one_time()
    users.set_password(conn, user_name, passwords.hashed(password), must_change=True, actor=actor, at=now)
    return NewUserOut(user=UserOut.of(users.get(conn, user_name)), one_time_password=password)


@router.get("/keys", dependencies=[ADMINISTERS])
def find_keys(conn: Conn, part: Paged) -> list[KeyOut]:
    """List the keys in the database, without the keys themselves; those in the settings are not included."""
    return [KeyOut.of(each) for each in part.of_all(api_keys.listed(conn), KEYS)]


@router.post("/keys", status_code=201, response_model=NewKeyOut, dependencies=[ADMINISTERS])
def add_key(request: Request, body: KeyIn, conn: Conn, now: Now, actor: Actor, once: OnlyOnce) -> Response:
    """Create a key. Only this answer contains it. With an Idempotency-Key, at most once."""
    refuse_a_name_of_the_settings(request, body.name)
    sites = None if body.sites is None else frozenset(body.sites)

    def make(_: Response) -> NewKeyOut:
        key = api_keys.add(conn, body.name, roles=frozenset(body.roles), sites=sites, actor=actor, at=now)
        return NewKeyOut(name=body.name, key=key)

    return once(body, make, needed=False, kept=lambda made: made.model_copy(update={"key": None}))


@router.post("/keys/{key_name}/revoke", dependencies=[ADMINISTERS])
def revoke_key(key_name: Name, conn: Conn, now: Now, actor: Actor) -> list[KeyOut]:
    """Revoke a key; the answer lists all keys."""
    api_keys.revoke(conn, key_name, actor=actor, at=now)
    return [KeyOut.of(each) for each in api_keys.listed(conn)]


@router.get("/access-changes", dependencies=[ADMINISTERS])
def changes(conn: Conn, part: PagedByFifty) -> list[ChangeOut]:
    """List changes to users, keys and device bindings, the newest first."""
    (before,) = part.after(NEWEST_FIRST) or (None,)
    found = users.changes(conn, before=before, limit=part.fetched)
    return [ChangeOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]


def refuse_a_name_of_the_settings(request: Request, name: str) -> None:
    """Raise AlreadyExists: history could not distinguish the two keys."""
    door: Door = request.app.state.door
    if name in door.by_name:
        raise AlreadyExists("key", name)
