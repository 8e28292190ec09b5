"""Sites' notification policies by version, and people's own settings. The caller owns the transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import Jsonb

from db import sql, storable
from db.errors import NotFound, StoreError
from db.oncall import chiefs
from db.oncall.chiefs import NoChief
from workorder_core.notifying.policies import NO_SETTINGS, Digest, Policy, Settings, Span, from_document
from workorder_core.sentences import say

_QUERIES = sql.load("notifying")


class PolicyChanged(StoreError):
    """Somebody has changed a policy since it was read."""

    def __init__(self, site: str, expected: int, version: int) -> None:
        super().__init__(
            say(
                "the policy of {site} is at version {version}, not {expected}: read it again, then change it",
                site=site,
                version=version,
                expected=expected,
            )
        )
        self.site, self.expected, self.version = site, expected, version


class UnknownTargets(StoreError):
    """A policy names people, crews or rotas that a site does not have."""

    def __init__(self, targets: Collection[str], site: str) -> None:
        super().__init__(say("nobody at {site} is {targets}", site=site, targets=", ".join(targets)))
        self.targets, self.site = targets, site


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a site's policy, as the document that was stored."""

    version: int
    document: Mapping[str, Any]
    made_by: str
    made_at: datetime
    why: str


def in_force(conn: Connection) -> dict[str, Policy]:
    """Return the policy of each site that has one."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return {row["site"]: from_document(row["document"]) for row in cursor.execute(_QUERIES["policies"])}


def versions(conn: Connection, site: str) -> list[Version]:
    """Return the versions of a site's policy, the newest first; none: it has no policy."""
    with conn.cursor(row_factory=class_row(Version)) as cursor:
        return cursor.execute(_QUERIES["versions"], {"site": site}).fetchall()


def save(
    conn: Connection,
    site: str,
    document: Mapping[str, Any],
    *,
    actor: str,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> Version:
    """Store the next version of a site's policy, in force at once; without a change nothing is stored.

    ``document`` is what ``from_document`` reads. Raises NotFound, PolicyChanged, UnknownTargets and NoChief.
    """
    if conn.execute(_QUERIES["lock_site"], {"site": site}).fetchone() is None:
        raise NotFound("site", site)
    newest = next(iter(versions(conn, site)), None)
    version = newest.version if newest else 0
    if expected_version is not None and expected_version != version:
        raise PolicyChanged(site, expected_version, version)
    if newest is not None and newest.document == document:
        return newest
    targets = sorted({target for rule in document["events"].values() for target in rule["to"]})
    with conn.cursor(row_factory=scalar_row) as cursor:
        if unknown := cursor.execute(_QUERIES["unknown"], {"site": site, "targets": targets}).fetchall():
            raise UnknownTargets(unknown, site)
    if "chief" in targets and chiefs.of_site(conn, site) is None:
        raise NoChief(site, "events")
    facts = {"site": site, "version": version + 1, "document": Jsonb(dict(document)), "actor": actor, "at": at}
    conn.execute(_QUERIES["add_version"], facts | {"why": storable.text(why)})
    return versions(conn, site)[0]


def settings(conn: Connection, user: str | None = None) -> dict[str, Settings]:
    """Return what people have chosen for all of their channels; of one person, or of everybody."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["settings"], {"user": user}).fetchall()
    return {row["user_name"]: _settings(row) for row in rows}


def settings_of(conn: Connection, user: str) -> Settings:
    """Return what one person has chosen."""
    return settings(conn, user).get(user, NO_SETTINGS)


def save_settings(conn: Connection, user: str, chosen: Settings, *, at: datetime) -> None:
    """Store what a person has chosen."""
    facts: dict[str, Any] = {"user": user, "off": sorted(chosen.off), "zone": chosen.zone, "at": at}
    quiet = chosen.quiet
    facts |= {"quiet_begins": quiet.begins if quiet else None, "quiet_ends": quiet.ends if quiet else None}
    conn.execute(_QUERIES["save_settings"], facts | {"digest": chosen.digest.value, "digest_at": chosen.digest_at})


def _settings(row: Mapping[str, Any]) -> Settings:
    return Settings(
        off=frozenset(row["off_kinds"]),
        quiet=None if row["quiet_begins"] is None else Span(row["quiet_begins"], row["quiet_ends"]),
        zone=row["zone"],
        digest=Digest(row["digest"]),
        digest_at=row["digest_at"],
    )
