"""People and systems who may ask, for tests: made in the database as an administrator would, with cheap hashes."""

from collections.abc import Collection
from datetime import UTC, datetime

from argon2 import PasswordHasher
from psycopg import Connection

from db.people import api_keys, users
from db.people.users import Standing
from workorder_core.people.access import Role

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "the pump hums at dawn"


def add_user(
    conn: Connection,
    name: str,
    *roles: Role,
    sites: Collection[str] | None = None,
    technician: str | None = None,
    must_change: bool = False,
    password: str = PASSWORD,
) -> None:
    """Make a user of the roles; a technician is of the first of their sites, else of NTH."""
    standing = Standing(
        full_name=name.capitalize(),
        roles=frozenset(roles),
        sites=None if sites is None else frozenset(sites),
        technician=technician,
        technician_site=None if technician is None else next(iter(sites or ("NTH",))),
    )
    users.add(
        conn,
        name,
        standing,
        password_hash=CHEAP.hash(password),
        must_change=must_change,
        actor="system:tests",
        at=datetime.now(UTC),
    )


def add_key(conn: Connection, name: str, *roles: Role, sites: Collection[str] | None = None) -> str:
    """Make a key of the roles and return it."""
    scope = None if sites is None else frozenset(sites)
    return api_keys.add(conn, name, roles=frozenset(roles), sites=scope, actor="system:tests", at=datetime.now(UTC))
