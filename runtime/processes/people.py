"""Users and keys from the command line and at the first start. Whoever can reach the database may create any."""

import getpass
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from rich.console import Console
from rich.table import Table

from api import passwords
from db.people import api_keys, users
from db.people.users import Standing
from workorder_core.people.access import Role

FIRST, DEMO = "admin", "demo"


def make_first(url: str) -> str | None:
    """Create the administrator of a plant without users and return the one-time password; None if there are users."""
    with psycopg.connect(url) as conn:
        if users.any_there(conn):
            return None
        password = passwords.one_time()
        standing = Standing(full_name="Administrator", roles=frozenset({Role.ADMINISTRATOR}))
        _add(conn, FIRST, standing, password, actor="system:first start")
    return password


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person of the sample plant whose pages can be tried; ``technician`` is their technician's code."""

    name: str
    full_name: str
    role: Role
    technician: str | None = None


DEMO_PEOPLE = (
    DemoPerson(DEMO, "Demo", Role.ADMINISTRATOR),
    DemoPerson("berg", "Sofia Berg", Role.PLANNER),
    DemoPerson("petersen", "Jonas Petersen", Role.TECHNICIAN, "petersen"),
    DemoPerson("krog", "Ida Krog", Role.STOREKEEPER),
    DemoPerson("iversen", "Nina Iversen", Role.RELIABILITY_ENGINEER),
    DemoPerson("dahl", "Henrik Dahl", Role.REQUESTER),
)
"""The demo's pages are signed in as the first one."""


def make_demo(conn: psycopg.Connection, *, site: str) -> None:
    """Create the people of the demo. Nobody knows their passwords: this machine's pages need none."""
    for each in DEMO_PEOPLE:
        if users.find(conn, each.name) is None:
            standing = Standing(
                full_name=each.full_name,
                roles=frozenset({each.role}),
                technician=each.technician,
                technician_site=None if each.technician is None else site,
            )
            _add(conn, each.name, standing, passwords.one_time(), actor="system:demo", must_change=False)


def add(conn: psycopg.Connection, name: str, standing: Standing) -> str:
    """Create a user and return the one-time password."""
    password = passwords.one_time()
    _add(conn, name, standing, password, actor=actor())
    return password


def new_password(conn: psycopg.Connection, name: str) -> str:
    """Give a user a one-time password, which ends their sessions, and return it. Raises NotFound."""
    password = passwords.one_time()
    at = datetime.now(UTC)
    users.set_password(conn, name, passwords.hashed(password), must_change=True, actor=actor(), at=at)
    return password


def disable(conn: psycopg.Connection, name: str, *, disabled: bool) -> None:
    """Disable a user, or enable them again. Raises NotFound, LastAdministrator."""
    user = users.get(conn, name)
    standing = Standing(
        full_name=user.full_name,
        roles=user.roles,
        sites=user.sites,
        technician=user.technician,
        technician_site=user.technician_site,
        disabled=disabled,
    )
    users.save(conn, name, standing, actor=actor(), at=datetime.now(UTC))


def show_users(conn: psycopg.Connection, console: Console) -> None:
    """Print every user."""
    table = Table("name", "who", "roles", "sites", "technician", "last signed in", "")
    for each in users.listed(conn):
        table.add_row(
            each.name,
            each.full_name,
            ", ".join(sorted(each.roles)),
            _sites(each.sites),
            f"{each.technician_site}/{each.technician}" if each.technician else "",
            _time(each.signed_in_at),
            "disabled" if each.disabled_at else "password to be changed" if each.must_change else "",
        )
    console.print(table)


def show_keys(conn: psycopg.Connection, console: Console) -> None:
    """Print every key, without its secret."""
    table = Table("name", "begins", "roles", "sites", "made by", "last used", "")
    for each in api_keys.listed(conn):
        table.add_row(
            each.name,
            each.prefix,
            ", ".join(sorted(each.roles)),
            _sites(each.sites),
            each.created_by,
            _time(each.last_used_at),
            "revoked" if each.revoked_at else "",
        )
    console.print(table)


def actor() -> str:
    """Return who works at this terminal, as history records it."""
    try:
        return f"person:{getpass.getuser()} (terminal)"
    except (KeyError, OSError):
        return "person:somebody (terminal)"


def _add(
    conn: psycopg.Connection, name: str, standing: Standing, password: str, *, actor: str, must_change: bool = True
) -> None:
    hashed = passwords.hashed(password)
    users.add(
        conn, name, standing, password_hash=hashed, must_change=must_change, actor=actor, at=datetime.now(UTC)
    )  # fmt: skip


def _sites(sites: frozenset[str] | None) -> str:
    return "all" if sites is None else ", ".join(sorted(sites))


def _time(at: datetime | None) -> str:
    return "never" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"
