"""Users, and the log of changes to users and keys. The caller owns the transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row, tuple_row

from db import sql
from db.errors import AlreadyExists, NotFound, StoreError
from db.people import technicians
from db.plant import changes as changes_log
from db.plant import plant
from workorder_core.people.access import Role, Who
from workorder_core.sentences import joined, say

_QUERIES = sql.load("access")


class LastAdministrator(StoreError):
    """The change would leave no administrator of all sites."""

    def __init__(self, name: str) -> None:
        super().__init__(
            say(
                "{name} is the last administrator of all sites; make another user an administrator first",
                name=name,
            )
        )
        self.name = name


class UnknownSites(StoreError):
    """A user or a key was given sites that do not exist."""

    def __init__(self, codes: Collection[str]) -> None:
        super().__init__(say("there is no site {codes}; the list of sites shows which exist", codes=joined(codes)))
        self.codes = codes


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person. ``sites`` None: all; ``technician`` is a code of ``technician_site``, None for users who are not
    technicians. ``contractor`` is that technician's id if they are of a firm, see ``Who``.
    """

    name: str
    full_name: str
    password_hash: str
    must_change: bool
    roles: frozenset[Role]
    sites: frozenset[str] | None
    technician: str | None
    technician_site: str | None
    disabled_at: datetime | None
    created_at: datetime
    signed_in_at: datetime | None
    sees_costs: bool = False
    language: str | None = None
    contractor: int | None = None

    def who(self) -> Who:
        return Who(
            f"person:{self.name}",
            self.roles,
            self.sites,
            self.technician,
            self.technician_site,
            self.sees_costs,
            self.language,
            self.contractor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an administrator sets on a user: their roles, and where they apply."""

    full_name: str = ""
    roles: frozenset[Role]
    sites: frozenset[str] | None = None
    technician: str | None = None
    technician_site: str | None = None
    disabled: bool = False
    sees_costs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a user, a key or a device: what, when, and by whom."""

    id: int
    at: datetime
    actor: str
    what: str
    subject: str
    detail: Mapping[str, Any]


def get(conn: Connection, name: str) -> User:
    """Return one user. Raises NotFound."""
    found = find(conn, name)
    if found is None:
        raise NotFound("user", name)
    return found


def find(conn: Connection, name: str) -> User | None:
    """Return one user, or None."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["user"], {"name": name}).fetchone()
    return None if row is None else _user(row)


def listed(conn: Connection) -> list[User]:
    """Return every user, the disabled ones last."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_user(row) for row in cursor.execute(_QUERIES["users"])]


def full_names(conn: Connection) -> dict[str, str]:
    """Return people's full names by the names that histories use: users' first, then technicians'."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["full_names"]).fetchall())


def any_there(conn: Connection) -> bool:
    """Lock the users until the transaction ends, and return whether there are any."""
    conn.execute(_QUERIES["lock_users"])
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_QUERIES["any_user"]).fetchone())


def add(
    conn: Connection,
    name: str,
    standing: Standing,
    *,
    password_hash: str,
    must_change: bool,
    actor: str,
    at: datetime,
) -> None:
    """Store a new user. Raises AlreadyExists, UnknownSites, and NotFound for an unknown technician."""
    facts = _facts(conn, standing) | {"name": name, "password_hash": password_hash, "must_change": must_change}
    if conn.execute(_QUERIES["add_user"], facts | {"at": at}).fetchone() is None:
        raise AlreadyExists("user", name)
    note_change(conn, "user added", name, _standing_facts(standing), actor=actor, at=at)


def save(conn: Connection, name: str, standing: Standing, *, actor: str, at: datetime) -> None:
    """Store a user's new facts; a disabled user is signed out.

    Raises NotFound, UnknownSites and LastAdministrator.
    """
    conn.execute(_QUERIES["lock_users"])
    before = get(conn, name)
    conn.execute(_QUERIES["save_user"], _facts(conn, standing) | {"name": name, "at": at})
    administered = Role.ADMINISTRATOR in before.roles and before.sites is None and before.disabled_at is None
    with conn.cursor(row_factory=scalar_row) as cursor:
        if administered and not cursor.execute(_QUERIES["administrators"]).fetchone():
            raise LastAdministrator(name)
    if standing.disabled:
        conn.execute(_QUERIES["end_sessions"], {"user": name, "but": None})
    was = Standing(
        full_name=before.full_name,
        roles=before.roles,
        sites=before.sites,
        technician=before.technician,
        technician_site=before.technician_site,
        disabled=before.disabled_at is not None,
        sees_costs=before.sees_costs,
    )
    note_change(
        conn, "user changed", name, {"old": _standing_facts(was), "new": _standing_facts(standing)}, actor=actor, at=at
    )


def set_password(
    conn: Connection,
    name: str,
    password_hash: str,
    *,
    must_change: bool,
    before: str | None = None,
    but_session: bytes | None = None,
    actor: str,
    at: datetime,
) -> None:
    """Store another password and end every session of the user but that one.

    ``before`` is the hash that it is to replace: if somebody else has changed it meanwhile, theirs stays. Raises
    NotFound in that case too.
    """
    facts = {"name": name, "password_hash": password_hash, "must_change": must_change, "before": before}
    if conn.execute(_QUERIES["set_password"], facts).rowcount == 0:
        raise NotFound("user", name)
    conn.execute(_QUERIES["end_sessions"], {"user": name, "but": but_session})
    note_change(conn, "password changed", name, {"must_change": must_change}, actor=actor, at=at)


def set_language(conn: Connection, name: str, language: str | None, *, actor: str, at: datetime) -> None:
    """Store which language somebody reads; None: as their browser asks. Raises NotFound."""
    before = get(conn, name).language
    conn.execute(_QUERIES["set_language"], {"name": name, "language": language})
    if language != before:
        changes = {"old": {"language": before}, "new": {"language": language}}
        note_change(conn, "user changed", name, changes, actor=actor, at=at)


def rehash(conn: Connection, name: str, *, before: str, after: str) -> None:
    """Store the same password under a new hash."""
    conn.execute(_QUERIES["rehash"], {"name": name, "before": before, "password_hash": after})


def check_sites(conn: Connection, sites: Collection[str] | None) -> None:
    """Raise UnknownSites for codes that no site has."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        unknown = cursor.execute(_QUERIES["unknown_sites"], {"sites": sorted(sites or ())}).fetchall()
    if unknown:
        raise UnknownSites(unknown)


def note_change(
    conn: Connection, what: str, subject: str, detail: Mapping[str, Any], *, actor: str, at: datetime
) -> None:
    """Log a change of a user, a key or a device, and by whom; ``what`` begins with which of them it is."""
    kind = what.partition(" ")[0].replace("password", "user")
    old, new = (detail["old"], detail["new"]) if detail.keys() == {"old", "new"} else ({}, detail)
    changes_log.append(conn, kind, subject, what, old=old, new=new, actor=actor, at=at)


def changes(conn: Connection, *, before: int | None = None, limit: int = 50) -> list[Change]:
    """Return the changes of users, keys and device bindings, the newest first."""
    found = changes_log.page(conn, kinds=changes_log.OF_ACCESS, before=before, limit=limit)
    return [
        Change(
            id=each.id,
            at=each.at,
            actor=each.actor,
            what=each.what,
            subject=each.subject,
            detail={"old": each.old, "new": each.new} if each.old else each.new,
        )
        for each in found
    ]


def _facts(conn: Connection, standing: Standing) -> dict[str, Any]:
    check_sites(conn, standing.sites)
    technician_id = None
    if standing.technician is not None:
        site = plant.site_by_code(conn, standing.technician_site or "")
        technician_id = technicians.get(conn, site.id, standing.technician).id
    return {
        "full_name": standing.full_name,
        "roles": sorted(standing.roles),
        "sites": None if standing.sites is None else sorted(standing.sites),
        "technician_id": technician_id,
        "disabled": standing.disabled,
        "sees_costs": standing.sees_costs,
    }


def _standing_facts(standing: Standing) -> dict[str, Any]:
    return {
        "full_name": standing.full_name,
        "roles": sorted(standing.roles),
        "sites": None if standing.sites is None else sorted(standing.sites),
        "technician": standing.technician and f"{standing.technician_site}/{standing.technician}",
        "disabled": standing.disabled,
        **({"sees_costs": True} if standing.sees_costs else {}),
    }


def roles_of(codes: Collection[str]) -> frozenset[Role]:
    return frozenset(Role(code) for code in codes)


def sites_of(codes: Collection[str] | None) -> frozenset[str] | None:
    return None if codes is None else frozenset(codes)


def _user(row: Mapping[str, Any]) -> User:
    return User(**{**row, "roles": roles_of(row["roles"]), "sites": sites_of(row["sites"])})
