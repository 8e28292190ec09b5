"""API keys of systems. Only a key's prefix, by which it is found, and its SHA-256 are stored; the key is shown once."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.errors import AlreadyExists, NotFound
from db.people import users
from db.people.sessions import SEEN_EVERY, digest, note_use
from workorder_core.people.access import Role, Who

_QUERIES = sql.load("access")
_PREFIX = 10
"""Characters of the prefix by which a key is found: ``pw_`` and seven more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is listed. ``prefix`` is how it begins."""

    name: str
    prefix: str
    roles: frozenset[Role]
    sites: frozenset[str] | None
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None


def add(
    conn: Connection,
    name: str,
    *,
    roles: frozenset[Role],
    sites: frozenset[str] | None,
    actor: str,
    at: datetime,
) -> str:
    """Create a key and return it; it cannot be read again. Raises AlreadyExists, UnknownSites."""
    users.check_sites(conn, sites)
    key = f"pw_{secrets.token_urlsafe(40)}"
    scope: dict[str, Any] = {"roles": sorted(roles), "sites": None if sites is None else sorted(sites)}
    facts = scope | {"name": name, "prefix": key[:_PREFIX], "key_sha256": digest(key), "actor": actor, "at": at}
    if conn.execute(_QUERIES["add_key"], facts).fetchone() is None:
        raise AlreadyExists("key", name)
    users.note_change(conn, "key added", name, scope, actor=actor, at=at)
    return key


def find(conn: Connection, key: str, *, now: datetime, noted: bool = True) -> Who | None:
    """Return who uses a key; None if it is unknown or revoked. ``noted`` stores that it was used now."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_QUERIES["key"], {"prefix": key[:_PREFIX]}).fetchone()
    if row is None or not hmac.compare_digest(row["key_sha256"], digest(key)):
        return None
    if noted and (row["last_used_at"] is None or row["last_used_at"] <= now - SEEN_EVERY):
        note_use(conn, "use_key", {"name": row["name"], "now": now})
    return Who(f"key:{row['name']}", users.roles_of(row["roles"]), users.sites_of(row["sites"]))


def listed(conn: Connection) -> list[ApiKey]:
    """Return every key, the revoked ones last."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_key(row) for row in cursor.execute(_QUERIES["keys"])]


def revoke(conn: Connection, name: str, *, actor: str, at: datetime) -> None:
    """Revoke a key. Raises NotFound."""
    if conn.execute(_QUERIES["revoke_key"], {"name": name, "at": at}).fetchone() is None:
        raise NotFound("key", name)
    users.note_change(conn, "key revoked", name, {}, actor=actor, at=at)


def _key(row: Mapping[str, Any]) -> ApiKey:
    return ApiKey(**{**row, "roles": users.roles_of(row["roles"]), "sites": users.sites_of(row["sites"])})
