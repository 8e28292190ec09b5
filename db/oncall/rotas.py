"""Rotas and their versions. The caller owns the transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import scope, sql
from db.errors import AlreadyExists, NotFound, StoreError
from db.oncall import looking_ahead
from workorder_core.oncall.documents import from_document, to_document
from workorder_core.oncall.rotas import Rota
from workorder_core.sentences import joined, say

_QUERIES = sql.load("on_call")


class RotaChanged(StoreError):
    """Somebody has changed a rota since it was read."""

    def __init__(self, key: str, expected: int, version: int) -> None:
        super().__init__(
            say(
                "rota {key} is at version {version}, not {expected}: read it again, then change it",
                key=key,
                version=version,
                expected=expected,
            )
        )
        self.key, self.expected, self.version = key, expected, version


class CannotBeCalled(StoreError):
    """Names of a rota that are no users, or of users who are disabled or do not see its site."""

    def __init__(self, people: Collection[str], site: str) -> None:
        super().__init__(
            say(
                "{people} cannot be on call: each must be a user who is not disabled and sees the site {site}",
                people=joined(people),
                site=site,
            )
        )
        self.people, self.site = people, site


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored rota. By one that is ``retired_at`` some time nobody is on call from then on."""

    id: int
    site_id: int
    rota: Rota
    retired_at: datetime | None

    @property
    def key(self) -> str:
        """Its site and code, ``NTH/FIRST``."""
        return f"{self.rota.site}/{self.rota.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a rota, with its author and reason. ``rota`` None: it was retired."""

    version: int
    rota: Rota | None
    made_by: str
    made_at: datetime
    why: str


def get(conn: Connection, rota_id: int, within: Collection[str] | None = None) -> Stored:
    """Return a rota. Raises NotFound, also for one of a site that is not within."""
    rows = _rows(conn, "get", {"id": rota_id, "within": scope.codes(within)})
    if not rows:
        raise NotFound("rota", rota_id)
    return _stored(rows[0])


def by_code(conn: Connection, site: str, code: str) -> Stored | None:
    """Return a site's rota by its code; None if there is none."""
    rows = _rows(conn, "by_code", {"site": site, "code": code})
    return _stored(rows[0]) if rows else None


def listed(
    conn: Connection,
    *,
    within: Collection[str] | None = None,
    site: str | None = None,
    retired: bool = False,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[Stored]:
    """Return rotas by site and code; ``after`` is the site and code of the last one of a page."""
    after_site, after_code = after or (None, None)
    asked = {"within": scope.codes(within), "site": site, "retired": retired, "limit": limit}
    found = _rows(conn, "listed", asked | {"after_site": after_site, "after_code": after_code})
    return [_stored(row) for row in found]


def add(conn: Connection, rota: Rota, *, actor: str, at: datetime, why: str = "") -> Stored:
    """Store a new rota, in force from ``at``, and return it. Raises AlreadyExists and CannotBeCalled."""
    check_people(conn, rota.people, rota.site)
    facts = {"site": rota.site, "code": rota.code, "title": rota.title, "document": Jsonb(to_document(rota)), "at": at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        rota_id = cursor.execute(_QUERIES["add"], facts).fetchone()
    if rota_id is None:
        raise AlreadyExists("rota", f"{rota.site}/{rota.code}")
    _note(conn, rota_id, replace(rota, version=1), actor, at, why)
    return get(conn, rota_id)


def save(
    conn: Connection,
    rota_id: int,
    rota: Rota,
    *,
    actor: str,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> Stored:
    """Store the next version of a rota, in force from ``at``, and return it; without a change nothing is stored.

    Raises NotFound, RotaChanged and CannotBeCalled.
    """
    lock(conn, rota_id)
    before = get(conn, rota_id)
    if expected_version is not None and expected_version != before.rota.version:
        raise RotaChanged(before.key, expected_version, before.rota.version)
    rota = replace(rota, code=before.rota.code, site=before.rota.site, version=before.rota.version)
    if rota == before.rota and before.retired_at is None:
        return before
    check_people(conn, rota.people, rota.site)
    facts = {"id": rota_id, "title": rota.title, "document": Jsonb(to_document(rota))}
    with conn.cursor(row_factory=scalar_row) as cursor:
        version = cursor.execute(_QUERIES["save"], facts).fetchone()
    assert version is not None, "the rota is locked"
    _note(conn, rota_id, replace(rota, version=version), actor, at, why)
    return get(conn, rota_id)


def lock(conn: Connection, rota_id: int) -> None:
    """Lock a rota until the transaction ends."""
    conn.execute(_QUERIES["lock"], {"id": rota_id})


def retire(conn: Connection, rota_id: int, *, actor: str, at: datetime, why: str = "") -> None:
    """Retire a rota, so that nobody is on call by it; a second time changes nothing. Raises NotFound."""
    get(conn, rota_id)
    with conn.cursor(row_factory=scalar_row) as cursor:
        version = cursor.execute(_QUERIES["retire"], {"id": rota_id, "at": at}).fetchone()
    if version is not None:
        facts = {"id": rota_id, "version": version, "document": None, "actor": actor, "at": at, "why": why}
        conn.execute(_QUERIES["add_version"], facts)
        conn.execute(_QUERIES["no_gap"], {"id": rota_id})


def versions(conn: Connection, rota_id: int) -> list[Version]:
    """Return the versions of a rota, the newest first. Raises NotFound."""
    now = get(conn, rota_id).rota
    return [
        Version(
            version=row["version"],
            rota=_read(row["document"], now.code, now.site, row["version"]),
            made_by=row["made_by"],
            made_at=row["made_at"],
            why=row["why"],
        )
        for row in _rows(conn, "versions", {"id": rota_id})
    ]


def check_people(conn: Connection, people: Collection[str], site: str) -> None:
    """Raise CannotBeCalled unless each is a user who is not disabled and sees the site."""
    if wrong := looking_ahead.cannot_be_called(conn, people, site):
        raise CannotBeCalled(wrong, site)


def can_be_called(conn: Connection, site: str) -> dict[str, str]:
    """Return the full names of the users who can be on call at a site, by name."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_QUERIES["can_be_called"], {"site": site}).fetchall()
    return {row["name"]: row["full_name"] for row in found}


def _note(conn: Connection, rota_id: int, rota: Rota, actor: str, at: datetime, why: str) -> None:
    facts = {"id": rota_id, "version": rota.version, "document": Jsonb(to_document(rota))}
    conn.execute(_QUERIES["add_version"], facts | {"actor": actor, "at": at, "why": why})
    conn.execute(_QUERIES["drop_people"], {"id": rota_id})
    conn.execute(_QUERIES["add_people"], {"id": rota_id, "people": sorted(rota.people)})
    looking_ahead.look(conn, rota_id, rota, now=at)


def _stored(row: Mapping[str, Any]) -> Stored:
    rota = from_document(row["document"], code=row["code"], site=row["site"], version=row["version"])
    return Stored(id=row["id"], site_id=row["site_id"], rota=rota, retired_at=row["retired_at"])


def _read(document: Mapping[str, Any] | None, code: str, site: str, version: int) -> Rota | None:
    return None if document is None else from_document(document, code=code, site=site, version=version)


def _rows(conn: Connection, query: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], asked).fetchall()
