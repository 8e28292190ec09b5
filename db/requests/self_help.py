"""Problems that need no visit: instructions that planners write, how often they have helped, and the visits saved. The
caller owns the transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import scope, sql
from db.errors import NotFound
from db.plant.plant import Asset, Location
from db.requests import personal, requests
from db.requests.personal import Person
from db.requests.requests import Request
from workorder_core.requests.asking import BAD_RATING, RequestStep

_QUERIES = sql.load("self_help")
MOST_SHOWN = 5
"""Instructions that are shown before a request is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Instructions for an asset, for a class of assets, or, where both are empty, for every asset and place of a site.

    ``tried`` and ``helped`` count the requests in which they were tried, and those that they solved.
    """

    id: int
    site: str
    asset_class: str
    asset_id: int | None
    asset: str | None
    title: str
    steps: str
    made_by: str
    made_at: datetime
    retired_at: datetime | None
    retired_by: str | None
    tried: int
    helped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Instructions that somebody has tried."""

    id: int
    title: str
    helped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Visits saved: all, and of these those that requesters solved before anybody of the plant looked."""

    all: int
    by_themselves: int


def add(
    conn: Connection,
    site_id: int,
    *,
    title: str,
    steps: str,
    asset_class: str = "",
    asset_id: int | None = None,
    actor: str,
    at: datetime,
) -> Help:
    """Store instructions and return them."""
    facts: dict[str, Any] = {"site_id": site_id, "title": title, "steps": steps, "asset_class": asset_class}
    with conn.cursor(row_factory=scalar_row) as cursor:
        key = cursor.execute(_QUERIES["add"], facts | {"asset_id": asset_id, "actor": actor, "at": at}).fetchone()
    return get(conn, site_id, key or 0)


def get(conn: Connection, site_id: int, help_id: int) -> Help:
    """Return instructions of a site. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Help)) as cursor:
        found = cursor.execute(_QUERIES["one"], {"site_id": site_id, "id": help_id}).fetchone()
    if found is None:
        raise NotFound("instructions", help_id)
    return found


def retire(conn: Connection, site_id: int, help_id: int, *, actor: str, at: datetime) -> Help:
    """Use instructions no more; a second time changes nothing. Raises NotFound."""
    conn.execute(_QUERIES["retire"], {"site_id": site_id, "id": help_id, "actor": actor, "at": at})
    return get(conn, site_id, help_id)


def of_site(conn: Connection, site_id: int, *, after: int = 0, limit: int = 1000) -> list[Help]:
    """Return the instructions of a site in use, in the order in which they were written, after one."""
    with conn.cursor(row_factory=class_row(Help)) as cursor:
        return cursor.execute(_QUERIES["of_site"], {"site_id": site_id, "after": after, "limit": limit}).fetchall()


def of_thing(conn: Connection, thing: Asset | Location, *, limit: int = MOST_SHOWN) -> list[Help]:
    """Return the instructions for an asset or a location; what has helped most often comes first."""
    asset = thing if isinstance(thing, Asset) else None
    asked: dict[str, Any] = {"site_id": thing.site_id, "limit": limit}
    asked |= {"asset_id": asset.id if asset else None, "asset_class": asset.asset_class if asset else ""}
    with conn.cursor(row_factory=class_row(Help)) as cursor:
        return cursor.execute(_QUERIES["of_thing"], asked).fetchall()


def solved(conn: Connection, thing: Asset | Location, help_id: int, *, what: str, language: str, at: datetime) -> str:
    """Store that instructions solved a problem before it was reported: a request that is settled. Return the token of
    its private address. Raises NotFound for instructions that are not of this asset or location.
    """
    if help_id not in {each.id for each in of_thing(conn, thing)}:
        raise NotFound("instructions", help_id)
    made, token = requests.create(conn, thing, Person(what=what), danger=False, language=language, at=at)
    note(conn, made.id, [help_id], helped=True)
    conn.execute(_QUERIES["solved"], {"request_id": made.id, "at": at})
    return token


def settle(conn: Connection, request: Request, help_id: int, words: str, *, actor: str, at: datetime) -> Request:
    """Settle a request by instructions of its site, which the requester reads after the words. Raises NotFound."""
    found = get(conn, request.site_id, help_id)
    text = "\n\n".join(filter(None, [words.strip(), found.title, found.steps]))[: personal.LONGEST]
    settled = requests.say_and_take(conn, request.id, RequestStep.SETTLE, text, actor=actor, at=at)
    note(conn, request.id, [help_id], helped=True)
    return settled


def note(conn: Connection, request_id: UUID, ids: Sequence[int], *, helped: bool) -> None:
    """Store what somebody has tried, and whether it helped."""
    for each in ids:
        conn.execute(_QUERIES["note"], {"request_id": request_id, "id": each, "helped": helped})


def tried(conn: Connection, request_id: UUID) -> list[Tried]:
    """Return what a requester has tried."""
    with conn.cursor(row_factory=class_row(Tried)) as cursor:
        return cursor.execute(_QUERIES["tried"], {"request_id": request_id}).fetchall()


def visits_saved(conn: Connection, within: Collection[str] | None, *, now: datetime) -> Saved:
    """Return the visits saved in the last year."""
    asked = {"within": scope.codes(within), "since": now - timedelta(days=365), "bad": BAD_RATING}
    with conn.cursor(row_factory=class_row(Saved)) as cursor:
        found = cursor.execute(_QUERIES["visits_saved"], asked).fetchone()
    assert found is not None, "a count gives a row"
    return found
